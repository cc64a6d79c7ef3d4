/* What console shows of Headers, Request and Response, as Node does. */
#include "core/web/fetch/body_stream.h"
#include "core/web/fetch/headers.h"
#include "core/web/fetch/request.h"
#include "core/web/fetch/response.h"
#include "core/web/inspect/inspect_internal.h"
#include <stdbool.h>

/* An object under construction; a failure leaves an exception pending. */
typedef struct shown {
    JSContext *ctx;
    JSValue object;
    bool failed;
} shown_t;

/* Takes the value. */
static void put(shown_t *shown, const char *name, JSValue value)
{
    if (shown->failed || JS_IsException(value) ||
        JS_DefinePropertyValueStr(shown->ctx, shown->object, name, value,
                                  JS_PROP_C_W_E) < 0) {
        shown->failed = true;
    }
}

/* A name may be any token, `__proto__` too: it is defined. */
static void put_entry(shown_t *shown, const isere_header_entry_t *entry)
{
    JSContext *ctx = shown->ctx;
    JSAtom name = JS_ValueToAtom(ctx, entry->name);
    if (name == JS_ATOM_NULL ||
        JS_DefinePropertyValue(ctx, shown->object, name,
                               JS_DupValue(ctx, entry->value),
                               JS_PROP_C_W_E) < 0) {
        shown->failed = true;
    }
    JS_FreeAtom(ctx, name);
}

/* The last of several cookies is shown only. */
static void put_list(shown_t *shown, const isere_header_list_t *list)
{
    uint32_t count;
    isere_header_entry_t *entries =
        isere__header_list_entries(shown->ctx, list, &count);
    for (uint32_t i = 0; i < count && !shown->failed; i++) {
        put_entry(shown, &entries[i]);
    }
    isere__header_list_free_entries(JS_GetRuntime(shown->ctx), entries, count);
}

static void put_body_used(shown_t *shown, const isere_body_t *body)
{
    put(shown, "bodyUsed",
        JS_NewBool(shown->ctx, isere__body_is_used(shown->ctx, body)));
}

static void put_request(shown_t *shown, isere_fetch_request_t *request)
{
    JSContext *ctx = shown->ctx;
    isere_header_list_t *list = isere__fetch_request_list(ctx, request);
    put(shown, "method", isere__fetch_request_method(ctx, request));
    put(shown, "url", isere__fetch_request_url(ctx, request));
    put(shown, "headers",
        list ? isere__headers_get(ctx, list, &request->headers) : JS_EXCEPTION);
    put_body_used(shown, &request->body);
}

static void put_response(shown_t *shown, isere_fetch_response_t *response)
{
    JSContext *ctx = shown->ctx;
    unsigned status = response->status;
    put(shown, "status", JS_NewInt32(ctx, (int)status));
    put(shown, "statusText",
        JS_IsUndefined(response->status_text)
            ? JS_NewString(ctx, "")
            : JS_DupValue(ctx, response->status_text));
    put(shown, "headers",
        isere__headers_get(ctx, response->list, &response->headers));
    put_body_used(shown, &response->body);
    put(shown, "ok", JS_NewBool(ctx, status >= 200 && status <= 299));
    put(shown, "type",
        JS_NewString(ctx, response->is_error ? "error" : "default"));
}

/* As js/web/streams.js shows one. */
static void put_stream(shown_t *shown, const isere_body_t *content)
{
    JSContext *ctx = shown->ctx;
    put(shown, "locked", JS_FALSE);
    put(shown, "state",
        JS_NewString(ctx, content->used ? "closed" : "readable"));
    put(shown, "supportsBYOB", JS_TRUE);
}

bool isere__inspect_fetch_is_library(JSValueConst value)
{
    return isere__body_stream_is(value) && !isere__body_stream_content(value);
}

JSValue isere__inspect_fetch(JSContext *ctx, JSValueConst value)
{
    const isere_header_list_t *list = isere__headers_of(value);
    isere_fetch_request_t *request = isere_fetch_request_of(value);
    isere_fetch_response_t *response = isere_fetch_response_of(value);
    const isere_body_t *content = isere__body_stream_content(value);
    if (!list && !request && !response && !content) {
        return JS_UNDEFINED;
    }
    shown_t shown = {.ctx = ctx, .object = JS_NewObjectProto(ctx, JS_NULL)};
    if (JS_IsException(shown.object)) {
        return shown.object;
    }
    if (list) {
        put_list(&shown, list);
    } else if (request) {
        put_request(&shown, request);
    } else if (content) {
        put_stream(&shown, content);
    } else {
        put_response(&shown, response);
    }
    if (shown.failed || JS_HasException(ctx)) {
        JS_FreeValue(ctx, shown.object);
        return JS_EXCEPTION;
    }
    return shown.object;
}
