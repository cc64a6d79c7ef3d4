/* One request: find a slot, invoke the handler, answer. */
#include "core/server/internal.h"
#include "core/util/uuid.h"
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

/* The request is answered: what comes next on the connection? */
static void finish(isere_connection_t *c, bool answered)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    isere_exchange_t *x = c->exchange;
    if (!answered) {
        isere__connection_close(c); /* no memory for an answer */
        return;
    }
    c->in.start += c->in.data ? x->parser.consumed : 0;
    c->fresh = false;
    c->exchange = NULL;
    c->state = c->close_after ? ISERE_CONN_FLUSHING : ISERE_CONN_READING;
    if (server->spare_exchange) {
        port->resize(port->ctx, x, 0);
    } else {
        server->spare_exchange = x;
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
    port->resize(port->ctx, c->out.data, 0);
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
    finish(c, answered);
}

static void log_no_memory(isere_connection_t *c, const char *text,
                          const char *request_id)
{
    const isere_port_t *port = c->server->port;
    isere_log_record_t record = {
        .level = ISERE_LOG_ERROR,
        .function = isere_slice(c->server->pool->function->config.name),
        .request_id = isere_slice(request_id),
        .message = isere_slice(text),
    };
    port->log(port->ctx, &record);
}

/* The response fits the handler's memory, but not the server's. */
static void answer_too_large(isere_connection_t *c,
                             const isere_isolate_t *isolate)
{
    size_t length = isere_isolate_response(isolate)->body.len;
    char text[96];
    snprintf(text, sizeof(text),
             "no memory to send a response of %lu bytes beside the others",
             (unsigned long)length);
    log_no_memory(c, text, isere_isolate_request_id(isolate));
    answer_error(c, isere_error_answer(ISERE_ERROR_MEMORY));
}

void isere__exchange_no_room(isere_connection_t *c)
{
    char text[96];
    snprintf(text, sizeof(text),
             "no memory to receive more than %lu bytes beside the others",
             (unsigned long)(c->in.end - c->in.start));
    log_no_memory(c, text, "");
    c->close_after = true;
    answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
}

static void answer_isolate(isere_connection_t *c,
                           const isere_isolate_t *isolate)
{
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    if (error) {
        answer_error(c, error);
    } else {
        const isere_response_t *response = isere_isolate_response(isolate);
        if (isere__answer_response(c, response)) {
            finish(c, true);
        } else {
            answer_too_large(c, isolate);
        }
    }
}

void isere__exchange_busy(isere_connection_t *c)
{
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
    const isere_function_t *function = server->pool->function;
    memset(inv, 0, sizeof(*inv));
    c->exchange->request.base = c->in.data + c->in.start;
    inv->request = &c->exchange->request;
    inv->source_ip = c->peer;
    inv->route_key = "$default";
    inv->received_us = isere__server_wall_us(server);
    inv->deadline_us = server->now_us + isere__function_timeout_us(function);
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

void isere__exchange_slot_changed(isere_slot_t *slot)
{
    isere_connection_t *c = slot->connection;
    if (isere_isolate_state(slot->isolate) != ISERE_ISOLATE_COMPLETE) {
        isere__pool_schedule(slot);
        return;
    }
    c->slot = NULL;
    if (c->state == ISERE_CONN_CLOSED) {
        isere__connection_bury(c); /* the client left meanwhile */
    } else {
        answer_isolate(c, slot->isolate);
    }
    isere__pool_release(slot);
}

/* ---- the queue ---- */

static void enqueue(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_server_group_t *group = server->group;
    if (!isere__group_take(&group->queued, group->limits.max_queue)) {
        answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
        return;
    }
    c->state = ISERE_CONN_QUEUED;
    c->queue_deadline_us =
        server->now_us + isere__function_timeout_us(server->pool->function);
    c->queue_next = NULL;
    *server->queue_last = c;
    server->queue_last = &c->queue_next;
    server->queue_length++;
}

void isere__exchange_unqueue(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_connection_t **link = &server->queue_first;
    while (*link && *link != c) {
        link = &(*link)->queue_next;
    }
    if (!*link) {
        return;
    }
    *link = c->queue_next;
    if (server->queue_last == &c->queue_next) {
        server->queue_last = link;
    }
    server->queue_length--;
    isere__group_give(&server->group->queued);
}

/* An idle slot, or a new one if there may be more, for one of `waiting`
 * requests. *error tells why there is none; 0: enough are starting. */
static isere_slot_t *find_slot(isere_server_t *server, unsigned waiting,
                               int *error)
{
    isere_pool_t *pool = server->pool;
    isere_slot_t *slot = isere__pool_take(pool);
    *error = 0;
    if (slot || pool->starting >= waiting) {
        return slot;
    }
    *error = isere__pool_grow(pool, false);
    return isere__pool_take(pool);
}

/* No slot will come for a request that waits: its init phase fails, or there
 * is no memory even for the first. */
static bool is_hopeless(const isere_server_t *server, int error)
{
    return error == ISERE_ERR_HANDLER ||
           (error == ISERE_ERR_NOMEM && server->pool->count == 0);
}

static void answer_hopeless(isere_connection_t *c, int error)
{
    answer_error(c, isere_error_answer(error == ISERE_ERR_NOMEM
                                           ? ISERE_ERROR_BUSY
                                           : ISERE_ERROR_EXCEPTION));
}

void isere__exchange_start(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    int error = 0;
    c->close_after = !c->exchange->parser.keep_alive || server->stopping;
    isere_slot_t *slot =
        server->queue_first ? NULL : find_slot(server, 1, &error);
    if (slot) {
        run(c, slot);
    } else if (is_hopeless(server, error)) {
        answer_hopeless(c, error);
    } else {
        enqueue(c); /* the end of the turn looks for a slot again */
    }
}

void isere__exchange_serve_queue(isere_server_t *server)
{
    for (int i = 0; i < ISERE_TURN_REQUESTS && server->queue_first; i++) {
        int error;
        isere_slot_t *slot = find_slot(server, server->queue_length, &error);
        if (!slot && !is_hopeless(server, error)) {
            if (error == ISERE_ERR_LIMIT) {
                isere__group_want(server->group, server);
            }
            return;
        }
        isere_connection_t *c = server->queue_first;
        isere__exchange_unqueue(c);
        if (slot) {
            run(c, slot);
        } else {
            answer_hopeless(c, error);
        }
        isere__connection_advance(c);
    }
}
