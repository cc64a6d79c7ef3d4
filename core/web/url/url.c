/* The class URL (WHATWG URL section 6.1): a parsed URL in the opaque of its
 * object, with its searchParams made when they are asked for. */
#include "core/web/url/url.h"
#include "core/web/class.h"
#include "core/web/url/url_builder.h"
#include "core/web/web.h"

static JSClassID url_class; /* a number of the process, the same in all heaps */

void isere__url_register_classes(void)
{
    JS_NewClassID(&url_class);
    isere__url_search_params_register();
}

/* Object */

/* NULL for every other value: the class id is the only proof. */
isere_url_object_t *isere__url_of(JSValueConst value)
{
    return JS_GetOpaque(value, url_class);
}

static void finalize(JSRuntime *rt, JSValue value)
{
    isere_url_object_t *object = JS_GetOpaque(value, url_class);
    if (!object) {
        return;
    }
    isere_url_memory_t memory = isere__url_memory_rt(rt);
    isere_url_params_object_t *params =
        isere__url_search_params_of(object->params);
    /* A handler may still hold the searchParams: they go on without a URL. */
    if (params) {
        params->owner = NULL;
    }
    JS_FreeValueRT(rt, object->params);
    isere__url_free(&memory, &object->url);
    js_free_rt(rt, object);
}

/* searchParams refers back to the URL without counting: only this direction is
 * a reference. */
static void mark(JSRuntime *rt, JSValueConst value, JS_MarkFunc *mark_func)
{
    isere_url_object_t *object = JS_GetOpaque(value, url_class);
    if (object) {
        JS_MarkValue(rt, object->params, mark_func);
    }
}

static const JSClassDef url_def = {
    .class_name = "URL",
    .finalizer = finalize,
    .gc_mark = mark,
};

/* Parses the arguments (url, base): 0, or an error. With `*thrown` an exception
 * is pending already; else the caller decides whether the error is one. */
static int parse_arguments(JSContext *ctx, int argc, JSValueConst *argv,
                           isere_url_t *url, bool *thrown)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t input;
    isere_url_string_t base_text = {.cstring = NULL};
    isere_url_t base = {.href = NULL};
    bool has_base = argc > 1 && !JS_IsUndefined(argv[1]);
    int error = 0;
    *thrown = true;
    /* Both become strings before either is parsed, as Web IDL has it. */
    if (isere__url_string_get(ctx, argv[0], &input) < 0) {
        return ISERE_ERR_INVAL;
    }
    if (has_base && isere__url_string_get(ctx, argv[1], &base_text) < 0) {
        isere__url_string_free(ctx, &input);
        return ISERE_ERR_INVAL;
    }
    *thrown = false;
    if (has_base) {
        error = isere__url_parse(&memory, base_text.text, NULL, &base);
        isere__url_string_free(ctx, &base_text);
    }
    if (!error) {
        error =
            isere__url_parse(&memory, input.text, has_base ? &base : NULL, url);
    }
    isere__url_string_free(ctx, &input);
    isere__url_free(&memory, &base);
    return error;
}

/* Wraps a URL in an object, which owns it then; frees it on failure. */
static JSValue wrap(JSContext *ctx, JSValueConst new_target, isere_url_t *url)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    JSValue value = isere__class_new_object(ctx, new_target, url_class);
    if (JS_IsException(value)) {
        isere__url_free(&memory, url);
        return value;
    }
    isere_url_object_t *object = js_malloc(ctx, sizeof(*object));
    if (!object) {
        isere__url_free(&memory, url);
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    object->url = *url;
    /* Made when it is asked for: most URLs are only read. */
    object->params = JS_UNDEFINED;
    JS_SetOpaque(value, object);
    return value;
}

/* The URL is parsed before the object is made: `new.target.prototype` may be a
 * getter, which then runs only for a valid URL. */
static JSValue construct(JSContext *ctx, JSValueConst new_target, int argc,
                         JSValueConst *argv)
{
    isere_url_t url;
    bool thrown;
    if (isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    int error = parse_arguments(ctx, argc, argv, &url, &thrown);
    if (error) {
        return thrown ? JS_EXCEPTION : isere__url_throw(ctx, error);
    }
    return wrap(ctx, new_target, &url);
}

enum { STATIC_PARSE, STATIC_CAN_PARSE };

/* URL.parse and URL.canParse: like the constructor, but do not throw for what
 * is no URL. URL.canParse makes the URL and drops it: to know is to parse. */
static JSValue parse_static(JSContext *ctx, JSValueConst this_val, int argc,
                            JSValueConst *argv, int magic)
{
    isere_url_t url;
    bool thrown;
    (void)this_val;
    if (isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    int error = parse_arguments(ctx, argc, argv, &url, &thrown);
    if (error == ISERE_ERR_INVAL && !thrown) {
        return magic == STATIC_PARSE ? JS_NULL : JS_FALSE;
    }
    if (error) {
        return thrown ? JS_EXCEPTION : isere__url_throw(ctx, error);
    }
    if (magic == STATIC_PARSE) {
        return wrap(ctx, JS_UNDEFINED, &url);
    }
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere__url_free(&memory, &url);
    return JS_TRUE;
}

/* Members */

enum {
    HREF,
    PROTOCOL,
    USERNAME,
    PASSWORD,
    HOST,
    HOSTNAME,
    PORT,
    PATHNAME,
    SEARCH,
    HASH,
};

/* All members share one getter and one setter, which `magic` tells apart. */
static isere_slice_t (*const getters[])(const isere_url_t *) = {
    [HREF] = isere__url_href,         [PROTOCOL] = isere__url_protocol,
    [USERNAME] = isere__url_username, [PASSWORD] = isere__url_password,
    [HOST] = isere__url_host,         [HOSTNAME] = isere__url_hostname,
    [PORT] = isere__url_port,         [PATHNAME] = isere__url_pathname,
    [SEARCH] = isere__url_search,     [HASH] = isere__url_hash,
};

/* Not HREF, which replaces the URL as a whole: set_href. */
static int (*const setters[])(const isere_url_memory_t *, isere_url_t *,
                              isere_slice_t) = {
    [PROTOCOL] = isere__url_set_protocol, [USERNAME] = isere__url_set_username,
    [PASSWORD] = isere__url_set_password, [HOST] = isere__url_set_host,
    [HOSTNAME] = isere__url_set_hostname, [PORT] = isere__url_set_port,
    [PATHNAME] = isere__url_set_pathname, [SEARCH] = isere__url_set_search,
    [HASH] = isere__url_set_hash,
};

/* The slice becomes a string anew each time: most members are read once. It
 * points into href, which any setter frees. */
static JSValue get_part(JSContext *ctx, JSValueConst this_val, int magic)
{
    isere_url_object_t *object = JS_GetOpaque2(ctx, this_val, url_class);
    if (!object) {
        return JS_EXCEPTION;
    }
    return isere__url_new_string(ctx, getters[magic](&object->url));
}

/* toString and toJSON are href as a method. */
static JSValue to_string(JSContext *ctx, JSValueConst this_val, int argc,
                         JSValueConst *argv, int magic)
{
    (void)argc;
    (void)argv;
    return get_part(ctx, this_val, magic);
}

/* Replaces the pairs of the searchParams object by those of a query. Built
 * apart first: a failure leaves the old pairs. */
static int set_pairs(const isere_url_memory_t *memory,
                     isere_url_params_object_t *params, isere_slice_t query)
{
    isere_url_params_t list = {.pairs = NULL};
    if (query.len > 0 && query.ptr[0] == '?') {
        query.ptr++;
        query.len--;
    }
    int error = isere__url_params_parse(memory, &list, query);
    if (error) {
        isere__url_params_clear(memory, &list);
        return error;
    }
    isere__url_params_clear(memory, &params->list);
    params->list = list;
    return 0;
}

/* The href setter: a whole new URL, or a TypeError. All that can fail comes
 * before the old URL goes. The one setter that throws (section 6.1, "href"). */
static int set_href(const isere_url_memory_t *memory,
                    isere_url_object_t *object, isere_slice_t value)
{
    isere_url_t url;
    isere_url_params_object_t *params =
        isere__url_search_params_of(object->params);
    int error = isere__url_parse(memory, value, NULL, &url);
    if (error) {
        return error;
    }
    error = params ? set_pairs(memory, params, isere__url_search(&url)) : 0;
    if (error) {
        isere__url_free(memory, &url);
        return error;
    }
    isere__url_free(memory, &object->url);
    object->url = url;
    return 0;
}

/* By the standard only href can fail for its value. In all others a value that
 * does not fit is ignored. */
static int set_value(const isere_url_memory_t *memory,
                     isere_url_object_t *object, int magic, isere_slice_t value)
{
    isere_url_params_object_t *params =
        isere__url_search_params_of(object->params);
    if (magic == HREF) {
        return set_href(memory, object, value);
    }
    /* The pairs first; after them only a lack of memory can stop the setter. */
    if (magic == SEARCH && params) {
        int error = set_pairs(memory, params, value);
        if (error) {
            return error;
        }
    }
    return setters[magic](memory, &object->url, value);
}

/* The value becomes a string first, which runs code that may change this URL:
 * the object is only looked at afterwards. */
static JSValue set_part(JSContext *ctx, JSValueConst this_val,
                        JSValueConst value, int magic)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t text;
    isere_url_object_t *object = JS_GetOpaque2(ctx, this_val, url_class);
    if (!object || isere__url_string_get(ctx, value, &text) < 0) {
        return JS_EXCEPTION;
    }
    int error = set_value(&memory, object, magic, text.text);
    isere__url_string_free(ctx, &text);
    return error ? isere__url_throw(ctx, error) : JS_UNDEFINED;
}

/* The origin as a string, "null" for an opaque one. */
static JSValue origin_string(JSContext *ctx, const isere_url_t *url)
{
    isere_slice_t scheme;
    isere_slice_t host;
    if (!isere__url_origin(url, &scheme, &host)) {
        return JS_NewString(ctx, "null");
    }
    /* With its port, if that is not the default. */
    size_t len = scheme.len + 2 + host.len;
    char *text = js_malloc(ctx, len);
    if (!text) {
        return JS_EXCEPTION;
    }
    memcpy(text, scheme.ptr, scheme.len);
    memcpy(text + scheme.len, "//", 2);
    memcpy(text + scheme.len + 2, host.ptr, host.len);
    JSValue value = JS_NewStringLen(ctx, text, len);
    js_free(ctx, text);
    return value;
}

static JSValue get_origin(JSContext *ctx, JSValueConst this_val, int magic)
{
    isere_url_object_t *object = JS_GetOpaque2(ctx, this_val, url_class);
    (void)magic;
    if (!object) {
        return JS_EXCEPTION;
    }
    /* All but blob: are their own origin, or have none. */
    if (!isere_slice_is(isere__url_protocol(&object->url), "blob:")) {
        return origin_string(ctx, &object->url);
    }
    /* A blob's origin is that of the web page's URL which is its path. One
     * level only: a blob: URL within one has none. */
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_t path;
    int error = isere__url_parse(&memory, isere__url_pathname(&object->url),
                                 NULL, &path);
    if (error) {
        return error == ISERE_ERR_INVAL ? JS_NewString(ctx, "null")
                                        : isere__url_throw(ctx, error);
    }
    /* Section 4.7: of blob URLs only those of http and https pages have one. */
    isere_url_scheme_t scheme =
        isere__url_scheme_of(isere__url_protocol(&path));
    JSValue value = scheme == ISERE_URL_HTTP || scheme == ISERE_URL_HTTPS
                        ? origin_string(ctx, &path)
                        : JS_NewString(ctx, "null");
    isere__url_free(&memory, &path);
    return value;
}

/* Kept, since `url.searchParams === url.searchParams` ([SameObject]). */
static JSValue get_search_params(JSContext *ctx, JSValueConst this_val,
                                 int magic)
{
    isere_url_object_t *object = JS_GetOpaque2(ctx, this_val, url_class);
    (void)magic;
    if (!object) {
        return JS_EXCEPTION;
    }
    if (JS_IsUndefined(object->params)) {
        JSValue params = isere__url_search_params_new(ctx, object);
        if (JS_IsException(params)) {
            return params;
        }
        object->params = params;
    }
    return JS_DupValue(ctx, object->params);
}

static const JSCFunctionListEntry members[] = {
    ISERE_CLASS_ACCESSOR("href", get_part, set_part, HREF),
    ISERE_CLASS_ACCESSOR("origin", get_origin, NULL, 0),
    ISERE_CLASS_ACCESSOR("protocol", get_part, set_part, PROTOCOL),
    ISERE_CLASS_ACCESSOR("username", get_part, set_part, USERNAME),
    ISERE_CLASS_ACCESSOR("password", get_part, set_part, PASSWORD),
    ISERE_CLASS_ACCESSOR("host", get_part, set_part, HOST),
    ISERE_CLASS_ACCESSOR("hostname", get_part, set_part, HOSTNAME),
    ISERE_CLASS_ACCESSOR("port", get_part, set_part, PORT),
    ISERE_CLASS_ACCESSOR("pathname", get_part, set_part, PATHNAME),
    ISERE_CLASS_ACCESSOR("search", get_part, set_part, SEARCH),
    ISERE_CLASS_ACCESSOR("searchParams", get_search_params, NULL, 0),
    ISERE_CLASS_ACCESSOR("hash", get_part, set_part, HASH),
    ISERE_CLASS_METHOD("toString", 0, to_string, HREF),
    ISERE_CLASS_METHOD("toJSON", 0, to_string, HREF),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "URL", JS_PROP_CONFIGURABLE),
};

static const JSCFunctionListEntry statics[] = {
    ISERE_CLASS_METHOD("parse", 1, parse_static, STATIC_PARSE),
    ISERE_CLASS_METHOD("canParse", 1, parse_static, STATIC_CAN_PARSE),
};

/* URLSearchParams first: URL objects make some of them. */
int isere__url_install(JSContext *ctx, JSValueConst global)
{
    const isere_class_t definition = {
        .id = url_class,
        .def = &url_def,
        .constructor = construct,
        .length = 1,
        .members = members,
        .member_count = sizeof(members) / sizeof(members[0]),
        .statics = statics,
        .static_count = sizeof(statics) / sizeof(statics[0]),
    };
    if (isere__url_search_params_install(ctx, global) < 0) {
        return -1;
    }
    return isere__class_define(ctx, global, &definition);
}
