/* ASCII letters without regard to case. Pure functions; any thread. */
#ifndef ISERE_CORE_UTIL_ASCII_H
#define ISERE_CORE_UTIL_ASCII_H

#include "isere/slice.h"

static inline char isere_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Whether two slices are equal but for the case of ASCII letters. */
static inline bool isere_ascii_equal(isere_slice_t a, isere_slice_t b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (isere_ascii_lower(a.ptr[i]) != isere_ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

#endif
