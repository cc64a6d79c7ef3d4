/*
 * The basic URL parser (section 4.4 of the URL standard), and the getters.
 *
 * The standard's state machine reads a character at a time and collects
 * components in a record. Here each state is a function over the rest of the
 * input, and writes its component straight into the serialisation, because
 * components come in the same order in both. Comments name the states.
 */
#include "core/web/url/url_parser.h"
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

typedef struct parser {
    isere_url_builder_t b;
    const isere_url_t *base; /* or NULL */
    const char *p;           /* the rest of the input */
    const char *end;
    isere_url_scheme_t scheme;
} parser_t;

static bool is_special(const parser_t *ps)
{
    return ps->scheme != ISERE_URL_NOT_SPECIAL;
}

/* Whether `p` points to a slash as this scheme has them. */
static bool at_slash(const parser_t *ps, const char *p)
{
    return p < ps->end && (*p == '/' || (*p == '\\' && is_special(ps)));
}

static bool at(const parser_t *ps, char c)
{
    return ps->p < ps->end && *ps->p == c;
}

static const char *find(const char *p, const char *end, char c)
{
    const char *found = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return found ? found : end;
}

/* Query and fragment: the end of every URL */

static void put_fragment(parser_t *ps)
{
    ps->b.url.fragment_start = ps->b.url.len;
    if (at(ps, '#')) {
        isere_slice_t rest =
            isere_slice_of(ps->p + 1, (size_t)(ps->end - ps->p - 1));
        isere__url_put(&ps->b, '#');
        isere__url_put_encoded(&ps->b, rest, ISERE_URL_FRAGMENT);
    }
}

static void put_query_and_fragment(parser_t *ps)
{
    ps->b.url.query_start = ps->b.url.len;
    if (at(ps, '?')) {
        const char *stop = find(ps->p, ps->end, '#');
        isere__url_put(&ps->b, '?');
        isere__url_put_encoded(
            &ps->b, isere_slice_of(ps->p + 1, (size_t)(stop - ps->p - 1)),
            is_special(ps) ? ISERE_URL_SPECIAL_QUERY : ISERE_URL_QUERY);
        ps->p = stop;
    }
    put_fragment(ps);
}

/* "Path state": the slash before the first segment is consumed. */
static int parse_path(parser_t *ps)
{
    ps->p = isere__url_put_path(&ps->b, ps->p, ps->end, ps->scheme, false);
    isere__url_end_path(&ps->b);
    put_query_and_fragment(ps);
    return 0;
}

static int parse_path_start(parser_t *ps)
{
    ps->p =
        isere__url_put_path_start(&ps->b, ps->p, ps->end, ps->scheme, false);
    isere__url_end_path(&ps->b);
    put_query_and_fragment(ps);
    return 0;
}

/* "Opaque path state". Kept as it is but for controls: no segments, no dots. */
static int parse_opaque_path(parser_t *ps)
{
    const char *stop = find(ps->p, find(ps->p, ps->end, '#'), '?');
    /* A space at the end would be lost when query and fragment go away. */
    bool space = stop < ps->end && stop > ps->p && stop[-1] == ' ';
    isere__url_put_encoded(
        &ps->b, isere_slice_of(ps->p, (size_t)(stop - ps->p) - space),
        ISERE_URL_C0_CONTROL);
    if (space) {
        isere__url_put_bytes(&ps->b, "%20", 3);
    }
    ps->p = stop;
    put_query_and_fragment(ps);
    return 0;
}

/* What base and relative reference share when only a query or a fragment or
 * nothing is given. -1 when there is more: then only the path was copied, and
 * the caller goes on from there. */
static int parse_same_path(parser_t *ps)
{
    isere__url_copy_path(&ps->b, ps->base);
    if (ps->p < ps->end && *ps->p != '?' && *ps->p != '#') {
        return -1;
    }
    isere__url_end_path(&ps->b);
    if (at(ps, '?')) {
        put_query_and_fragment(ps);
        return 0;
    }
    isere__url_copy_query(&ps->b, ps->base);
    put_fragment(ps);
    return 0;
}

/* Authority */

/* The first colon outside of brackets, or `end`: an IPv6 address is full of
 * colons. */
static const char *find_port(const char *p, const char *end)
{
    bool inside = false;
    for (; p < end && (inside || *p != ':'); p++) {
        inside = *p == '[' || (inside && *p != ']');
    }
    return p;
}

/* "Port state": p is behind the colon. No digits at all are no port, not an
 * error. Checked digit by digit, so that no number of zeros or nines
 * overflows. */
static int parse_port(parser_t *ps, const char *p, const char *end)
{
    unsigned port = 0;
    if (p == end) {
        return 0;
    }
    for (; p < end; p++) {
        if (!isere__url_is_digit((uint8_t)*p)) {
            return ISERE_ERR_INVAL;
        }
        port = port * 10 + (unsigned)(*p - '0');
        if (port > 65535) {
            return ISERE_ERR_INVAL;
        }
    }
    isere__url_put_port(&ps->b, ps->scheme, port);
    return 0;
}

/* Everything before the last @. Only the first colon divides it; other ones are
 * part of the password and get encoded. */
static void put_userinfo(parser_t *ps, const char *p, const char *last_at)
{
    const char *colon = find(p, last_at, ':');
    const char *password = colon < last_at ? colon + 1 : last_at;
    isere__url_put_credentials(
        &ps->b, isere_slice_of(p, (size_t)(colon - p)),
        isere_slice_of(password, (size_t)(last_at - password)));
}

/* "Authority state" and the states it leads to; the slashes are consumed. */
static int parse_authority(parser_t *ps)
{
    const char *p = ps->p;
    const char *last_at = NULL;
    const char *stop = p;
    for (; stop < ps->end && !at_slash(ps, stop); stop++) {
        if (*stop == '?' || *stop == '#') {
            break;
        }
        last_at = *stop == '@' ? stop : last_at;
    }
    isere__url_begin_authority(&ps->b);
    if (last_at) {
        put_userinfo(ps, p, last_at);
        p = last_at + 1;
    }
    const char *colon = find_port(p, stop);
    /* An empty host: allowed only in URLs like "data://", and not with
     * credentials or a port. */
    if (colon == p && (last_at || colon < stop || is_special(ps))) {
        return ISERE_ERR_INVAL;
    }
    int error = isere__url_put_host(
        &ps->b, isere_slice_of(p, (size_t)(colon - p)), is_special(ps));
    if (error) {
        return error;
    }
    ps->b.url.host_end = ps->b.url.path_start = ps->b.url.len;
    error = colon < stop ? parse_port(ps, colon + 1, stop) : 0;
    if (error) {
        return error;
    }
    ps->p = stop;
    return parse_path_start(ps);
}

/* "Special authority ignore slashes state": "https:example.org" and
 * "https:////example.org" are the same URL. */
static int parse_special_authority(parser_t *ps)
{
    while (at_slash(ps, ps->p)) {
        ps->p++;
    }
    return parse_authority(ps);
}

/* Files */

static bool is_drive_letter(const char *p)
{
    return isere__url_is_alpha((uint8_t)p[0]) && (p[1] == ':' || p[1] == '|');
}

static bool starts_with_drive_letter(const char *p, const char *end)
{
    return end - p >= 2 && is_drive_letter(p) &&
           (end - p == 2 || p[2] == '/' || p[2] == '\\' || p[2] == '?' ||
            p[2] == '#');
}

/* Copies the drive letter that a base's path begins with. */
static void put_base_drive(parser_t *ps)
{
    const char *path = ps->base->href + ps->base->path_start;
    uint32_t len = ps->base->query_start - ps->base->path_start;
    if (len >= 3 && isere__url_is_alpha((uint8_t)path[1]) && path[2] == ':' &&
        (len == 3 || path[3] == '/')) {
        isere__url_put_bytes(&ps->b, path, 3);
    }
}

/* "File host state". "file://c:/x" is what people write for "file:///c:/x". */
static int parse_file_host(parser_t *ps)
{
    const char *stop = ps->p;
    while (stop < ps->end && !at_slash(ps, stop) && *stop != '?' &&
           *stop != '#') {
        stop++;
    }
    isere_slice_t host = isere_slice_of(ps->p, (size_t)(stop - ps->p));
    isere__url_begin_authority(&ps->b);
    if (host.len == 2 && is_drive_letter(host.ptr)) {
        return parse_path(ps); /* a mistyped path, not a host */
    }
    if (host.len > 0) {
        int error = isere__url_put_file_host(&ps->b, host);
        if (error) {
            return error;
        }
    }
    ps->p = stop;
    return parse_path_start(ps);
}

/* "File state" and "file slash state". A drive letter in the reference drops
 * the base's path; without one, a path from the root stays on the base's
 * drive. */
static int parse_file(parser_t *ps, bool base_is_file)
{
    bool slash = at_slash(ps, ps->p);
    if (slash) {
        ps->p++;
        if (at_slash(ps, ps->p)) {
            ps->p++;
            return parse_file_host(ps);
        }
    }
    if (!base_is_file) {
        isere__url_begin_authority(&ps->b);
        return parse_path(ps);
    }
    isere__url_copy_authority(&ps->b, ps->base);
    bool drive = starts_with_drive_letter(ps->p, ps->end);
    if (slash) {
        if (!drive) {
            put_base_drive(ps);
        }
        return parse_path(ps);
    }
    if (!drive) {
        if (parse_same_path(ps) == 0) {
            return 0;
        }
        /* A relative path: the base's last segment goes, as in RFC 3986 section
         * 5.2.3. */
        isere__url_shorten_path(&ps->b, ps->scheme);
    }
    return parse_path(ps);
}

/* Relative references */

/* "Relative state" and "relative slash state"; the scheme is written. */
static int parse_relative(parser_t *ps)
{
    if (at_slash(ps, ps->p)) {
        ps->p++;
        if (at_slash(ps, ps->p)) {
            ps->p++;
            return is_special(ps) ? parse_special_authority(ps)
                                  : parse_authority(ps);
        }
        isere__url_copy_authority(&ps->b, ps->base);
        return parse_path(ps);
    }
    isere__url_copy_authority(&ps->b, ps->base);
    if (parse_same_path(ps) == 0) {
        return 0;
    }
    isere__url_shorten_path(&ps->b, ps->scheme);
    return parse_path(ps);
}

/* "No scheme state". */
static int parse_without_scheme(parser_t *ps)
{
    const isere_url_t *base = ps->base;
    if (!base) {
        return ISERE_ERR_INVAL;
    }
    isere__url_copy_scheme(&ps->b, base);
    ps->scheme = isere__url_scheme_of(isere__url_protocol(base));
    /* Nothing is relative to "mailto:a@b" but a fragment. */
    if (isere__url_is_opaque(base)) {
        if (!at(ps, '#')) {
            return ISERE_ERR_INVAL;
        }
        isere__url_copy_path(&ps->b, base);
        isere__url_copy_query(&ps->b, base);
        put_fragment(ps);
        return 0;
    }
    return ps->scheme == ISERE_URL_FILE ? parse_file(ps, true)
                                        : parse_relative(ps);
}

/* The end of "scheme state": p is behind the colon. "https:foo" with an https
 * base is relative, for the sake of old pages. */
static int parse_after_scheme(parser_t *ps)
{
    const isere_url_t *base = ps->base;
    bool slashes = ps->end - ps->p >= 2 && memcmp(ps->p, "//", 2) == 0;
    isere_url_scheme_t base_scheme =
        base ? isere__url_scheme_of(isere__url_protocol(base))
             : ISERE_URL_NOT_SPECIAL;
    if (ps->scheme == ISERE_URL_FILE) {
        return parse_file(ps, base_scheme == ISERE_URL_FILE);
    }
    if (is_special(ps)) {
        return base_scheme == ps->scheme && !slashes
                   ? parse_relative(ps)
                   : parse_special_authority(ps);
    }
    if (slashes) {
        ps->p += 2;
        return parse_authority(ps);
    }
    if (at(ps, '/')) {
        ps->p++;
        return parse_path(ps);
    }
    return parse_opaque_path(ps);
}

/* "Scheme start state" and "scheme state". */
static int parse_start(parser_t *ps)
{
    isere_slice_t input = isere_slice_of(ps->p, (size_t)(ps->end - ps->p));
    size_t n = isere__url_scheme_length(input);
    if (n == 0 || n == input.len || input.ptr[n] != ':') {
        return parse_without_scheme(ps);
    }
    for (size_t i = 0; i <= n; i++) {
        isere__url_put(&ps->b, (char)isere__url_lower((uint8_t)input.ptr[i]));
    }
    isere__url_end_scheme(&ps->b);
    if (ps->b.error) {
        return 0;
    }
    ps->scheme = isere__url_scheme_of(isere__url_protocol(&ps->b.url));
    ps->p += n + 1;
    return parse_after_scheme(ps);
}

/* C0 controls and spaces at both ends (section 4.4, first steps). */
static isere_slice_t trim(isere_slice_t s)
{
    while (s.len > 0 && (uint8_t)s.ptr[0] <= ' ') {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (uint8_t)s.ptr[s.len - 1] <= ' ') {
        s.len--;
    }
    return s;
}

int isere__url_parse(const isere_url_memory_t *memory, isere_slice_t input,
                     const isere_url_t *base, isere_url_t *out)
{
    parser_t ps = {.base = base};
    isere_url_clean_t clean;
    int error = isere__url_clean(memory, trim(input), &clean);
    if (error) {
        return error;
    }
    ps.p = clean.p;
    ps.end = clean.end;
    size_t room = (size_t)(clean.end - clean.p);
    /* A relative reference takes about as much of its base. */
    isere__url_builder_init(&ps.b, memory, base ? room + base->len : room);
    error = ps.b.error ? ps.b.error : parse_start(&ps);
    isere__url_clean_free(memory, &clean);
    if (error) {
        isere__url_builder_drop(&ps.b);
        /* What stopped the parser may be the memory that was missing. */
        return ps.b.error ? ps.b.error : error;
    }
    return isere__url_builder_finish(&ps.b, out);
}

void isere__url_free(const isere_url_memory_t *memory, isere_url_t *url)
{
    if (url->href) {
        isere__url_resize(memory, url->href, 0);
    }
    memset(url, 0, sizeof(*url));
}

/* Getters */

static isere_slice_t part(const isere_url_t *url, uint32_t start, uint32_t end)
{
    return isere_slice_of(url->href + start, end - start);
}

isere_slice_t isere__url_href(const isere_url_t *url)
{
    return part(url, 0, url->len);
}

isere_slice_t isere__url_protocol(const isere_url_t *url)
{
    return part(url, 0, url->scheme_end);
}

/* Without credentials there is no '@', and the offsets say nothing. */
isere_slice_t isere__url_username(const isere_url_t *url)
{
    return isere__url_has_credentials(url)
               ? part(url, url->scheme_end + 2, url->username_end)
               : part(url, 0, 0);
}

isere_slice_t isere__url_password(const isere_url_t *url)
{
    /* Between the colon and the @, when both are there. */
    return isere__url_has_credentials(url) &&
                   url->host_start - url->username_end >= 2
               ? part(url, url->username_end + 1, url->host_start - 1)
               : part(url, 0, 0);
}

isere_slice_t isere__url_host(const isere_url_t *url)
{
    return isere__url_has_host(url)
               ? part(url, url->host_start, url->path_start)
               : part(url, 0, 0);
}

isere_slice_t isere__url_hostname(const isere_url_t *url)
{
    return part(url, url->host_start, url->host_end);
}

isere_slice_t isere__url_port(const isere_url_t *url)
{
    return isere__url_has_host(url) && url->path_start > url->host_end
               ? part(url, url->host_end + 1, url->path_start)
               : part(url, 0, 0);
}

isere_slice_t isere__url_pathname(const isere_url_t *url)
{
    return part(url, url->path_start, url->query_start);
}

isere_slice_t isere__url_search(const isere_url_t *url)
{
    /* A query that is only its mark reads as none. */
    return url->fragment_start - url->query_start > 1
               ? part(url, url->query_start, url->fragment_start)
               : part(url, 0, 0);
}

isere_slice_t isere__url_hash(const isere_url_t *url)
{
    return url->len - url->fragment_start > 1
               ? part(url, url->fragment_start, url->len)
               : part(url, 0, 0);
}

/* Section 4.7: of special schemes but file, whose origin is opaque. */
bool isere__url_origin(const isere_url_t *url, isere_slice_t *scheme,
                       isere_slice_t *host)
{
    isere_url_scheme_t kind = isere__url_scheme_of(isere__url_protocol(url));
    if (kind == ISERE_URL_NOT_SPECIAL || kind == ISERE_URL_FILE) {
        return false;
    }
    *scheme = isere__url_protocol(url);
    *host = isere__url_host(url);
    return true;
}
