/*
 * What the parser's files share; nobody else includes it.
 *
 * parser.c reads lines (request line, header section, trailer section),
 * target.c takes a request target apart, framing.c decides from the header
 * fields where the body ends, chunked.c decodes chunks.
 */
#ifndef ISERE_CORE_HTTP_PARSER_INTERNAL_H
#define ISERE_CORE_HTTP_PARSER_INTERNAL_H

#include "core/http/parser.h"

/*
 * The states, in the order a message goes through them. Those before
 * STATE_LINES_END are states of a line, of the head or of the trailers.
 */
enum {
    STATE_START,
    STATE_START_LF,
    STATE_METHOD,
    STATE_TARGET,
    STATE_QUERY,
    STATE_VERSION,
    STATE_LINE_LF,
    STATE_FIELD_START,
    STATE_FIELD_NAME,
    STATE_FIELD_SPACE,
    STATE_FIELD_VALUE,
    STATE_FIELD_LF,
    STATE_END_LF,
    STATE_LINES_END,

    STATE_BODY = STATE_LINES_END,

    STATE_CHUNK_SIZE,
    STATE_CHUNK_SIZE_LF,
    STATE_CHUNK_DATA,
    STATE_CHUNK_DATA_CR,
    STATE_CHUNK_DATA_LF,
    STATE_EXT_START, /* extensions: before ';' */
    STATE_EXT_NAME_START,
    STATE_EXT_NAME,
    STATE_EXT_NAME_END, /* white space after the name */
    STATE_EXT_VALUE_START,
    STATE_EXT_VALUE,
    STATE_EXT_QUOTED,
    STATE_EXT_ESCAPE,
    STATE_EXT_VALUE_END, /* after a quoted value */

    STATE_DONE,
};

/* Bits of parser->seen. */
enum {
    SEEN_HOST = 0x001,
    SEEN_LENGTH = 0x002,
    SEEN_CODING = 0x004,         /* a Transfer-Encoding field */
    SEEN_CHUNKED = 0x008,        /* its last coding so far is chunked */
    SEEN_UNKNOWN_CODING = 0x010, /* a coding other than chunked */
    SEEN_CLOSE = 0x020,          /* Connection: close */
    SEEN_KEEP_ALIVE = 0x040,     /* Connection: keep-alive */
    SEEN_CONTINUE = 0x080,       /* Expect: 100-continue */
    SEEN_EXPECTATION = 0x100,    /* Expect: something else */
    SEEN_AUTHORITY = 0x200,      /* the target names the authority */
};

/* One call of feed. */
typedef struct isere_http_scan {
    isere_http_parser_t *parser;
    isere_http_request_t *request;
    char *buf;
    uint32_t end; /* bytes in buf */
} isere_http_scan_t;

/* Notes a refusal and returns ISERE_HTTP_BAD. `reason` is constant. */
int isere__parser_bad(isere_http_parser_t *p, uint16_t status,
                      const char *reason);

/* Takes a complete request line's target apart. 0 or ISERE_HTTP_BAD. */
int isere__target_split(isere_http_parser_t *p, isere_http_request_t *r);

/* Whether `s` is uri-host [":" port]; with `port`, a port must be there. */
bool isere__target_is_authority(isere_slice_t s, bool port);

/* Acts on a field that matters to the connection. 0 or ISERE_HTTP_BAD. */
int isere__framing_field(isere_http_parser_t *p, isere_http_request_t *r,
                         isere_http_field_t *field);

/* Decides at the head's end how the body comes. 0 or ISERE_HTTP_BAD. */
int isere__framing_end(isere_http_parser_t *p, isere_http_request_t *r);

/*
 * Decodes chunks until the bytes end or the trailers begin
 * (STATE_FIELD_START). 0 or ISERE_HTTP_BAD.
 */
int isere__chunked_feed(const isere_http_scan_t *s);

#endif
