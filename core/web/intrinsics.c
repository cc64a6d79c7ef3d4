/* The builtins as they were before any user code ran, and which class of object
 * is which. Classes are found by prototypes: QuickJS does not publish its class
 * numbers. */
#include "core/web/intrinsics.h"

#include <stddef.h>
#include <string.h>

/* Constructors by whose prototype a class is known. */
static const struct {
    const char *constructor;
    uint8_t kind;
} classes[] = {
    {"Object", ISERE_KIND_OBJECT},
    {"Array", ISERE_KIND_ARRAY},
    {"Error", ISERE_KIND_ERROR},
    {"Number", ISERE_KIND_NUMBER},
    {"String", ISERE_KIND_STRING},
    {"Boolean", ISERE_KIND_BOOLEAN},
    {"Symbol", ISERE_KIND_SYMBOL},
    {"BigInt", ISERE_KIND_BIGINT},
    {"Date", ISERE_KIND_DATE},
    {"RegExp", ISERE_KIND_REGEXP},
    {"Map", ISERE_KIND_MAP},
    {"Set", ISERE_KIND_SET},
    {"WeakMap", ISERE_KIND_WEAKMAP},
    {"WeakSet", ISERE_KIND_WEAKSET},
    {"Promise", ISERE_KIND_PROMISE},
    {"ArrayBuffer", ISERE_KIND_ARRAY_BUFFER},
    {"DataView", ISERE_KIND_DATA_VIEW},
    {"Uint8ClampedArray", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT8C},
    {"Int8Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_INT8},
    {"Uint8Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT8},
    {"Int16Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_INT16},
    {"Uint16Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT16},
    {"Int32Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_INT32},
    {"Uint32Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT32},
    {"BigInt64Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_BIG_INT64},
    {"BigUint64Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_BIG_UINT64},
    {"Float32Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_FLOAT32},
    {"Float64Array", ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_FLOAT64},
};

/* Where an intrinsic is found. */
enum place { CONSTRUCTOR, STATIC, PROTOTYPE, METHOD, GETTER };

static const struct {
    const char *constructor;
    const char *member;
    uint8_t place;
} sources[ISERE_IN_MAP_NEXT] = {
    [ISERE_IN_MAP] = {"Map", NULL, CONSTRUCTOR},
    [ISERE_IN_MAP_ENTRIES] = {"Map", "entries", METHOD},
    [ISERE_IN_MAP_SIZE] = {"Map", "size", GETTER},
    [ISERE_IN_MAP_SET] = {"Map", "set", METHOD},
    [ISERE_IN_SET] = {"Set", NULL, CONSTRUCTOR},
    [ISERE_IN_SET_VALUES] = {"Set", "values", METHOD},
    [ISERE_IN_SET_SIZE] = {"Set", "size", GETTER},
    [ISERE_IN_SET_ADD] = {"Set", "add", METHOD},
    [ISERE_IN_DATE_GET_TIME] = {"Date", "getTime", METHOD},
    [ISERE_IN_DATE_TO_ISO_STRING] = {"Date", "toISOString", METHOD},
    [ISERE_IN_REGEXP] = {"RegExp", NULL, CONSTRUCTOR},
    [ISERE_IN_REGEXP_SOURCE] = {"RegExp", "source", GETTER},
    [ISERE_IN_REGEXP_HAS_INDICES] = {"RegExp", "hasIndices", GETTER},
    [ISERE_IN_REGEXP_GLOBAL] = {"RegExp", "global", GETTER},
    [ISERE_IN_REGEXP_IGNORE_CASE] = {"RegExp", "ignoreCase", GETTER},
    [ISERE_IN_REGEXP_MULTILINE] = {"RegExp", "multiline", GETTER},
    [ISERE_IN_REGEXP_DOT_ALL] = {"RegExp", "dotAll", GETTER},
    [ISERE_IN_REGEXP_UNICODE] = {"RegExp", "unicode", GETTER},
    [ISERE_IN_REGEXP_STICKY] = {"RegExp", "sticky", GETTER},
    [ISERE_IN_NUMBER_VALUE_OF] = {"Number", "valueOf", METHOD},
    [ISERE_IN_STRING_VALUE_OF] = {"String", "valueOf", METHOD},
    [ISERE_IN_BOOLEAN_VALUE_OF] = {"Boolean", "valueOf", METHOD},
    [ISERE_IN_SYMBOL_VALUE_OF] = {"Symbol", "valueOf", METHOD},
    [ISERE_IN_BIGINT_VALUE_OF] = {"BigInt", "valueOf", METHOD},
    [ISERE_IN_DATA_VIEW] = {"DataView", NULL, CONSTRUCTOR},
    [ISERE_IN_DATA_VIEW_BUFFER] = {"DataView", "buffer", GETTER},
    [ISERE_IN_DATA_VIEW_BYTE_LENGTH] = {"DataView", "byteLength", GETTER},
    [ISERE_IN_DATA_VIEW_BYTE_OFFSET] = {"DataView", "byteOffset", GETTER},
    [ISERE_IN_OBJECT] = {"Object", NULL, CONSTRUCTOR},
    [ISERE_IN_TO_STRING_TAG] = {"Symbol", "toStringTag", STATIC},
    [ISERE_IN_EVAL_ERROR_PROTOTYPE] = {"EvalError", NULL, PROTOTYPE},
    [ISERE_IN_RANGE_ERROR_PROTOTYPE] = {"RangeError", NULL, PROTOTYPE},
    [ISERE_IN_REFERENCE_ERROR_PROTOTYPE] = {"ReferenceError", NULL, PROTOTYPE},
    [ISERE_IN_SYNTAX_ERROR_PROTOTYPE] = {"SyntaxError", NULL, PROTOTYPE},
    [ISERE_IN_TYPE_ERROR_PROTOTYPE] = {"TypeError", NULL, PROTOTYPE},
    [ISERE_IN_URI_ERROR_PROTOTYPE] = {"URIError", NULL, PROTOTYPE},
};

/* The prototype of the global constructor `name`. Ordinary reads are safe here:
 * no user code has run yet. */
static JSValue prototype_of(JSContext *ctx, JSValueConst global,
                            const char *name)
{
    JSValue constructor = JS_GetPropertyStr(ctx, global, name);
    JSValue prototype;
    if (JS_IsException(constructor)) {
        return constructor;
    }
    prototype = JS_GetPropertyStr(ctx, constructor, "prototype");
    JS_FreeValue(ctx, constructor);
    return prototype;
}

/* The prototype objects of all classes; NULL for those that have none. Not
 * owned: nothing is freed while they are looked at. */
typedef const void *prototypes_t[ISERE_BUILTIN_CLASSES];

static void list_prototypes(JSContext *ctx, prototypes_t prototypes)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    prototypes[0] = NULL;
    for (JSClassID id = 1; id < ISERE_BUILTIN_CLASSES; id++) {
        prototypes[id] = NULL;
        if (JS_IsRegisteredClass(rt, id)) {
            JSValue prototype = JS_GetClassProto(ctx, id);
            if (JS_IsObject(prototype)) {
                prototypes[id] = JS_VALUE_GET_PTR(prototype);
            }
            JS_FreeValue(ctx, prototype);
        }
    }
}

/* The class whose objects have this prototype; 0 when there is none. Where
 * classes share one (Object.prototype), the first is the plain one. */
static JSClassID class_of_prototype(const prototypes_t prototypes,
                                    JSValueConst prototype)
{
    for (JSClassID id = 1; id < ISERE_BUILTIN_CLASSES; id++) {
        if (prototypes[id] == JS_VALUE_GET_PTR(prototype)) {
            return id;
        }
    }
    return 0;
}

/* A class of which the prototype is not found keeps ISERE_KIND_OTHER; id 0
 * collects those and is reset. */
static int find_classes(JSContext *ctx, isere_intrinsics_t *in,
                        JSValueConst global)
{
    prototypes_t prototypes;
    list_prototypes(ctx, prototypes);
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        JSValue prototype = prototype_of(ctx, global, classes[i].constructor);
        JSClassID id;
        if (JS_IsException(prototype)) {
            return -1;
        }
        id = JS_IsObject(prototype) ? class_of_prototype(prototypes, prototype)
                                    : 0;
        JS_FreeValue(ctx, prototype);
        in->kinds[id] = classes[i].kind;
    }
    in->kinds[0] = ISERE_KIND_OTHER;
    return 0;
}

/* Proxies have no prototype to be known by, so one is made. None may be
 * asked anything: each question runs a trap of the handler's. So they must
 * be known. */
static int find_proxy_class(JSContext *ctx, isere_intrinsics_t *in,
                            JSValueConst global)
{
    JSValue constructor = JS_GetPropertyStr(ctx, global, "Proxy");
    JSValue arguments[2] = {JS_NewObject(ctx), JS_NewObject(ctx)};
    JSValue proxy = JS_CallConstructor(ctx, constructor, 2, arguments);
    JSClassID id = JS_GetClassID(proxy);
    JS_FreeValue(ctx, proxy);
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    JS_FreeValue(ctx, constructor);
    if (id == JS_INVALID_CLASS_ID || id >= ISERE_BUILTIN_CLASSES) {
        return -1;
    }
    in->kinds[id] = ISERE_KIND_PROXY;
    return 0;
}

/* A getter is found by its descriptor: reading the property would call it. */
static JSValue find_getter(JSContext *ctx, JSValueConst prototype,
                           const char *name)
{
    JSPropertyDescriptor desc;
    JSAtom atom = JS_NewAtom(ctx, name);
    int found;
    if (atom == JS_ATOM_NULL) {
        return JS_EXCEPTION;
    }
    found = JS_GetOwnProperty(ctx, &desc, prototype, atom);
    JS_FreeAtom(ctx, atom);
    if (found <= 0) {
        return found < 0 ? JS_EXCEPTION : JS_UNDEFINED;
    }
    JS_FreeValue(ctx, desc.value);
    JS_FreeValue(ctx, desc.setter);
    return desc.getter;
}

/* What a source is found in: its constructor, or that one's prototype. */
static JSValue find_holder(JSContext *ctx, JSValueConst global, size_t which)
{
    const char *constructor = sources[which].constructor;
    return sources[which].place <= STATIC
               ? JS_GetPropertyStr(ctx, global, constructor)
               : prototype_of(ctx, global, constructor);
}

/* Methods are read from the prototype as values: no code has replaced them
 * yet. */
static JSValue find_member(JSContext *ctx, JSValueConst holder, size_t which)
{
    const char *member = sources[which].member;
    if (!member) {
        return JS_DupValue(ctx, holder);
    }
    return sources[which].place == GETTER
               ? find_getter(ctx, holder, member)
               : JS_GetPropertyStr(ctx, holder, member);
}

/* Whether two sources are found in the same object. */
static bool share_holder(size_t a, size_t b)
{
    return strcmp(sources[a].constructor, sources[b].constructor) == 0 &&
           (sources[a].place <= STATIC) == (sources[b].place <= STATIC);
}

/* Sources of one constructor stand together, so that each is read once: this is
 * part of every start of an isolate. */
static int find_values(JSContext *ctx, isere_intrinsics_t *in,
                       JSValueConst global)
{
    JSValue holder = JS_UNDEFINED;
    int result = 0;
    for (size_t i = 0; i < ISERE_IN_MAP_NEXT && result == 0; i++) {
        if (i == 0 || !share_holder(i, i - 1)) {
            JS_FreeValue(ctx, holder);
            holder = find_holder(ctx, global, i);
        }
        in->values[i] =
            JS_IsException(holder) ? JS_EXCEPTION : find_member(ctx, holder, i);
        result = JS_IsException(in->values[i]) ? -1 : 0;
    }
    JS_FreeValue(ctx, holder);
    return result;
}

/* The `next` of the iterators which `method` makes for a `constructor`. The
 * prototypes of iterators have no name to find them by, so an iterator is
 * made. */
static JSValue find_next(JSContext *ctx, const isere_intrinsics_t *in,
                         isere_intrinsic_t constructor,
                         isere_intrinsic_t method)
{
    JSValue collection =
        JS_CallConstructor(ctx, in->values[constructor], 0, NULL);
    JSValue iterator, next;
    if (JS_IsException(collection)) {
        return collection;
    }
    iterator = isere__intrinsics_call(ctx, in, method, collection, 0, NULL);
    JS_FreeValue(ctx, collection);
    if (JS_IsException(iterator)) {
        return iterator;
    }
    next = JS_GetPropertyStr(ctx, iterator, "next");
    JS_FreeValue(ctx, iterator);
    return next;
}

/* Values first: finding the classes needs some of them. On failure deinit frees
 * what is there, the rest is undefined. */
int isere__intrinsics_init(JSContext *ctx, isere_intrinsics_t *in)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int result = -1;
    for (size_t i = 0; i < ISERE_IN_COUNT; i++) {
        in->values[i] = JS_UNDEFINED;
    }
    if (find_values(ctx, in, global) < 0) {
        goto done;
    }
    in->values[ISERE_IN_MAP_NEXT] =
        find_next(ctx, in, ISERE_IN_MAP, ISERE_IN_MAP_ENTRIES);
    in->values[ISERE_IN_SET_NEXT] =
        find_next(ctx, in, ISERE_IN_SET, ISERE_IN_SET_VALUES);
    if (JS_IsException(in->values[ISERE_IN_MAP_NEXT]) ||
        JS_IsException(in->values[ISERE_IN_SET_NEXT]) ||
        find_classes(ctx, in, global) < 0 ||
        find_proxy_class(ctx, in, global) < 0) {
        goto done;
    }
    /* Any builtin method has the class of native functions. */
    in->kinds[JS_GetClassID(in->values[ISERE_IN_MAP_SET])] =
        ISERE_KIND_NATIVE_FUNCTION;
    result = 0;
done:
    JS_FreeValue(ctx, global);
    return result;
}

void isere__intrinsics_deinit(JSContext *ctx, isere_intrinsics_t *in)
{
    for (size_t i = 0; i < ISERE_IN_COUNT; i++) {
        JS_FreeValue(ctx, in->values[i]);
        in->values[i] = JS_UNDEFINED;
    }
}

/* Classes that hosts registered (URL, timers) are above the table, and so
 * OTHER. */
isere_kind_t isere__intrinsics_kind(const isere_intrinsics_t *in,
                                    JSValueConst value)
{
    JSClassID id = JS_GetClassID(value);
    return id < ISERE_BUILTIN_CLASSES ? (isere_kind_t)in->kinds[id]
                                      : ISERE_KIND_OTHER;
}

/* Builtins are called through this, and never looked up on an object. */
JSValue isere__intrinsics_call(JSContext *ctx, const isere_intrinsics_t *in,
                               isere_intrinsic_t which, JSValueConst self,
                               int argc, JSValueConst *argv)
{
    return JS_Call(ctx, in->values[which], self, argc, argv);
}

int isere__intrinsics_number(JSContext *ctx, const isere_intrinsics_t *in,
                             isere_intrinsic_t which, JSValueConst self,
                             double *number)
{
    JSValue value = isere__intrinsics_call(ctx, in, which, self, 0, NULL);
    /* The value is a number already, so the conversion runs no user code. */
    return JS_IsException(value) ? -1 : JS_ToFloat64(ctx, number, value);
}

/* Takes the members out of what `next` gave: { value, done }, whose properties
 * are its own and plain. The iterator is a builtin's and its `next` was taken
 * at the start, so nothing of the handler's is involved. */
static int take_members(JSContext *ctx, bool is_map, JSValueConst step,
                        JSValue members[2])
{
    JSValue done = JS_GetPropertyStr(ctx, step, "done");
    JSValue value;
    if (JS_IsException(done)) {
        return -1;
    }
    if (JS_ToBool(ctx, done)) {
        return 0;
    }
    value = JS_GetPropertyStr(ctx, step, "value");
    if (!is_map) {
        members[0] = value;
        members[1] = JS_UNDEFINED;
        return JS_IsException(value) ? -1 : 1;
    }
    if (JS_IsException(value)) {
        return -1;
    }
    members[0] = JS_GetPropertyUint32(ctx, value, 0);
    members[1] = JS_GetPropertyUint32(ctx, value, 1);
    JS_FreeValue(ctx, value);
    return 1;
}

/* Called as the builtin, on an iterator that a builtin made: what a handler
 * does to %MapIteratorPrototype% is without effect. */
int isere__intrinsics_next(JSContext *ctx, const isere_intrinsics_t *in,
                           bool is_map, JSValueConst iterator,
                           JSValue members[2])
{
    isere_intrinsic_t which = is_map ? ISERE_IN_MAP_NEXT : ISERE_IN_SET_NEXT;
    JSValue step = isere__intrinsics_call(ctx, in, which, iterator, 0, NULL);
    int result;
    if (JS_IsException(step)) {
        return -1;
    }
    result = take_members(ctx, is_map, step, members);
    JS_FreeValue(ctx, step);
    return result;
}
