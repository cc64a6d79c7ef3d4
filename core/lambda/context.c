#include "core/js/host.h"
#include "core/lambda/event.h"
#include "core/lambda/event_common.h"
#include "core/lambda/js_error.h"

static JSValue remaining_time(JSContext *ctx, JSValueConst this_value, int argc,
                              JSValueConst *argv)
{
    (void)this_value;
    (void)argc;
    (void)argv;
    return JS_NewUint32(ctx, isere_host_remaining_ms(ctx));
}

/* A number, fractions included; a string where AWS gives one. */
static JSValue memory_limit(JSContext *ctx,
                            const isere_function_info_t *function)
{
    JSValue number =
        JS_NewFloat64(ctx, (double)function->memory_bytes / (1024.0 * 1024.0));

    if (function->payload == ISERE_PAYLOAD_ISERE) {
        return number;
    }
    return JS_ToString(ctx, number);
}

JSValue isere_context_new(JSContext *ctx, const isere_function_info_t *function,
                          const isere_invocation_t *invocation)
{
    isere_object_t context = isere_object_begin(ctx);

    isere_object_put(&context, "functionName",
                     JS_NewString(ctx, function->name));
    isere_object_put(&context, "functionVersion",
                     JS_NewString(ctx, function->version));
    isere_object_put(&context, "memoryLimitInMB", memory_limit(ctx, function));
    isere_object_put(&context, "awsRequestId",
                     JS_NewString(ctx, invocation->request_id));
    isere_object_put(
        &context, "getRemainingTimeInMillis",
        JS_NewCFunction(ctx, remaining_time, "getRemainingTimeInMillis", 0));
    isere_object_put(&context, "callbackWaitsForEmptyEventLoop", JS_TRUE);
    return isere_js_settle(ctx, isere_object_end(&context));
}
