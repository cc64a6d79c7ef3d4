/* One request: find a slot, invoke the handler, answer. */
#include "core/server/internal.h"
#include "core/util/encode/uuid.h"
#include "core/util/log.h"
#include <stdio.h>

/* ---- ids ---- */

/* Random bytes are fetched in larger portions, to pay for fewer calls. */
static bool take_random(isere_server_t *server, unsigned char out[16])
{
    const isere_port_t *port = server->port;
    if (server->random_left < 16) {
        if (port->random(port->ctx, server->random, ISERE_RANDOM_POOL)) {
            return false;
        }
        server->random_left = ISERE_RANDOM_POOL;
    }
    server->random_left -= 16;
    memcpy(out, server->random + server->random_left, 16);
    return true;
}

static bool make_request_id(isere_server_t *server, char *out)
{
    unsigned char bytes[ISERE_UUID_BYTES];
    if (!take_random(server, bytes)) {
        return false;
    }
    isere_uuid_format(bytes, out);
    return true;
}

/* ---- answering ---- */

/* Gives back what belongs to the request. */
static void end_exchange(isere_server_t *server, isere_exchange_t *x)
{
    const isere_port_t *port = server->port;
    if (x->event) {
        isere_free(port, x->event);
    }
    if (server->spare_exchange) {
        isere_free(port, x);
    } else {
        server->spare_exchange = x;
    }
}

void isere__exchange_finish(isere_connection_t *c, bool answered)
{
    isere_exchange_t *x = c->exchange;
    if (!answered) {
        isere__connection_close(c); /* no memory for an answer */
        return;
    }
    c->in.start += c->in.data ? x->parser.consumed : 0;
    c->fresh = false;
    c->exchange = NULL;
    c->state = c->close_after ? ISERE_CONN_FLUSHING : ISERE_CONN_READING;
    end_exchange(c->server, x);
    if (c->close_after && c->in.data) {
        isere__buffer_free_in(c); /* no request follows */
    }
}

/* The receive buffer becomes the send buffer: there is room in it for an error
 * answer, but then what else the client sent is lost, and so the connection
 * ends. False when earlier answers are still in the send buffer. */
static bool send_from_in(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->out.end > c->out.start || !c->in.data) {
        return false;
    }
    isere_free(port, c->out.data);
    isere__budget_give(c->server, c->in.capacity);
    c->out = (isere_buffer_t){.data = c->in.data, .capacity = c->in.capacity};
    memset(&c->in, 0, sizeof(c->in));
    c->close_after = true;
    return true;
}

static void answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error)
{
    bool answered = isere__answer_error(c, error) ||
                    (send_from_in(c) && isere__answer_error(c, error));
    isere__exchange_finish(c, answered);
}

static void log_error(isere_connection_t *c, const char *text,
                      const char *request_id)
{
    const isere_pool_t *pool = c->exchange->pool;
    const isere_catalog_t *catalog = c->server->platform.catalog;
    const isere_function_t *function =
        pool ? pool->function
        : isere_catalog_is_lone(catalog)
            ? catalog->entries[0].deployment->function
            : NULL;
    isere_log_record_t record = {
        .level = ISERE_LOG_ERROR,
        .function = isere_slice(function ? function->config.name : ""),
        .request_id = isere_slice(request_id),
        .message = isere_slice(text),
    };
    isere_log(c->server->port, &record);
}

/* The response fits the handler's memory, but not the server's. */
static void answer_too_large(isere_connection_t *c,
                             const isere_isolate_t *isolate)
{
    size_t length = isere_isolate_response(isolate)->body.len;
    char text[96];
    snprintf(text, sizeof(text),
             "not enough memory to send a response of %lu bytes",
             (unsigned long)length);
    log_error(c, text, isere_isolate_request_id(isolate));
    answer_error(c, isere_error_answer(ISERE_ERROR_MEMORY));
}

void isere__exchange_no_room(isere_connection_t *c, int error)
{
    char text[96];
    if (error == ISERE_ERR_LIMIT) {
        isere__budget_refused(c->server);
    } else {
        snprintf(text, sizeof(text),
                 "not enough memory to receive more than %lu bytes",
                 (unsigned long)(c->in.end - c->in.start));
        log_error(c, text, "");
    }
    c->close_after = true;
    answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
}

/* A 2xx to CONNECT would say that a tunnel is open now, and there is none: RFC
 * 9110 section 9.3.6. */
static bool opens_tunnel(const isere_connection_t *c,
                         const isere_isolate_t *isolate)
{
    return c->exchange->parser.is_connect && !c->exchange->event &&
           !isere_isolate_error(isolate) &&
           isere_isolate_response(isolate)->status < 300;
}

static void answer_isolate(isere_connection_t *c, const isere_slot_t *slot)
{
    const isere_isolate_t *isolate = slot->isolate;
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    if (opens_tunnel(c, isolate)) {
        log_error(c, "malformed response: a 2xx to CONNECT would open a tunnel",
                  isere_isolate_request_id(isolate));
        error = isere_error_answer(ISERE_ERROR_MALFORMED);
    }
    if (c->exchange->event) {
        isere__plane_answer_invoke(c, slot);
    } else if (error) {
        answer_error(c, error);
    } else {
        const isere_response_t *response = isere_isolate_response(isolate);
        if (isere__answer_response(c, response)) {
            isere__exchange_finish(c, true);
        } else {
            answer_too_large(c, isolate);
        }
    }
}

/* Nobody ran it. */
static void count_unrun(const isere_connection_t *c, isere_error_kind_t kind)
{
    isere_pool_t *pool = c->exchange->pool;
    if (pool) {
        isere_stats_count(pool->stats, kind, 0, 0);
    }
}

void isere__exchange_busy(isere_connection_t *c)
{
    count_unrun(c, ISERE_ERROR_BUSY);
    answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
}

void isere__exchange_refuse(isere_connection_t *c, int status)
{
    isere_error_answer_t error = isere_error_answer_http(status);
    c->close_after = true;
    answer_error(c, &error);
}

/* ---- invoking ---- */

static bool fill_invocation(isere_connection_t *c, isere_invocation_t *inv)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = c->exchange;
    const isere_function_t *function = x->pool->function;
    memset(inv, 0, sizeof(*inv));
    inv->source_ip = c->peer;
    inv->route_key = "$default";
    if (x->event) {
        inv->event_json = isere_slice(x->event);
    } else {
        x->request.base = c->in.data + c->in.start;
        inv->request = &x->request;
        inv->route_key = x->route.key;
        inv->path_parameters = x->route.parameters;
        inv->npath_parameters = x->route.nparameters;
    }
    inv->received_us = isere__server_wall_us(server);
    inv->deadline_us = server->now_us + isere_function_timeout_us(function);
    return make_request_id(server, inv->request_id);
}

static void run(isere_connection_t *c, isere_slot_t *slot)
{
    isere_server_t *server = c->server;
    isere_invocation_t invocation;
    if (!fill_invocation(c, &invocation)) {
        isere__pool_release(slot);
        answer_error(c, isere_error_answer(ISERE_ERROR_EXCEPTION));
        return;
    }
    c->state = ISERE_CONN_RUNNING;
    c->slot = slot;
    slot->connection = c;
    uint64_t began_us = server->now_us;
    slot->began_us = began_us;
    if (c->exchange->event) {
        slot->log_seq = atomic_load(&server->platform.registry->log_seq);
    }
    bool opened = isere__share_open(server);
    isere_isolate_invoke(slot->isolate, &invocation);
    if (opened) {
        isere__share_shut(server);
    }
    isere__server_update_now(server);
    if (server->now_us - began_us >= ISERE_SLOW_US) {
        isere__share_note_slow(server);
    }
    isere__exchange_slot_changed(slot);
}

static void count_run(const isere_connection_t *c, const isere_slot_t *slot)
{
    const isere_error_answer_t *error = isere_isolate_error(slot->isolate);
    int kind = error ? (int)isere_error_answer_kind(error) : -1;
    isere_stats_count(slot->pool->stats,
                      opens_tunnel(c, slot->isolate) ? ISERE_ERROR_MALFORMED
                                                     : kind,
                      slot->pool->server->now_us - slot->began_us,
                      isere_isolate_peak(slot->isolate));
}

void isere__exchange_slot_changed(isere_slot_t *slot)
{
    isere_connection_t *c = slot->connection;
    if (isere_isolate_state(slot->isolate) != ISERE_ISOLATE_COMPLETE) {
        isere__pool_schedule(slot);
        return;
    }
    c->slot = NULL;
    count_run(c, slot);
    if (c->state == ISERE_CONN_CLOSED) {
        isere__connection_bury(c); /* the client left meanwhile */
    } else {
        answer_isolate(c, slot);
    }
    if (isere_isolate_has_crashed(slot->isolate)) {
        isere__pool_report_fault(slot->pool,
                                 isere_isolate_reason(slot->isolate));
    }
    isere__pool_release(slot);
}

/* ---- the queue ---- */

/* One of several functions may fill half of the queue. */
static bool has_room(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    unsigned most = server->limits->max_queue;
    if (server->platform.catalog->count > 1) {
        most = (most + 1) / 2;
    }
    return atomic_load(&pool->stats->queued) < most;
}

static void count_queued(isere_pool_t *pool, int change)
{
    pool->queue_length += (unsigned)change;
    pool->server->queue_length += (unsigned)change;
    atomic_fetch_add(&pool->stats->queued, (unsigned)change);
}

static void enqueue(isere_connection_t *c, isere_pool_t *pool)
{
    isere_server_t *server = c->server;
    isere_server_group_t *group = server->group;
    if (!has_room(pool) ||
        !isere__group_take(&group->queued, group->limits.max_queue)) {
        isere__exchange_busy(c);
        return;
    }
    c->state = ISERE_CONN_QUEUED;
    c->queue_deadline_us =
        server->now_us + isere_function_timeout_us(pool->function);
    c->queue_next = NULL;
    *pool->queue_last = c;
    pool->queue_last = &c->queue_next;
    count_queued(pool, 1);
}

void isere__exchange_unqueue(isere_connection_t *c)
{
    isere_pool_t *pool = c->exchange->pool;
    isere_connection_t **link = &pool->queue_first;
    while (*link && *link != c) {
        link = &(*link)->queue_next;
    }
    if (!*link) {
        return;
    }
    *link = c->queue_next;
    if (pool->queue_last == &c->queue_next) {
        pool->queue_last = link;
    }
    count_queued(pool, -1);
    isere__group_give(&c->server->group->queued);
}

/* ---- turns ---- */

void isere__exchange_note_turn(isere_pool_t *pool, uint64_t since_us)
{
    const isere_server_t *server = pool->server;
    if (pool->turn != server->turn) {
        pool->turn = server->turn;
        pool->turn_us = 0;
    }
    pool->turn_us += server->now_us - since_us;
}

/* Whether it had the thread for long enough: else a function that loops, asked
 * for on many connections, would have it as many times for each request of
 * another. */
static bool had_its_turn(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    return pool->turn == server->turn && pool->turn_us >= ISERE_POOL_TURN_US &&
           server->platform.catalog->count > 1;
}

/* Whether a request could wait for the next turn. */
static bool may_wait(const isere_pool_t *pool)
{
    isere_server_group_t *group = pool->server->group;
    return has_room(pool) &&
           atomic_load(&group->queued) < group->limits.max_queue;
}

/* One more slot, if need be in the place of another function's idle one. For a
 * second one, no function loses its last. */
static int grow(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    unsigned keep = pool->count == 0 ? 0 : 1;
    int error = isere__pool_grow(pool);
    while ((error == ISERE_ERR_LIMIT || error == ISERE_ERR_NOMEM) &&
           isere__pool_give_up_oldest(server, pool, keep)) {
        error = isere__pool_grow(pool);
    }
    return error;
}

/* An idle slot, or a new one if there may be more, for one of `waiting`
 * requests. *error tells why there is none; 0: enough are starting. */
static isere_slot_t *find_slot(isere_pool_t *pool, unsigned waiting, int *error)
{
    isere_slot_t *slot = isere__pool_take(pool);
    *error = 0;
    if (slot) {
        atomic_fetch_add_explicit(&pool->stats->hits, 1, memory_order_relaxed);
    }
    if (slot || pool->starting >= waiting) {
        return slot;
    }
    *error = grow(pool);
    isere__server_update_now(pool->server); /* an init phase takes its time */
    return isere__pool_take(pool);
}

/* No slot will come for a request that waits: its init phase fails, or there
 * is no memory even for the first. */
static bool is_hopeless(const isere_pool_t *pool, int error)
{
    return error == ISERE_ERR_HANDLER || error == ISERE_ERR_CRASH ||
           (error == ISERE_ERR_NOMEM && pool->count == 0 &&
            !isere__pool_is_blocked(pool));
}

static void answer_hopeless(isere_connection_t *c, int error)
{
    isere_error_kind_t kind = error == ISERE_ERR_NOMEM ? ISERE_ERROR_BUSY
                              : error == ISERE_ERR_CRASH
                                  ? ISERE_ERROR_CRASH
                                  : ISERE_ERROR_EXCEPTION;
    count_unrun(c, kind);
    answer_error(c, isere_error_answer(kind));
}

static void answer_quarantined(isere_connection_t *c)
{
    count_unrun(c, ISERE_ERROR_QUARANTINED);
    answer_error(c, isere_error_answer(ISERE_ERROR_QUARANTINED));
}

void isere__exchange_enter(isere_connection_t *c, isere_pool_t *pool)
{
    int error = 0;
    uint64_t began_us = c->server->now_us;
    bool waits = pool->queue_first || (had_its_turn(pool) && may_wait(pool));
    c->exchange->pool = pool;
    if (isere__pool_refuses(pool)) {
        answer_quarantined(c);
        return;
    }
    isere_slot_t *slot = waits ? NULL : find_slot(pool, 1, &error);
    if (slot) {
        run(c, slot);
    } else if (is_hopeless(pool, error)) {
        answer_hopeless(c, error);
    } else {
        enqueue(c, pool); /* the end of the turn looks for a slot again */
    }
    isere__exchange_note_turn(pool, began_us);
}

void isere__exchange_start(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    c->close_after = !c->exchange->parser.keep_alive || server->stopping;
    isere__platform_follow(server);
    if (isere__plane_is_wanted(c)) {
        isere__plane_start(c);
    } else {
        isere__platform_route(c);
    }
}

/* Else it is refused before it is read, and before a 100. */
static bool has_room_for_body(isere_connection_t *c)
{
    bool admitted = isere__budget_admits(c);
    if (!admitted) {
        isere__exchange_no_room(c, ISERE_ERR_LIMIT);
    }
    return admitted;
}

bool isere__exchange_judge(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    x->judged = true;
    isere__platform_follow(c->server);
    bool closed = c->close_after;
    c->close_after = true; /* the body would be taken for a request */
    if (isere__plane_is_wanted(c) ? isere__plane_judge(c)
                                  : isere__platform_refuse(c)) {
        return true;
    }
    c->close_after = closed;
    return !has_room_for_body(c);
}

/* The first in the pool's queue waits no longer. */
static isere_connection_t *unqueue_first(isere_pool_t *pool)
{
    isere_connection_t *c = pool->queue_first;
    isere__exchange_unqueue(c);
    return c;
}

/* Gives the first in the pool's queue a slot, or the answer that there will be
 * none. False when it must wait on. */
static bool serve_first(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    uint64_t began_us = server->now_us;
    int error;
    if (isere__pool_is_quarantined(pool)) {
        isere_connection_t *refused = unqueue_first(pool);
        answer_quarantined(refused);
        isere__connection_advance(refused);
        return true;
    }
    if (had_its_turn(pool)) {
        return false;
    }
    isere_slot_t *slot = find_slot(pool, pool->queue_length, &error);
    if (!slot && !is_hopeless(pool, error)) {
        if (error == ISERE_ERR_LIMIT) {
            isere__group_want(server->group, server);
        }
        return false;
    }
    isere_connection_t *c = unqueue_first(pool);
    if (slot) {
        run(c, slot);
    } else {
        answer_hopeless(c, error);
    }
    isere__exchange_note_turn(pool, began_us);
    isere__connection_advance(c);
    return true;
}

/* In rounds, so that no function's queue holds up another's. Those that have no
 * instance come first: they need a place that the others could take. */
void isere__exchange_serve_queue(isere_server_t *server)
{
    bool served = server->queue_length > 0;
    for (int i = 0; i < ISERE_TURN_REQUESTS && served; i++) {
        served = false;
        for (int have = 0; have < 2; have++) {
            for (isere_pool_t *pool = server->pools; pool; pool = pool->next) {
                if (pool->queue_first && !pool->retired &&
                    (pool->count > 0) == have) {
                    served |= serve_first(pool);
                }
            }
        }
    }
}

bool isere__exchange_could_serve(const isere_server_t *server)
{
    const isere_pool_t *pool = server->queue_length ? server->pools : NULL;
    if (server->platform.followed) {
        return true;
    }
    while (pool && !(pool->queue_first && (pool->idle || had_its_turn(pool)))) {
        pool = pool->next;
    }
    return pool != NULL;
}
