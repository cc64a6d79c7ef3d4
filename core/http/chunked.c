/*
 * The chunked transfer coding: RFC 9112 section 7.1.
 *
 * Data is moved down to the end of the body so far; all else is dropped once
 * it is read. What a client can send beside the data is bounded: a size has at
 * most 16 digits, every chunk but the last holds data, and extensions and
 * trailers together have the same budget as a head.
 */
#include "core/http/chars.h"
#include "core/http/parser_internal.h"

#define MAX_SIZE_DIGITS 16

static int malformed(isere_http_parser_t *p)
{
    return isere__parser_bad(p, 400,
                             p->state >= STATE_EXT_START
                                 ? "malformed chunk extension"
                                 : "malformed chunk");
}

/* The end of a chunk's first line, an extension, or white space before one. */
static int end_token(isere_http_parser_t *p, char c, uint8_t space_state)
{
    if (c == '\r') {
        p->state = STATE_CHUNK_SIZE_LF;
    } else if (c == ';') {
        p->state = STATE_EXT_NAME_START;
    } else if (isere_http_is_space(c)) {
        p->state = space_state;
    } else {
        return malformed(p);
    }
    return 0;
}

/* chunk-size = 1*HEXDIG. The limit is checked digit by digit, so that no
 * value can overflow (section 7.1) and nothing too large is waited for. */
static int read_size(const isere_http_scan_t *s, char c)
{
    isere_http_parser_t *p = s->parser;
    if (!isere_http_is(c, ISERE_HTTP_HEX)) {
        if (p->digits == 0) {
            return isere__parser_bad(p, 400, "chunk without a size");
        }
        return end_token(p, c, STATE_EXT_START);
    }
    if (p->digits == MAX_SIZE_DIGITS) {
        return isere__parser_bad(p, 400, "chunk size has too many digits");
    }
    uint64_t size = (uint64_t)p->chunk_left * 16 + isere_http_hex(c);
    if (size > p->limits.max_body - s->request->body.len) {
        return isere__parser_bad(p, 413, "body too large");
    }
    p->digits++;
    p->chunk_left = (uint32_t)size;
    return 0;
}

/* Moves on when `c` is what must come now. */
static int expect(isere_http_parser_t *p, char c, char wanted, uint8_t next)
{
    if (c != wanted) {
        return malformed(p);
    }
    p->state = next;
    return 0;
}

/* The first byte of an extension's name or value. */
static int begin_token(isere_http_parser_t *p, char c, uint8_t next)
{
    if (isere_http_is_space(c)) {
        return 0;
    }
    if (!isere_http_is(c, ISERE_HTTP_TOKEN)) {
        return malformed(p);
    }
    p->state = next;
    return 0;
}

/*
 * chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ),
 * section 7.1.1. They mean nothing to us, but must be well-formed: what ends
 * a line for us ends it for everybody.
 */
static int read_extension(isere_http_parser_t *p, char c)
{
    switch (p->state) {
    case STATE_EXT_START:
        return isere_http_is_space(c) ? 0
                                      : expect(p, c, ';', STATE_EXT_NAME_START);
    case STATE_EXT_NAME_START:
        return begin_token(p, c, STATE_EXT_NAME);
    case STATE_EXT_NAME:
        if (isere_http_is(c, ISERE_HTTP_TOKEN)) {
            return 0;
        }
        if (c == '=') {
            p->state = STATE_EXT_VALUE_START;
            return 0;
        }
        return end_token(p, c, STATE_EXT_NAME_END);
    case STATE_EXT_NAME_END:
        if (isere_http_is_space(c)) {
            return 0;
        }
        return c == '=' ? expect(p, c, '=', STATE_EXT_VALUE_START)
                        : expect(p, c, ';', STATE_EXT_NAME_START);
    case STATE_EXT_VALUE_START:
        if (c == '"') {
            p->state = STATE_EXT_QUOTED;
            return 0;
        }
        return begin_token(p, c, STATE_EXT_VALUE);
    case STATE_EXT_VALUE:
        return isere_http_is(c, ISERE_HTTP_TOKEN)
                   ? 0
                   : end_token(p, c, STATE_EXT_START);
    case STATE_EXT_QUOTED: /* quoted-string, RFC 9110 section 5.6.4 */
        if (isere_http_is(c, ISERE_HTTP_QDTEXT)) {
            return 0;
        }
        return c == '\\' ? expect(p, c, '\\', STATE_EXT_ESCAPE)
                         : expect(p, c, '"', STATE_EXT_VALUE_END);
    case STATE_EXT_ESCAPE:
        p->state = STATE_EXT_QUOTED;
        return isere_http_is(c, ISERE_HTTP_VALUE) ? 0 : malformed(p);
    default: /* STATE_EXT_VALUE_END */
        return end_token(p, c, STATE_EXT_START);
    }
}

/* A byte of an extension, counted: section 7.1.1 asks to limit them. */
static int count_extension(isere_http_parser_t *p, char c)
{
    if (p->budget == 0) {
        return isere__parser_bad(p, 413, "chunk extensions too long");
    }
    p->budget--;
    return read_extension(p, c);
}

/* The line of a size is complete: data follows, or after a 0 the trailers. */
static int begin_chunk(isere_http_parser_t *p, char c)
{
    p->digits = 0;
    return expect(p, c, '\n',
                  p->chunk_left > 0 ? STATE_CHUNK_DATA : STATE_FIELD_START);
}

static int read_byte(const isere_http_scan_t *s, char c)
{
    isere_http_parser_t *p = s->parser;
    switch (p->state) {
    case STATE_CHUNK_SIZE:
        return read_size(s, c);
    case STATE_CHUNK_SIZE_LF:
        return begin_chunk(p, c);
    case STATE_CHUNK_DATA_CR:
        return expect(p, c, '\r', STATE_CHUNK_DATA_LF);
    case STATE_CHUNK_DATA_LF:
        return expect(p, c, '\n', STATE_CHUNK_SIZE);
    default:
        return count_extension(p, c);
    }
}

/* Appends what is there of the chunk's data to the body. */
static void move_data(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    isere_span_t *body = &s->request->body;
    uint32_t n = s->end - p->pos;
    n = n < p->chunk_left ? n : p->chunk_left;
    memmove(s->buf + body->off + body->len, s->buf + p->pos, n);
    body->len += n;
    p->pos += n;
    p->chunk_left -= n;
    if (p->chunk_left == 0) {
        p->state = STATE_CHUNK_DATA_CR;
    }
}

int isere__chunked_feed(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    while (p->pos < s->end && p->state >= STATE_LINES_END) {
        if (p->state == STATE_CHUNK_DATA) {
            move_data(s);
            continue;
        }
        int error = read_byte(s, s->buf[p->pos]);
        if (error != 0) {
            return error;
        }
        p->pos++;
    }
    return 0;
}
