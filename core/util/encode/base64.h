/*
 * Base64 (RFC 4648 section 4). Pure functions; any thread.
 */
#ifndef ISERE_CORE_UTIL_ENCODE_BASE64_H
#define ISERE_CORE_UTIL_ENCODE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the encoding of `len` bytes, without a NUL. */
#define ISERE_BASE64_ENCODED(len) (((len) + 2) / 3 * 4)

/* Room that always holds the decoding of `len` characters. */
#define ISERE_BASE64_DECODED(len) ((len) / 4 * 3 + 3)

/* Encodes with padding; returns the characters written, no NUL. */
size_t isere_base64_encode(const void *bytes, size_t len, char *out);

/*
 * Forgiving-base64 decode of the WHATWG Infra standard (as atob): ASCII white
 * space is skipped, padding is optional but must fit. Returns the bytes
 * written or -1 when it is not base64. `out` may be the input itself.
 */
long isere_base64_decode(const char *text, size_t len, void *out);

#endif
