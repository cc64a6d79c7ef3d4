/* Query strings and Cookie fields, cut into their parts. */
#include "core/http/query.h"
#include "core/http/chars.h"

/* Takes everything up to the separator (which is dropped) off `rest`. */
static isere_slice_t take_part(isere_slice_t *rest, char separator)
{
    const char *end = memchr(rest->ptr, separator, rest->len);
    isere_slice_t part = *rest;
    if (!end) {
        *rest = isere_slice_of(rest->ptr + rest->len, 0);
        return part;
    }
    part.len = (size_t)(end - rest->ptr);
    *rest = isere_slice_of(end + 1, rest->len - part.len - 1);
    return part;
}

bool isere_http_query_next(isere_slice_t *rest, isere_slice_t *name,
                           isere_slice_t *value)
{
    while (rest->len > 0) {
        isere_slice_t part = take_part(rest, '&');
        if (part.len == 0) {
            continue;
        }
        *name = take_part(&part, '=');
        *value = part;
        return true;
    }
    return false;
}

/* More lenient than RFC 6265: what is between two semicolons is one cookie,
 * with or without "=", as browsers send it. */
bool isere_http_cookie_next(isere_slice_t *rest, isere_slice_t *cookie)
{
    while (rest->len > 0) {
        *cookie = isere_http_trim(take_part(rest, ';'));
        if (cookie->len > 0) {
            return true;
        }
    }
    return false;
}
