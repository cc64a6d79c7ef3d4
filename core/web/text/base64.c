/* atob and btoa (HTML section 8.3). */
#include "core/util/encode/base64.h"
#include "core/web/web.h"

static JSValue throw_invalid(JSContext *ctx, const char *message)
{
    return isere__web_throw_dom(ctx, "InvalidCharacterError", message);
}

/* A string with one character for each byte ("binary string" of HTML): UTF-8 in
 * between, since that is what the engine takes. */
static JSValue new_binary_string(JSContext *ctx, const uint8_t *bytes,
                                 size_t len)
{
    size_t high = 0;
    char *text, *out;
    JSValue string;
    /* Each byte from 0x80 on takes two: they are counted, so that the usual
     * text of ASCII is not copied. */
    for (size_t i = 0; i < len; i++) {
        high += bytes[i] >> 7;
    }
    if (high == 0) {
        return JS_NewStringLen(ctx, (const char *)bytes, len);
    }
    text = out = js_malloc(ctx, len + high);
    if (!text) {
        return JS_EXCEPTION;
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x80) {
            *out++ = (char)bytes[i];
        } else {
            *out++ = (char)(0xc0 | bytes[i] >> 6);
            *out++ = (char)(0x80 | (bytes[i] & 0x3f));
        }
    }
    string = JS_NewStringLen(ctx, text, (size_t)(out - text));
    js_free(ctx, text);
    return string;
}

/* Forgiving-base64 decode of WHATWG Infra: white space is skipped, padding may
 * be missing. */
static JSValue decode(JSContext *ctx, const char *text, size_t len)
{
    uint8_t *bytes = js_malloc(ctx, ISERE_BASE64_DECODED(len));
    JSValue string;
    long count;
    if (!bytes) {
        return JS_EXCEPTION;
    }
    count = isere_base64_decode(text, len, bytes);
    string = count < 0 ? throw_invalid(ctx, "the string is not base64")
                       : new_binary_string(ctx, bytes, (size_t)count);
    js_free(ctx, bytes);
    return string;
}

/* UTF-8 of a string of characters up to U+00FF to the bytes they stand for;
 * -1 when there is a higher one. `out` may be the input. C2 and C3 lead
 * U+0080 to U+00FF. The engine's UTF-8 is complete, so there is a byte
 * behind a lead byte. */
static long narrow(const char *text, size_t len, uint8_t *out)
{
    uint8_t *start = out;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= 0x80) {
            if (c > 0xc3) {
                return -1;
            }
            c = (uint8_t)(c << 6 | ((uint8_t)text[++i] & 0x3f));
        }
        *out++ = c;
    }
    return (long)(out - start);
}

/* One block for both: the input is narrowed to bytes at its front. */
static JSValue encode(JSContext *ctx, const char *text, size_t len)
{
    /* The bytes, and behind them their encoding. */
    uint8_t *bytes = js_malloc(ctx, len + ISERE_BASE64_ENCODED(len) + 1);
    JSValue string;
    long count;
    if (!bytes) {
        return JS_EXCEPTION;
    }
    count = narrow(text, len, bytes);
    if (count < 0) {
        string = throw_invalid(ctx, "a character is above U+00FF");
    } else {
        /* Never overlapping: `count` is at most the text's length. */
        char *out = (char *)bytes + count;
        size_t out_len = isere_base64_encode(bytes, (size_t)count, out);
        string = JS_NewStringLen(ctx, out, out_len);
    }
    js_free(ctx, bytes);
    return string;
}

/* atob (magic 0) and btoa (magic 1). Web IDL's DOMString: any value becomes a
 * string first, which may run code. */
static JSValue convert(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv, int is_encode)
{
    JSValue result;
    const char *text;
    size_t len;
    (void)self;
    if (argc < 1) {
        return JS_ThrowTypeError(ctx, "a string is needed");
    }
    text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    result = is_encode ? encode(ctx, text, len) : decode(ctx, text, len);
    JS_FreeCString(ctx, text);
    return result;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("atob", 1, convert, 0),
    JS_CFUNC_MAGIC_DEF("btoa", 1, convert, 1),
};

int isere__base64_install(JSContext *ctx, JSValueConst global)
{
    JS_SetPropertyFunctionList(ctx, global, functions,
                               sizeof(functions) / sizeof(*functions));
    return 0;
}
