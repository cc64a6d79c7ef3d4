/*
 * The event loop: accepting, events, timers, stopping.
 *
 * A turn is: wait, handle the events, run the timers, and end the turn with
 * what belongs to no single connection. Only the loop decides what comes next;
 * connections return what they found, and pools report what is complete. It
 * owns accepting, held answers and the stop; all of it is on the server's
 * thread, but isere_server_stop.
 */
#include "core/server/loop.h"
#include "core/server/connection/answer.h"
#include "core/server/connection/place.h"
#include "core/server/connection/send.h"
#include "core/server/request.h"
#include "core/server/server.h"
#include <limits.h>
#include <stddef.h>

/* ---- the listener ---- */

/* The listener is taken out of the poll: with a client in its backlog it would
 * be ready in each turn. A timer tries again, and a connection that closes
 * does at once. */
static void pause_accepting(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    isere_accept_t *accept = &server->accept;
    if (accept->on) {
        port->poll_remove(port->ctx, accept->listener);
        accept->on = false;
    }
    isere_timer_queue_remove(&server->timers, &accept->timer);
    isere_timer_queue_insert(&server->timers, &accept->timer,
                             server->clock.now_us + ISERE_LOOP_RETRY_US);
}

/* Begins accepting again when there is room; waits a little when not. */
static void accept_again(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    isere_accept_t *accept = &server->accept;
    server->connections.freed_place = false;
    if (accept->on || server->stop.begun) {
        return;
    }
    isere_timer_queue_remove(&server->timers, &accept->timer);
    if (port->poll_set(port->ctx, accept->listener, ISERE_POLL_READ, server)) {
        pause_accepting(server);
    } else {
        accept->on = true;
    }
}

/* ---- events of connections ---- */

/* What is to be sent may wait for the end of the turn: when it is little, so
 * that answers don't pile up in memory. */
static bool hold(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_held_t *held = &server->held;
    if (!isere__connection_has_unsent(c) || c->state == ISERE_CONN_CLOSED ||
        c->out.capacity != ISERE_OUT_FIRST || held->count == ISERE_EVENTS) {
        return false;
    }
    if (held->count == 0) {
        held->since_us = server->clock.now_us;
    }
    held->list[held->count++] = c;
    return true;
}

/* Sending may have made room for requests that waited in its buffer. */
static void settle(isere_connection_t *c)
{
    if (isere__connection_settle(c)) {
        isere_request_advance(c);
    }
}

/* Takes the requests that have come. */
static void take(isere_connection_t *c)
{
    isere__request_take(c);
    if (!hold(c)) {
        settle(c);
    }
}

/* A request that has begun gets 503. Without one there is nothing to answer. */
static void no_room(isere_connection_t *c, isere_read_t why)
{
    if (c->state == ISERE_CONN_READING && isere__connection_has_begun(c)) {
        isere__answer_no_room(c, why);
        isere_request_advance(c);
    } else {
        isere__connection_starve(c);
    }
}

/* Nothing can be received now: other clients may make room. First those that
 * have more of the budget than they use, then for memory itself. */
static isere_read_t relieve_and_read(isere_connection_t *c, isere_read_t why)
{
    if (why == ISERE_READ_NO_BUDGET) {
        isere__slow_relieve(c->server, c, false);
        why = isere__connection_read(c);
    }
    if (why == ISERE_READ_NO_MEMORY) {
        isere__slow_relieve(c->server, c, true);
        why = isere__connection_read(c);
    }
    return why;
}

static void read_from(isere_connection_t *c)
{
    isere_read_t got = isere__connection_read(c);
    if (got >= ISERE_READ_NO_BUDGET) {
        got = relieve_and_read(c, got);
    }
    if (got == ISERE_READ_BYTES) {
        take(c);
    } else if (got == ISERE_READ_END) {
        settle(c);
    } else if (got != ISERE_READ_NOTHING) {
        no_room(c, got);
    }
}

/* Sending comes first, as it frees memory. The state is looked at in between:
 * each step may close the connection, and the events of a turn are older than
 * what it did so far. */
void isere__loop_event(isere_connection_t *c, unsigned events)
{
    if (c->state == ISERE_CONN_CLOSED) {
        return;
    }
    if (events & ISERE_POLL_CLOSED) {
        isere__connection_close(c);
        return;
    }
    if (events & ISERE_POLL_WRITE) {
        isere_request_advance(c);
    }
    if (events & ISERE_POLL_READ && c->state != ISERE_CONN_CLOSED) {
        read_from(c);
    }
}

/* The clock is read again: sending to many took its time. */
void isere__loop_send_held(isere_server_t *server)
{
    isere_held_t *held = &server->held;
    if (held->count == 0) {
        return;
    }
    for (unsigned i = 0; i < held->count; i++) {
        settle(held->list[i]);
    }
    held->count = 0;
    isere__clock_update(&server->clock, server->port);
}

/* A server that was busy has not seen yet what came in time, or what the client
 * made room for: that is not the client's fault. */
static void look_once_more(isere_connection_t *c)
{
    if (isere__connection_has_unsent(c)) {
        settle(c);
    }
    if (isere__connection_wants_input(c)) {
        read_from(c);
        isere__loop_send_held(c->server);
    }
}

/* ---- accepting clients ---- */

/* One that seems to be idle may have sent something while the server was busy,
 * which comes first. */
static bool make_place(isere_server_t *server)
{
    isere_connection_t *c = isere__place_find(server);
    if (!c) {
        return false;
    }
    look_once_more(c);
    if (isere__place_is_free(c)) {
        isere__place_clear(c);
    }
    return c->state == ISERE_CONN_CLOSED;
}

static bool take_place(isere_limits_t *limits)
{
    return isere__limits_take(&limits->connections,
                              limits->config.max_connections);
}

/* False when nothing more can be accepted now. The caller took a place first,
 * as other servers take from the same number. */
static bool accept_one(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    char peer[ISERE_ADDRESS_MAX] = "";
    isere_socket_t socket =
        port->accept(port->ctx, server->accept.listener, peer);
    server->accept.crowded = false;
    server->accept.waited_since = 0;
    if (socket < 0) {
        isere__limits_give(&server->limits->connections);
        if (socket != ISERE_ERR_AGAIN) {
            pause_accepting(server); /* level-triggered: it would spin */
        }
        return false;
    }
    isere__connection_open(server, socket, peer);
    return true;
}

/* A client waits, as the listener is ready. Not for long where others have just
 * ended their connections: that is seen in one of the next turns. */
static void note_waiting(isere_server_t *server)
{
    isere_accept_t *accept = &server->accept;
    uint64_t now_us = server->clock.now_us;
    if (accept->waited_since == 0) {
        accept->waited_since = now_us;
    }
    accept->crowded = now_us - accept->waited_since >= ISERE_PLACE_US;
}

/* Some at a time: clients that are connected already must not wait for a flood
 * of new ones. */
static void accept_some(isere_server_t *server)
{
    for (int i = 0; i < ISERE_LOOP_ACCEPTS; i++) {
        if (!take_place(server->limits) &&
            !(i == 0 && make_place(server) && take_place(server->limits))) {
            if (i == 0) {
                note_waiting(server);
            }
            pause_accepting(server);
            return;
        }
        if (!accept_one(server)) {
            return;
        }
    }
}

/* ---- timers ---- */

/* The order matters: what came in time is looked at before the client is
 * called late. */
static void connection_due(isere_connection_t *c)
{
    if (isere__connection_resumes(c)) {
        isere_request_advance(c);
        return;
    }
    if (isere__connection_is_late(c)) {
        look_once_more(c);
    }
    switch (isere__connection_expire(c)) {
    case ISERE_LATE_SETTLE:
        settle(c);
        break;
    case ISERE_LATE_REQUEST:
        isere__answer_refuse(c, 408);
        isere_request_advance(c);
        break;
    case ISERE_LATE_QUEUED:
        isere__request_expired(c);
        break;
    default:
        break;
    }
}

/* A handler's timer, or its time limit. */
static void slot_due(isere_slot_t *slot)
{
    isere_connection_t *c = isere__pool_slot_due(slot);
    if (c) {
        isere_request_advance(c);
    }
}

/* What was not needed since the last time is given up, slots and buffers. */
static void reap(isere_server_t *server)
{
    for (isere_pool_t *pool = server->pools.first; pool; pool = pool->next) {
        isere__pool_reap(pool);
    }
    isere__send_drop_spares(server, 1);
    isere_timer_queue_insert(&server->timers, &server->reap_timer,
                             server->clock.now_us + ISERE_LOOP_REAP_US);
}

/* Nodes are parts of their owners, so a timer costs no memory of its own;
 * `kind` says what it is part of. */
static void timer_due(isere_server_t *server, isere_timer_node_t *node)
{
    char *at = (char *)node;
    switch (node->kind) {
    case ISERE_TIMER_CONNECTION:
        connection_due(
            (isere_connection_t *)(at - offsetof(isere_connection_t, timer)));
        break;
    case ISERE_TIMER_SLOT:
        slot_due((isere_slot_t *)(at - offsetof(isere_slot_t, timer)));
        break;
    case ISERE_TIMER_ACCEPT:
        accept_again(server);
        break;
    case ISERE_TIMER_RELIEVE:
        isere__slow_due(server);
        break;
    default:
        reap(server);
        break;
    }
}

/* Those that are due now. What handlers set meanwhile comes in the next turn,
 * even if it is due at once: a handler with a timer of 0 ms must not keep the
 * loop from its events. */
static void run_timers(isere_server_t *server)
{
    uint64_t now_us = server->clock.now_us;
    while (isere_timer_queue_next(&server->timers) <= now_us) {
        isere_timer_node_t *node = server->timers.root;
        isere_timer_queue_remove(&server->timers, node);
        timer_due(server, node);
    }
}

/* ---- stopping ---- */

/* Any thread: a flag, and a wake-up that makes the loop look at it. */
void isere_server_stop(isere_server_t *server)
{
    atomic_store(&server->stop.requested, true);
    server->port->poll_wake(server->port->ctx);
}

/* Requests that have begun are answered, and a request that is waiting in the
 * socket is one of them. */
static void stop_connection(isere_connection_t *c)
{
    isere__connection_end_soon(c);
    if (c->state == ISERE_CONN_STREAMING) {
        isere_request_advance(c); /* it ends now if it waits */
    }
    if (c->state == ISERE_CONN_READING && !isere__connection_has_begun(c)) {
        read_from(c);
    }
    if (c->state == ISERE_CONN_READING && !isere__connection_has_begun(c)) {
        isere__connection_end(c);
    }
}

/* In this order: clients in the backlog are accepted, as the system has
 * promised them a connection; then the listener is closed, so that new clients
 * go elsewhere; then each connection ends with the request it has begun. The
 * time for that is the longest invocation and a little for sending its answer.
 * A function that asks for hours gets no more than the default. */
static void begin_stop(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    isere_accept_t *accept = &server->accept;
    uint64_t longest_ms = server->serving.registry->config.defaults.timeout_ms;
    while (accept->on && take_place(server->limits) && accept_one(server)) {
    }
    server->stop.begun = true;
    server->stop.end_us =
        server->clock.now_us + ISERE_LINGER_US + longest_ms * 1000;
    if (accept->on) {
        port->poll_remove(port->ctx, accept->listener);
        accept->on = false;
    }
    isere_timer_queue_remove(&server->timers, &accept->timer);
    port->close(port->ctx, accept->listener);
    accept->listener = -1;
    isere_connection_t *c = server->connections.first;
    while (c) {
        isere_connection_t *next = c->next;
        stop_connection(c);
        c = next;
    }
}

/* ---- the loop ---- */

/* Whether there is an instance that could be given up. */
static bool has_idle(const isere_server_t *server)
{
    const isere_pool_t *pool = server->pools.first;
    while (pool && !pool->idle) {
        pool = pool->next;
    }
    return pool != NULL;
}

/* Another server needs an instance and the limits allow no more. It asks
 * again when one is not enough. */
static void give_to_others(isere_server_t *server)
{
    isere_limits_t *limits = server->limits;
    isere_server_t *who =
        atomic_load_explicit(&limits->wanted, memory_order_relaxed);
    if (!who) {
        return;
    }
    if (who == server) {
        if (server->pools.queued == 0 &&
            atomic_compare_exchange_strong(&limits->wanted, &who, NULL)) {
            isere__limits_wake(limits, server); /* others may want one now */
        }
        return;
    }
    if (!has_idle(server) ||
        (server->pools.queued > 0 && !atomic_load(&limits->urgent)) ||
        !atomic_compare_exchange_strong(&limits->wanted, &who, NULL)) {
        return;
    }
    atomic_store(&limits->urgent, false);
    isere_pool_give_up_oldest(server, NULL, 0);
    isere__limits_wake(limits, server);
}

/* In this order: a new catalog is taken over before queued requests are
 * served; jobs are answered after that, as they wait for this server to have
 * it. Instances are given to others before the queues are served, and once
 * more after it, when some are idle again. Closed connections are freed last:
 * all that goes before may still point to them. */
static void end_turn(isere_server_t *server)
{
    if (atomic_load_explicit(&server->stop.requested, memory_order_relaxed) &&
        !server->stop.begun) {
        begin_stop(server);
    }
    isere__request_follow(server);
    if (server->endpoint.functions) {
        server->endpoint.functions->turn(server->endpoint.ctx);
    }
    give_to_others(server);
    isere__request_serve_queues(server);
    give_to_others(server);
    isere__loop_send_held(server); /* of connections that a stop read */
    isere__slow_turn(server);
    if (server->connections.freed_place) {
        accept_again(server);
    }
    isere__connection_free_closed(server);
}

/* For how long the loop may wait. The clock is read again, since the turn took
 * its time. */
static uint64_t next_wakeup(const isere_server_t *server)
{
    uint64_t due = isere_timer_queue_next(&server->timers);
    uint64_t now_us = server->clock.now_us;
    if (isere__request_could_serve(server)) {
        return 0;
    }
    if (server->stop.begun && server->stop.end_us < due) {
        due = server->stop.end_us;
    }
    if (isere__steal_is_wanted(server) && now_us + ISERE_STEAL_POLL_US < due) {
        due = now_us + ISERE_STEAL_POLL_US;
    }
    if (due == UINT64_MAX) {
        return UINT64_MAX;
    }
    now_us = server->port->monotonic_us(server->port->ctx);
    return due > now_us ? due - now_us : 0;
}

/* `dozing` is set before the wait begins: a wake-up that comes in between
 * makes poll_wait return at once. */
static int wait_for_events(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    bool could_help = isere__steal_is_wanted(server);
    if (could_help) {
        atomic_store(&server->steal.dozing, true);
    }
    int count = port->poll_wait(port->ctx, server->events.list, ISERE_EVENTS,
                                next_wakeup(server));
    if (could_help) {
        atomic_store(&server->steal.dozing, false);
    }
    return count;
}

/* Held answers wait for others only while the loop is quick. */
static bool must_send(const isere_server_t *server)
{
    return isere__steal_hurries(server) ||
           server->clock.now_us - server->held.since_us >= ISERE_LOOP_HOLD_US;
}

/* The list and the place in it are fields of the server: another one that
 * steals connections takes theirs out, see steal.c. */
static void handle_events(isere_server_t *server, int count)
{
    isere_events_t *events = &server->events;
    events->count = count;
    events->next = 0;
    while (events->next < events->count) {
        isere_poll_event_t event = events->list[events->next++];
        if (event.tag == server) {
            accept_some(server);
        } else if (event.tag) { /* else it was stolen */
            isere__loop_event(event.tag, event.events);
        }
        if (server->held.count > 0 && must_send(server)) {
            isere__loop_send_held(server);
        }
    }
    isere__loop_send_held(server);
}

static int turn(isere_server_t *server)
{
    int count = wait_for_events(server);
    if (count < 0) {
        return count;
    }
    isere__clock_begin_turn(&server->clock, server->port);
    handle_events(server, count);
    run_timers(server);
    end_turn(server);
    if (count == 0 && isere__steal_is_wanted(server)) {
        isere__steal_take(server);
    }
    return 0;
}

static bool stopped(const isere_server_t *server)
{
    return server->stop.begun && (!server->connections.first ||
                                  server->clock.now_us >= server->stop.end_us);
}

/* The generation tells the admin API when this server has a catalog: a deploy
 * is answered after that. When the loop ends, nothing waits for it any more. */
int isere_server_run(isere_server_t *server)
{
    isere_serving_t *s = &server->serving;
    isere__clock_begin_turn(&server->clock, server->port);
    atomic_store(&s->generation, s->catalog->generation);
    accept_again(server);
    /* It is there already when run failed before and is called again. */
    isere_timer_queue_remove(&server->timers, &server->reap_timer);
    isere_timer_queue_insert(&server->timers, &server->reap_timer,
                             server->clock.now_us + ISERE_LOOP_REAP_US);
    end_turn(server); /* a stop may have been asked for before */
    int error = 0;
    while (!stopped(server) && !error) {
        error = turn(server);
    }
    atomic_store(&s->generation, ULONG_MAX);
    return error;
}

/* ---- life ---- */

/* Waits for the first instance of the pool to end its init phase. No listener
 * is polled yet, so only timers of the init phase can be due. */
static int warm_up(isere_server_t *server, isere_pool_t *pool)
{
    const isere_port_t *port = server->port;
    int error = isere__pool_grow(pool);
    while (!error && pool->starting > 0) {
        isere_poll_event_t event;
        int count = port->poll_wait(port->ctx, &event, 1, next_wakeup(server));
        if (count < 0) {
            return count;
        }
        isere__clock_update(&server->clock, port);
        run_timers(server);
        if (pool->count == 0) {
            error = ISERE_ERR_HANDLER;
        }
    }
    return error;
}

int isere_server_warm_up(isere_server_t *server, isere_fault_t *fault)
{
    const isere_catalog_t *catalog = server->serving.catalog;
    memset(fault, 0, sizeof(*fault));
    if (!catalog->has_built_in) {
        return 0;
    }
    isere_pool_t *pool =
        isere__serving_pool(server, &catalog->entries[catalog->count]);
    if (!pool) {
        return ISERE_ERR_NOMEM;
    }
    server->pools.warming = fault;
    int error = warm_up(server, pool);
    server->pools.warming = NULL;
    return error;
}

/* The listener is the server's from here on, so it is closed when there is no
 * memory. */
static isere_server_t *make_server(const isere_port_t *port,
                                   isere_limits_t *limits,
                                   isere_socket_t listener)
{
    isere_server_t *server = isere_alloc(port, sizeof(*server));
    if (!server) {
        port->close(port->ctx, listener);
        return NULL;
    }
    memset(server, 0, sizeof(*server));
    server->port = port;
    server->limits = limits;
    server->http_limits.max_head = limits->config.max_head;
    server->http_limits.max_body = limits->config.max_body;
    server->accept.listener = listener;
    server->accept.timer.kind = ISERE_TIMER_ACCEPT;
    server->reap_timer.kind = ISERE_TIMER_REAP;
    server->relief.timer.kind = ISERE_TIMER_RELIEVE;
    isere__clock_update(&server->clock, port);
    isere__request_init(server);
    return server;
}

int isere_server_create(const isere_port_t *port, isere_limits_t *limits,
                        isere_socket_t listener, isere_registry_t *registry,
                        isere_server_t **out_server)
{
    isere_server_t *server = make_server(port, limits, listener);
    if (!server) {
        return ISERE_ERR_NOMEM;
    }
    if (isere_registry_has_flash(registry)) {
        /* Memory is no limit then: see is_short_enough in request.c. */
        server->http_limits.max_body = UINT32_MAX;
    }
    int error = isere__serving_init(server, registry);
    if (!error) {
        error = isere__limits_join(limits, server);
    }
    if (error) {
        isere_server_destroy(server);
        return error;
    }
    *out_server = server;
    return 0;
}

static void close_listener(isere_server_t *server)
{
    const isere_port_t *port = server->port;
    const isere_accept_t *accept = &server->accept;
    if (accept->listener < 0) {
        return;
    }
    if (accept->on) {
        port->poll_remove(port->ctx, accept->listener);
    }
    port->close(port->ctx, accept->listener);
}

/* From the outside to the inside: first nobody can wake it, then no client can
 * send, then no isolate runs. Connections go before pools, as slots point to
 * them; the endpoint goes after both, as their callbacks may use it. What
 * pools and connections were made with goes last. */
void isere_server_destroy(isere_server_t *server)
{
    if (!server) {
        return;
    }
    const isere_port_t *port = server->port;
    server->stop.begun = true;
    server->stop.destroying = true;
    /* The registry wakes all servers with its lock held. */
    isere_registry_lock(server->serving.registry);
    isere__limits_leave(server->limits, server);
    isere_registry_unlock(server->serving.registry);
    while (server->connections.first) {
        isere__connection_close(server->connections.first);
    }
    while (server->pools.first) {
        isere__pool_destroy(server->pools.first);
    }
    isere__connection_free_closed(server);
    if (server->endpoint.functions) {
        server->endpoint.functions->detach(server->endpoint.ctx);
    }
    isere__serving_deinit(server);
    close_listener(server);
    isere_free(port, server->spares.exchange);
    isere__send_drop_spares(server, 0);
    isere_free(port, server);
}
