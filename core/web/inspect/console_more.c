/*
 * What console has besides logging (WHATWG Console sections 1.1 to 1.4): each
 * call is one log line at most. State (groups, counts, timers) is in the heap,
 * so it ends with the request.
 */
#include "core/isere_config.h"
#include "core/web/inspect/console.h"
#include <stdio.h>
#include <string.h>

/* ---- labels ---- */

enum { COUNTS, TIMERS };

/* An object without a prototype, with the labels as property names. So
 * "__proto__" and "toString" are labels like any other. */
static JSValue table(JSContext *ctx, int which)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    JSValue *slot = &state->console_tables[which];
    if (!JS_IsObject(*slot)) {
        *slot = JS_NewObjectProto(ctx, JS_NULL);
    }
    return *slot;
}

/* The label that a call names, "default" without one. */
static JSAtom label_of(JSContext *ctx, int argc, JSValueConst *argv)
{
    if (argc == 0 || JS_IsUndefined(argv[0])) {
        return JS_NewAtom(ctx, "default");
    }
    JSValue text = JS_ToString(ctx, argv[0]); /* a symbol throws */
    JSAtom label =
        JS_IsException(text) ? JS_ATOM_NULL : JS_ValueToAtom(ctx, text);
    JS_FreeValue(ctx, text);
    return label;
}

/* The label's number, -1 when it has none: counts and times are never negative.
 * With *failed an exception is pending. */
static double lookup(JSContext *ctx, int which, JSAtom label, bool *failed)
{
    JSValue table_value = table(ctx, which);
    JSValue value = JS_IsException(table_value)
                        ? JS_EXCEPTION
                        : JS_GetProperty(ctx, table_value, label);
    double number = -1;
    *failed = JS_IsException(value);
    if (JS_IsNumber(value)) {
        JS_ToFloat64(ctx, &number, value);
    }
    JS_FreeValue(ctx, value);
    return number;
}

static int store(JSContext *ctx, int which, JSAtom label, double number)
{
    return JS_SetProperty(ctx, table(ctx, which), label,
                          JS_NewFloat64(ctx, number));
}

/* The table has no prototype, and only we write to it: this fails only when out
 * of memory. */
static int forget(JSContext *ctx, int which, JSAtom label)
{
    return JS_DeleteProperty(ctx, table(ctx, which), label, 0);
}

/* ---- lines ---- */

static void put_label(isere_inspect_t *i, JSAtom label)
{
    JSValue text = JS_AtomToString(i->ctx, label);
    if (JS_IsException(text)) {
        i->failed = true;
        return;
    }
    isere__inspect_plain(i, text);
    JS_FreeValue(i->ctx, text);
}

/* `what 'label' why`, as a warning. Node's warnings go to stderr, ours to the
 * log as WARN. */
static JSValue warn(JSContext *ctx, const char *what, JSAtom label,
                    const char *why)
{
    isere_inspect_t i;
    isere__console_begin(&i, ctx);
    isere__inspect_puts(&i, what);
    isere__inspect_puts(&i, " '");
    put_label(&i, label);
    isere__inspect_puts(&i, "' ");
    isere__inspect_puts(&i, why);
    return isere__console_end(&i, ISERE_LOG_WARN);
}

/* ---- counting ---- */

/* "label: 3"; the number is kept as a double, which counts far enough. */
JSValue isere__console_count(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv, int resets)
{
    JSAtom label = label_of(ctx, argc, argv);
    JSValue result = JS_EXCEPTION;
    bool failed = label == JS_ATOM_NULL;
    double number = failed ? 0 : lookup(ctx, COUNTS, label, &failed);
    isere_inspect_t i;
    (void)self;
    if (failed) {
        JS_FreeAtom(ctx, label);
        return JS_EXCEPTION;
    }
    if (resets) {
        result = number < 0 ? warn(ctx, "Count for", label, "does not exist")
                 : store(ctx, COUNTS, label, 0) < 0 ? JS_EXCEPTION
                                                    : JS_UNDEFINED;
    } else {
        number = number < 0 ? 1 : number + 1;
        if (store(ctx, COUNTS, label, number) >= 0) {
            isere__console_begin(&i, ctx);
            put_label(&i, label);
            isere__inspect_puts(&i, ": ");
            isere__inspect_number(&i, number);
            result = isere__console_end(&i, ISERE_LOG_INFO);
        }
    }
    JS_FreeAtom(ctx, label);
    return result;
}

/* ---- timing ---- */

/* Node's forms: milliseconds below a second, then seconds. No %f: a device's
 * printf may not have it. */
static void put_duration(isere_inspect_t *i, double us)
{
    char text[32];
    if (us < 1e6) {
        snprintf(text, sizeof(text), ": %lu.%03lums", (unsigned long)us / 1000,
                 (unsigned long)us % 1000);
    } else {
        snprintf(text, sizeof(text), ": %lu.%03lus", (unsigned long)(us / 1e6),
                 (unsigned long)(us / 1e3) % 1000);
    }
    isere__inspect_puts(i, text);
}

/* "label: 3.204ms", and the other arguments as console.log has them. */
static JSValue time_line(JSContext *ctx, JSAtom label, double since_us,
                         int argc, JSValueConst *argv)
{
    isere_inspect_t i;
    double us = (double)isere_host_monotonic_us(ctx) - since_us;
    isere__console_begin(&i, ctx);
    put_label(&i, label);
    put_duration(&i, us > 0 ? us : 0);
    for (int n = 0; n < argc && !isere__inspect_stopped(&i); n++) {
        isere__inspect_puts(&i, " ");
        isere__console_put(&i, 1, &argv[n]);
    }
    return isere__console_end(&i, ISERE_LOG_INFO);
}

static JSValue time_label(JSContext *ctx, JSAtom label, int argc,
                          JSValueConst *argv, int what)
{
    bool failed;
    double since_us = lookup(ctx, TIMERS, label, &failed);
    int skip = argc > 0 && what == ISERE_CONSOLE_TIME_LOG ? 1 : argc;
    if (failed) {
        return JS_EXCEPTION;
    }
    if (what == ISERE_CONSOLE_TIME) {
        if (since_us >= 0) {
            return warn(ctx, "Timer", label, "already exists");
        }
        since_us = (double)isere_host_monotonic_us(ctx);
        return store(ctx, TIMERS, label, since_us) < 0 ? JS_EXCEPTION
                                                       : JS_UNDEFINED;
    }
    if (since_us < 0) {
        return warn(ctx, "Timer", label, "does not exist");
    }
    if (what == ISERE_CONSOLE_TIME_END && forget(ctx, TIMERS, label) < 0) {
        return JS_EXCEPTION;
    }
    return time_line(ctx, label, since_us, argc - skip, argv + skip);
}

JSValue isere__console_time(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv, int what)
{
    JSAtom label = label_of(ctx, argc, argv);
    JSValue result = label == JS_ATOM_NULL
                         ? JS_EXCEPTION
                         : time_label(ctx, label, argc, argv, what);
    (void)self;
    JS_FreeAtom(ctx, label);
    return result;
}

/* ---- grouping ---- */

/* A handler that opens a group for each item and ends none must not push all
 * its lines beyond the limit. */
enum { INDENT_MAX = 64 };

/* The heading is indented like what was before it. */
JSValue isere__console_group(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    JSValue result = JS_UNDEFINED;
    isere_inspect_t i;
    (void)self;
    if (argc > 0) {
        isere__console_begin(&i, ctx);
        isere__console_put(&i, argc, argv);
        result = isere__console_end(&i, ISERE_LOG_INFO);
    }
    state->console_indent += state->console_indent < INDENT_MAX ? 2 : 0;
    return result;
}

/* "clear" ends all groups, "groupEnd" one. */
JSValue isere__console_group_end(JSContext *ctx, JSValueConst self, int argc,
                                 JSValueConst *argv, int all)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    (void)self;
    (void)argc;
    (void)argv;
    if (all) {
        state->console_indent = 0;
    }
    state->console_indent -= state->console_indent > 0 ? 2 : 0;
    return JS_UNDEFINED;
}

/* ---- logging in other ways ---- */

JSValue isere__console_assert(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv)
{
    isere_inspect_t i;
    (void)self;
    if (argc > 0 && JS_ToBool(ctx, argv[0])) {
        return JS_UNDEFINED;
    }
    isere__console_begin(&i, ctx);
    isere__inspect_puts(&i, "Assertion failed");
    if (argc > 1) {
        isere__inspect_puts(&i, JS_IsString(argv[1]) ? ": " : " ");
        isere__console_put(&i, argc - 1, argv + 1);
    }
    return isere__console_end(&i, ISERE_LOG_ERROR);
}

/* Its options are for terminals; the value is shown as log shows it. */
JSValue isere__console_dir(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    isere_inspect_t i;
    (void)self;
    (void)argc;
    isere__console_begin(&i, ctx);
    isere__inspect_value(&i, argv[0], 0);
    return isere__console_end(&i, ISERE_LOG_INFO);
}

/* Appends a stack trace without its first line, which is ours. */
static void put_stack(isere_inspect_t *i, JSValueConst stack)
{
    size_t len;
    const char *text = JS_ToCStringLen(i->ctx, &len, stack);
    const char *first = text ? memchr(text, '\n', len) : NULL;
    if (!text) {
        i->failed = true;
        return;
    }
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    if (first && first < text + len) {
        isere__inspect_put(i, first, (size_t)(text + len - first));
    }
    JS_FreeCString(i->ctx, text);
}

/* Where it was called. The engine offers its stack only with an error, so
 * one is thrown and caught. */
static void put_trace(isere_inspect_t *i)
{
    JSValue error, stack;
    JS_ThrowInternalError(i->ctx, "trace");
    error = JS_GetException(i->ctx);
    stack = JS_IsError(i->ctx, error)
                ? JS_GetPropertyStr(i->ctx, error, "stack")
                : JS_UNDEFINED;
    if (JS_IsException(stack)) {
        i->failed = true;
    } else if (JS_IsString(stack)) {
        put_stack(i, stack);
    }
    JS_FreeValue(i->ctx, stack);
    JS_FreeValue(i->ctx, error);
}

JSValue isere__console_trace(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv)
{
    isere_inspect_t i;
    (void)self;
    isere__console_begin(&i, ctx);
    isere__inspect_puts(&i, argc > 0 ? "Trace: " : "Trace");
    isere__console_put(&i, argc, argv);
    if (!isere__inspect_stopped(&i)) {
        put_trace(&i);
    }
    return isere__console_end(&i, ISERE_LOG_INFO);
}
