/*
 * Which ASCII characters a URL component may hold as they are: the
 * percent-encode sets and the forbidden host code points of the WHATWG URL
 * standard (sections 1.3 and 3.1). Pure functions; any thread.
 */
#ifndef ISERE_CORE_WEB_URL_URL_CODES_H
#define ISERE_CORE_WEB_URL_URL_CODES_H

#include <stdbool.h>
#include <stdint.h>

/* Sets of characters, one bit each; isere_url_in_set takes one of them. */
enum {
    ISERE_URL_C0_CONTROL = 0, /* controls and everything beyond ASCII only */
    ISERE_URL_FRAGMENT = 1,
    ISERE_URL_QUERY = 2,
    ISERE_URL_SPECIAL_QUERY = 4,
    ISERE_URL_PATH = 8,
    ISERE_URL_USERINFO = 16,
    ISERE_URL_FORM_SAFE = 32,      /* kept by x-www-form-urlencoded */
    ISERE_URL_FORBIDDEN_HOST = 64, /* except for the controls */
    ISERE_URL_FORBIDDEN_DOMAIN = 128,
};

/* The table behind the functions below: the bits of printable ASCII. */
extern const uint8_t isere__url_sets[96];

/* Whether a byte outside of 0x20 to 0x7e: in every percent-encode set. */
static inline bool isere__url_is_control(uint8_t c)
{
    return c < 0x20 || c > 0x7e;
}

/* Whether a byte must be percent-encoded under the given set. */
static inline bool isere__url_encodes(uint8_t c, unsigned set)
{
    return isere__url_is_control(c) || (isere__url_sets[c - 0x20] & set) != 0;
}

/* Whether the bits of a printable ASCII character hold `set`. */
static inline bool isere__url_has(uint8_t c, unsigned set)
{
    return !isere__url_is_control(c) && (isere__url_sets[c - 0x20] & set) != 0;
}

static inline bool isere__url_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool isere__url_is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline uint8_t isere__url_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int isere__url_hex(uint8_t c)
{
    if (isere__url_is_digit(c)) {
        return c - '0';
    }
    c = isere__url_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
