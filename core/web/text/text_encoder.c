/* TextEncoder (WHATWG Encoding section 7.4). */
#include "core/util/utf8.h"
#include "core/web/text/text_encoding.h"
#include "core/web/web.h"

#include <string.h>

static JSClassID encoder_class;

static const JSClassDef encoder_def = {.class_name = "TextEncoder"};

void isere__text_encoder_register_class(void)
{
    JS_NewClassID(&encoder_class);
}

/* It has no state: the object only has to be of the class. */
static JSValue new_encoder(JSContext *ctx, JSValueConst target, int argc,
                           JSValueConst *argv)
{
    (void)argc;
    (void)argv;
    return isere__text_encoding_construct(ctx, target, encoder_class);
}

static JSValue throw_not_encoder(JSContext *ctx)
{
    return JS_ThrowTypeError(ctx, "not a TextEncoder");
}

/* The engine calls it when the buffer is collected; after a restore nobody
 * does, and nothing has to. */
static void free_bytes(JSRuntime *rt, void *opaque, void *bytes)
{
    (void)opaque;
    js_free_rt(rt, bytes);
}

/* A USVString of Web IDL has U+FFFD in place of a lone surrogate. The engine
 * writes those as three bytes, and U+FFFD has three, so the copy is as long as
 * the original. */
JSValue isere__text_encode(JSContext *ctx, JSValueConst string)
{
    JSValue arguments[3] = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, string);
    if (!text) {
        return JS_EXCEPTION;
    }
    /* One byte more, so that an empty text has a block, too. */
    char *bytes = js_malloc(ctx, len + 1);
    if (!bytes) {
        JS_FreeCString(ctx, text);
        return JS_EXCEPTION;
    }
    memcpy(bytes, text, len);
    JS_FreeCString(ctx, text);
    isere_utf8_replace_surrogates(bytes, len);
    arguments[0] =
        JS_NewArrayBuffer(ctx, (uint8_t *)bytes, len, free_bytes, NULL, false);
    if (JS_IsException(arguments[0])) {
        js_free(ctx, bytes);
        return JS_EXCEPTION;
    }
    /* The array holds its buffer, and the buffer the bytes. */
    JSValue result = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    return result;
}

static JSValue encode(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    (void)argc;
    if (JS_GetClassID(self) != encoder_class) {
        return throw_not_encoder(ctx);
    }
    if (JS_IsUndefined(argv[0])) {
        /* No argument is "", not "undefined". */
        JSValue arguments[3] = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
        return JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    }
    return isere__text_encode(ctx, argv[0]);
}

/* As much of the text as fits, in whole characters. Counts what was read in
 * UTF-16 units. encodeInto never writes half of a character (section 7.4). */
static size_t encode_into_bytes(const char *text, size_t len, uint8_t *out,
                                size_t room, size_t *read)
{
    size_t i = 0;
    *read = 0;
    while (i < len) {
        /* The engine's UTF-8 is complete: the lead byte tells the size. */
        uint8_t lead = (uint8_t)text[i];
        size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (i + size > room) {
            break;
        }
        *read += size == 4 ? 2 : 1;
        i += size;
    }
    if (i > 0) {
        memcpy(out, text, i);
        isere_utf8_replace_surrogates((char *)out, i);
    }
    return i;
}

/* A detached target has no room: { read: 0, written: 0 }. */
static JSValue encode_into(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    uint8_t *out;
    size_t len, room, read, written;
    const char *text;
    JSValue result;
    (void)argc;
    if (JS_GetClassID(self) != encoder_class) {
        return throw_not_encoder(ctx);
    }
    text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    /* The conversion may have run user code: only now look at the target. */
    if (isere__intrinsics_kind(in, argv[1]) !=
        ISERE_KIND_TYPED_ARRAY + (isere_kind_t)JS_TYPED_ARRAY_UINT8) {
        JS_FreeCString(ctx, text);
        return JS_ThrowTypeError(ctx, "encodeInto needs a Uint8Array");
    }
    if (isere__web_bytes_if_any(ctx, argv[1], &out, &room) < 0) {
        JS_FreeCString(ctx, text);
        return JS_EXCEPTION;
    }
    written = encode_into_bytes(text, len, out, room, &read);
    JS_FreeCString(ctx, text);
    result = JS_NewObject(ctx);
    if (JS_IsException(result)) {
        return result;
    }
    if (JS_DefinePropertyValueStr(ctx, result, "read",
                                  JS_NewInt64(ctx, (int64_t)read),
                                  JS_PROP_C_W_E) < 0 ||
        JS_DefinePropertyValueStr(ctx, result, "written",
                                  JS_NewInt64(ctx, (int64_t)written),
                                  JS_PROP_C_W_E) < 0) {
        JS_FreeValue(ctx, result);
        return JS_EXCEPTION;
    }
    return result;
}

/* UTF-8 is the only one that the standard lets encode. */
static JSValue encoder_encoding(JSContext *ctx, JSValueConst self)
{
    (void)self;
    return JS_NewString(ctx, "utf-8");
}

static const JSCFunctionListEntry encoder_members[] = {
    JS_CFUNC_DEF("encode", 1, encode),
    JS_CFUNC_DEF("encodeInto", 2, encode_into),
    JS_CGETSET_DEF("encoding", encoder_encoding, NULL),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "TextEncoder",
                       JS_PROP_CONFIGURABLE),
};

int isere__text_encoder_install(JSContext *ctx, JSValueConst global)
{
    return isere__text_encoding_install_class(
        ctx, global, encoder_class, &encoder_def, new_encoder, 0,
        encoder_members,
        (int)(sizeof(encoder_members) / sizeof(*encoder_members)));
}
