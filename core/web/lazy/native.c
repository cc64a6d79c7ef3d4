/* The functions in C that the globals in JavaScript are given. They are not
 * those of the global object, which a handler may replace. */
#include "core/web/inspect/inspect.h"
#include "core/web/lazy/lazy_internal.h"
#include "core/web/timers.h"
#include "core/web/web.h"
#include <string.h>

/* now(): milliseconds since the time origin, as performance.now(). */
static JSValue now(JSContext *ctx, JSValueConst self, int argc,
                   JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    uint64_t us = isere_host_monotonic_us(ctx) - isere_host_time_origin_us(ctx);
    return JS_NewFloat64(ctx, (double)us / 1000);
}

/* report(ERROR): what a listener threw has nobody to catch it. */
static JSValue report(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    static const char prefix[] = "uncaught: ";
    (void)self;
    (void)argc;
    size_t len;
    char *text = isere_inspect_text(ctx, argv[0], &len);
    char *line = text ? js_malloc(ctx, sizeof(prefix) - 1 + len) : NULL;
    if (line) {
        memcpy(line, prefix, sizeof(prefix) - 1);
        memcpy(line + sizeof(prefix) - 1, text, len);
        isere_host_log(ctx, ISERE_LOG_ERROR,
                       isere_slice_of(line, sizeof(prefix) - 1 + len));
    }
    js_free(ctx, text);
    js_free(ctx, line);
    return line ? JS_UNDEFINED : JS_EXCEPTION;
}

/* setTimeout(FN, MS): nothing is waited for on its account. */
static JSValue set_timeout(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)self;
    return isere__timers_set_unref(ctx, argc, argv);
}

void isere__lazy_add_native(JSContext *ctx, JSValueConst object)
{
    static const JSCFunctionListEntry members[] = {
        JS_CFUNC_DEF("now", 0, now),
        JS_CFUNC_DEF("report", 1, report),
        JS_CFUNC_DEF("setTimeout", 2, set_timeout),
    };
    JS_SetPropertyFunctionList(ctx, object, members,
                               sizeof(members) / sizeof(*members));
}
