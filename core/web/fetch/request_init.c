/* The constructor of Request (Fetch section 5.4): from a URL or another
 * Request, and a dictionary of options. */
#include "core/util/ascii.h"
#include "core/web/class.h"
#include "core/web/fetch/field.h"
#include "core/web/fetch/headers.h"
#include "core/web/fetch/request.h"
#include "core/web/lazy/lazy.h"
#include "core/web/url/url.h"
#include <string.h>

/* A Request under construction. */
typedef struct making {
    JSContext *ctx;
    isere_fetch_request_t *request;
    isere_fetch_request_t *from; /* the other Request, or NULL */
    JSValueConst init;           /* an object, or undefined */
    isere_body_t body;           /* what init has, or none */
    JSValue type;                /* ... and the content type of it */
    JSValue headers;             /* of init; undefined for none */
    bool half;                   /* duplex: 'half' was given */
} making_t;

static int fail(making_t *m, const char *message)
{
    JS_ThrowTypeError(m->ctx, "%s", message);
    return -1;
}

/* ---- the dictionary ---- */

static int take_body(making_t *m, JSValueConst value)
{
    return JS_IsNull(value)
               ? 0
               : isere__body_extract(m->ctx, value, &m->body, &m->type);
}

static int take_option(making_t *m, isere_request_option_t option,
                       JSValueConst value)
{
    int number = isere__fetch_request_number(m->ctx, option, value);
    if (number < 0) {
        return -1;
    }
    m->request->options[option] = (uint8_t)number;
    return 0;
}

static int take_cache(making_t *m, JSValueConst value)
{
    return take_option(m, ISERE_REQUEST_CACHE, value);
}

static int take_credentials(making_t *m, JSValueConst value)
{
    return take_option(m, ISERE_REQUEST_CREDENTIALS, value);
}

static int take_mode(making_t *m, JSValueConst value)
{
    if (take_option(m, ISERE_REQUEST_MODE, value) < 0) {
        return -1;
    }
    return m->request->options[ISERE_REQUEST_MODE] == ISERE_MODE_NAVIGATE
               ? fail(m, "mode must not be 'navigate'")
               : 0;
}

static int take_priority(making_t *m, JSValueConst value)
{
    return take_option(m, ISERE_REQUEST_PRIORITY, value);
}

static int take_redirect(making_t *m, JSValueConst value)
{
    return take_option(m, ISERE_REQUEST_REDIRECT, value);
}

static int take_policy(making_t *m, JSValueConst value)
{
    return take_option(m, ISERE_REQUEST_REFERRER_POLICY, value);
}

static int take_duplex(making_t *m, JSValueConst value)
{
    size_t len;
    const char *text = JS_ToCStringLen(m->ctx, &len, value);
    if (!text) {
        return -1;
    }
    m->half = isere_slice_is(isere_slice_of(text, len), "half");
    JS_FreeCString(m->ctx, text);
    return m->half ? 0 : fail(m, "duplex must be 'half'");
}

static int take_headers(making_t *m, JSValueConst value)
{
    m->headers = JS_DupValue(m->ctx, value);
    return 0;
}

static int take_integrity(making_t *m, JSValueConst value)
{
    JS_FreeValue(m->ctx, m->request->integrity);
    m->request->integrity = JS_ToString(m->ctx, value);
    return JS_IsException(m->request->integrity) ? -1 : 0;
}

static int take_keepalive(making_t *m, JSValueConst value)
{
    int is = JS_ToBool(m->ctx, value);
    m->request->keepalive = is > 0;
    return is < 0 ? -1 : 0;
}

static bool is_one_of(isere_slice_t text, const char *const *words)
{
    for (; *words; words++) {
        if (isere_ascii_equal(text, isere_slice(*words))) {
            return true;
        }
    }
    return false;
}

/* "Normalize" a method: those that everybody knows are in capitals. */
static JSValue new_method(JSContext *ctx, isere_slice_t text,
                          JSValueConst value)
{
    static const char *const known[] = {"DELETE", "GET", "HEAD", "OPTIONS",
                                        "POST",   "PUT", NULL};
    for (int i = 0; known[i]; i++) {
        if (isere_ascii_equal(text, isere_slice(known[i]))) {
            return JS_NewString(ctx, known[i]);
        }
    }
    return JS_ToString(ctx, value);
}

static int take_method(making_t *m, JSValueConst value)
{
    static const char *const forbidden[] = {"CONNECT", "TRACE", "TRACK", NULL};
    JSContext *ctx = m->ctx;
    isere_slice_t text;
    text.ptr = JS_ToCStringLen(ctx, &text.len, value);
    if (!text.ptr) {
        return -1;
    }
    JSValue method = JS_EXCEPTION;
    if (!isere__field_is_name(text)) {
        JS_ThrowTypeError(ctx, "'%.64s' is no method", text.ptr);
    } else if (is_one_of(text, forbidden)) {
        JS_ThrowTypeError(ctx, "method '%.64s' is not allowed", text.ptr);
    } else {
        method = new_method(ctx, text, value);
    }
    JS_FreeCString(ctx, text.ptr);
    JS_FreeValue(ctx, m->request->method);
    m->request->method = method;
    return JS_IsException(method) ? -1 : 0;
}

/* Any other URL is of another origin: a server has none. */
static int take_referrer(making_t *m, JSValueConst value)
{
    JSContext *ctx = m->ctx;
    size_t len;
    JSValue string = JS_ToString(ctx, value);
    const char *text =
        JS_IsException(string) ? NULL : JS_ToCStringLen(ctx, &len, string);
    int error = text ? 0 : -1;
    m->request->no_referrer = text && len == 0;
    if (text && len > 0 &&
        !isere_slice_is(isere_slice_of(text, len), "about:client")) {
        JSValue url = isere__url_normalise(ctx, string, NULL);
        error = JS_IsException(url) ? -1 : 0;
        JS_FreeValue(ctx, url);
    }
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, string);
    return error;
}

/* It replaces what the other Request followed, null by nothing. */
static int take_signal(making_t *m, JSValueConst value)
{
    JSContext *ctx = m->ctx;
    JS_FreeValue(ctx, m->request->follows);
    m->request->follows = JS_UNDEFINED;
    if (JS_IsNull(value)) {
        return 0;
    }
    if (!isere_lazy_is(ctx, ISERE_LAZY_ABORT, "isSignal", value)) {
        return fail(m, "signal must be an AbortSignal");
    }
    m->request->follows = JS_DupValue(ctx, value);
    return 0;
}

static int take_window(making_t *m, JSValueConst value)
{
    return JS_IsNull(value) ? 0 : fail(m, "window must be null");
}

/* In the order in which Web IDL reads a dictionary. */
static int read_init(making_t *m)
{
    static const struct {
        const char *name;
        int (*take)(making_t *m, JSValueConst value);
    } members[] = {
        {"body", take_body},
        {"cache", take_cache},
        {"credentials", take_credentials},
        {"duplex", take_duplex},
        {"headers", take_headers},
        {"integrity", take_integrity},
        {"keepalive", take_keepalive},
        {"method", take_method},
        {"mode", take_mode},
        {"priority", take_priority},
        {"redirect", take_redirect},
        {"referrer", take_referrer},
        {"referrerPolicy", take_policy},
        {"signal", take_signal},
        {"window", take_window},
    };
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof(members) / sizeof(*members);
         i++) {
        JSValue value = JS_GetPropertyStr(m->ctx, m->init, members[i].name);
        if (JS_IsException(value)) {
            return -1;
        }
        if (!JS_IsUndefined(value)) {
            error = members[i].take(m, value);
        }
        JS_FreeValue(m->ctx, value);
    }
    return error;
}

/* ---- the request ---- */

/* What another Request has is what the options do not say. */
static int copy_from(making_t *m)
{
    JSContext *ctx = m->ctx;
    m->request->url = isere__fetch_request_url(ctx, m->from);
    m->request->method = isere__fetch_request_method(ctx, m->from);
    m->request->follows = isere__fetch_request_signal(ctx, m->from);
    m->request->integrity = JS_DupValue(ctx, m->from->integrity);
    m->request->keepalive = m->from->keepalive;
    m->request->no_referrer = m->from->no_referrer;
    memcpy(m->request->options, m->from->options, sizeof(m->from->options));
    return JS_IsException(m->request->url) ||
                   JS_IsException(m->request->method) ||
                   JS_IsException(m->request->follows)
               ? -1
               : 0;
}

static int parse_url(making_t *m, JSValueConst input)
{
    bool has_credentials = false;
    m->request->method = JS_NewString(m->ctx, "GET");
    m->request->url = isere__url_normalise(m->ctx, input, &has_credentials);
    if (JS_IsException(m->request->url) || JS_IsException(m->request->method)) {
        return -1;
    }
    return has_credentials ? fail(m, "the URL of a Request must have no user "
                                     "name or password")
                           : 0;
}

static bool method_is(const making_t *m, const char *name)
{
    size_t len;
    const char *text = JS_ToCStringLen(m->ctx, &len, m->request->method);
    bool is = text && isere_slice_is(isere_slice_of(text, len), name);
    JS_FreeCString(m->ctx, text);
    return is;
}

static int check_options(making_t *m)
{
    const uint8_t *options = m->request->options;
    if (options[ISERE_REQUEST_CACHE] == ISERE_CACHE_ONLY_IF_CACHED &&
        options[ISERE_REQUEST_MODE] != ISERE_MODE_SAME_ORIGIN) {
        return fail(m, "cache mode 'only-if-cached' needs mode 'same-origin'");
    }
    if (options[ISERE_REQUEST_MODE] == ISERE_MODE_NO_CORS &&
        !method_is(m, "GET") && !method_is(m, "HEAD") &&
        !method_is(m, "POST")) {
        return fail(m, "mode 'no-cors' allows only GET, HEAD and POST");
    }
    return 0;
}

static int fill_headers(making_t *m)
{
    m->request->list = isere__header_list_new(m->ctx);
    if (!m->request->list) {
        return -1;
    }
    if (!JS_IsUndefined(m->headers)) {
        return isere__headers_fill(m->ctx, m->request->list, m->headers);
    }
    if (!m->from) {
        return 0;
    }
    const isere_header_list_t *list =
        isere__fetch_request_list(m->ctx, m->from);
    return list ? isere__header_list_add_all(m->ctx, m->request->list, list)
                : -1;
}

static int set_type(making_t *m)
{
    static const isere_slice_t name = ISERE_SLICE("Content-Type");
    if (JS_IsNull(m->type) || isere__header_list_has(m->request->list, name)) {
        return 0;
    }
    return isere__header_list_put(m->ctx, m->request->list, name,
                                  JS_DupValue(m->ctx, m->type));
}

/* The body of another Request goes over: that one's is used then. */
static int give_body(making_t *m)
{
    bool given = m->body.kind != ISERE_BODY_NONE;
    bool old = m->from && m->from->body.kind != ISERE_BODY_NONE;
    if ((given || old) && (method_is(m, "GET") || method_is(m, "HEAD"))) {
        return fail(m, "a request with method GET or HEAD has no body");
    }
    if (!given) {
        return old ? isere__body_hand_over(m->ctx, &m->from->body,
                                           &m->request->body)
                   : 0;
    }
    if (m->body.kind == ISERE_BODY_STREAM && !m->half) {
        return fail(m, "a stream as body needs duplex: 'half'");
    }
    m->request->body = m->body;
    isere__body_init(&m->body);
    return set_type(m);
}

static int make(making_t *m, JSValueConst input)
{
    int error = m->from ? copy_from(m) : parse_url(m, input);
    if (error == 0 && !JS_IsUndefined(m->init)) {
        error = read_init(m);
    }
    if (error == 0) {
        error = check_options(m);
    }
    if (error == 0) {
        error = fill_headers(m);
    }
    return error == 0 ? give_body(m) : error;
}

JSValue isere__fetch_request_construct(JSContext *ctx, JSValueConst target,
                                       int argc, JSValueConst *argv)
{
    making_t m = {.ctx = ctx,
                  .init =
                      argc > 1 && !JS_IsNull(argv[1]) ? argv[1] : JS_UNDEFINED,
                  .type = JS_NULL,
                  .headers = JS_UNDEFINED};
    isere__body_init(&m.body);
    if (isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    if (!JS_IsUndefined(m.init) && !JS_IsObject(m.init)) {
        return JS_ThrowTypeError(ctx, "the second argument must be an object");
    }
    m.from = isere_fetch_request_of(argv[0]);
    JSValue object = isere__fetch_request_object(ctx, target, &m.request);
    if (!JS_IsException(object) && make(&m, argv[0]) < 0) {
        JS_FreeValue(ctx, object);
        object = JS_EXCEPTION;
    }
    isere__body_free(JS_GetRuntime(ctx), &m.body);
    JS_FreeValue(ctx, m.type);
    JS_FreeValue(ctx, m.headers);
    return object;
}
