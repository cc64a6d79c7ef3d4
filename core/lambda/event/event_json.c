/*
 * The event given as JSON text (isere invoke): its members are used unchanged;
 * members of the isère event that it lacks are filled in, some of them from
 * those that it has. All values come from JSON.parse, so looking at them calls
 * no user code.
 */
#include "core/code/js.h"
#include "core/http/query.h"
#include "core/lambda/event/event_common.h"
#include "core/lambda/event/event_internal.h"
#include "core/util/encode/percent.h"

/* An own property of a value; undefined where it is not an object. */
static JSValue own(JSContext *ctx, JSValueConst value, const char *name)
{
    if (!JS_IsObject(value)) {
        return JS_UNDEFINED;
    }
    return isere_js_own(ctx, value, name);
}

/* own() of a property of a property. */
static JSValue own_of(JSContext *ctx, JSValueConst value, const char *outer,
                      const char *inner)
{
    JSValue object = own(ctx, value, outer);
    if (JS_IsException(object)) {
        return object;
    }
    JSValue found = own(ctx, object, inner);
    JS_FreeValue(ctx, object);
    return found;
}

/* `value`, or where that is undefined `otherwise`. Takes both. An exception is
 * a value here, too, and fails the object that it is put into. */
static JSValue either(JSContext *ctx, JSValue value, JSValue otherwise)
{
    if (JS_IsUndefined(value)) {
        return otherwise;
    }
    JS_FreeValue(ctx, otherwise);
    return value;
}

/* Puts the given event's property, or the default where it has none. null is a
 * value: who writes it means it. */
static void fill(isere_object_t *object, JSValueConst given, const char *name,
                 JSValue otherwise)
{
    isere__event_object_put(
        object, name,
        either(object->ctx, own(object->ctx, given, name), otherwise));
}

/* Puts what is left: properties that the isère event does not know. */
static void copy_rest(isere_object_t *object, JSValueConst given)
{
    JSContext *ctx = object->ctx;
    JSPropertyEnum *names;
    uint32_t count;
    if (object->failed || JS_GetOwnPropertyNames(ctx, &names, &count, given,
                                                 JS_GPN_STRING_MASK) < 0) {
        object->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count && !object->failed; i++) {
        int known = JS_GetOwnProperty(ctx, NULL, object->value, names[i].atom);
        if (known == 0) {
            isere__event_object_put_atom(
                object, names[i].atom,
                JS_GetProperty(ctx, given, names[i].atom));
        }
        object->failed = object->failed || known < 0;
    }
    isere_js_free_names(ctx, names, count);
}

/* From the event that is being filled, whose method and path are set by now:
 * they stay consistent with requestContext. */
static JSValue http_object(JSContext *ctx, const isere_invocation_t *invocation,
                           JSValueConst given, const isere_object_t *event)
{
    JSValue old = own_of(ctx, given, "requestContext", "http");
    isere_object_t http = isere__event_object_begin(ctx);
    if (!JS_IsObject(old) && !JS_IsUndefined(old)) {
        JS_FreeValue(ctx, http.value);
        return old;
    }
    fill(&http, old, "method", own(ctx, event->value, "method"));
    fill(&http, old, "path", own(ctx, event->value, "path"));
    fill(&http, old, "protocol", JS_NewString(ctx, "HTTP/1.1"));
    fill(&http, old, "sourceIp", JS_NewString(ctx, invocation->source_ip));
    fill(&http, old, "userAgent",
         either(ctx, own_of(ctx, event->value, "headers", "user-agent"),
                JS_NewString(ctx, "")));
    if (JS_IsObject(old)) {
        copy_rest(&http, old);
    }
    JS_FreeValue(ctx, old);
    return isere__event_object_end(&http);
}

/* Anything but an object (null, a text) is the caller's choice and stays. */
static JSValue request_context(JSContext *ctx,
                               const isere_invocation_t *invocation,
                               JSValueConst given, const isere_object_t *event)
{
    JSValue old = own(ctx, given, "requestContext");
    isere_object_t context = isere__event_object_begin(ctx);
    if (!JS_IsObject(old) && !JS_IsUndefined(old)) {
        JS_FreeValue(ctx, context.value);
        return old;
    }
    fill(&context, old, "requestId", JS_NewString(ctx, invocation->request_id));
    fill(&context, old, "timeEpoch",
         JS_NewInt64(ctx, invocation->received_us / 1000));
    fill(&context, old, "routeKey", JS_NewString(ctx, invocation->route_key));
    isere__event_object_put(&context, "http",
                            http_object(ctx, invocation, given, event));
    if (JS_IsObject(old)) {
        copy_rest(&context, old);
    }
    JS_FreeValue(ctx, old);
    return isere__event_object_end(&context);
}

/* Appends "name=value" in percent-code; values that are no strings are
 * written as JavaScript prints them. */
static int add_encoded(isere_js_text_t *text, JSValueConst value, char before)
{
    size_t len;
    const char *bytes = JS_ToCStringLen(text->ctx, &len, value);
    if (!bytes) {
        return -1;
    }
    if (text->len > 0) {
        isere_js_text_add(text, isere_slice_of(&before, 1));
    }
    char *out = isere_js_text_reserve(text, 3 * len);
    if (out) {
        text->len += isere_percent_encode(bytes, len, out);
    }
    JS_FreeCString(text->ctx, bytes);
    return text->failed ? -1 : 0;
}

/* Appends one parameter, or one for each element of an array. */
static int add_parameter(isere_js_text_t *text, JSAtom name, JSValueConst value)
{
    JSContext *ctx = text->ctx;
    JSValue key = JS_AtomToString(ctx, name);
    bool array = JS_IsArray(ctx, value) > 0;
    uint32_t count = 1;
    int result = JS_IsException(key) ? -1 : 0;
    if (array) {
        JSValue length = JS_GetPropertyStr(ctx, value, "length");
        /* An array that JSON.parse made: its length is a number. */
        JS_ToUint32(ctx, &count, length);
        JS_FreeValue(ctx, length);
    }
    for (uint32_t i = 0; i < count && result == 0; i++) {
        JSValue one = array ? JS_GetPropertyUint32(ctx, value, i)
                            : JS_DupValue(ctx, value);
        if (JS_IsObject(one)) {
            result = 0; /* no sensible text */
        } else if (add_encoded(text, key, '&') < 0 ||
                   add_encoded(text, one, '=') < 0) {
            result = -1;
        }
        JS_FreeValue(ctx, one);
    }
    JS_FreeValue(ctx, key);
    return result;
}

/* A query string made of an object of parameters; undefined for others. */
static JSValue encode_query(JSContext *ctx, JSValueConst parameters)
{
    JSPropertyEnum *names;
    uint32_t count;
    isere_js_text_t text = isere_js_text_begin(ctx);
    int result = 0;
    if (!JS_IsObject(parameters)) {
        return JS_UNDEFINED;
    }
    if (JS_GetOwnPropertyNames(ctx, &names, &count, parameters,
                               JS_GPN_STRING_MASK) < 0) {
        return JS_EXCEPTION;
    }
    for (uint32_t i = 0; i < count && result == 0; i++) {
        JSValue value = JS_GetProperty(ctx, parameters, names[i].atom);
        result = JS_IsException(value)
                     ? -1
                     : add_parameter(&text, names[i].atom, value);
        JS_FreeValue(ctx, value);
    }
    isere_js_free_names(ctx, names, count);
    JSValue query = result == 0 ? isere_js_text_string(&text) : JS_EXCEPTION;
    isere_js_text_free(&text);
    return query;
}

/* The given query string, or one made of the given parameters, or "". The
 * multiValue map first: it has all values where a name is repeated. */
static JSValue find_query(JSContext *ctx, JSValueConst given)
{
    static const char *const sources[] = {"multiValueQueryStringParameters",
                                          "queryStringParameters"};
    JSValue query = own(ctx, given, "query");
    for (size_t i = 0; i < 2 && JS_IsUndefined(query); i++) {
        JSValue parameters = own(ctx, given, sources[i]);
        query = JS_IsException(parameters) ? JS_EXCEPTION
                                           : encode_query(ctx, parameters);
        JS_FreeValue(ctx, parameters);
    }
    return either(ctx, query, JS_NewString(ctx, ""));
}

/* query is the source of both maps, so that all three agree where only one was
 * given. */
static void put_query(isere_object_t *event, JSValueConst given)
{
    JSContext *ctx = event->ctx;
    JSValue query = find_query(ctx, given);
    JSValue single = JS_NULL;
    JSValue multi = JS_NULL;
    if (JS_IsString(query)) {
        size_t len;
        const char *text = JS_ToCStringLen(ctx, &len, query);
        event->failed = event->failed || !text;
        if (text) {
            isere_slice_t all = isere_slice_of(text, len);
            single = isere__event_query(ctx, all, ISERE_MERGE_COMMA);
            multi = isere__event_multi_query(ctx, all);
            JS_FreeCString(ctx, text);
        }
    }
    isere__event_object_put(event, "query", query);
    fill(event, given, "queryStringParameters", single);
    fill(event, given, "multiValueQueryStringParameters", multi);
}

/* The cookies of a Cookie header among the given ones; none: []. Only a header
 * named in lower case counts, as isère's events have them. */
static JSValue cookie_list(JSContext *ctx, JSValueConst given)
{
    JSValue header = own_of(ctx, given, "headers", "cookie");
    isere_list_t list = isere__event_list_begin(ctx);
    size_t len;
    if (JS_IsString(header)) {
        const char *text = JS_ToCStringLen(ctx, &len, header);
        isere_slice_t rest = isere_slice_of(text, text ? len : 0);
        isere_slice_t cookie;
        list.failed = list.failed || !text;
        while (isere_http_cookie_next(&rest, &cookie)) {
            isere__event_list_add(&list,
                                  JS_NewStringLen(ctx, cookie.ptr, cookie.len));
        }
        if (text) {
            JS_FreeCString(ctx, text);
        }
    }
    JS_FreeValue(ctx, header);
    return isere__event_list_end(&list);
}

/* body and rawBody, each from the other where only one is given. An object is
 * taken as a parsed JSON body; rawBody is its text then. */
static void put_body(isere_object_t *event, JSValueConst given)
{
    JSContext *ctx = event->ctx;
    JSValue body = own(ctx, given, "body");
    JSValue raw = own(ctx, given, "rawBody");
    if (JS_IsUndefined(body)) {
        body = JS_IsUndefined(raw) ? JS_NULL : JS_DupValue(ctx, raw);
    }
    if (JS_IsUndefined(raw)) {
        raw = JS_IsNull(body) || JS_IsString(body)
                  ? JS_DupValue(ctx, body)
                  : JS_JSONStringify(ctx, body, JS_UNDEFINED, JS_UNDEFINED);
    }
    isere__event_object_put(event, "body", body);
    isere__event_object_put(event, "rawBody", raw);
    fill(event, given, "isBase64Encoded", JS_FALSE);
}

/* httpMethod is the name in payload format 1.0, requestContext.http.method in
 * 2.0: events of both can be replayed. */
static void put_method(isere_object_t *event, JSValueConst given)
{
    JSContext *ctx = event->ctx;
    JSValue method =
        either(ctx, own(ctx, given, "httpMethod"), own(ctx, given, "method"));
    if (JS_IsUndefined(method)) {
        JSValue context = own(ctx, given, "requestContext");
        method = JS_IsException(context)
                     ? context
                     : own_of(ctx, context, "http", "method");
        JS_FreeValue(ctx, context);
    }
    method = either(ctx, method, JS_NewString(ctx, "GET"));
    isere__event_object_put(event, "httpMethod", JS_DupValue(ctx, method));
    fill(event, given, "method", method);
}

/* In this order: what comes later is made from what is there already. */
static JSValue fill_event(JSContext *ctx, const isere_invocation_t *invocation,
                          JSValueConst given)
{
    isere_object_t event = isere__event_object_begin(ctx);
    put_method(&event, given);
    fill(&event, given, "path", JS_NewString(ctx, "/"));
    put_query(&event, given);
    fill(&event, given, "pathParameters", JS_NULL);
    fill(&event, given, "headers", JS_NewObject(ctx));
    fill(&event, given, "cookies", cookie_list(ctx, given));
    put_body(&event, given);
    if (!event.failed) {
        isere__event_object_put(
            &event, "requestContext",
            request_context(ctx, invocation, given, &event));
    }
    copy_rest(&event, given);
    return isere__event_object_end(&event);
}

/* Parsed in the isolate's heap, so its limits hold for it: a deep or large text
 * fails this invocation only. */
JSValue isere__event_from_json(JSContext *ctx,
                               const isere_function_info_t *function,
                               const isere_invocation_t *invocation)
{
    isere_slice_t json = invocation->event_json;
    if (!json.ptr) {
        json = isere_slice("{}");
    }
    JSValue given = JS_ParseJSON(ctx, json.ptr, json.len, "<event>");
    if (JS_IsException(given)) {
        return given;
    }
    if (!JS_IsObject(given) || JS_IsArray(ctx, given)) {
        JS_FreeValue(ctx, given);
        return JS_ThrowTypeError(ctx, "the event must be a JSON object");
    }
    if (function->payload != ISERE_PAYLOAD_ISERE) {
        return given;
    }
    JSValue event = fill_event(ctx, invocation, given);
    JS_FreeValue(ctx, given);
    return event;
}
