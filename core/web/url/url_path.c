/* Paths of URLs: segments, dots and drive letters (WHATWG URL section 4.4,
 * "path state"). */
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

/* The length of a dot at the start of the text, as "." or "%2e"; else 0. Both
 * count: otherwise "%2e%2e" would pass where ".." does not. */
static size_t dot_length(isere_slice_t text)
{
    if (text.len >= 1 && text.ptr[0] == '.') {
        return 1;
    }
    if (text.len >= 3 && text.ptr[0] == '%' && text.ptr[1] == '2' &&
        isere__url_lower((uint8_t)text.ptr[2]) == 'e') {
        return 3;
    }
    return 0;
}

/* How many dots a segment consists of; 0 unless one or two and no more. */
static int dots(isere_slice_t segment)
{
    size_t first = dot_length(segment);
    if (first == 0) {
        return 0;
    }
    if (first == segment.len) {
        return 1;
    }
    segment.ptr += first;
    segment.len -= first;
    size_t second = dot_length(segment);
    return second > 0 && second == segment.len ? 2 : 0;
}

static bool is_drive_letter(const char *p, size_t len)
{
    return len == 2 && isere__url_is_alpha((uint8_t)p[0]) &&
           (p[1] == ':' || p[1] == '|');
}

static bool path_is_empty(const isere_url_builder_t *b)
{
    return b->url.len == b->url.path_start;
}

/* A drive letter stays: "file:///c:/.." is still on drive c. */
void isere__url_shorten_path(isere_url_builder_t *b, isere_url_scheme_t scheme)
{
    if (b->error || path_is_empty(b)) {
        return;
    }
    const char *path = b->url.href + b->url.path_start;
    size_t len = b->url.len - b->url.path_start;
    if (scheme == ISERE_URL_FILE && len == 3 && path[0] == '/' &&
        isere__url_is_alpha((uint8_t)path[1]) && path[2] == ':') {
        return;
    }
    /* The scan is paid for by the segment that goes away. */
    while (b->url.href[b->url.len - 1] != '/') {
        b->url.len--;
    }
    b->url.len--;
}

/* Dots are resolved as segments come: what is written is always a path without
 * any. A last "." or ".." leaves a slash behind, "/a/b/.." is "/a/". */
static void put_segment(isere_url_builder_t *b, isere_slice_t segment,
                        isere_url_scheme_t scheme, bool last)
{
    int count = dots(segment);
    if (count == 2) {
        isere__url_shorten_path(b, scheme);
    }
    if (count > 0) {
        if (last) {
            isere__url_put(b, '/');
        }
        return;
    }
    bool drive = scheme == ISERE_URL_FILE && path_is_empty(b) &&
                 is_drive_letter(segment.ptr, segment.len);
    isere__url_put(b, '/');
    /* "c|" is an old way to write "c:". */
    if (drive) {
        isere__url_put(b, segment.ptr[0]);
        isere__url_put(b, ':');
        return;
    }
    isere__url_put_encoded(b, segment, ISERE_URL_PATH);
}

/* A backslash is a slash in special URLs, as browsers always had it. */
static bool is_slash(char c, isere_url_scheme_t scheme)
{
    return c == '/' || (c == '\\' && scheme != ISERE_URL_NOT_SPECIAL);
}

static bool ends_path(char c)
{
    return c == '?' || c == '#';
}

/* One pass over the text; each segment is written once. */
const char *isere__url_put_path(isere_url_builder_t *b, const char *p,
                                const char *end, isere_url_scheme_t scheme,
                                bool whole)
{
    for (;;) {
        const char *q = p;
        while (q < end && !is_slash(*q, scheme) && (whole || !ends_path(*q))) {
            q++;
        }
        bool last = q == end || !is_slash(*q, scheme);
        put_segment(b, isere_slice_of(p, (size_t)(q - p)), scheme, last);
        if (last) {
            return q;
        }
        p = q + 1;
    }
}

/* Special URLs always have a path, be it "/"; others may have none. */
const char *isere__url_put_path_start(isere_url_builder_t *b, const char *p,
                                      const char *end,
                                      isere_url_scheme_t scheme, bool whole)
{
    if (scheme == ISERE_URL_NOT_SPECIAL) {
        if (p == end || (!whole && ends_path(*p))) {
            return p;
        }
    }
    if (p < end && is_slash(*p, scheme)) {
        p++;
    }
    return isere__url_put_path(b, p, end, scheme, whole);
}

/* "web+demo:/.//not-a-host/": read again without the "/." the path would be a
 * host (section 4.5, serializing). */
void isere__url_end_path(isere_url_builder_t *b)
{
    uint32_t start = b->url.path_start;
    if (b->error || start > b->url.scheme_end || b->url.len - start < 2 ||
        memcmp(b->url.href + start, "//", 2) != 0) {
        return;
    }
    /* Makes room; the two bytes are moved to the front below. */
    isere__url_put_bytes(b, "/.", 2);
    if (b->error) {
        return;
    }
    char *path = b->url.href + start;
    memmove(path + 2, path, b->url.len - start - 2);
    memcpy(path, "/.", 2);
    b->url.path_start += 2;
}
