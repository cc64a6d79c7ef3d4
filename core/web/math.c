/* Math.random, which QuickJS would replay from the snapshot: it keeps its
 * seed in the context. */
#include "core/web/web.h"

static JSValue math_random(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NewFloat64(ctx, isere_host_random_double(ctx));
}

/* Defined over the engine's own function, with the same attributes (ECMA-262
 * section 17). */
int isere__math_install(JSContext *ctx, JSValueConst global)
{
    JSValue math = JS_GetPropertyStr(ctx, global, "Math");
    JSValue random = JS_NewCFunction(ctx, math_random, "random", 0);
    int result;
    if (JS_IsException(math) || JS_IsException(random)) {
        JS_FreeValue(ctx, math);
        JS_FreeValue(ctx, random);
        return -1;
    }
    result = JS_DefinePropertyValueStr(ctx, math, "random", random,
                                       JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_FreeValue(ctx, math);
    return result < 0 ? -1 : 0;
}
