/*
 * API Gateway's HTTP API event, payload format version 2.0, as AWS documents
 * it: repeated fields and parameters are joined with commas, and what is not
 * there (cookies, parameters, body) is absent, not null. Two differences are
 * the contract's: rawPath is as sent, and Cookie stays among the headers.
 */
#include "core/lambda/event_common.h"
#include "core/lambda/event_internal.h"

static JSValue request_context(JSContext *ctx,
                               const isere_function_info_t *function,
                               const isere_invocation_t *invocation)
{
    isere_slice_t domain = isere_event_domain(invocation->request);
    isere_slice_t prefix = isere_event_domain_prefix(domain);
    char time[ISERE_EVENT_TIME_LEN + 1];
    isere_object_t o = isere_object_begin(ctx);

    isere_event_time(invocation->received_us, time);
    isere_object_put(&o, "accountId", JS_NewString(ctx, "anonymous"));
    isere_object_put(&o, "apiId", JS_NewString(ctx, function->name));
    isere_object_put(&o, "domainName", isere_latin1_string(ctx, domain));
    isere_object_put(&o, "domainPrefix", isere_latin1_string(ctx, prefix));
    isere_object_put(&o, "http", isere_event_http(ctx, invocation));
    isere_object_put(&o, "requestId",
                     JS_NewString(ctx, invocation->request_id));
    isere_object_put(&o, "routeKey", JS_NewString(ctx, invocation->route_key));
    isere_object_put(&o, "stage", JS_NewString(ctx, "$default"));
    isere_object_put(&o, "time", JS_NewString(ctx, time));
    isere_object_put(&o, "timeEpoch",
                     JS_NewInt64(ctx, invocation->received_us / 1000));
    return isere_object_end(&o);
}

/* Puts the value unless it is null. */
static void put_present(isere_object_t *object, const char *name, JSValue value)
{
    if (!JS_IsNull(value)) {
        isere_object_put(object, name, value);
    }
}

static void put_cookies(isere_object_t *event,
                        const isere_http_request_t *request)
{
    uint32_t count;
    JSValue cookies = isere_event_cookies(event->ctx, request, &count);

    if (count == 0 && !JS_IsException(cookies)) {
        JS_FreeValue(event->ctx, cookies);
        return;
    }
    isere_object_put(event, "cookies", cookies);
}

static void put_query(isere_object_t *event, isere_slice_t query)
{
    JSValue single;
    JSValue multi;

    if (isere_event_query(event->ctx, query, ISERE_MERGE_COMMA, &single,
                          &multi) < 0) {
        event->failed = true;
        return;
    }
    JS_FreeValue(event->ctx, multi);
    put_present(event, "queryStringParameters", single);
}

JSValue isere_event_v2(JSContext *ctx, const isere_function_info_t *function,
                       const isere_invocation_t *invocation)
{
    const isere_http_request_t *request = invocation->request;
    isere_slice_t query = isere_http_slice(request, request->query);
    isere_object_t event = isere_object_begin(ctx);
    bool base64;

    isere_object_put(&event, "version", JS_NewString(ctx, "2.0"));
    isere_object_put(&event, "routeKey",
                     JS_NewString(ctx, invocation->route_key));
    isere_object_put(&event, "rawPath",
                     isere_latin1_string(ctx, isere_http_path(request)));
    isere_object_put(&event, "rawQueryString", isere_latin1_string(ctx, query));
    put_cookies(&event, request);
    isere_object_put(&event, "headers",
                     isere_event_headers(ctx, request, ISERE_MERGE_COMMA));
    put_query(&event, query);
    isere_object_put(&event, "requestContext",
                     request_context(ctx, function, invocation));
    put_present(&event, "body", isere_event_raw_body(ctx, request, &base64));
    put_present(&event, "pathParameters",
                isere_event_path_parameters(ctx, invocation));
    isere_object_put(&event, "isBase64Encoded", JS_NewBool(ctx, base64));
    return isere_object_end(&event);
}
