/* crypto.getRandomValues and crypto.randomUUID (W3C Web Crypto section 10). */
#include "core/api/api.h"

/* The most bytes one call may ask for. */
#define RANDOM_MAX 65536

enum { UUID_BYTES = 16, UUID_TEXT = 36 };

enum { TYPE_MISMATCH = 17, QUOTA_EXCEEDED = 22 };

static bool is_integer_array(isere_kind_t kind)
{
    return kind >= ISERE_KIND_TYPED_ARRAY &&
           kind < ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_FLOAT32;
}

static JSValue get_random_values(JSContext *ctx, JSValueConst self, int argc,
                                 JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_api_state(ctx)->intrinsics;
    uint8_t *bytes;
    size_t len;

    (void)self;
    (void)argc;
    if (!JS_IsObject(argv[0])) {
        return JS_ThrowTypeError(ctx, "getRandomValues needs a typed array");
    }
    if (!is_integer_array(isere_intrinsics_kind(in, argv[0]))) {
        return isere_api_throw_dom(ctx, "TypeMismatchError", TYPE_MISMATCH,
                                   "not an integer typed array");
    }
    if (isere_api_bytes(ctx, argv[0], &bytes, &len) < 0) {
        return JS_EXCEPTION;
    }
    if (len > RANDOM_MAX) {
        return isere_api_throw_dom(ctx, "QuotaExceededError", QUOTA_EXCEEDED,
                                   "more than 65536 bytes of randomness");
    }
    if (len > 0 && isere_host_random(ctx, bytes, len) < 0) {
        return isere_api_throw_dom(ctx, "OperationError", 0,
                                   "no randomness available");
    }
    return JS_DupValue(ctx, argv[0]);
}

static JSValue random_uuid(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[UUID_BYTES];
    char text[UUID_TEXT];
    char *out = text;

    (void)self;
    (void)argc;
    (void)argv;
    if (isere_host_random(ctx, bytes, sizeof(bytes)) < 0) {
        return isere_api_throw_dom(ctx, "OperationError", 0,
                                   "no randomness available");
    }
    /* Version 4 and variant 10 (RFC 9562 section 5.4). */
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 0x0f];
    }
    return JS_NewStringLen(ctx, text, sizeof(text));
}

static const JSCFunctionListEntry members[] = {
    JS_CFUNC_DEF("getRandomValues", 1, get_random_values),
    JS_CFUNC_DEF("randomUUID", 0, random_uuid),
};

int isere_api_crypto_install(JSContext *ctx, JSValueConst global)
{
    return isere_api_define_object(ctx, global, "crypto", members,
                                   sizeof(members) / sizeof(*members));
}
