/*
 * API Gateway's HTTP API event, payload format version 2.0, as AWS documents
 * it: repeated fields and parameters are joined with commas, and fields without
 * a value (cookies, parameters, body) are absent, not null. Two differences are
 * documented: rawPath is as sent, and Cookie stays among the headers.
 */
#include "core/http/query.h"
#include "core/lambda/event/event_common.h"
#include "core/lambda/event/event_internal.h"
#include "core/lambda/event/event_parts.h"

static JSValue make_version(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewString(ctx, "2.0");
}

static JSValue make_cookies(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_cookies(ctx, lambda->invocation->request);
}

static JSValue make_headers(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere__event_headers(ctx, lambda->invocation->request,
                                ISERE_MERGE_COMMA);
}

static JSValue make_single_query(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_http_request_t *request = lambda->invocation->request;
    return isere__event_query(ctx, isere_http_slice(request, request->query),
                              ISERE_MERGE_COMMA);
}

static const isere_lazy_t request_context[] = {
    ISERE_LAZY("accountId", isere__event_make_account),
    ISERE_LAZY("apiId", isere__event_make_function_name),
    ISERE_LAZY("domainName", isere__event_make_domain),
    ISERE_LAZY("domainPrefix", isere__event_make_domain_prefix),
    ISERE_LAZY_OBJECT("http", isere__event_http_fields),
    ISERE_LAZY("requestId", isere__event_make_request_id),
    ISERE_LAZY("routeKey", isere__event_make_route_key),
    ISERE_LAZY("stage", isere__event_make_stage),
    ISERE_LAZY("time", isere__event_make_time),
    ISERE_LAZY("timeEpoch", isere__event_make_time_epoch),
    ISERE_LAZY_END,
};

const isere_lazy_t isere__event_v2[] = {
    ISERE_LAZY("version", make_version),
    ISERE_LAZY("routeKey", isere__event_make_route_key),
    ISERE_LAZY("rawPath", isere__event_make_path),
    ISERE_LAZY("rawQueryString", isere__event_make_query),
    ISERE_LAZY("cookies", make_cookies),
    ISERE_LAZY("headers", make_headers),
    ISERE_LAZY("queryStringParameters", make_single_query),
    ISERE_LAZY_OBJECT("requestContext", request_context),
    ISERE_LAZY("body", isere__event_make_raw_body),
    ISERE_LAZY("pathParameters", isere__event_make_path_parameters),
    ISERE_LAZY("isBase64Encoded", isere__event_make_is_base64),
    ISERE_LAZY_END,
};

/* Takes a property away where it has nothing to say. */
static int keep_if(JSContext *ctx, const isere_lambda_t *lambda,
                   isere_name_t name, bool present)
{
    if (present) {
        return 0;
    }
    return JS_DeleteProperty(ctx, lambda->event, lambda->names.atoms[name], 0) <
                   0
               ? -1
               : 0;
}

/* Absent, and not undefined: handlers test with `in` and Object.keys. It is
 * decided here since a lazy property is there or not before its value is. */
int isere__event_v2_begin(JSContext *ctx, const isere_lambda_t *lambda)
{
    const isere_invocation_t *invocation = lambda->invocation;
    const isere_http_request_t *request = invocation->request;
    isere_slice_t query = isere_http_slice(request, request->query);
    isere_slice_t name;
    isere_slice_t value;
    int result = 0;
    result |= keep_if(ctx, lambda, ISERE_NAME_COOKIES,
                      isere__event_has_cookies(request));
    result |= keep_if(ctx, lambda, ISERE_NAME_QUERY_PARAMETERS,
                      isere_http_query_next(&query, &name, &value));
    result |= keep_if(ctx, lambda, ISERE_NAME_BODY, request->body.len > 0);
    result |= keep_if(ctx, lambda, ISERE_NAME_PATH_PARAMETERS,
                      invocation->npath_parameters > 0);
    return result;
}
