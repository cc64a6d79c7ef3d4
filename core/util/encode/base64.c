/* Base64 with a table for each direction. */
#include "core/util/encode/base64.h"

#include <stdbool.h>

/* RFC 4648, section 4: not the alphabet for URLs. */
static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a character means: its six bits, or one of these. */
enum { BAD = 0x80, SPACE = 0x81, PADDING = 0x82 };

#define X BAD
static const uint8_t meaning[256] = {
    X,  X,  X,  X,  X,     X,       X,  X,  X,  SPACE, SPACE, X,  SPACE, SPACE,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  SPACE, X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  62, X,  X,  X,     63,      52, 53, 54, 55,    56,    57, 58,    59,
    60, 61, X,  X,  X,     PADDING, X,  X,  X,  0,     1,     2,  3,     4,
    5,  6,  7,  8,  9,     10,      11, 12, 13, 14,    15,    16, 17,    18,
    19, 20, 21, 22, 23,    24,      25, X,  X,  X,     X,     X,  X,     26,
    27, 28, 29, 30, 31,    32,      33, 34, 35, 36,    37,    38, 39,    40,
    41, 42, 43, 44, 45,    46,      47, 48, 49, 50,    51,    X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,  X,     X,       X,  X,  X,  X,     X,     X,  X,     X,
    X,  X,  X,  X,
};
#undef X

size_t isere_base64_encode(const void *bytes, size_t len, char *out)
{
    const uint8_t *p = bytes;
    char *start = out;
    for (; len >= 3; len -= 3, p += 3) {
        uint32_t group = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 0x3f];
        *out++ = alphabet[group >> 6 & 0x3f];
        *out++ = alphabet[group & 0x3f];
    }
    if (len > 0) {
        uint32_t group = (uint32_t)p[0] << 16 | (len > 1 ? p[1] << 8 : 0);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 0x3f];
        *out++ = len > 1 ? alphabet[group >> 6 & 0x3f] : '=';
        *out++ = '=';
    }
    return (size_t)(out - start);
}

/* Decodes the groups of four without spaces or padding at the start of the
 * text, the usual case; returns the characters taken. */
static size_t decode_groups(const uint8_t *text, size_t len, uint8_t **out)
{
    uint8_t *o = *out;
    size_t i = 0;
    for (; len - i >= 4; i += 4) {
        uint8_t a = meaning[text[i]];
        uint8_t b = meaning[text[i + 1]];
        uint8_t c = meaning[text[i + 2]];
        uint8_t d = meaning[text[i + 3]];
        uint32_t group;
        /* One test for four: the special values all have this bit. */
        if ((a | b | c | d) & BAD) {
            break;
        }
        group = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;
        *o++ = (uint8_t)(group >> 16);
        *o++ = (uint8_t)(group >> 8);
        *o++ = (uint8_t)group;
    }
    *out = o;
    return i;
}

/* Writes what the last, incomplete group of `digits` digits holds. Bits
 * beyond the last byte are dropped, zero or not. */
static uint8_t *decode_rest(uint32_t group, unsigned digits, uint8_t *out)
{
    if (digits == 2) {
        *out++ = (uint8_t)(group >> 4);
    } else if (digits == 3) {
        *out++ = (uint8_t)(group >> 10);
        *out++ = (uint8_t)(group >> 2);
    }
    return out;
}

/* The forgiving decode of WHATWG's Infra Standard: spaces are skipped, and
 * padding may be absent. `out` needs no more than three quarters of the
 * text. */
long isere_base64_decode(const char *text, size_t len, void *out)
{
    const uint8_t *p = (const uint8_t *)text;
    uint8_t *o = out;
    uint32_t group = 0;
    unsigned digits = 0; /* in the current group */
    unsigned padding = 0;
    size_t i = decode_groups(p, len, &o);
    /* What is left: the last group, and everything behind the first space. */
    for (; i < len; i++) {
        uint8_t m = meaning[p[i]];
        if (m == SPACE) {
            continue;
        }
        if (m == PADDING) {
            padding++;
            continue;
        }
        /* Nothing may follow padding but more of it, and spaces. */
        if (m == BAD || padding > 0) {
            return -1;
        }
        group = group << 6 | m;
        if (++digits == 4) {
            *o++ = (uint8_t)(group >> 16);
            *o++ = (uint8_t)(group >> 8);
            *o++ = (uint8_t)group;
            digits = 0;
            group = 0;
        }
    }
    /* Padding must make the last group four long, or be absent. */
    if (digits == 1 || padding > 2 ||
        (padding > 0 && (digits == 0 || digits + padding != 4))) {
        return -1;
    }
    o = decode_rest(group, digits, o);
    return (long)(o - (uint8_t *)out);
}
