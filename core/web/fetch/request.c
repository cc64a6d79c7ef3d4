/* The class Request (Fetch section 5.4). That of a request that came over the
 * network has nothing of its own until its members are read. */
#include "core/web/fetch/request.h"
#include "core/code/js_text.h"
#include "core/http/request.h"
#include "core/web/class.h"
#include "core/web/fetch/headers.h"
#include "core/web/lazy/lazy.h"
#include "core/web/url/url.h"
#include "core/web/url/url_normal.h"
#include "core/web/web.h"
#include <string.h>

static JSClassID request_class; /* one per process, see url.h */

void isere__fetch_request_register(void)
{
    JS_NewClassID(&request_class);
}

/* ---- objects ---- */

static void finalize(JSRuntime *rt, JSValue value)
{
    isere_fetch_request_t *request = JS_GetOpaque(value, request_class);
    if (request) {
        JS_FreeValueRT(rt, request->method);
        JS_FreeValueRT(rt, request->url);
        isere__header_list_drop(rt, request->list);
        JS_FreeValueRT(rt, request->headers);
        isere__body_free(rt, &request->body);
        JS_FreeValueRT(rt, request->signal);
        JS_FreeValueRT(rt, request->follows);
        JS_FreeValueRT(rt, request->integrity);
        js_free_rt(rt, request);
    }
}

static void mark(JSRuntime *rt, JSValueConst value, JS_MarkFunc *mark_func)
{
    const isere_fetch_request_t *request = JS_GetOpaque(value, request_class);
    if (request) {
        JS_MarkValue(rt, request->headers, mark_func);
        isere__body_mark(rt, &request->body, mark_func);
        JS_MarkValue(rt, request->signal, mark_func);
        JS_MarkValue(rt, request->follows, mark_func);
    }
}

static const JSClassDef request_def = {
    .class_name = "Request",
    .finalizer = finalize,
    .gc_mark = mark,
};

isere_fetch_request_t *isere_fetch_request_of(JSValueConst value)
{
    return JS_GetOpaque(value, request_class);
}

static isere_fetch_request_t *get_this(JSContext *ctx, JSValueConst self)
{
    return JS_GetOpaque2(ctx, self, request_class);
}

JSValue isere__fetch_request_object(JSContext *ctx, JSValueConst target,
                                    isere_fetch_request_t **request)
{
    JSValue object = isere__class_new_object(ctx, target, request_class);
    isere_fetch_request_t *made =
        JS_IsException(object) ? NULL : js_mallocz(ctx, sizeof(*made));
    if (!made) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    made->method = JS_UNDEFINED;
    made->url = JS_UNDEFINED;
    made->headers = JS_UNDEFINED;
    made->signal = JS_UNDEFINED;
    made->follows = JS_UNDEFINED;
    made->integrity = JS_UNDEFINED;
    made->options[ISERE_REQUEST_MODE] = ISERE_MODE_CORS;
    made->options[ISERE_REQUEST_CREDENTIALS] = ISERE_CREDENTIALS_SAME_ORIGIN;
    isere__body_init(&made->body);
    JS_SetOpaque(object, made);
    *request = made;
    return object;
}

JSValue isere_fetch_request_incoming(JSContext *ctx)
{
    const isere_http_request_t *incoming = isere_host_request(ctx);
    isere_fetch_request_t *request;
    JSValue object = isere__fetch_request_object(ctx, JS_UNDEFINED, &request);
    if (!JS_IsException(object) && incoming && incoming->body.len > 0) {
        request->body.kind = ISERE_BODY_INCOMING;
    }
    return object;
}

/* A body of a request that has none may have a type: it is the client's. */
JSValue isere_fetch_request_new(JSContext *ctx, JSValueConst method,
                                JSValueConst url, JSValueConst headers,
                                JSValueConst body)
{
    isere_fetch_request_t *request;
    JSValue type = JS_NULL;
    JSValue object = isere__fetch_request_object(ctx, JS_UNDEFINED, &request);
    if (JS_IsException(object)) {
        return object;
    }
    request->method = JS_ToString(ctx, method);
    request->url = isere__url_normalise(ctx, url, NULL);
    request->list = isere__header_list_new(ctx);
    if (JS_IsException(request->method) || JS_IsException(request->url) ||
        !request->list ||
        isere__headers_fill(ctx, request->list, headers) < 0 ||
        (!JS_IsNull(body) &&
         isere__body_extract(ctx, body, &request->body, &type) < 0)) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    JS_FreeValue(ctx, type);
    return object;
}

/* ---- what the request that runs has ---- */

JSValue isere__fetch_request_method(JSContext *ctx,
                                    isere_fetch_request_t *request)
{
    const isere_http_request_t *incoming = isere_host_request(ctx);
    if (JS_IsUndefined(request->method)) {
        JSValue method = isere_js_text_latin1(
            ctx, incoming ? isere_http_slice(incoming, incoming->method)
                          : isere_slice("GET"));
        if (JS_IsException(method)) {
            return method;
        }
        request->method = method;
    }
    return JS_DupValue(ctx, request->method);
}

/* The Host field's value stands for the server: a name of its own it has
 * not. */
static JSValue incoming_url(JSContext *ctx, isere_slice_t host)
{
    const isere_http_request_t *incoming = isere_host_request(ctx);
    isere_slice_t path =
        incoming ? isere_http_path(incoming) : isere_slice("/");
    isere_slice_t query = incoming ? isere_http_slice(incoming, incoming->query)
                                   : isere_slice("");
    isere_js_text_t text = isere_js_text_begin(ctx);
    isere_js_text_add(&text, isere_slice("http://"));
    isere_js_text_add_latin1(&text, host);
    if (path.ptr[0] != '/') {
        isere_js_text_add(&text, isere_slice("/"));
    }
    isere_js_text_add_latin1(&text, path);
    if (query.len > 0) {
        isere_js_text_add(&text, isere_slice("?"));
        isere_js_text_add_latin1(&text, query);
    }
    JSValue url = isere_js_text_string(&text);
    isere_js_text_free(&text);
    if (JS_IsException(url) || isere__url_is_normal(host, path, query)) {
        return url;
    }
    JSValue normal = isere__url_normalise(ctx, url, NULL);
    JS_FreeValue(ctx, url);
    return normal;
}

/* Not all that HTTP allows in a Host field is a host of a URL. */
JSValue isere__fetch_request_url(JSContext *ctx, isere_fetch_request_t *request)
{
    if (!JS_IsUndefined(request->url)) {
        return JS_DupValue(ctx, request->url);
    }
    const isere_http_request_t *incoming = isere_host_request(ctx);
    isere_slice_t host = incoming
                             ? isere_http_slice(incoming, incoming->authority)
                             : isere_slice("");
    isere_slice_t local = isere_slice("localhost");
    JSValue url = incoming_url(ctx, host.len > 0 ? host : local);
    if (JS_IsException(url)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        url = incoming_url(ctx, local);
    }
    if (JS_IsException(url)) {
        return url;
    }
    request->url = url;
    return JS_DupValue(ctx, url);
}

isere_header_list_t *isere__fetch_request_list(JSContext *ctx,
                                               isere_fetch_request_t *request)
{
    const isere_http_request_t *incoming = isere_host_request(ctx);
    if (request->list) {
        return request->list;
    }
    isere_header_list_t *list = isere__header_list_new(ctx);
    for (unsigned i = 0; list && incoming && i < incoming->nfields; i++) {
        const isere_http_field_t *field = &incoming->fields[i];
        JSValue value =
            isere_js_text_latin1(ctx, isere_http_slice(incoming, field->value));
        if (JS_IsException(value) ||
            isere__header_list_put(ctx, list,
                                   isere_http_slice(incoming, field->name),
                                   value) < 0) {
            isere__header_list_drop(JS_GetRuntime(ctx), list);
            return NULL;
        }
    }
    request->list = list;
    return list;
}

JSValue isere__fetch_request_signal(JSContext *ctx,
                                    isere_fetch_request_t *request)
{
    if (JS_IsUndefined(request->signal)) {
        bool follows = JS_IsObject(request->follows);
        JSValue signal =
            isere_lazy_call(ctx, ISERE_LAZY_ABORT, follows ? "any" : "fresh",
                            follows, (JSValueConst *)&request->follows);
        if (JS_IsException(signal)) {
            return signal;
        }
        request->signal = signal;
    }
    return JS_DupValue(ctx, request->signal);
}

/* ---- members ---- */

enum {
    METHOD,
    URL,
    HEADERS,
    DESTINATION,
    REFERRER,
    INTEGRITY,
    KEEPALIVE,
    IS_RELOAD,
    IS_HISTORY,
    SIGNAL,
    DUPLEX,
    BODY,
    BODY_USED,
};

static JSValue get_headers(JSContext *ctx, isere_fetch_request_t *request)
{
    isere_header_list_t *list = isere__fetch_request_list(ctx, request);
    return list ? isere__headers_get(ctx, list, &request->headers)
                : JS_EXCEPTION;
}

static JSValue get_member(JSContext *ctx, JSValueConst self, int magic)
{
    isere_fetch_request_t *request = get_this(ctx, self);
    if (!request) {
        return JS_EXCEPTION;
    }
    switch (magic) {
    case METHOD:
        return isere__fetch_request_method(ctx, request);
    case URL:
        return isere__fetch_request_url(ctx, request);
    case HEADERS:
        return get_headers(ctx, request);
    case DESTINATION:
        return JS_NewString(ctx, "");
    case REFERRER:
        return JS_NewString(ctx, request->no_referrer ? "" : "about:client");
    case INTEGRITY:
        return JS_IsUndefined(request->integrity)
                   ? JS_NewString(ctx, "")
                   : JS_DupValue(ctx, request->integrity);
    case KEEPALIVE:
        return JS_NewBool(ctx, request->keepalive);
    case SIGNAL:
        return isere__fetch_request_signal(ctx, request);
    case DUPLEX:
        return JS_NewString(ctx, "half");
    case BODY:
        return isere__body_stream(ctx, &request->body);
    case BODY_USED:
        return JS_NewBool(ctx, isere__body_is_used(ctx, &request->body));
    default:
        return JS_FALSE;
    }
}

static JSValue get_option(JSContext *ctx, JSValueConst self, int magic)
{
    const isere_fetch_request_t *request = get_this(ctx, self);
    isere_request_option_t option = (isere_request_option_t)magic;
    return request ? JS_NewString(ctx, isere__fetch_request_word(
                                           option, request->options[option]))
                   : JS_EXCEPTION;
}

static JSValue consume(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv, int magic)
{
    isere_fetch_request_t *request = get_this(ctx, self);
    isere_body_form_t form = (isere_body_form_t)magic;
    JSValue type = JS_NULL;
    (void)argc;
    (void)argv;
    if (request &&
        (form == ISERE_BODY_AS_BLOB || form == ISERE_BODY_AS_FORM_DATA)) {
        const isere_header_list_t *list =
            isere__fetch_request_list(ctx, request);
        type = list ? isere__header_list_get(ctx, list,
                                             isere_slice("content-type"))
                    : JS_EXCEPTION;
    }
    JSValue promise =
        isere__body_consume(ctx, request ? &request->body : NULL, form, type);
    JS_FreeValue(ctx, type);
    return promise;
}

static int copy_to(JSContext *ctx, isere_fetch_request_t *request,
                   isere_fetch_request_t *copy)
{
    const isere_header_list_t *list = isere__fetch_request_list(ctx, request);
    copy->method = isere__fetch_request_method(ctx, request);
    copy->url = isere__fetch_request_url(ctx, request);
    copy->list = isere__header_list_new(ctx);
    copy->follows = isere__fetch_request_signal(ctx, request);
    if (!list || !copy->list || JS_IsException(copy->method) ||
        JS_IsException(copy->url) || JS_IsException(copy->follows) ||
        isere__header_list_add_all(ctx, copy->list, list) < 0) {
        return -1;
    }
    copy->integrity = JS_DupValue(ctx, request->integrity);
    copy->keepalive = request->keepalive;
    copy->no_referrer = request->no_referrer;
    memcpy(copy->options, request->options, sizeof(copy->options));
    return isere__body_clone(ctx, &request->body, &copy->body);
}

static JSValue clone(JSContext *ctx, JSValueConst self, int argc,
                     JSValueConst *argv, int magic)
{
    isere_fetch_request_t *request = get_this(ctx, self);
    isere_fetch_request_t *copy;
    (void)argc;
    (void)argv;
    (void)magic;
    if (!request || isere__body_check_usable(ctx, &request->body) < 0) {
        return JS_EXCEPTION;
    }
    JSValue object = isere__fetch_request_object(ctx, JS_UNDEFINED, &copy);
    if (!JS_IsException(object) && copy_to(ctx, request, copy) < 0) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    return object;
}

/* ---- installation ---- */

#define OPTION(name, option)                                                   \
    ISERE_CLASS_ACCESSOR(name, get_option, NULL, option)
#define MEMBER(name, magic) ISERE_CLASS_ACCESSOR(name, get_member, NULL, magic)

static const JSCFunctionListEntry members[] = {
    MEMBER("method", METHOD),
    MEMBER("url", URL),
    MEMBER("headers", HEADERS),
    MEMBER("destination", DESTINATION),
    MEMBER("referrer", REFERRER),
    OPTION("referrerPolicy", ISERE_REQUEST_REFERRER_POLICY),
    OPTION("mode", ISERE_REQUEST_MODE),
    OPTION("credentials", ISERE_REQUEST_CREDENTIALS),
    OPTION("cache", ISERE_REQUEST_CACHE),
    OPTION("redirect", ISERE_REQUEST_REDIRECT),
    MEMBER("integrity", INTEGRITY),
    MEMBER("keepalive", KEEPALIVE),
    MEMBER("isReloadNavigation", IS_RELOAD),
    MEMBER("isHistoryNavigation", IS_HISTORY),
    MEMBER("signal", SIGNAL),
    MEMBER("duplex", DUPLEX),
    MEMBER("body", BODY),
    MEMBER("bodyUsed", BODY_USED),
    ISERE_CLASS_METHOD("clone", 0, clone, 0),
    ISERE_BODY_METHODS(consume),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Request", JS_PROP_CONFIGURABLE),
};

int isere__fetch_request_register_in(JSRuntime *rt)
{
    return isere__class_register(rt, request_class, &request_def);
}

int isere__fetch_request_define(JSContext *ctx, JSValueConst object)
{
    const isere_class_t definition = {
        .id = request_class,
        .def = &request_def,
        .constructor = isere__fetch_request_construct,
        .length = 1,
        .members = members,
        .member_count = sizeof(members) / sizeof(*members),
    };
    return isere__class_define(ctx, object, &definition);
}
