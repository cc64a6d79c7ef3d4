/* Days of the proleptic Gregorian calendar. Pure functions, any thread. */
#ifndef ISERE_CORE_UTIL_TIME_CIVIL_H
#define ISERE_CORE_UTIL_TIME_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define ISERE_DAY_S 86400

typedef struct isere_civil {
    int64_t year; /* 0 is 1 BC */
    int month;    /* 1 to 12 */
    int day;      /* 1 to 31 */
} isere_civil_t;

/* The date of a day, counted from 1970-01-01; and the other way about. For days
 * within 2^40 of it. */
isere_civil_t isere_civil_from_days(int64_t days);
int64_t isere_civil_to_days(isere_civil_t date);

/* 0 for a Sunday. */
int isere_civil_weekday(int64_t days);

bool isere_civil_is_leap(int64_t year);

/* a / b and its rest, rounded towards minus infinity; `b` > 0. */
int64_t isere_civil_floor_div(int64_t a, int64_t b);
int64_t isere_civil_floor_mod(int64_t a, int64_t b);

#endif
