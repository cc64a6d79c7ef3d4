/*
 * Reads JSON where it lies, without building anything: for texts that are too
 * large to be parsed in memory. All of it is for texts that
 * isere_json_check_value accepts, in valid UTF-8; nothing here checks again.
 *
 * A value is a pointer to its first byte. Pure; any thread.
 */
#ifndef ISERE_CORE_UTIL_JSON_READ_H
#define ISERE_CORE_UTIL_JSON_READ_H

#include "isere/slice.h"
#include <stdint.h>

/* The value of a text. */
const char *isere_json_value(const char *text);

/* The first byte behind a value. */
const char *isere_json_skip(const char *value);

/* Goes through an object or an array: begins with `at`, the value itself, and
 * the rest unset. */
typedef struct isere_json_each {
    const char *at;
    const char *name; /* of an object's member: a string, as it stands there */
    const char *value;
} isere_json_each_t;

/* The next member or item; false at the end. */
bool isere_json_next(isere_json_each_t *each);

/* What is to be read of a string. */
typedef struct isere_json_text {
    const char *at;
    bool lone; /* half of a surrogate pair was read: three bytes that UTF-8
                  does not have */
} isere_json_text_t;

isere_json_text_t isere_json_text(const char *string);

/* Writes the next characters to `buf`, which has room for `size` bytes, at
 * least
 * 4. Returns how many bytes; 0: there are no more. */
size_t isere_json_text_next(isere_json_text_t *text, char *buf, size_t size);

/* Bytes that the string has. */
size_t isere_json_text_len(const char *string);

/* Whether both strings have the same characters, however they are written. */
bool isere_json_text_equals(const char *a, const char *b);

/*
 * The amount that a number says, with UINT64_MAX for 2^53 and more. False when
 * it is negative or not whole.
 */
bool isere_json_amount(const char *number, uint64_t *amount);

#endif
