/*
 * Answers that are made while they are sent: a page in flash, metrics, log
 * lines. The next piece is asked for when the last one has left, so an answer
 * of any length needs one small buffer, and a client that does not read holds
 * up nobody but itself.
 */
#include "core/server/internal.h"

enum {
    CHUNK_HEAD = 6, /* "03fc\r\n": four digits always */
    CHUNK_TAIL = 2,
};

static const isere_slice_t last_chunk = ISERE_SLICE("0\r\n\r\n");

_Static_assert(ISERE_STREAM_PIECE <= 0xffff, "four digits");

static void end(isere_connection_t *c)
{
    isere__stream_close(c->exchange, c->server);
    isere__exchange_finish(c, true);
}

/* ---- who waits for log lines ---- */

static void follow(isere_connection_t *c)
{
    isere_connection_t **first = &c->server->platform.followers;
    c->exchange->following = true;
    c->exchange->follow_next = *first;
    *first = c;
}

static void unfollow(isere_exchange_t *x, isere_server_t *server)
{
    isere_connection_t **link = &server->platform.followers;
    while (*link && (*link)->exchange != x) {
        link = &(*link)->exchange->follow_next;
    }
    if (*link) {
        *link = x->follow_next;
    }
    x->following = false;
}

void isere__stream_wake(isere_server_t *server)
{
    isere_connection_t *c = server->platform.followers;
    while (c) {
        isere_connection_t *next = c->exchange->follow_next;
        isere__connection_advance(c);
        c = next;
    }
}

/* ---- sending ---- */

void isere__stream_start(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_stream_t *stream, int64_t length)
{
    isere_exchange_t *x = c->exchange;
    bool old = x->request.minor == 0;
    if (length < 0 && old) {
        c->close_after = true; /* the end is where the connection ends */
    }
    if (!isere__answer_head(c, status, fields, nfields, length)) {
        stream->close(stream);
        isere__exchange_busy(c);
        return;
    }
    x->stream = stream;
    x->chunked = length < 0 && !old;
    if (x->parser.is_head) {
        end(c);
    } else {
        c->state = ISERE_CONN_STREAMING;
    }
}

void isere__stream_close(isere_exchange_t *x, isere_server_t *server)
{
    if (x->following) {
        unfollow(x, server);
    }
    if (x->stream) {
        x->stream->close(x->stream);
        x->stream = NULL;
    }
}

static void put(isere_connection_t *c, const char *bytes, size_t len)
{
    memcpy(c->out.data + c->out.end, bytes, len);
    c->out.end += len;
}

static bool pump_end(isere_connection_t *c)
{
    if (c->exchange->chunked) {
        if (!isere__buffer_reserve(c, last_chunk.len)) {
            isere__connection_close(c);
            return false;
        }
        put(c, last_chunk.ptr, last_chunk.len);
    }
    end(c);
    return true;
}

/* One piece as a chunk, whose length is known when it is there. */
static void frame(isere_connection_t *c, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *head = c->out.data + c->out.end;
    for (int i = 0; i < 4; i++) {
        head[i] = digits[len >> (12 - 4 * i) & 15];
    }
    head[4] = '\r';
    head[5] = '\n';
    c->out.end += CHUNK_HEAD + len;
    put(c, "\r\n", CHUNK_TAIL);
}

bool isere__stream_pump(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    size_t head = x->chunked ? CHUNK_HEAD : 0;
    if (!isere__buffer_reserve(c,
                               ISERE_STREAM_PIECE + CHUNK_HEAD + CHUNK_TAIL)) {
        isere__connection_close(c);
        return false;
    }
    int got = x->stream->read(x->stream, c->out.data + c->out.end + head,
                              ISERE_STREAM_PIECE);
    if (got == ISERE_ERR_AGAIN && !x->last) {
        if (!x->following) {
            follow(c);
        }
        return false;
    }
    if (got < 0) {
        return pump_end(c);
    }
    if (x->chunked) {
        frame(c, (size_t)got);
    } else {
        c->out.end += (size_t)got;
    }
    return true;
}

void isere__stream_beat(isere_connection_t *c)
{
    if (c->exchange->chunked && isere__buffer_reserve(c, 16)) {
        c->out.data[c->out.end + CHUNK_HEAD] = '\n';
        frame(c, 1);
    }
    isere__connection_advance(c);
}

/* ---- bytes that are there already ---- */

typedef struct bytes_stream {
    isere_stream_t stream;
    const isere_port_t *port;
    isere_slice_t rest;
    char *owned; /* NULL: constant */
} bytes_stream_t;

static int bytes_read(isere_stream_t *stream, char *buf, size_t size)
{
    bytes_stream_t *self = (bytes_stream_t *)stream;
    size_t len = self->rest.len < size ? self->rest.len : size;
    if (len == 0) {
        return ISERE_ERR_CLOSED;
    }
    memcpy(buf, self->rest.ptr, len);
    self->rest = isere_slice_of(self->rest.ptr + len, self->rest.len - len);
    return (int)len;
}

static void bytes_close(isere_stream_t *stream)
{
    bytes_stream_t *self = (bytes_stream_t *)stream;
    const isere_port_t *port = self->port;
    isere_free(port, self->owned);
    isere_free(port, self);
}

void isere__stream_bytes(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_slice_t bytes, char *owned)
{
    const isere_port_t *port = c->server->port;
    bytes_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere_free(port, owned);
        isere__exchange_busy(c);
        return;
    }
    *self = (bytes_stream_t){{bytes_read, bytes_close}, port, bytes, owned};
    isere__stream_start(c, status, fields, nfields, &self->stream,
                        (int64_t)bytes.len);
}
