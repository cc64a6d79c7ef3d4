/*
 * API Gateway's Lambda proxy event, payload format version 1.0: field for field
 * as AWS documents it for HTTP APIs, which is the event of REST APIs with
 * `version` added. Header names are as they were sent, as with REST APIs; where
 * a field or parameter is repeated, the plain maps have the last value and the
 * multiValue maps all. Fields without a counterpart in isère are null.
 */
#include "core/lambda/event/event_common.h"
#include "core/lambda/event/event_internal.h"
#include "core/lambda/event/event_parts.h"

static JSValue make_version(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewString(ctx, "1.0");
}

/* The path of the route key: "/pets/{id}" of "GET /pets/{id}". */
static JSValue make_resource(JSContext *ctx, isere_lambda_t *lambda)
{
    const char *route_key = lambda->invocation->route_key;
    const char *space = strchr(route_key, ' ');
    return JS_NewString(ctx, space ? space + 1 : route_key);
}

static JSValue make_headers(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_headers(ctx, lambda->invocation->request,
                                ISERE_MERGE_LAST);
}

static JSValue make_multi_headers(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_multi_headers(ctx, lambda->invocation->request);
}

static JSValue make_single_query(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_http_request_t *request = lambda->invocation->request;
    return isere__event_query(ctx, isere_http_slice(request, request->query),
                              ISERE_MERGE_LAST);
}

/* null where there is none; the other formats have "". */
static JSValue make_user_agent(JSContext *ctx, isere_lambda_t *lambda)
{
    isere_slice_t agent =
        isere_http_field(lambda->invocation->request, "user-agent");
    return agent.ptr ? isere_js_text_latin1(ctx, agent) : JS_NULL;
}

/* Who called: isère checks no identity, so all but the address is null. */
static const isere_lazy_t identity[] = {
    ISERE_LAZY_NULL("accessKey"),
    ISERE_LAZY_NULL("accountId"),
    ISERE_LAZY_NULL("caller"),
    ISERE_LAZY_NULL("cognitoAuthenticationProvider"),
    ISERE_LAZY_NULL("cognitoAuthenticationType"),
    ISERE_LAZY_NULL("cognitoIdentityId"),
    ISERE_LAZY_NULL("cognitoIdentityPoolId"),
    ISERE_LAZY_NULL("principalOrgId"),
    ISERE_LAZY("sourceIp", isere__event_make_source_ip),
    ISERE_LAZY_NULL("user"),
    ISERE_LAZY("userAgent", make_user_agent),
    ISERE_LAZY_NULL("userArn"),
    ISERE_LAZY_END,
};

static const isere_lazy_t authorizer[] = {
    ISERE_LAZY_NULL("claims"),
    ISERE_LAZY_NULL("scopes"),
    ISERE_LAZY_END,
};

static const isere_lazy_t request_context[] = {
    ISERE_LAZY("accountId", isere__event_make_account),
    ISERE_LAZY("apiId", isere__event_make_function_name),
    ISERE_LAZY_OBJECT("authorizer", authorizer),
    ISERE_LAZY("domainName", isere__event_make_domain),
    ISERE_LAZY("domainPrefix", isere__event_make_domain_prefix),
    ISERE_LAZY("extendedRequestId", isere__event_make_request_id),
    ISERE_LAZY("httpMethod", isere__event_make_method),
    ISERE_LAZY_OBJECT("identity", identity),
    ISERE_LAZY("path", isere__event_make_path),
    ISERE_LAZY("protocol", isere__event_make_protocol),
    ISERE_LAZY("requestId", isere__event_make_request_id),
    ISERE_LAZY("requestTime", isere__event_make_time),
    ISERE_LAZY("requestTimeEpoch", isere__event_make_time_epoch),
    ISERE_LAZY_NULL("resourceId"),
    ISERE_LAZY("resourcePath", make_resource),
    ISERE_LAZY("stage", isere__event_make_stage),
    ISERE_LAZY_END,
};

const isere_lazy_t isere__event_v1[] = {
    ISERE_LAZY("version", make_version),
    ISERE_LAZY("resource", make_resource),
    ISERE_LAZY("path", isere__event_make_path),
    ISERE_LAZY("httpMethod", isere__event_make_method),
    ISERE_LAZY("headers", make_headers),
    ISERE_LAZY("multiValueHeaders", make_multi_headers),
    ISERE_LAZY("queryStringParameters", make_single_query),
    ISERE_LAZY("multiValueQueryStringParameters",
               isere__event_make_multi_query),
    ISERE_LAZY_OBJECT("requestContext", request_context),
    ISERE_LAZY("pathParameters", isere__event_make_path_parameters),
    ISERE_LAZY_NULL("stageVariables"),
    ISERE_LAZY("body", isere__event_make_raw_body),
    ISERE_LAZY("isBase64Encoded", isere__event_make_is_base64),
    ISERE_LAZY_END,
};
