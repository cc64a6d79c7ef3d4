/*
 * What the files of this folder share: an inspector, which turns values into
 * text for people in the manner of Node's util.inspect.
 *
 * No user code runs: properties are read as descriptors, prototypes are
 * walked only through ordinary objects, and builtins are called through
 * intrinsics.h. The text is written into a buffer of a bounded size; what
 * does not fit is counted.
 */
#ifndef ISERE_CORE_WEB_INSPECT_INSPECT_INTERNAL_H
#define ISERE_CORE_WEB_INSPECT_INSPECT_INTERNAL_H

#include "core/web/intrinsics.h"

/* Bytes of the longest console line or error report; what goes beyond is cut
 * off with a note. 256 to 1048576. */
#ifndef ISERE_LOG_LINE_MAX
#define ISERE_LOG_LINE_MAX 8192
#endif

/* Columns that an object on one line, or a packed line, may take. */
#define ISERE_INSPECT_LINE 72

/* An object whose inspection is under way, to find cycles. */
typedef struct isere_inspect_frame {
    const void *object;
    const struct isere_inspect_frame *outer;
} isere_inspect_frame_t;

typedef struct isere_inspect {
    JSContext *ctx;
    const isere_intrinsics_t *in;
    char *text; /* in the heap */
    size_t len;
    size_t capacity;
    size_t dropped; /* bytes that did not fit */
    unsigned max_depth;
    bool failed; /* with an exception pending */

    /* While this is set, nothing is written: the question is whether the
     * text is at most `limit` bytes without a line break. */
    bool measuring;
    bool too_long;
    size_t measured;
    size_t limit;

    unsigned causes; /* errors within errors */
    const isere_inspect_frame_t *frames;
} isere_inspect_t;

void isere__inspect_init(isere_inspect_t *i, JSContext *ctx);

/*
 * Ends the text with NUL, and with a note when something did not fit; the
 * caller owns it (js_free). NULL with an exception pending when anything
 * failed. The inspector is done with afterwards.
 */
char *isere__inspect_finish(isere_inspect_t *i, size_t *len);

/* Appends bytes (well-formed UTF-8, or what QuickJS gives for a string). */
void isere__inspect_put(isere_inspect_t *i, const char *text, size_t len);
void isere__inspect_puts(isere_inspect_t *i, const char *text);

/* Appends a number in decimal. */
void isere__inspect_number(isere_inspect_t *i, double number);

/* Starts a new line, indented by `indent` spaces. */
void isere__inspect_newline(isere_inspect_t *i, unsigned indent);

/* Whether to stop: it failed, or what is measured is too long. */
bool isere__inspect_stopped(const isere_inspect_t *i);

/* Appends a string as it is. */
void isere__inspect_plain(isere_inspect_t *i, JSValueConst string);

/* Appends a string in quotes, escaped: in the least troublesome of the three
 * of JavaScript, or in those of JSON. */
void isere__inspect_quoted(isere_inspect_t *i, JSValueConst string, bool json);

/* Appends a primitive; strings are quoted. */
void isere__inspect_primitive(isere_inspect_t *i, JSValueConst value);

/* Appends any value, nested `level` deep in others. */
void isere__inspect_value(isere_inspect_t *i, JSValueConst value,
                          unsigned level);

/* Appends an error with its stack; its own properties and causes follow. */
void isere__inspect_error(isere_inspect_t *i, JSValueConst error,
                          unsigned level);

/* Appends a value as JSON, for %j. */
void isere__inspect_json(isere_inspect_t *i, JSValueConst value);

/*
 * A property as data: its value (owned), walking up prototypes when
 * `inherited`, or JS_UNDEFINED when it is missing, an accessor, or behind a
 * Proxy.
 */
JSValue isere__inspect_data(isere_inspect_t *i, JSValueConst object,
                            const char *name, bool inherited);

/* The name of the constructor that made an object, as a string or
 * JS_UNDEFINED; owned. */
JSValue isere__inspect_constructor_name(isere_inspect_t *i,
                                        JSValueConst object);

/* The bytes of a value's text, or 0 when there are more than `limit`, there
 * is a line break in it, or a measurement is under way already. */
size_t isere__inspect_measure(isere_inspect_t *i, JSValueConst value,
                              unsigned level, size_t limit);

/* The name of a function as a string, or JS_UNDEFINED; owned. */
JSValue isere__inspect_function_name(isere_inspect_t *i, JSValueConst function);

/* Symbol.toStringTag of an object, if it is a string and no accessor, or
 * JS_UNDEFINED; owned. */
JSValue isere__inspect_string_tag(isere_inspect_t *i, JSValueConst object);

/* An own property's descriptor, to be freed: 1; 0 when there is none; -1 with
 * an exception pending. */
int isere__inspect_own_property(isere_inspect_t *i, JSValueConst object,
                                JSAtom name, JSPropertyDescriptor *desc);
void isere__inspect_free_descriptor(JSContext *ctx, JSPropertyDescriptor *desc);

static inline bool isere__inspect_is_proxy(const isere_inspect_t *i,
                                           JSValueConst value)
{
    return isere__intrinsics_kind(i->in, value) == ISERE_KIND_PROXY;
}

/* Lists the entries between two brackets; used by objects and by errors. */
typedef struct isere_inspect_list {
    bool multi_line;
    bool packed; /* short entries share lines */
    unsigned level;
    unsigned count;
    size_t column; /* of the current line, when packed */
} isere_inspect_list_t;

/* Opens an entry: writes what separates it from the one before. `size` is
 * the entry's length for packed lists, 0 for an entry that wants its own
 * line. */
void isere__inspect_entry(isere_inspect_t *i, isere_inspect_list_t *list,
                          size_t size);

/* Ends a list with its closing bracket. */
void isere__inspect_close(isere_inspect_t *i, const isere_inspect_list_t *list,
                          const char *bracket);

/* Appends own enumerable properties, but those that `hidden` (a list ended
 * by NULL, or NULL) names and, with `skip_indices`, array indices. Returns
 * how many there were; does not write when `list` is NULL. */
unsigned isere__inspect_properties(isere_inspect_t *i, JSValueConst object,
                                   const char *const *hidden, bool skip_indices,
                                   isere_inspect_list_t *list);

/* Appends what an object holds if it is a URL or URLSearchParams. */
void isere__inspect_url(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst object);

/* Appends what an object of a global in JavaScript is to be shown as, and
 * returns whether it is one. */
bool isere__inspect_global(isere_inspect_t *i, isere_inspect_list_t *list,
                           JSValueConst object);

/* Appends `key: value` of a hidden property as `[key]: value`. */
void isere__inspect_hidden(isere_inspect_t *i, isere_inspect_list_t *list,
                           const char *name, JSValueConst value);

/* inspect_fetch.c: an object with what is shown of Headers, a Request, a
 * Response or the stream of a body, the caller's; JS_UNDEFINED for other
 * values, JS_EXCEPTION when out of memory. */
JSValue isere__inspect_fetch(JSContext *ctx, JSValueConst value);

/* Whether it is a body's stream that the library knows, and shows. */
bool isere__inspect_fetch_is_library(JSValueConst value);

#endif
