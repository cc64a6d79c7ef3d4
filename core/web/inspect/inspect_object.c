/* The text of values for people: objects of every kind, in the forms of Node's
 * util.inspect. */
#include "core/web/inspect/inspect_internal.h"

#include <string.h>

/* How many members of a list are shown, and bytes of an ArrayBuffer. */
enum { MEMBERS_MAX = 100, BYTES_MAX = 50 };

/* Arrays longer than this are not searched for other properties than their
 * elements: listing the names would take as much memory as the array. */
enum { EXTRAS_MAX = 10000 };

/* A member this long does not share its line with others. */
enum { PACKED_MAX = 16 };

static bool string_is(isere_inspect_t *i, JSValueConst value, const char *text)
{
    const char *string;
    bool same;
    if (!JS_IsString(value)) {
        return false;
    }
    string = JS_ToCString(i->ctx, value);
    if (!string) {
        i->failed = true;
        return false;
    }
    same = strcmp(string, text) == 0;
    JS_FreeCString(i->ctx, string);
    return same;
}

/* A member of a list that may be packed. Short members of long lists share
 * lines, objects never do. */
static void put_member(isere_inspect_t *i, isere_inspect_list_t *list,
                       JSValueConst value)
{
    size_t size = 0;
    if (list->multi_line && list->packed && !JS_IsObject(value)) {
        size = isere__inspect_measure(i, value, list->level + 1, PACKED_MAX);
    }
    isere__inspect_entry(i, list, size);
    isere__inspect_value(i, value, list->level + 1);
}

/* "... 5 more items" */
static void put_more(isere_inspect_t *i, isere_inspect_list_t *list,
                     double count, const char *what)
{
    isere__inspect_entry(i, list, 0);
    isere__inspect_puts(i, "... ");
    isere__inspect_number(i, count);
    isere__inspect_puts(i, " more ");
    isere__inspect_puts(i, what);
    isere__inspect_puts(i, count > 1 ? "s" : "");
}

/* --- Arrays --- */

/* The length of an ordinary array is an own data property that can't be
 * redefined; no code runs. */
static uint32_t array_length(isere_inspect_t *i, JSValueConst array,
                             isere_kind_t kind)
{
    size_t bytes, element;
    uint32_t length = 0;
    JSValue value;
    if (kind < ISERE_KIND_TYPED_ARRAY) {
        value = isere__inspect_data(i, array, "length", false);
        JS_ToUint32(i->ctx, &length, value);
        return length;
    }
    value = JS_GetTypedArrayBuffer(i->ctx, array, NULL, &bytes, &element);
    if (JS_IsException(value)) { /* its buffer is detached */
        JS_FreeValue(i->ctx, JS_GetException(i->ctx));
        return 0;
    }
    JS_FreeValue(i->ctx, value);
    return (uint32_t)(bytes / element);
}

/* "<3 empty items>": neighbours are counted together. */
static void put_holes(isere_inspect_t *i, isere_inspect_list_t *list,
                      uint32_t holes)
{
    isere__inspect_entry(i, list, 0);
    isere__inspect_puts(i, "<");
    isere__inspect_number(i, holes);
    isere__inspect_puts(i, holes > 1 ? " empty items>" : " empty item>");
}

/* Shows an element, or counts a hole. By its descriptor, so that holes can
 * be told from undefined and getters are not called. The descriptor owns
 * what it holds, and is freed here. */
static void put_element(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst array, uint32_t index, uint32_t *holes)
{
    JSAtom name = JS_NewAtomUInt32(i->ctx, index);
    JSPropertyDescriptor desc;
    int found = isere__inspect_own_property(i, array, name, &desc);
    JS_FreeAtom(i->ctx, name);
    if (found < 0) {
        i->failed = true;
    }
    if (found <= 0) {
        ++*holes;
        return;
    }
    if (*holes > 0) {
        put_holes(i, list, *holes);
        *holes = 0;
    }
    if (desc.flags & JS_PROP_GETSET) {
        isere__inspect_entry(i, list, 0);
        isere__inspect_puts(i, "[Getter]");
    } else {
        put_member(i, list, desc.value);
    }
    isere__inspect_free_descriptor(i->ctx, &desc);
}

/* At most 100 elements, then "... n more items"; other properties of the array
 * follow. */
static void put_elements(isere_inspect_t *i, isere_inspect_list_t *list,
                         JSValueConst array, isere_kind_t kind)
{
    uint32_t length = array_length(i, array, kind);
    uint32_t holes = 0;
    uint32_t index = 0;
    /* A sparse array is walked no further than long ones are shown. */
    for (; index < length && !isere__inspect_stopped(i) &&
           list->count < MEMBERS_MAX && holes < EXTRAS_MAX;
         index++) {
        put_element(i, list, array, index, &holes);
    }
    /* new Array(1e9) has a length but no elements: it must not take a
     * second. */
    if (holes >= EXTRAS_MAX && index < length) {
        put_more(i, list, (double)length - index + holes, "item");
        return;
    }
    if (holes > 0) {
        put_holes(i, list, holes);
    }
    if (index < length) {
        put_more(i, list, (double)length - index, "item");
    }
    if (length <= EXTRAS_MAX) {
        isere__inspect_properties(i, array, NULL, true, list);
    }
}

/* --- Maps, Sets and other holders --- */

/* "'a' => 1" for a Map, values alone for a Set. The iterator is live, and
 * nothing here runs code that could change what it walks over. */
static void put_members(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst collection, bool is_map, double size)
{
    JSValue members[2];
    int found = 1;
    JSValue iterator = isere__intrinsics_call(
        i->ctx, i->in, is_map ? ISERE_IN_MAP_ENTRIES : ISERE_IN_SET_VALUES,
        collection, 0, NULL);
    if (JS_IsException(iterator)) {
        i->failed = true;
        return;
    }
    while (!isere__inspect_stopped(i) && list->count < MEMBERS_MAX &&
           (found = isere__intrinsics_next(i->ctx, i->in, is_map, iterator,
                                           members)) > 0) {
        if (is_map) {
            isere__inspect_entry(i, list, 0);
            isere__inspect_value(i, members[0], list->level + 1);
            isere__inspect_puts(i, " => ");
            isere__inspect_value(i, members[1], list->level + 1);
        } else {
            put_member(i, list, members[0]);
        }
        JS_FreeValue(i->ctx, members[0]);
        JS_FreeValue(i->ctx, members[1]);
    }
    JS_FreeValue(i->ctx, iterator);
    i->failed |= found < 0;
    if (found > 0 && size > MEMBERS_MAX) {
        put_more(i, list, size - MEMBERS_MAX, "item");
    }
}

/* "[Uint8Contents]: <00 01 ff>, byteLength: 3" */
static void put_bytes(isere_inspect_t *i, isere_inspect_list_t *list,
                      JSValueConst buffer)
{
    static const char digits[] = "0123456789abcdef";
    size_t len;
    const uint8_t *bytes = JS_GetArrayBuffer(i->ctx, &len, buffer);
    isere__inspect_entry(i, list, 0);
    if (!bytes) {
        JS_FreeValue(i->ctx, JS_GetException(i->ctx));
        isere__inspect_puts(i, "(detached), byteLength: 0");
        return;
    }
    isere__inspect_puts(i, "[Uint8Contents]: <");
    for (size_t n = 0; n < len && n < BYTES_MAX; n++) {
        char hex[3] = {' ', digits[bytes[n] >> 4], digits[bytes[n] & 15]};
        isere__inspect_put(i, n ? hex : hex + 1, n ? 3 : 2);
    }
    if (len > BYTES_MAX) {
        isere__inspect_puts(i, " ... ");
        isere__inspect_number(i, (double)(len - BYTES_MAX));
        isere__inspect_puts(i, " more bytes");
    }
    isere__inspect_puts(i, ">");
    isere__inspect_entry(i, list, 0);
    isere__inspect_puts(i, "byteLength: ");
    isere__inspect_number(i, (double)len);
}

/* Its three getters throw when the buffer is detached, which one entry then
 * says. */
static void put_data_view(isere_inspect_t *i, isere_inspect_list_t *list,
                          JSValueConst view)
{
    static const struct {
        const char *name;
        isere_intrinsic_t getter;
    } members[] = {
        {"byteLength: ", ISERE_IN_DATA_VIEW_BYTE_LENGTH},
        {"byteOffset: ", ISERE_IN_DATA_VIEW_BYTE_OFFSET},
        {"buffer: ", ISERE_IN_DATA_VIEW_BUFFER},
    };
    for (size_t n = 0; n < 3; n++) {
        JSValue value = isere__intrinsics_call(i->ctx, i->in, members[n].getter,
                                               view, 0, NULL);
        isere__inspect_entry(i, list, 0);
        isere__inspect_puts(i, members[n].name);
        if (JS_IsException(value)) {
            JS_FreeValue(i->ctx, JS_GetException(i->ctx));
            isere__inspect_puts(i, "(detached)");
            return;
        }
        isere__inspect_value(i, value, list->level + 1);
        JS_FreeValue(i->ctx, value);
    }
}

/* "<pending>", the value, or "<rejected> " and the reason. */
static void put_promise(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst promise)
{
    JSPromiseStateEnum state = JS_PromiseState(i->ctx, promise);
    JSValue result;
    isere__inspect_entry(i, list, 0);
    if (state == JS_PROMISE_PENDING) {
        isere__inspect_puts(i, "<pending>");
        return;
    }
    if (state == JS_PROMISE_REJECTED) {
        isere__inspect_puts(i, "<rejected> ");
    }
    result = JS_PromiseResult(i->ctx, promise);
    isere__inspect_value(i, result, list->level + 1);
    JS_FreeValue(i->ctx, result);
}

/* --- Text that stands in front of the entries, or alone --- */

/* " extends Base". The class's own prototype is a function: the parent's
 * constructor. */
static void put_parent_class(isere_inspect_t *i, JSValueConst function)
{
    JSValue parent = JS_GetPrototype(i->ctx, function);
    JSValue name = JS_UNDEFINED;
    if (!isere__inspect_is_proxy(i, parent) && JS_IsFunction(i->ctx, parent)) {
        name = isere__inspect_function_name(i, parent);
    }
    if (JS_IsString(name)) {
        isere__inspect_puts(i, " extends ");
        isere__inspect_plain(i, name);
    }
    JS_FreeValue(i->ctx, name);
    JS_FreeValue(i->ctx, parent);
}

/* Whether a function is a class: only a class has a prototype that can't be
 * written to. Builtin constructors have that, too, but are shown as
 * functions. */
static bool is_class_constructor(isere_inspect_t *i, JSValueConst function)
{
    JSAtom atom = JS_NewAtom(i->ctx, "prototype");
    JSPropertyDescriptor desc;
    bool result = false;
    if (isere__intrinsics_kind(i->in, function) != ISERE_KIND_NATIVE_FUNCTION &&
        isere__inspect_own_property(i, function, atom, &desc) > 0) {
        result = !(desc.flags & (JS_PROP_WRITABLE | JS_PROP_GETSET));
        isere__inspect_free_descriptor(i->ctx, &desc);
    }
    JS_FreeAtom(i->ctx, atom);
    return result;
}

/* "[Function: name]", "[class Name extends Base]". The constructor's name tells
 * async functions and generators from others. */
static void put_function(isere_inspect_t *i, JSValueConst function)
{
    JSValue type = isere__inspect_constructor_name(i, function);
    JSValue name = isere__inspect_function_name(i, function);
    bool is_class = is_class_constructor(i, function);
    isere__inspect_puts(i, "[");
    if (is_class) {
        isere__inspect_puts(i, "class");
    } else if (JS_IsString(type)) {
        isere__inspect_plain(i, type);
    } else {
        isere__inspect_puts(i, "Function");
    }
    isere__inspect_puts(i, is_class || !JS_IsString(name) ? " " : ": ");
    if (JS_IsString(name)) {
        isere__inspect_plain(i, name);
    } else {
        isere__inspect_puts(i, "(anonymous)");
    }
    if (is_class) {
        put_parent_class(i, function);
    }
    isere__inspect_puts(i, "]");
    JS_FreeValue(i->ctx, name);
    JS_FreeValue(i->ctx, type);
}

/* "[Number: 3]": valueOf taken at the start, so that no method of the handler's
 * runs. */
static void put_boxed(isere_inspect_t *i, JSValueConst object,
                      isere_kind_t kind)
{
    static const char *const names[] = {"Number", "String", "Boolean", "Symbol",
                                        "BigInt"};
    unsigned which = (unsigned)kind - ISERE_KIND_NUMBER;
    JSValue value = isere__intrinsics_call(
        i->ctx, i->in, (isere_intrinsic_t)(ISERE_IN_NUMBER_VALUE_OF + which),
        object, 0, NULL);
    if (JS_IsException(value)) {
        i->failed = true;
        return;
    }
    isere__inspect_puts(i, "[");
    isere__inspect_puts(i, names[which]);
    isere__inspect_puts(i, ": ");
    isere__inspect_primitive(i, value);
    isere__inspect_puts(i, "]");
    JS_FreeValue(i->ctx, value);
}

/* An ISO time, or "Invalid Date". NaN alone differs from itself. */
static void put_date(isere_inspect_t *i, JSValueConst date)
{
    double ms;
    JSValue text;
    if (isere__intrinsics_number(i->ctx, i->in, ISERE_IN_DATE_GET_TIME, date,
                                 &ms) < 0) {
        i->failed = true;
        return;
    }
    if (ms != ms) {
        isere__inspect_puts(i, "Invalid Date");
        return;
    }
    /* It would throw for an invalid date: that was asked first. */
    text = isere__intrinsics_call(i->ctx, i->in, ISERE_IN_DATE_TO_ISO_STRING,
                                  date, 0, NULL);
    isere__inspect_plain(i, text);
    JS_FreeValue(i->ctx, text);
}

/* "/source/flags", from the getters: `source` is escaped there. In the
 * alphabetical order of ECMA-262 (get RegExp.prototype.flags), which is also
 * that of the intrinsics. */
static void put_regexp(isere_inspect_t *i, JSValueConst regexp)
{
    static const char letters[] = "dgimsuy";
    JSValue source = isere__intrinsics_call(
        i->ctx, i->in, ISERE_IN_REGEXP_SOURCE, regexp, 0, NULL);
    if (JS_IsException(source)) {
        i->failed = true;
        return;
    }
    isere__inspect_puts(i, "/");
    isere__inspect_plain(i, source);
    JS_FreeValue(i->ctx, source);
    isere__inspect_puts(i, "/");
    for (int n = 0; letters[n]; n++) {
        isere_intrinsic_t flag =
            (isere_intrinsic_t)(ISERE_IN_REGEXP_HAS_INDICES + n);
        JSValue on =
            isere__intrinsics_call(i->ctx, i->in, flag, regexp, 0, NULL);
        if (JS_IsException(on)) {
            i->failed = true;
            return;
        }
        if (JS_ToBool(i->ctx, on)) {
            isere__inspect_put(i, letters + n, 1);
        }
    }
}

/* What an object is when it is not what its class name says. That is when
 * its prototype was taken away. */
static const char *kind_name(isere_kind_t kind)
{
    switch (kind) {
    case ISERE_KIND_ARRAY:
        return "Array";
    case ISERE_KIND_MAP:
        return "Map";
    case ISERE_KIND_SET:
        return "Set";
    default:
        return kind >= ISERE_KIND_TYPED_ARRAY ? "TypedArray" : "Object";
    }
}

/* `Name(size) [tag] ` in front of the brackets, as far as it says anything. */
static void put_prefix(isere_inspect_t *i, JSValueConst object,
                       isere_kind_t kind, double size)
{
    JSValue name = isere__inspect_constructor_name(i, object);
    JSValue tag = isere__inspect_string_tag(i, object);
    bool plain = (kind == ISERE_KIND_OBJECT && string_is(i, name, "Object")) ||
                 (kind == ISERE_KIND_ARRAY && string_is(i, name, "Array"));
    bool tagged = JS_IsString(tag) && !JS_StrictEq(i->ctx, tag, name);
    if (!plain || tagged) {
        if (JS_IsString(name)) {
            isere__inspect_plain(i, name);
        } else {
            isere__inspect_puts(i, "[");
            isere__inspect_puts(i, kind_name(kind));
        }
        if (size >= 0) {
            isere__inspect_puts(i, "(");
            isere__inspect_number(i, size);
            isere__inspect_puts(i, ")");
        }
        isere__inspect_puts(i, JS_IsString(name) ? " " : ": null prototype] ");
    }
    if (tagged) {
        isere__inspect_puts(i, "[");
        isere__inspect_plain(i, tag);
        isere__inspect_puts(i, "] ");
    }
    JS_FreeValue(i->ctx, name);
    JS_FreeValue(i->ctx, tag);
}

/* --- Any value --- */

static bool is_list(isere_kind_t kind)
{
    return kind == ISERE_KIND_ARRAY || kind >= ISERE_KIND_TYPED_ARRAY;
}

/* Kinds that are a text of their own, with brackets only for properties. */
static bool is_leaf(const isere_inspect_t *i, JSValueConst object,
                    isere_kind_t kind)
{
    return (kind >= ISERE_KIND_NUMBER && kind <= ISERE_KIND_REGEXP) ||
           JS_IsFunction(i->ctx, object);
}

/* Negative for kinds that show no size. */
static double size_of(isere_inspect_t *i, JSValueConst object,
                      isere_kind_t kind)
{
    double size = -1;
    if (is_list(kind)) {
        return array_length(i, object, kind);
    }
    if ((kind == ISERE_KIND_MAP &&
         isere__intrinsics_number(i->ctx, i->in, ISERE_IN_MAP_SIZE, object,
                                  &size) < 0) ||
        (kind == ISERE_KIND_SET &&
         isere__intrinsics_number(i->ctx, i->in, ISERE_IN_SET_SIZE, object,
                                  &size) < 0)) {
        i->failed = true;
    }
    return size;
}

/* Those of its kind first, then its other properties. */
static void put_entries(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst object, isere_kind_t kind, double size)
{
    if (is_list(kind)) {
        put_elements(i, list, object, kind);
        return;
    }
    switch (kind) {
    case ISERE_KIND_MAP:
    case ISERE_KIND_SET:
        put_members(i, list, object, kind == ISERE_KIND_MAP, size);
        break;
    /* What they hold depends on the collector, so no program may see it. */
    case ISERE_KIND_WEAKMAP:
    case ISERE_KIND_WEAKSET:
        isere__inspect_entry(i, list, 0);
        isere__inspect_puts(i, "<items unknown>");
        break;
    case ISERE_KIND_ARRAY_BUFFER:
        put_bytes(i, list, object);
        break;
    case ISERE_KIND_DATA_VIEW:
        put_data_view(i, list, object);
        break;
    case ISERE_KIND_PROMISE:
        put_promise(i, list, object);
        break;
    default:
        if (isere__inspect_global(i, list, object)) {
            return;
        }
        isere__inspect_url(i, list, object);
        break;
    }
    isere__inspect_properties(i, object, NULL, false, list);
}

/* "Map(1) { 'a' => 1 }", "[ 1, 2 ]", "{ a: 1 }" */
static void put_bracketed(isere_inspect_t *i, JSValueConst object,
                          isere_kind_t kind, isere_inspect_list_t *list)
{
    double size = size_of(i, object, kind);
    list->packed = is_list(kind) || kind == ISERE_KIND_SET;
    put_prefix(i, object, kind, size);
    isere__inspect_puts(i, is_list(kind) ? "[" : "{");
    put_entries(i, list, object, kind, size);
    isere__inspect_close(i, list, is_list(kind) ? "]" : "}");
}

/* As in "[Function: f] { a: 1 }". The properties are counted first, so that
 * brackets appear only around something. */
static void put_leaf(isere_inspect_t *i, JSValueConst object, isere_kind_t kind,
                     isere_inspect_list_t *list)
{
    bool is_string = kind == ISERE_KIND_STRING;
    if (JS_IsFunction(i->ctx, object)) {
        put_function(i, object);
    } else if (kind == ISERE_KIND_DATE) {
        put_date(i, object);
    } else if (kind == ISERE_KIND_REGEXP) {
        put_regexp(i, object);
    } else {
        put_boxed(i, object, kind);
    }
    /* A string's indices are properties, too: its characters, shown already. */
    if (list->level <= i->max_depth &&
        isere__inspect_properties(i, object, NULL, is_string, NULL) > 0) {
        isere__inspect_puts(i, " {");
        isere__inspect_properties(i, object, NULL, is_string, list);
        isere__inspect_close(i, list, "}");
    }
}

/* Stands for an object that is nested too deeply: "[Object]", "[MyClass]". */
static void put_name_only(isere_inspect_t *i, JSValueConst object,
                          isere_kind_t kind)
{
    JSValue name = isere__inspect_constructor_name(i, object);
    isere__inspect_puts(i, "[");
    if (JS_IsString(name)) {
        isere__inspect_plain(i, name);
    } else {
        isere__inspect_puts(i, kind_name(kind));
        isere__inspect_puts(i, ": null prototype");
    }
    isere__inspect_puts(i, "]");
    JS_FreeValue(i->ctx, name);
}

/* Errors come before the depth is looked at: what went wrong is shown however
 * deep it lies. */
static void put_any_object(isere_inspect_t *i, JSValueConst object,
                           isere_kind_t kind, isere_inspect_list_t *list)
{
    if (kind == ISERE_KIND_ERROR) {
        isere__inspect_error(i, object, list->level);
    } else if (is_leaf(i, object, kind)) {
        put_leaf(i, object, kind, list);
    } else if (list->level > i->max_depth) {
        put_name_only(i, object, kind);
    } else {
        put_bracketed(i, object, kind, list);
    }
}

/* A walk outwards: as long as objects are nested, and nothing to allocate.
 * Only what is around counts: the same object twice side by side is no
 * cycle. */
static bool is_under_way(const isere_inspect_t *i, const void *object)
{
    const isere_inspect_frame_t *frame = i->frames;
    while (frame && frame->object != object) {
        frame = frame->outer;
    }
    return frame != NULL;
}

/* The recursion is bounded: by the depth, and for errors by their number. */
void isere__inspect_value(isere_inspect_t *i, JSValueConst value,
                          unsigned level)
{
    isere_kind_t kind = isere__intrinsics_kind(i->in, value);
    isere_inspect_list_t list = {.level = level};
    isere_inspect_frame_t frame = {NULL, i->frames};
    if (isere__inspect_stopped(i)) {
        return;
    }
    if (!JS_IsObject(value)) {
        isere__inspect_primitive(i, value);
        return;
    }
    frame.object = JS_VALUE_GET_PTR(value);
    if (kind == ISERE_KIND_PROXY) {
        isere__inspect_puts(i, "[Proxy]");
        return;
    }
    if (is_under_way(i, frame.object)) {
        isere__inspect_puts(i, "[Circular]");
        return;
    }
    /* An object is inspected twice: to see whether it fits a line, and to write
     * it. Within a measurement nothing is measured again, so the cost stays
     * linear for each level. */
    list.multi_line = !i->measuring && kind != ISERE_KIND_ERROR &&
                      isere__inspect_measure(
                          i, value, level, ISERE_INSPECT_LINE - 2 * level) == 0;
    i->frames = &frame;
    put_any_object(i, value, kind, &list);
    i->frames = frame.outer;
}
