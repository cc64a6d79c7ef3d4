/* Time zones: their names, offsets and display names. The data are the system's
 * TZif files, by way of the port. */
#include "core/web/host.h"
#include "core/web/locale/locale.h"
#include "isere/error.h"
#include <stdio.h>
#include <stdlib.h>

/* Real files have up to 4 KB. It is the handler's heap that this comes from,
 * for the time of one call. */
#define FILE_SIZE_MAX 16384

#define HERE "; always available: 'UTC' and offsets such as '+05:30'"

/* Not toupper(): that asks the C library's locale. */
static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Names of zones have no case (ECMA-402 section 6.5.1). These need no file, so
 * devices without any have them. */
static bool is_utc(const char *name)
{
    static const char *const names[] = {"UTC", "GMT", "ETC/UTC", "ETC/GMT"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        size_t at = 0;
        while (names[i][at] && names[i][at] == upper(name[at])) {
            at++;
        }
        if (names[i][at] == name[at]) {
            return true;
        }
    }
    return false;
}

/* Two digits below `limit`, or -1. */
static int two_digits(const char *text, int limit)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return -1;
    }
    int value = (text[0] - '0') * 10 + (text[1] - '0');
    return value < limit ? value : -1;
}

/* +hh, +hhmm, +hh:mm */
static bool read_offset(const char *text, int32_t *offset_s)
{
    int hours = two_digits(text + 1, 24);
    int minutes = 0;
    if ((*text != '+' && *text != '-') || hours < 0) {
        return false;
    }
    const char *rest = text + 3;
    if (*rest != '\0') {
        rest += *rest == ':';
        minutes = two_digits(rest, 60);
        if (minutes < 0 || rest[2] != '\0') {
            return false;
        }
    }
    int32_t value = hours * 3600 + minutes * 60;
    *offset_s = *text == '-' ? -value : value;
    return true;
}

/* The abbreviations that CLDR has for American English. Other zones, and
 * times before 1970, are named by their offset. The offset is compared as
 * well: CST is also China's, and EST was Australia's. */
static bool is_common(const isere_zone_time_t *at, int64_t at_s)
{
    static const struct {
        char name[5];
        int8_t hours;
    } names[] = {{"AST", -4}, {"ADT", -3}, {"EST", -5},  {"EDT", -4},
                 {"CST", -6}, {"CDT", -5}, {"MST", -7},  {"MDT", -6},
                 {"PST", -8}, {"PDT", -7}, {"AKST", -9}, {"AKDT", -8},
                 {"HST", -10}};
    for (size_t i = 0; at_s >= 0 && i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i].name, at->abbreviation) == 0 &&
            at->offset_s == names[i].hours * 3600) {
            return true;
        }
    }
    return false;
}

/* GMT, GMT+5:30, GMT-4:56:02 */
static void name_offset(int32_t offset_s, char *out)
{
    char sign = offset_s < 0 ? '-' : '+';
    int32_t s = abs(offset_s);
    int len = snprintf(out, ISERE_LOCALE_ZONE_NAME_MAX, "GMT");
    if (s > 0) {
        len += snprintf(out + len, ISERE_LOCALE_ZONE_NAME_MAX - (size_t)len,
                        "%c%d", sign, (int)(s / 3600));
    }
    if (s % 3600 > 0) {
        len += snprintf(out + len, ISERE_LOCALE_ZONE_NAME_MAX - (size_t)len,
                        ":%02d", (int)(s / 60 % 60));
    }
    if (s % 60 > 0) {
        snprintf(out + len, ISERE_LOCALE_ZONE_NAME_MAX - (size_t)len, ":%02d",
                 (int)(s % 60));
    }
}

/* The message says what would work, since the same code may run on a system
 * that has the data. */
static int refuse(JSContext *ctx, int error, const char *name)
{
    if (error == ISERE_ERR_INVAL) {
        JS_ThrowRangeError(ctx,
                           "time zone '%.64s': this system has no time zone "
                           "data" HERE,
                           name);
    } else if (error == ISERE_ERR_NOENT) {
        JS_ThrowRangeError(ctx,
                           "time zone '%.64s' is unknown: write a name as in "
                           "'America/New_York'" HERE,
                           name);
    } else {
        JS_ThrowRangeError(
            ctx, "time zone '%.64s': its data can't be read" HERE, name);
    }
    return -1;
}

/* Read each time: a cache would have to outlive the request, outside of the
 * heap. */
static int read_zone(JSContext *ctx, const char *name, int64_t at_s,
                     isere_zone_time_t *out)
{
    char *file = js_malloc(ctx, FILE_SIZE_MAX);
    if (!file) {
        return -1;
    }
    int result =
        isere_host_time_zone(ctx, isere_slice(name), file, FILE_SIZE_MAX);
    if (result >= 0 &&
        isere_tzif_at(isere_slice_of(file, (size_t)result), at_s, out) != 0) {
        result = ISERE_ERR_IO;
    }
    js_free(ctx, file);
    return result < 0 ? refuse(ctx, result, name) : 0;
}

/* In this order: what needs no data works everywhere. */
static int zone_of_name(JSContext *ctx, const char *name, int64_t at_s,
                        isere_locale_zone_t *out)
{
    isere_zone_time_t at;
    if (is_utc(name)) {
        return 0;
    }
    if (read_offset(name, &out->offset_s)) {
        name_offset(out->offset_s, out->name);
        return 0;
    }
    if (read_zone(ctx, name, at_s, &at)) {
        return -1;
    }
    out->offset_s = at.offset_s;
    if (is_common(&at, at_s)) {
        snprintf(out->name, sizeof(out->name), "%s", at.abbreviation);
    } else {
        name_offset(at.offset_s, out->name);
    }
    return 0;
}

int isere__locale_zone(JSContext *ctx, JSValueConst zone, int64_t at_s,
                       isere_locale_zone_t *out)
{
    *out = (isere_locale_zone_t){.offset_s = 0, .name = "UTC"};
    if (JS_IsUndefined(zone)) {
        return 0;
    }
    size_t len;
    const char *name = JS_ToCStringLen(ctx, &len, zone);
    if (!name) {
        return -1;
    }
    /* A NUL within the name would cut it off. */
    int result = strlen(name) == len ? zone_of_name(ctx, name, at_s, out)
                                     : refuse(ctx, ISERE_ERR_NOENT, name);
    JS_FreeCString(ctx, name);
    return result;
}
