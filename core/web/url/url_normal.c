/* Telling that a URL is in its normal form, by characters alone. */
#include "core/web/url/url_normal.h"
#include <string.h>

enum {
    HOST = 1,  /* of a name in lower case, or an IPv4 address */
    PATH = 2,  /* stands for itself in a path */
    QUERY = 4, /* ... and in the query of an http: URL */
};

/* By ASCII; letters, digits and the punctuation that no set of the URL standard
 * has for percent-encoding. '%' stays as it is, also before what is no number.
 */
static unsigned classes(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return HOST | PATH | QUERY;
    }
    if (c >= 'A' && c <= 'Z') {
        return PATH | QUERY;
    }
    switch (c) {
    case '-':
    case '.':
        return HOST | PATH | QUERY;
    case '\'':
        return PATH;
    case '?':
        return QUERY;
    case '_':
    case '~':
    case '!':
    case '$':
    case '&':
    case '(':
    case ')':
    case '*':
    case '+':
    case ',':
    case ';':
    case '=':
    case ':':
    case '@':
    case '/':
    case '%':
        return PATH | QUERY;
    default:
        return 0;
    }
}

static bool all(isere_slice_t text, unsigned class)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!(classes((unsigned char)text.ptr[i]) & class)) {
            return false;
        }
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number as it is written in a normal form, at most `most`. */
static bool is_number(isere_slice_t text, unsigned most)
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 5 || (text.len > 1 && *text.ptr == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    return value <= most;
}

/* Not 80, which would be left out. */
static bool is_port(isere_slice_t text)
{
    return is_number(text, 65535) && !isere_slice_is(text, "80");
}

/* A label of a name: not empty, and none that IDNA would look into. */
static bool is_label(isere_slice_t label)
{
    return label.len > 0 &&
           !(label.len >= 4 && memcmp(label.ptr, "xn--", 4) == 0);
}

/* A name whose last label begins with a letter, or four numbers. */
static bool is_name(isere_slice_t host)
{
    unsigned labels = 0;
    unsigned numbers = 0;
    isere_slice_t label = isere_slice_of(host.ptr, 0);
    if (host.len == 0 || host.len > 253 || !all(host, HOST)) {
        return false;
    }
    for (;;) {
        size_t left = (size_t)(host.ptr + host.len - label.ptr);
        const char *dot = memchr(label.ptr, '.', left);
        label.len = dot ? (size_t)(dot - label.ptr) : left;
        if (!is_label(label)) {
            return false;
        }
        labels++;
        numbers += is_number(label, 255);
        if (!dot) {
            break;
        }
        label.ptr = dot + 1;
    }
    return (*label.ptr >= 'a' && *label.ptr <= 'z') ||
           (labels == 4 && numbers == 4);
}

static bool is_host(isere_slice_t host)
{
    const char *colon = host.len ? memchr(host.ptr, ':', host.len) : NULL;
    if (!colon) {
        return is_name(host);
    }
    size_t len = (size_t)(colon - host.ptr);
    return is_port(isere_slice_of(colon + 1, host.len - len - 1)) &&
           is_name(isere_slice_of(host.ptr, len));
}

/* A segment of one or two dots, also as %2e, would be taken out: what begins
 * like one is left to the parser. */
static bool is_path(isere_slice_t path)
{
    if (path.len == 0 || *path.ptr != '/' || !all(path, PATH)) {
        return false;
    }
    for (size_t i = 0; i + 1 < path.len; i++) {
        if (path.ptr[i] == '/' &&
            (path.ptr[i + 1] == '.' || path.ptr[i + 1] == '%')) {
            return false;
        }
    }
    return true;
}

bool isere__url_is_normal(isere_slice_t host, isere_slice_t path,
                          isere_slice_t query)
{
    return is_host(host) && is_path(path) && all(query, QUERY);
}
