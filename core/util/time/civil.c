/* Days to dates and back. Years begin in March here, so that the leap day is
 * the last of a year: then the length of all months before one is a linear
 * formula. */
#include "core/util/time/civil.h"

#define ERA_YEARS 400
#define ERA_DAYS 146097    /* days in 400 years */
#define EPOCH_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

/* C rounds towards zero, and times before 1970 need the other way. `b` is
 * positive. */
int64_t isere_civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t isere_civil_floor_mod(int64_t a, int64_t b)
{
    return a - isere_civil_floor_div(a, b) * b;
}

/* Howard Hinnant's civil_from_days ("chrono-Compatible Low-Level Date
 * Algorithms"). An era is the 400 years after which the calendar repeats.
 * The three divisions take out the leap days before a day, so that 365
 * divides the rest; 153 are the days of any five months from March on or
 * from August on. */
isere_civil_t isere_civil_from_days(int64_t days)
{
    int64_t since = days + EPOCH_SHIFT;
    int64_t era = isere_civil_floor_div(since, ERA_DAYS);
    int in_era = (int)isere_civil_floor_mod(since, ERA_DAYS);
    int year_of_era =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int in_year =
        in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * in_year + 2) / 153; /* 0 is March */
    return (isere_civil_t){
        .year = era * ERA_YEARS + year_of_era + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

int64_t isere_civil_to_days(isere_civil_t date)
{
    int64_t year = date.year - (date.month <= 2);
    int month = date.month <= 2 ? date.month + 9 : date.month - 3;
    int64_t era = isere_civil_floor_div(year, ERA_YEARS);
    int year_of_era = (int)isere_civil_floor_mod(year, ERA_YEARS);
    int in_year = (153 * month + 2) / 5 + date.day - 1;
    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + in_year - EPOCH_SHIFT;
}

int isere_civil_weekday(int64_t days)
{
    return (int)isere_civil_floor_mod(days + 4,
                                      7); /* the first was a Thursday */
}

bool isere_civil_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
