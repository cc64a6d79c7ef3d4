/*
 * The isolates of one function on one server: creates, runs and discards them.
 *
 * A slot is idle, in a handler, or in its init phase; nothing outside sees it
 * but the callback `done`. Its heap is restored as soon as its request is
 * answered, so the next request finds it ready. Isolates are the largest thing
 * that a server has, so most of this file is about how many there are.
 */
#include "core/server/pool/pool.h"
#include "core/deploy/kept/flashed.h"
#include "core/deploy/quarantine/faults.h"
#include "core/server/server.h"
#include "core/util/log.h"
#include <stdio.h>

/* A pool holds its deployment, so a version that is replaced stays until its
 * last request is answered. */
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
        pool->queue.last = &pool->queue.first;
        pool->next = server->pools.first;
        server->pools.first = pool;
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

/* Without an owner from here on: `connection` says whose request a slot has. */
static void push_idle(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_slot_t **place = idle_place(pool, slot);
    slot->connection = NULL;
    slot->idle_next = *place;
    *place = slot;
    pool->idle_count++;
}

/* From any place in the list; isere__pool_take is the same for the first one,
 * inline. */
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

/* The number of instances is the process's: when one goes and another server
 * waits for it, that one is woken. */
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
    isere__limits_give(&server->limits->instances);
    if (!server->stop.destroying && atomic_load(&server->limits->wanted)) {
        isere__limits_wake(server->limits, server);
    }
}

/* The same for one that had all its memory: now another may find room, so
 * pauses after failed attempts are over. One that goes with its version does
 * not count as given up: the next version's first instance is no restart. */
static void slot_give_back(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    isere_stats_t *stats = slot->pool->retired ? NULL : slot->pool->stats;
    slot_destroy(slot);
    for (isere_pool_t *pool = server->pools.first; pool; pool = pool->next) {
        pool->retry_us = 0;
        pool->pause_us = 0;
    }
    if (stats) {
        atomic_fetch_add(&stats->given_up, 1);
    }
}

/* The caller has taken a place among the instances; it is given back here when
 * there is no memory. The fault of the init phase is too large for a device's
 * stack, and needed only until that phase ends. */
static isere_slot_t *slot_create(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    const isere_port_t *port = server->port;
    isere_slot_t *slot = isere_alloc(port, sizeof(*slot));
    if (!slot) {
        isere__limits_give(&server->limits->instances);
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
    if (slot->fault) {
        slot->isolate = isere_isolate_create_in(
            port, pool->function, ISERE_SHARE_SNAPSHOTS ? &pool->family : NULL,
            isere_flashed_image(server->serving.registry, port,
                                pool->deployment, slot->fault));
    }
    if (!slot->isolate) {
        slot_destroy(slot);
        return NULL;
    }
    return slot;
}

/* When the isolate wants to go on: a timer of its handler, or its time limit.
 */
void isere__pool_schedule(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    uint64_t due_us = isere_isolate_wakeup_us(slot->isolate);
    if (due_us == 0) {
        due_us = server->clock.now_us + 1; /* others come first */
    }
    isere_timer_queue_remove(&server->timers, &slot->timer);
    isere_timer_queue_insert(&server->timers, &slot->timer, due_us);
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
             crashed ? " started" : "");
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
    if (server->clock.now_us < pool->retry_us) {
        return; /* slots that began together fail together */
    }
    if (pool->count == 0) {
        if (isere__pool_is_blocked(pool)) {
            pool->retry_us = server->clock.now_us + ISERE_POOL_GROW_US;
        }
        return;
    }
    pool->pause_us = pool->pause_us ? pool->pause_us * 2 : ISERE_POOL_GROW_US;
    if (pool->pause_us > ISERE_POOL_GROW_MAX_US) {
        pool->pause_us = ISERE_POOL_GROW_MAX_US;
    }
    pool->retry_us = server->clock.now_us + pool->pause_us;
    isere_log(server->port, &record);
}

/* A fault of ours while its function ran, which may quarantine it: see
 * isere_registry_report_fault. Reported after the answer, as it may write to
 * the store. */
static void report_fault(const isere_pool_t *pool, const char *where)
{
    const isere_server_t *server = pool->server;
    isere_registry_t *registry = server->serving.registry;
    isere_fault_report_t report = {
        .name = pool->deployment->name,
        .version = pool->deployment->version,
        .where = where,
        .at_s = isere_registry_clock_s(registry, server->port),
    };
    isere_registry_report_fault(registry, server->port, &report);
}

/* The init phase failed. The fault is told once: to the caller that warms up,
 * or to the log. Lack of memory is not the function's fault, and is not logged
 * as one. */
static int slot_failed(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    int error = isere_isolate_failure(slot->isolate);
    pool->starting--;
    if (server->pools.warming) {
        *server->pools.warming = *slot->fault; /* the caller tells */
    } else if (error != ISERE_ERR_NOMEM) {
        log_fault(pool, slot->fault, error);
    }
    if (error == ISERE_ERR_CRASH) {
        report_fault(pool, slot->fault->message);
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
    if (isere_isolate_has_image(slot->isolate)) {
        atomic_fetch_add(&stats->loads, 1);
    }
    if (isere__limits_take_back(&stats->given_up)) {
        atomic_fetch_add(&stats->restarts, 1);
    }
    atomic_store(&stats->heap_used, isere_isolate_heap_size(slot->isolate));
}

/* The init phase went on. Returns 0 while it goes on or has ended well. The
 * heap is its snapshot from then on, and the slot takes requests. */
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

/* ---- its turn ---- */

/* The pool's handlers or init phases ran since then: counted for each turn of
 * the loop. */
static void note_turn(isere_pool_t *pool, uint64_t since_us)
{
    const isere_clock_t *clock = &pool->server->clock;
    if (pool->turn != clock->turn) {
        pool->turn = clock->turn;
        pool->turn_us = 0;
    }
    pool->turn_us += clock->now_us - since_us;
}

/* With one function there is nobody to make room for. */
bool isere__pool_was_its_turn(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    return pool->turn == server->clock.turn &&
           server->serving.catalog->count > 1;
}

/* ---- growing ---- */

/* Half of all instances are for functions that have none, as far as there are
 * any: so none of them waits for another's requests to end. A function's first
 * instance may use what is reserved. */
static unsigned reserve(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    const isere_catalog_t *catalog = server->serving.catalog;
    unsigned most = server->limits->config.max_instances / 2;
    unsigned without = 0;
    if (atomic_load(&pool->stats->instances) == 0) {
        return 0;
    }
    for (size_t i = 0; i < catalog->count && without < most; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        without += d && atomic_load(&d->stats->instances) == 0;
    }
    return without;
}

/* The init phase begins at once, on this thread: with no timers and no
 * top-level await it is over when this returns. */
int isere__pool_grow(isere_pool_t *pool)
{
    isere_limits_t *limits = pool->server->limits;
    if (pool->server->clock.now_us < pool->retry_us) {
        return ISERE_ERR_NOMEM;
    }
    unsigned most =
        limits->config.max_instances - reserve(pool) - pool->server->pools.owes;
    if (!isere__limits_take(&limits->instances, most)) {
        return ISERE_ERR_LIMIT;
    }
    isere_slot_t *slot = slot_create(pool);
    if (!slot) {
        postpone(pool);
        return ISERE_ERR_NOMEM;
    }
    uint64_t began_us = pool->server->clock.now_us;
    pool->starting++;
    isere_isolate_start(slot->isolate, slot->fault);
    isere__clock_update(&pool->server->clock, pool->server->port);
    note_turn(pool, began_us);
    return slot_started(slot);
}

/* Whether the next one that is idle goes: one of them would do. */
static bool owes_one(const isere_server_t *server)
{
    const isere_limits_t *limits = server->limits;
    return server->pools.owes &&
           atomic_load(&limits->instances) >= limits->config.max_instances;
}

/* Back to its snapshot. A heap that was crashed in is in no state to be
 * restored: it goes as a whole, and another is made when one is needed. */
void isere__pool_release(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    isere_server_t *server = pool->server;
    isere_timer_queue_remove(&server->timers, &slot->timer);
    if (pool->retired || isere_isolate_has_crashed(slot->isolate) ||
        owes_one(server) ||
        pool->function->config.isolation == ISERE_ISOLATION_FRESH) {
        slot_give_back(slot);
        return;
    }
    isere_isolate_reset(slot->isolate);
    atomic_fetch_add_explicit(&pool->stats->restored,
                              isere_isolate_heap_size(slot->isolate),
                              memory_order_relaxed);
    push_idle(slot);
}

/* ---- running ---- */

/* The slot's isolate went on: reports the outcome if it is there, once; the
 * isolate may go on without its connection (ctx.waitUntil). Before the
 * slot is released, since the response lies in the heap that this restores. */
static void ran(isere_slot_t *slot)
{
    isere_pool_t *pool = slot->pool;
    if (slot->connection && !slot->streamed &&
        isere_isolate_is_answered(slot->isolate)) {
        pool->server->pools.done(slot);
        if (!slot->streamed) {
            slot->connection = NULL;
        }
    }
    if (slot->streams &&
        isere_isolate_stream(slot->isolate) != ISERE_STREAM_OPEN) {
        pool->server->pools.stream_ended(slot);
        slot->streams = false;
        slot->streamed = NULL;
        slot->connection = NULL;
    }
    if (isere_isolate_state(slot->isolate) != ISERE_ISOLATE_COMPLETE) {
        isere__pool_schedule(slot);
        return;
    }
    if (isere_isolate_has_crashed(slot->isolate)) {
        report_fault(pool, isere_isolate_reason(slot->isolate));
    }
    isere__pool_release(slot);
}

/* Time that the thread was not the server's own. The clock is read again, or
 * all deadlines would be that much too late. */
static void note_time(isere_slot_t *slot, uint64_t began_us)
{
    isere_server_t *server = slot->pool->server;
    isere__clock_update(&server->clock, server->port);
    note_turn(slot->pool, began_us);
    if (server->clock.now_us - began_us >= ISERE_STEAL_SLOW_US) {
        isere__steal_note_slow(server);
    }
}

/* The gate is opened only when requests were slow lately: most handlers are
 * over before another server could help, and opening costs two atomic
 * operations. From open to shut nothing of the server may be touched. */
void isere__pool_run(isere_slot_t *slot, isere_connection_t *c,
                     const isere_invocation_t *invocation)
{
    isere_server_t *server = slot->pool->server;
    slot->connection = c;
    slot->began_us = server->clock.now_us;
    bool opened = isere__steal_hurries(server) && isere__steal_open(server);
    isere_isolate_invoke(slot->isolate, invocation);
    if (opened) {
        isere__steal_shut(server);
    }
    note_time(slot, slot->began_us);
    ran(slot);
}

/* Its connection is read first: the slot has none when its request is
 * answered. In the init phase the gate stays shut, as in isere__pool_grow. */
isere_connection_t *isere__pool_slot_due(isere_slot_t *slot)
{
    isere_server_t *server = slot->pool->server;
    isere_connection_t *c = slot->connection;
    uint64_t began_us = server->clock.now_us;
    bool opened = !slot->fault && isere__steal_open(server);
    isere_isolate_resume(slot->isolate);
    if (opened) {
        isere__steal_shut(server);
    }
    note_time(slot, began_us);
    if (slot->fault) {
        slot_started(slot);
        return NULL;
    }
    ran(slot);
    return c;
}

/* ---- quarantine ---- */

bool isere__pool_refuses(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    return isere__pool_is_quarantined(pool) &&
           isere_faults_refuse(server->serving.registry, server->port,
                               pool->deployment->name);
}

/* ---- giving up ---- */

/* The coldest one: it was used the longest ago, so the least of it is in the
 * cache. */
bool isere__pool_give_up(isere_pool_t *pool)
{
    isere_slot_t **last = &pool->idle;
    while (*last && (*last)->idle_next) {
        last = &(*last)->idle_next;
    }
    isere_slot_t *slot = take(pool, last);
    if (slot) {
        slot_give_back(slot);
    }
    return slot != NULL;
}

/* Idle ones only: a request that runs is never ended for another. */
bool isere_pool_give_up_oldest(isere_server_t *server,
                               const isere_pool_t *except, unsigned keep)
{
    isere_pool_t *oldest = NULL;
    for (isere_pool_t *pool = server->pools.first; pool; pool = pool->next) {
        if (pool != except && pool->idle && pool->count > keep &&
            (!oldest || pool->used_us < oldest->used_us)) {
            oldest = pool;
        }
    }
    return oldest && isere__pool_give_up(oldest);
}

bool isere__pool_is_blocked(const isere_pool_t *pool)
{
    const isere_pool_t *other = pool->server->pools.first;
    while (other && (other == pool || other->count == 0)) {
        other = other->next;
    }
    return other != NULL;
}

/* Its queue is emptied by isere__request_follow, which looks for the requests'
 * new function. */
void isere__pool_retire(isere_pool_t *pool)
{
    pool->retired = true;
    pool->server->pools.retiring++;
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

/* When the server goes there may be requests in its slots; their connections
 * are closed already, and are buried here, as their handlers will not do it. */
void isere__pool_destroy(isere_pool_t *pool)
{
    if (!pool) {
        return;
    }
    isere_server_t *server = pool->server;
    const isere_port_t *port = server->port;
    while (pool->slots) {
        isere_slot_t *slot = pool->slots;
        if (slot->connection) {
            isere__connection_leave_handler(slot->connection);
        }
        slot_destroy(slot);
    }
    isere_pool_t **link = &server->pools.first;
    while (*link != pool) {
        link = &(*link)->next;
    }
    *link = pool->next;
    server->pools.retiring -= pool->retired;
    isere_deployment_release(pool->deployment);
    isere_free(port, pool);
}
