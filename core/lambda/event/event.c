/* The event: the choice of its format, and isère's own format. Each field is
 * made when the handler first reads it (lazy.h). */
#include "core/lambda/event/event.h"
#include "core/code/js.h"
#include "core/lambda/event/event_common.h"
#include "core/lambda/event/event_internal.h"
#include "core/lambda/event/event_parts.h"

/* ---- the isère event ---- */

static JSValue make_single(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_http_request_t *request = lambda->invocation->request;
    return isere__event_query(ctx, isere_http_slice(request, request->query),
                              ISERE_MERGE_COMMA);
}

static JSValue make_headers(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_headers(ctx, lambda->invocation->request,
                                ISERE_MERGE_COMMA_SPACE);
}

static JSValue make_cookies(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_cookies(ctx, lambda->invocation->request);
}

/* The parsed value of a JSON body that is an object or array. */
static JSValue make_body(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_http_request_t *request = lambda->invocation->request;
    JSValue raw = isere__event_make_raw_body(ctx, lambda);
    /* A body that was not UTF-8 is base64 here, which is never parsed. */
    if (!JS_IsString(raw) || !isere__event_is_structured(request)) {
        return raw;
    }
    return isere__event_parse_body(ctx, raw);
}

static const isere_lazy_t request_context[] = {
    ISERE_LAZY("requestId", isere__event_make_request_id),
    ISERE_LAZY("timeEpoch", isere__event_make_time_epoch),
    ISERE_LAZY("routeKey", isere__event_make_route_key),
    ISERE_LAZY_OBJECT("http", isere__event_http_fields),
    ISERE_LAZY_END,
};

static const isere_lazy_t event_isere[] = {
    ISERE_LAZY("httpMethod", isere__event_make_method),
    ISERE_LAZY("method", isere__event_make_method),
    ISERE_LAZY("path", isere__event_make_path),
    ISERE_LAZY("query", isere__event_make_query),
    ISERE_LAZY("queryStringParameters", make_single),
    ISERE_LAZY("multiValueQueryStringParameters",
               isere__event_make_multi_query),
    ISERE_LAZY("pathParameters", isere__event_make_path_parameters),
    ISERE_LAZY("headers", make_headers),
    ISERE_LAZY("cookies", make_cookies),
    ISERE_LAZY("body", make_body),
    ISERE_LAZY("rawBody", isere__event_make_raw_body),
    ISERE_LAZY("isBase64Encoded", isere__event_make_is_base64),
    ISERE_LAZY_OBJECT("requestContext", request_context),
    ISERE_LAZY_END,
};

/*
 * A JSON body is parsed at once. How deep it may be nested is a question of
 * the stack, and must not depend on where the handler first looks at it.
 */
static int begin_isere(JSContext *ctx, const isere_lambda_t *lambda)
{
    if (!isere__event_is_structured(lambda->invocation->request)) {
        return 0;
    }
    JSValue body = JS_GetProperty(ctx, lambda->event,
                                  lambda->names.atoms[ISERE_NAME_BODY]);
    JS_FreeValue(ctx, body);
    return JS_IsException(body) ? -1 : 0;
}

/* ---- all formats ---- */

JSValue isere__event_new(JSContext *ctx, isere_payload_t payload)
{
    const isere_lazy_t *fields = event_isere;
    switch (payload) {
    case ISERE_PAYLOAD_1_0:
        fields = isere__event_v1;
        break;
    case ISERE_PAYLOAD_2_0:
        fields = isere__event_v2;
        break;
    case ISERE_PAYLOAD_ISERE:
        break;
    }
    return isere_js_settle(ctx, isere__lazy_object(ctx, fields));
}

/* A request's event is the one of the snapshot; only one given as JSON is built
 * anew. */
JSValue isere__event_begin(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_invocation_t *invocation = lambda->invocation;
    isere_payload_t payload = lambda->function->payload;
    int result = 0;
    if (!invocation->request || invocation->event_json.ptr) {
        return isere_js_settle(
            ctx, isere__event_from_json(ctx, lambda->function, invocation));
    }
    if (payload == ISERE_PAYLOAD_ISERE) {
        result = begin_isere(ctx, lambda);
    } else if (payload == ISERE_PAYLOAD_2_0) {
        result = isere__event_v2_begin(ctx, lambda);
    }
    return isere_js_settle(ctx, result < 0 ? JS_EXCEPTION
                                           : JS_DupValue(ctx, lambda->event));
}
