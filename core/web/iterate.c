/* Iterators of a handler's, as Web IDL converts a sequence. */
#include "core/web/iterate.h"
#include "core/web/url/url_search_params.h"

JSValue isere__iterate_method(JSContext *ctx, JSValueConst object)
{
    JSValue symbol = isere__url_iterator_symbol(ctx);
    JSAtom atom = JS_ValueToAtom(ctx, symbol);
    JS_FreeValue(ctx, symbol);
    if (atom == JS_ATOM_NULL) {
        return JS_EXCEPTION;
    }
    JSValue method = JS_GetProperty(ctx, object, atom);
    JS_FreeAtom(ctx, atom);
    if (JS_IsException(method) || JS_IsFunction(ctx, method)) {
        return method;
    }
    bool missing = JS_IsUndefined(method) || JS_IsNull(method);
    JS_FreeValue(ctx, method);
    return missing
               ? JS_UNDEFINED
               : JS_ThrowTypeError(ctx, "Symbol.iterator is not a function");
}

/* `next` is read once, as ECMA-262's iterator records have it. */
int isere__iterate_open(JSContext *ctx, JSValueConst object,
                        JSValueConst method, isere_iteration_t *it)
{
    it->object = JS_Call(ctx, method, object, 0, NULL);
    if (JS_IsException(it->object)) {
        return -1;
    }
    if (!JS_IsObject(it->object)) {
        JS_FreeValue(ctx, it->object);
        JS_ThrowTypeError(ctx, "iterator is not an object");
        return -1;
    }
    it->next = JS_GetPropertyStr(ctx, it->object, "next");
    if (JS_IsException(it->next)) {
        JS_FreeValue(ctx, it->object);
        return -1;
    }
    return 0;
}

/* `return` of the iterator is not called: Web IDL's conversion to a sequence
 * does not. */
void isere__iterate_close(JSContext *ctx, isere_iteration_t *it)
{
    JS_FreeValue(ctx, it->next);
    JS_FreeValue(ctx, it->object);
}

int isere__iterate_step(JSContext *ctx, isere_iteration_t *it, JSValue *value)
{
    JSValue result = JS_Call(ctx, it->next, it->object, 0, NULL);
    if (JS_IsException(result)) {
        return -1;
    }
    if (!JS_IsObject(result)) {
        JS_FreeValue(ctx, result);
        JS_ThrowTypeError(ctx, "iterator result is not an object");
        return -1;
    }
    JSValue flag = JS_GetPropertyStr(ctx, result, "done");
    int done = JS_IsException(flag) ? -1 : JS_ToBool(ctx, flag);
    JS_FreeValue(ctx, flag);
    if (done != 0) {
        JS_FreeValue(ctx, result);
        return done < 0 ? -1 : 0;
    }
    *value = JS_GetPropertyStr(ctx, result, "value");
    JS_FreeValue(ctx, result);
    return JS_IsException(*value) ? -1 : 1;
}

/* A third member is enough to refuse: an endless iterable ends here. */
static int read_two(JSContext *ctx, isere_iteration_t *it, const char *message,
                    JSValue members[2], int *count)
{
    JSValue value;
    int step;
    while ((step = isere__iterate_step(ctx, it, &value)) > 0) {
        if (*count == 2) {
            JS_FreeValue(ctx, value);
            break;
        }
        members[*count] = JS_ToString(ctx, value);
        JS_FreeValue(ctx, value);
        if (JS_IsException(members[*count])) {
            return -1;
        }
        ++*count;
    }
    if (step == 0 && *count == 2) {
        return 0;
    }
    if (step >= 0) {
        JS_ThrowTypeError(ctx, "%s", message);
    }
    return -1;
}

/* A string is no pair, since it is no object. */
int isere__iterate_pair(JSContext *ctx, JSValueConst pair, const char *message,
                        JSValue members[2])
{
    isere_iteration_t it;
    int count = 0;
    JSValue method =
        JS_IsObject(pair) ? isere__iterate_method(ctx, pair) : JS_UNDEFINED;
    if (JS_IsUndefined(method)) {
        JS_ThrowTypeError(ctx, "%s", message);
        return -1;
    }
    int error = JS_IsException(method)
                    ? -1
                    : isere__iterate_open(ctx, pair, method, &it);
    JS_FreeValue(ctx, method);
    if (error < 0) {
        return -1;
    }
    error = read_two(ctx, &it, message, members, &count);
    isere__iterate_close(ctx, &it);
    while (error < 0 && count > 0) {
        JS_FreeValue(ctx, members[--count]);
    }
    return error;
}

int isere__iterate_has_property(JSContext *ctx, JSValueConst object,
                                JSAtom name)
{
    JSPropertyDescriptor property;
    int found = JS_GetOwnProperty(ctx, &property, object, name);
    if (found <= 0) {
        return found;
    }
    JS_FreeValue(ctx, property.value);
    JS_FreeValue(ctx, property.getter);
    JS_FreeValue(ctx, property.setter);
    return (property.flags & JS_PROP_ENUMERABLE) != 0;
}

/* Defined, not pushed: Array.prototype is the handler's. Defining takes the
 * value, also when it fails. */
JSValue isere__iterate_new_entry(JSContext *ctx, JSValue name, JSValue value)
{
    JSValue entry = JS_IsException(name) || JS_IsException(value)
                        ? JS_EXCEPTION
                        : JS_NewArray(ctx);
    if (JS_IsException(entry)) {
        JS_FreeValue(ctx, name);
        JS_FreeValue(ctx, value);
        return entry;
    }
    int first =
        JS_DefinePropertyValueUint32(ctx, entry, 0, name, JS_PROP_C_W_E);
    int second =
        JS_DefinePropertyValueUint32(ctx, entry, 1, value, JS_PROP_C_W_E);
    if (first < 0 || second < 0) {
        JS_FreeValue(ctx, entry);
        return JS_EXCEPTION;
    }
    return entry;
}
