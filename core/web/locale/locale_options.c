/* The arguments that all toLocaleString share: locales and options. */
#include "core/web/locale/locale.h"
#include <math.h>
#include <stdio.h>

#define LOCALES_MAX 1000

/* ---- locales ---- */

/* 1: American English; 0: another locale; -1: none, with an exception. The
 * extension asks for other digits or calendars: refused rather than ignored. */
static int check_tag(JSContext *ctx, JSValueConst tag)
{
    size_t len;
    isere_locale_tag_t kind;
    const char *text = JS_ToCStringLen(ctx, &len, tag);
    if (!text) {
        return -1;
    }
    bool valid = isere__locale_tag_is_valid(isere_slice_of(text, len), &kind);
    if (!valid) {
        JS_ThrowRangeError(
            ctx, "'%s' is not a valid locale: write it as 'en-US'", text);
    } else if (kind.extended) {
        JS_ThrowRangeError(
            ctx, "locale '%s': the extension -u- is not supported", text);
    }
    JS_FreeCString(ctx, text);
    return !valid || kind.extended ? -1 : kind.american;
}

/* Dates and numbers in another locale's place would be read wrongly. */
static int refuse_locale(JSContext *ctx, JSValueConst tag)
{
    const char *text = JS_ToCString(ctx, tag);
    if (text) {
        JS_ThrowRangeError(ctx,
                           "locale '%s' is not supported: only 'en-US' is, "
                           "which may come behind others in a list",
                           text);
        JS_FreeCString(ctx, text);
    }
    return -1;
}

/* 1 when there is an element at `index`, 0 when there is a hole. Holes are
 * skipped, as CanonicalizeLocaleList does by HasProperty. */
static int has_element(JSContext *ctx, JSValueConst locales, uint32_t index)
{
    JSAtom atom = JS_NewAtomUInt32(ctx, index);
    int result = JS_HasProperty(ctx, locales, atom);
    JS_FreeAtom(ctx, atom);
    return result;
}

/* As check_tag; 0 also for a hole. Strings and objects only, which become
 * strings: numbers are a TypeError in ECMA-402. */
static int check_element(JSContext *ctx, JSValueConst locales, uint32_t index)
{
    int there = has_element(ctx, locales, index);
    if (there <= 0) {
        return there;
    }
    JSValue tag = JS_GetPropertyUint32(ctx, locales, index);
    int result = -1;
    if (JS_IsString(tag) || JS_IsObject(tag)) {
        result = check_tag(ctx, tag);
    } else if (!JS_IsException(tag)) {
        JS_ThrowTypeError(ctx, "a locale must be a string");
    }
    JS_FreeValue(ctx, tag);
    return result;
}

/* ECMA-402 section 9.2.1, CanonicalizeLocaleList: any object with a length. Its
 * length is the handler's word, hence a limit. */
static int check_list(JSContext *ctx, JSValueConst locales)
{
    bool american = false;
    bool found = false;
    uint32_t other = 0;
    JSValue value = JS_GetPropertyStr(ctx, locales, "length");
    double len;
    int failed = JS_IsException(value) || JS_ToFloat64(ctx, &len, value);
    JS_FreeValue(ctx, value);
    if (failed) {
        return -1;
    }
    if (len > LOCALES_MAX) {
        JS_ThrowRangeError(ctx, "more than %d locales", LOCALES_MAX);
        return -1;
    }
    for (uint32_t i = 0; i + 1 <= len; i++) {
        int result = check_element(ctx, locales, i);
        if (result < 0) {
            return -1;
        }
        american = american || result > 0;
        if (result == 0 && has_element(ctx, locales, i) > 0) {
            found = true;
            other = i;
        }
    }
    if (american || !found) {
        return 0;
    }
    JSValue tag = JS_GetPropertyUint32(ctx, locales, other);
    int result = JS_IsException(tag) ? -1 : refuse_locale(ctx, tag);
    JS_FreeValue(ctx, tag);
    return result;
}

/* There is only one: of a list it may be any, as the first that is there is
 * taken. */
int isere__locale_check(JSContext *ctx, JSValueConst locales)
{
    if (JS_IsString(locales)) {
        int result = check_tag(ctx, locales);
        return result == 0 ? refuse_locale(ctx, locales) : result > 0 ? 0 : -1;
    }
    if (JS_IsNull(locales)) {
        JS_ThrowTypeError(ctx, "locales can't be null");
        return -1;
    }
    return JS_IsObject(locales) ? check_list(ctx, locales) : 0;
}

/* ---- options ---- */

/* With all that would work, so that nobody has to look it up. */
int isere__locale_refuse(JSContext *ctx, const char *name, const char *value,
                         const char *const *words)
{
    char list[160];
    size_t len = 0;
    list[0] = '\0';
    for (size_t i = 0; words[i] && len < sizeof(list); i++) {
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s'%s'",
                                i > 0 ? ", " : "", words[i]);
    }
    if (len == 0) {
        JS_ThrowRangeError(ctx, "option %s is not supported", name);
    } else {
        JS_ThrowRangeError(ctx, "option %s can't be '%.40s'; supported: %s",
                           name, value, list);
    }
    return -1;
}

/* 1 with the option's text, 0 when it is undefined, -1 with an exception. Any
 * value becomes a string, as GetOption has it, and may run code doing so. */
static int get_text(JSContext *ctx, JSValueConst options, const char *name,
                    const char **text)
{
    JSValue value = JS_IsUndefined(options)
                        ? JS_UNDEFINED
                        : JS_GetPropertyStr(ctx, options, name);
    if (JS_IsUndefined(value) || JS_IsException(value)) {
        return JS_IsException(value) ? -1 : 0;
    }
    *text = JS_ToCString(ctx, value);
    JS_FreeValue(ctx, value);
    return *text ? 1 : -1;
}

/* Matched case-sensitively, as GetOption does. */
int isere__locale_word(JSContext *ctx, JSValueConst options, const char *name,
                       const char *const *words, int *out)
{
    const char *text;
    int got = get_text(ctx, options, name, &text);
    *out = ISERE_LOCALE_NONE;
    if (got <= 0) {
        return got;
    }
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
        }
    }
    int result = *out == ISERE_LOCALE_NONE
                     ? isere__locale_refuse(ctx, name, text, words)
                     : 0;
    JS_FreeCString(ctx, text);
    return result;
}

int isere__locale_check_choices(JSContext *ctx, JSValueConst options,
                                const isere_locale_choice_t *choices,
                                size_t count)
{
    int ignored;
    for (size_t i = 0; i < count; i++) {
        if (isere__locale_word(ctx, options, choices[i].name, choices[i].words,
                               &ignored)) {
            return -1;
        }
    }
    return 0;
}

/* NaN fails both comparisons. */
int isere__locale_number(JSContext *ctx, JSValueConst options, const char *name,
                         int min, int max, int *out)
{
    JSValue value = JS_IsUndefined(options)
                        ? JS_UNDEFINED
                        : JS_GetPropertyStr(ctx, options, name);
    double number;
    if (JS_IsUndefined(value)) {
        return 0;
    }
    int failed = JS_IsException(value) || JS_ToFloat64(ctx, &number, value);
    JS_FreeValue(ctx, value);
    if (failed) {
        return -1;
    }
    if (!(number >= min && number <= max)) {
        JS_ThrowRangeError(ctx, "option %s must be from %d to %d", name, min,
                           max);
        return -1;
    }
    *out = (int)floor(number);
    return 0;
}
