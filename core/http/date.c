/* The Date field's text. Its own arithmetic: gmtime may take locks, and its
 * range depends on the system. */
#include "core/http/date.h"
#include <string.h>

#define DAY 86400
#define ERA_DAYS 146097             /* days in 400 Gregorian years */
#define FIRST INT64_C(-62167219200) /* 0000-01-01 00:00:00 */
#define LAST INT64_C(253402300799)  /* 9999-12-31 23:59:59 */

static void put_digits(char *out, unsigned value, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/*
 * The civil date of a day, counted from 0000-03-01. Years begin in March, so
 * that the leap day is the last of its year and months have a regular length.
 */
static void put_day(char *out, uint32_t days)
{
    uint32_t era = days / ERA_DAYS;
    uint32_t in_era = days % ERA_DAYS;
    uint32_t year_of_era =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year =
        in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * in_year + 2) / 153; /* 0 is March */
    uint32_t day = in_year - (153 * month + 2) / 5 + 1;
    uint32_t year = era * 400 + year_of_era + (month >= 10);
    put_digits(out + 5, day, 2);
    memcpy(out + 8, &"MarAprMayJunJulAugSepOctNovDecJanFeb"[month * 3], 3);
    put_digits(out + 12, year, 4);
}

void isere_http_date(int64_t unix_seconds, char out[ISERE_HTTP_DATE_LEN + 1])
{
    int64_t t = unix_seconds;
    t = t < FIRST ? FIRST : t > LAST ? LAST : t;
    /* Count from 0000-01-01, a Saturday: nothing is negative from here on. */
    uint64_t since = (uint64_t)(t - FIRST);
    uint32_t days = (uint32_t)(since / DAY);
    uint32_t seconds = (uint32_t)(since % DAY);
    memcpy(out, "DDD, dd MMM yyyy hh:mm:ss GMT", ISERE_HTTP_DATE_LEN + 1);
    memcpy(out, &"SatSunMonTueWedThuFri"[days % 7 * 3], 3);
    if (days < 60) {
        /* January and February of year 0 lie before the first March. */
        put_day(out, days + ERA_DAYS - 60);
        put_digits(out + 12, 0, 4);
    } else {
        put_day(out, days - 60);
    }
    put_digits(out + 17, seconds / 3600, 2);
    put_digits(out + 20, seconds / 60 % 60, 2);
    put_digits(out + 23, seconds % 60, 2);
}
