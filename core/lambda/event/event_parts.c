/* The values of fields that several event formats share, one function each: all
 * read the invocation that runs. */
#include "core/lambda/event/event_parts.h"
#include "core/lambda/event/event_common.h"
#include "core/util/utf8.h"

/* Only where there is a request: events given as JSON have no lazy fields. */
static const isere_http_request_t *request_of(const isere_lambda_t *lambda)
{
    return lambda->invocation->request;
}

/* The request target is ASCII after the parser; a method is a token. */
static JSValue span(JSContext *ctx, const isere_lambda_t *lambda,
                    isere_span_t part)
{
    return isere_js_text_latin1(ctx,
                                isere_http_slice(request_of(lambda), part));
}

JSValue isere__event_make_method(JSContext *ctx, isere_lambda_t *lambda)
{
    return span(ctx, lambda, request_of(lambda)->method);
}

JSValue isere__event_make_path(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere_js_text_latin1(ctx, isere_http_path(request_of(lambda)));
}

/* As it was sent: decoded it could not be told apart. */
JSValue isere__event_make_query(JSContext *ctx, isere_lambda_t *lambda)
{
    return span(ctx, lambda, request_of(lambda)->query);
}

JSValue isere__event_make_multi_query(JSContext *ctx, isere_lambda_t *lambda)
{
    const isere_http_request_t *request = request_of(lambda);
    return isere__event_multi_query(ctx,
                                    isere_http_slice(request, request->query));
}

JSValue isere__event_make_protocol(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, request_of(lambda)->minor == 0 ? "HTTP/1.0"
                                                            : "HTTP/1.1");
}

JSValue isere__event_make_path_parameters(JSContext *ctx,
                                          isere_lambda_t *lambda)
{
    return isere__event_path_parameters(ctx, lambda->invocation);
}

static bool is_base64(const isere_lambda_t *lambda)
{
    const isere_http_request_t *request = request_of(lambda);
    isere_slice_t body = isere_http_slice(request, request->body);
    return body.len > 0 && !isere_utf8_valid(body.ptr, body.len);
}

/* Kept, since body and rawBody ask for the same text, and it may be large. In
 * the heap: the restore forgets it. */
JSValue isere__event_make_raw_body(JSContext *ctx, isere_lambda_t *lambda)
{
    if (JS_IsUndefined(lambda->raw_body)) {
        JSValue raw = isere__event_raw_body(ctx, request_of(lambda));
        if (JS_IsException(raw)) {
            return raw;
        }
        lambda->raw_body = raw;
    }
    return JS_DupValue(ctx, lambda->raw_body);
}

JSValue isere__event_make_is_base64(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewBool(ctx, is_base64(lambda));
}

JSValue isere__event_make_user_agent(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere_js_text_latin1(
        ctx, isere_http_field(request_of(lambda), "user-agent"));
}

/* Of the Host field as it was sent: not checked against any list of names. */
JSValue isere__event_make_domain(JSContext *ctx, isere_lambda_t *lambda)
{
    return isere_js_text_latin1(ctx, isere__event_domain(request_of(lambda)));
}

JSValue isere__event_make_domain_prefix(JSContext *ctx, isere_lambda_t *lambda)
{
    isere_slice_t domain = isere__event_domain(request_of(lambda));
    return isere_js_text_latin1(ctx, isere__event_domain_prefix(domain));
}

/* The UUID that the log lines of this request have. */
JSValue isere__event_make_request_id(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, lambda->invocation->request_id);
}

/* Text of the route, which the deployment keeps. */
JSValue isere__event_make_route_key(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, lambda->invocation->route_key);
}

/* Of the connection: what a proxy says is among the headers. */
JSValue isere__event_make_source_ip(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, lambda->invocation->source_ip);
}

/* When the request arrived, by the wall clock; not when this is read. */
JSValue isere__event_make_time_epoch(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewInt64(ctx, lambda->invocation->received_us / 1000);
}

JSValue isere__event_make_time(JSContext *ctx, isere_lambda_t *lambda)
{
    char time[ISERE_EVENT_TIME_LEN + 1];
    isere__event_time(lambda->invocation->received_us, time);
    return JS_NewString(ctx, time);
}

/* Of the function, not the invocation: the same in every event of a heap. */
JSValue isere__event_make_function_name(JSContext *ctx, isere_lambda_t *lambda)
{
    return JS_NewString(ctx, lambda->function->name);
}

/* What API Gateway says where no identity was checked. */
JSValue isere__event_make_account(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewString(ctx, "anonymous");
}

/* The stage of an HTTP API that adds no segment to the path. */
JSValue isere__event_make_stage(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewString(ctx, "$default");
}

const isere_lazy_t isere__event_http_fields[] = {
    ISERE_LAZY("method", isere__event_make_method),
    ISERE_LAZY("path", isere__event_make_path),
    ISERE_LAZY("protocol", isere__event_make_protocol),
    ISERE_LAZY("sourceIp", isere__event_make_source_ip),
    ISERE_LAZY("userAgent", isere__event_make_user_agent),
    ISERE_LAZY_END,
};
