/*
 * Numbers as Americans write them; ECMA-402, 15.1 to 15.5. All is done on the
 * decimal digits: those of the shortest text that gives the number, as in other
 * engines, so 1.005 with two fraction digits is 1.01.
 */
#include "core/web/locale/locale.h"
#include <math.h>
#include <stdio.h>

enum { DECIMAL, PERCENT, CURRENCY };

typedef struct currency {
    char code[4];
    char sign[4]; /* UTF-8 */
} currency_t;

static const currency_t currencies[] = {
    {"USD", "$"}, {"EUR", "\xe2\x82\xac"}, {"GBP", "\xc2\xa3"}};

typedef struct format {
    int style;
    const char *sign; /* of the currency, or "" */
    bool grouping;
    int min_integer;
    int min_fraction, max_fraction;
    int min_significant, max_significant; /* 0: fraction digits count */
} format_t;

/* 0.DIGITS x 10^point; no digits: zero. */
typedef struct decimal {
    bool negative;
    char *digits;
    int64_t len, point;
} decimal_t;

/* ---- options ---- */

/* Options with only one supported value: any other value is refused, not
 * ignored. */
static int read_unsupported(JSContext *ctx, JSValueConst options)
{
    static const char *const matchers[] = {"lookup", "best fit", NULL};
    static const char *const digits[] = {"latn", NULL};
    static const char *const notations[] = {"standard", NULL};
    static const char *const signs[] = {"auto", NULL};
    static const char *const modes[] = {"halfExpand", NULL};
    static const char *const increments[] = {"1", NULL};
    static const char *const symbols[] = {"symbol", "narrowSymbol", NULL};
    static const isere_locale_choice_t all[] = {
        {"localeMatcher", matchers},       {"numberingSystem", digits},
        {"notation", notations},           {"signDisplay", signs},
        {"currencySign", notations},       {"currencyDisplay", symbols},
        {"roundingMode", modes},           {"roundingPriority", signs},
        {"roundingIncrement", increments}, {"trailingZeroDisplay", signs}};
    return isere__locale_check_choices(ctx, options, all,
                                       sizeof(all) / sizeof(*all));
}

/* `b` is in upper case already. */
static bool same_code(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char upper = *a >= 'a' && *a <= 'z' ? (char)(*a - 32) : *a;
        if (upper != *b) {
            return false;
        }
    }
    return *a == *b;
}

/* Three currencies with signs that everybody knows; a table of all would take
 * kilobytes. */
static int find_currency(JSContext *ctx, const char *code, format_t *format)
{
    static const char *const codes[] = {"USD", "EUR", "GBP", NULL};
    for (size_t i = 0; i < sizeof(currencies) / sizeof(*currencies); i++) {
        if (same_code(code, currencies[i].code)) {
            format->sign = currencies[i].sign;
            return 0;
        }
    }
    return isere__locale_refuse(ctx, "currency", code, codes);
}

/* Names of currencies have no case (ECMA-402 section 6.3.1). */
static int read_currency(JSContext *ctx, JSValueConst options, format_t *format)
{
    JSValue value = JS_GetPropertyStr(ctx, options, "currency");
    if (JS_IsUndefined(value)) {
        JS_ThrowTypeError(ctx, "style 'currency' needs the option currency");
        return -1;
    }
    const char *code = JS_IsException(value) ? NULL : JS_ToCString(ctx, value);
    JS_FreeValue(ctx, value);
    if (!code) {
        return -1;
    }
    int result = find_currency(ctx, code, format);
    JS_FreeCString(ctx, code);
    return result;
}

/* "unit" is refused: names of units are tables, too. */
static int read_style(JSContext *ctx, JSValueConst options, format_t *format)
{
    static const char *const styles[] = {"decimal", "percent", "currency",
                                         NULL};
    if (isere__locale_word(ctx, options, "style", styles, &format->style)) {
        return -1;
    }
    if (format->style == CURRENCY) {
        return read_currency(ctx, options, format);
    }
    format->style = format->style == PERCENT ? PERCENT : DECIMAL;
    return 0;
}

/* A boolean, or one of some words (ECMA-402, 15.1.1 and GetBooleanOrString...).
 */
static int read_grouping(JSContext *ctx, JSValueConst options, format_t *format)
{
    static const char *const words[] = {"always", "auto", "true", "false",
                                        NULL};
    JSValue value = JS_GetPropertyStr(ctx, options, "useGrouping");
    int ignored;
    if (JS_IsException(value)) {
        return -1;
    }
    bool is_text = JS_IsString(value);
    format->grouping = JS_IsUndefined(value) || JS_ToBool(ctx, value);
    JS_FreeValue(ctx, value);
    return is_text && format->grouping
               ? isere__locale_word(ctx, options, "useGrouping", words,
                                    &ignored)
               : 0;
}

/* They replace fraction digits altogether (roundingPriority "auto"). */
static int read_significant(JSContext *ctx, JSValueConst options,
                            format_t *format)
{
    int min = 0;
    int max = 0;
    if (isere__locale_number(ctx, options, "minimumSignificantDigits", 1, 21,
                             &min) ||
        isere__locale_number(ctx, options, "maximumSignificantDigits",
                             min > 0 ? min : 1, 21, &max)) {
        return -1;
    }
    if (min > 0 || max > 0) {
        format->min_significant = min > 0 ? min : 1;
        format->max_significant = max > 0 ? max : 21;
    }
    return 0;
}

/* SetNumberFormatDigitOptions of ECMA-402: a limit that is given moves the
 * default of the other. */
static int read_fraction(JSContext *ctx, JSValueConst options, format_t *format)
{
    int min_default = format->style == CURRENCY ? 2 : 0;
    int max_default = format->style == DECIMAL ? 3 : min_default;
    int min = -1;
    int max = -1;
    if (format->max_significant > 0) {
        return 0; /* they decide alone */
    }
    if (isere__locale_number(ctx, options, "minimumFractionDigits", 0, 100,
                             &min) ||
        isere__locale_number(ctx, options, "maximumFractionDigits",
                             min > 0 ? min : 0, 100, &max)) {
        return -1;
    }
    if (min < 0) {
        min = max >= 0 && max < min_default ? max : min_default;
    }
    if (max < 0) {
        max = min > max_default ? min : max_default;
    }
    format->min_fraction = min;
    format->max_fraction = max;
    return 0;
}

/* `undefined` for options is the usual case: no property is read then. */
static int read_format(JSContext *ctx, JSValueConst options, format_t *format)
{
    *format = (format_t){
        .sign = "", .grouping = true, .min_integer = 1, .max_fraction = 3};
    if (JS_IsUndefined(options)) {
        return 0;
    }
    if (read_unsupported(ctx, options) || read_style(ctx, options, format) ||
        isere__locale_number(ctx, options, "minimumIntegerDigits", 1, 21,
                             &format->min_integer) ||
        read_significant(ctx, options, format) ||
        read_fraction(ctx, options, format) ||
        read_grouping(ctx, options, format)) {
        return -1;
    }
    return 0;
}

/* ---- digits ---- */

/* Takes "-123.45e-7" apart; `text` is at most as long as the digits' room. The
 * point is where the decimal point lies, counted from the first digit that is
 * not zero. */
static void parse(const char *text, decimal_t *d)
{
    bool after_point = false;
    d->negative = d->negative || *text == '-';
    text += *text == '-';
    for (; *text && *text != 'e'; text++) {
        if (*text == '.') {
            after_point = true;
            continue;
        }
        bool leading = d->len == 0 && *text == '0';
        d->point += leading ? -after_point : !after_point;
        if (!leading) {
            d->digits[d->len++] = *text;
        }
    }
    if (*text == 'e') {
        int exponent = 0;
        bool negative = text[1] == '-';
        for (text += 2; *text >= '0' && *text <= '9'; text++) {
            exponent = exponent * 10 + (*text - '0');
        }
        d->point += negative ? -exponent : exponent;
    }
}

/* Keeps the first `keep` digits; half away from zero. A row of nines carries to
 * the left, all the way if need be: 999.5 becomes 1000. */
static void round_to(decimal_t *d, int64_t keep)
{
    bool up = keep >= 0 && keep < d->len && d->digits[keep] >= '5';
    if (keep < d->len) {
        d->len = keep > 0 ? keep : 0;
    }
    if (!up) {
        return;
    }
    while (d->len > 0 && d->digits[d->len - 1] == '9') {
        d->len--;
    }
    if (d->len > 0) {
        d->digits[d->len - 1]++;
    } else {
        d->digits[d->len++] = '1';
        d->point++;
    }
}

/* Rounding can leave nothing: then it is zero, which has no digits here. */
static void settle(decimal_t *d, const format_t *format)
{
    /* Times a hundred, without arithmetic that could round. */
    if (format->style == PERCENT && d->len > 0) {
        d->point += 2;
    }
    if (format->max_significant > 0) {
        round_to(d, format->max_significant);
    } else {
        round_to(d, d->point + format->max_fraction);
    }
    while (d->len > 0 && d->digits[d->len - 1] == '0') {
        d->len--;
    }
    if (d->len == 0) {
        d->point = 0;
    }
}

/* ---- text ---- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Zero has one digit, in front of the point. */
static int64_t fraction_digits(const decimal_t *d, const format_t *format)
{
    int64_t there = larger(d->len - d->point, 0);
    if (format->max_significant > 0) {
        int64_t point = d->len > 0 ? d->point : 1;
        return larger(there, format->min_significant - point);
    }
    return larger(there, format->min_fraction);
}

/* Beyond its digits a number has zeros, on both sides. */
static char digit_at(const decimal_t *d, int64_t index)
{
    return (char)(index >= 0 && index < d->len ? d->digits[index] : '0');
}

static char *put(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return out + len;
}

/* From the left, so that groups of three are counted from the point. */
static char *put_digits(char *out, const decimal_t *d, const format_t *format)
{
    int64_t whole = larger(d->point, format->min_integer);
    int64_t fraction = fraction_digits(d, format);
    for (int64_t left = whole; left > 0; left--) {
        *out++ = digit_at(d, d->point - left);
        if (format->grouping && left > 1 && left % 3 == 1) {
            *out++ = ',';
        }
    }
    if (fraction > 0) {
        *out++ = '.';
    }
    for (int64_t i = 0; i < fraction; i++) {
        *out++ = digit_at(d, d->point + i);
    }
    return out;
}

/* With `instead`, that text takes the place of the digits. 16 bytes more: sign,
 * currency (3 bytes), percent and point, or "NaN" or the sign of infinity. */
static JSValue make_text(JSContext *ctx, const decimal_t *d,
                         const format_t *format, const char *instead)
{
    size_t whole = (size_t)larger(d->point, format->min_integer);
    size_t size = whole + whole / 3 + (size_t)fraction_digits(d, format) + 16;
    char *text = js_malloc(ctx, size);
    if (!text) {
        return JS_EXCEPTION;
    }
    char *end = put(text, d->negative ? "-" : "");
    end = put(end, format->sign);
    end = instead ? put(end, instead) : put_digits(end, d, format);
    end = put(end, format->style == PERCENT ? "%" : "");
    JSValue result = JS_NewStringLen(ctx, text, (size_t)(end - text));
    js_free(ctx, text);
    return result;
}

/* Through the engine's own text of a number, the shortest that reads back the
 * same (ECMA-262, Number::toString). */
static JSValue format_finite(JSContext *ctx, JSValueConst value, bool negative,
                             const format_t *format)
{
    size_t len;
    decimal_t d = {.negative = negative};
    JSValue result = JS_EXCEPTION;
    const char *text = JS_ToCStringLen(ctx, &len, value);
    if (!text) {
        return JS_EXCEPTION;
    }
    d.digits = js_malloc(ctx, len + 1);
    if (d.digits) {
        parse(text, &d);
        settle(&d, format);
        result = make_text(ctx, &d, format, NULL);
    }
    js_free(ctx, d.digits);
    JS_FreeCString(ctx, text);
    return result;
}

/* NaN and infinity have a text of their own, but sign, currency and percent as
 * others. */
JSValue isere__locale_format_number(JSContext *ctx, JSValueConst value,
                                    JSValueConst options)
{
    format_t format;
    double number;
    if (read_format(ctx, options, &format)) {
        return JS_EXCEPTION;
    }
    if (!JS_IsNumber(value)) {
        return format_finite(ctx, value, false, &format); /* a BigInt */
    }
    if (JS_ToFloat64(ctx, &number, value)) {
        return JS_EXCEPTION;
    }
    if (isfinite(number)) {
        return format_finite(ctx, value, signbit(number), &format);
    }
    decimal_t d = {.negative = number < 0};
    return make_text(ctx, &d, &format, isnan(number) ? "NaN" : "\xe2\x88\x9e");
}
