/*
 * URLs as the WHATWG URL standard defines them (https://url.spec.whatwg.org),
 * without JavaScript: parser, serialiser and the setters of the URL class.
 *
 * A URL is kept as its serialisation plus the offsets of its components, in
 * one allocation of exactly its length. Text comes in as UTF-8; the result is
 * ASCII always. Ill-formed UTF-8 does no harm (its bytes are percent-encoded)
 * but callers replace it by U+FFFD first. Time is linear in the input.
 *
 * Deviation: domains outside of ASCII, which need IDNA's tables, do not
 * parse. See docs/url.md.
 *
 * Any thread, as long as a URL and its memory are used by one at a time.
 */
#ifndef ISERE_CORE_WEB_URL_URL_PARSER_H
#define ISERE_CORE_WEB_URL_URL_PARSER_H

#include "isere/error.h"
#include "isere/slice.h"
#include <stdint.h>

/* Longest serialisation, so that offsets and sums of them never overflow. */
#define ISERE_URL_MAX ((size_t)0x3fffffff)

/* Where the memory comes from: realloc semantics, `size` 0 frees. Not the
 * port's: URLs lie in the JavaScript heap. */
typedef struct isere_url_memory {
    void *(*reallocate)(void *ctx, void *ptr, size_t size);
    void *ctx;
} isere_url_memory_t;

static inline void *isere__url_resize(const isere_url_memory_t *memory,
                                      void *ptr, size_t size)
{
    return memory->reallocate(memory->ctx, ptr, size);
}

/*
 * A parsed URL. `href` is not terminated by NUL. The components:
 *
 *   https://user:pass@example.com:8080/path?query#fragment
 *         ^     ^     ^          ^    ^    ^     ^        ^
 *         |     |     |          |    |    |     |        len
 *         |     |     |          |    |    |     fragment_start
 *         |     |     |          |    |    query_start
 *         |     |     |          |    path_start
 *         |     |     |          host_end
 *         |     |     host_start
 *         |     username_end
 *         scheme_end (after the colon)
 *
 * A URL has a host, which may be empty, when "//" follows the scheme; else
 * the three offsets before path_start equal scheme_end. A missing query or
 * fragment is empty, a present one begins with its mark.
 */
typedef struct isere_url {
    char *href;
    uint32_t len;
    uint32_t scheme_end;
    uint32_t username_end;
    uint32_t host_start;
    uint32_t host_end;
    uint32_t path_start;
    uint32_t query_start;
    uint32_t fragment_start;
} isere_url_t;

/*
 * Parses `input`, relative to `base` unless that is NULL. On success 0 and
 * *out owns memory until isere__url_free; else *out is not touched:
 * ISERE_ERR_INVAL (not a URL), ISERE_ERR_NOMEM, ISERE_ERR_LIMIT (too long).
 */
int isere__url_parse(const isere_url_memory_t *memory, isere_slice_t input,
                     const isere_url_t *base, isere_url_t *out);

/* Frees what a URL owns and zeroes it. */
void isere__url_free(const isere_url_memory_t *memory, isere_url_t *url);

/*
 * The setters of the URL class ("state override" in the standard). A value
 * that does not fit leaves the URL as it was, which is no error. 0, or
 * ISERE_ERR_NOMEM or ISERE_ERR_LIMIT with the URL as it was.
 */
int isere__url_set_protocol(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value);
int isere__url_set_username(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value);
int isere__url_set_password(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value);
int isere__url_set_host(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value);
int isere__url_set_hostname(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value);
int isere__url_set_port(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value);
int isere__url_set_pathname(const isere_url_memory_t *memory, isere_url_t *url,
                            isere_slice_t value);
int isere__url_set_search(const isere_url_memory_t *memory, isere_url_t *url,
                          isere_slice_t value);
int isere__url_set_hash(const isere_url_memory_t *memory, isere_url_t *url,
                        isere_slice_t value);

/*
 * The getters of the URL class. All slices lie within `href` and live as long
 * as it does.
 */
isere_slice_t isere__url_href(const isere_url_t *url);
isere_slice_t isere__url_protocol(const isere_url_t *url); /* with its colon */
isere_slice_t isere__url_username(const isere_url_t *url);
isere_slice_t isere__url_password(const isere_url_t *url);
isere_slice_t isere__url_host(const isere_url_t *url); /* with its port */
isere_slice_t isere__url_hostname(const isere_url_t *url);
isere_slice_t isere__url_port(const isere_url_t *url);
isere_slice_t isere__url_pathname(const isere_url_t *url);
isere_slice_t isere__url_search(const isere_url_t *url); /* "" or "?..." */
isere_slice_t isere__url_hash(const isere_url_t *url);   /* "" or "#..." */

/*
 * The origin: two slices of `url` whose concatenation it is ("https:" is
 * followed by "//"; so: scheme with colon, host with port), and true; false
 * for an opaque origin, serialised "null". blob: URLs are the caller's
 * business: their path is to be parsed as a URL.
 */
bool isere__url_origin(const isere_url_t *url, isere_slice_t *scheme,
                       isere_slice_t *host);

#endif
