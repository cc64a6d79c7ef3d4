/* The arguments of handlers in the form of the web, from the invocation that
 * runs, and their answers. */
#include "core/lambda/fetch/fetch.h"
#include "core/code/js.h"
#include "core/lambda/event/event_common.h"
#include "core/lambda/event/lazy.h"
#include "core/util/encode/base64.h"
#include "core/web/fetch/request.h"
#include "core/web/fetch/response.h"
#include "core/web/host.h"
#include "core/web/lazy/lazy.h"
#include <string.h>

int isere_fetch_prepare(JSContext *ctx)
{
    return isere_lazy_need(ctx, ISERE_LAZY_FETCH);
}

/* ---- env ---- */

/* The last entry of a name counts, as for process.env. Each request finds it as
 * the init phase left it. */
JSValue isere__fetch_new_env(JSContext *ctx)
{
    isere_object_t env = isere__event_object_begin(ctx);
    const char *entry;
    for (size_t i = 0; (entry = isere_host_env(ctx, i)) != NULL; i++) {
        const char *equals = strchr(entry, '=');
        JSAtom name = equals
                          ? JS_NewAtomLen(ctx, entry, (size_t)(equals - entry))
                          : JS_ATOM_NULL;
        if (equals) {
            isere__event_object_put_atom(&env, name,
                                         JS_NewString(ctx, equals + 1));
        }
        JS_FreeAtom(ctx, name);
    }
    return isere__event_object_end(&env);
}

/* ---- ctx ---- */

/* A promise of its own that follows a value: nobody handles it, so its
 * rejection is reported. */
static JSValue follow(JSContext *ctx, JSValueConst value)
{
    JSValue resolving[2];
    JSValue promise = JS_NewPromiseCapability(ctx, resolving);
    if (JS_IsException(promise)) {
        return promise;
    }
    JSValue done = JS_Call(ctx, resolving[0], JS_UNDEFINED, 1, &value);
    JS_FreeValue(ctx, resolving[0]);
    JS_FreeValue(ctx, resolving[1]);
    if (JS_IsException(done)) {
        JS_FreeValue(ctx, promise);
        return done;
    }
    JS_FreeValue(ctx, done);
    return promise;
}

static JSValue wait_until(JSContext *ctx, JSValueConst self, int argc,
                          JSValueConst *argv)
{
    isere_lambda_t *lambda = isere_host_lambda(ctx);
    (void)self;
    if (argc < 1) {
        return JS_ThrowTypeError(ctx, "waitUntil: needs 1 argument, got 0");
    }
    isere_wait_t *wait = js_malloc(ctx, sizeof(*wait));
    if (!wait) {
        return JS_EXCEPTION;
    }
    wait->promise = follow(ctx, argv[0]);
    if (JS_IsException(wait->promise)) {
        js_free(ctx, wait);
        return JS_EXCEPTION;
    }
    wait->next = lambda->waits;
    lambda->waits = wait;
    return JS_UNDEFINED;
}

static JSValue pass_through(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv)
{
    (void)ctx;
    (void)self;
    (void)argc;
    (void)argv;
    return JS_UNDEFINED;
}

static JSValue make_wait_until(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, wait_until, "waitUntil", 1);
}

static JSValue make_pass_through(JSContext *ctx, isere_lambda_t *lambda)
{
    (void)lambda;
    return JS_NewCFunction(ctx, pass_through, "passThroughOnException", 0);
}

static bool is_nothing(JSValueConst value)
{
    return JS_IsUndefined(value) || JS_IsNull(value);
}

static JSValue make_parameters(JSContext *ctx, isere_lambda_t *lambda)
{
    JSValue found = JS_IsObject(lambda->event)
                        ? isere_js_own(ctx, lambda->event, "pathParameters")
                        : isere__event_path_parameters(ctx, lambda->invocation);
    return is_nothing(found) ? JS_NewObject(ctx) : found;
}

static const isere_lazy_t context_fields[] = {
    ISERE_LAZY("waitUntil", make_wait_until),
    ISERE_LAZY("passThroughOnException", make_pass_through),
    ISERE_LAZY("params", make_parameters),
    ISERE_LAZY_END,
};

JSValue isere__fetch_new_context(JSContext *ctx)
{
    return isere__lazy_object(ctx, context_fields);
}

bool isere_fetch_is_waiting(JSContext *ctx)
{
    const isere_wait_t *wait = isere_host_lambda(ctx)->waits;
    while (wait && JS_PromiseState(ctx, wait->promise) != JS_PROMISE_PENDING) {
        wait = wait->next;
    }
    return wait != NULL;
}

void isere__fetch_free_waits(JSContext *ctx, isere_lambda_t *lambda)
{
    while (lambda->waits) {
        isere_wait_t *wait = lambda->waits;
        lambda->waits = wait->next;
        JS_FreeValue(ctx, wait->promise);
        js_free(ctx, wait);
    }
}

/* ---- a request from an event ---- */

/* The first of these own properties that has a value; JS_UNDEFINED. */
static JSValue first_of(JSContext *ctx, JSValueConst object, const char *name,
                        const char *other)
{
    JSValue value = isere_js_own(ctx, object, name);
    if (is_nothing(value) && other) {
        JS_FreeValue(ctx, value);
        value = isere_js_own(ctx, object, other);
    }
    return value;
}

static void add(JSContext *ctx, isere_js_text_t *text, const char *before,
                JSValueConst value, const char *otherwise)
{
    size_t len;
    const char *found =
        is_nothing(value) ? NULL : JS_ToCStringLen(ctx, &len, value);
    if (!found && !otherwise) {
        text->failed = text->failed || !is_nothing(value);
        return;
    }
    isere_js_text_add(text, isere_slice(before));
    isere_js_text_add(text, found ? isere_slice_of(found, len)
                                  : isere_slice(otherwise));
    JS_FreeCString(ctx, found);
}

static JSValue event_url(JSContext *ctx, JSValueConst event,
                         JSValueConst headers)
{
    isere_js_text_t text = isere_js_text_begin(ctx);
    JSValue host = JS_IsObject(headers) ? isere_js_own(ctx, headers, "host")
                                        : JS_UNDEFINED;
    JSValue path = isere_js_own(ctx, event, "path");
    JSValue query = isere_js_own(ctx, event, "query");
    JSValue url = JS_EXCEPTION;
    if (!JS_IsException(host) && !JS_IsException(path) &&
        !JS_IsException(query)) {
        add(ctx, &text, "http://", host, "localhost");
        add(ctx, &text, "", path, "/");
        /* No '?' for no query. */
        add(ctx, &text, "?", query, NULL);
        url = isere_js_text_string(&text);
    }
    isere_js_text_free(&text);
    JS_FreeValue(ctx, host);
    JS_FreeValue(ctx, path);
    JS_FreeValue(ctx, query);
    return url;
}

/* The bytes of base64 as an ArrayBuffer. */
static JSValue decode_base64(JSContext *ctx, JSValueConst value)
{
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, value);
    char *bytes = text ? js_malloc(ctx, ISERE_BASE64_DECODED(len) + 1) : NULL;
    JSValue buffer = JS_EXCEPTION;
    long decoded = bytes ? isere_base64_decode(text, len, bytes) : 0;
    if (bytes && decoded < 0) {
        JS_ThrowTypeError(ctx, "the event's body is not base64");
    } else if (bytes) {
        buffer =
            JS_NewArrayBufferCopy(ctx, (const uint8_t *)bytes, (size_t)decoded);
    }
    js_free(ctx, bytes);
    JS_FreeCString(ctx, text);
    return buffer;
}

/* Text and base64 are what requests have; an object is one that was parsed. */
static JSValue event_body(JSContext *ctx, JSValueConst event)
{
    JSValue body = first_of(ctx, event, "rawBody", "body");
    JSValue flag = JS_IsException(body)
                       ? JS_EXCEPTION
                       : isere_js_own(ctx, event, "isBase64Encoded");
    if (is_nothing(body) || JS_IsException(flag)) {
        JS_FreeValue(ctx, body);
        return is_nothing(body) ? JS_NULL : JS_EXCEPTION;
    }
    bool is_base64 = JS_ToBool(ctx, flag) > 0;
    JS_FreeValue(ctx, flag);
    if (!is_base64 && JS_IsString(body)) {
        return body;
    }
    JSValue made =
        is_base64 ? decode_base64(ctx, body)
                  : JS_JSONStringify(ctx, body, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(ctx, body);
    return made;
}

/* From an event in isère's format, which `isere invoke` was given. */
static JSValue from_event(JSContext *ctx, JSValueConst event)
{
    JSValue method = first_of(ctx, event, "httpMethod", "method");
    JSValue headers = isere_js_own(ctx, event, "headers");
    JSValue url = JS_EXCEPTION;
    JSValue body = JS_EXCEPTION;
    JSValue request = JS_EXCEPTION;
    if (is_nothing(method)) {
        method = JS_NewString(ctx, "GET");
    }
    if (is_nothing(headers)) {
        headers = JS_NewObject(ctx);
    }
    if (!JS_IsException(method) && !JS_IsException(headers)) {
        url = event_url(ctx, event, headers);
    }
    if (!JS_IsException(url)) {
        body = event_body(ctx, event);
    }
    if (!JS_IsException(body)) {
        request = isere_fetch_request_new(ctx, method, url, headers, body);
    }
    JS_FreeValue(ctx, body);
    JS_FreeValue(ctx, url);
    JS_FreeValue(ctx, headers);
    JS_FreeValue(ctx, method);
    return request;
}

JSValue isere__fetch_request(JSContext *ctx, JSValueConst event)
{
    return isere_js_settle(ctx, JS_IsUndefined(event)
                                    ? isere_fetch_request_incoming(ctx)
                                    : from_event(ctx, event));
}

/* ---- an answer ---- */

int isere_fetch_take(JSContext *ctx, JSValueConst value)
{
    isere_fetch_response_t *response = isere_fetch_response_of(value);
    if (!response) {
        return ISERE_ERR_HANDLER;
    }
    if (isere__body_check_usable(ctx, &response->body) < 0) {
        return -1;
    }
    isere_body_t *content = isere__body_content(&response->body);
    if (!content) {
        return 0;
    }
    if (content->kind == ISERE_BODY_INCOMING) {
        JSValue bytes = isere__body_bytes(ctx, content);
        if (JS_IsException(bytes)) {
            return -1;
        }
        content->data = bytes;
        content->kind = ISERE_BODY_BYTES;
    }
    content->used = content->kind != ISERE_BODY_NONE;
    return 1;
}

JSValue isere_fetch_collect(JSContext *ctx, JSValueConst value)
{
    return isere__body_read_all(ctx, &isere_fetch_response_of(value)->body);
}
