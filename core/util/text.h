/* Small helpers for texts in fixed buffers. Pure functions; any thread. */
#ifndef ISERE_CORE_UTIL_TEXT_H
#define ISERE_CORE_UTIL_TEXT_H

#include "isere/slice.h"

/* Copies a text to `out` and ends it with NUL, cut to fit between UTF-8
 * characters. Returns the bytes copied. `size` > 0. */
size_t isere_text_copy(char *out, size_t size, isere_slice_t text);

/* The front of a UTF-8 text, at most `max` bytes, cut between characters. */
isere_slice_t isere_text_clip(isere_slice_t text, size_t max);

/* Where `part` begins in `text`, or NULL. */
const char *isere_text_find(isere_slice_t text, const char *part);

#endif
