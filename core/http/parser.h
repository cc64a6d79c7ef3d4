/*
 * A strict parser for HTTP/1.1 and 1.0 requests (RFC 9112).
 *
 * It is fed a connection's buffer again and again while the buffer grows, and
 * stops at any byte and goes on there: no byte is looked at twice, however the
 * message is cut up. It allocates nothing and copies nothing, except that the
 * chunks of a body are moved together where they lie. What can be read in two
 * ways is refused: every refusal means that the connection must be closed
 * after the answer, since nobody knows where the next request would begin.
 *
 * One parser belongs to one connection and one thread. docs/http.md lists what
 * is accepted and what is not.
 */
#ifndef ISERE_CORE_HTTP_PARSER_H
#define ISERE_CORE_HTTP_PARSER_H

#include "core/http/request.h"

/* What isere_http_parser_feed returns. */
enum {
    ISERE_HTTP_BAD = -1,      /* refused: see status and reason */
    ISERE_HTTP_NEED_MORE = 0, /* fine so far, but not all there */
    ISERE_HTTP_COMPLETE = 1,  /* the request and its body are there */
};

/*
 * A buffer of max_head + max_body + 1 bytes is always enough. Their sum is
 * kept below 4 GiB by lowering max_body.
 */
typedef struct isere_http_limits {
    uint32_t max_head; /* bytes of request line and header section */
    uint32_t max_body; /* bytes of the decoded body */
} isere_http_limits_t;

typedef struct isere_http_parser {
    /* Results: read by anybody, written by the parser only. */
    const char *reason; /* BAD: why, a constant text in English */
    uint16_t status;    /* BAD: 400, 413, 414, 417, 431, 501 or 505; else 0 */
    bool started;       /* a byte of the request line has arrived */
    bool head_complete; /* all fields of the request are valid to read */
    bool is_head;       /* the method is HEAD; known even when BAD, if it was
                           read: error answers carry no body then */
    bool is_connect;    /* the method is CONNECT */
    bool keep_alive;    /* the client wants another request on this connection;
                           valid with head_complete, false when BAD */
    bool expect_continue;    /* a body follows once a 100 is sent */
    bool chunked;            /* the body comes in chunks */
    uint32_t consumed;       /* COMPLETE: where the next request begins */
    uint64_t content_length; /* 0 when absent or chunked */

    /* Private. */
    isere_http_limits_t limits;
    uint32_t pos;        /* all bytes before it are done */
    uint32_t mark;       /* where the element being read began */
    uint32_t budget;     /* bytes left for the head; then for the extensions
                            and trailers of a chunked body */
    uint32_t chunk_left; /* bytes of the chunk still to come */
    uint16_t seen;       /* what the header section said: SEEN_* */
    uint16_t lines;      /* field lines so far */
    uint8_t state;
    uint8_t digits; /* of a chunk's size, so far; empty lines before a head */
} isere_http_parser_t;

/* Makes the parser ready for a connection's first or next request. */
void isere_http_parser_init(isere_http_parser_t *parser,
                            const isere_http_limits_t *limits);

/*
 * Parses what has arrived. `buf` holds the connection's bytes from the start
 * of this request on, `*len` of them: those of the earlier calls followed by
 * any number of new ones, possibly none. The buffer may have moved since.
 *
 * Returns NEED_MORE; COMPLETE, when parser->consumed bytes belong to this
 * request and what follows is the next one's; or BAD. Once COMPLETE or BAD,
 * further calls return the same. `request` is valid from head_complete on and
 * points into `buf`; the caller sets request->base when the buffer moves.
 *
 * The body of a chunked request is decoded in place. With NEED_MORE, `*len`
 * may then have become smaller: new bytes go to buf + *len. (With COMPLETE it
 * is unchanged, and bytes between the body's end and `consumed` are garbage.)
 */
int isere_http_parser_feed(isere_http_parser_t *parser,
                           isere_http_request_t *request, char *buf,
                           size_t *len);

/*
 * How many further bytes are sure to come before the request is complete, at
 * least 1: after NEED_MORE, for making room. Never more than max_body + 7.
 */
size_t isere_http_parser_wanted(const isere_http_parser_t *parser,
                                const isere_http_request_t *request);

/*
 * Lowers the limit of the body of a request whose head is complete. Returns
 * NEED_MORE, or BAD when the body is longer, or will be.
 */
int isere_http_parser_limit_body(isere_http_parser_t *parser,
                                 const isere_http_request_t *request,
                                 uint32_t max_body);

/*
 * Forgets the part of the body that is there, which has been taken elsewhere:
 * the body goes on with the next byte. `buf` and `*len` are those that feed
 * left behind; with NEED_MORE the bytes after the head are given up, and `*len`
 * becomes smaller.
 */
void isere_http_parser_drop_body(isere_http_parser_t *parser,
                                 isere_http_request_t *request, size_t *len);

#endif
