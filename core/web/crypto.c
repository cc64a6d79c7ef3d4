/* crypto.getRandomValues and crypto.randomUUID (W3C Web Crypto section 10). */
#include "core/util/encode/uuid.h"
#include "core/web/web.h"

/* The most bytes one call may ask for. */
#define RANDOM_MAX 65536

/* Web Crypto section 10.1.1: random bits make no sensible floating-point
 * numbers. The kinds are in the order of JSTypedArrayEnum, floats last. */
static bool is_integer_array(isere_kind_t kind)
{
    return kind >= ISERE_KIND_TYPED_ARRAY &&
           kind < ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_FLOAT32;
}

/* Written into the handler's array while the execution is held
 * (isere_host_random): it can't be half filled by an abandoned request. */
static JSValue get_random_values(JSContext *ctx, JSValueConst self, int argc,
                                 JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    uint8_t *bytes;
    size_t len;
    (void)self;
    (void)argc;
    if (!JS_IsObject(argv[0])) {
        return JS_ThrowTypeError(ctx, "getRandomValues needs a typed array");
    }
    if (!is_integer_array(isere__intrinsics_kind(in, argv[0]))) {
        return isere__web_throw_dom(ctx, "TypeMismatchError",
                                    "not an integer typed array");
    }
    if (isere__web_bytes_if_any(ctx, argv[0], &bytes, &len) < 0) {
        return JS_EXCEPTION;
    }
    if (len > RANDOM_MAX) {
        return isere__web_throw_dom(ctx, "QuotaExceededError",
                                    "more than 65536 bytes of randomness");
    }
    if (len > 0 && isere_host_random(ctx, bytes, len) < 0) {
        return isere__web_throw_dom(ctx, "OperationError",
                                    "no randomness available");
    }
    return JS_DupValue(ctx, argv[0]);
}

/* Version 4 of RFC 9562: isere_uuid_format sets the bits that say so. */
static JSValue random_uuid(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    uint8_t bytes[ISERE_UUID_BYTES];
    char text[ISERE_UUID_TEXT + 1];
    (void)self;
    (void)argc;
    (void)argv;
    if (isere_host_random(ctx, bytes, sizeof(bytes)) < 0) {
        return isere__web_throw_dom(ctx, "OperationError",
                                    "no randomness available");
    }
    isere_uuid_format(bytes, text);
    return JS_NewStringLen(ctx, text, ISERE_UUID_TEXT);
}

static const JSCFunctionListEntry members[] = {
    JS_CFUNC_DEF("getRandomValues", 1, get_random_values),
    JS_CFUNC_DEF("randomUUID", 0, random_uuid),
};

int isere__crypto_install(JSContext *ctx, JSValueConst global)
{
    return isere__web_define_object(ctx, global, "crypto", members,
                                    sizeof(members) / sizeof(*members));
}
