/* Segments of paths, of routes and of requests alike. A path is split at the
 * slashes that were sent, and percent escapes are decoded afterwards, so an
 * encoded slash (%2F) never separates segments. */
#include "core/http/chars.h"
#include "core/route/route_internal.h"

bool isere__route_next(isere_slice_t *rest, isere_slice_t *segment)
{
    if (rest->len < 2) {
        return false;
    }
    const char *start = rest->ptr + 1;
    const char *slash = memchr(start, '/', rest->len - 1);
    size_t len = slash ? (size_t)(slash - start) : rest->len - 1;
    *segment = isere_slice_of(start, len);
    *rest = isere_slice_of(start + len, rest->len - 1 - len);
    return true;
}

/* "{}" is a literal: it has no name; the check of routes refuses it. */
isere__route_kind_t isere__route_kind(isere_slice_t segment,
                                      isere_slice_t *name)
{
    if (segment.len < 3 || segment.ptr[0] != '{') {
        return ISERE_ROUTE_LITERAL;
    }
    bool greedy = segment.ptr[segment.len - 2] == '+';
    *name = isere_slice_of(segment.ptr + 1, segment.len - 2 - greedy);
    return greedy ? ISERE_ROUTE_GREEDY : ISERE_ROUTE_PARAMETER;
}

/* A % that is not followed by two digits stands for itself. */
unsigned char isere__route_byte(isere_slice_t *text)
{
    const char *p = text->ptr;
    size_t taken = 1;
    unsigned byte = (unsigned char)p[0];
    if (p[0] == '%' && text->len > 2 && isere_http_is(p[1], ISERE_HTTP_HEX) &&
        isere_http_is(p[2], ISERE_HTTP_HEX)) {
        byte = isere_http_hex(p[1]) * 16 + isere_http_hex(p[2]);
        taken = 3;
    }
    text->ptr += taken;
    text->len -= taken;
    return (unsigned char)byte;
}

bool isere__route_same(isere_slice_t a, isere_slice_t b)
{
    while (a.len > 0 && b.len > 0) {
        if (isere__route_byte(&a) != isere__route_byte(&b)) {
            return false;
        }
    }
    return a.len == b.len;
}

/* FNV-1a. Nobody can fill the table with collisions: what is in it comes from
 * those who may deploy. */
uint32_t isere__route_hash(isere_slice_t segment)
{
    uint32_t hash = 2166136261u;
    while (segment.len > 0) {
        hash = (hash ^ isere__route_byte(&segment)) * 16777619u;
    }
    return hash;
}
