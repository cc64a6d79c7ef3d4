/*
 * The head of a response: status line and header section, RFC 9112.
 *
 * Written into the caller's buffer in one go. Pure functions, any thread.
 */
#ifndef ISERE_CORE_HTTP_RESPONSE_H
#define ISERE_CORE_HTTP_RESPONSE_H

#include "isere/slice.h"
#include <stdint.h>

/* A field as it goes out: the name is a token, the value holds no CR, LF or
 * NUL. The caller has checked that. */
typedef isere_field_t isere_http_header_t;

typedef struct isere_http_response_head {
    int status;              /* 200 to 599 */
    bool keep_alive;         /* the connection stays open afterwards */
    bool to_http_1_0;        /* the request was HTTP/1.0 */
    bool to_head;            /* the request's method was HEAD */
    bool to_connect;         /* the request's method was CONNECT */
    bool chunked;            /* the body comes in chunks */
    bool until_close;        /* the body ends where the connection does */
    uint64_t content_length; /* of any other body, or the one a GET would get */
    isere_slice_t date;      /* from isere_http_date */
    isere_slice_t request_id; /* for Isere-Request-Id; empty: none */
    const isere_http_header_t *headers;
    size_t nheaders;
    bool has_cors; /* of the server's own: those of `headers` are left out */
    const isere_http_header_t *cors;
    size_t ncors;
} isere_http_response_head_t;

/* The interim response that asks for the body: RFC 9110 section 15.2.1. */
#define ISERE_HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/*
 * Writes the head, with its empty line, to `buf`; never beyond `cap` bytes.
 * Returns the head's length; when that is more than `cap`, the buffer holds
 * only a part and must not be sent. With `cap` 0, `buf` may be NULL.
 *
 * Date, Server, Isere-Request-Id, Content-Length and Connection are written
 * here and must not be among `headers`. Content-Length is left out where it is
 * not allowed or would be wrong: 204, 304 and a 2xx to CONNECT.
 */
size_t isere_http_response_write(char *buf, size_t cap,
                                 const isere_http_response_head_t *head);

/*
 * Whether a body follows the head: not after 1xx, 204, 205, 304, any answer to
 * HEAD and a 2xx to CONNECT (RFC 9110 sections 6.4.1 and 15.3.6).
 */
bool isere_http_response_has_body(const isere_http_response_head_t *head);

/* The reason phrase registered for a status from 100 to 599; "" if none.
 * Constant. */
const char *isere_http_reason(int status);

#endif
