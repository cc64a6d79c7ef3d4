/* The arguments of handlers in the form of the web, from the invocation that
 * runs, and their answers. */
#include "core/lambda/fetch/fetch.h"
#include "core/code/js.h"
#include "core/lambda/event/event_common.h"
#include "core/web/host.h"
#include "core/web/lazy/lazy.h"
#include <string.h>

/* ---- what Request asks for ---- */

/* The Host field's value stands for the server: a name of its own it has
 * not. */
static JSValue make_address(JSContext *ctx, const isere_http_request_t *request,
                            isere_slice_t host)
{
    isere_text_t text = isere__event_text_begin(ctx);
    isere_slice_t path = isere_http_path(request);
    isere_slice_t query = isere_http_slice(request, request->query);
    isere__event_text_add(&text, isere_slice("http://"));
    isere__event_text_add(&text, host.len ? host : isere_slice("localhost"));
    if (path.ptr[0] != '/') {
        isere__event_text_add(&text, isere_slice("/"));
    }
    isere__event_text_add_latin1(&text, path);
    if (query.len > 0) {
        isere__event_text_add(&text, isere_slice("?"));
        isere__event_text_add_latin1(&text, query);
    }
    JSValue address = isere__event_text_string(&text);
    isere__event_text_free(&text);
    return address;
}

/* Names and values in turn. */
static JSValue make_fields(JSContext *ctx, const isere_http_request_t *request)
{
    isere_list_t list = isere__event_list_begin(ctx);
    for (unsigned i = 0; i < request->nfields; i++) {
        const isere_http_field_t *field = &request->fields[i];
        isere__event_list_add(&list,
                              isere__event_text_latin1(
                                  ctx, isere_http_slice(request, field->name)));
        isere__event_list_add(
            &list, isere__event_text_latin1(
                       ctx, isere_http_slice(request, field->value)));
    }
    return isere__event_list_end(&list);
}

static JSValue make_body(JSContext *ctx, const isere_http_request_t *request)
{
    isere_slice_t body = isere_http_slice(request, request->body);
    if (body.len == 0) {
        return JS_NULL;
    }
    JSValue arguments[3] = {
        JS_NewArrayBufferCopy(ctx, (const uint8_t *)body.ptr, body.len),
        JS_UNDEFINED, JS_UNDEFINED};
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    JSValue bytes = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    return bytes;
}

static JSValue make_parameters(JSContext *ctx,
                               const isere_invocation_t *invocation)
{
    JSValue found = isere__event_path_parameters(ctx, invocation);
    return JS_IsNull(found) ? JS_NewObject(ctx) : found;
}

/* As js/web/fetch.js numbers them. */
typedef enum what {
    WHAT_METHOD,
    WHAT_ADDRESS,
    WHAT_FIELDS,
    WHAT_BODY,
    WHAT_PARAMETERS,
    WHAT_LOCAL_ADDRESS,
} what_t;

static JSValue make(JSContext *ctx, const isere_invocation_t *invocation,
                    int what)
{
    const isere_http_request_t *request = invocation->request;
    if (what == WHAT_PARAMETERS) {
        return make_parameters(ctx, invocation);
    }
    if (!request) {
        return JS_UNDEFINED;
    }
    switch (what) {
    case WHAT_METHOD:
        return isere__event_text_latin1(
            ctx, isere_http_slice(request, request->method));
    case WHAT_ADDRESS:
        return make_address(ctx, request,
                            isere_http_slice(request, request->authority));
    case WHAT_LOCAL_ADDRESS:
        return make_address(ctx, request, isere_slice(""));
    case WHAT_FIELDS:
        return make_fields(ctx, request);
    default:
        return make_body(ctx, request);
    }
}

/* incoming(WHAT): a part of the request that runs. */
static JSValue incoming(JSContext *ctx, JSValueConst self, int argc,
                        JSValueConst *argv)
{
    (void)self;
    (void)argc;
    int what = JS_VALUE_GET_INT(argv[0]);
    return isere_js_settle(ctx,
                           make(ctx, isere_host_lambda(ctx)->invocation, what));
}

/* ---- the init phase ---- */

/* The last entry of a name counts, as for process.env. Each request finds it as
 * the init phase left it. */
static JSValue make_env(JSContext *ctx)
{
    JSValue env = JS_NewObject(ctx);
    const char *entry;
    for (size_t i = 0;
         !JS_IsException(env) && (entry = isere_host_env(ctx, i)) != NULL;
         i++) {
        const char *equals = strchr(entry, '=');
        if (!equals) {
            continue;
        }
        JSAtom name = JS_NewAtomLen(ctx, entry, (size_t)(equals - entry));
        if (name == JS_ATOM_NULL ||
            JS_DefinePropertyValue(ctx, env, name,
                                   JS_NewString(ctx, equals + 1),
                                   JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, env);
            env = JS_EXCEPTION;
        }
        JS_FreeAtom(ctx, name);
    }
    return env;
}

int isere_fetch_prepare(JSContext *ctx)
{
    JSValue arguments[2] = {JS_NewCFunction(ctx, incoming, "", 1),
                            make_env(ctx)};
    JSValue result = JS_EXCEPTION;
    if (!JS_IsException(arguments[0]) && !JS_IsException(arguments[1])) {
        result = isere_lazy_call(ctx, ISERE_LAZY_FETCH, "prepare", 2,
                                 (JSValueConst *)arguments);
    }
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? -1 : 0;
}

/* ---- a request ---- */

int isere__fetch_begin(JSContext *ctx, JSValueConst event, JSValue args[3])
{
    JSValue list = isere_lazy_call(ctx, ISERE_LAZY_FETCH, "begin", 1, &event);
    if (JS_IsException(list)) {
        return -1;
    }
    for (uint32_t i = 0; i < 3; i++) {
        args[i] = JS_GetPropertyUint32(ctx, list, i);
    }
    JS_FreeValue(ctx, list);
    return 0;
}

bool isere_fetch_is_waiting(JSContext *ctx)
{
    JSValue is = isere_lazy_call(ctx, ISERE_LAZY_FETCH, "isWaiting", 0, NULL);
    if (JS_IsException(is)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    return JS_IsBool(is) && JS_ToBool(ctx, is);
}

JSValue isere_fetch_answer(JSContext *ctx, JSValueConst value)
{
    return isere_lazy_call(ctx, ISERE_LAZY_FETCH, "answer", 1, &value);
}
