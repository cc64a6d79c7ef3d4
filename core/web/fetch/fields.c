/* Names and values of header fields, as Headers takes them, and what kind of
 * body a value is: what would be slow in JavaScript, or rely on a handler's
 * builtins. */
#include "core/web/fetch/fields.h"
#include "core/http/chars.h"
#include "core/util/ascii.h"
#include "core/web/lazy/lazy.h"
#include "core/web/url/url.h"
#include "core/web/web.h"
#include <string.h>

/* fieldName(STRING): a token in lower case; undefined for what is none. */
static JSValue field_name(JSContext *ctx, JSValueConst self, int argc,
                          JSValueConst *argv)
{
    char lower[64];
    size_t len;
    (void)self;
    (void)argc;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    JSValue result = JS_UNDEFINED;
    if (len > 0 &&
        isere_http_all(isere_slice_of(text, len), ISERE_HTTP_TOKEN)) {
        char *out = len <= sizeof(lower) ? lower : js_malloc(ctx, len);
        for (size_t i = 0; out && i < len; i++) {
            out[i] = isere_ascii_lower(text[i]);
        }
        result = out ? JS_NewStringLen(ctx, out, len) : JS_EXCEPTION;
        if (out != lower) {
            js_free(ctx, out);
        }
    }
    JS_FreeCString(ctx, text);
    return result;
}

/* White space of Fetch section 2.2 ("normalize" a value). */
static bool is_trimmed(char c)
{
    return isere_http_is_space(c) || c == '\r' || c == '\n';
}

/* Whether text in UTF-8 has only characters up to U+00FF, none of them NUL, CR
 * or LF. */
static bool is_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == 0 || c == '\r' || c == '\n' || c > 0xC3) {
            return false;
        }
    }
    return true;
}

/* fieldValue(STRING): it without white space around; undefined when it is no
 * value. */
static JSValue field_value(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    size_t len;
    (void)self;
    (void)argc;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    size_t from = 0;
    size_t to = len;
    while (from < to && is_trimmed(text[from])) {
        from++;
    }
    while (to > from && is_trimmed(text[to - 1])) {
        to--;
    }
    JSValue result = JS_UNDEFINED;
    if (is_value(text + from, to - from)) {
        result = to - from == len
                     ? JS_DupValue(ctx, argv[0])
                     : JS_NewStringLen(ctx, text + from, to - from);
    }
    JS_FreeCString(ctx, text);
    return result;
}

/* isReason(STRING): whether it may stand behind a status (RFC 9112 section 4).
 */
static JSValue is_reason(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    size_t len;
    (void)self;
    (void)argc;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    bool is = is_value(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        is = is && c != 0x7F && (c >= ' ' || c == '\t');
    }
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, is);
}

/* string(VALUE): as String(VALUE), but a symbol throws. */
static JSValue to_string(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    (void)self;
    (void)argc;
    return JS_ToString(ctx, argv[0]);
}

/* In the order that js/web/fetch.js has. */
typedef enum body_kind {
    BODY_OTHER,
    BODY_BYTES,
    BODY_PARAMS,
    BODY_BLOB,
    BODY_FORM,
    BODY_STREAM,
} body_kind_t;

/* bodyKind(OBJECT), without running a handler's code. */
static JSValue body_kind(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    isere_kind_t kind = isere__intrinsics_kind(in, argv[0]);
    body_kind_t found = BODY_OTHER;
    (void)self;
    (void)argc;
    if (kind == ISERE_KIND_ARRAY_BUFFER || kind == ISERE_KIND_DATA_VIEW ||
        kind >= ISERE_KIND_TYPED_ARRAY) {
        found = BODY_BYTES;
    } else if (isere__url_search_params_of(argv[0])) {
        found = BODY_PARAMS;
    } else if (isere_lazy_is(ctx, ISERE_LAZY_BLOB, "isBlob", argv[0])) {
        found = BODY_BLOB;
    } else if (isere_lazy_is(ctx, ISERE_LAZY_FORM_DATA, "isFormData",
                             argv[0])) {
        found = BODY_FORM;
    } else if (isere_lazy_is(ctx, ISERE_LAZY_STREAMS, "isStream", argv[0])) {
        found = BODY_STREAM;
    }
    return JS_NewInt32(ctx, found);
}

void isere__fields_add_native(JSContext *ctx, JSValueConst object)
{
    static const JSCFunctionListEntry members[] = {
        JS_CFUNC_DEF("fieldName", 1, field_name),
        JS_CFUNC_DEF("fieldValue", 1, field_value),
        JS_CFUNC_DEF("isReason", 1, is_reason),
        JS_CFUNC_DEF("bodyKind", 1, body_kind),
        JS_CFUNC_DEF("string", 1, to_string),
    };
    JS_SetPropertyFunctionList(ctx, object, members,
                               sizeof(members) / sizeof(*members));
}
