/* queueMicrotask (HTML section 8.1.7.4). */
#include "core/web/web.h"

/* What the callback throws is the job's result, and so surfaces where jobs
 * are run, as an uncaught error. */
static JSValue run_microtask(JSContext *ctx, int argc, JSValueConst *argv)
{
    (void)argc;
    return JS_Call(ctx, argv[0], JS_UNDEFINED, 0, NULL);
}

static JSValue queue_microtask(JSContext *ctx, JSValueConst self, int argc,
                               JSValueConst *argv)
{
    (void)self;
    (void)argc;
    if (!JS_IsFunction(ctx, argv[0])) {
        return JS_ThrowTypeError(ctx, "queueMicrotask needs a function");
    }
    if (JS_EnqueueJob(ctx, run_microtask, 1, argv) < 0) {
        return JS_EXCEPTION;
    }
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("queueMicrotask", 1, queue_microtask),
};

int isere__microtask_install(JSContext *ctx, JSValueConst global)
{
    JS_SetPropertyFunctionList(ctx, global, functions, 1);
    return 0;
}
