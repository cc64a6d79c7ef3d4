/* The class Response (Fetch section 5.5). */
#include "core/web/fetch/response.h"
#include "core/code/js.h"
#include "core/code/json.h"
#include "core/web/class.h"
#include "core/web/fetch/field.h"
#include "core/web/fetch/headers.h"
#include "core/web/url/url.h"
#include <math.h>

static JSClassID response_class; /* one per process, see url.h */

void isere__fetch_response_register(void)
{
    JS_NewClassID(&response_class);
}

/* ---- objects ---- */

static void finalize(JSRuntime *rt, JSValue value)
{
    isere_fetch_response_t *response = JS_GetOpaque(value, response_class);
    if (response) {
        isere__header_list_drop(rt, response->list);
        JS_FreeValueRT(rt, response->headers);
        JS_FreeValueRT(rt, response->status_text);
        isere__body_free(rt, &response->body);
        js_free_rt(rt, response);
    }
}

static void mark(JSRuntime *rt, JSValueConst value, JS_MarkFunc *mark_func)
{
    const isere_fetch_response_t *response =
        JS_GetOpaque(value, response_class);
    if (response) {
        JS_MarkValue(rt, response->headers, mark_func);
        isere__body_mark(rt, &response->body, mark_func);
    }
}

static const JSClassDef response_def = {
    .class_name = "Response",
    .finalizer = finalize,
    .gc_mark = mark,
};

isere_fetch_response_t *isere_fetch_response_of(JSValueConst value)
{
    return JS_GetOpaque(value, response_class);
}

static isere_fetch_response_t *get_this(JSContext *ctx, JSValueConst self)
{
    return JS_GetOpaque2(ctx, self, response_class);
}

/* An object with an empty list and no body, which *response points to. */
static JSValue new_object(JSContext *ctx, JSValueConst target,
                          isere_fetch_response_t **response)
{
    JSValue object = isere__class_new_object(ctx, target, response_class);
    isere_fetch_response_t *made =
        JS_IsException(object) ? NULL : js_malloc(ctx, sizeof(*made));
    if (!made) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    made->headers = JS_UNDEFINED;
    made->status_text = JS_UNDEFINED;
    made->status = 200;
    made->is_error = false;
    isere__body_init(&made->body);
    made->list = isere__header_list_new(ctx);
    JS_SetOpaque(object, made);
    if (!made->list) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    *response = made;
    return object;
}

/* ---- "initialize a response" ---- */

/* Web IDL's unsigned short. */
static int to_status(JSContext *ctx, JSValueConst value, unsigned *status)
{
    double number;
    if (JS_ToFloat64(ctx, &number, value) < 0) {
        return -1;
    }
    double rest = isfinite(number) ? fmod(trunc(number), 65536) : 0;
    *status = (unsigned)(rest < 0 ? rest + 65536 : rest);
    return 0;
}

/* What the second argument has, in the order in which Web IDL reads it. */
typedef struct init {
    JSValue headers;
    JSValue status_text;
    unsigned status;
} init_t;

static void init_free(JSContext *ctx, init_t *init)
{
    JS_FreeValue(ctx, init->headers);
    JS_FreeValue(ctx, init->status_text);
}

static int read_init(JSContext *ctx, JSValueConst value, init_t *init)
{
    init->headers = JS_UNDEFINED;
    init->status_text = JS_UNDEFINED;
    init->status = 200;
    if (JS_IsUndefined(value) || JS_IsNull(value)) {
        return 0;
    }
    if (!JS_IsObject(value)) {
        JS_ThrowTypeError(ctx, "the second argument must be an object");
        return -1;
    }
    init->headers = JS_GetPropertyStr(ctx, value, "headers");
    JSValue status = JS_IsException(init->headers)
                         ? JS_EXCEPTION
                         : JS_GetPropertyStr(ctx, value, "status");
    int error = JS_IsException(status) ? -1
                : JS_IsUndefined(status)
                    ? 0
                    : to_status(ctx, status, &init->status);
    JS_FreeValue(ctx, status);
    JSValue text =
        error ? JS_EXCEPTION : JS_GetPropertyStr(ctx, value, "statusText");
    if (!JS_IsUndefined(text)) {
        init->status_text =
            JS_IsException(text) ? text : JS_ToString(ctx, text);
        JS_FreeValue(ctx, text);
    }
    return JS_IsException(init->status_text) ? -1 : 0;
}

static int set_reason(JSContext *ctx, isere_fetch_response_t *response,
                      JSValueConst string)
{
    size_t len;
    if (JS_IsUndefined(string)) {
        return 0;
    }
    const char *text = JS_ToCStringLen(ctx, &len, string);
    bool valid = text && isere__field_is_reason(isere_slice_of(text, len));
    JS_FreeCString(ctx, text);
    if (!valid) {
        if (text) {
            JS_ThrowTypeError(ctx, "statusText has an invalid character");
        }
        return -1;
    }
    response->status_text = JS_DupValue(ctx, string);
    return 0;
}

static int initialize(JSContext *ctx, isere_fetch_response_t *response,
                      const init_t *init)
{
    if (init->status < 200 || init->status > 599) {
        JS_ThrowRangeError(ctx, "status %u is not from 200 to 599",
                           init->status);
        return -1;
    }
    response->status = (uint16_t)init->status;
    if (set_reason(ctx, response, init->status_text) < 0) {
        return -1;
    }
    return JS_IsUndefined(init->headers)
               ? 0
               : isere__headers_fill(ctx, response->list, init->headers);
}

/* Takes the body, which is one, and the content type that goes with it. */
static int give_body(JSContext *ctx, isere_fetch_response_t *response,
                     isere_body_t *body, JSValue type)
{
    static const isere_slice_t name = ISERE_SLICE("Content-Type");
    response->body = *body;
    if (response->status == 204 || response->status == 205 ||
        response->status == 304) {
        JS_FreeValue(ctx, type);
        JS_ThrowTypeError(ctx, "an answer with status %u has no body",
                          (unsigned)response->status);
        return -1;
    }
    if (JS_IsNull(type) || isere__header_list_has(response->list, name)) {
        JS_FreeValue(ctx, type);
        return 0;
    }
    return isere__header_list_put(ctx, response->list, name, type);
}

/* A Response of a body, taken, which may be none, and of the second
 * argument. */
static JSValue make(JSContext *ctx, JSValueConst target, JSValueConst argument,
                    isere_body_t *body, JSValue type)
{
    isere_fetch_response_t *response = NULL;
    init_t init;
    JSValue object = JS_EXCEPTION;
    if (read_init(ctx, argument, &init) == 0) {
        object = new_object(ctx, target, &response);
    }
    if (response && initialize(ctx, response, &init) < 0) {
        JS_FreeValue(ctx, object);
        object = JS_EXCEPTION;
    }
    init_free(ctx, &init);
    if (JS_IsException(object)) {
        isere__body_free(JS_GetRuntime(ctx), body);
        JS_FreeValue(ctx, type);
        return object;
    }
    if (body->kind != ISERE_BODY_NONE &&
        give_body(ctx, response, body, type) < 0) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    return object;
}

static JSValue construct(JSContext *ctx, JSValueConst target, int argc,
                         JSValueConst *argv)
{
    isere_body_t body;
    JSValue type = JS_NULL;
    isere__body_init(&body);
    if (argc > 0 && !JS_IsUndefined(argv[0]) && !JS_IsNull(argv[0]) &&
        isere__body_extract(ctx, argv[0], &body, &type) < 0) {
        return JS_EXCEPTION;
    }
    return make(ctx, target, argc > 1 ? argv[1] : JS_UNDEFINED, &body, type);
}

/* ---- statics ---- */

/* JSON.stringify, without running code where that can be. */
static JSValue to_json(JSContext *ctx, JSValueConst value)
{
    isere_js_text_t text = isere_js_text_begin(ctx);
    JSAtom name = JS_NewAtom(ctx, "toJSON");
    isere_json_t written = name == JS_ATOM_NULL
                               ? ISERE_JSON_FAILED
                               : isere_json_write(&text, name, value);
    JSValue json =
        written == ISERE_JSON_WRITTEN ? isere_js_text_string(&text)
        : written == ISERE_JSON_FAILED
            ? isere_js_settle(ctx, JS_EXCEPTION)
            : JS_JSONStringify(ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    isere_js_text_free(&text);
    JS_FreeAtom(ctx, name);
    return json;
}

static JSValue make_json(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv, int magic)
{
    isere_body_t body;
    (void)self;
    (void)magic;
    if (isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    JSValue text = to_json(ctx, argv[0]);
    if (JS_IsException(text)) {
        return text;
    }
    if (JS_IsUndefined(text)) {
        return JS_ThrowTypeError(ctx, "the value has no JSON form");
    }
    isere__body_set_text(&body, text);
    JSValue type = JS_NewString(ctx, "application/json");
    if (JS_IsException(type)) {
        JS_FreeValue(ctx, text);
        return type;
    }
    return make(ctx, JS_UNDEFINED, argc > 1 ? argv[1] : JS_UNDEFINED, &body,
                type);
}

static JSValue make_error(JSContext *ctx, JSValueConst self, int argc,
                          JSValueConst *argv, int magic)
{
    isere_fetch_response_t *response;
    JSValue object = new_object(ctx, JS_UNDEFINED, &response);
    (void)self;
    (void)argc;
    (void)argv;
    (void)magic;
    if (!JS_IsException(object)) {
        response->status = 0;
        response->is_error = true;
        response->list->fixed = true;
    }
    return object;
}

static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

static JSValue make_redirect(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv, int magic)
{
    isere_fetch_response_t *response;
    unsigned status = 302;
    (void)self;
    (void)magic;
    if (isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    JSValue text = JS_ToString(ctx, argv[0]);
    if (JS_IsException(text) || (argc > 1 && !JS_IsUndefined(argv[1]) &&
                                 to_status(ctx, argv[1], &status) < 0)) {
        JS_FreeValue(ctx, text);
        return JS_EXCEPTION;
    }
    JSValue href = isere__url_normalise(ctx, text, NULL);
    JS_FreeValue(ctx, text);
    if (!JS_IsException(href) && !is_redirect(status)) {
        JS_FreeValue(ctx, href);
        return JS_ThrowRangeError(ctx, "status %u is no redirect", status);
    }
    JSValue object =
        JS_IsException(href) ? href : new_object(ctx, JS_UNDEFINED, &response);
    if (JS_IsException(object)) {
        JS_FreeValue(ctx, href);
        return object;
    }
    if (isere__header_list_put(ctx, response->list, isere_slice("Location"),
                               href) < 0) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    response->status = (uint16_t)status;
    response->list->fixed = true;
    return object;
}

/* ---- members ---- */

enum {
    TYPE,
    URL,
    REDIRECTED,
    STATUS,
    OK,
    STATUS_TEXT,
    HEADERS,
    BODY,
    BODY_USED,
};

static JSValue get_member(JSContext *ctx, JSValueConst self, int magic)
{
    isere_fetch_response_t *response = get_this(ctx, self);
    if (!response) {
        return JS_EXCEPTION;
    }
    switch (magic) {
    case TYPE:
        return JS_NewString(ctx, response->is_error ? "error" : "default");
    case URL:
        return JS_NewString(ctx, "");
    case REDIRECTED:
        return JS_FALSE;
    case STATUS:
        return JS_NewInt32(ctx, response->status);
    case OK:
        return JS_NewBool(ctx,
                          response->status >= 200 && response->status <= 299);
    case STATUS_TEXT:
        return JS_IsUndefined(response->status_text)
                   ? JS_NewString(ctx, "")
                   : JS_DupValue(ctx, response->status_text);
    case HEADERS:
        return isere__headers_get(ctx, response->list, &response->headers);
    case BODY:
        return isere__body_stream(ctx, &response->body);
    default:
        return JS_NewBool(ctx, isere__body_is_used(ctx, &response->body));
    }
}

static JSValue consume(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv, int magic)
{
    isere_fetch_response_t *response = get_this(ctx, self);
    isere_body_form_t form = (isere_body_form_t)magic;
    JSValue type = JS_NULL;
    (void)argc;
    (void)argv;
    if (response &&
        (form == ISERE_BODY_AS_BLOB || form == ISERE_BODY_AS_FORM_DATA)) {
        type = isere__header_list_get(ctx, response->list,
                                      isere_slice("content-type"));
    }
    JSValue promise =
        isere__body_consume(ctx, response ? &response->body : NULL, form, type);
    JS_FreeValue(ctx, type);
    return promise;
}

static JSValue clone(JSContext *ctx, JSValueConst self, int argc,
                     JSValueConst *argv, int magic)
{
    isere_fetch_response_t *response = get_this(ctx, self);
    isere_fetch_response_t *copy;
    (void)argc;
    (void)argv;
    (void)magic;
    if (!response || isere__body_check_usable(ctx, &response->body) < 0) {
        return JS_EXCEPTION;
    }
    JSValue object = new_object(ctx, JS_UNDEFINED, &copy);
    if (JS_IsException(object)) {
        return object;
    }
    if (isere__header_list_add_all(ctx, copy->list, response->list) < 0 ||
        isere__body_clone(ctx, &response->body, &copy->body) < 0) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    copy->status = response->status;
    copy->status_text = JS_DupValue(ctx, response->status_text);
    copy->is_error = response->is_error;
    copy->list->fixed = response->list->fixed;
    return object;
}

/* ---- installation ---- */

static const JSCFunctionListEntry members[] = {
    ISERE_CLASS_ACCESSOR("type", get_member, NULL, TYPE),
    ISERE_CLASS_ACCESSOR("url", get_member, NULL, URL),
    ISERE_CLASS_ACCESSOR("redirected", get_member, NULL, REDIRECTED),
    ISERE_CLASS_ACCESSOR("status", get_member, NULL, STATUS),
    ISERE_CLASS_ACCESSOR("ok", get_member, NULL, OK),
    ISERE_CLASS_ACCESSOR("statusText", get_member, NULL, STATUS_TEXT),
    ISERE_CLASS_ACCESSOR("headers", get_member, NULL, HEADERS),
    ISERE_CLASS_ACCESSOR("body", get_member, NULL, BODY),
    ISERE_CLASS_ACCESSOR("bodyUsed", get_member, NULL, BODY_USED),
    ISERE_CLASS_METHOD("clone", 0, clone, 0),
    ISERE_BODY_METHODS(consume),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Response",
                       JS_PROP_CONFIGURABLE),
};

static const JSCFunctionListEntry statics[] = {
    ISERE_CLASS_METHOD("error", 0, make_error, 0),
    ISERE_CLASS_METHOD("json", 1, make_json, 0),
    ISERE_CLASS_METHOD("redirect", 1, make_redirect, 0),
};

int isere__fetch_response_register_in(JSRuntime *rt)
{
    return isere__class_register(rt, response_class, &response_def);
}

int isere__fetch_response_define(JSContext *ctx, JSValueConst object)
{
    const isere_class_t definition = {
        .id = response_class,
        .def = &response_def,
        .constructor = construct,
        .members = members,
        .member_count = sizeof(members) / sizeof(*members),
        .statics = statics,
        .static_count = sizeof(statics) / sizeof(*statics),
    };
    return isere__class_define(ctx, object, &definition);
}
