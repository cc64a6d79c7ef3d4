/* IPv6 addresses in URLs: parser and serialiser of WHATWG URL section 3.5, so
 * that one address has one text (RFC 5952). */
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

typedef struct ipv6 {
    uint16_t pieces[8];
    int count;    /* pieces read so far */
    int compress; /* where "::" stood, -1 when it did not */
} ipv6_t;

/* "::" stands for one piece at least. */
static int most_pieces(const ipv6_t *a)
{
    return a->compress < 0 ? 8 : 7;
}

/* Reads up to four hexadecimal digits; returns where it stopped. Four at most:
 * a fifth digit is found where a ':' should be. */
static const char *read_piece(const char *p, const char *end, unsigned *value)
{
    int digit;
    *value = 0;
    for (int n = 0; n < 4 && p < end; n++, p++) {
        digit = isere__url_hex((uint8_t)*p);
        if (digit < 0) {
            break;
        }
        *value = *value * 16 + (unsigned)digit;
    }
    return p;
}

/* One decimal byte without leading zeros, which some read as octal; NULL when
 * it is none. */
static const char *read_byte(const char *p, const char *end, unsigned *value)
{
    const char *start = p;
    *value = 0;
    while (p < end && isere__url_is_digit((uint8_t)*p)) {
        if (p > start && *value == 0) {
            return NULL;
        }
        *value = *value * 10 + (unsigned)(*p - '0');
        if (*value > 255) {
            return NULL;
        }
        p++;
    }
    return p > start ? p : NULL;
}

/* The IPv4 address that an IPv6 address may end with: two pieces. Two bytes to
 * a piece, from the left. */
static bool read_ipv4_tail(ipv6_t *a, const char *p, const char *end)
{
    if (a->count > most_pieces(a) - 2) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if (i > 0) {
            if (p == end || *p != '.') {
                return false;
            }
            p++;
        }
        p = read_byte(p, end, &value);
        if (!p) {
            return false;
        }
        uint16_t *piece = &a->pieces[a->count + i / 2];
        *piece = (uint16_t)(*piece * 256u + value);
    }
    a->count += 2;
    return p == end;
}

/* Moves the pieces behind "::" to the end. */
static bool expand(ipv6_t *a)
{
    if (a->compress < 0) {
        return a->count == 8;
    }
    int behind = a->count - a->compress;
    for (int i = 0; i < behind; i++) {
        uint16_t piece = a->pieces[a->count - 1 - i];
        a->pieces[a->count - 1 - i] = 0;
        a->pieces[7 - i] = piece;
    }
    return true;
}

/* What follows a piece; false when it can't. A colon at the end is not enough:
 * "1:" is no address, "1::" is. */
static bool after_piece(ipv6_t *a, const char **p, const char *end)
{
    if (*p == end) {
        return true;
    }
    if (**p != ':' || ++*p == end) {
        return false;
    }
    if (**p == ':') {
        if (a->compress >= 0 || a->count == 8) {
            return false;
        }
        ++*p;
        a->compress = a->count;
    }
    return true;
}

/* A '.' after a number shows that it is the first one of an IPv4 address: it is
 * read again as such. */
static bool parse_ipv6(ipv6_t *a, const char *p, const char *end)
{
    if (p < end && *p == ':') {
        if (end - p < 2 || p[1] != ':') {
            return false;
        }
        p += 2;
        a->compress = 0;
    }
    while (p < end) {
        unsigned value;
        const char *start = p;
        if (a->count == most_pieces(a)) {
            return false;
        }
        p = read_piece(p, end, &value);
        if (p < end && *p == '.') {
            return p > start && read_ipv4_tail(a, start, end) && expand(a);
        }
        if (p == start) {
            return false;
        }
        a->pieces[a->count++] = (uint16_t)value;
        if (!after_piece(a, &p, end)) {
            return false;
        }
    }
    return expand(a);
}

/* The first of the longest runs of zeros; length 1 does not count (RFC 5952
 * section 4.2). */
static int longest_run(const uint16_t *pieces, int *len)
{
    int best = -1;
    *len = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && pieces[i + n] == 0) {
            n++;
        }
        if (n > *len) {
            best = i;
            *len = n;
        }
        i += n;
    }
    return best;
}

/* Pieces in lower-case hexadecimal without leading zeros, "::" for the longest
 * run of zeros. */
int isere__url_put_ipv6(isere_url_builder_t *b, isere_slice_t text)
{
    ipv6_t a = {.compress = -1};
    if (!parse_ipv6(&a, text.ptr, text.ptr + text.len)) {
        return ISERE_ERR_INVAL;
    }
    int run;
    int zeros = longest_run(a.pieces, &run);
    isere__url_put(b, '[');
    for (int i = 0; i < 8; i++) {
        if (i == zeros) {
            isere__url_put_bytes(b, "::", i == 0 ? 2 : 1);
            i += run - 1;
            continue;
        }
        isere__url_put_number(b, a.pieces[i], 16);
        if (i < 7) {
            isere__url_put(b, ':');
        }
    }
    isere__url_put(b, ']');
    return 0;
}
