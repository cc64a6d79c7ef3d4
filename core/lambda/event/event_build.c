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

JSValue isere__event_text_decoded(isere_js_text_t *text, isere_slice_t encoded,
                                  bool plus_is_space)
{
    /* Decoded into the first quarter, repaired into the rest. */
    char *decoded = isere_js_text_reserve(text, 4 * encoded.len);
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
