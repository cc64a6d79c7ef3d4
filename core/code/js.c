/* Reads values, and what was thrown, without running any of their code. */
#include "core/code/js.h"
#include "core/heap/fault.h"
#include "core/util/text.h"
#include <stdio.h>

/* Takes the pending exception off and drops it. */
static void drop_exception(JSContext *ctx)
{
    JS_FreeValue(ctx, JS_GetException(ctx));
}

/* By the identity of the prototype that an error of the engine's has now: a
 * handler can replace names and constructors, but not that. */
bool isere_js_is_limit(JSContext *ctx, JSValueConst thrown)
{
    if (JS_IsNull(thrown) || JS_IsUninitialized(thrown)) {
        return true;
    }
    if (!JS_IsError(ctx, thrown)) {
        return false;
    }
    /* Nothing but an internal error leads to the prototype of them all. */
    JS_ThrowInternalError(ctx, "probe");
    JSValue probe = JS_GetException(ctx);
    if (!JS_IsObject(probe)) {
        JS_FreeValue(ctx, probe);
        return true;
    }
    JSValue expected = JS_GetPrototype(ctx, probe);
    JSValue actual = JS_GetPrototype(ctx, thrown);
    bool same = JS_IsObject(actual) &&
                JS_VALUE_GET_PTR(actual) == JS_VALUE_GET_PTR(expected);
    JS_FreeValue(ctx, expected);
    JS_FreeValue(ctx, actual);
    JS_FreeValue(ctx, probe);
    return same;
}

/* Both directions happen: JS_NewAtom fails without throwing, and
 * JS_SetPropertyFunctionList throws without failing. */
JSValue isere_js_settle(JSContext *ctx, JSValue value)
{
    bool pending = JS_HasException(ctx);
    if (JS_IsException(value)) {
        return pending ? value : JS_ThrowOutOfMemory(ctx);
    }
    if (pending) {
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    return value;
}

/* The descriptor is read, not the property: a getter would be user code. */
JSValue isere_js_own(JSContext *ctx, JSValueConst object, const char *name)
{
    JSPropertyDescriptor found;
    JSAtom atom = JS_NewAtom(ctx, name);
    if (atom == JS_ATOM_NULL) {
        return JS_EXCEPTION;
    }
    int has = JS_GetOwnProperty(ctx, &found, object, atom);
    JS_FreeAtom(ctx, atom);
    if (has <= 0) {
        return has < 0 ? JS_EXCEPTION : JS_UNDEFINED;
    }
    JS_FreeValue(ctx, found.getter);
    JS_FreeValue(ctx, found.setter);
    return found.value;
}

void isere_js_free_names(JSContext *ctx, JSPropertyEnum *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        JS_FreeAtom(ctx, names[i].atom);
    }
    js_free(ctx, names);
}

/* Appends the UTF-8 of a string value (any other: nothing); with `one_line`
 * only its first line, without the blanks in front: a stack's first place. */
static size_t append(JSContext *ctx, JSValueConst value, bool one_line,
                     char *out, size_t size)
{
    size_t len;
    if (!JS_IsString(value)) {
        return 0;
    }
    const char *text = JS_ToCStringLen(ctx, &len, value);
    if (!text) {
        drop_exception(ctx);
        return 0;
    }
    isere_slice_t s = isere_slice_of(text, len);
    if (one_line) {
        const char *end = memchr(text, '\n', len);
        s.len = end ? (size_t)(end - text) : len;
        while (s.len > 0 && s.ptr[0] == ' ') {
            s.ptr++;
            s.len--;
        }
    }
    s = isere_text_clip(s, size);
    if (s.len > 0) {
        memcpy(out, s.ptr, s.len);
    }
    JS_FreeCString(ctx, text);
    return s.len;
}

/* An own property of an error, or undefined. Own properties only: an error that
 * inherits its message has nothing to say. */
static JSValue error_part(JSContext *ctx, JSValueConst error, const char *name)
{
    JSValue part = isere_js_own(ctx, error, name);
    if (JS_IsException(part)) {
        drop_exception(ctx);
        return JS_UNDEFINED;
    }
    return part;
}

/* "message, at place" of an Error object. The message gets two thirds of the
 * room, so that a long one leaves some for the place. */
static size_t describe_error(JSContext *ctx, JSValueConst error, char *out,
                             size_t size)
{
    JSValue message = error_part(ctx, error, "message");
    JSValue stack = error_part(ctx, error, "stack");
    size_t len = append(ctx, message, false, out, size * 2 / 3);
    if (size - len > 2) {
        size_t more = append(ctx, stack, true, out + len + 2, size - len - 2);
        if (more > 0) {
            memcpy(out + len, ", ", 2);
            len += 2 + more;
        }
    }
    JS_FreeValue(ctx, message);
    JS_FreeValue(ctx, stack);
    return len;
}

void isere_js_describe(JSContext *ctx, JSValueConst thrown, char *out,
                       size_t size)
{
    size_t len = 0;
    if (JS_IsError(ctx, thrown)) {
        len = describe_error(ctx, thrown, out, size - 1);
    } else if (JS_IsObject(thrown) || JS_IsSymbol(thrown)) {
        /* Its text would take user code to find out. */
        snprintf(out, size, "a value that is not an Error was thrown");
        return;
    } else {
        JSValue text = JS_ToString(ctx, thrown);
        if (JS_IsException(text)) {
            drop_exception(ctx);
        } else {
            len = append(ctx, text, false, out, size - 1);
            JS_FreeValue(ctx, text);
        }
    }
    out[len] = '\0';
}

/* "Name: message" and the stack, by ordinary property reads. */
void isere_js_fault(JSContext *ctx, JSValueConst thrown, isere_fault_t *fault)
{
    memset(fault, 0, sizeof(*fault));
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *message = JS_ToCString(ctx, thrown);
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (!message) {
        isere_fault_set(fault, "out of memory");
        return;
    }
    isere_text_copy(fault->message, sizeof(fault->message),
                    isere_slice(message));
    if (lines) {
        isere_slice_t first = isere_slice_of(lines, strcspn(lines, "\n"));
        isere_text_copy(fault->stack, sizeof(fault->stack), isere_slice(lines));
        isere_fault_take_place(fault, first);
    }
    JS_FreeCString(ctx, message);
    if (lines) {
        JS_FreeCString(ctx, lines);
    }
    JS_FreeValue(ctx, stack);
}
