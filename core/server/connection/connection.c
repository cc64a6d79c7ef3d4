/*
 * One connection: receive, parse, time out, close.
 *
 * Its state is written here and nowhere else. Every function may close the
 * connection, so a caller looks at the state before it goes on; the memory
 * stays until the end of the loop's turn, since the turn's events, and a
 * caller further up, may still point to it.
 */
#include "core/server/connection/connection.h"
#include "core/server/connection/access.h"
#include "core/server/connection/send.h"
#include "core/server/connection/stream.h"
#include "core/server/server.h"

/* ---- time ---- */

/* The timer is only moved when it must fire earlier; when it fires too early
 * it is set again. So a request usually costs no timer operation. */
static void set_deadline(isere_connection_t *c, uint64_t deadline_us)
{
    isere_timer_queue_t *timers = &c->server->timers;
    c->deadline_us = deadline_us;
    if (deadline_us != UINT64_MAX &&
        (!c->timer.queued || c->timer.due > deadline_us)) {
        isere_timer_queue_remove(timers, &c->timer);
        isere_timer_queue_insert(timers, &c->timer, deadline_us);
    }
}

static uint64_t after_ms(const isere_connection_t *c, uint32_t ms)
{
    return c->server->clock.now_us + (uint64_t)ms * 1000;
}

/* Counted from the first byte of a request, not from the last one: a client
 * that sends a byte now and then (Slowloris) gets no more time than others.
 * The head has its own limit, the whole request another. Before the first byte
 * the client may take longer, as browsers keep connections open. */
static uint64_t reading_deadline(const isere_connection_t *c)
{
    const isere_limits_config_t *config = &c->server->limits->config;
    const isere_exchange_t *x = c->exchange;
    if (!isere__connection_has_begun(c)) {
        return after_ms(c, c->fresh ? config->header_timeout_ms
                                    : config->idle_timeout_ms);
    }
    uint64_t whole = x->began_us + (uint64_t)config->request_timeout_ms * 1000;
    uint64_t head = x->began_us + (uint64_t)config->header_timeout_ms * 1000;
    return !x->parser.head_complete && head < whole ? head : whole;
}

/* A silent stream is beaten, so that a client which is gone is noticed. A
 * handler's has the function's time limit. */
static uint64_t streaming_deadline(const isere_connection_t *c)
{
    const isere_stream_t *stream = c->exchange->stream;
    return stream && stream->is_body ? UINT64_MAX
                                     : c->server->clock.now_us + ISERE_BEAT_US;
}

/* A request in a handler has the function's own time limit, so its connection
 * has none. One that still sends earlier answers while it reads has to keep to
 * both deadlines. */
static void update_deadline(isere_connection_t *c)
{
    uint64_t deadline;
    bool unsent = isere__connection_has_unsent(c);
    switch (c->state) {
    case ISERE_CONN_READING:
        deadline = reading_deadline(c);
        if (unsent && (!isere__connection_has_begun(c) ||
                       c->write_deadline_us < deadline)) {
            deadline = c->write_deadline_us;
        }
        set_deadline(c, deadline);
        break;
    case ISERE_CONN_QUEUED:
        set_deadline(c, c->exchange->wait_until_us);
        break;
    case ISERE_CONN_STREAMING:
        set_deadline(c, unsent ? c->write_deadline_us : streaming_deadline(c));
        break;
    case ISERE_CONN_FLUSHING:
        set_deadline(c, c->write_deadline_us);
        break;
    case ISERE_CONN_DRAINING:
        set_deadline(c, c->server->clock.now_us + ISERE_LINGER_US);
        break;
    default:
        c->deadline_us = UINT64_MAX;
        break;
    }
}

/* ---- interest ---- */

/* A client that sends requests and reads no answers: nothing more of it is
 * taken until it reads, so the memory for its answers is bounded. */
static bool is_piling_up(const isere_connection_t *c)
{
    return c->out.end - c->out.start >= ISERE_OUT_HIGH;
}

/* While a request runs, reading stays as it was: usually nothing comes, and
 * when something does, the event turns it off. */
static void update_interest(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    unsigned want = isere__connection_has_unsent(c) ? ISERE_POLL_WRITE : 0;
    if (c->state == ISERE_CONN_DRAINING ||
        (c->state == ISERE_CONN_READING && !is_piling_up(c))) {
        want |= ISERE_POLL_READ;
    } else if (c->state != ISERE_CONN_FLUSHING &&
               c->state != ISERE_CONN_READING) {
        want |= c->interest & ISERE_POLL_READ;
    }
    if (want != c->interest) {
        if (port->poll_set(port->ctx, c->socket, want, c)) {
            isere__connection_close(c);
            return;
        }
        c->interest = (uint8_t)want;
    }
}

/* Readiness is level-triggered: an event that nothing is read for would come
 * again at once. */
static void stop_reading(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    c->interest &= (uint8_t)~ISERE_POLL_READ;
    if (port->poll_set(port->ctx, c->socket, c->interest, c)) {
        isere__connection_close(c);
    }
}

/* ---- memory ---- */

/* Field by field: the parser, the request and the route are large, each has
 * its own init, and clearing them here would cost each request. */
static bool make_exchange(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = server->spares.exchange;
    server->spares.exchange = NULL;
    if (!x) {
        x = isere_alloc(server->port, sizeof(*x));
        if (!x) {
            return false;
        }
    }
    x->began_us = server->clock.now_us;
    x->judged = false;
    x->sent = (isere_sent_t){.status = 0};
    x->following = false;
    x->last = false;
    x->pool = NULL;
    x->function = NULL;
    x->stream = NULL;
    x->abandon = NULL;
    x->take = NULL;
    x->work = NULL;
    x->direct = NULL;
    x->request_id[0] = '\0';
    isere_http_parser_init(&x->parser, &server->http_limits);
    c->exchange = x;
    return true;
}

/* Gives back what belongs to the request. One exchange is kept: under load
 * each request uses the same, which is in the cache. */
static void end_exchange(isere_server_t *server, isere_exchange_t *x)
{
    const isere_port_t *port = server->port;
    if (x->direct) {
        isere_free(port, x->direct);
    }
    if (server->spares.exchange) {
        isere_free(port, x);
    } else {
        server->spares.exchange = x;
    }
}

/* A receive buffer is there only while it holds something. One of the first
 * size, which most requests fit into, is kept for the next connection that
 * needs one: under load none is allocated or freed for a request. */
static void free_in(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere__limits_give_room(server->limits, c->in.capacity);
    if (c->in.capacity == ISERE_IN_FIRST && !server->spares.in) {
        server->spares.in = c->in.data;
    } else {
        isere_free(server->port, c->in.data);
    }
    memset(&c->in, 0, sizeof(c->in));
}

/* The next size of a full receive buffer: twice the last, so that a length
 * that is only announced costs nothing, or what the request needs where that is
 * about as much. The limits bound it: the parser refuses what is longer. */
static size_t next_capacity(const isere_connection_t *c)
{
    const isere_limits_config_t *config = &c->server->limits->config;
    const isere_exchange_t *x = c->exchange;
    size_t most = (size_t)config->max_head + config->max_body + ISERE_IN_FIRST;
    size_t capacity = c->in.capacity * 2 < most ? c->in.capacity * 2 : most;
    if (x && x->parser.head_complete && !x->parser.chunked) {
        size_t need =
            c->in.end + isere_http_parser_wanted(&x->parser, &x->request);
        if (need <= capacity + capacity / 4) {
            return need;
        }
    }
    return capacity;
}

/* The first size, whatever the others have. */
static isere_read_t begin_in(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_spares_t *spares = &server->spares;
    char *data =
        spares->in ? spares->in : isere_alloc(server->port, ISERE_IN_FIRST);
    spares->in = NULL;
    if (!data) {
        return ISERE_READ_NO_MEMORY;
    }
    c->in.data = data;
    c->in.capacity = ISERE_IN_FIRST;
    isere__send_begin_pace(c, server->clock.now_us);
    return ISERE_READ_BYTES;
}

/* The budget first: it is what others have to be kept from, and cheap to
 * return. */
static isere_read_t grow_in(isere_connection_t *c, size_t capacity)
{
    isere_server_t *server = c->server;
    size_t from = c->in.capacity;
    if (!isere__limits_take_room(server, from, capacity)) {
        return ISERE_READ_NO_BUDGET;
    }
    char *data = isere_resize(server->port, c->in.data, capacity);
    if (!data) {
        isere__limits_return_room(server->limits, from, capacity);
        return ISERE_READ_NO_MEMORY;
    }
    c->in.data = data;
    c->in.capacity = capacity;
    return ISERE_READ_BYTES;
}

/* Room for at least one more byte behind the received ones. Bytes of earlier
 * requests go before the buffer grows. */
static isere_read_t make_room(isere_connection_t *c)
{
    isere_buffer_t *in = &c->in;
    if (in->capacity == 0) {
        return begin_in(c);
    }
    if (in->end < in->capacity) {
        return ISERE_READ_BYTES;
    }
    if (in->start > 0) {
        memmove(in->data, in->data + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
        return ISERE_READ_BYTES;
    }
    size_t capacity = next_capacity(c);
    return capacity > in->capacity ? grow_in(c, capacity)
                                   : ISERE_READ_NO_MEMORY;
}

/* A guess, for a request whose head announces its length: others may take the
 * room meanwhile. It saves a client from sending a body that is refused at its
 * end. */
bool isere__connection_has_room(const isere_connection_t *c)
{
    const isere_exchange_t *x = c->exchange;
    size_t capacity = c->in.end - c->in.start +
                      isere_http_parser_wanted(&x->parser, &x->request);
    return capacity <= c->in.capacity ||
           isere__limits_has_room(c->server->limits, capacity);
}

/* The request in it is lost, so this is for its last answer only. */
bool isere__connection_send_from_in(isere_connection_t *c)
{
    if (isere__connection_has_unsent(c) || !c->in.data) {
        return false;
    }
    isere_free(c->server->port, c->out.data);
    isere__limits_give_room(c->server->limits, c->in.capacity);
    c->out = (isere_buffer_t){.data = c->in.data, .capacity = c->in.capacity};
    memset(&c->in, 0, sizeof(c->in));
    c->close_after = true;
    return true;
}

bool isere__connection_send_directly(isere_connection_t *c,
                                     const isere_error_answer_t *error)
{
    if (isere__connection_has_unsent(c) ||
        !isere__send_directly(c->server, c->socket, c->exchange, error)) {
        return false;
    }
    c->close_after = true;
    return true;
}

/* ---- life ---- */

/* A doubly linked list: connections close in any order. */
static void link_to(isere_server_t *server, isere_connection_t *c)
{
    c->server = server;
    c->prev = NULL;
    c->next = server->connections.first;
    if (c->next) {
        c->next->prev = c;
    }
    server->connections.first = c;
}

static void take_out(isere_connection_t *c)
{
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->server->connections.first = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
}

/* Without memory the client is told so, and the connection closed: its request
 * may be on its way yet, and then the answer may be lost. The place among the
 * connections was taken by the caller. */
void isere__connection_open(isere_server_t *server, isere_socket_t socket,
                            const char *peer)
{
    const isere_port_t *port = server->port;
    isere_connection_t *c = isere_alloc(port, sizeof(*c));
    if (!c) {
        (void)isere__send_directly(server, socket, NULL,
                                   isere_error_answer_no_memory());
        port->close(port->ctx, socket);
        isere__limits_give(&server->limits->connections);
        return;
    }
    memset(c, 0, sizeof(*c));
    c->socket = socket;
    c->fresh = true;
    c->state = ISERE_CONN_READING;
    c->timer.kind = ISERE_TIMER_CONNECTION;
    memcpy(c->peer, peer, sizeof(c->peer));
    link_to(server, c);
    if (port->poll_set(port->ctx, socket, ISERE_POLL_READ, c)) {
        isere__connection_close(c);
        return;
    }
    c->interest = ISERE_POLL_READ;
    update_deadline(c);
}

/* It holds nothing that is its server's then, so another server can take it
 * over as it is. */
bool isere__connection_is_idle(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING && !c->exchange && !c->in.data &&
           !isere__connection_has_unsent(c) && !c->resume;
}

void isere__connection_detach(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    take_out(c);
    isere_timer_queue_remove(&c->server->timers, &c->timer);
    port->poll_remove(port->ctx, c->socket);
}

/* On the new owner's thread. Its deadline goes on; the timer is set anew, in
 * the new server's queue. */
void isere__connection_adopt(isere_server_t *server, isere_connection_t *c)
{
    const isere_port_t *port = server->port;
    link_to(server, c);
    if (port->poll_set(port->ctx, c->socket, c->interest, c)) {
        isere__connection_close(c);
        return;
    }
    set_deadline(c, c->deadline_us);
}

void isere__connection_bury(isere_connection_t *c)
{
    c->next = c->server->connections.closed;
    c->server->connections.closed = c;
}

/* All that is outside is undone at once: timer, poll, socket, counter, list.
 * Whoever works for its request is told, and must not touch the connection
 * again. The memory goes later, see isere__connection_bury. */
void isere__connection_close(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    isere_exchange_t *x = c->exchange;
    if (c->state == ISERE_CONN_CLOSED) {
        return;
    }
    c->state = ISERE_CONN_CLOSED;
    isere_timer_queue_remove(&server->timers, &c->timer);
    port->poll_remove(port->ctx, c->socket);
    port->close(port->ctx, c->socket);
    isere__limits_give(&server->limits->connections);
    take_out(c);
    if (x) {
        if (server->limits->config.access_log && x->parser.head_complete) {
            isere__access_log(c);
        }
        isere__stream_close(c);
        if (x->abandon) {
            x->abandon(c);
        }
    }
    /* A running handler still reads the request:
     * isere__connection_leave_handler buries the connection then. */
    if (!c->in_handler) {
        isere__connection_bury(c);
    }
    server->connections.freed_place = true;
}

static void free_closed(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->exchange) {
        isere_free(port, c->exchange->direct);
    }
    isere_free(port, c->exchange);
    free_in(c);
    isere_free(port, c->out.data);
    isere_free(port, c);
}

void isere__connection_free_closed(isere_server_t *server)
{
    while (server->connections.closed) {
        isere_connection_t *c = server->connections.closed;
        server->connections.closed = c->next;
        free_closed(c);
    }
}

void isere__connection_end_soon(isere_connection_t *c)
{
    c->close_after = true;
}

/* With nothing to send there is nothing to wait for: no request has begun. */
void isere__connection_end(isere_connection_t *c)
{
    if (isere__connection_has_unsent(c)) {
        c->state = ISERE_CONN_FLUSHING;
    } else {
        isere__connection_close(c);
    }
}

/* ---- receiving ---- */

/* The client ended its sending side. It may be gone, or wait for all of what it
 * asked for; a stream without an end is over in any case. */
static isere_read_t end_of_stream(isere_connection_t *c)
{
    if (c->state == ISERE_CONN_STREAMING) {
        c->exchange->last = true;
        stop_reading(c);
        return ISERE_READ_END;
    }
    if (c->state == ISERE_CONN_READING && isere__connection_has_unsent(c)) {
        c->state = ISERE_CONN_FLUSHING;
        update_interest(c);
    } else {
        isere__connection_close(c);
    }
    return ISERE_READ_NOTHING;
}

/* A connection that lingers is left alone: closed with bytes unread it would be
 * reset, and its last answer lost. */
void isere__connection_starve(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->state == ISERE_CONN_READING &&
        isere__connection_send_directly(c, isere_error_answer_no_memory())) {
        port->shutdown(port->ctx, c->socket);
        c->state = ISERE_CONN_DRAINING;
        update_deadline(c);
    }
    if (c->state == ISERE_CONN_DRAINING &&
        port->poll_set(port->ctx, c->socket, 0, c) == 0) {
        c->interest = 0; /* until its time is over */
    } else {
        isere__connection_close(c);
    }
}

/* A stream may never end by itself: whether its client is gone shows when
 * reading. */
static bool may_receive(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING || c->state == ISERE_CONN_DRAINING ||
           (c->state == ISERE_CONN_STREAMING && c->in.end < c->in.capacity);
}

/* Bytes count against slow clients only while a request is received. While it
 * lingers what comes is thrown away, buffer and all. */
static isere_read_t received(isere_connection_t *c, size_t got)
{
    if (c->state == ISERE_CONN_READING) {
        c->in.end += got;
        isere__send_note_pace(c, got, c->server->clock.now_us);
        return ISERE_READ_BYTES;
    }
    if (c->state == ISERE_CONN_STREAMING) {
        c->in.end += got; /* of the next request */
    } else {
        free_in(c);
    }
    return ISERE_READ_NOTHING;
}

isere_read_t isere__connection_read(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (!may_receive(c)) {
        stop_reading(c);
        return ISERE_READ_NOTHING;
    }
    if (c->state == ISERE_CONN_DRAINING) {
        c->in.start = 0; /* the bytes are discarded */
        c->in.end = 0;
    }
    isere_read_t room = make_room(c);
    if (room != ISERE_READ_BYTES) {
        return room;
    }
    int got = port->recv(port->ctx, c->socket, c->in.data + c->in.end,
                         c->in.capacity - c->in.end);
    if (got == ISERE_ERR_AGAIN) {
        if (c->in.start == c->in.end && !c->exchange) {
            free_in(c); /* nothing came: it is as idle as before */
        }
        return ISERE_READ_NOTHING;
    }
    return got > 0 ? received(c, (size_t)got) : end_of_stream(c);
}

/* ---- parsing ---- */

void isere__connection_ask_for_body(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    if (!x->parser.head_complete || !x->parser.expect_continue ||
        x->sent.continued) {
        return;
    }
    x->sent.continued = true;
    if (!isere__send_continue(c)) {
        isere__connection_close(c);
    }
}

/* Hands on what is there of the body: it makes room in the buffer for the next
 * piece, so that buffer stays small. False when it was answered instead, and
 * the exchange may be gone. */
static bool hand_on(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    size_t len = c->in.end - c->in.start;
    isere_slice_t piece = isere_http_slice(&x->request, x->request.body);
    if (piece.len > 0 && !x->take(c, piece)) {
        return false;
    }
    isere_http_parser_drop_body(&x->parser, &x->request, &len);
    c->in.end = c->in.start + len;
    return true;
}

bool isere__connection_take_body(isere_connection_t *c, void *work,
                                 bool (*take)(isere_connection_t *c,
                                              isere_slice_t piece),
                                 void (*abandon)(isere_connection_t *c))
{
    c->exchange->work = work;
    c->exchange->take = take;
    c->exchange->abandon = abandon;
    return hand_on(c);
}

/* Parses what has arrived. The parser removes the framing of chunks in place,
 * so `len` may become less; the request points into the buffer by offsets from
 * `base`, since the buffer moves when it grows. */
static isere_next_t parse(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    size_t len = c->in.end - c->in.start;
    bool begun = x->parser.started;
    int result = isere_http_parser_feed(&x->parser, &x->request,
                                        c->in.data + c->in.start, &len);
    if (!begun && x->parser.started) {
        x->began_us = c->server->clock.now_us;
    }
    c->in.end = c->in.start + len;
    x->request.base = c->in.data + c->in.start;
    if (result == ISERE_HTTP_BAD) {
        return ISERE_NEXT_REFUSED;
    }
    if (x->take && !hand_on(c)) {
        return ISERE_NEXT_NOTHING;
    }
    if (result != ISERE_HTTP_NEED_MORE) {
        return ISERE_NEXT_REQUEST;
    }
    if (x->parser.head_complete && !x->judged) {
        x->judged = true;
        return ISERE_NEXT_HEAD;
    }
    isere__connection_ask_for_body(c);
    return ISERE_NEXT_NOTHING;
}

/* One request at a time: the next one stays unread in the buffer until this
 * one is answered, so answers are in the order of their requests (RFC 9112
 * section 9.3.2). */
isere_next_t isere__connection_next(isere_connection_t *c)
{
    if (c->state != ISERE_CONN_READING) {
        return ISERE_NEXT_NOTHING;
    }
    if (!c->exchange && c->in.start == c->in.end) {
        if (c->in.data) {
            free_in(c);
        }
        return ISERE_NEXT_NOTHING;
    }
    if (is_piling_up(c)) {
        return ISERE_NEXT_NOTHING;
    }
    if (!c->exchange && !make_exchange(c)) {
        isere__connection_starve(c);
        return ISERE_NEXT_NOTHING;
    }
    return parse(c);
}

/* By the timer, and not by an event: what is to be parsed is in the buffer
 * already, and no event would come for it. */
void isere__connection_yield(isere_connection_t *c)
{
    isere_timer_queue_t *timers = &c->server->timers;
    if (c->state != ISERE_CONN_READING || c->in.end == c->in.start) {
        return;
    }
    c->resume = true;
    isere_timer_queue_remove(timers, &c->timer);
    isere_timer_queue_insert(timers, &c->timer, c->server->clock.now_us);
}

/* ---- from a request to its answer ---- */

void isere__connection_wait(isere_connection_t *c, uint64_t until_us,
                            void (*abandon)(isere_connection_t *c))
{
    c->state = ISERE_CONN_QUEUED;
    c->exchange->wait_until_us = until_us;
    c->exchange->abandon = abandon;
}

void isere__connection_stream(isere_connection_t *c)
{
    c->state = ISERE_CONN_STREAMING;
    c->exchange->abandon = NULL;
}

/* Its bytes are skipped only now: until here the request pointed to them. */
void isere__connection_answered(isere_connection_t *c, bool answered)
{
    isere_exchange_t *x = c->exchange;
    if (c->state == ISERE_CONN_READING && x->abandon) {
        x->abandon(c); /* what was taken of its body is of no use */
    }
    x->abandon = NULL; /* nobody has it under way any more */
    if (!answered) {
        isere__connection_close(c); /* no memory for an answer */
        return;
    }
    if (c->server->limits->config.access_log) {
        isere__access_log(c);
    }
    c->in.start += c->in.data ? x->parser.consumed : 0;
    c->fresh = false;
    c->exchange = NULL;
    c->state = c->close_after ? ISERE_CONN_FLUSHING : ISERE_CONN_READING;
    end_exchange(c->server, x);
    if (c->close_after && c->in.data) {
        free_in(c); /* no request follows */
    }
}

/* ---- sending ---- */

/* All is sent: close, or wait for the next request. */
static void all_sent(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->out.data) {
        isere__send_free(c);
    }
    if (c->state != ISERE_CONN_FLUSHING) {
        return;
    }
    /* In stages: closing at once while bytes of the client are unread, or on
     * their way, would make the system reset the connection, and the answer
     * might be lost. RFC 9112 section 9.6. */
    port->shutdown(port->ctx, c->socket);
    c->state = ISERE_CONN_DRAINING;
}

/* The next piece of its stream. False when there is none now. The end of the
 * stream is the end of the request. */
static bool pump(isere_connection_t *c)
{
    isere_pump_t result = isere__stream_pump(c);
    if (result == ISERE_PUMP_END) {
        isere__connection_answered(c, true);
    } else if (result == ISERE_PUMP_FAILED) {
        isere__connection_close(c);
    }
    return result != ISERE_PUMP_WAIT;
}

/* Sends until nothing is left or the client takes no more; true when a request
 * that waits behind answers can be taken now. */
static bool send_all(isere_connection_t *c)
{
    for (;;) {
        if (c->state == ISERE_CONN_CLOSED) {
            return false;
        }
        if (isere__send_flush(c)) {
            isere__connection_close(c);
            return false;
        }
        if (isere__connection_has_unsent(c)) {
            return false;
        }
        if (c->state != ISERE_CONN_STREAMING) {
            return c->state == ISERE_CONN_READING && !c->resume &&
                   !c->exchange && c->in.end > c->in.start;
        }
        if (!pump(c)) {
            return false;
        }
    }
}

/* What every path ends with after it changed a connection: so interest and
 * timer are set in one place, once, however much happened before. */
bool isere__connection_settle(isere_connection_t *c)
{
    if (send_all(c)) {
        return true;
    }
    if (c->state == ISERE_CONN_CLOSED) {
        return false;
    }
    if (!isere__connection_has_unsent(c)) {
        all_sent(c);
    }
    update_interest(c);
    if (c->state != ISERE_CONN_CLOSED) {
        update_deadline(c);
    }
    return false;
}

/* ---- when its timer is due ---- */

bool isere__connection_resumes(isere_connection_t *c)
{
    bool resumes = c->resume;
    c->resume = false;
    return resumes;
}

/* Against the clock of the turn, not the real one: a turn that took long must
 * not make all clients late before they were looked at. */
bool isere__connection_is_late(const isere_connection_t *c)
{
    return c->deadline_us <= c->server->clock.now_us;
}

bool isere__connection_wants_input(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING && (c->interest & ISERE_POLL_READ);
}

/* A timer may be due before its deadline, see set_deadline: then it is set
 * again. In all states that are not named the client had its time, and the
 * connection is closed without a word. */
isere_late_t isere__connection_expire(isere_connection_t *c)
{
    if (c->state == ISERE_CONN_CLOSED || c->resume) {
        return ISERE_LATE_NOTHING;
    }
    if (!isere__connection_is_late(c)) {
        if (c->deadline_us != UINT64_MAX) {
            set_deadline(c, c->deadline_us);
        }
        return ISERE_LATE_NOTHING;
    }
    if (c->state == ISERE_CONN_QUEUED) {
        return ISERE_LATE_QUEUED;
    }
    if (!isere__connection_has_unsent(c)) {
        if (c->state == ISERE_CONN_STREAMING) {
            isere__stream_beat(c);
            return ISERE_LATE_SETTLE;
        }
        if (c->state == ISERE_CONN_READING && isere__connection_has_begun(c)) {
            return ISERE_LATE_REQUEST;
        }
    }
    isere__connection_close(c);
    return ISERE_LATE_NOTHING;
}
