/*
 * UTF-8 (RFC 3629) checks and repairs. Pure functions; any thread.
 */
#ifndef ISERE_CORE_UTIL_UTF8_H
#define ISERE_CORE_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether `len` bytes are well-formed UTF-8 (no surrogates, no overlongs). */
bool isere_utf8_valid(const void *bytes, size_t len);

/*
 * Copies `len` bytes to `out`, each maximal ill-formed part replaced by
 * U+FFFD as in the WHATWG Encoding standard's decoder. Returns the bytes
 * written. With `out` NULL only counts; at most 3 * len.
 */
size_t isere_utf8_repair(const void *bytes, size_t len, char *out);

/*
 * Decodes one code point from `len` > 0 bytes at `bytes`; its length in *used.
 * Ill-formed input gives U+FFFD and the length of the maximal ill-formed part.
 */
uint32_t isere_utf8_decode(const void *bytes, size_t len, size_t *used);

/* Encodes one code point (surrogates as given, three bytes) to `out`, which
 * has room for 4; returns the bytes written. */
size_t isere_utf8_encode(uint32_t code_point, char *out);

/*
 * Turns, in place, every surrogate in otherwise well-formed text into U+FFFD.
 * QuickJS gives lone surrogates of a JavaScript string out as three bytes.
 */
void isere_utf8_replace_surrogates(char *text, size_t len);

#endif
