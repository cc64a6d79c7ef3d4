/* The text of values for people: errors with their stack and causes. */
#include "core/web/inspect/inspect_internal.h"
#include "core/web/lazy/lazy.h"

#include <string.h>

enum {
    CAUSES_MAX = 8,  /* how many errors are shown within one another */
    FRAMES_MAX = 10, /* how many lines of a stack, as Node's stackTraceLimit */
};

/* Appends text whose further lines are indented. */
static void put_lines(isere_inspect_t *i, const char *text, size_t len,
                      unsigned indent)
{
    const char *newline;
    while ((newline = memchr(text, '\n', len)) != NULL) {
        size_t line = (size_t)(newline - text);
        isere__inspect_put(i, text, line);
        isere__inspect_newline(i, indent);
        text += line + 1;
        len -= line + 1;
    }
    isere__inspect_put(i, text, len);
}

/* Further lines are indented as deep as the error lies, or they would look like
 * entries of what is around it. */
static void put_string_lines(isere_inspect_t *i, JSValueConst string,
                             unsigned indent)
{
    size_t len;
    const char *text = JS_ToCStringLen(i->ctx, &len, string);
    if (!text) {
        i->failed = true;
        return;
    }
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    put_lines(i, text, len, indent);
    JS_FreeCString(i->ctx, text);
}

/* Only strings are converted: a toString of anything else may be the
 * handler's code. */
static bool is_text(isere_inspect_t *i, JSValueConst value, const char *other)
{
    const char *text;
    bool same;
    if (!JS_IsString(value)) {
        return false;
    }
    text = JS_ToCString(i->ctx, value);
    if (!text) {
        i->failed = true;
        return false;
    }
    same = strcmp(text, other) == 0;
    JS_FreeCString(i->ctx, text);
    return same;
}

/* The error's name; that of its class where a subclass did not set one. class E
 * extends Error {} leaves `name` as "Error": the class says more. */
static JSValue error_name(isere_inspect_t *i, JSValueConst error)
{
    JSValue name = isere__inspect_data(i, error, "name", true);
    JSValue class_name;
    if (JS_IsString(name) && !is_text(i, name, "Error")) {
        return name;
    }
    class_name = isere__inspect_constructor_name(i, error);
    if (JS_IsString(class_name) || !JS_IsString(name)) {
        JS_FreeValue(i->ctx, name);
        return class_name;
    }
    return name;
}

/* What a DOMException has, whose name and message are behind accessors. */
static void put_exception_part(isere_inspect_t *i, JSValueConst error,
                               const char *name, unsigned indent)
{
    JSValue text =
        isere_lazy_call(i->ctx, ISERE_LAZY_EXCEPTION, name, 1, &error);
    if (JS_IsString(text)) {
        put_string_lines(i, text, indent);
    }
    i->failed |= JS_IsException(text);
    JS_FreeValue(i->ctx, text);
}

/* `DOMException [Name]: message`, as Node has it. */
static void put_exception_header(isere_inspect_t *i, JSValueConst error,
                                 unsigned indent)
{
    isere__inspect_puts(i, "DOMException [");
    put_exception_part(i, error, "name", indent);
    isere__inspect_puts(i, "]: ");
    put_exception_part(i, error, "message", indent);
}

/* `Name: message`. */
static void put_header(isere_inspect_t *i, JSValueConst error, unsigned indent)
{
    if (isere_lazy_is(i->ctx, ISERE_LAZY_EXCEPTION, "is", error)) {
        put_exception_header(i, error, indent);
        return;
    }
    JSValue name = error_name(i, error);
    JSValue message = isere__inspect_data(i, error, "message", true);
    if (JS_IsString(name)) {
        put_string_lines(i, name, indent);
    } else {
        isere__inspect_puts(i, "Error");
    }
    if (JS_IsString(message) && !is_text(i, message, "")) {
        isere__inspect_puts(i, ": ");
        put_string_lines(i, message, indent);
    }
    JS_FreeValue(i->ctx, name);
    JS_FreeValue(i->ctx, message);
}

/* QuickJS gives the stack as lines of their own; one that begins otherwise
 * was set by the handler, header and all. */
static bool is_native_stack(isere_inspect_t *i, JSValueConst stack)
{
    const char *text = JS_ToCString(i->ctx, stack);
    bool native;
    if (!text) {
        i->failed = true;
        return false;
    }
    native = text[0] == ' ';
    JS_FreeCString(i->ctx, text);
    return native;
}

/* The first lines of the engine's stack: a stack overflow has thousands, and
 * the line of the log would be full before the causes come. */
static void put_frames(isere_inspect_t *i, JSValueConst stack, unsigned indent)
{
    const char *text = JS_ToCString(i->ctx, stack);
    const char *line = text;
    if (!text) {
        i->failed = true;
        return;
    }
    for (int n = 0; *line; n++) {
        size_t len = strcspn(line, "\n");
        isere__inspect_newline(i, indent);
        if (n == FRAMES_MAX) {
            isere__inspect_puts(i, "    ...");
            break;
        }
        isere__inspect_put(i, line, len);
        line += len + (line[len] != 0);
    }
    JS_FreeCString(i->ctx, text);
}

/* Header and stack, or "[Name: message]" without one, as Node has it. Returns
 * whether there was a stack. */
static bool put_stack(isere_inspect_t *i, JSValueConst error, unsigned indent)
{
    JSValue stack = isere__inspect_data(i, error, "stack", false);
    bool has_stack = JS_IsString(stack) && !is_text(i, stack, "");
    if (!has_stack) {
        isere__inspect_puts(i, "[");
        put_header(i, error, indent);
        isere__inspect_puts(i, "]");
    } else if (is_native_stack(i, stack)) {
        put_header(i, error, indent);
        put_frames(i, stack, indent);
    } else {
        put_string_lines(i, stack, indent);
    }
    JS_FreeValue(i->ctx, stack);
    return has_stack;
}

/* An own property that enumeration does not show: its value, or
 * JS_UNINITIALIZED. An accessor is left out: reading it would run code. */
static JSValue hidden_data(isere_inspect_t *i, JSValueConst error,
                           const char *name)
{
    JSAtom atom = JS_NewAtom(i->ctx, name);
    JSPropertyDescriptor desc;
    int found = isere__inspect_own_property(i, error, atom, &desc);
    JSValue value = JS_UNINITIALIZED;
    JS_FreeAtom(i->ctx, atom);
    if (found <= 0) {
        i->failed |= found < 0;
        return value;
    }
    if (!(desc.flags & (JS_PROP_GETSET | JS_PROP_ENUMERABLE))) {
        value = JS_DupValue(i->ctx, desc.value);
    }
    isere__inspect_free_descriptor(i->ctx, &desc);
    return value;
}

/* As "[cause]: ...", so that it is not taken for an own enumerable property. */
static void put_hidden(isere_inspect_t *i, isere_inspect_list_t *list,
                       const char *name, JSValueConst value)
{
    if (!JS_IsUninitialized(value)) {
        isere__inspect_hidden(i, list, name, value);
    }
}

/* `cause` and `errors` (AggregateError) are not enumerable, and what one looks
 * for. */
void isere__inspect_error(isere_inspect_t *i, JSValueConst error,
                          unsigned level)
{
    static const char *const shown[] = {"name", "message", "stack", NULL};
    isere_inspect_list_t list = {.level = level};
    JSValue cause;
    JSValue errors;
    bool properties;
    list.multi_line = put_stack(i, error, 2 * level);
    if (i->causes >= CAUSES_MAX || isere__inspect_stopped(i)) {
        return;
    }
    i->causes++; /* a cause may be the error itself: depth, not cycles, ends it
                  */
    cause = hidden_data(i, error, "cause");
    errors = hidden_data(i, error, "errors");
    properties = level <= i->max_depth &&
                 isere__inspect_properties(i, error, shown, false, NULL) > 0;
    if (properties || !JS_IsUninitialized(cause) ||
        !JS_IsUninitialized(errors)) {
        isere__inspect_puts(i, " {");
        if (properties) {
            isere__inspect_properties(i, error, shown, false, &list);
        }
        put_hidden(i, &list, "cause", cause);
        put_hidden(i, &list, "errors", errors);
        isere__inspect_close(i, &list, "}");
    }
    i->causes--;
    JS_FreeValue(i->ctx, cause);
    JS_FreeValue(i->ctx, errors);
}
