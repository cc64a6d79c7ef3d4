/* The functions in C that the globals in JavaScript are given. They are not
 * those of the global object, which a handler may replace. */
#include "core/http/multipart.h"
#include "core/web/inspect/inspect.h"
#include "core/web/lazy/lazy_internal.h"
#include "core/web/timers.h"
#include "core/web/web.h"
#include <string.h>

/* now(): milliseconds since the time origin, as performance.now(). */
static JSValue now(JSContext *ctx, JSValueConst self, int argc,
                   JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    uint64_t us = isere_host_monotonic_us(ctx) - isere_host_time_origin_us(ctx);
    return JS_NewFloat64(ctx, (double)us / 1000);
}

/* report(ERROR): what a listener threw has nobody to catch it. */
static JSValue report(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    static const char prefix[] = "uncaught: ";
    (void)self;
    (void)argc;
    size_t len;
    char *text = isere_inspect_text(ctx, argv[0], &len);
    char *line = text ? js_malloc(ctx, sizeof(prefix) - 1 + len) : NULL;
    if (line) {
        memcpy(line, prefix, sizeof(prefix) - 1);
        memcpy(line + sizeof(prefix) - 1, text, len);
        isere_host_log(ctx, ISERE_LOG_ERROR,
                       isere_slice_of(line, sizeof(prefix) - 1 + len));
    }
    js_free(ctx, text);
    js_free(ctx, line);
    return line ? JS_UNDEFINED : JS_EXCEPTION;
}

/* setTimeout(FN, MS): nothing is waited for on its account. */
static JSValue set_timeout(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)self;
    return isere__timers_set_unref(ctx, argc, argv);
}

/* random(): 32 hexadecimal digits. */
static JSValue random_text(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    char text[2 * sizeof(bytes)];
    (void)self;
    (void)argc;
    (void)argv;
    if (isere_host_random(ctx, bytes, sizeof(bytes)) < 0) {
        return isere__web_throw_dom(ctx, "OperationError",
                                    "no randomness available");
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return JS_NewStringLen(ctx, text, sizeof(text));
}

/* encode(STRING): a Uint8Array. */
static JSValue encode(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    (void)self;
    (void)argc;
    return isere__text_encode(ctx, argv[0]);
}

/* decode(BYTES): a string. */
static JSValue decode(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)self;
    (void)argc;
    return isere__web_bytes_if_any(ctx, argv[0], &bytes, &len) < 0
               ? JS_EXCEPTION
               : isere__text_decode(ctx, bytes, len);
}

/* copy(SOURCE): its bytes in a new Uint8Array; undefined for what is neither an
 * ArrayBuffer nor a view. */
static JSValue copy(JSContext *ctx, JSValueConst self, int argc,
                    JSValueConst *argv)
{
    JSValue arguments[3] = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)self;
    (void)argc;
    int found = isere__web_bytes_if_any(ctx, argv[0], &bytes, &len);
    if (found <= 0) {
        return found < 0 ? JS_EXCEPTION : JS_UNDEFINED;
    }
    arguments[0] = JS_NewArrayBufferCopy(
        ctx, bytes ? bytes : (const uint8_t *)"", bytes ? len : 0);
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    JSValue result = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    return result;
}

/* isUint8Array(VALUE) */
static JSValue is_uint8_array(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    (void)self;
    (void)argc;
    return JS_NewBool(ctx, isere__intrinsics_kind(in, argv[0]) ==
                               ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT8);
}

/* inherits(OBJECT, PROTOTYPE): whether it has that prototype. A Proxy among
 * those is the end: asking it would run code. */
static JSValue inherits(JSContext *ctx, JSValueConst self, int argc,
                        JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    (void)self;
    (void)argc;
    JSValue at = JS_DupValue(ctx, argv[0]);
    while (JS_IsObject(at) &&
           isere__intrinsics_kind(in, at) != ISERE_KIND_PROXY) {
        JSValue next = JS_GetPrototype(ctx, at);
        JS_FreeValue(ctx, at);
        at = next;
        if (JS_StrictEq(ctx, at, argv[1])) {
            JS_FreeValue(ctx, at);
            return JS_TRUE;
        }
    }
    JS_FreeValue(ctx, at);
    return JS_FALSE;
}

/* compression(): the functions that only that part needs. */
static JSValue compression(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return isere__lazy_compression(ctx);
}

static int set_part_member(JSContext *ctx, JSValueConst object, uint32_t index,
                           JSValue value)
{
    return JS_DefinePropertyValueUint32(ctx, object, index, value,
                                        JS_PROP_C_W_E);
}

static JSValue new_text(JSContext *ctx, isere_slice_t text)
{
    return text.ptr
               ? isere__text_decode(ctx, (const uint8_t *)text.ptr, text.len)
               : JS_UNDEFINED;
}

/* [name, file name or undefined, type or undefined, start, end] */
static JSValue new_part(JSContext *ctx, const isere_multipart_t *part)
{
    JSValue array = JS_NewArray(ctx);
    if (JS_IsException(array)) {
        return array;
    }
    double start = (double)part->start;
    double end = start + (double)part->size;
    if (set_part_member(ctx, array, 0, new_text(ctx, part->name)) < 0 ||
        set_part_member(ctx, array, 1, new_text(ctx, part->filename)) < 0 ||
        set_part_member(ctx, array, 2, new_text(ctx, part->type)) < 0 ||
        set_part_member(ctx, array, 3, JS_NewFloat64(ctx, start)) < 0 ||
        set_part_member(ctx, array, 4, JS_NewFloat64(ctx, end)) < 0) {
        JS_FreeValue(ctx, array);
        return JS_EXCEPTION;
    }
    return array;
}

/* multipart(BYTES, BOUNDARY): its parts, or undefined when it is malformed. */
static JSValue multipart(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t len;
    (void)self;
    (void)argc;
    const char *boundary = JS_ToCStringLen(ctx, &len, argv[1]);
    JSValue array = boundary ? JS_NewArray(ctx) : JS_EXCEPTION;
    if (JS_IsException(array) ||
        isere__web_bytes_if_any(ctx, argv[0], &bytes, &size) < 0) {
        JS_FreeCString(ctx, boundary);
        JS_FreeValue(ctx, array);
        return JS_EXCEPTION;
    }
    isere_multipart_t part = {0};
    isere_multipart_reader_t reader;
    isere_multipart_begin(&reader, isere_slice_of((const char *)bytes, size),
                          isere_slice_of(boundary, len));
    int found;
    uint32_t count = 0;
    while ((found = isere_multipart_next(&reader, &part)) > 0 &&
           (found = set_part_member(ctx, array, count++,
                                    new_part(ctx, &part))) >= 0) {
    }
    JS_FreeCString(ctx, boundary);
    if (found < 0) {
        JS_FreeValue(ctx, array);
        return JS_HasException(ctx) ? JS_EXCEPTION : JS_UNDEFINED;
    }
    return array;
}

void isere__lazy_add_native(JSContext *ctx, JSValueConst object)
{
    static const JSCFunctionListEntry members[] = {
        JS_CFUNC_DEF("now", 0, now),
        JS_CFUNC_DEF("report", 1, report),
        JS_CFUNC_DEF("setTimeout", 2, set_timeout),
        JS_CFUNC_DEF("random", 0, random_text),
        JS_CFUNC_DEF("encode", 1, encode),
        JS_CFUNC_DEF("decode", 1, decode),
        JS_CFUNC_DEF("copy", 1, copy),
        JS_CFUNC_DEF("isUint8Array", 1, is_uint8_array),
        JS_CFUNC_DEF("inherits", 2, inherits),
        JS_CFUNC_DEF("compression", 0, compression),
        JS_CFUNC_DEF("multipart", 2, multipart),
    };
    JS_SetPropertyFunctionList(ctx, object, members,
                               sizeof(members) / sizeof(*members));
}
