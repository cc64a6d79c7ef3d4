/* The text of values for people: reading objects without running code, and
 * writing lists of entries. */
#include "core/web/inspect/inspect_internal.h"

#include <string.h>

/* Columns that an object on one line, or a packed line, may take. */
enum { LINE_MAX = ISERE_INSPECT_LINE };

/* How many prototypes are looked at. */
enum { PROTOTYPES_MAX = 64 };

/* --- Reading without running code --- */

void isere__inspect_free_descriptor(JSContext *ctx, JSPropertyDescriptor *desc)
{
    JS_FreeValue(ctx, desc->value);
    JS_FreeValue(ctx, desc->getter);
    JS_FreeValue(ctx, desc->setter);
}

/* An own property's descriptor: 1, 0 when there is none (or it is a module's
 * variable in its temporal dead zone), -1 when it can't be read. */
int isere__inspect_own_property(isere_inspect_t *i, JSValueConst object,
                                JSAtom name, JSPropertyDescriptor *desc)
{
    if (isere__inspect_is_proxy(i, object)) {
        return 0;
    }
    return JS_GetOwnProperty(i->ctx, desc, object, name);
}

/* Own data property: 1 with its value, 0 when missing, -1 for an accessor or
 * a failure, which end a search. */
static int own_data(isere_inspect_t *i, JSValueConst object, JSAtom name,
                    JSValue *value)
{
    JSPropertyDescriptor desc;
    int found = isere__inspect_own_property(i, object, name, &desc);
    if (found < 0) {
        i->failed = true;
    }
    if (found <= 0) {
        return found;
    }
    if (desc.flags & JS_PROP_GETSET) {
        isere__inspect_free_descriptor(i->ctx, &desc);
        return -1;
    }
    *value = desc.value;
    return 1;
}

/* Steps from an object, which is given up, to its prototype. A Proxy ends the
 * walk: asking it for its prototype runs a trap. */
static JSValue next_prototype(isere_inspect_t *i, JSValue object)
{
    JSValue prototype = isere__inspect_is_proxy(i, object)
                            ? JS_NULL
                            : JS_GetPrototype(i->ctx, object);
    JS_FreeValue(i->ctx, object);
    return prototype;
}

/* Takes `atom` over. Walks the prototypes as a property read would, but stops
 * at the first thing that could run code. */
static JSValue find_data(isere_inspect_t *i, JSValueConst object, JSAtom atom,
                         bool inherited)
{
    JSValue holder = JS_DupValue(i->ctx, object);
    JSValue value = JS_UNDEFINED;
    if (atom == JS_ATOM_NULL) {
        i->failed = true;
    }
    /* The bound is for chains that were made long on purpose. */
    for (int n = 0; !i->failed && n < PROTOTYPES_MAX && JS_IsObject(holder);
         n++) {
        if (own_data(i, holder, atom, &value) != 0 || !inherited) {
            break;
        }
        holder = next_prototype(i, holder);
    }
    JS_FreeValue(i->ctx, holder);
    JS_FreeAtom(i->ctx, atom);
    return value;
}

JSValue isere__inspect_data(isere_inspect_t *i, JSValueConst object,
                            const char *name, bool inherited)
{
    return find_data(i, object, JS_NewAtom(i->ctx, name), inherited);
}

/* Inherited ones count, too: classes define the tag on their prototype. One
 * that is an accessor is left out. */
JSValue isere__inspect_string_tag(isere_inspect_t *i, JSValueConst object)
{
    JSValueConst symbol = i->in->values[ISERE_IN_TO_STRING_TAG];
    JSValue tag = find_data(i, object, JS_ValueToAtom(i->ctx, symbol), true);
    if (!JS_IsString(tag)) {
        JS_FreeValue(i->ctx, tag);
        return JS_UNDEFINED;
    }
    return tag;
}

/* An own data property: functions may have theirs redefined, also as a getter.
 * "" counts as none. */
JSValue isere__inspect_function_name(isere_inspect_t *i, JSValueConst function)
{
    JSValue name = isere__inspect_data(i, function, "name", false);
    JSValue length;
    bool empty;
    if (!JS_IsString(name)) {
        JS_FreeValue(i->ctx, name);
        return JS_UNDEFINED;
    }
    length = JS_GetPropertyStr(i->ctx, name, "length");
    empty =
        JS_VALUE_GET_TAG(length) == JS_TAG_INT && JS_VALUE_GET_INT(length) == 0;
    JS_FreeValue(i->ctx, length);
    if (empty) {
        JS_FreeValue(i->ctx, name);
        return JS_UNDEFINED;
    }
    return name;
}

/* The first constructor on the chain that has a name: an object's own one is a
 * property like any other, as in Node. */
JSValue isere__inspect_constructor_name(isere_inspect_t *i, JSValueConst object)
{
    JSAtom atom = JS_NewAtom(i->ctx, "constructor");
    JSValue holder = JS_DupValue(i->ctx, object);
    JSValue name = JS_UNDEFINED;
    for (int n = 0; !i->failed && n < PROTOTYPES_MAX && JS_IsObject(holder);
         n++) {
        JSValue constructor = JS_UNDEFINED;
        own_data(i, holder, atom, &constructor);
        if (!isere__inspect_is_proxy(i, constructor) &&
            JS_IsFunction(i->ctx, constructor)) {
            name = isere__inspect_function_name(i, constructor);
        }
        JS_FreeValue(i->ctx, constructor);
        if (!JS_IsUndefined(name)) {
            break;
        }
        holder = next_prototype(i, holder);
    }
    JS_FreeValue(i->ctx, holder);
    JS_FreeAtom(i->ctx, atom);
    return name;
}

/* --- Lists of entries --- */

/* Runs the inspection without writing, and stops at the first byte too many.
 * The result of a measurement within another would not be used. */
size_t isere__inspect_measure(isere_inspect_t *i, JSValueConst value,
                              unsigned level, size_t limit)
{
    bool measuring = i->measuring;
    size_t size;
    if (measuring) {
        return 0;
    }
    i->measuring = true;
    i->too_long = false;
    i->measured = 0;
    i->limit = limit;
    isere__inspect_value(i, value, level);
    size = i->too_long ? 0 : i->measured;
    i->measuring = false;
    i->too_long = false;
    return i->failed ? 0 : size;
}

/* The separator comes before an entry: only then is it known that there is one
 * more. */
void isere__inspect_entry(isere_inspect_t *i, isere_inspect_list_t *list,
                          size_t size)
{
    bool first = list->count++ == 0;
    if (!list->multi_line) {
        isere__inspect_puts(i, first ? " " : ", ");
        return;
    }
    if (!first) {
        isere__inspect_puts(i, ",");
    }
    if (!first && list->packed && size > 0 && list->column > 0 &&
        list->column + size + 2 <= LINE_MAX) {
        isere__inspect_puts(i, " ");
        list->column += size + 2;
        return;
    }
    isere__inspect_newline(i, 2 * (list->level + 1));
    list->column = size > 0 ? 2 * (list->level + 1) + size : 0;
}

/* "{ a: 1 }" has a space at both ends, "{}" has none. */
void isere__inspect_close(isere_inspect_t *i, const isere_inspect_list_t *list,
                          const char *bracket)
{
    if (list->count > 0 && list->multi_line) {
        isere__inspect_newline(i, 2 * list->level);
    } else if (list->count > 0) {
        isere__inspect_puts(i, " ");
    }
    isere__inspect_puts(i, bracket);
}

/* ASCII only: other names are quoted, which is never wrong. */
static bool is_identifier(const char *text)
{
    const char *p = text;
    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
           *p == '$' || (p > text && *p >= '0' && *p <= '9')) {
        p++;
    }
    return p > text && *p == '\0';
}

/* a, 'not an identifier', [Symbol(description)] */
static void put_key(isere_inspect_t *i, JSAtom atom)
{
    JSValue key = JS_AtomToValue(i->ctx, atom);
    if (JS_IsException(key)) {
        i->failed = true;
    } else if (JS_IsSymbol(key)) {
        isere__inspect_puts(i, "[");
        isere__inspect_primitive(i, key);
        isere__inspect_puts(i, "]");
    } else {
        const char *text = JS_ToCString(i->ctx, key);
        if (!text) {
            i->failed = true;
        } else if (is_identifier(text)) {
            isere__inspect_puts(i, text);
        } else {
            isere__inspect_quoted(i, key, false);
        }
        JS_FreeCString(i->ctx, text);
    }
    JS_FreeValue(i->ctx, key);
}

/* Accessors are named, never called: a getter is code of the handler's. */
static void put_property(isere_inspect_t *i, isere_inspect_list_t *list,
                         JSAtom name, const JSPropertyDescriptor *desc)
{
    isere__inspect_entry(i, list, 0);
    put_key(i, name);
    isere__inspect_puts(i, ": ");
    if (!(desc->flags & JS_PROP_GETSET)) {
        isere__inspect_value(i, desc->value, list->level + 1);
    } else if (JS_IsUndefined(desc->setter)) {
        isere__inspect_puts(i, "[Getter]");
    } else {
        isere__inspect_puts(
            i, JS_IsUndefined(desc->getter) ? "[Setter]" : "[Getter/Setter]");
    }
}

void isere__inspect_hidden(isere_inspect_t *i, isere_inspect_list_t *list,
                           const char *name, JSValueConst value)
{
    isere__inspect_entry(i, list, 0);
    isere__inspect_puts(i, "[");
    isere__inspect_puts(i, name);
    isere__inspect_puts(i, "]: ");
    isere__inspect_value(i, value, list->level + 1);
}

/* Whether the key is one of the names not to show. */
static bool is_hidden(isere_inspect_t *i, JSAtom name,
                      const char *const *hidden, bool skip_indices)
{
    const char *text;
    bool result = false;
    if (!hidden && !skip_indices) {
        return false;
    }
    text = JS_AtomToCString(i->ctx, name);
    if (!text) {
        i->failed = true;
        return true;
    }
    if (skip_indices && text[0] >= '0' && text[0] <= '9') {
        result = text[strspn(text, "0123456789")] == '\0';
    }
    for (; !result && hidden && *hidden; hidden++) {
        result = strcmp(text, *hidden) == 0;
    }
    JS_FreeCString(i->ctx, text);
    return result;
}

/* Appends one own property; false when it is not there or not to show. */
static bool show_property(isere_inspect_t *i, JSValueConst object, JSAtom name,
                          isere_inspect_list_t *list)
{
    JSPropertyDescriptor desc;
    int found = isere__inspect_own_property(i, object, name, &desc);
    if (found < 0) {
        i->failed = true;
    }
    if (found <= 0) {
        return false;
    }
    put_property(i, list, name, &desc);
    isere__inspect_free_descriptor(i->ctx, &desc);
    return true;
}

/* Names first, then one descriptor at a time: the list of names is all that is
 * held at once. */
unsigned isere__inspect_properties(isere_inspect_t *i, JSValueConst object,
                                   const char *const *hidden, bool skip_indices,
                                   isere_inspect_list_t *list)
{
    JSPropertyEnum *names;
    uint32_t count;
    unsigned shown = 0;
    if (i->failed || isere__inspect_is_proxy(i, object)) {
        return 0;
    }
    if (JS_GetOwnPropertyNames(i->ctx, &names, &count, object,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK |
                                   JS_GPN_ENUM_ONLY) < 0) {
        i->failed = true;
        return 0;
    }
    for (uint32_t n = 0; n < count; n++) {
        if (!isere__inspect_stopped(i) &&
            !is_hidden(i, names[n].atom, hidden, skip_indices)) {
            shown +=
                !list || show_property(i, object, names[n].atom, list) ? 1 : 0;
        }
        JS_FreeAtom(i->ctx, names[n].atom);
    }
    js_free(i->ctx, names);
    return shown;
}
