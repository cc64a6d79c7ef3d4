/*
 * A slice: bytes that somebody else owns, with their length. Not terminated
 * by NUL, may hold any byte. An empty slice may have a NULL pointer.
 */
#ifndef ISERE_SLICE_H
#define ISERE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct isere_slice {
    const char *ptr;
    size_t len;
} isere_slice_t;

/* A header field: its name and its value. */
typedef struct isere_field {
    isere_slice_t name;
    isere_slice_t value;
} isere_field_t;

/* A slice of a string literal, usable in constant initialisers. */
#define ISERE_SLICE(literal)                                                   \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }

/* The slice of a C string, without its NUL; empty for NULL. */
static inline isere_slice_t isere_slice(const char *text)
{
    isere_slice_t s = {text, text ? strlen(text) : 0};
    return s;
}

/* The slice of `len` bytes at `ptr`. */
static inline isere_slice_t isere_slice_of(const void *ptr, size_t len)
{
    isere_slice_t s = {(const char *)ptr, len};
    return s;
}

/* Whether the bytes of a slice are exactly those of a C string. */
static inline bool isere_slice_is(isere_slice_t s, const char *text)
{
    size_t len = strlen(text);
    return s.len == len && (len == 0 || memcmp(s.ptr, text, len) == 0);
}

#endif
