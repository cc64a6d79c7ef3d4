/* performance.now() and timeOrigin (W3C High Resolution Time), and the time of
 * Date. All ask the clocks each time, so nothing of them is part of a
 * snapshot. */
#include "core/web/web.h"

static uint64_t elapsed_us(JSContext *ctx)
{
    return isere_host_monotonic_us(ctx) - isere_host_time_origin_us(ctx);
}

static JSValue performance_now(JSContext *ctx, JSValueConst self, int argc,
                               JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NewFloat64(ctx, (double)elapsed_us(ctx) / 1000);
}

/* Computed from both clocks each time: the wall clock may be set while the
 * isolate lives. */
static JSValue time_origin(JSContext *ctx, JSValueConst self)
{
    int64_t origin = isere_host_wall_us(ctx) - (int64_t)elapsed_us(ctx);
    (void)self;
    return JS_NewFloat64(ctx, (double)origin / 1000);
}

static const JSCFunctionListEntry members[] = {
    JS_CFUNC_DEF("now", 0, performance_now),
    JS_CGETSET_DEF("timeOrigin", time_origin, NULL),
};

static int64_t date_now(JSContext *ctx)
{
    return isere_host_wall_us(ctx) / 1000;
}

int isere__performance_install(JSContext *ctx, JSValueConst global)
{
    JS_SetDateNow(JS_GetRuntime(ctx), date_now);
    return isere__web_define_object(ctx, global, "performance", members,
                                    sizeof(members) / sizeof(*members));
}
