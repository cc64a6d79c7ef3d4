/* The text of values for people: the growing, bounded buffer; strings and
 * primitives. Objects are in inspect_object.c, errors in inspect_error.c. */
#include "core/web/inspect/inspect.h"
#include "core/isere_config.h"
#include "core/util/utf8.h"
#include "core/web/inspect/inspect_internal.h"
#include "core/web/web.h"

#include <stdio.h>

/* Room behind the limit for the note that something was cut, and a NUL. */
enum { NOTE_MAX = 48, FIRST_CAPACITY = 128 };

/* Node's default for nested objects: two levels are shown. */
void isere__inspect_init(isere_inspect_t *i, JSContext *ctx)
{
    memset(i, 0, sizeof(*i));
    i->ctx = ctx;
    i->in = &isere_host_web_state(ctx)->intrinsics;
    i->max_depth = 2;
}

/* Asked in every loop, since there is no other way out of nested ones. */
bool isere__inspect_stopped(const isere_inspect_t *i)
{
    return i->failed || (i->measuring && i->too_long);
}

/* Room for the note is always there: cutting must not fail for lack of
 * memory. */
static bool reserve(isere_inspect_t *i, size_t more)
{
    size_t capacity = i->capacity ? i->capacity : FIRST_CAPACITY;
    char *text;
    /* It ends: a line has at most ISERE_LOG_LINE_MAX bytes. */
    while (capacity < i->len + more + NOTE_MAX) {
        capacity *= 2;
    }
    if (capacity == i->capacity) {
        return true;
    }
    text = js_realloc(i->ctx, i->text, capacity);
    if (!text) {
        i->failed = true;
        return false;
    }
    i->text = text;
    i->capacity = capacity;
    return true;
}

/* A line break makes any object too long for one line. */
static void measure(isere_inspect_t *i, const char *text, size_t len)
{
    i->measured += len;
    if (i->measured > i->limit || memchr(text, '\n', len)) {
        i->too_long = true;
    }
}

/* Once something was dropped all that follows is, so that the text is a front
 * of the whole and not a selection. */
void isere__inspect_put(isere_inspect_t *i, const char *text, size_t len)
{
    size_t taken = len;
    if (isere__inspect_stopped(i) || len == 0) {
        return;
    }
    if (i->measuring) {
        measure(i, text, len);
        return;
    }
    if (i->dropped > 0) {
        taken = 0;
    } else if (len > ISERE_LOG_LINE_MAX - i->len) {
        taken = ISERE_LOG_LINE_MAX - i->len;
        /* Cut between characters. */
        while (taken > 0 && ((uint8_t)text[taken] & 0xc0) == 0x80) {
            taken--;
        }
    }
    i->dropped += len - taken;
    if (taken > 0 && reserve(i, taken)) {
        memcpy(i->text + i->len, text, taken);
        isere_utf8_replace_surrogates(i->text + i->len, taken);
        i->len += taken;
    }
}

void isere__inspect_puts(isere_inspect_t *i, const char *text)
{
    isere__inspect_put(i, text, strlen(text));
}

/* By way of the engine, which knows the shortest text of a double. */
void isere__inspect_number(isere_inspect_t *i, double number)
{
    isere__inspect_primitive(i, JS_NewFloat64(i->ctx, number));
}

void isere__inspect_newline(isere_inspect_t *i, unsigned indent)
{
    isere__inspect_puts(i, "\n");
    while (indent-- > 0) {
        isere__inspect_puts(i, " ");
    }
}

/* The cut and its note are the last thing: "… (1234 more bytes)". */
char *isere__inspect_finish(isere_inspect_t *i, size_t *len)
{
    if (!i->failed) {
        reserve(i, 0);
    }
    if (i->failed) {
        js_free(i->ctx, i->text);
        *len = 0;
        return NULL;
    }
    if (i->dropped > 0) {
        i->len += (size_t)snprintf(i->text + i->len, NOTE_MAX,
                                   "\xe2\x80\xa6 (%lu more bytes)",
                                   (unsigned long)i->dropped);
    }
    i->text[i->len] = '\0';
    *len = i->len;
    return i->text;
}

/* --- Strings --- */

/* What is between its quotes, as %s and a string at the top level are shown. */
void isere__inspect_plain(isere_inspect_t *i, JSValueConst string)
{
    size_t len;
    const char *text = JS_ToCStringLen(i->ctx, &len, string);
    if (!text) {
        i->failed = true;
        return;
    }
    isere__inspect_put(i, text, len);
    JS_FreeCString(i->ctx, text);
}

/* The quotes that need the fewest escapes. */
static char choose_quote(const char *text, size_t len)
{
    if (!memchr(text, '\'', len)) {
        return '\'';
    }
    if (!memchr(text, '"', len)) {
        return '"';
    }
    return memchr(text, '`', len) ? '\'' : '`';
}

/* The letter of a two-character escape, or 0. */
static char short_escape(uint8_t c)
{
    switch (c) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

/* Writes the escape that the text begins with needs; returns the bytes that
 * it stands for, 0 when there is nothing to escape. */
static size_t put_escape(isere_inspect_t *i, const char *text, char quote,
                         bool json)
{
    uint8_t c = (uint8_t)text[0];
    char escape[8] = {'\\', short_escape(c), '\0'};
    if (c == (uint8_t)quote) {
        escape[1] = quote;
    } else if (c == 0xed && (uint8_t)text[1] >= 0xa0) {
        /* A lone surrogate. */
        unsigned low = (unsigned)(text[1] & 0x3f) << 6 | (text[2] & 0x3f);
        snprintf(escape, sizeof(escape), "\\u%04x", 0xd000 | low);
        isere__inspect_puts(i, escape);
        return 3;
    } else if (!escape[1] && (c < 0x20 || c == 0x7f)) {
        snprintf(escape, sizeof(escape), json ? "\\u%04x" : "\\x%02X", c);
    }
    if (!escape[1]) {
        return 0;
    }
    isere__inspect_puts(i, escape);
    return 1;
}

/* Runs of plain characters are written at once. */
static void put_quoted(isere_inspect_t *i, const char *text, size_t len,
                       bool json)
{
    char quote = json ? '"' : choose_quote(text, len);
    size_t start = 0;
    isere__inspect_put(i, &quote, 1);
    for (size_t at = 0; at < len && !isere__inspect_stopped(i);) {
        uint8_t c = (uint8_t)text[at];
        size_t size;
        /* Look closer only where an escape is possible. */
        if (c >= 0x20 && c < 0x7f && c != (uint8_t)quote && c != '\\') {
            at++;
            continue;
        }
        isere__inspect_put(i, text + start, at - start);
        size = put_escape(i, text + at, quote, json);
        start = at + size;
        at += size ? size : 1;
    }
    isere__inspect_put(i, text + start, len - start);
    isere__inspect_put(i, &quote, 1);
}

void isere__inspect_quoted(isere_inspect_t *i, JSValueConst string, bool json)
{
    size_t len;
    const char *text = JS_ToCStringLen(i->ctx, &len, string);
    if (!text) {
        i->failed = true;
        return;
    }
    put_quoted(i, text, len, json);
    JS_FreeCString(i->ctx, text);
}

/* --- Primitives --- */

/* A symbol can't be made a string, but as a property key it can. */
static void put_symbol(isere_inspect_t *i, JSValueConst symbol)
{
    JSAtom atom = JS_ValueToAtom(i->ctx, symbol);
    const char *text = NULL;
    if (atom != JS_ATOM_NULL) {
        text = JS_AtomToCString(i->ctx, atom);
        JS_FreeAtom(i->ctx, atom);
    }
    if (!text) {
        i->failed = true;
        return;
    }
    isere__inspect_puts(i, "Symbol(");
    isere__inspect_puts(i, text);
    isere__inspect_puts(i, ")");
    JS_FreeCString(i->ctx, text);
}

/* 0 and -0 are equal, and the engine writes both as "0". */
static bool is_negative_zero(JSValueConst value)
{
    double number;
    if (!JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(value))) {
        return false;
    }
    number = JS_VALUE_GET_FLOAT64(value);
    return number == 0 && 1 / number < 0;
}

/* As a handler would write them: 'text', Symbol(x), -0, 10n. */
void isere__inspect_primitive(isere_inspect_t *i, JSValueConst value)
{
    if (JS_IsString(value)) {
        isere__inspect_quoted(i, value, false);
    } else if (JS_IsSymbol(value)) {
        put_symbol(i, value);
    } else if (is_negative_zero(value)) {
        isere__inspect_puts(i, "-0");
    } else {
        isere__inspect_plain(i, value);
        if (JS_IsBigInt(i->ctx, value)) {
            isere__inspect_puts(i, "n");
        }
    }
}

/* A string at the top level is the text itself; within others it is quoted. */
char *isere_inspect_text(JSContext *ctx, JSValueConst value, size_t *len)
{
    isere_inspect_t i;
    isere__inspect_init(&i, ctx);
    if (JS_IsString(value)) {
        isere__inspect_plain(&i, value);
    } else {
        isere__inspect_value(&i, value, 0);
    }
    return isere__inspect_finish(&i, len);
}
