/*
 * Percent-coding (RFC 3986 section 2.1). Pure functions; any thread.
 */
#ifndef ISERE_CORE_UTIL_ENCODE_PERCENT_H
#define ISERE_CORE_UTIL_ENCODE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes %XX to bytes; an invalid escape stays as it is, and '+' becomes a
 * space when `plus_is_space`. Returns the bytes written, at most `len`.
 * `out` may be the input itself. The result may be ill-formed UTF-8.
 */
size_t isere_percent_decode(const char *text, size_t len, bool plus_is_space,
                            char *out);

/*
 * Encodes every byte but the unreserved characters of RFC 3986 section 2.3.
 * Returns the bytes written, at most 3 * len. `out` is not the input.
 */
size_t isere_percent_encode(const char *text, size_t len, char *out);

#endif
