/* What the bindings of URL and URLSearchParams to QuickJS share: memory,
 * strings, errors and class definitions. */
#include "core/web/url/url.h"

/* Two forms, since finalizers have no context. The first one throws when out of
 * memory. */
static void *resize(void *ctx, void *ptr, size_t size)
{
    if (size == 0) {
        js_free(ctx, ptr);
        return NULL;
    }
    return js_realloc(ctx, ptr, size);
}

static void *resize_rt(void *rt, void *ptr, size_t size)
{
    if (size == 0) {
        js_free_rt(rt, ptr);
        return NULL;
    }
    return js_realloc_rt(rt, ptr, size);
}

isere_url_memory_t isere__url_memory(JSContext *ctx)
{
    isere_url_memory_t memory = {resize, ctx};
    return memory;
}

isere_url_memory_t isere__url_memory_rt(JSRuntime *rt)
{
    isere_url_memory_t memory = {resize_rt, rt};
    return memory;
}

/* "Invalid URL" is what Node says, and handlers compare it. */
JSValue isere__url_throw(JSContext *ctx, int error)
{
    if (error == ISERE_ERR_INVAL) {
        return JS_ThrowTypeError(ctx, "Invalid URL");
    }
    if (error == ISERE_ERR_LIMIT) {
        return JS_ThrowRangeError(ctx, "URL too long");
    }
    return JS_EXCEPTION; /* js_realloc has thrown */
}

/* Strings */

/* Finds a surrogate, which QuickJS writes as three bytes (ED A0 80 to ED BF BF)
 * when it is alone. */
static const char *find_surrogate(const char *p, const char *end)
{
    while (p < end && (p = memchr(p, 0xed, (size_t)(end - p))) != NULL) {
        if (end - p >= 3 && (unsigned char)p[1] >= 0xa0) {
            return p;
        }
        p++;
    }
    return NULL;
}

/* The engine's UTF-8 is used where it lies; only text with lone surrogates is
 * copied, and they become U+FFFD (Web IDL, USVString). */
int isere__url_string_get(JSContext *ctx, JSValueConst value,
                          isere_url_string_t *string)
{
    string->repaired = NULL;
    string->cstring = JS_ToCStringLen(ctx, &string->text.len, value);
    if (!string->cstring) {
        return -1;
    }
    string->text.ptr = string->cstring;
    const char *end = string->cstring + string->text.len;
    const char *found = find_surrogate(string->cstring, end);
    if (!found) {
        return 0;
    }
    string->repaired = js_malloc(ctx, string->text.len);
    if (!string->repaired) {
        JS_FreeCString(ctx, string->cstring);
        return -1;
    }
    memcpy(string->repaired, string->cstring, string->text.len);
    for (; found; found = find_surrogate(found + 3, end)) {
        /* U+FFFD is three bytes, too. */
        memcpy(string->repaired + (found - string->cstring), "\xef\xbf\xbd", 3);
    }
    string->text.ptr = string->repaired;
    return 0;
}

void isere__url_string_free(JSContext *ctx, isere_url_string_t *string)
{
    JS_FreeCString(ctx, string->cstring);
    js_free(ctx, string->repaired);
}

JSValue isere__url_new_string(JSContext *ctx, isere_slice_t text)
{
    return JS_NewStringLen(ctx, text.len > 0 ? text.ptr : "", text.len);
}

/* Functions and classes */

/* Web IDL: too few arguments are a TypeError before any of them is looked
 * at. */
int isere__url_check_args(JSContext *ctx, int argc, int needed)
{
    if (argc >= needed) {
        return 0;
    }
    JS_ThrowTypeError(ctx, "%d argument%s required, but only %d present",
                      needed, needed == 1 ? "" : "s", argc);
    return -1;
}

JSValue isere__url_new_object(JSContext *ctx, JSValueConst new_target,
                              JSClassID class_id)
{
    if (JS_IsUndefined(new_target)) {
        return JS_NewObjectClass(ctx, (int)class_id);
    }
    JSValue proto = JS_GetPropertyStr(ctx, new_target, "prototype");
    if (JS_IsException(proto)) {
        return proto;
    }
    if (!JS_IsObject(proto)) {
        JS_FreeValue(ctx, proto);
        return JS_NewObjectClass(ctx, (int)class_id);
    }
    JSValue object = JS_NewObjectProtoClass(ctx, proto, class_id);
    JS_FreeValue(ctx, proto);
    return object;
}

/* As Web IDL wants it: methods are enumerable (url.h), the constructor is
 * not. */
int isere__url_define_class(JSContext *ctx, JSValueConst global,
                            const isere_url_class_t *class)
{
    const char *name = class->def->class_name;
    JSRuntime *rt = JS_GetRuntime(ctx);
    /* A runtime may have more than one context; classes are the runtime's. */
    if (!JS_IsRegisteredClass(rt, class->id) &&
        JS_NewClass(rt, class->id, class->def) < 0) {
        return -1;
    }
    JSValue proto = JS_NewObject(ctx);
    if (JS_IsException(proto)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, proto, class->members, class->member_count);
    JSValue constructor = JS_NewCFunction2(
        ctx, class->constructor, name, class->length, JS_CFUNC_constructor, 0);
    if (JS_IsException(constructor)) {
        JS_FreeValue(ctx, proto);
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, constructor, class->statics,
                               class->static_count);
    JS_SetConstructor(ctx, constructor, proto);
    JS_SetClassProto(ctx, class->id, proto);
    int defined =
        JS_DefinePropertyValueStr(ctx, global, name, constructor,
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    return defined < 0 ? -1 : 0;
}
