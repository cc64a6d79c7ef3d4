/* The options of a date's format (ECMA-402 section 11.1.2 and the tables
 * there), read and turned into the fields that locale_date_text.c writes. */
#include "core/util/time/civil.h"
#include "core/web/locale/locale.h"
#include "core/web/web.h"
#include <math.h>

enum { FULL_DATE, LONG_DATE, MEDIUM_DATE, SHORT_DATE };
enum { LONG_TIME, MEDIUM_TIME, SHORT_TIME };

typedef struct options {
    isere_locale_fields_t fields;
    int date_style, time_style;
    int hour12; /* ISERE_LOCALE_NONE, 0, 1 */
} options_t;

/* An option that has no supported value at all. */
static const char *const no_words[] = {NULL};

/* Options with only one supported value, or none, are read, too: any other
 * value is refused, not ignored. */
static int read_unsupported(JSContext *ctx, JSValueConst options)
{
    static const char *const matchers[] = {"lookup", "best fit", "basic", NULL};
    static const char *const calendars[] = {"gregory", NULL};
    static const char *const digits[] = {"latn", NULL};
    static const isere_locale_choice_t all[] = {
        {"localeMatcher", matchers}, {"formatMatcher", matchers},
        {"calendar", calendars},     {"numberingSystem", digits},
        {"era", no_words},           {"dayPeriod", no_words}};
    return isere__locale_check_choices(ctx, options, all,
                                       sizeof(all) / sizeof(*all));
}

/* The order is ECMA-402's: getters of the options can see it. */
static int read_fields(JSContext *ctx, JSValueConst options,
                       isere_locale_fields_t *f)
{
    static const char *const texts[] = {"narrow", "short", "long", NULL};
    static const char *const numbers[] = {"numeric", "2-digit", NULL};
    static const char *const months[] = {"numeric", "2-digit", "narrow",
                                         "short",   "long",    NULL};
    static const char *const names[] = {"short", NULL};
    static const char *const cycles[] = {"h11", "h12", "h23", "h24", NULL};
    if (isere__locale_word(ctx, options, "weekday", texts, &f->weekday) ||
        isere__locale_word(ctx, options, "year", numbers, &f->year) ||
        isere__locale_word(ctx, options, "month", months, &f->month) ||
        isere__locale_word(ctx, options, "day", numbers, &f->day) ||
        isere__locale_word(ctx, options, "hour", numbers, &f->hour) ||
        isere__locale_word(ctx, options, "minute", numbers, &f->minute) ||
        isere__locale_word(ctx, options, "second", numbers, &f->second) ||
        isere__locale_number(ctx, options, "fractionalSecondDigits", 1, 3,
                             &f->fraction) ||
        isere__locale_word(ctx, options, "timeZoneName", names,
                           &f->zone_name) ||
        isere__locale_word(ctx, options, "hourCycle", cycles, &f->cycle)) {
        return -1;
    }
    if (f->weekday != ISERE_LOCALE_NONE) {
        f->weekday += NARROW;
    }
    return 0;
}

/* A boolean, and not a word as the others: undefined means that it is not
 * given. */
static int read_hour12(JSContext *ctx, JSValueConst options, int *out)
{
    JSValue value = JS_IsUndefined(options)
                        ? JS_UNDEFINED
                        : JS_GetPropertyStr(ctx, options, "hour12");
    *out = ISERE_LOCALE_NONE;
    if (JS_IsException(value)) {
        return -1;
    }
    if (!JS_IsUndefined(value)) {
        *out = JS_ToBool(ctx, value);
    }
    JS_FreeValue(ctx, value);
    return 0;
}

/* Values that are not given must differ from the first word, hence
 * ISERE_LOCALE_NONE. */
static int read_options(JSContext *ctx, JSValueConst options, options_t *o)
{
    static const char *const date_styles[] = {"full", "long", "medium", "short",
                                              NULL};
    static const char *const time_styles[] = {"long", "medium", "short", NULL};
    memset(o, 0, sizeof(*o));
    if (read_unsupported(ctx, options) ||
        read_hour12(ctx, options, &o->hour12) ||
        read_fields(ctx, options, &o->fields) ||
        isere__locale_word(ctx, options, "dateStyle", date_styles,
                           &o->date_style) ||
        isere__locale_word(ctx, options, "timeStyle", time_styles,
                           &o->time_style)) {
        return -1;
    }
    return 0;
}

static bool has_date(const isere_locale_fields_t *f)
{
    return f->weekday != ISERE_LOCALE_NONE || f->year != ISERE_LOCALE_NONE ||
           f->month != ISERE_LOCALE_NONE || f->day != ISERE_LOCALE_NONE;
}

/* The fraction is left out: it only exists with seconds. */
static bool has_time(const isere_locale_fields_t *f)
{
    return f->hour != ISERE_LOCALE_NONE || f->minute != ISERE_LOCALE_NONE ||
           f->second != ISERE_LOCALE_NONE;
}

/* CLDR's patterns for "en", as fields. "Thursday, March 7, 2024", "March 7,
 * 2024", "Mar 7, 2024", "3/7/24" */
static void apply_date_style(int style, isere_locale_fields_t *f)
{
    static const int months[] = {LONG, LONG, SHORT, NUMERIC};
    f->weekday = style == FULL_DATE ? LONG : ISERE_LOCALE_NONE;
    f->year = style == SHORT_DATE ? TWO_DIGITS : NUMERIC;
    f->month = months[style];
    f->day = NUMERIC;
}

/* "full" is missing from the styles: it names the zone in full, which takes
 * tables. */
static void apply_time_style(int style, isere_locale_fields_t *f)
{
    f->hour = NUMERIC;
    f->minute = TWO_DIGITS;
    f->second = style == SHORT_TIME ? ISERE_LOCALE_NONE : TWO_DIGITS;
    f->zone_name = style == LONG_TIME ? 0 : ISERE_LOCALE_NONE;
}

/* A style is a complete choice of fields: more of them would contradict it. */
static int apply_styles(JSContext *ctx, int what, options_t *o)
{
    isere_locale_fields_t *f = &o->fields;
    if (has_date(f) || has_time(f) || f->fraction > 0 ||
        f->zone_name != ISERE_LOCALE_NONE) {
        JS_ThrowTypeError(ctx, "dateStyle and timeStyle can't be used together "
                               "with the fields of a format");
        return -1;
    }
    if (o->date_style != ISERE_LOCALE_NONE) {
        if (what == JS_LOCALE_TIME) {
            JS_ThrowTypeError(ctx, "a time can't have a dateStyle");
            return -1;
        }
        apply_date_style(o->date_style, f);
    }
    if (o->time_style != ISERE_LOCALE_NONE) {
        if (what == JS_LOCALE_DATE) {
            JS_ThrowTypeError(ctx, "a date can't have a timeStyle");
            return -1;
        }
        apply_time_style(o->time_style, f);
    }
    return 0;
}

/* What is shown when nothing that belongs to it was asked for. */
static void apply_defaults(int what, isere_locale_fields_t *f)
{
    bool date = has_date(f);
    bool time = has_time(f);
    if (what == JS_LOCALE_BOTH && (date || time)) {
        return;
    }
    if (what != JS_LOCALE_TIME && !date) {
        f->year = f->month = f->day = NUMERIC;
    }
    if (what != JS_LOCALE_DATE && !time) {
        f->hour = f->minute = f->second = NUMERIC;
    }
}

/* Which fields there are in the end; after this every combination has a
 * pattern. */
static int settle(JSContext *ctx, int what, options_t *o)
{
    isere_locale_fields_t *f = &o->fields;
    /* CLDR has no pattern for a fraction alone that one could read. */
    if (f->fraction > 0 && f->second == ISERE_LOCALE_NONE) {
        JS_ThrowRangeError(ctx, "option fractionalSecondDigits is supported "
                                "only together with second");
        return -1;
    }
    if (o->date_style != ISERE_LOCALE_NONE ||
        o->time_style != ISERE_LOCALE_NONE) {
        if (apply_styles(ctx, what, o)) {
            return -1;
        }
    } else {
        apply_defaults(what, f);
    }
    if (o->hour12 != ISERE_LOCALE_NONE) {
        f->cycle = o->hour12 ? H12 : H24; /* as ECMA-402 had it until 2022 */
    } else if (f->cycle == ISERE_LOCALE_NONE) {
        f->cycle = H12;
    }
    return 0;
}

/* The zone comes last: it may read a file, which is of no use when another
 * option is refused. */
JSValue isere__locale_format_date(JSContext *ctx, int what, double ms,
                                  JSValueConst options)
{
    options_t o;
    isere_locale_zone_t zone;
    char text[ISERE_LOCALE_DATE_TEXT];
    int64_t time;
    if (isnan(ms)) {
        return JS_NewString(ctx, "Invalid Date"); /* whatever the options */
    }
    time = (int64_t)ms;
    if (read_options(ctx, options, &o) || settle(ctx, what, &o)) {
        return JS_EXCEPTION;
    }
    JSValue name = JS_IsUndefined(options)
                       ? JS_UNDEFINED
                       : JS_GetPropertyStr(ctx, options, "timeZone");
    if (JS_IsException(name)) {
        return JS_EXCEPTION;
    }
    int failed =
        isere__locale_zone(ctx, name, isere_civil_floor_div(time, 1000), &zone);
    JS_FreeValue(ctx, name);
    if (failed) {
        return JS_EXCEPTION;
    }
    size_t len = isere__locale_date_text(&o.fields, time, &zone, text);
    return JS_NewStringLen(ctx, text, len);
}
