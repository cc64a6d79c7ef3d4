/* The event loop: accepting, timers, stopping. */
#include "core/server/internal.h"
#include <limits.h>
#include <stddef.h>

isere_slice_t isere__server_date(isere_server_t *server)
{
    int64_t second = isere__server_wall_us(server) / 1000000;
    if (second != server->date_second || !server->date[0]) {
        server->date_second = second;
        isere_http_date(second, server->date);
    }
    return isere_slice_of(server->date, ISERE_HTTP_DATE_LEN);
}

void isere__server_update_now(isere_server_t *server)
{
    server->now_us = server->port->monotonic_us(server->port->ctx);
}

/* Both clocks. The wall's may be set meanwhile, so it is not enough to look at
 * it once. */
static void begin_turn(isere_server_t *server)
{
    server->turn++;
    const isere_port_t *port = server->port;
    isere__server_update_now(server);
    server->wall_offset_us = port->wall_us(port->ctx) - (int64_t)server->now_us;
}

/* ---- accepting ---- */

static void pause_accepting(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    if (server->accepting) {
        port->poll_remove(port->ctx, server->listener);
        server->accepting = false;
    }
    isere_timer_queue_remove(&server->timers, &server->accept_timer);
    isere_timer_queue_insert(&server->timers, &server->accept_timer,
                             server->now_us + ISERE_RETRY_US);
}

void isere__server_accept_again(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    if (server->accepting || server->stopping) {
        return;
    }
    isere_timer_queue_remove(&server->timers, &server->accept_timer);
    if (port->poll_set(port->ctx, server->listener, ISERE_POLL_READ, server)) {
        pause_accepting(server);
    } else {
        server->accepting = true;
    }
}

/* False when nothing more can be accepted now. */
static bool accept_one(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    isere_server_group_t *group = server->group;
    char peer[ISERE_ADDRESS_MAX] = "";
    if (!isere__group_take(&group->connections,
                           server->limits->max_connections)) {
        pause_accepting(server);
        return false;
    }
    isere_socket_t socket = port->accept(port->ctx, server->listener, peer);
    if (socket < 0) {
        isere__group_give(&group->connections);
        if (socket != ISERE_ERR_AGAIN) {
            pause_accepting(server); /* level-triggered: it would spin */
        }
        return false;
    }
    isere__connection_open(server, socket, peer);
    return true;
}

static void accept_some(isere_server_t *server)
{
    for (int i = 0; i < ISERE_ACCEPTS && accept_one(server); i++) {
    }
}

/* ---- timers ---- */

static void reap(isere_server_t *server)
{
    for (isere_pool_t *pool = server->pools; pool; pool = pool->next) {
        isere__pool_reap(pool);
    }
    isere__buffer_drop_spares(server, 1);
    isere_timer_queue_insert(&server->timers, &server->reap_timer,
                             server->now_us + ISERE_REAP_US);
}

static void timer_due(isere_server_t *server, isere_timer_node_t *node)
{
    char *at = (char *)node;
    switch (node->kind) {
    case ISERE_TIMER_CONNECTION:
        isere__connection_timeout(
            (isere_connection_t *)(at - offsetof(isere_connection_t, timer)));
        break;
    case ISERE_TIMER_SLOT:
        isere__pool_slot_due(
            (isere_slot_t *)(at - offsetof(isere_slot_t, timer)));
        break;
    case ISERE_TIMER_ACCEPT:
        isere__server_accept_again(server);
        break;
    case ISERE_TIMER_RELIEVE:
        isere__budget_due(server);
        break;
    default:
        reap(server);
        break;
    }
}

static void run_timers(isere_server_t *server)
{
    uint64_t now_us = server->now_us; /* handlers move it on */
    while (isere_timer_queue_next(&server->timers) <= now_us) {
        isere_timer_node_t *node = server->timers.root;
        isere_timer_queue_remove(&server->timers, node);
        timer_due(server, node);
    }
}

/* ---- stopping ---- */

void isere_server_stop(isere_server_t *server)
{
    atomic_store(&server->stop_requested, true);
    server->port->poll_wake(server->port->ctx);
}

/* What a function has that does not say more: one may ask for hours. */
static uint64_t longest_us(const isere_server_t *server)
{
    const isere_registry_t *registry = server->platform.registry;
    return (uint64_t)registry->config.defaults.timeout_ms * 1000;
}

static void begin_stop(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    /* Clients in the backlog have been promised a connection already. */
    while (server->accepting && accept_one(server)) {
    }
    server->stopping = true;
    /* The longest invocation, and a little for sending its answer. */
    server->stop_us = server->now_us + ISERE_LINGER_US + longest_us(server);
    if (server->accepting) {
        port->poll_remove(port->ctx, server->listener);
        server->accepting = false;
    }
    isere_timer_queue_remove(&server->timers, &server->accept_timer);
    port->close(port->ctx, server->listener);
    server->listener = -1;
    isere_connection_t *c = server->connections;
    while (c) {
        isere_connection_t *next = c->next;
        isere__connection_stop(c);
        c = next;
    }
}

/* ---- the loop ---- */

static void free_closed(isere_server_t *server)
{
    while (server->closed) {
        isere_connection_t *c = server->closed;
        server->closed = c->next;
        isere__connection_free(c);
    }
}

static bool has_idle(const isere_server_t *server)
{
    const isere_pool_t *pool = server->pools;
    while (pool && !pool->idle) {
        pool = pool->next;
    }
    return pool != NULL;
}

/* Another server needs an instance and the group has no more to give. It asks
 * again when one is not enough. */
static void give_to_others(isere_server_t *server)
{
    isere_server_group_t *group = server->group;
    isere_server_t *who =
        atomic_load_explicit(&group->wanted, memory_order_relaxed);
    if (!who) {
        return;
    }
    if (who == server) {
        if (server->queue_length == 0 &&
            atomic_compare_exchange_strong(&group->wanted, &who, NULL)) {
            isere__group_wake(group, server); /* others may want one now */
        }
        return;
    }
    if (!has_idle(server) ||
        (server->queue_length > 0 && !atomic_load(&group->urgent)) ||
        !atomic_compare_exchange_strong(&group->wanted, &who, NULL)) {
        return;
    }
    atomic_store(&group->urgent, false);
    isere__pool_give_up_oldest(server, NULL, 0);
    isere__group_wake(group, server);
}

static void end_turn(isere_server_t *server)
{
    if (atomic_load_explicit(&server->stop_requested, memory_order_relaxed) &&
        !server->stopping) {
        begin_stop(server);
    }
    isere__platform_turn(server);
    give_to_others(server);
    isere__exchange_serve_queue(server);
    give_to_others(server);
    isere__connection_send_held(server); /* of connections that a stop read */
    isere__budget_turn(server);
    free_closed(server);
}

static uint64_t next_wakeup(const isere_server_t *server)
{
    uint64_t due = isere_timer_queue_next(&server->timers);
    if (isere__exchange_could_serve(server)) {
        return 0;
    }
    if (server->stopping && server->stop_us < due) {
        due = server->stop_us;
    }
    if (isere__share_is_wanted(server) &&
        server->now_us + ISERE_SHARE_POLL_US < due) {
        due = server->now_us + ISERE_SHARE_POLL_US;
    }
    if (due == UINT64_MAX) {
        return UINT64_MAX;
    }
    uint64_t now = server->port->monotonic_us(server->port->ctx);
    return due > now ? due - now : 0;
}

static int wait_for_events(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    bool could_help = isere__share_is_wanted(server);
    if (could_help) {
        atomic_store(&server->dozing, true);
    }
    int count = port->poll_wait(port->ctx, server->events, ISERE_EVENTS,
                                next_wakeup(server));
    if (could_help) {
        atomic_store(&server->dozing, false);
    }
    return count;
}

static bool must_send(const isere_server_t *server)
{
    return isere__server_hurries(server) ||
           server->now_us - server->held_us >= ISERE_HOLD_US;
}

static void handle_events(isere_server_t *server, int count)
{
    server->event_count = count;
    server->event_next = 0;
    while (server->event_next < server->event_count) {
        isere_poll_event_t event = server->events[server->event_next++];
        if (event.tag == server) {
            accept_some(server);
        } else if (event.tag) { /* else it was taken over */
            isere__connection_event(event.tag, event.events);
        }
        if (server->held_count > 0 && must_send(server)) {
            isere__connection_send_held(server);
        }
    }
    isere__connection_send_held(server);
}

static int turn(isere_server_t *server)
{
    int count = wait_for_events(server);
    if (count < 0) {
        return count;
    }
    begin_turn(server);
    handle_events(server, count);
    run_timers(server);
    end_turn(server);
    if (count == 0 && isere__share_is_wanted(server)) {
        isere__share_take(server);
    }
    return 0;
}

static bool stopped(const isere_server_t *server)
{
    return server->stopping &&
           (!server->connections || server->now_us >= server->stop_us);
}

int isere_server_run(isere_server_t *server)
{
    isere_platform_t *p = &server->platform;
    begin_turn(server);
    atomic_store(&p->generation, p->catalog->generation);
    isere__server_accept_again(server);
    /* It is there already when run failed before and is called again. */
    isere_timer_queue_remove(&server->timers, &server->reap_timer);
    isere_timer_queue_insert(&server->timers, &server->reap_timer,
                             server->now_us + ISERE_REAP_US);
    end_turn(server); /* a stop may have been asked for before */
    int error = 0;
    while (!stopped(server) && !error) {
        error = turn(server);
    }
    /* No deployment waits for this one any more. */
    atomic_store(&p->generation, ULONG_MAX);
    return error;
}

/* ---- life ---- */

int isere_server_warm_up(isere_server_t *server, isere_fault_t *fault)
{
    const isere_port_t *port = server->port;
    int error = 0;
    memset(fault, 0, sizeof(*fault));
    isere_pool_t *pool = isere__platform_built_in(server, &error);
    if (!pool) {
        return error;
    }
    server->warming = fault;
    error = isere__pool_grow(pool);
    while (!error && pool->starting > 0) {
        isere_poll_event_t event;
        int count = port->poll_wait(port->ctx, &event, 1, next_wakeup(server));
        if (count < 0) {
            error = count;
            break;
        }
        isere__server_update_now(server);
        run_timers(server);
        if (pool->count == 0) {
            error = ISERE_ERR_HANDLER;
        }
    }
    server->warming = NULL;
    return error;
}

static isere_server_t *make_server(const isere_port_t *port,
                                   isere_server_group_t *group,
                                   isere_socket_t listener)
{
    isere_server_t *server = isere_alloc(port, sizeof(*server));
    if (!server) {
        port->close(port->ctx, listener);
        return NULL;
    }
    memset(server, 0, sizeof(*server));
    server->port = port;
    server->group = group;
    server->limits = &group->limits;
    server->http_limits.max_head = group->limits.max_head;
    server->http_limits.max_body = group->limits.max_body;
    server->listener = listener;
    server->accept_timer.kind = ISERE_TIMER_ACCEPT;
    server->reap_timer.kind = ISERE_TIMER_REAP;
    server->relieve_timer.kind = ISERE_TIMER_RELIEVE;
    isere__server_update_now(server);
    return server;
}

int isere_server_create(const isere_port_t *port, isere_server_group_t *group,
                        isere_socket_t listener, isere_registry_t *registry,
                        isere_server_t **out_server)
{
    isere_server_t *server = make_server(port, group, listener);
    if (!server) {
        return ISERE_ERR_NOMEM;
    }
    int error = isere__platform_init(server, registry);
    if (!error) {
        error = isere__group_join(group, server);
    }
    if (error) {
        isere_server_destroy(server);
        return error;
    }
    *out_server = server;
    return 0;
}

static void close_connections(isere_server_t *server)
{
    while (server->connections) {
        isere__connection_close(server->connections);
    }
}

void isere_server_destroy(isere_server_t *server)
{
    if (!server) {
        return;
    }
    const isere_port_t *port = server->port;
    server->stopping = true;
    server->destroying = true;
    /* The registry wakes the servers of the group with its lock held. */
    isere_registry_lock(server->platform.registry);
    isere__group_leave(server->group, server);
    isere_registry_unlock(server->platform.registry);
    close_connections(server);
    while (server->pools) {
        isere__pool_destroy(server->pools);
    }
    free_closed(server);
    isere__platform_deinit(server);
    if (server->listener >= 0) {
        if (server->accepting) {
            port->poll_remove(port->ctx, server->listener);
        }
        port->close(port->ctx, server->listener);
    }
    isere_free(port, server->spare_exchange);
    isere__buffer_drop_spares(server, 0);
    isere_free(port, server);
}
