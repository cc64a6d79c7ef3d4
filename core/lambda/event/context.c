/* The context object: who runs, with how much memory, for how long. */
#include "core/code/js.h"
#include "core/lambda/event/event.h"
#include "core/lambda/event/event_parts.h"
#include "core/web/host.h"

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

/* A number, fractions included: heaps may be smaller than a megabyte. A string
 * where AWS gives one. */
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

static bool is_nothing(JSValueConst value)
{
    return JS_IsNull(value) || JS_IsUndefined(value);
}

/* succeed(result), fail(error) and done(error, result) complete the request as
 * on the Lambda of Node 0.10, which frameworks still call. */
static JSValue succeed(JSContext *ctx, JSValueConst this_value, int argc,
                       JSValueConst *argv)
{
    (void)this_value;
    (void)argc;
    isere_host_complete(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue fail(JSContext *ctx, JSValueConst this_value, int argc,
                    JSValueConst *argv)
{
    (void)this_value;
    (void)argc;
    isere_host_fail(ctx, argv[0]);
    return JS_UNDEFINED;
}

/* The engine fills missing arguments with undefined, up to the function's
 * length: argv[1] is there. */
static JSValue done(JSContext *ctx, JSValueConst this_value, int argc,
                    JSValueConst *argv)
{
    return is_nothing(argv[0]) ? succeed(ctx, this_value, argc, argv + 1)
                               : fail(ctx, this_value, argc, argv);
}

static JSValue make_succeed(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, succeed, "succeed", 1);
}

static JSValue make_fail(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, fail, "fail", 1);
}

static JSValue make_done(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, done, "done", 2);
}

/* callbackWaitsForEmptyEventLoop, as it is at first on Lambda. Setting it has
 * no effect: nothing survives the request. */
static JSValue make_true(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)ctx;
    (void)lambda;
    return JS_TRUE;
}

JSValue isere__context_new(JSContext *ctx)
{
    static const isere_lazy_t fields[] = {
        ISERE_LAZY("functionName", isere__event_make_function_name),
        ISERE_LAZY("functionVersion", make_version),
        ISERE_LAZY("memoryLimitInMB", make_memory_limit),
        ISERE_LAZY("awsRequestId", isere__event_make_request_id),
        ISERE_LAZY("getRemainingTimeInMillis", make_remaining_time),
        ISERE_LAZY("callbackWaitsForEmptyEventLoop", make_true),
        ISERE_LAZY("done", make_done),
        ISERE_LAZY("fail", make_fail),
        ISERE_LAZY("succeed", make_succeed),
        ISERE_LAZY_END,
    };
    return isere_js_settle(ctx, isere__lazy_object(ctx, fields));
}
