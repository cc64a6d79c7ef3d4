/*
 * Which bytes may stand where in an HTTP message, and comparison of names
 * without regard to case. Pure functions over a constant table; any thread.
 */
#ifndef ISERE_CORE_HTTP_CHARS_H
#define ISERE_CORE_HTTP_CHARS_H

#include "isere/slice.h"
#include <stdbool.h>
#include <stdint.h>

/* Classes of bytes; each is one bit of isere_http_chars[]. */
enum {
    /* tchar, RFC 9110 section 5.6.2: methods and field names */
    ISERE_HTTP_TOKEN = 0x01,
    /* field-vchar, SP and HTAB, RFC 9110 section 5.5 */
    ISERE_HTTP_VALUE = 0x02,
    /*
     * pchar, '/' and the '%' of an escape, RFC 3986 section 3.3; and also
     * [ ] ^ |, which URL implementations send unescaped in a path (WHATWG
     * URL, path percent-encode set). Not '?', which ends the path.
     */
    ISERE_HTTP_PATH = 0x04,
    /*
     * pchar, '/', '?' and '%', RFC 3986 section 3.4; and also [ ] \ ^ ` { | },
     * which browsers and fetch send unescaped in a query, as in ?a[b]=c
     * (WHATWG URL, query percent-encode set).
     */
    ISERE_HTTP_QUERY = 0x08,
    /* unreserved and sub-delims, RFC 3986 section 3.2.2: a host's name */
    ISERE_HTTP_HOST = 0x10,
    ISERE_HTTP_HEX = 0x20,
    /* qdtext, RFC 9110 section 5.6.4: inside a quoted string */
    ISERE_HTTP_QDTEXT = 0x40,
    ISERE_HTTP_DIGIT = 0x80,
};

extern const uint8_t isere_http_chars[256];

/* Whether byte `c` belongs to one of the classes in `mask`. */
static inline bool isere_http_is(char c, unsigned mask)
{
    return (isere_http_chars[(uint8_t)c] & mask) != 0;
}

/* OWS of RFC 9110 section 5.6.3. */
static inline bool isere_http_is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The value of a hexadecimal digit; `c` must be one. */
unsigned isere_http_hex(char c);

/* Whether all bytes of `s` belong to a class of `mask` (true when empty). */
bool isere_http_all(isere_slice_t s, unsigned mask);

/* Whether `s` equals a text given in lower case, ASCII case ignored. */
bool isere_http_equals(isere_slice_t s, const char *lower);

/* `s` without white space (SP, HTAB) at both ends. Borrowed from `s`. */
isere_slice_t isere_http_trim(isere_slice_t s);

/*
 * Takes the next element off a comma-separated list (RFC 9110 section 5.6.1)
 * and trims it; `list` is advanced past it. Returns false when none is left.
 * Elements may be empty. An empty list has one empty element.
 * Start with list->ptr not NULL; it is NULL after the last element.
 */
bool isere_http_next(isere_slice_t *list, isere_slice_t *element);

#endif
