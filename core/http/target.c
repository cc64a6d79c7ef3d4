/* The request target and the authority: RFC 9112 section 3.2. */
#include "core/http/chars.h"
#include "core/http/parser_internal.h"

/* port = *DIGIT, RFC 3986 section 3.2.3; no more than TCP has. */
static bool port_valid(isere_slice_t port)
{
    uint32_t value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!isere_http_is(port.ptr[i], ISERE_HTTP_DIGIT)) {
            return false;
        }
        value = value * 10 + isere_http_hex(port.ptr[i]);
        if (value > 65535) {
            return false;
        }
    }
    return true;
}

/* reg-name (which IPv4 addresses match too), RFC 3986 section 3.2.2. */
static bool name_valid(isere_slice_t host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (isere_http_is(host.ptr[i], ISERE_HTTP_HOST)) {
            continue;
        }
        if (host.ptr[i] != '%' || host.len - i < 3 ||
            !isere_http_all(isere_slice_of(host.ptr + i + 1, 2),
                            ISERE_HTTP_HEX)) {
            return false;
        }
        i += 2;
    }
    return host.len > 0;
}

/*
 * The inside of "[...]": only the characters of an IPv6 address are checked,
 * since nothing here connects to it. IPvFuture and zones are refused.
 */
static bool ipv6_valid(isere_slice_t host)
{
    unsigned colons = 0;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        colons += c == ':';
        if (c != ':' && c != '.' && !isere_http_is(c, ISERE_HTTP_HEX)) {
            return false;
        }
    }
    return colons >= 2 && host.len <= 45;
}

bool isere__target_is_authority(isere_slice_t s, bool port)
{
    isere_slice_t rest;
    if (s.len > 0 && s.ptr[0] == '[') {
        const char *close = memchr(s.ptr, ']', s.len);
        if (close == NULL || !ipv6_valid(isere_slice_of(
                                 s.ptr + 1, (size_t)(close - s.ptr) - 1))) {
            return false;
        }
        size_t used = (size_t)(close - s.ptr) + 1;
        rest = isere_slice_of(s.ptr + used, s.len - used);
    } else {
        const char *colon = s.len > 0 ? memchr(s.ptr, ':', s.len) : NULL;
        size_t used = colon ? (size_t)(colon - s.ptr) : s.len;
        if (!name_valid(isere_slice_of(s.ptr, used))) {
            return false;
        }
        rest = isere_slice_of(s.ptr + used, s.len - used);
    }
    if (rest.len == 0) {
        return !port;
    }
    return rest.ptr[0] == ':' && (rest.len > 1 || !port) &&
           port_valid(isere_slice_of(rest.ptr + 1, rest.len - 1));
}

/* Length of "http://" or "https://" at the start of `s`, or 0. Schemes have
 * no case, RFC 3986 section 3.1. */
static uint32_t scheme_length(isere_slice_t s)
{
    if (s.len >= 7 && isere_http_equals(isere_slice_of(s.ptr, 7), "http://")) {
        return 7;
    }
    if (s.len >= 8 && isere_http_equals(isere_slice_of(s.ptr, 8), "https://")) {
        return 8;
    }
    return 0;
}

/*
 * absolute-form, section 3.2.2. The host must not be empty (RFC 9110 section
 * 4.2.1) and there must be no user information (section 4.2.4): '@' is no
 * character of a host.
 */
static int take_absolute(isere_http_parser_t *p, isere_http_request_t *r)
{
    isere_slice_t s = isere_http_slice(r, r->path);
    uint32_t scheme = scheme_length(s);
    if (scheme == 0) {
        return isere__parser_bad(p, 400, "invalid form of request target");
    }
    const char *slash =
        s.len > scheme ? memchr(s.ptr + scheme, '/', s.len - scheme) : NULL;
    uint32_t stop = slash ? (uint32_t)(slash - s.ptr) : r->path.len;
    r->authority.off = r->path.off + scheme;
    r->authority.len = stop - scheme;
    if (!isere__target_is_authority(isere_http_slice(r, r->authority), false)) {
        return isere__parser_bad(p, 400, "invalid host in request target");
    }
    r->path.off += stop;
    r->path.len -= stop;
    p->seen |= SEEN_AUTHORITY;
    return 0;
}

/* authority-form, section 3.2.3: host and port, only with CONNECT. */
static int take_authority(isere_http_parser_t *p, isere_http_request_t *r)
{
    isere_slice_t target = isere_http_slice(r, r->target);
    if (!isere__target_is_authority(target, true)) {
        return isere__parser_bad(p, 400, "CONNECT without host and port");
    }
    r->authority = r->target;
    r->path.len = 0;
    p->seen |= SEEN_AUTHORITY;
    return 0;
}

int isere__target_split(isere_http_parser_t *p, isere_http_request_t *r)
{
    r->authority.off = r->target.off;
    r->authority.len = 0;
    r->nfields = 0;
    r->body.off = 0;
    r->body.len = 0;
    if (p->is_connect) {
        return take_authority(p, r);
    }
    if (r->base[r->target.off] == '/') {
        return 0; /* origin-form, section 3.2.1 */
    }
    if (r->target.len == 1 && r->base[r->target.off] == '*') {
        /* asterisk-form, section 3.2.4 */
        if (isere_slice_is(isere_http_slice(r, r->method), "OPTIONS")) {
            return 0;
        }
        return isere__parser_bad(p, 400, "target '*' is for OPTIONS only");
    }
    return take_absolute(p, r);
}
