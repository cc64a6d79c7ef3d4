/* The isolates of one function in one server. */
#include "core/server/internal.h"
#include "core/util/log.h"
#include <stdio.h>

isere_pool_t *isere__pool_create(isere_server_t *server,
                                 isere_deployment_t *deployment)
{
    const isere_port_t *port = server->port;
    isere_pool_t *pool = isere_alloc(port, sizeof(*pool));
    if (pool) {
        memset(pool, 0, sizeof(*pool));
        pool->server = server;
        pool->deployment = isere_deployment_hold(deployment);
        pool->function = deployment->function;
        pool->stats = deployment->stats;
        pool->queue_last = &pool->queue_first;
        pool->next = server->pools;
        server->pools = pool;
    }
    return pool;
}

static void count_instance(const isere_pool_t *pool, int change)
{
    atomic_fetch_add(&pool->stats->instances, (unsigned)change);
}

/* Where a slot that has become idle goes: first, as its memory is warm. But
 * behind the one whose copy the others share, since its resets are cheaper. */
static isere_slot_t **idle_place(isere_pool_t *pool, const isere_slot_t *slot)
{
    bool behind = ISERE_SHARE_SNAPSHOTS && pool->idle &&
                  isere_isolate_is_relocated(slot->isolate) &&
                  !isere_isolate_is_relocated(pool->idle->isolate);
    return behind ? &pool->idle->idle_next : &pool->idle;
}

static void push_idle(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_slot_t **place = idle_place(pool, slot);
    slot->connection = NULL;
    slot->idle_next = *place;
    *place = slot;
    pool->idle_count++;
}

static isere_slot_t *take(isere_pool_t *pool, isere_slot_t **place)
{
    isere_slot_t *slot = *place;
    if (slot) {
        *place = slot->idle_next;
        pool->idle_count--;
        if (pool->idle_count < pool->idle_low) {
            pool->idle_low = pool->idle_count;
        }
    }
    return slot;
}

isere_slot_t *isere__pool_take(isere_pool_t *pool)
{
    pool->used_us = pool->server->now_us;
    return take(pool, &pool->idle);
}

static void slot_destroy(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    const isere_port_t *port = server->port;
    if (slot->prev) {
        slot->prev->next = slot->next;
    } else {
        pool->slots = slot->next;
    }
    if (slot->next) {
        slot->next->prev = slot->prev;
    }
    isere_timer_queue_remove(&server->timers, &slot->timer);
    isere_isolate_destroy(slot->isolate);
    isere_free(port, slot->fault);
    isere_free(port, slot);
    pool->count--;
    count_instance(pool, -1);
    isere__group_give(&server->group->instances);
    if (!server->destroying && atomic_load(&server->group->wanted)) {
        isere__group_wake(server->group, server);
    }
}

/* The same for one that had all its memory: now another may find room. */
static void slot_give_back(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    isere_stats_t *stats = slot->pool->retired ? NULL : slot->pool->stats;
    slot_destroy(slot);
    for (isere_pool_t *pool = server->pools; pool; pool = pool->next) {
        pool->retry_us = 0;
        pool->pause_us = 0;
    }
    if (stats) {
        atomic_fetch_add(&stats->given_up, 1);
    }
}

static isere_slot_t *slot_create(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    const isere_port_t *port = server->port;
    isere_slot_t *slot = isere_alloc(port, sizeof(*slot));
    if (!slot) {
        isere__group_give(&server->group->instances);
        return NULL;
    }
    memset(slot, 0, sizeof(*slot));
    slot->pool = pool;
    slot->timer.kind = ISERE_TIMER_SLOT;
    slot->next = pool->slots;
    if (slot->next) {
        slot->next->prev = slot;
    }
    pool->slots = slot;
    pool->count++;
    count_instance(pool, 1);
    slot->fault = isere_alloc(port, sizeof(*slot->fault));
    slot->isolate = slot->fault
                        ? isere_isolate_create_in(
                              port, pool->function,
                              ISERE_SHARE_SNAPSHOTS ? &pool->family : NULL)
                        : NULL;
    if (!slot->isolate) {
        slot_destroy(slot);
        return NULL;
    }
    return slot;
}

void isere__pool_schedule(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    isere_timer_queue_remove(&server->timers, &slot->timer);
    isere_timer_queue_insert(&server->timers, &slot->timer,
                             isere_isolate_wakeup_us(slot->isolate));
}

/* A crash names the function, as one in an invocation does. */
static void log_fault(const isere_pool_t *pool, const isere_fault_t *fault,
                      int error)
{
    isere_server_t *server = pool->server;
    bool crashed = error == ISERE_ERR_CRASH;
    char text[sizeof(fault->message) + sizeof(fault->file) +
              ISERE_BUNDLE_NAME_MAX + 64];
    snprintf(text, sizeof(text), "init phase failed: %s:%d:%d: %s%s%s%s",
             fault->file, fault->line, fault->column, fault->message,
             crashed ? ", while " : "",
             crashed ? pool->function->config.name : "",
             crashed ? " began" : "");
    isere_log_record_t record = {
        .level = ISERE_LOG_ERROR,
        .function = isere_slice(pool->function->config.name),
        .message = isere_slice(text),
    };
    isere_log(server->port, &record);
}

/* Memory for one more slot was missing; those that are there do the work. Each
 * attempt costs an init phase, so they become rare while nothing changes. */
static void postpone(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    isere_log_record_t record = {
        .level = ISERE_LOG_WARN,
        .function = isere_slice(pool->function->config.name),
        .message = ISERE_SLICE("not enough memory for another instance"),
    };
    if (server->now_us < pool->retry_us) {
        return; /* slots that began together fail together */
    }
    if (pool->count == 0) {
        if (isere__pool_is_blocked(pool)) {
            pool->retry_us = server->now_us + ISERE_GROW_US;
        }
        return;
    }
    pool->pause_us = pool->pause_us ? pool->pause_us * 2 : ISERE_GROW_US;
    if (pool->pause_us > ISERE_GROW_MAX_US) {
        pool->pause_us = ISERE_GROW_MAX_US;
    }
    pool->retry_us = server->now_us + pool->pause_us;
    isere_log(server->port, &record);
}

static int slot_failed(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    int error = isere_isolate_failure(slot->isolate);
    pool->starting--;
    if (server->warming) {
        *server->warming = *slot->fault; /* the caller tells */
    } else if (error != ISERE_ERR_NOMEM) {
        log_fault(pool, slot->fault, error);
    }
    if (error == ISERE_ERR_CRASH) {
        isere__pool_report_fault(pool, slot->fault->message);
    }
    slot_destroy(slot);
    if (error == ISERE_ERR_NOMEM) {
        postpone(pool);
    }
    return error;
}

/* An instance that takes the place of one that was given up is a restart. */
static void note_start(const isere_slot_t *slot)
{
    isere_stats_t *stats = slot->pool->stats;
    atomic_fetch_add(&stats->starts, 1);
    if (isere__group_take_back(&stats->given_up)) {
        atomic_fetch_add(&stats->restarts, 1);
    }
    atomic_store(&stats->heap_used, isere_isolate_heap_size(slot->isolate));
}

/* The init phase went on. Returns 0 while it goes on or has ended well. */
static int slot_started(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    switch (isere_isolate_state(slot->isolate)) {
    case ISERE_ISOLATE_WAITING:
        isere__pool_schedule(slot);
        return 0;
    case ISERE_ISOLATE_READY:
        pool->starting--;
        isere_free(server->port, slot->fault);
        slot->fault = NULL;
        pool->pause_us = 0;
        note_start(slot);
        if (pool->retired) {
            slot_give_back(slot); /* too late to be of use */
        } else {
            push_idle(slot);
        }
        return 0;
    default:
        return slot_failed(slot);
    }
}

int isere__pool_grow(isere_pool_t *pool)
{
    isere_server_group_t *group = pool->server->group;
    if (pool->server->now_us < pool->retry_us) {
        return ISERE_ERR_NOMEM;
    }
    unsigned most = group->limits.max_instances - isere__platform_reserve(pool);
    if (!isere__group_take(&group->instances, most)) {
        return ISERE_ERR_LIMIT;
    }
    isere_slot_t *slot = slot_create(pool);
    if (!slot) {
        postpone(pool);
        return ISERE_ERR_NOMEM;
    }
    pool->starting++;
    isere_isolate_start(slot->isolate, slot->fault);
    return slot_started(slot);
}

void isere__pool_release(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    isere_timer_queue_remove(&server->timers, &slot->timer);
    if (pool->retired || isere_isolate_has_crashed(slot->isolate) ||
        pool->function->config.isolation == ISERE_ISOLATION_FRESH) {
        slot_give_back(slot);
        return;
    }
    isere_isolate_reset(slot->isolate);
    push_idle(slot);
}

void isere__pool_slot_due(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    isere_connection_t *c = slot->connection;
    uint64_t began_us = server->now_us;
    bool opened = !slot->fault && isere__share_open(server);
    isere_isolate_resume(slot->isolate);
    if (opened) {
        isere__share_shut(server);
    }
    isere__server_update_now(server);
    isere__exchange_note_turn(slot->pool, began_us);
    if (server->now_us - began_us >= ISERE_SLOW_US) {
        isere__share_note_slow(server);
    }
    if (slot->fault) {
        slot_started(slot);
        return;
    }
    isere__exchange_slot_changed(slot);
    isere__connection_advance(c);
}

bool isere__pool_refuses(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    return isere__pool_is_quarantined(pool) &&
           isere_registry_refuses(server->platform.registry, server->port,
                                  pool->deployment->name);
}

void isere__pool_report_fault(const isere_pool_t *pool, const char *where)
{
    const isere_server_t *server = pool->server;
    isere_registry_t *registry = server->platform.registry;
    isere_fault_report_t report = {
        .name = pool->deployment->name,
        .version = pool->deployment->version,
        .where = where,
        .at_s = isere_registry_clock_s(registry, server->port),
    };
    isere_registry_report_fault(registry, server->port, &report);
}

bool isere__pool_give_up(isere_pool_t *pool)
{
    isere_slot_t **last = &pool->idle; /* the coldest */
    while (*last && (*last)->idle_next) {
        last = &(*last)->idle_next;
    }
    isere_slot_t *slot = take(pool, last);
    if (slot) {
        slot_give_back(slot);
    }
    return slot != NULL;
}

bool isere__pool_give_up_oldest(isere_server_t *server,
                                const isere_pool_t *except, unsigned keep)
{
    isere_pool_t *oldest = NULL;
    for (isere_pool_t *pool = server->pools; pool; pool = pool->next) {
        if (pool != except && pool->idle && pool->count > keep &&
            (!oldest || pool->used_us < oldest->used_us)) {
            oldest = pool;
        }
    }
    return oldest && isere__pool_give_up(oldest);
}

bool isere__pool_is_blocked(const isere_pool_t *pool)
{
    const isere_pool_t *other = pool->server->pools;
    while (other && (other == pool || other->count == 0)) {
        other = other->next;
    }
    return other != NULL;
}

void isere__pool_retire(isere_pool_t *pool)
{
    pool->retired = true;
    pool->server->platform.retiring++;
    while (isere__pool_give_up(pool)) {
    }
}

void isere__pool_reap(isere_pool_t *pool)
{
    /* What was idle all the time is not needed; the last one stays. */
    while (pool->idle_low > 0 && pool->count > 1) {
        pool->idle_low--;
        isere__pool_give_up(pool);
    }
    pool->idle_low = pool->idle_count;
}

void isere__pool_destroy(isere_pool_t *pool)
{
    if (!pool) {
        return;
    }
    isere_server_t *server = pool->server;
    const isere_port_t *port = server->port;
    while (pool->slots) {
        isere_slot_t *slot = pool->slots;
        isere_connection_t *c = slot->connection;
        if (c) {
            c->slot = NULL;
            if (c->state == ISERE_CONN_CLOSED) {
                isere__connection_bury(c);
            }
        }
        slot_destroy(slot);
    }
    isere_pool_t **link = &server->pools;
    while (*link != pool) {
        link = &(*link)->next;
    }
    *link = pool->next;
    server->platform.retiring -= pool->retired;
    isere_deployment_release(pool->deployment);
    isere_free(port, pool);
}
