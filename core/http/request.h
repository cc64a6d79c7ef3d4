/*
 * An HTTP request as views into the buffer it was received in.
 *
 * Offsets, not pointers: a connection may move its buffer while the request
 * is still arriving. `base` is set by whoever hands the request on; spans are
 * relative to it. Nothing here owns memory.
 */
#ifndef ISERE_CORE_HTTP_REQUEST_H
#define ISERE_CORE_HTTP_REQUEST_H

#include "core/isere_config.h"
#include "isere/slice.h"
#include <stdint.h>

typedef struct isere_span {
    uint32_t off;
    uint32_t len;
} isere_span_t;

typedef struct isere_http_field {
    isere_span_t name;  /* as sent; names compare without case */
    isere_span_t value; /* without leading and trailing white space */
} isere_http_field_t;

typedef struct isere_http_request {
    const char *base;
    isere_span_t method;
    isere_span_t target; /* as sent */
    isere_span_t path;   /* without query, may be empty: isere_http_path */
    isere_span_t query;  /* without '?'; empty when none */
    /*
     * Host and port the request is for (RFC 9112 section 3.3): of the target
     * when it is in absolute-form or authority-form, which overrides the Host
     * field; else the Host field's value; empty when there is none.
     */
    isere_span_t authority;
    isere_span_t body; /* decoded, contiguous; length 0 when none */
    uint8_t minor;     /* HTTP/1.minor: 0 or 1 */
    uint16_t nfields;
    isere_http_field_t fields[ISERE_MAX_FIELDS];
} isere_http_request_t;

/* The bytes of a span. Borrowed from request->base. */
static inline isere_slice_t isere_http_slice(const isere_http_request_t *r,
                                             isere_span_t s)
{
    return isere_slice_of(r->base + s.off, s.len);
}

/*
 * The value of the first field of that name (any case, lower-case literal
 * given), or a slice with a NULL pointer when there is none.
 */
isere_slice_t isere_http_field(const isere_http_request_t *request,
                               const char *name);

/* The request's path: `path`, or "/" where the target has none (RFC 9110
 * section 4.2.3: an empty path is "/"; CONNECT has none either; "*" for
 * OPTIONS stays "*"). Borrowed from request->base or constant. */
isere_slice_t isere_http_path(const isere_http_request_t *request);

/* What a route's `{name}` stands for in a path. Borrowed from both. */
typedef struct isere_path_parameter {
    isere_slice_t name;
    isere_slice_t value; /* as sent, still percent-encoded */
} isere_path_parameter_t;

#endif
