/*
 * One request: finds its pool, queues it, runs it, answers it.
 *
 * What a connection returns is dealt with here, and each way ends with an
 * answer. A handler may take long and its client may leave meanwhile, so after
 * anything that runs code the connection's state is looked at again.
 */
#include "core/server/request.h"
#include "core/server/connection/answer.h"
#include "core/server/connection/send.h"
#include "core/server/pool/queue.h"
#include "core/server/request_id.h"
#include "core/server/server.h"
#include "core/util/cors.h"
#include <stdio.h>

/* ---- answers that need no handler ---- */

/* No handler ran. It counts as an error of the function if that is known. */
static void count_unrun(const isere_connection_t *c, isere_error_kind_t kind)
{
    const isere_pool_t *pool = c->exchange->pool;
    if (pool) {
        isere_stats_count(pool->stats, kind, 0, 0);
    }
}

static void answer_unrun(isere_connection_t *c, isere_error_kind_t kind)
{
    count_unrun(c, kind);
    isere__answer_error(c, isere_error_answer(kind));
}

static void answer_no_memory(isere_connection_t *c)
{
    count_unrun(c, ISERE_ERROR_BUSY);
    isere__answer_error(c, isere_error_answer_no_memory());
}

/* 404 for a path that no function has; 405, with the methods there are, for
 * one that some function has (RFC 9110 section 15.5.6). */
static void answer_unrouted(isere_connection_t *c, int error)
{
    static const isere_slice_t json = ISERE_SLICE("application/json");
    isere_field_t fields[3] = {
        {isere_slice("Content-Type"), json},
        {isere_slice("Isere-Error"), isere_slice("route")},
    };
    if (error == ISERE_ERR_NOENT) {
        isere_answer_text(
            c, 404, fields, 2,
            isere_slice("{\"message\":\"No function serves this path.\"}"));
    } else {
        fields[2].name = isere_slice("Allow");
        fields[2].value = isere_slice(c->exchange->route.allow);
        isere_answer_text(
            c, 405, fields, 3,
            isere_slice(
                "{\"message\":\"No function serves this method here.\"}"));
    }
}

/* ---- the handler's answer ---- */

/* The response fits the handler's memory, but not the server's. */
static void answer_too_large(isere_connection_t *c,
                             const isere_isolate_t *isolate)
{
    size_t length = isere_isolate_response(isolate)->body.len;
    char text[96];
    snprintf(text, sizeof(text),
             "not enough memory to send a response of %lu bytes",
             (unsigned long)length);
    isere__answer_log(c, text, isere_isolate_request_id(isolate));
    isere__answer_error(c, isere_error_answer(ISERE_ERROR_MEMORY));
}

/* A 2xx to CONNECT would say that a tunnel is open now, and there is none: RFC
 * 9110 section 9.3.6. */
static bool opens_tunnel(const isere_connection_t *c,
                         const isere_isolate_t *isolate)
{
    return c->exchange->parser.is_connect && !c->exchange->direct &&
           !isere_isolate_error(isolate) &&
           isere_isolate_response(isolate)->status < 300;
}

/* ---- a handler's stream ---- */

/* The body of an answer, which the handler gives as a stream. */
typedef struct body_stream {
    isere_stream_t stream;
    const isere_port_t *port;
    isere_slot_t *slot; /* NULL: the handler has ended */
    bool failed;
} body_stream_t;

/* What is not there is asked for: the slot is due then, and goes on with the
 * connection when it has something. */
static int body_read(isere_stream_t *stream, char *buf, size_t size)
{
    body_stream_t *self = (body_stream_t *)stream;
    if (!self->slot) {
        return self->failed ? ISERE_ERR_IO : ISERE_ERR_CLOSED;
    }
    size_t len = isere_isolate_read(self->slot->isolate, buf, size);
    if (len > 0) {
        return (int)len;
    }
    isere__pool_schedule(self->slot);
    return ISERE_ERR_AGAIN;
}

static void body_close(isere_stream_t *stream)
{
    body_stream_t *self = (body_stream_t *)stream;
    isere_slot_t *slot = self->slot;
    if (slot) {
        slot->streamed = NULL;
        slot->connection = NULL;
        isere_isolate_drop_stream(slot->isolate);
        isere__pool_schedule(slot);
    }
    isere_free(self->port, self);
}

static void count(const isere_slot_t *slot, const isere_error_answer_t *error)
{
    isere_stats_count(slot->pool->stats,
                      error ? (int)isere_error_answer_kind(error) : -1,
                      slot->pool->server->clock.now_us - slot->began_us,
                      isere_isolate_peak(slot->isolate));
}

/* The pool's callback: the handler gives no more, and its client may have
 * left. */
static void stream_ended(isere_slot_t *slot)
{
    body_stream_t *self = (body_stream_t *)slot->streamed;
    if (self) {
        self->slot = NULL;
        self->failed =
            isere_isolate_stream(slot->isolate) == ISERE_STREAM_FAILED;
    }
    count(slot, isere_isolate_error(slot->isolate));
}

static void answer_stream(isere_connection_t *c, isere_slot_t *slot)
{
    const isere_response_t *response = isere_isolate_response(slot->isolate);
    const isere_port_t *port = c->server->port;
    body_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere__answer_error(c, isere_error_answer_no_memory());
        slot->streams = true;
        isere_isolate_drop_stream(slot->isolate);
        return;
    }
    *self = (body_stream_t){.stream = {.read = body_read,
                                       .close = body_close,
                                       .piece = ISERE_BODY_PIECE,
                                       .is_body = true},
                            .port = port,
                            .slot = slot};
    slot->streamed = &self->stream;
    slot->streams = true;
    isere_answer_stream(c, response->status, response->fields,
                        response->nfields, &self->stream, -1);
}

/* The response lies in the isolate's heap, so it is copied to the send buffer
 * here: the slot is released right after. */
static void answer_handler(isere_connection_t *c, isere_slot_t *slot,
                           const isere_error_answer_t *error)
{
    const isere_isolate_t *isolate = slot->isolate;
    const isere_direct_t *direct = c->exchange->direct;
    if (direct) {
        direct->done(c, direct, isolate,
                     c->server->clock.now_us - slot->began_us);
    } else if (error) {
        isere__answer_error(c, error);
    } else if (isere_isolate_stream(isolate) != ISERE_STREAM_NONE) {
        answer_stream(c, slot);
    } else if (isere__send_response(c, isere_isolate_response(isolate))) {
        isere__connection_answered(c, true);
    } else {
        answer_too_large(c, isolate);
    }
}

/* The pool's callback: an invocation is complete. The statistics count it even
 * if the client has left, since it ran. */
static void done(isere_slot_t *slot)
{
    isere_connection_t *c = slot->connection;
    const isere_error_answer_t *error = isere_isolate_error(slot->isolate);
    bool tunnels = opens_tunnel(c, slot->isolate);
    if (tunnels) {
        error = isere_error_answer(ISERE_ERROR_MALFORMED);
    }
    bool streams = isere_isolate_stream(slot->isolate) == ISERE_STREAM_OPEN;
    if (!streams || error) {
        count(slot, error);
    }
    isere__connection_leave_handler(c);
    if (c->state == ISERE_CONN_CLOSED) {
        if (streams) {
            slot->streams = true;
            isere_isolate_drop_stream(slot->isolate);
        }
        return; /* the client left meanwhile */
    }
    if (error && streams) {
        isere_isolate_drop_stream(slot->isolate);
    }
    if (tunnels) {
        isere__answer_log(
            c, "malformed response: a 2xx to CONNECT would open a tunnel",
            isere_isolate_request_id(slot->isolate));
    }
    answer_handler(c, slot, error);
}

void isere__request_init(isere_server_t *server)
{
    server->pools.done = done;
    server->pools.stream_ended = stream_ended;
}

/* ---- invoking ---- */

/* Pointers into the receive buffer, which stays as it is while the request
 * runs: nothing is received meanwhile. Its base is set anew, as the buffer may
 * have moved while the request waited. */
static bool fill_invocation(isere_connection_t *c, isere_invocation_t *inv)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = c->exchange;
    memset(inv, 0, sizeof(*inv));
    inv->source_ip = c->peer;
    inv->route_key = "$default";
    if (x->direct) {
        inv->event_json = x->direct->event;
    } else {
        x->request.base = c->in.data + c->in.start;
        inv->request = &x->request;
        inv->may_stream = true;
        inv->route_key = x->route.key;
        inv->path_parameters = x->route.parameters;
        inv->npath_parameters = x->route.nparameters;
    }
    inv->received_us = isere__clock_wall_us(&server->clock);
    inv->deadline_us =
        server->clock.now_us + isere_function_timeout_us(x->function);
    isere_slice_t id = isere__request_id(server, x);
    memcpy(inv->request_id, id.ptr, id.len);
    return id.len > 0;
}

/* Without random bytes there is no request id, and no handler is to see one
 * that is not unique. */
static void run(isere_connection_t *c, isere_slot_t *slot)
{
    isere_invocation_t invocation;
    if (!fill_invocation(c, &invocation)) {
        isere__pool_release(slot);
        isere__answer_error(c, isere_error_answer(ISERE_ERROR_EXCEPTION));
        return;
    }
    isere__connection_work(c, NULL);
    isere__pool_run(slot, c, &invocation);
}

/* One more slot, if need be in the place of another function's idle one. For a
 * second one, no function loses its last. */
static int grow(isere_pool_t *pool)
{
    unsigned keep = pool->count == 0 ? 0 : 1;
    int error = isere__pool_grow(pool);
    while ((error == ISERE_ERR_LIMIT || error == ISERE_ERR_NOMEM) &&
           isere_pool_give_up_oldest(pool->server, pool, keep)) {
        error = isere__pool_grow(pool);
    }
    return error;
}

/* An idle slot, or a new one if there may be more, for one of `waiting`
 * requests. *error tells why there is none; 0: enough are starting. */
static isere_slot_t *find_slot(isere_pool_t *pool, unsigned waiting, int *error)
{
    const isere_clock_t *clock = &pool->server->clock;
    isere_slot_t *slot = isere__pool_take(pool, clock->now_us);
    *error = 0;
    if (slot) {
        atomic_fetch_add_explicit(&pool->stats->hits, 1, memory_order_relaxed);
    }
    if (slot || pool->starting >= waiting) {
        return slot;
    }
    *error = grow(pool);
    return isere__pool_take(pool, clock->now_us);
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
    if (error == ISERE_ERR_NOMEM) {
        answer_no_memory(c);
    } else {
        answer_unrun(c, error == ISERE_ERR_CRASH ? ISERE_ERROR_CRASH
                                                 : ISERE_ERROR_EXCEPTION);
    }
}

/* Runs the request, or lets it wait; the end of the turn looks for a slot
 * again then. It waits, too, when others wait already, and when the pool has
 * had the thread for long enough in this turn. */
static void enter(isere_connection_t *c, isere_pool_t *pool)
{
    int error = 0;
    bool waits = pool->queue.first || (isere__pool_had_its_turn(pool) &&
                                       isere__queue_has_room(pool));
    c->exchange->pool = pool;
    c->exchange->function = pool->function;
    if (isere__pool_is_quarantined(pool) && isere__pool_refuses(pool)) {
        answer_unrun(c, ISERE_ERROR_QUARANTINED);
        return;
    }
    isere_slot_t *slot = waits ? NULL : find_slot(pool, 1, &error);
    if (slot) {
        run(c, slot);
    } else if (is_hopeless(pool, error)) {
        answer_hopeless(c, error);
    } else if (!isere__queue_put(c, pool)) {
        answer_unrun(c, ISERE_ERROR_BUSY);
    }
}

static void enter_entry(isere_connection_t *c,
                        const isere_catalog_entry_t *entry)
{
    isere_pool_t *pool = isere__serving_pool(c->server, entry);
    if (pool) {
        enter(c, pool);
    } else {
        answer_no_memory(c);
    }
}

void isere_request_invoke(isere_connection_t *c,
                          const isere_catalog_entry_t *entry,
                          isere_direct_t *direct)
{
    /* One is there already when it waited for a version that is gone. */
    isere_free(c->server->port, c->exchange->direct);
    c->exchange->direct = direct;
    enter_entry(c, entry);
}

/* ---- whose it is ---- */

/* Takes over what was deployed meanwhile: before each request. */
static inline void follow(isere_server_t *server)
{
    isere_serving_t *s = &server->serving;
    if (atomic_load_explicit(&s->registry->generation, memory_order_acquire) !=
        atomic_load_explicit(&s->generation, memory_order_relaxed)) {
        (void)isere__serving_adopt(server);
        s->followed = true; /* the turn's end does the rest */
    }
}

static bool is_for_endpoint(const isere_connection_t *c)
{
    const isere_endpoint_t *endpoint = c->server->endpoint.functions;
    return endpoint && endpoint->wants(isere_http_path(&c->exchange->request));
}

/* A route that takes every method is not meant for tunnels. */
static bool names_connect(const isere_exchange_t *x)
{
    static const char connect[] = "CONNECT ";
    return strncmp(x->route.key, connect, sizeof(connect) - 1) == 0;
}

/* What a browser asks before a request to another origin: for the function that
 * the request will go to, if that has a policy. */
static const char *preflight_policy(isere_connection_t *c, isere_slice_t origin)
{
    isere_exchange_t *x = c->exchange;
    isere_slice_t method =
        isere_http_field(&x->request, "access-control-request-method");
    if (!origin.ptr || !method.ptr ||
        isere_catalog_match(c->server->serving.catalog, method,
                            isere_http_path(&x->request), &x->route)) {
        return NULL;
    }
    const isere_catalog_entry_t *entry = x->route.owner;
    return entry->deployment && entry->deployment->function
               ? entry->deployment->function->config.cors
               : NULL;
}

/* Whether it was one, and is answered: the handler is not asked. */
static bool answer_preflight(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    isere_field_t fields[ISERE_CORS_FIELDS];
    if (!isere_slice_is(isere_http_slice(&x->request, x->request.method),
                        "OPTIONS")) {
        return false;
    }
    isere_slice_t origin = isere_http_field(&x->request, "origin");
    const char *policy = preflight_policy(c, origin);
    if (policy) {
        isere_answer_text(c, 204, fields,
                          isere_cors_fields(policy, origin, true, fields),
                          isere_slice(""));
    }
    return policy != NULL;
}

/* Finds the route, or answers that there is none, and false. */
static inline bool find_route(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    if (answer_preflight(c)) {
        return false;
    }
    int error =
        isere_catalog_match(c->server->serving.catalog,
                            isere_http_slice(&x->request, x->request.method),
                            isere_http_path(&x->request), &x->route);
    if (x->parser.is_connect && (error || !names_connect(x))) {
        isere__answer_refuse(c, 501);
        return false;
    }
    if (error) {
        answer_unrouted(c, error);
    }
    return error == 0;
}

/* Whether the connection stays is decided before the answer is made, as its
 * head says it. The catalog is looked at before each request, so a client that
 * was told of a deploy never meets the version before it. */
static void start(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    c->close_after = !c->exchange->parser.keep_alive || server->stop.begun;
    follow(server);
    if (is_for_endpoint(c)) {
        server->endpoint.functions->start(server->endpoint.ctx, c);
    } else if (find_route(c)) {
        enter_entry(c, c->exchange->route.owner);
    }
}

/* The parser lets a body pass that is longer than memory may hold, where the
 * endpoint may take it elsewhere. Any other one is refused here, and false. */
static bool is_short_enough(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    uint32_t most = c->server->limits->config.max_body;
    if (x->parser.limits.max_body > most && !x->take && !x->work &&
        isere_http_parser_limit_body(&x->parser, &x->request, most) ==
            ISERE_HTTP_BAD) {
        isere__answer_refuse(c, x->parser.status);
        return false;
    }
    return true;
}

/* Looks at the head of a request whose body is still to come: when that is
 * enough for the answer, gives it, before a body is asked for; it is not read
 * then. */
static void judge(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    bool closed = c->close_after;
    follow(server);
    c->close_after = true; /* the body would be taken for a request */
    const isere_attached_t *endpoint = &server->endpoint;
    if (is_for_endpoint(c) ? endpoint->functions->judge(endpoint->ctx, c)
                           : !find_route(c)) {
        return;
    }
    c->close_after = closed;
    if (!is_short_enough(c)) {
        return;
    }
    if (c->exchange->take || isere__connection_has_room(c)) {
        isere__connection_ask_for_body(c);
    } else {
        isere__answer_no_room(c, ISERE_READ_NO_BUDGET);
    }
}

/* ---- what connections return ---- */

/* False when there is no request any more, or only the beginning of one. */
static bool take_one(isere_connection_t *c)
{
    switch (isere__connection_next(c)) {
    case ISERE_NEXT_REQUEST:
        if (is_short_enough(c)) {
            start(c);
        }
        return true;
    case ISERE_NEXT_HEAD:
        judge(c); /* if it is answered, no request follows */
        return false;
    case ISERE_NEXT_REFUSED:
        isere__answer_refuse(c, c->exchange->parser.status);
        return true;
    default:
        return false;
    }
}

/* After some requests of one connection others come first: a client that sends
 * thousands at once would have the thread to itself. */
void isere__request_take(isere_connection_t *c)
{
    for (int left = ISERE_REQUEST_TURN; take_one(c);) {
        if (--left == 0) {
            isere__connection_yield(c);
            return;
        }
    }
}

void isere_request_advance(isere_connection_t *c)
{
    do {
        isere__request_take(c);
    } while (isere__connection_settle(c));
}

void isere__request_expired(isere_connection_t *c)
{
    isere__queue_remove(c);
    answer_unrun(c, ISERE_ERROR_BUSY);
    isere_request_advance(c);
}

/* The next one is read first: going on may end a stream, which takes it out of
 * the list. */
void isere_request_wake_streams(isere_server_t *server)
{
    isere_connection_t *c = server->followers;
    while (c) {
        isere_connection_t *next = c->exchange->follow_next;
        isere_request_advance(c);
        c = next;
    }
}

/* ---- requests that wait ---- */

/* Gives the first in the pool's queue a slot, or the answer that there will be
 * none. False when it must wait on. */
static bool serve_first(isere_pool_t *pool)
{
    isere_server_t *server = pool->server;
    int error = 0;
    isere_slot_t *slot = NULL;
    bool refused = isere__pool_is_quarantined(pool);
    if (!refused) {
        if (isere__pool_had_its_turn(pool)) {
            return false;
        }
        slot = find_slot(pool, pool->queue.length, &error);
    }
    if (!refused && !slot && !is_hopeless(pool, error)) {
        if (error == ISERE_ERR_LIMIT) {
            isere__limits_want(server->limits, server, pool->count == 0);
        }
        return false;
    }
    isere_connection_t *c = isere__queue_take(pool);
    if (refused) {
        answer_unrun(c, ISERE_ERROR_QUARANTINED);
    } else if (slot) {
        run(c, slot);
    } else {
        answer_hopeless(c, error);
    }
    isere_request_advance(c);
    return true;
}

/* In rounds, so that no function's queue holds up another's. Those that have no
 * instance come first: they need a place that the others could take. */
void isere__request_serve_queues(isere_server_t *server)
{
    bool served = server->pools.queued > 0;
    for (int i = 0; i < ISERE_REQUEST_TURN && served; i++) {
        served = false;
        for (int have = 0; have < 2; have++) {
            for (isere_pool_t *pool = server->pools.first; pool;
                 pool = pool->next) {
                if (pool->queue.first && !pool->retired &&
                    (pool->count > 0) == have) {
                    served |= serve_first(pool);
                }
            }
        }
    }
}

bool isere__request_could_serve(const isere_server_t *server)
{
    const isere_pool_t *pool =
        server->pools.queued ? server->pools.first : NULL;
    if (server->serving.followed) {
        return true;
    }
    while (pool && !(pool->queue.first &&
                     (pool->idle || isere__pool_had_its_turn(pool)))) {
        pool = pool->next;
    }
    return pool != NULL;
}

/* Requests that wait for a version that is gone look for their function
 * again. */
static void requeue(isere_server_t *server)
{
    for (isere_pool_t *pool = server->pools.first; pool; pool = pool->next) {
        while (pool->retired && pool->queue.first) {
            isere_connection_t *c = isere__queue_take(pool);
            start(c);
            isere_request_advance(c);
        }
    }
}

void isere__request_follow(isere_server_t *server)
{
    isere_serving_t *s = &server->serving;
    follow(server);
    while (s->followed) {
        s->followed = false;
        requeue(server);
    }
    if (server->pools.retiring > 0) {
        isere__serving_drop_retired(server);
    }
}
