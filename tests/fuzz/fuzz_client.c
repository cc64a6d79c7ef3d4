/*
 * What a server answers to the client. The first two bytes say how the rest is
 * cut up; whole or cut, the outcome and the body must be the same.
 */
#include "apps/isere/client/client_response.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct outcome {
    isere_client_response_t response;
    size_t body_len;
    uint32_t sum; /* of the body */
    size_t limit; /* bytes of the body that are wanted */
} outcome_t;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool take(isere_client_response_t *response, isere_slice_t bytes)
{
    outcome_t *o = response->arg;
    require(response->status >= 200 && response->status <= 599);
    require(bytes.len > 0);
    o->body_len += bytes.len;
    for (size_t i = 0; i < bytes.len; i++) {
        o->sum = o->sum * 31 + (unsigned char)bytes.ptr[i];
    }
    return o->body_len < o->limit;
}

/* Feeds the bytes in pieces of `step`; the buffer of each ends where a read
 * beyond it is noticed. */
static void parse(outcome_t *o, const uint8_t *data, size_t size, size_t step,
                  size_t limit)
{
    o->body_len = 0;
    o->sum = 0;
    o->limit = limit;
    isere_client_response_init(&o->response, take, o);
    for (size_t at = 0; at < size; at += step) {
        size_t len = size - at < step ? size - at : step;
        char *piece = malloc(len);
        require(piece != NULL);
        memcpy(piece, data + at, len);
        isere_client_response_feed(&o->response, isere_slice_of(piece, len));
        free(piece);
    }
    isere_client_response_end(&o->response);
}

static bool in_head(const isere_client_response_t *r, isere_slice_t text)
{
    return text.len == 0 || (text.ptr >= r->head &&
                             text.ptr + text.len <= r->head + r->head_len);
}

static void check(const isere_client_response_t *r)
{
    require(r->state != ISERE_CLIENT_MORE);
    require((r->state == ISERE_CLIENT_BAD) == (r->reason != NULL));
    require(r->status == 0 || (r->status >= 200 && r->status <= 599));
    require(r->status != 0 || r->state == ISERE_CLIENT_BAD);
    require(in_head(r, r->type) && in_head(r, r->location));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static outcome_t whole, cut;
    size_t limit;
    if (size < 2) {
        return 0;
    }
    limit = data[1] < 200 ? SIZE_MAX : data[1];
    parse(&whole, data + 2, size - 2, size, limit);
    parse(&cut, data + 2, size - 2, 1 + data[0] % 64, limit);
    check(&whole.response);
    check(&cut.response);
    require(whole.response.state == cut.response.state);
    require(whole.response.status == cut.response.status);
    require(whole.response.reason == cut.response.reason);
    if (limit == SIZE_MAX) {
        require(whole.body_len == cut.body_len && whole.sum == cut.sum);
    }
    return 0;
}
