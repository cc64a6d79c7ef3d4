/* POSIX TZ strings: "EST5EDT,M3.2.0,M11.1.0" (POSIX.1-2017, 8.3). */
#include "core/util/time/civil.h"
#include "core/util/time/tzif.h"
#include "isere/error.h"

#define HOUR 3600

/* When summer time begins or ends in a year. */
typedef struct change {
    enum { MONTH_WEEK_DAY, JULIAN, DAY_OF_YEAR } kind;
    int month, week, day; /* `day` alone for the other kinds */
    int32_t time_s;       /* local time of that day, from -167 to 167 hours */
} change_t;

typedef struct zone {
    isere_zone_time_t standard, summer;
    bool has_summer;
    change_t begin, end;
} zone_t;

/* ---- reading; each takes what it reads from the front of `text` ---- */

static bool take(isere_slice_t *text, char c)
{
    if (text->len == 0 || *text->ptr != c) {
        return false;
    }
    text->ptr++;
    text->len--;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Three digits at most, which an int holds. */
static bool take_number(isere_slice_t *text, int min, int max, int *out)
{
    int value = 0;
    size_t digits = 0;
    while (digits < 3 && digits < text->len && is_digit(text->ptr[digits])) {
        value = value * 10 + (text->ptr[digits] - '0');
        digits++;
    }
    *out = value;
    text->ptr += digits;
    text->len -= digits;
    return digits > 0 && value >= min && value <= max;
}

static bool is_name_char(char c, bool quoted)
{
    bool alpha = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return alpha || (quoted && (is_digit(c) || c == '+' || c == '-'));
}

/* EST, <-03> */
static bool take_name(isere_slice_t *text, char *out)
{
    bool quoted = take(text, '<');
    size_t len = 0;
    while (len < text->len && is_name_char(text->ptr[len], quoted)) {
        len++;
    }
    /* POSIX wants three characters at least. */
    if (len < 3 || len >= ISERE_ZONE_ABBREVIATION_MAX) {
        return false;
    }
    memcpy(out, text->ptr, len);
    out[len] = '\0';
    text->ptr += len;
    text->len -= len;
    return !quoted || take(text, '>');
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(isere_slice_t *text, int max_hours, int32_t *out)
{
    bool negative = take(text, '-');
    int hours, minutes = 0, seconds = 0;
    if (!negative) {
        (void)take(text, '+');
    }
    if (!take_number(text, 0, max_hours, &hours)) {
        return false;
    }
    if (take(text, ':')) {
        if (!take_number(text, 0, 59, &minutes) ||
            (take(text, ':') && !take_number(text, 0, 59, &seconds))) {
            return false;
        }
    }
    int32_t value = hours * HOUR + minutes * 60 + seconds;
    *out = negative ? -value : value;
    return true;
}

/* Mm.w.d, Jn or n, and perhaps /time: 167 hours, not the 24 of POSIX; zone
 * files use them (RFC 9636, 3.3), for changes on the day before or in
 * another week. */
static bool take_change(isere_slice_t *text, change_t *out)
{
    /* The default of POSIX: at two in the morning. */
    out->time_s = 2 * HOUR;
    if (take(text, 'M')) {
        out->kind = MONTH_WEEK_DAY;
        if (!take_number(text, 1, 12, &out->month) || !take(text, '.') ||
            !take_number(text, 1, 5, &out->week) || !take(text, '.') ||
            !take_number(text, 0, 6, &out->day)) {
            return false;
        }
    } else {
        out->kind = take(text, 'J') ? JULIAN : DAY_OF_YEAR;
        if (!take_number(text, out->kind == JULIAN, 365, &out->day)) {
            return false;
        }
    }
    return !take(text, '/') || take_time(text, 167, &out->time_s);
}

/* Offsets count westwards here, other than everywhere else. */
static bool take_offset(isere_slice_t *text, int32_t *out)
{
    if (!take_time(text, 24, out)) {
        return false;
    }
    *out = -*out;
    return true;
}

static bool read_zone(isere_slice_t text, zone_t *zone)
{
    memset(zone, 0, sizeof(*zone));
    if (!take_name(&text, zone->standard.abbreviation) ||
        !take_offset(&text, &zone->standard.offset_s)) {
        return false;
    }
    zone->has_summer = text.len > 0;
    if (!zone->has_summer) {
        return true;
    }
    zone->summer.dst = true;
    /* The default of POSIX, unless an offset follows. */
    zone->summer.offset_s = zone->standard.offset_s + HOUR;
    return take_name(&text, zone->summer.abbreviation) &&
           (text.len == 0 || *text.ptr == ',' ||
            take_offset(&text, &zone->summer.offset_s)) &&
           take(&text, ',') && take_change(&text, &zone->begin) &&
           take(&text, ',') && take_change(&text, &zone->end) && text.len == 0;
}

/* ---- applying ---- */

/* The day of Mm.w.d: week 5 is the month's last such day. */
static int64_t month_week_day(const change_t *change, int64_t year)
{
    isere_civil_t next = {.year = year, .month = change->month, .day = 1};
    int64_t first = isere_civil_to_days(next);
    int64_t day =
        first +
        isere_civil_floor_mod(change->day - isere_civil_weekday(first), 7) +
        (int64_t)(change->week - 1) * 7;
    next.year += next.month == 12;
    next.month = next.month % 12 + 1;
    return day < isere_civil_to_days(next) ? day : day - 7;
}

/* The time of the change, in seconds since 1970 by the clock that was in
 * force before it. */
static int64_t change_at(const change_t *change, int64_t year)
{
    isere_civil_t new_year = {.year = year, .month = 1, .day = 1};
    int64_t days = isere_civil_to_days(new_year);
    if (change->kind == MONTH_WEEK_DAY) {
        days = month_week_day(change, year);
    } else if (change->kind == JULIAN) {
        /* Never counts 29 February. */
        days +=
            change->day - 1 + (isere_civil_is_leap(year) && change->day >= 60);
    } else {
        days += change->day;
    }
    return days * ISERE_DAY_S + change->time_s;
}

static bool is_summer(const zone_t *zone, int64_t at_s)
{
    /* The year as the zone's clock shows it. A change is given by the clock
     * before it, so summer time ends by summer time. */
    int64_t local = at_s + zone->standard.offset_s;
    int64_t year =
        isere_civil_from_days(isere_civil_floor_div(local, ISERE_DAY_S)).year;
    int64_t begin = change_at(&zone->begin, year) - zone->standard.offset_s;
    int64_t end = change_at(&zone->end, year) - zone->summer.offset_s;
    if (begin < end) {
        return at_s >= begin && at_s < end;
    }
    return at_s >= begin || at_s < end; /* south of the equator */
}

int isere_posix_tz_at(isere_slice_t rule, int64_t at_s, isere_zone_time_t *out)
{
    zone_t zone;
    if (at_s < -ISERE_ZONE_TIME_MAX || at_s > ISERE_ZONE_TIME_MAX ||
        !read_zone(rule, &zone)) {
        return ISERE_ERR_INVAL;
    }
    *out =
        zone.has_summer && is_summer(&zone, at_s) ? zone.summer : zone.standard;
    return 0;
}
