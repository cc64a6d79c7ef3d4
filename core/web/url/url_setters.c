/*
 * The setters of the URL class. Each writes the URL anew: the components
 * before the one that changes are copied, the new one is parsed, the rest is
 * copied. So a value that does not fit leaves the old URL as it is.
 */
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

static isere_url_scheme_t scheme_of(const isere_url_t *url)
{
    return isere__url_scheme_of(isere__url_protocol(url));
}

/* Puts the new URL in the place of the old one. The old one is freed last: it
 * is what the new one was copied from. */
static int replace(isere_url_builder_t *b, isere_url_t *url)
{
    isere_url_t fresh;
    int error = isere__url_builder_finish(b, &fresh);
    if (error) {
        return error;
    }
    isere__url_resize(b->memory, url->href, 0);
    *url = fresh;
    return 0;
}

/* Gives up a new URL: 0 unless that was for want of memory. A setter ignores
 * what does not fit, but must not hide that. */
static int keep_old(isere_url_builder_t *b)
{
    isere__url_builder_drop(b);
    return b->error;
}

static void copy_from_path(isere_url_builder_t *b, const isere_url_t *url)
{
    isere__url_copy_path(b, url);
    isere__url_end_path(b);
    isere__url_copy_query(b, url);
    isere__url_copy_fragment(b, url);
}

/* The port as a number, -1 for none. Written by the parser, so it is a number
 * that fits. */
static long port_of(const isere_url_t *url)
{
    isere_slice_t text = isere__url_port(url);
    long port = 0;
    for (size_t i = 0; i < text.len; i++) {
        port = port * 10 + (text.ptr[i] - '0');
    }
    return text.len > 0 ? port : -1;
}

/* "Cannot have a username/password/port". */
static bool is_fixed(const isere_url_t *url)
{
    return url->host_end == url->host_start || scheme_of(url) == ISERE_URL_FILE;
}

/* Protocol */

/* Whether the standard lets a URL change to that scheme: special and other
 * schemes differ in how they parse, and files have no port or credentials. */
static bool scheme_fits(const isere_url_t *url, isere_url_scheme_t to)
{
    isere_url_scheme_t from = scheme_of(url);
    if ((from == ISERE_URL_NOT_SPECIAL) != (to == ISERE_URL_NOT_SPECIAL)) {
        return false;
    }
    if (to == ISERE_URL_FILE &&
        (isere__url_has_credentials(url) || isere__url_port(url).len > 0)) {
        return false;
    }
    return from != ISERE_URL_FILE || url->host_end > url->host_start;
}

static int rewrite_scheme(isere_url_builder_t *b, isere_url_t *url,
                          isere_slice_t name)
{
    for (size_t i = 0; i < name.len; i++) {
        isere__url_put(b, (char)isere__url_lower((uint8_t)name.ptr[i]));
    }
    isere__url_put(b, ':');
    isere__url_end_scheme(b);
    if (b->error) {
        return keep_old(b);
    }
    isere_url_scheme_t to = scheme_of(&b->url);
    if (!scheme_fits(url, to)) {
        return keep_old(b);
    }
    isere__url_copy_authority(b, url);
    /* A port that is the new scheme's default goes. It was copied with the
     * host, so the text is cut behind that. */
    long port = port_of(url);
    if (port >= 0 && port == isere__url_default_port(to) && !b->error) {
        b->url.len = b->url.path_start = b->url.host_end;
    }
    copy_from_path(b, url);
    return replace(b, url);
}

/* What follows the colon is ignored, so that "https://x" sets "https". */
int isere__url_set_protocol(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value)
{
    isere_url_clean_t clean;
    int error = isere__url_clean(memory, value, &clean);
    if (error) {
        return error;
    }
    isere_slice_t text = {clean.p, (size_t)(clean.end - clean.p)};
    size_t n = isere__url_scheme_length(text);
    if (n > 0 && (n == text.len || text.ptr[n] == ':')) {
        isere_url_builder_t b;
        isere__url_builder_init(&b, memory, n + url->len);
        error = rewrite_scheme(&b, url, isere_slice_of(text.ptr, n));
    }
    isere__url_clean_free(memory, &clean);
    return error;
}

/* Credentials */

static int set_credentials(const isere_url_memory_t *memory, isere_url_t *url,
                           isere_slice_t username, isere_slice_t password)
{
    isere_url_builder_t b;
    if (is_fixed(url)) {
        return 0;
    }
    isere__url_builder_init(&b, memory, url->len + username.len + password.len);
    isere__url_copy_scheme(&b, url);
    isere__url_begin_authority(&b);
    isere__url_put_credentials(&b, username, password);
    /* With its port, whose offsets follow from host_end. */
    isere_slice_t host = isere__url_host(url);
    isere__url_put_bytes(&b, host.ptr, host.len);
    b.url.host_end = b.url.host_start + (url->host_end - url->host_start);
    b.url.path_start = b.url.len;
    copy_from_path(&b, url);
    return replace(&b, url);
}

int isere__url_set_username(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value)
{
    return set_credentials(memory, url, value, isere__url_password(url));
}

int isere__url_set_password(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value)
{
    return set_credentials(memory, url, isere__url_username(url), value);
}

/* Host and port */

/* The digits that a value begins with, as a port; -1 when there are none or
 * the number is too large. What follows the digits does not matter: with a
 * state override the parser stops there without an error. Checked at each
 * digit: a number of any length never overflows. */
static long leading_port(const char *p, const char *end)
{
    long port = -1;
    for (; p < end && isere__url_is_digit((uint8_t)*p); p++) {
        port = (port < 0 ? 0 : port * 10) + (*p - '0');
        if (port > 65535) {
            return -1;
        }
    }
    return port;
}

/* Finds the end of the host in a value for the host setters: what the parser
 * would end it at. A file's host may not have a port, so its colon is part of
 * the host (and refused). */
static const char *host_stop(const isere_url_clean_t *in,
                             isere_url_scheme_t scheme)
{
    bool inside = false;
    const char *p = in->p;
    for (; p < in->end; p++) {
        if (*p == '/' || *p == '?' || *p == '#' ||
            (*p == '\\' && scheme != ISERE_URL_NOT_SPECIAL) ||
            (*p == ':' && !inside && scheme != ISERE_URL_FILE)) {
            break;
        }
        inside = *p == '[' || (inside && *p != ']');
    }
    return p;
}

/* Whether the standard's host states take this text as a host. */
static bool host_fits(const isere_url_t *url, isere_slice_t host, bool colon,
                      bool name_only)
{
    isere_url_scheme_t scheme = scheme_of(url);
    if (scheme == ISERE_URL_FILE) {
        return true;
    }
    if (colon) {
        return host.len > 0 && !name_only;
    }
    if (host.len > 0) {
        return true;
    }
    return scheme == ISERE_URL_NOT_SPECIAL &&
           !isere__url_has_credentials(url) && isere__url_port(url).len == 0;
}

/* Credentials are encoded already; encoding again changes nothing. */
static int rewrite_host(isere_url_builder_t *b, isere_url_t *url,
                        isere_slice_t host, long port)
{
    isere_url_scheme_t scheme = scheme_of(url);
    int error = 0;
    isere__url_copy_scheme(b, url);
    isere__url_begin_authority(b);
    isere__url_put_credentials(b, isere__url_username(url),
                               isere__url_password(url));
    if (scheme == ISERE_URL_FILE) {
        error = host.len > 0 ? isere__url_put_file_host(b, host) : 0;
    } else {
        error = isere__url_put_host(b, host, scheme != ISERE_URL_NOT_SPECIAL);
    }
    if (error) {
        return keep_old(b);
    }
    b->url.host_end = b->url.path_start = b->url.len;
    if (port >= 0) {
        isere__url_put_port(b, scheme, (unsigned)port);
    }
    copy_from_path(b, url);
    return replace(b, url);
}

static int set_host(const isere_url_memory_t *memory, isere_url_t *url,
                    isere_slice_t value, bool name_only)
{
    isere_url_clean_t clean;
    if (isere__url_is_opaque(url)) {
        return 0;
    }
    int error = isere__url_clean(memory, value, &clean);
    if (error) {
        return error;
    }
    const char *stop = host_stop(&clean, scheme_of(url));
    isere_slice_t host = {clean.p, (size_t)(stop - clean.p)};
    bool colon = stop < clean.end && *stop == ':';
    /* A host that does not fit leaves the URL as it is, without an error. */
    if (host_fits(url, host, colon, name_only)) {
        isere_url_builder_t b;
        long port = colon ? leading_port(stop + 1, clean.end) : -1;
        isere__url_builder_init(&b, memory, url->len + host.len);
        error = rewrite_host(&b, url, host, port >= 0 ? port : port_of(url));
    }
    isere__url_clean_free(memory, &clean);
    return error;
}

int isere__url_set_host(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value)
{
    return set_host(memory, url, value, false);
}

int isere__url_set_hostname(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value)
{
    return set_host(memory, url, value, true);
}

static int rewrite_port(const isere_url_memory_t *memory, isere_url_t *url,
                        long port)
{
    isere_url_builder_t b;
    /* A colon and five digits more. */
    isere__url_builder_init(&b, memory, url->len + 6);
    isere__url_copy_scheme(&b, url);
    isere__url_copy_authority(&b, url);
    if (!b.error) {
        b.url.len = b.url.path_start = b.url.host_end;
    }
    if (port >= 0) {
        isere__url_put_port(&b, scheme_of(url), (unsigned)port);
    }
    copy_from_path(&b, url);
    return replace(&b, url);
}

int isere__url_set_port(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value)
{
    isere_url_clean_t clean;
    if (is_fixed(url)) {
        return 0;
    }
    int error = isere__url_clean(memory, value, &clean);
    if (error) {
        return error;
    }
    long port = leading_port(clean.p, clean.end);
    /* "" removes the port; what is no number leaves it. */
    if (value.len == 0 || port >= 0) {
        error = rewrite_port(memory, url, port);
    }
    isere__url_clean_free(memory, &clean);
    return error;
}

/* Path, query, fragment */

/* `whole`: '?' and '#' are part of the path here, and get encoded. */
int isere__url_set_pathname(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value)
{
    isere_url_clean_t clean;
    isere_url_builder_t b;
    isere_url_scheme_t scheme = scheme_of(url);
    if (isere__url_is_opaque(url)) {
        return 0;
    }
    int error = isere__url_clean(memory, value, &clean);
    if (error) {
        return error;
    }
    isere__url_builder_init(&b, memory, url->len + value.len);
    isere__url_copy_scheme(&b, url);
    isere__url_copy_authority(&b, url);
    if (clean.p < clean.end || isere__url_has_host(url)) {
        isere__url_put_path_start(&b, clean.p, clean.end, scheme, true);
    } else {
        isere__url_put(&b, '/'); /* else the path would become an opaque one */
    }
    isere__url_clean_free(memory, &clean);
    isere__url_end_path(&b);
    isere__url_copy_query(&b, url);
    isere__url_copy_fragment(&b, url);
    return replace(&b, url);
}

/* Everything before the query. */
static void copy_up_to_path(isere_url_builder_t *b, const isere_url_t *url)
{
    isere__url_copy_scheme(b, url);
    isere__url_copy_authority(b, url);
    isere__url_copy_path(b, url);
    isere__url_end_path(b);
}

/* Puts a mark and a value that is not empty, less the mark it begins with. */
static void put_marked(isere_url_builder_t *b, char mark, isere_slice_t value,
                       unsigned set)
{
    isere_url_clean_t clean;
    /* The mark goes before tabs and newlines do, so that "\t?" keeps it. */
    size_t skip = value.ptr[0] == mark;
    int error = isere__url_clean(
        b->memory, isere_slice_of(value.ptr + skip, value.len - skip), &clean);
    if (error) {
        b->error = error;
        return;
    }
    isere__url_put(b, mark);
    isere__url_put_encoded(
        b, isere_slice_of(clean.p, (size_t)(clean.end - clean.p)), set);
    isere__url_clean_free(b->memory, &clean);
}

/* "" removes the query with its mark. */
int isere__url_set_search(const isere_url_memory_t *memory, isere_url_t *url,
                          isere_slice_t value)
{
    isere_url_builder_t b;
    isere__url_builder_init(&b, memory, url->len + value.len);
    copy_up_to_path(&b, url);
    b.url.query_start = b.url.len;
    if (value.len > 0) {
        bool special = scheme_of(url) != ISERE_URL_NOT_SPECIAL;
        put_marked(&b, '?', value,
                   special ? ISERE_URL_SPECIAL_QUERY : ISERE_URL_QUERY);
    }
    isere__url_copy_fragment(&b, url);
    return replace(&b, url);
}

/* "" removes the fragment with its mark. */
int isere__url_set_hash(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value)
{
    isere_url_builder_t b;
    isere__url_builder_init(&b, memory, url->len + value.len);
    copy_up_to_path(&b, url);
    isere__url_copy_query(&b, url);
    if (value.len > 0) {
        put_marked(&b, '#', value, ISERE_URL_FRAGMENT);
    }
    return replace(&b, url);
}
