/* The done callback: the third argument of handlers. */
#include "core/code/js.h"
#include "core/lambda/event/event.h"
#include "core/web/host.h"

static bool is_nothing(JSValueConst value)
{
    return JS_IsNull(value) || JS_IsUndefined(value);
}

/* The cases are listed in event.h. A single Error fails, since done(error)
 * is what Node's callbacks are called with; any other single value is a
 * response. */
static JSValue done(JSContext *ctx, JSValueConst this_value, int argc,
                    JSValueConst *argv)
{
    (void)this_value;
    if (argc == 0) {
        isere_host_complete(ctx, JS_UNDEFINED);
    } else if (argc == 1 && JS_IsError(ctx, argv[0])) {
        isere_host_fail(ctx, argv[0]);
    } else if (argc == 1) {
        isere_host_complete(ctx, argv[0]);
    } else if (is_nothing(argv[0])) {
        isere_host_complete(ctx, argv[1]);
    } else {
        isere_host_fail(ctx, argv[0]);
    }
    return JS_UNDEFINED;
}

JSValue isere__done_new(JSContext *ctx)
{
    return isere_js_settle(ctx, JS_NewCFunction(ctx, done, "done", 2));
}
