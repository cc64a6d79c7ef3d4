/* The arguments of handlers, and the property names that isère uses: made once
 * in the heap, when the init phase has ended. */
#include "core/lambda/lambda.h"
#include "core/code/js.h"
#include "core/lambda/event/event.h"
#include "core/lambda/fetch/fetch.h"

/* All are made, even after a failure: deinit frees each, and an atom that was
 * not made is none. */
int isere__lambda_names_init(JSContext *ctx, isere_names_t *names)
{
    static const char *const texts[ISERE_NAME_COUNT] = {
        [ISERE_NAME_STATUS_CODE] = "statusCode",
        [ISERE_NAME_HEADERS] = "headers",
        [ISERE_NAME_BODY] = "body",
        [ISERE_NAME_MULTI_VALUE_HEADERS] = "multiValueHeaders",
        [ISERE_NAME_COOKIES] = "cookies",
        [ISERE_NAME_IS_BASE64_ENCODED] = "isBase64Encoded",
        [ISERE_NAME_TO_JSON] = "toJSON",
        [ISERE_NAME_THEN] = "then",
        [ISERE_NAME_QUERY_PARAMETERS] = "queryStringParameters",
        [ISERE_NAME_PATH_PARAMETERS] = "pathParameters",
    };
    int result = 0;
    for (size_t i = 0; i < ISERE_NAME_COUNT; i++) {
        names->atoms[i] = JS_NewAtom(ctx, texts[i]);
        if (names->atoms[i] == JS_ATOM_NULL) {
            result = -1;
        }
    }
    return result;
}

void isere__lambda_names_deinit(JSContext *ctx, isere_names_t *names)
{
    for (size_t i = 0; i < ISERE_NAME_COUNT; i++) {
        JS_FreeAtom(ctx, names->atoms[i]);
    }
}

static void make_arguments(JSContext *ctx, isere_lambda_t *lambda)
{
    if (lambda->is_fetch) {
        lambda->event = JS_UNDEFINED;
        lambda->context = isere__fetch_new_context(ctx);
    } else {
        lambda->event = isere__event_new(ctx, lambda->function->payload);
        lambda->context = isere__context_new(ctx);
    }
}

/* The engine may report failure without an exception, and the other way round
 * (see isere_js_settle): both are looked at. */
int isere_lambda_init(JSContext *ctx, isere_lambda_t *lambda,
                      const isere_function_info_t *function)
{
    lambda->function = function;
    lambda->invocation = NULL;
    lambda->raw_body = JS_UNDEFINED;
    int result = isere__lambda_names_init(ctx, &lambda->names);
    lambda->waits = NULL;
    make_arguments(ctx, lambda);
    lambda->done =
        lambda->is_fetch ? isere__fetch_new_env(ctx) : isere__done_new(ctx);
    if (result < 0 || JS_IsException(lambda->event) ||
        JS_IsException(lambda->context) || JS_IsException(lambda->done) ||
        JS_HasException(ctx)) {
        isere_js_settle(ctx, JS_EXCEPTION);
        return -1;
    }
    return 0;
}

/* An event that was given as JSON stands for the request. */
static int begin_fetch(JSContext *ctx, isere_lambda_t *lambda, JSValue args[3])
{
    const isere_invocation_t *invocation = lambda->invocation;
    JSValue event = JS_UNDEFINED;
    if (!invocation->request || invocation->event_json.ptr) {
        event = isere__event_begin(ctx, lambda);
    }
    if (JS_IsException(event)) {
        return -1;
    }
    JS_FreeValue(ctx, lambda->event);
    lambda->event = event;
    args[0] = isere__fetch_request(ctx, event);
    if (JS_IsException(args[0])) {
        return -1;
    }
    args[1] = JS_DupValue(ctx, lambda->done);
    args[2] = JS_DupValue(ctx, lambda->context);
    return 0;
}

/* The invocation is noted before the event is begun: lazy values are made from
 * it. */
int isere_lambda_begin(JSContext *ctx, isere_lambda_t *lambda,
                       const isere_invocation_t *invocation, JSValue args[3])
{
    lambda->invocation = invocation;
    if (lambda->is_fetch) {
        return begin_fetch(ctx, lambda, args);
    }
    args[0] = isere__event_begin(ctx, lambda);
    if (JS_IsException(args[0])) {
        return -1;
    }
    args[1] = JS_DupValue(ctx, lambda->context);
    args[2] = JS_DupValue(ctx, lambda->done);
    return 0;
}

/* The function is the same, so names and done stay. */
int isere_lambda_renew(JSContext *ctx, isere_lambda_t *lambda)
{
    JS_FreeValue(ctx, lambda->event);
    JS_FreeValue(ctx, lambda->context);
    JS_FreeValue(ctx, lambda->raw_body);
    lambda->raw_body = JS_UNDEFINED;
    isere__fetch_free_waits(ctx, lambda);
    make_arguments(ctx, lambda);
    if (JS_IsException(lambda->event) || JS_IsException(lambda->context)) {
        isere_js_settle(ctx, JS_EXCEPTION);
        return -1;
    }
    return 0;
}

/* For tests and servers without isolation; a restore needs none of it. */
void isere_lambda_deinit(JSContext *ctx, isere_lambda_t *lambda)
{
    isere__lambda_names_deinit(ctx, &lambda->names);
    JS_FreeValue(ctx, lambda->event);
    JS_FreeValue(ctx, lambda->context);
    JS_FreeValue(ctx, lambda->done);
    JS_FreeValue(ctx, lambda->raw_body);
    isere__fetch_free_waits(ctx, lambda);
}
