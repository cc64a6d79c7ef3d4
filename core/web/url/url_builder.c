/* A URL under construction (url_builder.h): the growing buffer, copies of
 * another URL's components, and questions about a URL. */
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

static const char hex_digits[] = "0123456789ABCDEF";

static uint32_t written(const isere_url_builder_t *b)
{
    return b->url.len;
}

/* The first error sticks, and nothing is written after it: the writers need
 * no error paths of their own. Offsets have 32 bits, which ISERE_URL_MAX is
 * well below. */
static bool reserve(isere_url_builder_t *b, size_t more)
{
    if (b->error) {
        return false;
    }
    if (more <= b->room - b->url.len) {
        return true;
    }
    if (more > ISERE_URL_MAX - b->url.len) {
        b->error = ISERE_ERR_LIMIT;
        return false;
    }
    size_t room = b->url.len + more;
    room += room / 2; /* grow geometrically, so that time stays linear */
    char *grown = isere__url_resize(b->memory, b->url.href, room);
    if (!grown) {
        b->error = ISERE_ERR_NOMEM;
        return false;
    }
    b->url.href = grown;
    b->room = room;
    return true;
}

void isere__url_builder_init(isere_url_builder_t *b,
                             const isere_url_memory_t *memory, size_t room)
{
    memset(b, 0, sizeof(*b));
    b->memory = memory;
    if (room > ISERE_URL_MAX) {
        b->error = ISERE_ERR_LIMIT;
        return;
    }
    room += 8; /* for "//", "/" and the like */
    b->url.href = isere__url_resize(memory, NULL, room);
    b->room = b->url.href ? room : 0;
    b->error = b->url.href ? 0 : ISERE_ERR_NOMEM;
}

void isere__url_builder_drop(isere_url_builder_t *b)
{
    if (b->url.href) {
        isere__url_resize(b->memory, b->url.href, 0);
        b->url.href = NULL;
    }
}

/* Cut to size: URL objects live long, and the guess for the buffer is
 * generous. */
int isere__url_builder_finish(isere_url_builder_t *b, isere_url_t *out)
{
    if (b->error) {
        isere__url_builder_drop(b);
        return b->error;
    }
    if (b->room > b->url.len) {
        char *cut = isere__url_resize(b->memory, b->url.href, b->url.len);
        if (!cut) {
            /* The JavaScript heap has an exception pending now. */
            b->error = ISERE_ERR_NOMEM;
            isere__url_builder_drop(b);
            return b->error;
        }
        b->url.href = cut;
    }
    *out = b->url;
    return 0;
}

void isere__url_put(isere_url_builder_t *b, char c)
{
    if (reserve(b, 1)) {
        b->url.href[b->url.len++] = c;
    }
}

void isere__url_put_bytes(isere_url_builder_t *b, const char *p, size_t len)
{
    if (len > 0 && reserve(b, len)) {
        memcpy(b->url.href + b->url.len, p, len);
        b->url.len += (uint32_t)len;
    }
}

/* Runs of plain bytes are copied at once. '%' is in no set: what is encoded
 * already stays (section 1.3), and to encode it again changes nothing. */
void isere__url_put_encoded(isere_url_builder_t *b, isere_slice_t text,
                            unsigned set)
{
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if (!isere__url_encodes(c, set)) {
            continue;
        }
        const char code[3] = {'%', hex_digits[c >> 4], hex_digits[c & 15]};
        isere__url_put_bytes(b, text.ptr + done, i - done);
        isere__url_put_bytes(b, code, sizeof(code));
        done = i + 1;
    }
    if (text.len > done) {
        isere__url_put_bytes(b, text.ptr + done, text.len - done);
    }
}

/* Lower case: IPv6 pieces are written so (section 3.5), only percent-encoding
 * is in upper case. */
void isere__url_put_number(isere_url_builder_t *b, unsigned value,
                           unsigned base)
{
    char digits[10];
    size_t n = sizeof(digits);
    do {
        digits[--n] = hex_digits[value % base];
        if (digits[n] >= 'A') {
            digits[n] = (char)isere__url_lower((uint8_t)digits[n]);
        }
        value /= base;
    } while (value > 0);
    isere__url_put_bytes(b, digits + n, sizeof(digits) - n);
}

/* Schemes */

/* Section 4.2, "special scheme". A URL with its scheme's default port is
 * written without a port. */
static const struct {
    isere_slice_t protocol;
    long port;
} schemes[] = {
    [ISERE_URL_NOT_SPECIAL] = {ISERE_SLICE(""), -1},
    [ISERE_URL_FTP] = {ISERE_SLICE("ftp:"), 21},
    [ISERE_URL_FILE] = {ISERE_SLICE("file:"), -1},
    [ISERE_URL_HTTP] = {ISERE_SLICE("http:"), 80},
    [ISERE_URL_HTTPS] = {ISERE_SLICE("https:"), 443},
    [ISERE_URL_WS] = {ISERE_SLICE("ws:"), 80},
    [ISERE_URL_WSS] = {ISERE_SLICE("wss:"), 443},
};

/* By length first, which differs for most. */
isere_url_scheme_t isere__url_scheme_of(isere_slice_t protocol)
{
    for (int i = ISERE_URL_FTP; i <= ISERE_URL_WSS; i++) {
        if (protocol.len == schemes[i].protocol.len &&
            memcmp(protocol.ptr, schemes[i].protocol.ptr, protocol.len) == 0) {
            return (isere_url_scheme_t)i;
        }
    }
    return ISERE_URL_NOT_SPECIAL;
}

long isere__url_default_port(isere_url_scheme_t scheme)
{
    return schemes[scheme].port;
}

/* RFC 3986 section 3.1: a letter, then letters, digits, '+', '-' and '.'. */
size_t isere__url_scheme_length(isere_slice_t text)
{
    if (text.len == 0 || !isere__url_is_alpha((uint8_t)text.ptr[0])) {
        return 0;
    }
    size_t n = 1;
    while (n < text.len) {
        uint8_t c = (uint8_t)text.ptr[n];
        if (!isere__url_is_alpha(c) && !isere__url_is_digit(c) && c != '+' &&
            c != '-' && c != '.') {
            break;
        }
        n++;
    }
    return n;
}

/* Questions about a URL */

bool isere__url_has_host(const isere_url_t *url)
{
    /* A path that begins with two slashes follows "/.", see end_path. */
    return url->len - url->scheme_end >= 2 &&
           memcmp(url->href + url->scheme_end, "//", 2) == 0;
}

/* Without a host and not beginning with a slash, as in mailto:. An empty path
 * is opaque, too, since nothing could follow it. */
bool isere__url_is_opaque(const isere_url_t *url)
{
    return !isere__url_has_host(url) && (url->path_start == url->query_start ||
                                         url->href[url->path_start] != '/');
}

/* An '@' is there even when both are empty but for a password. */
bool isere__url_has_credentials(const isere_url_t *url)
{
    return isere__url_has_host(url) && url->host_start > url->scheme_end + 2;
}

/* Copies */

/* All offsets of an authority stand at its end until there is one: a URL
 * without one is consistent at any time. */
void isere__url_end_scheme(isere_url_builder_t *b)
{
    b->url.scheme_end = b->url.username_end = b->url.host_start =
        b->url.host_end = b->url.path_start = written(b);
}

void isere__url_copy_scheme(isere_url_builder_t *b, const isere_url_t *from)
{
    isere__url_put_bytes(b, from->href, from->scheme_end);
    isere__url_end_scheme(b);
}

void isere__url_copy_authority(isere_url_builder_t *b, const isere_url_t *from)
{
    if (!isere__url_has_host(from)) {
        return;
    }
    /* The schemes may differ in length. */
    uint32_t start = written(b);
    isere__url_put_bytes(b, from->href + from->scheme_end,
                         from->path_start - from->scheme_end);
    b->url.username_end = start + from->username_end - from->scheme_end;
    b->url.host_start = start + from->host_start - from->scheme_end;
    b->url.host_end = start + from->host_end - from->scheme_end;
    b->url.path_start = written(b);
}

void isere__url_copy_path(isere_url_builder_t *b, const isere_url_t *from)
{
    isere__url_put_bytes(b, from->href + from->path_start,
                         from->query_start - from->path_start);
}

void isere__url_copy_query(isere_url_builder_t *b, const isere_url_t *from)
{
    b->url.query_start = written(b);
    isere__url_put_bytes(b, from->href + from->query_start,
                         from->fragment_start - from->query_start);
    b->url.fragment_start = written(b);
}

void isere__url_copy_fragment(isere_url_builder_t *b, const isere_url_t *from)
{
    b->url.fragment_start = written(b);
    isere__url_put_bytes(b, from->href + from->fragment_start,
                         from->len - from->fragment_start);
}

/* Authority */

void isere__url_begin_authority(isere_url_builder_t *b)
{
    isere__url_put_bytes(b, "//", 2);
    b->url.username_end = b->url.host_start = b->url.host_end =
        b->url.path_start = written(b);
}

/* The '@' is written only when there is something in front of it. */
void isere__url_put_credentials(isere_url_builder_t *b, isere_slice_t username,
                                isere_slice_t password)
{
    isere__url_put_encoded(b, username, ISERE_URL_USERINFO);
    b->url.username_end = written(b);
    if (password.len > 0) {
        isere__url_put(b, ':');
        isere__url_put_encoded(b, password, ISERE_URL_USERINFO);
    }
    if (username.len > 0 || password.len > 0) {
        isere__url_put(b, '@');
    }
    b->url.host_start = b->url.host_end = b->url.path_start = written(b);
}

void isere__url_put_port(isere_url_builder_t *b, isere_url_scheme_t scheme,
                         unsigned port)
{
    if ((long)port != isere__url_default_port(scheme)) {
        isere__url_put(b, ':');
        isere__url_put_number(b, port, 10);
    }
    b->url.path_start = written(b);
}

/* Input */

/* Tabs and newlines are dropped anywhere in the input (section 4.4, first
 * steps). Few inputs have any: then nothing is copied. */
int isere__url_clean(const isere_url_memory_t *memory, isere_slice_t input,
                     isere_url_clean_t *clean)
{
    size_t dirty = 0;
    for (size_t i = 0; i < input.len; i++) {
        char c = input.ptr[i];
        dirty += c == '\t' || c == '\n' || c == '\r';
    }
    /* Never NULL: pointers are compared and subtracted by the caller. */
    clean->p = input.ptr ? input.ptr : "";
    clean->end = clean->p + input.len;
    clean->copy = NULL;
    if (dirty == 0) {
        return 0;
    }
    clean->copy = isere__url_resize(memory, NULL, input.len - dirty + 1);
    if (!clean->copy) {
        return ISERE_ERR_NOMEM;
    }
    char *to = clean->copy;
    for (size_t i = 0; i < input.len; i++) {
        char c = input.ptr[i];
        if (c != '\t' && c != '\n' && c != '\r') {
            *to++ = c;
        }
    }
    clean->p = clean->copy;
    clean->end = to;
    return 0;
}

void isere__url_clean_free(const isere_url_memory_t *memory,
                           isere_url_clean_t *clean)
{
    if (clean->copy) {
        isere__url_resize(memory, clean->copy, 0);
        clean->copy = NULL;
    }
}
