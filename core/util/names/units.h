/*
 * Sizes and times as people write them on a command line: "16M", "3s". Pure
 * functions; any thread.
 */
#ifndef ISERE_CORE_UTIL_NAMES_UNITS_H
#define ISERE_CORE_UTIL_NAMES_UNITS_H

#include "isere/slice.h"
#include <stdint.h>

/* Room for what the format functions write, with the NUL. */
#define ISERE_UNITS_TEXT_MAX 24

/*
 * Parses a plain decimal number. Returns 0 with *value; ISERE_ERR_INVAL when
 * it is not one (empty, a sign, spaces, anything after the digits);
 * ISERE_ERR_LIMIT when it does not fit in 64 bits. The two below return the
 * same. On failure *value is left as it was.
 */
int isere_units_parse_number(isere_slice_t text, uint64_t *value);

/* Parses a size: digits, then nothing, K, M or G (powers of 1024; lower case
 * too). */
int isere_units_parse_size(isere_slice_t text, uint64_t *bytes);

/* Parses a time: digits, then ms, s or m. A bare number is refused, since
 * people disagree about what it would mean. */
int isere_units_parse_time(isere_slice_t text, uint64_t *milliseconds);

/* Write a value in the largest unit that gives a whole number, as the parse
 * functions read it, and return `out`. */
const char *isere_units_format_size(uint64_t bytes,
                                    char out[ISERE_UNITS_TEXT_MAX]);
const char *isere_units_format_time(uint64_t milliseconds,
                                    char out[ISERE_UNITS_TEXT_MAX]);

#endif
