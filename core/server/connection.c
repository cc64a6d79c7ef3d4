/* One connection: receive, parse, send, time out. */
#include "core/server/internal.h"

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
    return c->server->now_us + (uint64_t)ms * 1000;
}

static bool has_unsent(const isere_connection_t *c)
{
    return c->out.end > c->out.start;
}

/* Whether a byte of the next request is there. An empty line before it is
 * none, RFC 9112 section 2.2. */
static bool has_begun(const isere_connection_t *c)
{
    return c->exchange && c->exchange->parser.started;
}

static uint64_t reading_deadline(const isere_connection_t *c)
{
    const isere_server_limits_t *limits = c->server->limits;
    const isere_exchange_t *x = c->exchange;
    if (!has_begun(c)) {
        return after_ms(c, c->fresh ? limits->header_timeout_ms
                                    : limits->idle_timeout_ms);
    }
    uint64_t whole = x->began_us + (uint64_t)limits->request_timeout_ms * 1000;
    uint64_t head = x->began_us + (uint64_t)limits->header_timeout_ms * 1000;
    return !x->parser.head_complete && head < whole ? head : whole;
}

static void update_deadline(isere_connection_t *c)
{
    uint64_t deadline;
    switch (c->state) {
    case ISERE_CONN_READING:
        deadline = reading_deadline(c);
        if (has_unsent(c) &&
            (!has_begun(c) || c->write_deadline_us < deadline)) {
            deadline = c->write_deadline_us;
        }
        set_deadline(c, deadline);
        break;
    case ISERE_CONN_QUEUED:
        set_deadline(c, c->queue_deadline_us);
        break;
    case ISERE_CONN_STREAMING:
        set_deadline(c, has_unsent(c) ? c->write_deadline_us
                                      : c->server->now_us + ISERE_BEAT_US);
        break;
    case ISERE_CONN_FLUSHING:
        set_deadline(c, c->write_deadline_us);
        break;
    case ISERE_CONN_DRAINING:
        set_deadline(c, c->server->now_us + ISERE_LINGER_US);
        break;
    default:
        c->deadline_us = UINT64_MAX;
        break;
    }
}

/* ---- interest ---- */

/* While a request runs, reading stays as it was: usually nothing comes, and
 * when something does, the event turns it off. */
static void update_interest(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    unsigned want = has_unsent(c) ? ISERE_POLL_WRITE : 0;
    if (c->state == ISERE_CONN_DRAINING ||
        (c->state == ISERE_CONN_READING &&
         c->out.end - c->out.start < ISERE_OUT_HIGH)) {
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

/* ---- memory ---- */

static bool make_exchange(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = server->spare_exchange;
    server->spare_exchange = NULL;
    if (!x) {
        x = isere_alloc(server->port, sizeof(*x));
        if (!x) {
            return false;
        }
    }
    x->began_us = server->now_us;
    x->judged = false;
    x->continued = false;
    x->following = false;
    x->last = false;
    x->pool = NULL;
    x->stream = NULL;
    x->job = NULL;
    x->event = NULL;
    isere_http_parser_init(&x->parser, &server->http_limits);
    c->exchange = x;
    return true;
}

/* ---- life ---- */

static void link_to(isere_server_t *server, isere_connection_t *c)
{
    c->server = server;
    c->prev = NULL;
    c->next = server->connections;
    if (c->next) {
        c->next->prev = c;
    }
    server->connections = c;
}

void isere__connection_open(isere_server_t *server, isere_socket_t socket,
                            const char *peer)
{
    const isere_port_t *port = server->port;
    isere_connection_t *c = isere_alloc(port, sizeof(*c));
    if (!c) {
        port->close(port->ctx, socket);
        isere__group_give(&server->group->connections);
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

bool isere__connection_is_idle(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING && !c->exchange && !c->in.data &&
           !has_unsent(c) && !c->resume;
}

void isere__connection_unlink(isere_connection_t *c)
{
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->server->connections = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
}

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
    c->next = c->server->closed;
    c->server->closed = c;
}

void isere__connection_close(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    if (c->state == ISERE_CONN_CLOSED) {
        return;
    }
    if (c->state == ISERE_CONN_QUEUED) {
        isere__exchange_unqueue(c);
    }
    c->state = ISERE_CONN_CLOSED;
    isere_timer_queue_remove(&server->timers, &c->timer);
    port->poll_remove(port->ctx, c->socket);
    port->close(port->ctx, c->socket);
    isere__group_give(&server->group->connections);
    isere__connection_unlink(c);
    if (c->exchange) {
        isere__stream_close(c->exchange, server);
        isere__plane_forget(c->exchange);
    }
    /* A running handler still reads the request; then its slot buries us. */
    if (!c->slot) {
        isere__connection_bury(c);
    }
    isere__server_accept_again(server);
}

void isere__connection_free(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->exchange) {
        isere_free(port, c->exchange->event);
    }
    isere_free(port, c->exchange);
    isere__buffer_free_in(c);
    isere_free(port, c->out.data);
    isere_free(port, c);
}

/* ---- sending ---- */

/* Sends what it can. False when the connection is gone. */
static bool flush(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (!has_unsent(c)) {
        return true;
    }
    isere_slice_t bytes =
        isere_slice_of(c->out.data + c->out.start, c->out.end - c->out.start);
    int sent = port->send(port->ctx, c->socket, &bytes, 1);
    if (sent < 0 && sent != ISERE_ERR_AGAIN) {
        isere__connection_close(c);
        return false;
    }
    c->out.start += sent > 0 ? (size_t)sent : 0;
    isere__budget_note(c, sent > 0 ? (size_t)sent : 0);
    if (sent > 0 || c->write_deadline_us == 0) {
        c->write_deadline_us = after_ms(c, c->server->limits->idle_timeout_ms);
    }
    if (!has_unsent(c)) {
        c->write_deadline_us = 0;
    }
    return true;
}

/* All is sent: close, or wait for the next request. */
static void all_sent(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->out.data) {
        isere__buffer_free_out(c);
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

/* ---- receiving ---- */

/* Asks for the body of a client that waits to be asked, RFC 9110 section
 * 10.1.1. False when out of memory. */
static bool ask_for_body(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    if (!x->parser.head_complete || !x->parser.expect_continue ||
        x->continued) {
        return true;
    }
    x->continued = true;
    return isere__answer_continue(c);
}

/* Parses what has arrived; true when it made the connection go on. */
static bool parse(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    size_t len = c->in.end - c->in.start;
    if (!x) {
        if (len == 0) {
            return false;
        }
        if (!make_exchange(c)) {
            isere__connection_close(c);
            return false;
        }
        x = c->exchange;
    }
    bool begun = x->parser.started;
    int result = isere_http_parser_feed(&x->parser, &x->request,
                                        c->in.data + c->in.start, &len);
    if (!begun && x->parser.started) {
        x->began_us = c->server->now_us;
    }
    c->in.end = c->in.start + len;
    if (result == ISERE_HTTP_NEED_MORE) {
        if (x->parser.head_complete && !x->judged && isere__exchange_judge(c)) {
            return true;
        }
        if (!ask_for_body(c)) {
            isere__connection_close(c);
        }
        return false;
    }
    if (result == ISERE_HTTP_BAD) {
        isere__exchange_refuse(c, x->parser.status);
    } else {
        isere__exchange_start(c);
    }
    return true;
}

/* Others come first; the timer is due in the next turn. */
static void yield_turn(isere_connection_t *c)
{
    isere_timer_queue_t *timers = &c->server->timers;
    if (c->state != ISERE_CONN_READING || c->in.end == c->in.start) {
        return;
    }
    c->resume = true;
    isere_timer_queue_remove(timers, &c->timer);
    isere_timer_queue_insert(timers, &c->timer, c->server->now_us);
}

/* Takes requests while there are any, their answers are not piling up, and
 * others have not waited long enough. */
static void take_requests(isere_connection_t *c)
{
    int left = ISERE_TURN_REQUESTS;
    while (c->state == ISERE_CONN_READING &&
           c->out.end - c->out.start < ISERE_OUT_HIGH && parse(c)) {
        if (--left == 0) {
            yield_turn(c);
            return;
        }
    }
    if (c->state == ISERE_CONN_READING && !c->exchange && c->in.data &&
        c->in.start == c->in.end) {
        isere__buffer_free_in(c);
    }
}

/* Sends what is there, and does what follows from that. */
static void settle(isere_connection_t *c)
{
    for (;;) {
        if (c->state == ISERE_CONN_CLOSED || !flush(c)) {
            return;
        }
        if (c->state == ISERE_CONN_STREAMING && !has_unsent(c)) {
            if (!isere__stream_pump(c)) {
                break;
            }
            continue;
        }
        if (has_unsent(c) || c->state != ISERE_CONN_READING || c->resume ||
            c->exchange || c->in.end == c->in.start) {
            break;
        }
        take_requests(c); /* answers were piling up, and are gone now */
    }
    if (c->state == ISERE_CONN_CLOSED) {
        return;
    }
    if (!has_unsent(c)) {
        all_sent(c);
    }
    update_interest(c);
    if (c->state != ISERE_CONN_CLOSED) {
        update_deadline(c);
    }
}

void isere__connection_advance(isere_connection_t *c)
{
    take_requests(c);
    settle(c);
}

/* The same, but what is to be sent may wait for the end of the turn: when it is
 * little, so that answers don't pile up in memory. */
static void advance_in_turn(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    take_requests(c);
    if (has_unsent(c) && c->state != ISERE_CONN_CLOSED &&
        c->out.capacity == ISERE_OUT_FIRST &&
        server->held_count < ISERE_EVENTS) {
        if (server->held_count == 0) {
            server->held_us = server->now_us;
        }
        server->held[server->held_count++] = c;
    } else {
        settle(c);
    }
}

void isere__connection_send_held(isere_server_t *server)
{
    if (server->held_count == 0) {
        return;
    }
    for (unsigned i = 0; i < server->held_count; i++) {
        settle(server->held[i]);
    }
    server->held_count = 0;
    isere__server_update_now(server);
}

static void stop_reading(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    c->interest &= (uint8_t)~ISERE_POLL_READ;
    if (port->poll_set(port->ctx, c->socket, c->interest, c)) {
        isere__connection_close(c);
    }
}

/* The client ended its sending side. It may be gone, or wait for all of what it
 * asked for; a stream without an end is over in any case. */
static void end_of_stream(isere_connection_t *c)
{
    if (c->state == ISERE_CONN_STREAMING) {
        c->exchange->last = true;
        stop_reading(c);
        if (c->state != ISERE_CONN_CLOSED) {
            settle(c);
        }
    } else if (c->state == ISERE_CONN_READING && has_unsent(c)) {
        c->state = ISERE_CONN_FLUSHING;
        update_interest(c);
    } else {
        isere__connection_close(c);
    }
}

/* Nothing can be received now. A connection that only lingers is left alone:
 * closed with bytes unread it would be reset, and its last answer lost. */
static void no_room(isere_connection_t *c, int error)
{
    const isere_port_t *port = c->server->port;
    if (c->state == ISERE_CONN_READING && has_begun(c)) {
        isere__exchange_no_room(c, error);
        isere__connection_advance(c);
    } else if (c->state == ISERE_CONN_DRAINING &&
               port->poll_set(port->ctx, c->socket, 0, c) == 0) {
        c->interest = 0; /* until its time is over */
    } else {
        isere__connection_close(c);
    }
}

static void receive(isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    if (c->state == ISERE_CONN_DRAINING) {
        c->in.start = 0; /* nobody wants these bytes */
        c->in.end = 0;
    }
    int error = isere__buffer_make_room(c);
    if (error) {
        no_room(c, error);
        return;
    }
    int got = port->recv(port->ctx, c->socket, c->in.data + c->in.end,
                         c->in.capacity - c->in.end);
    if (got == ISERE_ERR_AGAIN) {
        return;
    }
    if (got <= 0) {
        end_of_stream(c);
        return;
    }
    if (c->state == ISERE_CONN_STREAMING) {
        c->in.end += (size_t)got; /* of the next request */
    } else if (c->state == ISERE_CONN_READING) {
        c->in.end += (size_t)got;
        isere__budget_note(c, (size_t)got);
        advance_in_turn(c);
    } else {
        isere__buffer_free_in(c);
    }
}

/* A stream may never end by itself: whether its client is gone shows when
 * reading. */
static bool may_receive(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING || c->state == ISERE_CONN_DRAINING ||
           (c->state == ISERE_CONN_STREAMING && c->in.end < c->in.capacity);
}

/* ---- events ---- */

void isere__connection_event(isere_connection_t *c, unsigned events)
{
    if (c->state == ISERE_CONN_CLOSED) {
        return;
    }
    if (events & ISERE_POLL_CLOSED) {
        isere__connection_close(c);
        return;
    }
    if (events & ISERE_POLL_WRITE) {
        isere__connection_advance(c);
    }
    if (!(events & ISERE_POLL_READ) || c->state == ISERE_CONN_CLOSED) {
        return;
    }
    if (may_receive(c)) {
        receive(c);
    } else {
        stop_reading(c);
    }
}

/* A server that was busy has not seen yet what came in time, or what the client
 * made room for: that is no fault of the client's. */
static void look_once_more(isere_connection_t *c)
{
    if (has_unsent(c)) {
        settle(c);
    }
    if (c->state == ISERE_CONN_READING && c->interest & ISERE_POLL_READ) {
        receive(c);
        isere__connection_send_held(c->server);
    }
}

void isere__connection_timeout(isere_connection_t *c)
{
    if (c->resume) {
        c->resume = false;
        isere__connection_advance(c);
        return;
    }
    if (c->deadline_us <= c->server->now_us) {
        look_once_more(c);
    }
    if (c->state == ISERE_CONN_CLOSED || c->resume) {
        return;
    }
    if (c->deadline_us > c->server->now_us) {
        if (c->deadline_us != UINT64_MAX) {
            set_deadline(c, c->deadline_us);
        }
        return;
    }
    if (c->state == ISERE_CONN_STREAMING && !has_unsent(c)) {
        isere__stream_beat(c);
    } else if (c->state == ISERE_CONN_READING && has_begun(c) &&
               !has_unsent(c)) {
        isere__exchange_refuse(c, 408);
        isere__connection_advance(c);
    } else if (c->state == ISERE_CONN_QUEUED) {
        isere__exchange_unqueue(c);
        isere__exchange_busy(c);
        isere__connection_advance(c);
    } else {
        isere__connection_close(c);
    }
}

/* The server stops: requests that have begun are answered, and a request that
 * is waiting in the socket is one of them. */
void isere__connection_stop(isere_connection_t *c)
{
    c->close_after = true;
    if (c->state == ISERE_CONN_STREAMING) {
        isere__connection_advance(c); /* it ends now if it waits */
    }
    if (c->state == ISERE_CONN_READING && !has_begun(c)) {
        receive(c);
    }
    if (c->state == ISERE_CONN_READING && !has_begun(c)) {
        if (has_unsent(c)) {
            c->state = ISERE_CONN_FLUSHING;
        } else {
            isere__connection_close(c);
        }
    }
}
