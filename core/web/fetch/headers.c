/* The class Headers (Fetch section 5.1), and its iterator. */
#include "core/web/fetch/headers.h"
#include "core/http/chars.h"
#include "core/web/class.h"
#include "core/web/fetch/field.h"
#include "core/web/iterate.h"
#include "core/web/url/url_search_params.h"

static JSClassID headers_class; /* one per process each, see url.h */
static JSClassID iterator_class;
static JSClassID entries_class; /* its "prototype" is what entries was */

void isere__headers_register(void)
{
    JS_NewClassID(&headers_class);
    JS_NewClassID(&iterator_class);
    JS_NewClassID(&entries_class);
}

/* ---- objects ---- */

static void finalize(JSRuntime *rt, JSValue value)
{
    isere__header_list_drop(rt, JS_GetOpaque(value, headers_class));
}

static const JSClassDef headers_def = {
    .class_name = "Headers",
    .finalizer = finalize,
};

isere_header_list_t *isere__headers_of(JSValueConst value)
{
    return JS_GetOpaque(value, headers_class);
}

static isere_header_list_t *get_this(JSContext *ctx, JSValueConst self)
{
    return JS_GetOpaque2(ctx, self, headers_class);
}

JSValue isere__headers_new(JSContext *ctx, isere_header_list_t *list)
{
    JSValue object = JS_NewObjectClass(ctx, (int)headers_class);
    if (!JS_IsException(object)) {
        JS_SetOpaque(object, isere__header_list_share(list));
    }
    return object;
}

JSValue isere__headers_get(JSContext *ctx, isere_header_list_t *list,
                           JSValue *object)
{
    if (!JS_IsObject(*object)) {
        JSValue made = isere__headers_new(ctx, list);
        if (JS_IsException(made)) {
            return made;
        }
        *object = made;
    }
    return JS_DupValue(ctx, *object);
}

static JSValue construct(JSContext *ctx, JSValueConst target, int argc,
                         JSValueConst *argv)
{
    isere_header_list_t *list = isere__header_list_new(ctx);
    if (!list) {
        return JS_EXCEPTION;
    }
    JSValue object = JS_EXCEPTION;
    if (argc < 1 || JS_IsUndefined(argv[0]) ||
        isere__headers_fill(ctx, list, argv[0]) == 0) {
        object = isere__class_new_object(ctx, target, headers_class);
    }
    if (JS_IsException(object)) {
        isere__header_list_drop(JS_GetRuntime(ctx), list);
        return object;
    }
    JS_SetOpaque(object, list);
    return object;
}

/* ---- methods ---- */

static JSValue throw_fixed(JSContext *ctx)
{
    return JS_ThrowTypeError(ctx, "these headers can't be changed");
}

int isere__headers_name(JSContext *ctx, JSValueConst value, isere_slice_t *name)
{
    name->ptr = JS_ToCStringLen(ctx, &name->len, value);
    if (!name->ptr) {
        return -1;
    }
    if (!isere__field_is_name(*name)) {
        JS_ThrowTypeError(ctx, "'%.64s' can't name a header", name->ptr);
        JS_FreeCString(ctx, name->ptr);
        return -1;
    }
    return 0;
}

/* The value as it is kept, the caller's; `value` is a string. */
static JSValue check_value(JSContext *ctx, isere_slice_t name,
                           JSValueConst value)
{
    JSValue checked = isere__field_value(ctx, value);
    return JS_IsUndefined(checked)
               ? JS_ThrowTypeError(ctx, "header '%.64s' has an invalid value",
                                   name.ptr)
               : checked;
}

int isere__headers_append(JSContext *ctx, isere_header_list_t *list,
                          JSValueConst name, JSValueConst value)
{
    isere_slice_t text;
    if (isere__headers_name(ctx, name, &text) < 0) {
        return -1;
    }
    JSValue checked = check_value(ctx, text, value);
    int error = -1;
    if (!JS_IsException(checked)) {
        error = isere__header_list_put(ctx, list, text, checked);
    }
    JS_FreeCString(ctx, text.ptr);
    return error;
}

enum { APPEND, SET };

/* Both become strings before either is looked at, which may run a handler's
 * code. */
static JSValue write_field(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv, int magic)
{
    isere_header_list_t *list = get_this(ctx, self);
    isere_slice_t name = {0};
    if (!list || isere__class_check_args(ctx, argc, 2) < 0) {
        return JS_EXCEPTION;
    }
    JSValue key = JS_ToString(ctx, argv[0]);
    JSValue value = JS_IsException(key) ? key : JS_ToString(ctx, argv[1]);
    int error =
        JS_IsException(value) ? -1 : isere__headers_name(ctx, key, &name);
    if (error == 0) {
        JSValue checked = check_value(ctx, name, value);
        if (JS_IsException(checked)) {
            error = -1;
        } else if (list->fixed) {
            JS_FreeValue(ctx, checked);
            throw_fixed(ctx);
            error = -1;
        } else if (magic == APPEND) {
            error = isere__header_list_put(ctx, list, name, checked);
        } else {
            error = isere__header_list_set(ctx, list, name, checked);
        }
        JS_FreeCString(ctx, name.ptr);
    }
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, key);
    return error ? JS_EXCEPTION : JS_UNDEFINED;
}

enum { GET, HAS, DELETE };

static JSValue with_name(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv, int magic)
{
    isere_header_list_t *list = get_this(ctx, self);
    isere_slice_t name;
    if (!list || isere__class_check_args(ctx, argc, 1) < 0 ||
        isere__headers_name(ctx, argv[0], &name) < 0) {
        return JS_EXCEPTION;
    }
    JSValue result = JS_UNDEFINED;
    if (magic == GET) {
        result = isere__header_list_get(ctx, list, name);
    } else if (magic == HAS) {
        result = JS_NewBool(ctx, isere__header_list_has(list, name));
    } else if (list->fixed) {
        result = throw_fixed(ctx);
    } else {
        isere__header_list_remove(ctx, list, name);
    }
    JS_FreeCString(ctx, name.ptr);
    return result;
}

static JSValue get_set_cookie(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv, int magic)
{
    const isere_header_list_t *list = get_this(ctx, self);
    JSValue array = list ? JS_NewArray(ctx) : JS_EXCEPTION;
    uint32_t count = 0;
    (void)argc;
    (void)argv;
    (void)magic;
    if (JS_IsException(array)) {
        return array;
    }
    for (const isere_header_t *h = list->first; h; h = h->next) {
        if (isere_http_equals(isere_header_name(h), "set-cookie") &&
            JS_DefinePropertyValueUint32(ctx, array, count++,
                                         JS_DupValue(ctx, h->value),
                                         JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, array);
            return JS_EXCEPTION;
        }
    }
    return array;
}

/* ---- the iterator ---- */

enum { ENTRIES, KEYS, VALUES };

/* Entries are made anew when the list has changed since; a handler sees what
 * the loop's body does to it (Web IDL, iterable declarations). */
typedef struct headers_iterator {
    isere_header_list_t *list;
    isere_header_entry_t *entries;
    uint32_t count;
    uint32_t index;
    uint32_t changes; /* of the list, when the entries were made */
    bool made;
    int kind;
} headers_iterator_t;

static void finalize_iterator(JSRuntime *rt, JSValue value)
{
    headers_iterator_t *it = JS_GetOpaque(value, iterator_class);
    if (it) {
        isere__header_list_free_entries(rt, it->entries, it->count);
        isere__header_list_drop(rt, it->list);
        js_free_rt(rt, it);
    }
}

static const JSClassDef iterator_def = {
    .class_name = "Headers Iterator",
    .finalizer = finalize_iterator,
};

static JSValue iterate(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv, int magic)
{
    isere_header_list_t *list = get_this(ctx, self);
    (void)argc;
    (void)argv;
    if (!list) {
        return JS_EXCEPTION;
    }
    JSValue value = JS_NewObjectClass(ctx, (int)iterator_class);
    headers_iterator_t *it =
        JS_IsException(value) ? NULL : js_mallocz(ctx, sizeof(*it));
    if (!it) {
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    it->list = isere__header_list_share(list);
    it->kind = magic;
    JS_SetOpaque(value, it);
    return value;
}

/* Whether the entries are those of the list as it is now; -1 when out of
 * memory. */
static int refresh(JSContext *ctx, headers_iterator_t *it)
{
    if (it->made && it->changes == it->list->changes) {
        return 0;
    }
    isere__header_list_free_entries(JS_GetRuntime(ctx), it->entries, it->count);
    it->entries = isere__header_list_entries(ctx, it->list, &it->count);
    it->changes = it->list->changes;
    it->made = true;
    return !it->entries && JS_HasException(ctx) ? -1 : 0;
}

static JSValue iterator_next(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv, int *done, int magic)
{
    headers_iterator_t *it = JS_GetOpaque2(ctx, self, iterator_class);
    (void)argc;
    (void)argv;
    (void)magic;
    *done = 0;
    if (!it || refresh(ctx, it) < 0) {
        return JS_EXCEPTION;
    }
    if (it->index >= it->count) {
        *done = 1;
        return JS_UNDEFINED;
    }
    const isere_header_entry_t *entry = &it->entries[it->index++];
    return it->kind == ENTRIES
               ? isere__iterate_new_entry(ctx, JS_DupValue(ctx, entry->name),
                                          JS_DupValue(ctx, entry->value))
               : JS_DupValue(ctx,
                             it->kind == KEYS ? entry->name : entry->value);
}

static JSValue call_with(JSContext *ctx, JSValueConst callback,
                         JSValueConst this_arg, JSValueConst self,
                         const isere_header_entry_t *entry)
{
    JSValue args[3] = {JS_DupValue(ctx, entry->value),
                       JS_DupValue(ctx, entry->name), JS_DupValue(ctx, self)};
    JSValue result = JS_Call(ctx, callback, this_arg, 3, (JSValueConst *)args);
    for (int i = 0; i < 3; i++) {
        JS_FreeValue(ctx, args[i]);
    }
    return result;
}

/* The callback may change the list: entries are looked at anew then. */
static JSValue for_each(JSContext *ctx, JSValueConst self, int argc,
                        JSValueConst *argv, int magic)
{
    headers_iterator_t it = {.list = get_this(ctx, self)};
    JSValue result = JS_UNDEFINED;
    (void)magic;
    if (!it.list || isere__class_check_args(ctx, argc, 1) < 0) {
        return JS_EXCEPTION;
    }
    if (!JS_IsFunction(ctx, argv[0])) {
        return JS_ThrowTypeError(ctx, "forEach needs a function");
    }
    while (!JS_IsException(result)) {
        if (refresh(ctx, &it) < 0) {
            result = JS_EXCEPTION;
            break;
        }
        if (it.index >= it.count) {
            break;
        }
        JS_FreeValue(ctx, result);
        result = call_with(ctx, argv[0], argc > 1 ? argv[1] : JS_UNDEFINED,
                           self, &it.entries[it.index++]);
    }
    isere__header_list_free_entries(JS_GetRuntime(ctx), it.entries, it.count);
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? JS_EXCEPTION : JS_UNDEFINED;
}

/* ---- installation ---- */

static const JSCFunctionListEntry iterator_members[] = {
    {"next", JS_PROP_C_W_E, JS_DEF_CFUNC, 0,
     .u = {.func = {0,
                    JS_CFUNC_iterator_next,
                    {.iterator_next = iterator_next}}}},
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Headers Iterator",
                       JS_PROP_CONFIGURABLE),
};

static const JSCFunctionListEntry members[] = {
    ISERE_CLASS_METHOD("append", 2, write_field, APPEND),
    ISERE_CLASS_METHOD("delete", 1, with_name, DELETE),
    ISERE_CLASS_METHOD("get", 1, with_name, GET),
    ISERE_CLASS_METHOD("getSetCookie", 0, get_set_cookie, 0),
    ISERE_CLASS_METHOD("has", 1, with_name, HAS),
    ISERE_CLASS_METHOD("set", 2, write_field, SET),
    ISERE_CLASS_METHOD("entries", 0, iterate, ENTRIES),
    ISERE_CLASS_METHOD("forEach", 1, for_each, 0),
    ISERE_CLASS_METHOD("keys", 0, iterate, KEYS),
    ISERE_CLASS_METHOD("values", 0, iterate, VALUES),
    /* The same function object, as Web IDL asks for. */
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Headers", JS_PROP_CONFIGURABLE),
};

static const JSClassDef entries_def = {.class_name = "Headers entries"};

int isere__headers_register_in(JSRuntime *rt)
{
    return isere__class_register(rt, headers_class, &headers_def) < 0 ||
                   isere__class_register(rt, iterator_class, &iterator_def) <
                       0 ||
                   isere__class_register(rt, entries_class, &entries_def) < 0
               ? -1
               : 0;
}

bool isere__headers_is_entries(JSContext *ctx, JSValueConst function)
{
    JSValue entries = JS_GetClassProto(ctx, entries_class);
    bool is = JS_StrictEq(ctx, entries, function);
    JS_FreeValue(ctx, entries);
    return is;
}

static int keep_entries(JSContext *ctx)
{
    JSValue proto = JS_GetClassProto(ctx, headers_class);
    JSValue entries = JS_GetPropertyStr(ctx, proto, "entries");
    JS_FreeValue(ctx, proto);
    if (JS_IsException(entries)) {
        return -1;
    }
    JS_SetClassProto(ctx, entries_class, entries);
    return 0;
}

int isere__headers_define(JSContext *ctx, JSValueConst object)
{
    const isere_class_t definition = {
        .id = headers_class,
        .def = &headers_def,
        .constructor = construct,
        .members = members,
        .member_count = sizeof(members) / sizeof(*members),
    };
    JSValue parent = isere__url_iterator_prototype(ctx);
    int error = JS_IsException(parent)
                    ? -1
                    : isere__class_define_iterator(
                          ctx, iterator_class, parent, iterator_members,
                          sizeof(iterator_members) / sizeof(*iterator_members));
    JS_FreeValue(ctx, parent);
    return error < 0 || isere__class_define(ctx, object, &definition) < 0
               ? -1
               : keep_entries(ctx);
}
