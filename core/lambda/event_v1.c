/*
 * API Gateway's Lambda proxy event, payload format version 1.0: field for
 * field as AWS documents it for HTTP APIs, which is the event of REST APIs
 * with `version` added. Header names are in lower case, as documented; where
 * a field or parameter is repeated, the plain maps have the last value and
 * the multiValue maps all. What isère has no counterpart for is null.
 */
#include "core/lambda/event_common.h"
#include "core/lambda/event_internal.h"

/* The path of a route key: "/pets/{id}" of "GET /pets/{id}". */
static const char *route_path(const char *route_key)
{
    const char *space = strchr(route_key, ' ');

    return space ? space + 1 : route_key;
}

static JSValue identity(JSContext *ctx, const isere_invocation_t *invocation)
{
    isere_object_t o = isere_object_begin(ctx);
    isere_slice_t agent = isere_http_field(invocation->request, "user-agent");

    isere_object_put(&o, "accessKey", JS_NULL);
    isere_object_put(&o, "accountId", JS_NULL);
    isere_object_put(&o, "caller", JS_NULL);
    isere_object_put(&o, "cognitoAuthenticationProvider", JS_NULL);
    isere_object_put(&o, "cognitoAuthenticationType", JS_NULL);
    isere_object_put(&o, "cognitoIdentityId", JS_NULL);
    isere_object_put(&o, "cognitoIdentityPoolId", JS_NULL);
    isere_object_put(&o, "principalOrgId", JS_NULL);
    isere_object_put(&o, "sourceIp", JS_NewString(ctx, invocation->source_ip));
    isere_object_put(&o, "user", JS_NULL);
    isere_object_put(&o, "userAgent",
                     agent.ptr ? isere_latin1_string(ctx, agent) : JS_NULL);
    isere_object_put(&o, "userArn", JS_NULL);
    return isere_object_end(&o);
}

static JSValue authorizer(JSContext *ctx)
{
    isere_object_t o = isere_object_begin(ctx);

    isere_object_put(&o, "claims", JS_NULL);
    isere_object_put(&o, "scopes", JS_NULL);
    return isere_object_end(&o);
}

static JSValue request_context(JSContext *ctx,
                               const isere_function_info_t *function,
                               const isere_invocation_t *invocation)
{
    const isere_http_request_t *request = invocation->request;
    isere_slice_t domain = isere_event_domain(request);
    isere_slice_t prefix = isere_event_domain_prefix(domain);
    char time[ISERE_EVENT_TIME_LEN + 1];
    isere_object_t o = isere_object_begin(ctx);

    isere_event_time(invocation->received_us, time);
    isere_object_put(&o, "accountId", JS_NewString(ctx, "anonymous"));
    isere_object_put(&o, "apiId", JS_NewString(ctx, function->name));
    isere_object_put(&o, "authorizer", authorizer(ctx));
    isere_object_put(&o, "domainName", isere_latin1_string(ctx, domain));
    isere_object_put(&o, "domainPrefix", isere_latin1_string(ctx, prefix));
    isere_object_put(&o, "extendedRequestId",
                     JS_NewString(ctx, invocation->request_id));
    isere_object_put(
        &o, "httpMethod",
        isere_latin1_string(ctx, isere_http_slice(request, request->method)));
    isere_object_put(&o, "identity", identity(ctx, invocation));
    isere_object_put(&o, "path",
                     isere_latin1_string(ctx, isere_http_path(request)));
    isere_object_put(&o, "protocol",
                     JS_NewString(ctx, isere_event_protocol(request)));
    isere_object_put(&o, "requestId",
                     JS_NewString(ctx, invocation->request_id));
    isere_object_put(&o, "requestTime", JS_NewString(ctx, time));
    isere_object_put(&o, "requestTimeEpoch",
                     JS_NewInt64(ctx, invocation->received_us / 1000));
    isere_object_put(&o, "resourceId", JS_NULL);
    isere_object_put(&o, "resourcePath",
                     JS_NewString(ctx, route_path(invocation->route_key)));
    isere_object_put(&o, "stage", JS_NewString(ctx, "$default"));
    return isere_object_end(&o);
}

/* queryStringParameters and multiValueQueryStringParameters. */
static void put_query(isere_object_t *event, isere_slice_t query)
{
    JSValue single;
    JSValue multi;

    if (isere_event_query(event->ctx, query, ISERE_MERGE_LAST, &single,
                          &multi) < 0) {
        event->failed = true;
        return;
    }
    isere_object_put(event, "queryStringParameters", single);
    isere_object_put(event, "multiValueQueryStringParameters", multi);
}

JSValue isere_event_v1(JSContext *ctx, const isere_function_info_t *function,
                       const isere_invocation_t *invocation)
{
    const isere_http_request_t *request = invocation->request;
    isere_object_t event = isere_object_begin(ctx);
    bool base64;

    isere_object_put(&event, "version", JS_NewString(ctx, "1.0"));
    isere_object_put(&event, "resource",
                     JS_NewString(ctx, route_path(invocation->route_key)));
    isere_object_put(&event, "path",
                     isere_latin1_string(ctx, isere_http_path(request)));
    isere_object_put(
        &event, "httpMethod",
        isere_latin1_string(ctx, isere_http_slice(request, request->method)));
    isere_object_put(&event, "headers",
                     isere_event_headers(ctx, request, ISERE_MERGE_LAST));
    isere_object_put(&event, "multiValueHeaders",
                     isere_event_multi_headers(ctx, request));
    put_query(&event, isere_http_slice(request, request->query));
    isere_object_put(&event, "requestContext",
                     request_context(ctx, function, invocation));
    isere_object_put(&event, "pathParameters",
                     isere_event_path_parameters(ctx, invocation));
    isere_object_put(&event, "stageVariables", JS_NULL);
    isere_object_put(&event, "body",
                     isere_event_raw_body(ctx, request, &base64));
    isere_object_put(&event, "isBase64Encoded", JS_NewBool(ctx, base64));
    return isere_object_end(&event);
}
