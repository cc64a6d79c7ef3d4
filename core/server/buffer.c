/*
 * What connections receive into and send from. A buffer is there only while it
 * holds something. Those of the first size, which most requests and answers
 * fit into, are kept for the next connection that needs one: under load none
 * is allocated or freed for a request.
 */
#include "core/server/internal.h"

/* ---- receiving ---- */

void isere__buffer_free_in(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere__budget_give(server, c->in.capacity);
    if (c->in.capacity == ISERE_IN_FIRST && !server->spare_in) {
        server->spare_in = c->in.data;
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
    const isere_server_limits_t *limits = c->server->limits;
    const isere_exchange_t *x = c->exchange;
    size_t most = (size_t)limits->max_head + limits->max_body + ISERE_IN_FIRST;
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
static int begin(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    char *data =
        server->spare_in ? server->spare_in : isere_alloc(port, ISERE_IN_FIRST);
    server->spare_in = NULL;
    if (!data) {
        return ISERE_ERR_NOMEM;
    }
    c->in.data = data;
    c->in.capacity = ISERE_IN_FIRST;
    isere__budget_begin(c);
    return 0;
}

static int grow(isere_connection_t *c, size_t capacity)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    size_t from = c->in.capacity;
    if (!isere__budget_take(server, from, capacity)) {
        isere__budget_relieve(server, c, false);
        if (!isere__budget_take(server, from, capacity)) {
            return ISERE_ERR_LIMIT;
        }
    }
    char *data = isere_resize(port, c->in.data, capacity);
    if (!data) {
        isere__budget_relieve(server, c, true);
        data = isere_resize(port, c->in.data, capacity);
    }
    if (!data) {
        isere__budget_back(server, from, capacity);
        return ISERE_ERR_NOMEM;
    }
    c->in.data = data;
    c->in.capacity = capacity;
    return 0;
}

int isere__buffer_make_room(isere_connection_t *c)
{
    isere_buffer_t *in = &c->in;
    if (in->capacity == 0) {
        return begin(c);
    }
    if (in->end < in->capacity) {
        return 0;
    }
    if (in->start > 0) {
        memmove(in->data, in->data + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
        return 0;
    }
    size_t capacity = next_capacity(c);
    return capacity > in->capacity ? grow(c, capacity) : ISERE_ERR_NOMEM;
}

/* ---- sending ---- */

struct isere_spare {
    isere_spare_t *next;
};

_Static_assert(ISERE_OUT_FIRST >= sizeof(isere_spare_t), "holds the link");

void isere__buffer_free_out(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    if (c->out.capacity == ISERE_OUT_FIRST &&
        server->spares_out < ISERE_EVENTS) {
        isere_spare_t *spare = (isere_spare_t *)(void *)c->out.data;
        spare->next = server->spare_out;
        server->spare_out = spare;
        server->spares_out++;
    } else {
        isere_free(server->port, c->out.data);
    }
    memset(&c->out, 0, sizeof(c->out));
}

static bool take_spare_out(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_spare_t *spare = server->spare_out;
    if (!spare) {
        return false;
    }
    server->spare_out = spare->next;
    server->spares_out--;
    c->out.data = (char *)spare;
    c->out.capacity = ISERE_OUT_FIRST;
    return true;
}

void isere__buffer_drop_spares(isere_server_t *server, unsigned keep)
{
    const isere_port_t *port = server->port;
    while (server->spares_out > keep) {
        isere_spare_t *spare = server->spare_out;
        server->spare_out = spare->next;
        server->spares_out--;
        isere_free(port, spare);
    }
    if (keep == 0) {
        isere_free(port, server->spare_in);
        server->spare_in = NULL;
    }
}

bool isere__buffer_reserve(isere_connection_t *c, size_t more)
{
    isere_buffer_t *out = &c->out;
    const isere_port_t *port = c->server->port;
    if (out->capacity - out->end >= more) {
        return true;
    }
    if (out->capacity == 0 && more <= ISERE_OUT_FIRST && take_spare_out(c)) {
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
    size_t capacity = out->capacity ? out->capacity * 2 : ISERE_OUT_FIRST;
    if (capacity < need || capacity > ISERE_OUT_HIGH) {
        capacity = need;
    }
    char *data = isere_resize(port, out->data, capacity);
    if (!data) {
        isere__buffer_drop_spares(c->server, 0);
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
