/* From a response or an error to the bytes of an answer. */
#include "core/server/internal.h"

static void append(isere_connection_t *c, isere_slice_t bytes)
{
    if (bytes.len > 0) {
        memcpy(c->out.data + c->out.end, bytes.ptr, bytes.len);
        c->out.end += bytes.len;
    }
}

/* What the request and the connection say about the head. */
static void complete_head(isere_connection_t *c,
                          isere_http_response_head_t *head)
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
    head->date = isere__server_date(server);
}

/* The head and, where one may follow, the body. */
static bool answer(isere_connection_t *c, isere_http_response_head_t *head,
                   isere_slice_t body)
{
    complete_head(c, head);
    head->content_length = body.len;
    if (!isere_http_response_has_body(head)) {
        body.len = 0;
    }
    /* One guess that nearly always fits, then the exact length. */
    if (!isere__buffer_reserve(c, 256 + body.len)) {
        return false;
    }
    size_t need = isere_http_response_write(c->out.data + c->out.end,
                                            c->out.capacity - c->out.end, head);
    if (need + body.len > c->out.capacity - c->out.end) {
        if (!isere__buffer_reserve(c, need + body.len)) {
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

bool isere__answer_text(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        isere_slice_t body)
{
    isere_http_response_head_t head = {
        .status = status,
        .headers = fields,
        .nheaders = nfields,
    };
    return answer(c, &head, body);
}

bool isere__answer_head(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        int64_t length)
{
    isere_http_response_head_t head = {
        .status = status,
        .headers = fields,
        .nheaders = nfields,
        .content_length = length < 0 ? 0 : (uint64_t)length,
    };
    complete_head(c, &head);
    head.chunked = length < 0 && !head.to_http_1_0;
    head.until_close = length < 0 && head.to_http_1_0;
    size_t need = isere_http_response_write(NULL, 0, &head);
    if (!isere__buffer_reserve(c, need)) {
        return false;
    }
    isere_http_response_write(c->out.data + c->out.end, need, &head);
    c->out.end += need;
    return true;
}

bool isere__answer_continue(isere_connection_t *c)
{
    static const isere_slice_t text = ISERE_SLICE(ISERE_HTTP_CONTINUE);
    if (!isere__buffer_reserve(c, text.len)) {
        return false;
    }
    append(c, text);
    return true;
}
