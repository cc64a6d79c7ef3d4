/* Dates as Americans write them: the patterns of Unicode's CLDR for "en".
 * Written by hand, since CLDR's tables take more room than the rest of
 * isère. */
#include "core/util/time/civil.h"
#include "core/web/locale/locale.h"
#include <stdarg.h>
#include <stdio.h>

/* ISERE_LOCALE_DATE_TEXT bytes hold the longest; put() cuts rather than
 * overflows. */
typedef struct text {
    char *out;
    size_t len;
} text_t;

/* What a time is in its zone. */
typedef struct moment {
    isere_civil_t date;
    int weekday, hour, minute, second, ms;
} moment_t;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
put(text_t *text, const char *format, ...)
{
    size_t left = ISERE_LOCALE_DATE_TEXT - text->len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->out + text->len, left, format, args);
    va_end(args);
    if (n > 0) {
        text->len += (size_t)n < left ? (size_t)n : left - 1;
    }
}

static bool is_given(int field)
{
    return field != ISERE_LOCALE_NONE;
}

static void put_number(text_t *text, int width, int value)
{
    put(text, width == TWO_DIGITS ? "%02d" : "%d", value);
}

/* One of `names`, whole or its beginning. English names are all told apart by
 * three letters; the narrow ones are not. */
static void put_name(text_t *text, int width, const char *name)
{
    if (width == LONG) {
        put(text, "%s", name);
    } else {
        put(text, "%.*s", width == SHORT ? 3 : 1, name);
    }
}

static void put_weekday(text_t *text, const isere_locale_fields_t *f,
                        const moment_t *m)
{
    static const char *const names[] = {"Sunday",    "Monday",   "Tuesday",
                                        "Wednesday", "Thursday", "Friday",
                                        "Saturday"};
    put_name(text, f->weekday, names[m->weekday]);
}

/* NARROW, SHORT and LONG are names, smaller ones are digits. */
static void put_month(text_t *text, const isere_locale_fields_t *f,
                      const moment_t *m)
{
    static const char *const names[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December"};
    if (f->month >= NARROW) {
        put_name(text, f->month, names[m->date.month - 1]);
    } else {
        put_number(text, f->month, m->date.month);
    }
}

/* Years before 1 are counted backwards, without saying so, as everywhere. */
static void put_year(text_t *text, const isere_locale_fields_t *f,
                     const moment_t *m)
{
    int year = (int)(m->date.year > 0 ? m->date.year : 1 - m->date.year);
    put_number(text, f->year, f->year == TWO_DIGITS ? year % 100 : year);
}

/* Thu, Mar 7, 2024; Thu, 3/7/2024 */
static void put_month_and_day(text_t *text, const isere_locale_fields_t *f,
                              const moment_t *m)
{
    bool named = f->month >= NARROW;
    if (is_given(f->weekday)) {
        put_weekday(text, f, m);
        put(text, ", ");
    }
    put_month(text, f, m);
    put(text, named ? " " : "/");
    put_number(text, f->day, m->date.day);
    if (is_given(f->year)) {
        put(text, named ? ", " : "/");
        put_year(text, f, m);
    }
}

/* 7 Thu 2024; 2024 (day: 7); 7 Thu. CLDR has a pattern with words where digits
 * alone would be misread. */
static void put_day_alone(text_t *text, const isere_locale_fields_t *f,
                          const moment_t *m)
{
    bool year = is_given(f->year);
    if (year && !is_given(f->weekday)) {
        put_year(text, f, m);
        put(text, " (day: ");
        put_number(text, f->day, m->date.day);
        put(text, ")");
        return;
    }
    put_number(text, f->day, m->date.day);
    if (is_given(f->weekday)) {
        put(text, " ");
        put_weekday(text, f, m);
    }
    if (year) {
        put(text, " ");
        put_year(text, f, m);
    }
}

/* 3/2024 Thu, Mar 2024, 2024, Thu */
static void put_without_day(text_t *text, const isere_locale_fields_t *f,
                            const moment_t *m)
{
    const char *between = "";
    if (is_given(f->month)) {
        put_month(text, f, m);
        between = f->month >= NARROW ? " " : "/";
    }
    if (is_given(f->year)) {
        put(text, "%s", between);
        put_year(text, f, m);
    }
    if (is_given(f->weekday)) {
        put(text, text->len > 0 ? " " : "");
        put_weekday(text, f, m);
    }
}

/* Which fields there are chooses the pattern, as CLDR's availableFormats do. */
static void put_date(text_t *text, const isere_locale_fields_t *f,
                     const moment_t *m)
{
    if (!is_given(f->day)) {
        put_without_day(text, f, m);
    } else if (is_given(f->month)) {
        put_month_and_day(text, f, m);
    } else {
        put_day_alone(text, f, m);
    }
}

/* A 24-hour clock has two digits in CLDR's "en", whatever was asked for. */
static void put_hour(text_t *text, const isere_locale_fields_t *f, int hour)
{
    int width = f->hour;
    if (f->cycle == H11) {
        hour %= 12;
    } else if (f->cycle == H12) {
        hour = (hour + 11) % 12 + 1;
    } else {
        hour = f->cycle == H24 && hour == 0 ? 24 : hour;
        width = TWO_DIGITS;
    }
    put_number(text, width, hour);
}

/* The fraction is cut, not rounded: rounding could carry into the next
 * minute. */
static void put_second(text_t *text, const isere_locale_fields_t *f,
                       const moment_t *m, int width)
{
    static const int divisors[] = {1000, 100, 10, 1};
    put_number(text, width, m->second);
    if (f->fraction > 0) {
        put(text, ".%0*d", f->fraction, m->ms / divisors[f->fraction]);
    }
}

/* 3:04:09 PM; 3 PM (second: 9) */
static void put_with_hour(text_t *text, const isere_locale_fields_t *f,
                          const moment_t *m)
{
    put_hour(text, f, m->hour);
    if (is_given(f->minute)) {
        put(text, ":%02d", m->minute);
        if (is_given(f->second)) {
            put(text, ":");
            put_second(text, f, m, TWO_DIGITS);
        }
    }
    if (f->cycle == H11 || f->cycle == H12) {
        put(text, m->hour < 12 ? " AM" : " PM");
    } else if (!is_given(f->minute) && is_given(f->zone_name)) {
        put(text, "h");
    }
    if (!is_given(f->minute) && is_given(f->second)) {
        put(text, " (second: ");
        put_second(text, f, m, NUMERIC);
        put(text, ")");
    }
}

/* Minutes and seconds alone are padded only against each other: "04:09", but
 * "4". */
static void put_time(text_t *text, const isere_locale_fields_t *f,
                     const moment_t *m)
{
    bool minute = is_given(f->minute);
    if (is_given(f->hour)) {
        put_with_hour(text, f, m);
        return;
    }
    if (minute) {
        put(text, is_given(f->second) ? "%02d:" : "%d", m->minute);
    }
    if (is_given(f->second)) {
        put_second(text, f, m, minute ? TWO_DIGITS : NUMERIC);
    }
}

/* Floors, not truncation: times before 1970 are negative. */
static moment_t moment_of(int64_t ms, int32_t offset_s)
{
    int64_t local = isere_civil_floor_div(ms, 1000) + offset_s;
    int64_t days = isere_civil_floor_div(local, ISERE_DAY_S);
    int second = (int)isere_civil_floor_mod(local, ISERE_DAY_S);
    return (moment_t){
        .date = isere_civil_from_days(days),
        .weekday = isere_civil_weekday(days),
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .ms = (int)isere_civil_floor_mod(ms, 1000),
    };
}

/* What stands between a date and a time. */
static const char *joint(const isere_locale_fields_t *f)
{
    bool date = is_given(f->year) || is_given(f->month) || is_given(f->day);
    if (f->month == LONG) {
        return " at ";
    }
    /* "Thu 3:04 PM", as CLDR has it for just that. */
    bool plain =
        is_given(f->hour) && !is_given(f->zone_name) && f->fraction == 0;
    return !date && plain ? " " : ", ";
}

/* Date, joint, time, zone; each part writes nothing where no field of it is
 * given. */
size_t isere__locale_date_text(const isere_locale_fields_t *f, int64_t ms,
                               const isere_locale_zone_t *zone,
                               char out[ISERE_LOCALE_DATE_TEXT])
{
    moment_t m = moment_of(ms, zone->offset_s);
    text_t text = {.out = out};
    bool time = is_given(f->hour) || is_given(f->minute) || is_given(f->second);
    out[0] = '\0';
    put_date(&text, f, &m);
    if (text.len > 0 && (time || is_given(f->zone_name))) {
        put(&text, "%s", joint(f));
    }
    put_time(&text, f, &m);
    if (is_given(f->zone_name)) {
        put(&text, "%s%s", time ? " " : "", zone->name);
    }
    return text.len;
}
