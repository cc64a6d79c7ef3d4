/*
 * What a time zone's offset from UTC is at a given time, from a file of the
 * system's time zone database: TZif, version 2 and later (RFC 9636), and the
 * rule at its end, a POSIX TZ string. The bytes are not trusted. Pure
 * functions, any thread.
 */
#ifndef ISERE_CORE_UTIL_TIME_TZIF_H
#define ISERE_CORE_UTIL_TIME_TZIF_H

#include "isere/slice.h"
#include <stdint.h>

#define ISERE_ZONE_ABBREVIATION_MAX 16 /* with the NUL */

typedef struct isere_zone_time {
    int32_t offset_s; /* to be added to UTC, less than 26 hours */
    bool dst;
    char abbreviation[ISERE_ZONE_ABBREVIATION_MAX]; /* "EST", "+0530" */
} isere_zone_time_t;

/* Times beyond this, in seconds either way, are refused; those of JavaScript
 * end at 8.64e12. */
#define ISERE_ZONE_TIME_MAX INT64_C(10000000000000)

/*
 * At `at_s`, seconds since 1970 in UTC. 0, or ISERE_ERR_INVAL when the file is
 * none, is one of version 1, or counts leap seconds.
 */
int isere_tzif_at(isere_slice_t file, int64_t at_s, isere_zone_time_t *out);

/* The same from a POSIX TZ string, as RFC 9636 section 3.3.1 extends it: with
 * hours of a rule from -167 to 167. ISERE_ERR_INVAL for anything else. */
int isere_posix_tz_at(isere_slice_t rule, int64_t at_s, isere_zone_time_t *out);

#endif
