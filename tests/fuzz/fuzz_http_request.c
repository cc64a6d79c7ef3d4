/*
 * The request parser with random bytes, cut up at random.
 *
 * The first byte chooses limits and how the rest is cut. Whatever the cut, the
 * outcome must be the one of parsing all at once, and what a complete request
 * points to must lie where it belongs and hold only what may be there. The same
 * when the body is taken away piece by piece.
 */
#include "core/http/chars.h"
#include "core/http/parser.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct outcome {
    int result;
    isere_http_parser_t parser;
    isere_http_request_t request;
    char *buf; /* exactly `len` bytes of heap: ASan guards its end */
    size_t len;
} outcome_t;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void append(outcome_t *o, const uint8_t *bytes, size_t len)
{
    char *larger = malloc(o->len + len);
    require(larger != NULL);
    if (o->len > 0) {
        memcpy(larger, o->buf, o->len);
    }
    if (len > 0) {
        memcpy(larger + o->len, bytes, len);
    }
    free(o->buf);
    o->buf = larger;
    o->len += len;
    o->request.base = larger;
}

/* Feeds the bytes in pieces of 1 to `most`, chosen by `seed`; all at once with
 * `most` 0. */
static void parse(outcome_t *o, const isere_http_limits_t *limits,
                  const uint8_t *data, size_t size, size_t most, uint32_t seed)
{
    size_t at = 0;
    memset(o, 0, sizeof(*o));
    isere_http_parser_init(&o->parser, limits);
    do {
        seed = seed * 1103515245 + 12345;
        size_t n = most > 0 ? 1 + (seed >> 16) % most : size;
        n = n < size - at ? n : size - at;
        append(o, data + at, n);
        at += n;
        o->result =
            isere_http_parser_feed(&o->parser, &o->request, o->buf, &o->len);
        require(o->len <= (uint64_t)limits->max_head + limits->max_body + size);
    } while (at < size && o->result == ISERE_HTTP_NEED_MORE);
    append(o, data + at, size - at);
}

static isere_slice_t bytes_of(const outcome_t *o, isere_span_t span)
{
    require(span.off <= o->len && span.len <= o->len - span.off);
    return isere_http_slice(&o->request, span);
}

static bool inside(isere_span_t inner, isere_span_t outer)
{
    return inner.off >= outer.off &&
           inner.off + inner.len <= outer.off + outer.len;
}

static void check_complete(const outcome_t *o,
                           const isere_http_limits_t *limits)
{
    const isere_http_request_t *r = &o->request;
    const isere_http_parser_t *p = &o->parser;
    require(p->consumed <= o->len && p->head_complete && p->started);
    require(r->method.len > 0 && r->target.len > 0 && r->minor <= 1);
    require(isere_http_all(bytes_of(o, r->method), ISERE_HTTP_TOKEN));
    require(isere_http_all(bytes_of(o, r->target),
                           ISERE_HTTP_PATH | ISERE_HTTP_QUERY));
    require(inside(r->path, r->target) && inside(r->query, r->target));
    require(bytes_of(o, r->authority).len <= limits->max_head);
    require(isere_http_path(r).len > 0);
    require(r->nfields <= ISERE_MAX_FIELDS);
    for (unsigned i = 0; i < r->nfields; i++) {
        isere_slice_t name = bytes_of(o, r->fields[i].name);
        isere_slice_t value = bytes_of(o, r->fields[i].value);
        require(name.len > 0 && isere_http_all(name, ISERE_HTTP_TOKEN));
        require(isere_http_all(value, ISERE_HTTP_VALUE));
        require(isere_http_trim(value).len == value.len);
    }
    require(r->body.off <= limits->max_head);
    require(r->body.len <= limits->max_body);
    require(r->body.off + r->body.len <= p->consumed);
    require(p->chunked || r->body.len == p->content_length);
    require(p->chunked || r->body.off + r->body.len == p->consumed);
}

static bool same_span(const outcome_t *a, const outcome_t *b, isere_span_t x,
                      isere_span_t y)
{
    return x.off == y.off && x.len == y.len &&
           memcmp(bytes_of(a, x).ptr, bytes_of(b, y).ptr, x.len) == 0;
}

static void compare(const outcome_t *a, const outcome_t *b)
{
    const isere_http_parser_t *p = &a->parser;
    const isere_http_parser_t *q = &b->parser;
    require(a->result == b->result && p->status == q->status);
    require(p->reason == q->reason && p->started == q->started);
    require(p->head_complete == q->head_complete);
    require(p->is_head == q->is_head && p->keep_alive == q->keep_alive);
    require(p->expect_continue == q->expect_continue);
    if (a->result != ISERE_HTTP_COMPLETE) {
        return;
    }
    const isere_http_request_t *r = &a->request;
    const isere_http_request_t *s = &b->request;
    require(r->nfields == s->nfields && r->minor == s->minor);
    require(same_span(a, b, r->method, s->method));
    require(same_span(a, b, r->path, s->path));
    require(same_span(a, b, r->query, s->query));
    require(same_span(a, b, r->authority, s->authority));
    require(same_span(a, b, r->body, s->body));
    for (unsigned i = 0; i < r->nfields; i++) {
        require(same_span(a, b, r->fields[i].name, s->fields[i].name));
        require(same_span(a, b, r->fields[i].value, s->fields[i].value));
    }
    /* The rest, which belongs to the next request, is untouched. */
    size_t rest = a->len - p->consumed;
    require(rest == b->len - q->consumed);
    require(memcmp(a->buf + p->consumed, b->buf + q->consumed, rest) == 0);
}

/* The same as parse, with the body taken away while it comes. */
static void parse_taking(outcome_t *o, const isere_http_limits_t *limits,
                         const uint8_t *data, size_t size, size_t most,
                         uint32_t seed, outcome_t *body)
{
    size_t at = 0;
    memset(o, 0, sizeof(*o));
    memset(body, 0, sizeof(*body));
    isere_http_parser_init(&o->parser, limits);
    do {
        seed = seed * 1103515245 + 12345;
        size_t n = 1 + (seed >> 16) % most;
        n = n < size - at ? n : size - at;
        append(o, data + at, n);
        at += n;
        o->result =
            isere_http_parser_feed(&o->parser, &o->request, o->buf, &o->len);
        if (o->result != ISERE_HTTP_BAD && o->parser.head_complete) {
            isere_slice_t piece = bytes_of(o, o->request.body);
            append(body, (const uint8_t *)piece.ptr, piece.len);
            isere_http_parser_drop_body(&o->parser, &o->request, &o->len);
            require(o->request.body.len == 0);
        }
        require(o->len <= limits->max_head + most + 1);
    } while (at < size && o->result == ISERE_HTTP_NEED_MORE);
    append(o, data + at, size - at);
}

static void compare_taken(const outcome_t *whole, const outcome_t *taken,
                          const outcome_t *body)
{
    const isere_http_parser_t *p = &whole->parser;
    const isere_http_parser_t *q = &taken->parser;
    require(whole->result == taken->result && p->status == q->status);
    require(p->reason == q->reason);
    if (whole->result != ISERE_HTTP_COMPLETE) {
        return;
    }
    isere_slice_t all = bytes_of(whole, whole->request.body);
    require(body->len == all.len);
    require(all.len == 0 || memcmp(body->buf, all.ptr, all.len) == 0);
    size_t rest = whole->len - p->consumed;
    require(rest == taken->len - q->consumed);
    require(memcmp(whole->buf + p->consumed, taken->buf + q->consumed, rest) ==
            0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const isere_http_limits_t choices[] = {
        {8192, 65536}, {64, 16}, {256, 0}, {100, 1000}};
    static const size_t pieces[] = {1, 2, 7, 64};
    if (size < 1) {
        return 0;
    }
    const isere_http_limits_t *limits = &choices[data[0] & 3];
    size_t most = pieces[data[0] >> 2 & 3];
    uint32_t seed = data[0] >> 4;
    outcome_t whole;
    outcome_t cut;
    outcome_t body;
    data++;
    size--;
    parse(&whole, limits, data, size, 0, 0);
    parse(&cut, limits, data, size, most, seed);
    if (whole.result == ISERE_HTTP_COMPLETE) {
        check_complete(&whole, limits);
    }
    compare(&whole, &cut);
    free(cut.buf);
    parse_taking(&cut, limits, data, size, most, seed, &body);
    compare_taken(&whole, &cut, &body);
    free(whole.buf);
    free(cut.buf);
    free(body.buf);
    return 0;
}
