/*
 * toLocaleString and its like: formats of dates and numbers in American
 * English, the only locale there is (ECMA-402). Another locale, an option or a
 * time zone that can't be had is a RangeError that says what can, never
 * silently ignored. No state.
 */
#ifndef ISERE_CORE_WEB_LOCALE_LOCALE_H
#define ISERE_CORE_WEB_LOCALE_LOCALE_H

#include "core/util/time/tzif.h"
#include "quickjs.h"

/* Where a list of words ends, and the index of an option that is not given. */
#define ISERE_LOCALE_NONE (-1)

typedef struct isere_locale_tag {
    bool american; /* English, of no other country than the USA */
    bool extended; /* "-u-" asks for other digits, calendars and so on */
} isere_locale_tag_t;

/* locale_tag.c: whether a text is a language tag (Unicode's BCP 47 locale
 * identifier), and of which kind. */
bool isere__locale_tag_is_valid(isere_slice_t tag, isere_locale_tag_t *kind);

/* locale_options.c; all return 0, or -1 with an exception pending. */

/* The first argument of toLocaleString: undefined, a tag or a list of them. */
int isere__locale_check(JSContext *ctx, JSValueConst locales);

/* Option `name` as its index among `words` (ended by NULL), ISERE_LOCALE_NONE
 * when it is not given. */
int isere__locale_word(JSContext *ctx, JSValueConst options, const char *name,
                       const char *const *words, int *out);

/* Options that can only say what is done anyway: `count` of them, each with the
 * words that say it. Others are refused, so that nobody believes to get what is
 * ignored. */
typedef struct isere_locale_choice {
    const char *name;
    const char *const *words; /* ended by NULL */
} isere_locale_choice_t;

int isere__locale_check_choices(JSContext *ctx, JSValueConst options,
                                const isere_locale_choice_t *choices,
                                size_t count);

/* Whole numbers from `min` to `max`; `*out` stays when it is not given. */
int isere__locale_number(JSContext *ctx, JSValueConst options, const char *name,
                         int min, int max, int *out);

/* Throws that an option can't be what it is, and names what it can be. */
int isere__locale_refuse(JSContext *ctx, const char *name, const char *value,
                         const char *const *words);

/* locale_zone.c */

#define ISERE_LOCALE_ZONE_NAME_MAX 24 /* "GMT+05:30:20", and its NUL */

typedef struct isere_locale_zone {
    int32_t offset_s;
    char name[ISERE_LOCALE_ZONE_NAME_MAX]; /* "EST", "GMT+5:30" */
} isere_locale_zone_t;

/* Option `timeZone` at a time in seconds since 1970: UTC when undefined. */
int isere__locale_zone(JSContext *ctx, JSValueConst zone, int64_t at_s,
                       isere_locale_zone_t *out);

/* locale_date.c, locale_number.c; `what` as in JSLocaleFormat. */
JSValue isere__locale_format_date(JSContext *ctx, int what, double ms,
                                  JSValueConst options);
JSValue isere__locale_format_number(JSContext *ctx, JSValueConst value,
                                    JSValueConst options);

/* The fields of a date's format: indices of the words in locale_date.c. */
enum { NUMERIC, TWO_DIGITS, NARROW, SHORT, LONG }; /* year, month, day, ... */
enum { H11, H12, H23, H24 };

typedef struct isere_locale_fields {
    int weekday; /* NARROW, SHORT or LONG */
    int year, month, day, hour, minute, second;
    int fraction;  /* digits, 0 to 3 */
    int cycle;     /* H11 ... */
    int zone_name; /* ISERE_LOCALE_NONE, or shown */
} isere_locale_fields_t;

#define ISERE_LOCALE_DATE_TEXT 128

/* locale_date_text.c: a time as text; `ms` within the range of a Date. Returns
 * the length. */
size_t isere__locale_date_text(const isere_locale_fields_t *fields, int64_t ms,
                               const isere_locale_zone_t *zone,
                               char out[ISERE_LOCALE_DATE_TEXT]);

#endif
