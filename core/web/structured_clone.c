/*
 * structuredClone (HTML section 2.7).
 *
 * No recursion: a table lists every object met with its copy, in the order of
 * discovery, and a cursor walks over it and fills the copies in. The same
 * table, hashed by address, finds cycles and shared references.
 */
#include "core/web/lazy/lazy.h"
#include "core/web/web.h"

#include <string.h>

enum { FIRST_CAPACITY = 16 };

typedef struct pair {
    JSValue source; /* owned, so that no address is used twice */
    JSValue copy;   /* owned */
    bool whole;     /* nothing of it is filled in later */
} pair_t;

typedef struct cloner {
    JSContext *ctx;
    const isere_intrinsics_t *in;
    pair_t *pairs;
    uint32_t *slots; /* index + 1 of a pair by address; twice the capacity */
    uint32_t count;
    uint32_t capacity;
} cloner_t;

static JSValue clone_value(cloner_t *c, JSValueConst value);

/* HTML says "DataCloneError" for whatever can't be cloned; the message says
 * what. */
static JSValue throw_clone(JSContext *ctx, const char *message)
{
    return isere__web_throw_dom(ctx, "DataCloneError", message);
}

/* The slot of an object, or the empty one where it belongs. Open addressing,
 * at most half full; Knuth's multiplicative hash spreads addresses, whose
 * low bits are zero. (Addresses may be used here: the table does not outlive
 * the call.) */
static uint32_t *find_slot(const cloner_t *c, const void *object)
{
    uint32_t mask = c->capacity * 2 - 1;
    uint32_t at = (uint32_t)((uintptr_t)object >> 3) * 2654435761u;
    at ^= at >> 16;
    for (;; at++) {
        uint32_t *slot = &c->slots[at & mask];
        if (*slot == 0 ||
            JS_VALUE_GET_PTR(c->pairs[*slot - 1].source) == object) {
            return slot;
        }
    }
}

/* The slots are made anew: their size is the hash's modulus. */
static int grow(cloner_t *c)
{
    uint32_t capacity = c->capacity ? c->capacity * 2 : FIRST_CAPACITY;
    pair_t *pairs;
    uint32_t *slots;
    if (capacity > UINT32_MAX / 4 / sizeof(*pairs)) {
        JS_ThrowOutOfMemory(c->ctx);
        return -1;
    }
    pairs = js_realloc(c->ctx, c->pairs, capacity * sizeof(*pairs));
    if (!pairs) {
        return -1;
    }
    c->pairs = pairs;
    slots = js_mallocz(c->ctx, (size_t)capacity * 2 * sizeof(*slots));
    if (!slots) {
        return -1;
    }
    js_free(c->ctx, c->slots);
    c->slots = slots;
    c->capacity = capacity;
    for (uint32_t i = 0; i < c->count; i++) {
        *find_slot(c, JS_VALUE_GET_PTR(pairs[i].source)) = i + 1;
    }
    return 0;
}

/* Notes a copy, which the table takes over; gives a reference back. The table
 * holds the source, too: a getter could drop the last reference to it, and a
 * new object could then have its address. */
static JSValue remember(cloner_t *c, JSValueConst source, JSValue copy)
{
    if (JS_IsException(copy)) {
        return copy;
    }
    if (c->count == c->capacity && grow(c) < 0) {
        JS_FreeValue(c->ctx, copy);
        return JS_EXCEPTION;
    }
    *find_slot(c, JS_VALUE_GET_PTR(source)) = c->count + 1;
    c->pairs[c->count].source = JS_DupValue(c->ctx, source);
    c->pairs[c->count].copy = copy;
    c->pairs[c->count].whole = false;
    c->count++;
    return JS_DupValue(c->ctx, copy);
}

/* new Number(1) is an object with an identity, and stays one. */
static JSValue copy_boxed(cloner_t *c, JSValueConst source, isere_kind_t kind)
{
    isere_intrinsic_t value_of =
        (isere_intrinsic_t)(ISERE_IN_NUMBER_VALUE_OF +
                            (kind - ISERE_KIND_NUMBER));
    JSValue primitive =
        isere__intrinsics_call(c->ctx, c->in, value_of, source, 0, NULL);
    JSValue copy;
    if (JS_IsException(primitive)) {
        return primitive;
    }
    copy = isere__intrinsics_call(c->ctx, c->in, ISERE_IN_OBJECT, JS_UNDEFINED,
                                  1, &primitive);
    JS_FreeValue(c->ctx, primitive);
    return copy;
}

/* By getTime as it was at the start: a Date has no property that holds its
 * time. */
static JSValue copy_date(cloner_t *c, JSValueConst source)
{
    double ms;
    if (isere__intrinsics_number(c->ctx, c->in, ISERE_IN_DATE_GET_TIME, source,
                                 &ms) < 0) {
        return JS_EXCEPTION;
    }
    return JS_NewDate(c->ctx, ms);
}

/* By the getters of the flags, not the property `flags`, which a handler may
 * have changed. lastIndex is not copied (HTML, StructuredSerializeInternal). */
static JSValue copy_regexp(cloner_t *c, JSValueConst source)
{
    static const char letters[] = "dgimsuy";
    JSContext *ctx = c->ctx;
    char flags[sizeof(letters)];
    size_t len = 0;
    JSValue arguments[2], copy;
    for (int i = 0; letters[i]; i++) {
        isere_intrinsic_t flag =
            (isere_intrinsic_t)(ISERE_IN_REGEXP_HAS_INDICES + i);
        JSValue on = isere__intrinsics_call(ctx, c->in, flag, source, 0, NULL);
        if (JS_IsException(on)) {
            return on;
        }
        if (JS_ToBool(ctx, on)) {
            flags[len++] = letters[i];
        }
    }
    arguments[0] = isere__intrinsics_call(ctx, c->in, ISERE_IN_REGEXP_SOURCE,
                                          source, 0, NULL);
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    arguments[1] = JS_NewStringLen(ctx, flags, len);
    copy =
        JS_CallConstructor(ctx, c->in->values[ISERE_IN_REGEXP], 2, arguments);
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    return copy;
}

/* A detached buffer has no bytes to clone, which the standard makes an error
 * and not an empty copy. */
static JSValue copy_buffer(cloner_t *c, JSValueConst source)
{
    size_t len;
    uint8_t *bytes = JS_GetArrayBuffer(c->ctx, &len, source);
    if (!bytes && JS_HasException(c->ctx)) {
        JS_FreeValue(c->ctx, JS_GetException(c->ctx));
        return throw_clone(c->ctx, "a detached ArrayBuffer can't be cloned");
    }
    return JS_NewArrayBufferCopy(c->ctx, bytes, len);
}

/* The view's arguments: the copy of its buffer, offset and length. */
static JSValue copy_typed_array(cloner_t *c, JSValueConst source,
                                isere_kind_t kind)
{
    JSContext *ctx = c->ctx;
    size_t offset, len, element;
    JSValue buffer =
        JS_GetTypedArrayBuffer(ctx, source, &offset, &len, &element);
    JSValue arguments[3], copy;
    if (JS_IsException(buffer)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return throw_clone(ctx, "a detached typed array can't be cloned");
    }
    /* Through the table: views onto one buffer share its copy, too. */
    arguments[0] = clone_value(c, buffer);
    JS_FreeValue(ctx, buffer);
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    arguments[1] = JS_NewInt64(ctx, (int64_t)offset);
    arguments[2] = JS_NewInt64(ctx, (int64_t)(len / element));
    copy = JS_NewTypedArray(ctx, 3, arguments,
                            (JSTypedArrayEnum)(kind - ISERE_KIND_TYPED_ARRAY));
    JS_FreeValue(ctx, arguments[0]);
    return copy;
}

/* As typed arrays, by the getters taken at the start. */
static JSValue copy_data_view(cloner_t *c, JSValueConst source)
{
    JSContext *ctx = c->ctx;
    JSValue buffer = isere__intrinsics_call(
        ctx, c->in, ISERE_IN_DATA_VIEW_BUFFER, source, 0, NULL);
    JSValue arguments[3], copy;
    if (JS_IsException(buffer)) {
        return buffer;
    }
    arguments[0] = clone_value(c, buffer);
    JS_FreeValue(ctx, buffer);
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    arguments[1] = isere__intrinsics_call(
        ctx, c->in, ISERE_IN_DATA_VIEW_BYTE_OFFSET, source, 0, NULL);
    arguments[2] = isere__intrinsics_call(
        ctx, c->in, ISERE_IN_DATA_VIEW_BYTE_LENGTH, source, 0, NULL);
    copy = JS_IsException(arguments[1]) || JS_IsException(arguments[2])
               ? JS_EXCEPTION
               : JS_CallConstructor(ctx, c->in->values[ISERE_IN_DATA_VIEW], 3,
                                    arguments);
    JS_FreeValue(ctx, arguments[0]);
    return copy;
}

/* The prototype for the name of an error. Only the standard's names count; any
 * other gives an Error. */
static isere_intrinsic_t error_prototype(const char *name)
{
    static const char *const names[] = {
        "EvalError",   "RangeError", "ReferenceError",
        "SyntaxError", "TypeError",  "URIError",
    };
    for (int i = 0; i < 6; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (isere_intrinsic_t)(ISERE_IN_EVAL_ERROR_PROTOTYPE + i);
        }
    }
    return ISERE_IN_COUNT;
}

/* `name` is read as a property, getters included: the standard says Get. */
static JSValue copy_error(cloner_t *c, JSValueConst source)
{
    JSContext *ctx = c->ctx;
    JSValue name = JS_GetPropertyStr(ctx, source, "name");
    const char *text = JS_IsException(name) ? NULL : JS_ToCString(ctx, name);
    isere_intrinsic_t prototype;
    JS_FreeValue(ctx, name);
    if (!text) {
        return JS_EXCEPTION;
    }
    prototype = error_prototype(text);
    JS_FreeCString(ctx, text);
    if (prototype == ISERE_IN_COUNT) {
        return JS_NewError(ctx);
    }
    return JS_NewObjectProtoClass(ctx, c->in->values[prototype],
                                  JS_GetClassID(source));
}

/* A copy without its properties and members, which are filled in later: an
 * object must be in the table before what refers back to it is cloned. */
static JSValue new_copy(cloner_t *c, JSValueConst source)
{
    isere_kind_t kind = isere__intrinsics_kind(c->in, source);
    if (kind >= ISERE_KIND_TYPED_ARRAY) {
        return copy_typed_array(c, source, kind);
    }
    switch (kind) {
    case ISERE_KIND_OBJECT:
        return JS_NewObject(c->ctx);
    case ISERE_KIND_ARRAY:
        return JS_NewArray(c->ctx);
    case ISERE_KIND_ERROR:
        return copy_error(c, source);
    case ISERE_KIND_NUMBER:
    case ISERE_KIND_STRING:
    case ISERE_KIND_BOOLEAN:
    case ISERE_KIND_BIGINT:
        return copy_boxed(c, source, kind);
    case ISERE_KIND_DATE:
        return copy_date(c, source);
    case ISERE_KIND_REGEXP:
        return copy_regexp(c, source);
    case ISERE_KIND_MAP:
        return JS_CallConstructor(c->ctx, c->in->values[ISERE_IN_MAP], 0, NULL);
    case ISERE_KIND_SET:
        return JS_CallConstructor(c->ctx, c->in->values[ISERE_IN_SET], 0, NULL);
    case ISERE_KIND_ARRAY_BUFFER:
        return copy_buffer(c, source);
    case ISERE_KIND_DATA_VIEW:
        return copy_data_view(c, source);
    default:
        return throw_clone(c->ctx, JS_IsFunction(c->ctx, source)
                                       ? "a function can't be cloned"
                                       : "the object can't be cloned");
    }
}

/* An object of a global in JavaScript looks like any other: its part says what
 * it is. Its copy, null when it has none, undefined for what is not one. */
static JSValue ask_part(cloner_t *c, const char *what, JSValueConst source)
{
    isere_kind_t kind = isere__intrinsics_kind(c->in, source);
    if ((kind != ISERE_KIND_OBJECT && kind != ISERE_KIND_ERROR) ||
        !isere_lazy_is_loaded(c->ctx, ISERE_LAZY_BASE)) {
        return JS_UNDEFINED;
    }
    return isere_lazy_call(c->ctx, ISERE_LAZY_BASE, what, 1, &source);
}

static JSValue remember_whole(cloner_t *c, JSValueConst source, JSValue copy)
{
    copy = remember(c, source, copy);
    if (!JS_IsException(copy)) {
        c->pairs[c->count - 1].whole = true;
    }
    return copy;
}

static JSValue clone_object(cloner_t *c, JSValueConst value)
{
    JSValue copy = ask_part(c, "clone", value);
    if (JS_IsUndefined(copy)) {
        return remember(c, value, new_copy(c, value));
    }
    if (JS_IsNull(copy)) {
        return throw_clone(c->ctx, "the object can't be cloned");
    }
    return remember_whole(c, value, copy);
}

/* The clone of any value (owned by the caller), which may yet be empty. */
static JSValue clone_value(cloner_t *c, JSValueConst value)
{
    uint32_t index;
    /* A symbol is its identity: a copy would be another one. */
    if (JS_IsSymbol(value)) {
        return throw_clone(c->ctx, "a symbol can't be cloned");
    }
    if (!JS_IsObject(value)) {
        return JS_DupValue(c->ctx, value);
    }
    index = c->count ? *find_slot(c, JS_VALUE_GET_PTR(value)) : 0;
    if (index != 0) {
        return JS_DupValue(c->ctx, c->pairs[index - 1].copy);
    }
    return clone_object(c, value);
}

/* Getters are called, as the standard has it; so the source may change under
 * us. */
static int fill_property(cloner_t *c, JSValueConst source, JSValueConst copy,
                         JSAtom name, int flags)
{
    JSPropertyDescriptor desc;
    JSValue value, clone;
    int found = JS_GetOwnProperty(c->ctx, &desc, source, name);
    if (found <= 0) {
        return found; /* a getter may have deleted it */
    }
    JS_FreeValue(c->ctx, desc.getter);
    JS_FreeValue(c->ctx, desc.setter);
    value = desc.value;
    if (desc.flags & JS_PROP_GETSET) {
        value = JS_GetProperty(c->ctx, source, name);
        if (JS_IsException(value)) {
            return -1;
        }
    }
    clone = clone_value(c, value);
    JS_FreeValue(c->ctx, value);
    if (JS_IsException(clone)) {
        return -1;
    }
    return JS_DefinePropertyValue(c->ctx, copy, name, clone, flags);
}

/* Names are listed once: properties that a getter adds are not cloned. */
static int fill_properties(cloner_t *c, JSValueConst source, JSValueConst copy)
{
    JSPropertyEnum *names;
    uint32_t count;
    int result = JS_GetOwnPropertyNames(c->ctx, &names, &count, source,
                                        JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY);
    if (result < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (result >= 0) {
            result =
                fill_property(c, source, copy, names[i].atom, JS_PROP_C_W_E);
        }
        JS_FreeAtom(c->ctx, names[i].atom);
    }
    js_free(c->ctx, names);
    return result < 0 ? -1 : 0;
}

/* The properties come first: defining one beyond `length` would raise it. */
static int fill_array(cloner_t *c, JSValueConst source, JSValueConst copy)
{
    JSValue length = JS_GetPropertyStr(c->ctx, source, "length");
    if (fill_properties(c, source, copy) < 0) {
        return -1;
    }
    /* Holes at the end count, too. */
    return JS_SetPropertyStr(c->ctx, copy, "length", length) < 0 ? -1 : 0;
}

/* Hidden, as errors have them; other properties of errors are not cloned. */
static int fill_error(cloner_t *c, JSValueConst source, JSValueConst copy)
{
    static const char *const names[] = {"message", "stack", "cause"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        JSAtom name = JS_NewAtom(c->ctx, names[i]);
        int result;
        if (name == JS_ATOM_NULL) {
            return -1;
        }
        result = fill_property(c, source, copy, name,
                               JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
        JS_FreeAtom(c->ctx, name);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

/* Adds one member of a Map or Set; takes over the member's values. */
static int add_member(cloner_t *c, bool is_map, JSValueConst copy,
                      JSValue members[2])
{
    JSContext *ctx = c->ctx;
    JSValue clones[2];
    JSValue result = JS_EXCEPTION;
    clones[0] = clone_value(c, members[0]);
    clones[1] =
        JS_IsException(clones[0]) ? JS_UNDEFINED : clone_value(c, members[1]);
    if (!JS_IsException(clones[0]) && !JS_IsException(clones[1])) {
        result = isere__intrinsics_call(
            ctx, c->in, is_map ? ISERE_IN_MAP_SET : ISERE_IN_SET_ADD, copy,
            is_map ? 2 : 1, clones);
    }
    for (int i = 0; i < 2; i++) {
        JS_FreeValue(ctx, clones[i]);
        JS_FreeValue(ctx, members[i]);
    }
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? -1 : 0;
}

/* The standard copies the list of members first. Nothing that could add any
 * runs in between but the getter of an error's `name`: objects are filled
 * later. */
static int fill_members(cloner_t *c, bool is_map, JSValueConst source,
                        JSValueConst copy)
{
    JSValue members[2];
    JSValue iterator = isere__intrinsics_call(
        c->ctx, c->in, is_map ? ISERE_IN_MAP_ENTRIES : ISERE_IN_SET_VALUES,
        source, 0, NULL);
    int result;
    if (JS_IsException(iterator)) {
        return -1;
    }
    while ((result = isere__intrinsics_next(c->ctx, c->in, is_map, iterator,
                                            members)) > 0) {
        if (add_member(c, is_map, copy, members) < 0) {
            result = -1;
            break;
        }
    }
    JS_FreeValue(c->ctx, iterator);
    return result;
}

/* What is not listed was complete when it was made. */
static int fill(cloner_t *c, JSValueConst source, JSValueConst copy)
{
    switch (isere__intrinsics_kind(c->in, source)) {
    case ISERE_KIND_OBJECT:
        return fill_properties(c, source, copy);
    case ISERE_KIND_ARRAY:
        return fill_array(c, source, copy);
    case ISERE_KIND_ERROR:
        return fill_error(c, source, copy);
    case ISERE_KIND_MAP:
        return fill_members(c, true, source, copy);
    case ISERE_KIND_SET:
        return fill_members(c, false, source, copy);
    default:
        return 0;
    }
}

/* Sources were held until here, so that no address was used twice. */
static void release(cloner_t *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        JS_FreeValue(c->ctx, c->pairs[i].source);
        JS_FreeValue(c->ctx, c->pairs[i].copy);
    }
    js_free(c->ctx, c->pairs);
    js_free(c->ctx, c->slots);
}

/* An empty object for one that is moved at the end: null when it was moved
 * before. */
static JSValue copy_moved(cloner_t *c, JSValueConst item)
{
    JSValue copy = ask_part(c, "shell", item);
    if (JS_IsNull(copy)) {
        return throw_clone(c->ctx, "the object was transferred already");
    }
    if (JS_IsUndefined(copy)) {
        return throw_clone(
            c->ctx, "only an ArrayBuffer or a MessagePort can be transferred");
    }
    return remember_whole(c, item, copy);
}

static JSValue copy_transferred(cloner_t *c, JSValueConst item)
{
    size_t len;
    if (JS_IsObject(item) && c->count &&
        *find_slot(c, JS_VALUE_GET_PTR(item)) != 0) {
        return throw_clone(c->ctx, "an object to transfer is listed twice");
    }
    if (isere__intrinsics_kind(c->in, item) != ISERE_KIND_ARRAY_BUFFER) {
        return copy_moved(c, item);
    }
    if (!JS_GetArrayBuffer(c->ctx, &len, item) && JS_HasException(c->ctx)) {
        JS_FreeValue(c->ctx, JS_GetException(c->ctx));
        return throw_clone(c->ctx, "the ArrayBuffer is detached already");
    }
    return clone_value(c, item);
}

/* Copies the objects of options.transfer before anything else, so that they are
 * the first pairs of the table; returns how many, or -1. Web IDL would take any
 * iterable; arrays are what everybody writes. Bytes are copied, not moved: the
 * engine can't hand over a buffer's memory. */
static int64_t clone_transfers(cloner_t *c, JSValueConst list)
{
    JSValue value;
    uint32_t length;
    if (JS_IsUndefined(list)) {
        return 0;
    }
    if (isere__intrinsics_kind(c->in, list) != ISERE_KIND_ARRAY) {
        JS_ThrowTypeError(c->ctx, "transfer must be an array");
        return -1;
    }
    value = JS_GetPropertyStr(c->ctx, list, "length");
    if (JS_ToUint32(c->ctx, &length, value) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < length; i++) {
        JSValue item = JS_GetPropertyUint32(c->ctx, list, i);
        JSValue copy =
            JS_IsException(item) ? JS_EXCEPTION : copy_transferred(c, item);
        JS_FreeValue(c->ctx, item);
        JS_FreeValue(c->ctx, copy);
        if (JS_IsException(copy)) {
            return -1;
        }
    }
    return length;
}

/* Empties a source into its copy. */
static int move(cloner_t *c, uint32_t pair)
{
    JSValueConst both[2] = {c->pairs[pair].source, c->pairs[pair].copy};
    if (!c->pairs[pair].whole) {
        JS_DetachArrayBuffer(c->ctx, both[0]);
        return 0;
    }
    return JS_IsException(
               isere_lazy_call(c->ctx, ISERE_LAZY_BASE, "move", 2, both))
               ? -1
               : 0;
}

/* Breadth first: copies come into the table empty and are filled in that order.
 * The list grows while it is walked. */
static JSValue clone_graph(cloner_t *c, JSValueConst value,
                           JSValueConst transfer)
{
    int64_t transfers = clone_transfers(c, transfer);
    JSValue result;
    if (transfers < 0) {
        return JS_EXCEPTION;
    }
    result = clone_value(c, value);
    for (uint32_t i = 0; !JS_IsException(result) && i < c->count; i++) {
        /* The table may move while the copy is filled. */
        JSValueConst source = c->pairs[i].source;
        JSValueConst copy = c->pairs[i].copy;
        if (!c->pairs[i].whole && fill(c, source, copy) < 0) {
            JS_FreeValue(c->ctx, result);
            result = JS_EXCEPTION;
        }
    }
    /* Only when all went well: a clone that throws leaves its arguments
     * whole. */
    for (uint32_t i = 0; !JS_IsException(result) && i < transfers; i++) {
        if (move(c, i) < 0) {
            JS_FreeValue(c->ctx, result);
            result = JS_EXCEPTION;
        }
    }
    return result;
}

/* Of the options only `transfer` counts (HTML, StructuredSerializeOptions). */
static JSValue structured_clone(JSContext *ctx, JSValueConst self, int argc,
                                JSValueConst *argv)
{
    cloner_t c = {0};
    JSValue transfer = JS_UNDEFINED;
    JSValue result;
    (void)self;
    if (argc < 1) {
        return JS_ThrowTypeError(ctx, "structuredClone needs a value");
    }
    if (argc > 1 && JS_IsObject(argv[1])) {
        transfer = JS_GetPropertyStr(ctx, argv[1], "transfer");
        if (JS_IsException(transfer)) {
            return transfer;
        }
    }
    c.ctx = ctx;
    c.in = &isere_host_web_state(ctx)->intrinsics;
    result = clone_graph(&c, argv[0], transfer);
    release(&c);
    JS_FreeValue(ctx, transfer);
    return result;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("structuredClone", 1, structured_clone),
};

int isere__structured_clone_install(JSContext *ctx, JSValueConst global)
{
    JS_SetPropertyFunctionList(ctx, global, functions, 1);
    return 0;
}
