/* Bodies, hosts and times for the event formats. */
#include "core/lambda/event/event_common.h"
#include "core/code/js.h"
#include "core/http/chars.h"
#include "core/http/date.h"
#include "core/util/encode/base64.h"
#include "core/util/utf8.h"

static JSValue base64_string(JSContext *ctx, isere_slice_t bytes)
{
    char *text = js_malloc(ctx, ISERE_BASE64_ENCODED(bytes.len));
    if (!text) {
        return JS_EXCEPTION;
    }
    size_t len = isere_base64_encode(bytes.ptr, bytes.len, text);
    JSValue string = JS_NewStringLen(ctx, text, len);
    js_free(ctx, text);
    return string;
}

/* UTF-8 is the only question: a text body may have any content type. */
JSValue isere__event_raw_body(JSContext *ctx,
                              const isere_http_request_t *request)
{
    isere_slice_t body = isere_http_slice(request, request->body);
    if (body.len == 0) {
        return JS_NULL;
    }
    if (isere_utf8_valid(body.ptr, body.len)) {
        return JS_NewStringLen(ctx, body.ptr, body.len);
    }
    return base64_string(ctx, body);
}

/* Whether a JSON text can only be an object or an array. */
static bool looks_structured(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' ||
                       text[i] == '\r')) {
        i++;
    }
    return i < len && (text[i] == '{' || text[i] == '[');
}

/* From the text of the string, not the request: an event given as JSON has no
 * request. */
JSValue isere__event_parse_body(JSContext *ctx, JSValue text)
{
    size_t len;
    const char *json = JS_ToCStringLen(ctx, &len, text);
    if (!json) {
        JS_FreeValue(ctx, text);
        return JS_EXCEPTION;
    }
    if (!looks_structured(json, len)) {
        JS_FreeCString(ctx, json);
        return text;
    }
    JSValue parsed = JS_ParseJSON(ctx, json, len, "<body>");
    JS_FreeCString(ctx, json);
    if (!JS_IsException(parsed)) {
        JS_FreeValue(ctx, text);
        return parsed;
    }
    /* Not JSON, or nested too deep for the stack: it stays text. */
    JSValue error = JS_GetException(ctx);
    if (isere_js_is_limit(ctx, error)) {
        JS_FreeValue(ctx, text);
        return JS_Throw(ctx, error);
    }
    JS_FreeValue(ctx, error);
    return text;
}

/* Whether the content type is JSON (RFC 6839 section 3.1: also "+json") or not
 * given, as curl and scripts leave it. */
static bool is_json(const isere_http_request_t *request)
{
    isere_slice_t type = isere_http_field(request, "content-type");
    const char *end = type.len ? memchr(type.ptr, ';', type.len) : NULL;
    if (end) {
        type.len = (size_t)(end - type.ptr);
    }
    type = isere_http_trim(type);
    if (type.len == 0 || isere_http_equals(type, "application/json")) {
        return true;
    }
    return type.len > 5 && memchr(type.ptr, '/', type.len) &&
           isere_http_equals(isere_slice_of(type.ptr + type.len - 5, 5),
                             "+json");
}

bool isere__event_is_structured(const isere_http_request_t *request)
{
    isere_slice_t body = isere_http_slice(request, request->body);
    return looks_structured(body.ptr, body.len) && is_json(request);
}

isere_slice_t isere__event_domain(const isere_http_request_t *request)
{
    isere_slice_t host = isere_http_field(request, "host");
    char end = ':';
    if (host.len > 0 && host.ptr[0] == '[') {
        end = ']';
    }
    const char *stop = host.len ? memchr(host.ptr, end, host.len) : NULL;
    if (stop) {
        host.len = (size_t)(stop - host.ptr) + (end == ']');
    }
    return host;
}

isere_slice_t isere__event_domain_prefix(isere_slice_t domain)
{
    const char *dot = domain.len ? memchr(domain.ptr, '.', domain.len) : NULL;
    /* An IPv6 address, or an IPv4 one, whose last label is a number. */
    if (!dot || domain.ptr[0] == '[' ||
        isere_http_is(domain.ptr[domain.len - 1], ISERE_HTTP_DIGIT)) {
        return domain;
    }
    domain.len = (size_t)(dot - domain.ptr);
    return domain;
}

/* API Gateway's format, which is that of the Common Log Format; put together
 * from the pieces of the Date field. */
void isere__event_time(int64_t unix_us, char out[ISERE_EVENT_TIME_LEN + 1])
{
    char date[ISERE_HTTP_DATE_LEN + 1]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    isere_http_date(unix_us / 1000000, date);
    memcpy(out, "dd/Mon/yyyy:HH:mm:ss +0000", ISERE_EVENT_TIME_LEN + 1);
    memcpy(out, date + 5, 2);
    memcpy(out + 3, date + 8, 3);
    memcpy(out + 7, date + 12, 4);
    memcpy(out + 12, date + 17, 8);
}
