#include "core/lambda/event.h"
#include "core/lambda/event_common.h"
#include "core/lambda/event_internal.h"
#include "core/lambda/js_error.h"

static JSValue request_context(JSContext *ctx,
                               const isere_invocation_t *invocation)
{
    isere_object_t context = isere_object_begin(ctx);

    isere_object_put(&context, "requestId",
                     JS_NewString(ctx, invocation->request_id));
    isere_object_put(&context, "timeEpoch",
                     JS_NewInt64(ctx, invocation->received_us / 1000));
    isere_object_put(&context, "routeKey",
                     JS_NewString(ctx, invocation->route_key));
    isere_object_put(&context, "http", isere_event_http(ctx, invocation));
    return isere_object_end(&context);
}

/* body, rawBody and isBase64Encoded. */
static void put_body(isere_object_t *event, const isere_http_request_t *request)
{
    JSContext *ctx = event->ctx;
    bool base64;
    JSValue raw = isere_event_raw_body(ctx, request, &base64);
    JSValue body = JS_DupValue(ctx, raw);

    if (JS_IsString(body) && !base64 && isere_event_is_json(request)) {
        body = isere_event_parse_body(ctx, body);
    }
    isere_object_put(event, "body", body);
    isere_object_put(event, "rawBody", raw);
    isere_object_put(event, "isBase64Encoded", JS_NewBool(ctx, base64));
}

/* query and the two forms of its parameters. */
static void put_query(isere_object_t *event, isere_slice_t query)
{
    JSContext *ctx = event->ctx;
    JSValue single;
    JSValue multi;

    isere_object_put(event, "query", isere_latin1_string(ctx, query));
    if (isere_event_query(ctx, query, ISERE_MERGE_COMMA, &single, &multi) < 0) {
        event->failed = true;
        return;
    }
    isere_object_put(event, "queryStringParameters", single);
    isere_object_put(event, "multiValueQueryStringParameters", multi);
}

/* The isère event. */
static JSValue event_isere(JSContext *ctx, const isere_invocation_t *invocation)
{
    const isere_http_request_t *request = invocation->request;
    isere_object_t event = isere_object_begin(ctx);
    JSValue method =
        isere_latin1_string(ctx, isere_http_slice(request, request->method));
    uint32_t ncookies;

    isere_object_put(&event, "httpMethod", JS_DupValue(ctx, method));
    isere_object_put(&event, "method", method);
    isere_object_put(&event, "path",
                     isere_latin1_string(ctx, isere_http_path(request)));
    put_query(&event, isere_http_slice(request, request->query));
    isere_object_put(&event, "pathParameters",
                     isere_event_path_parameters(ctx, invocation));
    isere_object_put(
        &event, "headers",
        isere_event_headers(ctx, request, ISERE_MERGE_COMMA_SPACE));
    isere_object_put(&event, "cookies",
                     isere_event_cookies(ctx, request, &ncookies));
    put_body(&event, request);
    isere_object_put(&event, "requestContext",
                     request_context(ctx, invocation));
    return isere_object_end(&event);
}

static JSValue event_of(JSContext *ctx, const isere_function_info_t *function,
                        const isere_invocation_t *invocation)
{
    if (!invocation->request || invocation->event_json.ptr) {
        return isere_event_from_json(ctx, function, invocation);
    }
    switch (function->payload) {
    case ISERE_PAYLOAD_1_0:
        return isere_event_v1(ctx, function, invocation);
    case ISERE_PAYLOAD_2_0:
        return isere_event_v2(ctx, function, invocation);
    case ISERE_PAYLOAD_ISERE:
        break;
    }
    return event_isere(ctx, invocation);
}

JSValue isere_event_new(JSContext *ctx, const isere_function_info_t *function,
                        const isere_invocation_t *invocation)
{
    return isere_js_settle(ctx, event_of(ctx, function, invocation));
}
