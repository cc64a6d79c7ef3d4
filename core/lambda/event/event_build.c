/* Plain objects, arrays and strings under construction (event_common.h). */
#include "core/http/chars.h"
#include "core/lambda/event/event_common.h"
#include "core/util/encode/percent.h"
#include "core/util/utf8.h"

isere_object_t isere__event_object_begin(JSContext *ctx)
{
    isere_object_t object = {ctx, JS_NewObject(ctx), false};
    object.failed = JS_IsException(object.value);
    return object;
}

/* Defined, not set: setters on Object.prototype and "__proto__" have no
 * effect. */
void isere__event_object_put_atom(isere_object_t *object, JSAtom name,
                                  JSValue value)
{
    if (object->failed || JS_IsException(value) || name == JS_ATOM_NULL) {
        JS_FreeValue(object->ctx, value);
        object->failed = true;
        return;
    }
    if (JS_DefinePropertyValue(object->ctx, object->value, name, value,
                               JS_PROP_C_W_E) < 0) {
        object->failed = true;
    }
}

/* The atom is made even for the value of a failed object, which still has to be
 * freed. */
void isere__event_object_put(isere_object_t *object, const char *name,
                             JSValue value)
{
    JSAtom atom = object->failed ? JS_ATOM_NULL : JS_NewAtom(object->ctx, name);
    isere__event_object_put_atom(object, atom, value);
    JS_FreeAtom(object->ctx, atom);
}

/* A value that failed has left an exception, or the engine forgot to:
 * isere_js_settle, at the end of each value, makes one. */
JSValue isere__event_object_end(isere_object_t *object)
{
    if (object->failed) {
        JS_FreeValue(object->ctx, object->value);
        return JS_EXCEPTION;
    }
    return object->value;
}

isere_list_t isere__event_list_begin(JSContext *ctx)
{
    isere_list_t list = {ctx, JS_NewArray(ctx), 0, false};
    list.failed = JS_IsException(list.value);
    return list;
}

void isere__event_list_add(isere_list_t *list, JSValue value)
{
    if (list->failed || JS_IsException(value)) {
        JS_FreeValue(list->ctx, value);
        list->failed = true;
        return;
    }
    if (JS_DefinePropertyValueUint32(list->ctx, list->value, list->length++,
                                     value, JS_PROP_C_W_E) < 0) {
        list->failed = true;
    }
}

JSValue isere__event_list_end(isere_list_t *list)
{
    if (list->failed) {
        JS_FreeValue(list->ctx, list->value);
        return JS_EXCEPTION;
    }
    return list->value;
}

isere_text_t isere__event_text_begin(JSContext *ctx)
{
    isere_text_t text = {ctx, NULL, 0, 0, false};
    return text;
}

/* Once failed, always failed: callers add piece by piece and look at the
 * end. */
char *isere__event_text_reserve(isere_text_t *text, size_t len)
{
    if (text->failed) {
        return NULL;
    }
    if (text->cap - text->len < len) {
        size_t cap = (text->len + len) * 2;
        char *ptr = js_realloc(text->ctx, text->ptr, cap);
        if (!ptr) {
            text->failed = true;
            return NULL;
        }
        text->ptr = ptr;
        text->cap = cap;
    }
    return text->ptr + text->len;
}

void isere__event_text_add(isere_text_t *text, isere_slice_t bytes)
{
    char *out =
        bytes.len > 0 ? isere__event_text_reserve(text, bytes.len) : NULL;
    if (out) {
        memcpy(out, bytes.ptr, bytes.len);
        text->len += bytes.len;
    }
}

/* Two bytes for each are the most: U+0080 to U+00FF (RFC 3629 section 3). */
void isere__event_text_add_latin1(isere_text_t *text, isere_slice_t bytes)
{
    char *out =
        bytes.len > 0 ? isere__event_text_reserve(text, 2 * bytes.len) : NULL;
    if (!out) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x80) {
            text->ptr[text->len++] = (char)(0xC0 | c >> 6);
            c = 0x80 | (c & 0x3F);
        }
        text->ptr[text->len++] = (char)c;
    }
}

JSValue isere__event_text_string(isere_text_t *text)
{
    if (text->failed) {
        return JS_EXCEPTION;
    }
    JSValue string =
        JS_NewStringLen(text->ctx, text->len ? text->ptr : "", text->len);
    text->len = 0;
    return string;
}

void isere__event_text_free(isere_text_t *text)
{
    js_free(text->ctx, text->ptr);
    text->ptr = NULL;
}

/* No early return: fields are short, and nearly all are ASCII. */
static bool is_ascii(isere_slice_t s)
{
    unsigned char bits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bits |= (unsigned char)s.ptr[i];
    }
    return bits < 0x80;
}

/* ISO 8859-1 and not UTF-8: bytes above 127 in a field have no encoding of
 * their own (RFC 9110 section 5.5), and so none is lost. */
JSValue isere__event_text_latin1(JSContext *ctx, isere_slice_t bytes)
{
    if (is_ascii(bytes)) {
        return JS_NewStringLen(ctx, bytes.len ? bytes.ptr : "", bytes.len);
    }
    isere_text_t text = isere__event_text_begin(ctx);
    isere__event_text_add_latin1(&text, bytes);
    JSValue string = isere__event_text_string(&text);
    isere__event_text_free(&text);
    return string;
}

JSValue isere__event_text_decoded(isere_text_t *text, isere_slice_t encoded,
                                  bool plus_is_space)
{
    /* Decoded into the first quarter, repaired into the rest. */
    char *decoded = isere__event_text_reserve(text, 4 * encoded.len);
    if (encoded.len == 0) {
        return JS_NewStringLen(text->ctx, "", 0);
    }
    if (!decoded) {
        return JS_EXCEPTION;
    }
    size_t len =
        isere_percent_decode(encoded.ptr, encoded.len, plus_is_space, decoded);
    if (!isere_utf8_valid(decoded, len)) {
        char *repaired = decoded + encoded.len;
        len = isere_utf8_repair(decoded, len, repaired);
        decoded = repaired;
    }
    return JS_NewStringLen(text->ctx, decoded, len);
}
