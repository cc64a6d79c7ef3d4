/* toLocaleString and the like. All of them end in one hook of the engine, which
 * a patch of ours adds. */
#include "core/web/locale/locale.h"
#include "core/web/web.h"

/* The order of ECMA-402: locales, then options, then the value. */
static JSValue locale_format(JSContext *ctx, int what, JSValueConst value,
                             int argc, JSValueConst *argv)
{
    JSValueConst options = argc > 1 ? argv[1] : JS_UNDEFINED;
    double ms;
    if (argc > 0 && isere__locale_check(ctx, argv[0])) {
        return JS_EXCEPTION;
    }
    if (JS_IsNull(options)) {
        return JS_ThrowTypeError(ctx, "options can't be null");
    }
    if (what == JS_LOCALE_NUMBER) {
        return isere__locale_format_number(ctx, value, options);
    }
    if (JS_ToFloat64(ctx, &ms, value)) {
        return JS_EXCEPTION;
    }
    return isere__locale_format_date(ctx, what, ms, options);
}

int isere__locale_install(JSContext *ctx, JSValueConst global)
{
    (void)global;
    JS_SetLocaleFormat(JS_GetRuntime(ctx), locale_format);
    return 0;
}
