/* From a response or an error to the bytes of an answer. */
#include "core/server/internal.h"

/* Makes room for `more` bytes behind the unsent ones. */
static bool reserve(isere_connection_t *c, size_t more)
{
    isere_buffer_t *out = &c->out;
    const isere_port_t *port = c->server->port;
    if (out->capacity - out->end >= more) {
        return true;
    }
    /* Sent bytes go first: a client that never quite catches up must not make
     * the buffer grow. */
    if (out->start > 0) {
        memmove(out->data, out->data + out->start, out->end - out->start);
        out->end -= out->start;
        out->start = 0;
    }
    if (out->capacity - out->end >= more) {
        return true;
    }
    if (more > SIZE_MAX / 4 || out->end > SIZE_MAX / 4) {
        return false;
    }
    /* Twice as much while answers pile up, but never more than needed of what
     * others need too: a device has little. */
    size_t need = out->end + more;
    size_t capacity = out->capacity ? out->capacity * 2 : 512;
    if (capacity < need || capacity > ISERE_OUT_HIGH) {
        capacity = need;
    }
    char *data = port->resize(port->ctx, out->data, capacity);
    if (!data && capacity > need) {
        capacity = need;
        data = port->resize(port->ctx, out->data, capacity);
    }
    if (!data) {
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

static void append(isere_connection_t *c, isere_slice_t bytes)
{
    if (bytes.len > 0) {
        memcpy(c->out.data + c->out.end, bytes.ptr, bytes.len);
        c->out.end += bytes.len;
    }
}

/* The head and, where one may follow, the body. */
static bool answer(isere_connection_t *c, isere_http_response_head_t *head,
                   isere_slice_t body)
{
    const isere_exchange_t *x = c->exchange;
    isere_server_t *server = c->server;
    /* A stop may have been asked for while the handler ran. */
    c->close_after |=
        atomic_load_explicit(&server->stop_requested, memory_order_relaxed);
    head->keep_alive = !c->close_after;
    /* A refused request may have no request line that could be read; then the
     * answer is one that every version understands. */
    head->to_http_1_0 = x && x->parser.head_complete && x->request.minor == 0;
    head->to_head = x && x->parser.is_head;
    head->to_connect = x && x->parser.is_connect;
    head->content_length = body.len;
    head->date =
        isere__server_date(server, server->port->wall_us(server->port->ctx));
    if (!isere_http_response_has_body(head)) {
        body.len = 0;
    }
    /* One guess that nearly always fits, then the exact length. */
    if (!reserve(c, 256 + body.len)) {
        return false;
    }
    size_t need = isere_http_response_write(c->out.data + c->out.end,
                                            c->out.capacity - c->out.end, head);
    if (need + body.len > c->out.capacity - c->out.end) {
        if (!reserve(c, need + body.len)) {
            return false;
        }
        need = isere_http_response_write(c->out.data + c->out.end, need, head);
    }
    c->out.end += need;
    append(c, body);
    return true;
}

bool isere__answer_response(isere_connection_t *c,
                            const isere_response_t *response)
{
    isere_http_response_head_t head = {
        .status = response->status,
        .headers = response->fields,
        .nheaders = response->nfields,
    };
    return answer(c, &head, response->body);
}

bool isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error)
{
    static const isere_slice_t json = ISERE_SLICE("application/json");
    isere_field_t fields[3] = {{isere_slice("Content-Type"), json}};
    size_t n = 1;
    if (error->word.len > 0) {
        fields[n].name = isere_slice("Isere-Error");
        fields[n++].value = error->word;
    }
    if (error->retry_after.len > 0) {
        fields[n].name = isere_slice("Retry-After");
        fields[n++].value = error->retry_after;
    }
    isere_http_response_head_t head = {
        .status = error->status,
        .headers = fields,
        .nheaders = n,
    };
    return answer(c, &head, error->body);
}

bool isere__answer_continue(isere_connection_t *c)
{
    static const isere_slice_t text = ISERE_SLICE(ISERE_HTTP_CONTINUE);
    if (!reserve(c, text.len)) {
        return false;
    }
    append(c, text);
    return true;
}
