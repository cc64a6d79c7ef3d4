#include "core/js/host.h"
#include "core/lambda/event.h"
#include "core/lambda/event_parts.h"
#include "core/lambda/js_error.h"

static JSValue remaining_time(JSContext *ctx, JSValueConst this_value, int argc,
                              JSValueConst *argv)
{
    (void)this_value;
    (void)argc;
    (void)argv;
    return JS_NewUint32(ctx, isere_host_remaining_ms(ctx));
}

static JSValue make_version(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, lambda->function->version);
}

/* A number, fractions included; a string where AWS gives one. */
static JSValue make_memory_limit(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_function_info_t *function = lambda->function;
    JSValue number =
        JS_NewFloat64(ctx, (double)function->memory_bytes / (1024.0 * 1024.0));

    if (function->payload == ISERE_PAYLOAD_ISERE) {
        return number;
    }
    return JS_ToString(ctx, number);
}

static JSValue make_remaining_time(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, remaining_time, "getRemainingTimeInMillis", 0);
}

static JSValue make_true(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)ctx;
    (void)lambda;
    return JS_TRUE;
}

JSValue isere_context_new(JSContext *ctx)
{
    static const isere_lazy_t fields[] = {
        ISERE_LAZY("functionName", isere_make_function_name),
        ISERE_LAZY("functionVersion", make_version),
        ISERE_LAZY("memoryLimitInMB", make_memory_limit),
        ISERE_LAZY("awsRequestId", isere_make_request_id),
        ISERE_LAZY("getRemainingTimeInMillis", make_remaining_time),
        ISERE_LAZY("callbackWaitsForEmptyEventLoop", make_true),
        ISERE_LAZY_END,
    };

    return isere_js_settle(ctx, isere_lazy_object(ctx, fields));
}
