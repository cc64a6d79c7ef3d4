/* What Headers are made from (HeadersInit of Fetch section 5.1): another
 * Headers object, an iterable of pairs, or a record. It runs a handler's code,
 * which may throw anywhere. */
#include "core/code/js.h"
#include "core/web/fetch/headers.h"
#include "core/web/iterate.h"

#define NO_PAIR "a list of headers must have pairs of name and value"

/* What was read and is to be added, names and values in turn. */
typedef struct given {
    JSContext *ctx;
    JSValue *values;
    uint32_t count;
    uint32_t capacity;
} given_t;

static void given_free(given_t *given)
{
    for (uint32_t i = 0; i < given->count; i++) {
        JS_FreeValue(given->ctx, given->values[i]);
    }
    js_free(given->ctx, given->values);
}

/* Takes both strings. */
static int given_add(given_t *given, JSValue name, JSValue value)
{
    JSContext *ctx = given->ctx;
    if (JS_IsException(name) || JS_IsException(value)) {
        JS_FreeValue(ctx, name);
        JS_FreeValue(ctx, value);
        return -1;
    }
    if (given->count + 2 > given->capacity) {
        uint32_t capacity = given->capacity ? given->capacity * 2 : 8;
        JSValue *values =
            js_realloc(ctx, given->values, capacity * sizeof(*values));
        if (!values) {
            JS_FreeValue(ctx, name);
            JS_FreeValue(ctx, value);
            return -1;
        }
        given->values = values;
        given->capacity = capacity;
    }
    given->values[given->count++] = name;
    given->values[given->count++] = value;
    return 0;
}

/* ---- reading ---- */

static int read_pairs(given_t *given, JSValueConst init, JSValueConst method)
{
    JSContext *ctx = given->ctx;
    isere_iteration_t it;
    JSValue pair;
    JSValue members[2];
    int step;
    if (isere__iterate_open(ctx, init, method, &it) < 0) {
        return -1;
    }
    while ((step = isere__iterate_step(ctx, &it, &pair)) > 0) {
        int error = isere__iterate_pair(ctx, pair, NO_PAIR, members);
        JS_FreeValue(ctx, pair);
        if (error < 0 || given_add(given, members[0], members[1]) < 0) {
            step = -1;
            break;
        }
    }
    isere__iterate_close(ctx, &it);
    return step;
}

/* The name of a property as a string, which must be that of a header. */
static JSValue read_key(JSContext *ctx, JSAtom atom)
{
    isere_slice_t name;
    JSValue symbol_or_name = JS_AtomToValue(ctx, atom);
    JSValue key = JS_ToString(ctx, symbol_or_name);
    JS_FreeValue(ctx, symbol_or_name);
    if (JS_IsException(key)) {
        return key;
    }
    if (isere__headers_name(ctx, key, &name) < 0) {
        JS_FreeValue(ctx, key);
        return JS_EXCEPTION;
    }
    JS_FreeCString(ctx, name.ptr);
    return key;
}

/* Getters ran since the names were listed: the property may be gone, or
 * hidden. */
static int read_property(given_t *given, JSValueConst init, JSAtom atom)
{
    JSContext *ctx = given->ctx;
    int found = isere__iterate_has_property(ctx, init, atom);
    if (found <= 0) {
        return found;
    }
    JSValue key = read_key(ctx, atom);
    if (JS_IsException(key)) {
        return -1;
    }
    JSValue value = JS_GetProperty(ctx, init, atom);
    JSValue text = JS_IsException(value) ? value : JS_ToString(ctx, value);
    JS_FreeValue(ctx, value);
    return given_add(given, key, text);
}

/* Web IDL's record: own enumerable properties, in their order; a symbol is an
 * error. */
static int read_record(given_t *given, JSValueConst init)
{
    JSPropertyEnum *names;
    uint32_t count;
    int error = 0;
    if (JS_GetOwnPropertyNames(given->ctx, &names, &count, init,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        error = error ? error : read_property(given, init, names[i].atom);
        JS_FreeAtom(given->ctx, names[i].atom);
    }
    js_free(given->ctx, names);
    return error;
}

/* 1 when an object has properties named by symbols, -1 with an exception. */
static int has_symbols(JSContext *ctx, JSValueConst init)
{
    JSPropertyEnum *names;
    uint32_t count;
    if (JS_GetOwnPropertyNames(ctx, &names, &count, init, JS_GPN_SYMBOL_MASK) <
        0) {
        return -1;
    }
    isere_js_free_names(ctx, names, count);
    return count > 0;
}

/* A plain object of names and strings, as most are: read without running code
 * or listing names. False when it is another one, of which nothing was read. */
static bool is_flat(JSContext *ctx, JSValueConst init)
{
    uint32_t position = 0;
    JSAtom name;
    JSValueConst value;
    int found;
    while ((found = JS_NextPlainProperty(ctx, init, &position, &name, &value)) >
           0) {
        if (!JS_IsString(value)) {
            return false;
        }
    }
    return found == 0;
}

static int add_flat(JSContext *ctx, isere_header_list_t *list,
                    JSValueConst init)
{
    uint32_t position = 0;
    JSAtom name;
    JSValueConst value;
    int error = 0;
    while (error == 0 &&
           JS_NextPlainProperty(ctx, init, &position, &name, &value) > 0) {
        JSValue key = JS_AtomToString(ctx, name);
        error = JS_IsException(key)
                    ? -1
                    : isere__headers_append(ctx, list, key, value);
        JS_FreeValue(ctx, key);
    }
    return error;
}

/* ---- adding ---- */

static int add_given(isere_header_list_t *list, const given_t *given)
{
    int error = 0;
    for (uint32_t i = 0; i < given->count && error == 0; i += 2) {
        error = isere__headers_append(given->ctx, list, given->values[i],
                                      given->values[i + 1]);
    }
    return error;
}

static int fill_by(JSContext *ctx, isere_header_list_t *list, JSValueConst init,
                   JSValueConst method)
{
    const isere_header_list_t *from = isere__headers_of(init);
    given_t given = {.ctx = ctx};
    int error;
    if (from && isere__headers_is_entries(ctx, method)) {
        return isere__header_list_add_all(ctx, list, from);
    }
    if (JS_IsUndefined(method) && is_flat(ctx, init)) {
        int symbols = has_symbols(ctx, init);
        if (symbols <= 0) {
            return symbols < 0 ? -1 : add_flat(ctx, list, init);
        }
    }
    error = JS_IsUndefined(method) ? read_record(&given, init)
                                   : read_pairs(&given, init, method);
    if (error == 0) {
        error = add_given(list, &given);
    }
    given_free(&given);
    return error;
}

int isere__headers_fill(JSContext *ctx, isere_header_list_t *list,
                        JSValueConst init)
{
    if (!JS_IsObject(init)) {
        JS_ThrowTypeError(ctx, "headers must be an object or a list of pairs");
        return -1;
    }
    JSValue method = isere__iterate_method(ctx, init);
    int error = JS_IsException(method) ? -1 : fill_by(ctx, list, init, method);
    JS_FreeValue(ctx, method);
    return error;
}
