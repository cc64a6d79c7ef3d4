/*
 * Internal to the URL parser: a URL under construction. Components are
 * written in the order of the serialisation, each by the function that knows
 * its rules; running out of memory is remembered, not returned, so that the
 * writers need no error paths of their own.
 */
#ifndef ISERE_CORE_WEB_URL_URL_BUILDER_H
#define ISERE_CORE_WEB_URL_URL_BUILDER_H

#include "core/web/url/url_parser.h"

typedef struct isere_url_builder {
    const isere_url_memory_t *memory;
    isere_url_t url; /* href: the buffer, len: what is written */
    size_t room;     /* size of the buffer */
    int error;       /* 0, ISERE_ERR_NOMEM or ISERE_ERR_LIMIT; sticky */
} isere_url_builder_t;

/* The special schemes, which have rules of their own. */
typedef enum isere_url_scheme {
    ISERE_URL_NOT_SPECIAL,
    ISERE_URL_FTP,
    ISERE_URL_FILE,
    ISERE_URL_HTTP,
    ISERE_URL_HTTPS,
    ISERE_URL_WS,
    ISERE_URL_WSS,
} isere_url_scheme_t;

/* Starts an empty URL with a buffer of about `room` bytes. */
void isere__url_builder_init(isere_url_builder_t *b,
                             const isere_url_memory_t *memory, size_t room);

/* Frees the buffer. */
void isere__url_builder_drop(isere_url_builder_t *b);

/*
 * Hands the finished URL over, its memory cut to size. 0, or the error that
 * was remembered (the buffer is freed then).
 */
int isere__url_builder_finish(isere_url_builder_t *b, isere_url_t *out);

void isere__url_put(isere_url_builder_t *b, char c);
void isere__url_put_bytes(isere_url_builder_t *b, const char *p, size_t len);

/* Writes text with the bytes of a percent-encode set (url_codes.h) encoded. */
void isere__url_put_encoded(isere_url_builder_t *b, isere_slice_t text,
                            unsigned set);

/* Writes a number without leading zeros, in base 10 or 16. */
void isere__url_put_number(isere_url_builder_t *b, unsigned value,
                           unsigned base);

/*
 * Parses a host and writes it: an address in brackets, an opaque host unless
 * `special`, else a domain or an IPv4 address. 0 or ISERE_ERR_INVAL.
 */
int isere__url_put_host(isere_url_builder_t *b, isere_slice_t host,
                        bool special);

/* The same for a file: URL, whose host "localhost" is the empty one. */
int isere__url_put_file_host(isere_url_builder_t *b, isere_slice_t host);

/* url_host6.c: the text between the brackets of an IPv6 address. */
int isere__url_put_ipv6(isere_url_builder_t *b, isere_slice_t text);

/* Which scheme the text (with its colon, in lower case) is. */
isere_url_scheme_t isere__url_scheme_of(isere_slice_t protocol);

/* The default port of a special scheme, -1 when it has none. */
long isere__url_default_port(isere_url_scheme_t scheme);

/* The length of a scheme at the start of the text, 0 when there is none. The
 * caller checks what follows it. */
size_t isere__url_scheme_length(isere_slice_t text);

/* Whether the URL has a host, be it empty; whether its path is opaque. */
bool isere__url_has_host(const isere_url_t *url);
bool isere__url_is_opaque(const isere_url_t *url);
bool isere__url_has_credentials(const isere_url_t *url);

/*
 * Copies of another URL's components; each sets the offsets that the
 * component determines. end_scheme does so for a scheme written by hand.
 */
void isere__url_end_scheme(isere_url_builder_t *b);
void isere__url_copy_scheme(isere_url_builder_t *b, const isere_url_t *from);
void isere__url_copy_authority(isere_url_builder_t *b, const isere_url_t *from);
void isere__url_copy_path(isere_url_builder_t *b, const isere_url_t *from);
void isere__url_copy_query(isere_url_builder_t *b, const isere_url_t *from);
void isere__url_copy_fragment(isere_url_builder_t *b, const isere_url_t *from);

/* Begins an authority: writes "//" and sets all its offsets to its end. */
void isere__url_begin_authority(isere_url_builder_t *b);

/* Writes credentials with their marks, encoded (again does no harm), and
 * sets the offsets up to host_start. */
void isere__url_put_credentials(isere_url_builder_t *b, isere_slice_t username,
                                isere_slice_t password);

/* Writes a port unless it is the scheme's default. */
void isere__url_put_port(isere_url_builder_t *b, isere_url_scheme_t scheme,
                         unsigned port);

/*
 * Ends the path: puts "/." before one that would read as an authority. To be
 * called before anything is written behind the path.
 */
void isere__url_end_path(isere_url_builder_t *b);

/*
 * Parses segments up to `end` (the slash before the first one is consumed)
 * and writes them. Returns where it stopped: `end`, or the first ? or # when
 * `whole` is false.
 */
const char *isere__url_put_path(isere_url_builder_t *b, const char *p,
                                const char *end, isere_url_scheme_t scheme,
                                bool whole);

/* The "path start state": as above, and the first slash is optional. */
const char *isere__url_put_path_start(isere_url_builder_t *b, const char *p,
                                      const char *end,
                                      isere_url_scheme_t scheme, bool whole);

/* Removes the last segment, but not a drive letter ("shorten a path"). */
void isere__url_shorten_path(isere_url_builder_t *b, isere_url_scheme_t scheme);

/* Input without tabs and newlines, which URLs may hold anywhere. */
typedef struct isere_url_clean {
    const char *p;
    const char *end;
    char *copy; /* what `p` lies in when something had to be removed */
} isere_url_clean_t;

/* 0 or ISERE_ERR_NOMEM. `clean` is to be freed with ..._free on success. */
int isere__url_clean(const isere_url_memory_t *memory, isere_slice_t input,
                     isere_url_clean_t *clean);
void isere__url_clean_free(const isere_url_memory_t *memory,
                           isere_url_clean_t *clean);

#endif
