/* Writes responses and errors into the send buffer, and sends it to the socket.
 * */
#include "core/server/connection/send.h"
#include "core/server/request_id.h"
#include "core/server/server.h"
#include "core/util/cors.h"

/* ---- the buffer ---- */

/* It is there only while it holds something. Those of the first size, which
 * most answers fit into, are kept for the next connection that needs one: under
 * load none is allocated or freed for a request. */

_Static_assert(ISERE_OUT_FIRST >= sizeof(isere_spare_t), "holds the link");

void isere__send_free(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_spares_t *spares = &server->spares;
    if (c->out.capacity == ISERE_OUT_FIRST && spares->outs < ISERE_EVENTS) {
        isere_spare_t *spare = (isere_spare_t *)(void *)c->out.data;
        spare->next = spares->out;
        spares->out = spare;
        spares->outs++;
    } else {
        isere_free(server->port, c->out.data);
    }
    memset(&c->out, 0, sizeof(c->out));
}

static bool take_spare(isere_connection_t *c)
{
    isere_spares_t *spares = &c->server->spares;
    isere_spare_t *spare = spares->out;
    if (!spare) {
        return false;
    }
    spares->out = spare->next;
    spares->outs--;
    c->out.data = (char *)spare;
    c->out.capacity = ISERE_OUT_FIRST;
    return true;
}

/* Spares are memory that nothing needs at the moment: they go when something
 * else does. */
void isere__send_drop_spares(isere_server_t *server, unsigned keep)
{
    const isere_port_t *port = server->port;
    isere_spares_t *spares = &server->spares;
    while (spares->outs > keep) {
        isere_spare_t *spare = spares->out;
        spares->out = spare->next;
        spares->outs--;
        isere_free(port, spare);
    }
    if (keep == 0) {
        isere_free(port, spares->in);
        spares->in = NULL;
    }
}

/* Twice as much while answers pile up, but never more than needed of what
 * others need too: a device has little. A quarter of SIZE_MAX is far beyond
 * every answer, and lets the sums below not wrap. */
static bool grow(isere_connection_t *c, size_t more)
{
    isere_buffer_t *out = &c->out;
    const isere_port_t *port = c->server->port;
    if (more > SIZE_MAX / 4 || out->end > SIZE_MAX / 4) {
        return false;
    }
    size_t need = out->end + more;
    size_t capacity = out->capacity ? out->capacity * 2 : ISERE_OUT_FIRST;
    if (capacity < need || capacity > ISERE_OUT_HIGH) {
        capacity = need;
    }
    char *data = isere_resize(port, out->data, capacity);
    if (!data) {
        isere__send_drop_spares(c->server, 0);
        capacity = need;
        data = isere_resize(port, out->data, capacity);
    }
    if (!data) {
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

bool isere__send_reserve(isere_connection_t *c, size_t more)
{
    isere_buffer_t *out = &c->out;
    if (out->capacity - out->end >= more) {
        return true;
    }
    if (out->capacity == 0 && more <= ISERE_OUT_FIRST && take_spare(c)) {
        return true;
    }
    /* Sent bytes go first: a client that never quite catches up must not make
     * the buffer grow. */
    if (out->start > 0) {
        memmove(out->data, out->data + out->start, out->end - out->start);
        out->end -= out->start;
        out->start = 0;
    }
    return out->capacity - out->end >= more || grow(c, more);
}

/* One call of send, with what there is: the kernel takes all of it nearly
 * always. The deadline is moved whenever the client takes anything: a slow one
 * is fine here, one that has stopped reading is not. */
int isere__send_flush(isere_connection_t *c)
{
    const isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    if (!isere__connection_has_unsent(c)) {
        return 0;
    }
    isere_slice_t bytes =
        isere_slice_of(c->out.data + c->out.start, c->out.end - c->out.start);
    int sent = port->send(port->ctx, c->socket, &bytes, 1);
    if (sent < 0 && sent != ISERE_ERR_AGAIN) {
        return sent;
    }
    c->out.start += sent > 0 ? (size_t)sent : 0;
    isere__send_note_pace(c, sent > 0 ? (size_t)sent : 0, server->clock.now_us);
    if (sent > 0 || c->write_deadline_us == 0) {
        c->write_deadline_us =
            server->clock.now_us +
            (uint64_t)server->limits->config.idle_timeout_ms * 1000;
    }
    if (!isere__connection_has_unsent(c)) {
        c->write_deadline_us = 0;
    }
    return 0;
}

/* ---- answers ---- */

static void append(isere_connection_t *c, isere_slice_t bytes)
{
    if (bytes.len > 0) {
        memcpy(c->out.data + c->out.end, bytes.ptr, bytes.len);
        c->out.end += bytes.len;
    }
}

/* For the access log. */
static void note(isere_connection_t *c, int status, size_t bytes)
{
    if (c->exchange) {
        c->exchange->sent.status = (uint16_t)status;
        c->exchange->sent.bytes = bytes;
    }
}

/* Of a function with a policy for other origins; requests that are made past
 * its routes are no browser's. */
static void add_cors(const isere_connection_t *c,
                     isere_http_response_head_t *head,
                     isere_field_t fields[ISERE_CORS_FIELDS])
{
    isere_exchange_t *x = c->exchange;
    const char *policy = x && x->function ? x->function->config.cors : NULL;
    if (!policy || x->direct || !c->in.data) {
        return;
    }
    x->request.base = c->in.data + c->in.start;
    head->has_cors = true;
    head->cors = fields;
    head->ncors = isere_cors_fields(
        policy, isere_http_field(&x->request, "origin"), false, fields);
}

/* What the request and the connection say about the head. Whether the
 * connection stays is said last of all, when nothing can change it any more. */
static void complete_head(isere_connection_t *c,
                          isere_http_response_head_t *head)
{
    isere_exchange_t *x = c->exchange;
    isere_server_t *server = c->server;
    /* A stop may have been asked for while the handler ran. And while others
     * wait for a place, clients take turns. */
    c->close_after |=
        server->accept.crowded ||
        atomic_load_explicit(&server->stop.requested, memory_order_relaxed);
    head->keep_alive = !c->close_after;
    /* A refused request may have no request line that could be read; then the
     * answer is one that every version understands. */
    head->to_http_1_0 = x && x->parser.head_complete && x->request.minor == 0;
    head->to_head = x && x->parser.is_head;
    head->to_connect = x && x->parser.is_connect;
    head->date = isere__clock_date(&server->clock);
    head->request_id = x ? isere__request_id(server, x) : isere_slice("");
}

/* The head and, where one may follow, the body: not to HEAD, and not with 204
 * or 304, where it would be taken for the next answer (RFC 9112 section 6.3).
 */
static bool append_answer(isere_connection_t *c,
                          const isere_http_response_head_t *head,
                          isere_slice_t body)
{
    if (!isere_http_response_has_body(head)) {
        body.len = 0;
    }
    /* One guess that nearly always fits, then the exact length. */
    if (!isere__send_reserve(c, 256 + body.len)) {
        return false;
    }
    size_t need = isere_http_response_write(c->out.data + c->out.end,
                                            c->out.capacity - c->out.end, head);
    if (need + body.len > c->out.capacity - c->out.end) {
        if (!isere__send_reserve(c, need + body.len)) {
            return false;
        }
        need = isere_http_response_write(c->out.data + c->out.end, need, head);
    }
    c->out.end += need;
    append(c, body);
    note(c, head->status, body.len);
    return true;
}

static bool send(isere_connection_t *c, isere_http_response_head_t *head,
                 isere_slice_t body)
{
    isere_field_t cors[ISERE_CORS_FIELDS];
    complete_head(c, head);
    add_cors(c, head, cors);
    head->content_length = body.len;
    bool sent = append_answer(c, head, body);
    head->cors = NULL;
    return sent;
}

bool isere__send_response(isere_connection_t *c,
                          const isere_response_t *response)
{
    isere_http_response_head_t head = {
        .status = response->status,
        .headers = response->fields,
        .nheaders = response->nfields,
    };
    return send(c, &head, response->body);
}

enum { ERROR_FIELDS = 3 };

static isere_http_response_head_t error_head(const isere_error_answer_t *error,
                                             isere_field_t fields[ERROR_FIELDS])
{
    size_t n = 0;
    fields[n].name = isere_slice("Content-Type");
    fields[n++].value = isere_slice("application/json");
    if (error->word.len > 0) {
        fields[n].name = isere_slice("Isere-Error");
        fields[n++].value = error->word;
    }
    if (error->retry_after.len > 0) {
        fields[n].name = isere_slice("Retry-After");
        fields[n++].value = error->retry_after;
    }
    return (isere_http_response_head_t){
        .status = error->status,
        .headers = fields,
        .nheaders = n,
    };
}

bool isere__send_error(isere_connection_t *c, const isere_error_answer_t *error)
{
    isere_field_t fields[ERROR_FIELDS];
    isere_http_response_head_t head = error_head(error, fields);
    return send(c, &head, error->body);
}

/* Heads of errors have some 250 bytes. What the socket does not take at once
 * is lost, but then so is the connection. */
bool isere__send_directly(isere_server_t *server, isere_socket_t socket,
                          isere_exchange_t *x,
                          const isere_error_answer_t *error)
{
    const isere_port_t *port = server->port;
    char text[384], id[ISERE_REQUEST_ID_LEN + 1];
    isere_field_t fields[ERROR_FIELDS];
    isere_http_response_head_t head = error_head(error, fields);
    head.content_length = error->body.len;
    head.to_http_1_0 = x && x->parser.head_complete && x->request.minor == 0;
    head.to_head = x && x->parser.is_head;
    head.date = isere__clock_date(&server->clock);
    if (x) {
        head.request_id = isere__request_id(server, x);
    } else if (isere__request_id_make(server, id)) {
        head.request_id = isere_slice(id);
    }
    size_t len = isere_http_response_write(text, sizeof(text), &head);
    size_t body = head.to_head ? 0 : error->body.len;
    if (len + body > sizeof(text)) {
        return false;
    }
    if (x) {
        x->sent.status = (uint16_t)error->status;
        x->sent.bytes = body;
    }
    memcpy(text + len, error->body.ptr, body);
    isere_slice_t bytes = isere_slice_of(text, len + body);
    return port->send(port->ctx, socket, &bytes, 1) == (int)bytes.len;
}

bool isere__send_text(isere_connection_t *c, int status,
                      const isere_field_t *fields, size_t nfields,
                      isere_slice_t body)
{
    isere_http_response_head_t head = {
        .status = status,
        .headers = fields,
        .nheaders = nfields,
    };
    return send(c, &head, body);
}

/* The exact length first: what follows is a stream, and its pieces have a
 * buffer of their own size. */
bool isere__send_head(isere_connection_t *c, int status,
                      const isere_field_t *fields, size_t nfields,
                      int64_t length)
{
    isere_http_response_head_t head = {
        .status = status,
        .headers = fields,
        .nheaders = nfields,
        .content_length = length < 0 ? 0 : (uint64_t)length,
    };
    isere_field_t cors[ISERE_CORS_FIELDS];
    complete_head(c, &head);
    add_cors(c, &head, cors);
    head.chunked = length < 0 && !head.to_http_1_0;
    head.until_close = length < 0 && head.to_http_1_0;
    size_t need = isere_http_response_write(NULL, 0, &head);
    if (!isere__send_reserve(c, need)) {
        return false;
    }
    isere_http_response_write(c->out.data + c->out.end, need, &head);
    c->out.end += need;
    note(c, status, 0);
    return true;
}

/* 100 is no answer: the request goes on. RFC 9110 section 15.2.1. */
bool isere__send_continue(isere_connection_t *c)
{
    static const isere_slice_t text = ISERE_SLICE(ISERE_HTTP_CONTINUE);
    if (!isere__send_reserve(c, text.len)) {
        return false;
    }
    append(c, text);
    return true;
}
