/*
 * The class URLSearchParams (section 6.2 of the URL standard): object, methods
 * and iterator. Its constructor's many forms are in url_search_params_init.c.
 */
#include "core/web/url/url_search_params.h"
#include "core/web/class.h"
#include "core/web/iterate.h"

static JSClassID params_class; /* one per process each, see url.h */
static JSClassID iterator_class;

/* Carries Symbol.iterator in its prototype slot, has no objects: a place in the
 * context that a handler can't reach. */
static JSClassID symbol_class;

void isere__url_search_params_register(void)
{
    JS_NewClassID(&params_class);
    JS_NewClassID(&iterator_class);
    JS_NewClassID(&symbol_class);
}

JSValue isere__url_iterator_symbol(JSContext *ctx)
{
    return JS_GetClassProto(ctx, symbol_class);
}

/* Object */

static void finalize_params(JSRuntime *rt, JSValue value)
{
    isere_url_params_object_t *object = JS_GetOpaque(value, params_class);
    if (object) {
        /* A finaliser has no context to throw in; freeing does not fail. */
        isere_url_memory_t memory = isere__url_memory_rt(rt);
        isere__url_params_clear(&memory, &object->list);
        js_free_rt(rt, object);
    }
}

static const JSClassDef params_def = {
    .class_name = "URLSearchParams",
    .finalizer = finalize_params,
};

isere_url_params_object_t *isere__url_search_params_of(JSValueConst value)
{
    return JS_GetOpaque(value, params_class);
}

/* Throws where `this` is another object: methods can be called on anything. */
static isere_url_params_object_t *get_this(JSContext *ctx,
                                           JSValueConst this_val)
{
    return JS_GetOpaque2(ctx, this_val, params_class);
}

/* Makes an object that takes over the list; the list is freed on failure.
 * `owner` is no reference, or the two would be a cycle that only the
 * collector could free: the URL's finaliser clears it. */
static JSValue wrap(JSContext *ctx, JSValueConst new_target,
                    isere_url_params_t *list, isere_url_object_t *owner)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    JSValue value = isere__class_new_object(ctx, new_target, params_class);
    isere_url_params_object_t *object =
        JS_IsException(value) ? NULL : js_malloc(ctx, sizeof(*object));
    if (!object) {
        isere__url_params_clear(&memory, list);
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    object->list = *list;
    object->owner = owner;
    JS_SetOpaque(value, object);
    return value;
}

/* Without the '?' of the query, which the parser of pairs would take for a
 * name's first letter. */
JSValue isere__url_search_params_new(JSContext *ctx, isere_url_object_t *owner)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_params_t list = {.pairs = NULL};
    isere_slice_t query = isere__url_search(&owner->url);
    if (query.len > 0) {
        query.ptr++;
        query.len--;
    }
    int error = isere__url_params_parse(&memory, &list, query);
    if (error) {
        isere__url_params_clear(&memory, &list);
        return isere__url_throw(ctx, error);
    }
    return wrap(ctx, JS_UNDEFINED, &list, owner);
}

/* undefined is no argument; null becomes the text "null" (Web IDL). */
static JSValue construct(JSContext *ctx, JSValueConst new_target, int argc,
                         JSValueConst *argv)
{
    isere_url_params_t list = {.pairs = NULL};
    if (argc > 0 && !JS_IsUndefined(argv[0]) &&
        isere__url_search_params_fill(ctx, &list, argv[0]) < 0) {
        isere_url_memory_t memory = isere__url_memory(ctx);
        isere__url_params_clear(&memory, &list);
        return JS_EXCEPTION;
    }
    return wrap(ctx, new_target, &list, NULL);
}

/* The "update steps": writes the list into the URL it belongs to. */
static JSValue update_owner(JSContext *ctx, isere_url_params_object_t *object)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_slice_t query;
    char *text;
    /* Made by itself, or its URL is gone. */
    if (!object->owner) {
        return JS_UNDEFINED;
    }
    int error =
        isere__url_params_serialise(&memory, &object->list, &text, &query.len);
    if (error) {
        return isere__url_throw(ctx, error);
    }
    query.ptr = text;
    error = isere__url_set_search(&memory, &object->owner->url, query);
    js_free(ctx, text);
    return error ? isere__url_throw(ctx, error) : JS_UNDEFINED;
}

/* Methods */

/* The arguments (name, value): the value only if `max` allows and it is
 * given. Returns how many there are, -1 with an exception pending. */
static int get_arguments(JSContext *ctx, int argc, JSValueConst *argv, int max,
                         isere_url_string_t strings[2])
{
    if (isere__url_string_get(ctx, argv[0], &strings[0]) < 0) {
        return -1;
    }
    if (max < 2 || argc < 2) {
        return 1;
    }
    if (isere__url_string_get(ctx, argv[1], &strings[1]) < 0) {
        isere__url_string_free(ctx, &strings[0]);
        return -1;
    }
    return 2;
}

static void free_arguments(JSContext *ctx, isere_url_string_t strings[2],
                           int count)
{
    for (int i = 0; i < count; i++) {
        isere__url_string_free(ctx, &strings[i]);
    }
}

enum { APPEND, SET };

/* "set": the first pair of that name stays and gets the value. */
static int set_pair(const isere_url_memory_t *memory, isere_url_params_t *list,
                    isere_slice_t name, isere_slice_t value)
{
    uint32_t i = isere__url_params_find(list, 0, name);
    if (i == list->count) {
        return isere__url_params_append(memory, list, name, value);
    }
    int error = isere__url_params_replace(memory, list, i, value);
    if (!error) {
        isere__url_params_remove(memory, list, i + 1, name, NULL);
    }
    return error;
}

/* Arguments become strings first, which may run code of the handler's; `object`
 * stays, since `this` holds it. */
static JSValue write_pair(JSContext *ctx, JSValueConst this_val, int argc,
                          JSValueConst *argv, int magic)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t text[2];
    isere_url_params_object_t *object = get_this(ctx, this_val);
    if (!object || isere__class_check_args(ctx, argc, 2) < 0) {
        return JS_EXCEPTION;
    }
    int count = get_arguments(ctx, argc, argv, 2, text);
    if (count < 0) {
        return JS_EXCEPTION;
    }
    int error =
        magic == APPEND
            ? isere__url_params_append(&memory, &object->list, text[0].text,
                                       text[1].text)
            : set_pair(&memory, &object->list, text[0].text, text[1].text);
    free_arguments(ctx, text, count);
    return error ? isere__url_throw(ctx, error) : update_owner(ctx, object);
}

/* An undefined second argument is none (Web IDL, optional arguments). */
static JSValue delete_pairs(JSContext *ctx, JSValueConst this_val, int argc,
                            JSValueConst *argv, int magic)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t text[2];
    isere_url_params_object_t *object = get_this(ctx, this_val);
    (void)magic;
    if (!object || isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    int given = argc > 1 && !JS_IsUndefined(argv[1]) ? 2 : 1;
    int count = get_arguments(ctx, argc, argv, given, text);
    if (count < 0) {
        return JS_EXCEPTION;
    }
    isere__url_params_remove(&memory, &object->list, 0, text[0].text,
                             count == 2 ? &text[1].text : NULL);
    free_arguments(ctx, text, count);
    return update_owner(ctx, object);
}

/* Whether a pair has the name, and the value if that is not NULL. */
static bool has_pair(const isere_url_params_t *list, isere_slice_t name,
                     const isere_slice_t *value)
{
    uint32_t i = isere__url_params_find(list, 0, name);
    for (; i < list->count; i = isere__url_params_find(list, i + 1, name)) {
        isere_slice_t found = isere__url_params_value(list, i);
        if (!value || (found.len == value->len &&
                       (found.len == 0 ||
                        memcmp(found.ptr, value->ptr, found.len) == 0))) {
            return true;
        }
    }
    return false;
}

/* All values of a name as an array. Defining takes the value over, also when
 * it fails. */
static JSValue all_values(JSContext *ctx, const isere_url_params_t *list,
                          isere_slice_t name)
{
    JSValue array = JS_NewArray(ctx);
    uint32_t n = 0;
    if (JS_IsException(array)) {
        return array;
    }
    uint32_t i = isere__url_params_find(list, 0, name);
    for (; i < list->count; i = isere__url_params_find(list, i + 1, name)) {
        JSValue value =
            isere__url_new_string(ctx, isere__url_params_value(list, i));
        if (JS_IsException(value) ||
            JS_DefinePropertyValueUint32(ctx, array, n++, value,
                                         JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, array);
            return JS_EXCEPTION;
        }
    }
    return array;
}

enum { GET, GET_ALL, HAS };

/* The list is read after the arguments became strings: that may have changed
 * it. */
static JSValue read_pairs(JSContext *ctx, JSValueConst this_val, int argc,
                          JSValueConst *argv, int magic)
{
    isere_url_string_t text[2];
    isere_url_params_object_t *object = get_this(ctx, this_val);
    if (!object || isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    bool two = magic == HAS && argc > 1 && !JS_IsUndefined(argv[1]);
    int count = get_arguments(ctx, argc, argv, two ? 2 : 1, text);
    if (count < 0) {
        return JS_EXCEPTION;
    }
    const isere_url_params_t *list = &object->list;
    isere_slice_t name = text[0].text;
    /* What get() says of a name that there is not: null, not undefined. */
    JSValue result = JS_NULL;
    if (magic == HAS) {
        result =
            JS_NewBool(ctx, has_pair(list, name, two ? &text[1].text : NULL));
    } else if (magic == GET_ALL) {
        result = all_values(ctx, list, name);
    } else {
        uint32_t i = isere__url_params_find(list, 0, name);
        if (i < list->count) {
            result =
                isere__url_new_string(ctx, isere__url_params_value(list, i));
        }
    }
    free_arguments(ctx, text, count);
    return result;
}

/* The owner is updated even when the order is the same, as the standard has
 * it. */
static JSValue sort(JSContext *ctx, JSValueConst this_val, int argc,
                    JSValueConst *argv, int magic)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_params_object_t *object = get_this(ctx, this_val);
    (void)argc;
    (void)argv;
    (void)magic;
    if (!object) {
        return JS_EXCEPTION;
    }
    int error = isere__url_params_sort(&memory, &object->list);
    return error ? isere__url_throw(ctx, error) : update_owner(ctx, object);
}

/* Without the '?' that URL.search has. */
static JSValue to_string(JSContext *ctx, JSValueConst this_val, int argc,
                         JSValueConst *argv, int magic)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_params_object_t *object = get_this(ctx, this_val);
    isere_slice_t query;
    char *text;
    (void)argc;
    (void)argv;
    (void)magic;
    if (!object) {
        return JS_EXCEPTION;
    }
    int error =
        isere__url_params_serialise(&memory, &object->list, &text, &query.len);
    if (error) {
        return isere__url_throw(ctx, error);
    }
    query.ptr = text;
    JSValue value = isere__url_new_string(ctx, query);
    js_free(ctx, text);
    return value;
}

/* Pairs, not names: a name may come more than once. */
static JSValue get_size(JSContext *ctx, JSValueConst this_val, int magic)
{
    isere_url_params_object_t *object = get_this(ctx, this_val);
    (void)magic;
    return object ? JS_NewUint32(ctx, object->list.count) : JS_EXCEPTION;
}

/* Web IDL: (value, name, object), in that order. */
static JSValue for_each(JSContext *ctx, JSValueConst this_val, int argc,
                        JSValueConst *argv, int magic)
{
    isere_url_params_object_t *object = get_this(ctx, this_val);
    JSValueConst this_arg = argc > 1 ? argv[1] : JS_UNDEFINED;
    (void)magic;
    if (!object || isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    if (!JS_IsFunction(ctx, argv[0])) {
        return JS_ThrowTypeError(ctx, "not a function");
    }
    /* The callback may change the list. So its length is asked for each
     * time, and no pointer into it is kept. */
    for (uint32_t i = 0; i < object->list.count; i++) {
        JSValue args[3] = {
            isere__url_new_string(ctx,
                                  isere__url_params_value(&object->list, i)),
            isere__url_new_string(ctx,
                                  isere__url_params_name(&object->list, i)),
            JS_DupValue(ctx, this_val),
        };
        JSValue result = JS_EXCEPTION;
        if (!JS_IsException(args[0]) && !JS_IsException(args[1])) {
            result = JS_Call(ctx, argv[0], this_arg, 3, (JSValueConst *)args);
        }
        JS_FreeValue(ctx, args[0]);
        JS_FreeValue(ctx, args[1]);
        JS_FreeValue(ctx, args[2]);
        if (JS_IsException(result)) {
            return result;
        }
        JS_FreeValue(ctx, result);
    }
    return JS_UNDEFINED;
}

/* Iterator */

enum { ENTRIES, KEYS, VALUES };

/* Iterates live: by index into the list as it is at each step. A copy of the
 * list would not see what the loop's body does to it, which the standard
 * wants seen (Web IDL, iterable declarations). */
typedef struct params_iterator {
    JSValue params;
    uint32_t index;
    int kind;
} params_iterator_t;

/* After a restore nobody calls it, and nothing has to. */
static void finalize_iterator(JSRuntime *rt, JSValue value)
{
    params_iterator_t *it = JS_GetOpaque(value, iterator_class);
    if (it) {
        JS_FreeValueRT(rt, it->params);
        js_free_rt(rt, it);
    }
}

static void mark_iterator(JSRuntime *rt, JSValueConst value,
                          JS_MarkFunc *mark_func)
{
    params_iterator_t *it = JS_GetOpaque(value, iterator_class);
    if (it) {
        JS_MarkValue(rt, it->params, mark_func);
    }
}

static const JSClassDef iterator_def = {
    .class_name = "URLSearchParams Iterator",
    .finalizer = finalize_iterator,
    .gc_mark = mark_iterator,
};

/* The iterator holds the object, and the object its list. */
static JSValue iterate(JSContext *ctx, JSValueConst this_val, int argc,
                       JSValueConst *argv, int magic)
{
    (void)argc;
    (void)argv;
    if (!get_this(ctx, this_val)) {
        return JS_EXCEPTION;
    }
    /* Until its opaque is set the finaliser and the collector find NULL. */
    JSValue value = JS_NewObjectClass(ctx, (int)iterator_class);
    if (JS_IsException(value)) {
        return value;
    }
    params_iterator_t *it = js_malloc(ctx, sizeof(*it));
    if (!it) {
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    it->params = JS_DupValue(ctx, this_val);
    it->index = 0;
    it->kind = magic;
    JS_SetOpaque(value, it);
    return value;
}

static JSValue new_entry(JSContext *ctx, const isere_url_params_t *list,
                         uint32_t i)
{
    return isere__iterate_new_entry(
        ctx, isere__url_new_string(ctx, isere__url_params_name(list, i)),
        isere__url_new_string(ctx, isere__url_params_value(list, i)));
}

/* A list that became shorter meanwhile ends the iteration; one that grew
 * goes on. `params` needs no check: iterate() has made one. */
static JSValue iterator_next(JSContext *ctx, JSValueConst this_val, int argc,
                             JSValueConst *argv, int *done, int magic)
{
    params_iterator_t *it = JS_GetOpaque2(ctx, this_val, iterator_class);
    (void)argc;
    (void)argv;
    (void)magic;
    *done = 0;
    if (!it) {
        return JS_EXCEPTION;
    }
    const isere_url_params_t *list =
        &isere__url_search_params_of(it->params)->list;
    if (it->index >= list->count) {
        *done = 1;
        return JS_UNDEFINED;
    }
    uint32_t i = it->index++;
    if (it->kind == ENTRIES) {
        return new_entry(ctx, list, i);
    }
    return isere__url_new_string(ctx, it->kind == KEYS
                                          ? isere__url_params_name(list, i)
                                          : isere__url_params_value(list, i));
}

/* Installation */

/* The engine's own kind of function: it makes the { value, done } objects
 * itself. */
static const JSCFunctionListEntry iterator_members[] = {
    {"next", JS_PROP_C_W_E, JS_DEF_CFUNC, 0,
     .u = {.func = {0,
                    JS_CFUNC_iterator_next,
                    {.iterator_next = iterator_next}}}},
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "URLSearchParams Iterator",
                       JS_PROP_CONFIGURABLE),
};

static const JSCFunctionListEntry members[] = {
    ISERE_CLASS_METHOD("append", 2, write_pair, APPEND),
    ISERE_CLASS_METHOD("delete", 1, delete_pairs, 0),
    ISERE_CLASS_METHOD("get", 1, read_pairs, GET),
    ISERE_CLASS_METHOD("getAll", 1, read_pairs, GET_ALL),
    ISERE_CLASS_METHOD("has", 1, read_pairs, HAS),
    ISERE_CLASS_METHOD("set", 2, write_pair, SET),
    ISERE_CLASS_METHOD("sort", 0, sort, 0),
    ISERE_CLASS_METHOD("toString", 0, to_string, 0),
    ISERE_CLASS_METHOD("forEach", 1, for_each, 0),
    ISERE_CLASS_METHOD("entries", 0, iterate, ENTRIES),
    ISERE_CLASS_METHOD("keys", 0, iterate, KEYS),
    ISERE_CLASS_METHOD("values", 0, iterate, VALUES),
    ISERE_CLASS_ACCESSOR("size", get_size, NULL, 0),
    /* The same function object, as Web IDL asks for. */
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "URLSearchParams",
                       JS_PROP_CONFIGURABLE),
};

static const JSClassDef symbol_def = {.class_name = "Symbol.iterator"};

/* Remembers Symbol.iterator, which a handler's code could replace. */
static int keep_symbol(JSContext *ctx, JSValueConst global)
{
    JSValue constructor = JS_GetPropertyStr(ctx, global, "Symbol");
    JSValue symbol = JS_GetPropertyStr(ctx, constructor, "iterator");
    JS_FreeValue(ctx, constructor);
    if (JS_IsException(symbol)) {
        return -1;
    }
    JS_SetClassProto(ctx, symbol_class, symbol);
    return 0;
}

/* %IteratorPrototype%: the prototype of array iterators' prototype. There is
 * no global name for it. */
static JSValue iterator_prototype(JSContext *ctx)
{
    JSValue array = JS_NewArray(ctx);
    JSValue values = JS_GetPropertyStr(ctx, array, "values");
    JSValue iterator = JS_Call(ctx, values, array, 0, NULL);
    JS_FreeValue(ctx, values);
    JS_FreeValue(ctx, array);
    if (JS_IsException(iterator)) {
        return iterator;
    }
    JSValue proto = JS_GetPrototype(ctx, iterator);
    JSValue parent = JS_GetPrototype(ctx, proto);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, iterator);
    return parent;
}

static int install_iterator(JSContext *ctx)
{
    JSValue parent = iterator_prototype(ctx);
    int error = JS_IsException(parent)
                    ? -1
                    : isere__class_define_iterator(
                          ctx, iterator_class, parent, iterator_members,
                          sizeof(iterator_members) / sizeof(*iterator_members));
    JS_FreeValue(ctx, parent);
    return error;
}

JSValue isere__url_iterator_prototype(JSContext *ctx)
{
    JSValue proto = JS_GetClassProto(ctx, iterator_class);
    JSValue parent = JS_GetPrototype(ctx, proto);
    JS_FreeValue(ctx, proto);
    return parent;
}

int isere__url_search_params_install(JSContext *ctx, JSValueConst global)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    const isere_class_t definition = {
        .id = params_class,
        .def = &params_def,
        .constructor = construct,
        .length = 0,
        .members = members,
        .member_count = sizeof(members) / sizeof(members[0]),
    };
    if (isere__class_register(rt, symbol_class, &symbol_def) < 0 ||
        isere__class_register(rt, iterator_class, &iterator_def) < 0 ||
        keep_symbol(ctx, global) < 0 || install_iterator(ctx) < 0) {
        return -1;
    }
    return isere__class_define(ctx, global, &definition);
}
