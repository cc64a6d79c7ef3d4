/* Answers that are generated while they are sent: pieces, chunks, and
 * connections that wait for more data. */
#include "core/server/connection/stream.h"
#include "core/server/connection/send.h"
#include "core/server/server.h"

enum {
    CHUNK_HEAD = 6, /* "03fc\r\n": four digits always */
    CHUNK_TAIL = 2,
};

static const isere_slice_t last_chunk = ISERE_SLICE("0\r\n\r\n");

_Static_assert(ISERE_STREAM_PIECE <= 0xffff, "four digits");

/* ---- followers ---- */

/* A stream that has nothing to send now joins the server's followers, a list,
 * and is asked again by isere_request_wake_streams. It stays in the list until
 * it is closed. */
static void follow(isere_connection_t *c)
{
    isere_connection_t **first = &c->server->followers;
    c->exchange->following = true;
    c->exchange->follow_next = *first;
    *first = c;
}

static void unfollow(isere_connection_t *c)
{
    isere_connection_t **link = &c->server->followers;
    while (*link && *link != c) {
        link = &(*link)->exchange->follow_next;
    }
    if (*link) {
        *link = c->exchange->follow_next;
    }
    c->exchange->following = false;
}

/* The stream is closed exactly once, whoever comes first: its own end, the
 * client, the server. */
void isere__stream_close(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    if (x->following) {
        unfollow(c);
    }
    if (x->stream) {
        x->stream->close(x->stream);
        x->stream = NULL;
    }
}

/* ---- pieces ---- */

static void put(isere_connection_t *c, const char *bytes, size_t len)
{
    memcpy(c->out.data + c->out.end, bytes, len);
    c->out.end += len;
}

/* An empty chunk ends the body, RFC 9112 section 7.1. Without chunks its
 * length was announced, or the connection ends with it. */
static isere_pump_t pump_end(isere_connection_t *c)
{
    if (c->exchange->chunked) {
        if (!isere__send_reserve(c, last_chunk.len)) {
            return ISERE_PUMP_FAILED;
        }
        put(c, last_chunk.ptr, last_chunk.len);
    }
    isere__stream_close(c);
    return ISERE_PUMP_END;
}

/* One piece as a chunk. Its length is known only when the piece is there, so
 * it has four digits always, written in front of it: RFC 9112 section 7.1
 * allows leading zeros. */
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

/* The piece is read right into the send buffer, behind the place of its
 * chunk's head. A client that has said all (`last`) gets what there is, and no
 * more is waited for. */
isere_pump_t isere__stream_pump(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    size_t head = x->chunked ? CHUNK_HEAD : 0;
    size_t piece = x->stream->piece ? x->stream->piece : ISERE_STREAM_PIECE;
    if (!isere__send_reserve(c, piece + CHUNK_HEAD + CHUNK_TAIL)) {
        return ISERE_PUMP_FAILED;
    }
    int got =
        x->stream->read(x->stream, c->out.data + c->out.end + head, piece);
    if (got == ISERE_ERR_AGAIN && (x->stream->is_body || !x->last)) {
        if (!x->following) {
            follow(c);
        }
        return ISERE_PUMP_WAIT;
    }
    if (got == ISERE_ERR_IO) {
        return ISERE_PUMP_FAILED; /* an end would look like the whole */
    }
    if (got < 0) {
        return pump_end(c);
    }
    x->sent.bytes += (size_t)got;
    if (x->chunked) {
        frame(c, (size_t)got);
    } else {
        c->out.end += (size_t)got;
    }
    return ISERE_PUMP_PIECE;
}

/* A newline, which is nothing in NDJSON. Only sending shows that a client is
 * gone when nothing else comes. */
void isere__stream_beat(isere_connection_t *c)
{
    if (c->exchange->chunked && isere__send_reserve(c, 16)) {
        c->out.data[c->out.end + CHUNK_HEAD] = '\n';
        frame(c, 1);
    }
}

/* ---- bytes ---- */

/* A stream of bytes that are there already: a page in flash, a text in memory.
 */
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

isere_stream_t *isere__stream_of_bytes(const isere_port_t *port,
                                       isere_slice_t bytes, char *owned)
{
    bytes_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere_free(port, owned);
        return NULL;
    }
    *self = (bytes_stream_t){
        {.read = bytes_read, .close = bytes_close}, port, bytes, owned};
    return &self->stream;
}
