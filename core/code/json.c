/* JSON of values in the usual shapes, without running code: JSON.stringify
 * would call toJSON, getters and proxies. Values that could run code are left
 * to it. */
#include "core/code/json.h"
#include "core/util/json_escape.h"
#include <math.h>
#include <string.h>

/* An object or array that is being written. */
typedef struct level {
    JSValueConst object;
    JSValue *elements; /* of an array */
    uint32_t count;
    uint32_t position;
    bool is_array;
    bool begun; /* a member was written */
} level_t;

typedef struct writer {
    isere_js_text_t *text;
    JSAtom to_json;
    unsigned depth;
    level_t levels[ISERE_JSON_DEPTH];
} writer_t;

/* Room for `len` more bytes. Grows by half: while it is copied the old text is
 * still there, and memory may be short. */
static char *reserve(writer_t *w, size_t len)
{
    isere_js_text_t *text = w->text;
    if (text->cap - text->len < len) {
        size_t cap = text->len + len + text->len / 2 + 64;
        char *ptr = js_realloc(text->ctx, text->ptr, cap);
        if (!ptr) {
            return NULL;
        }
        text->ptr = ptr;
        text->cap = cap;
    }
    return text->ptr + text->len;
}

static isere_json_t add(writer_t *w, const char *bytes, size_t len)
{
    char *out = reserve(w, len);
    if (!out) {
        return ISERE_JSON_FAILED;
    }
    memcpy(out, bytes, len);
    w->text->len += len;
    return ISERE_JSON_WRITTEN;
}

/* ---- strings ---- */

/* Bytes that stand for themselves: all but ", \, controls, and the first byte
 * of what may be half of a surrogate pair. */
static bool is_usual(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0xED;
}

/* The character at p that is not a usual one, as JSON.stringify writes it;
 * *len: how many bytes it has. */
static size_t add_unusual(char *out, const unsigned char *p, size_t *len)
{
    if (p[0] != 0xED) {
        *len = 1;
        return isere_json_escape(p[0], out);
    }
    /* The engine's UTF-8 has three bytes for half of a pair, too. */
    *len = 3;
    if (p[1] >= 0xA0) {
        return isere_json_escape(0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu),
                                 out);
    }
    memcpy(out, p, 3);
    return 3;
}

/* Counted first, so that the room is known and most strings are one memcpy. */
static size_t count_unusual(const unsigned char *p, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += !is_usual(p[i]);
    }
    return count;
}

static char *add_escaped(char *out, const unsigned char *p, size_t len)
{
    const unsigned char *end = p + len;
    while (p < end) {
        if (is_usual(*p)) {
            *out++ = (char)*p++;
        } else {
            size_t taken;
            out += add_unusual(out, p, &taken);
            p += taken;
        }
    }
    return out;
}

static isere_json_t add_quoted(writer_t *w, const char *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t unusual = count_unusual(p, len);
    /* The longest escape has six bytes for one. */
    char *start = reserve(w, len + 5 * unusual + 2);
    char *out = start;
    if (!out) {
        return ISERE_JSON_FAILED;
    }
    *out++ = '"';
    if (unusual > 0) {
        out = add_escaped(out, p, len);
    } else if (len > 0) {
        memcpy(out, p, len);
        out += len;
    }
    *out++ = '"';
    w->text->len += (size_t)(out - start);
    return ISERE_JSON_WRITTEN;
}

static isere_json_t add_string(writer_t *w, JSValueConst string)
{
    JSContext *ctx = w->text->ctx;
    size_t len;
    const char *bytes = JS_ToCStringLen(ctx, &len, string);
    if (!bytes) {
        return ISERE_JSON_FAILED;
    }
    isere_json_t result = add_quoted(w, bytes, len);
    JS_FreeCString(ctx, bytes);
    return result;
}

/* ---- other values without members ---- */

/* The engine's own text of a number is what JSON.stringify writes. */
static isere_json_t add_number(writer_t *w, JSValueConst number)
{
    JSContext *ctx = w->text->ctx;
    double value;
    size_t len;
    JS_ToFloat64(ctx, &value, number); /* a number: can't fail */
    if (!isfinite(value)) {
        return add(w, "null", 4);
    }
    const char *digits = JS_ToCStringLen(ctx, &len, number);
    if (!digits) {
        return ISERE_JSON_FAILED;
    }
    isere_json_t result = add(w, digits, len);
    JS_FreeCString(ctx, digits);
    return result;
}

/* What has no JSON form: left out of objects, null in arrays. */
static bool is_left_out(JSValueConst value)
{
    return JS_IsUndefined(value) || JS_IsSymbol(value);
}

static isere_json_t add_scalar(writer_t *w, JSValueConst value)
{
    if (JS_IsString(value)) {
        return add_string(w, value);
    }
    if (JS_IsNumber(value)) {
        return add_number(w, value);
    }
    if (JS_IsBool(value)) {
        return JS_VALUE_GET_BOOL(value) ? add(w, "true", 4)
                                        : add(w, "false", 5);
    }
    if (JS_IsNull(value) || is_left_out(value)) {
        return add(w, "null", 4);
    }
    return ISERE_JSON_OTHER; /* a BigInt */
}

/* ---- objects and arrays ---- */

/* No cycle check: a cycle reaches the deepest level soon, and JSON.stringify
 * then reports it. */
static isere_json_t open_object(writer_t *w, JSValueConst object)
{
    JSContext *ctx = w->text->ctx;
    if (w->depth == ISERE_JSON_DEPTH ||
        !JS_LacksProperty(ctx, object, w->to_json)) {
        return ISERE_JSON_OTHER;
    }
    level_t *level = &w->levels[w->depth++];
    level->object = object;
    level->position = 0;
    level->begun = false;
    level->is_array =
        JS_GetPlainArray(ctx, object, &level->elements, &level->count);
    return add(w, level->is_array ? "[" : "{", 1);
}

static isere_json_t close_object(writer_t *w, const char *bracket)
{
    w->depth--;
    return add(w, bracket, 1);
}

static isere_json_t add_comma(writer_t *w, level_t *level)
{
    if (!level->begun) {
        level->begun = true;
        return ISERE_JSON_WRITTEN;
    }
    return add(w, ",", 1);
}

static isere_json_t add_value(writer_t *w, JSValueConst value)
{
    return JS_IsObject(value) ? open_object(w, value) : add_scalar(w, value);
}

static isere_json_t add_element(writer_t *w, level_t *level)
{
    if (level->position == level->count) {
        return close_object(w, "]");
    }
    isere_json_t result = add_comma(w, level);
    return result ? result : add_value(w, level->elements[level->position++]);
}

/* A name is text of the handler's: it is escaped like any other. */
static isere_json_t add_name(writer_t *w, JSAtom name)
{
    JSContext *ctx = w->text->ctx;
    JSValue string = JS_AtomToString(ctx, name);
    if (JS_IsException(string)) {
        return ISERE_JSON_FAILED;
    }
    isere_json_t result = add_string(w, string);
    JS_FreeValue(ctx, string);
    return result ? result : add(w, ":", 1);
}

/* JS_NextPlainProperty refuses accessors, lazy properties and index-like names,
 * whose order would be another one. */
static isere_json_t add_member(writer_t *w, level_t *level)
{
    JSAtom name;
    JSValueConst value;
    int found = JS_NextPlainProperty(w->text->ctx, level->object,
                                     &level->position, &name, &value);
    if (found <= 0) {
        return found < 0 ? ISERE_JSON_OTHER : close_object(w, "}");
    }
    if (is_left_out(value)) {
        return ISERE_JSON_WRITTEN;
    }
    isere_json_t result = add_comma(w, level);
    if (!result) {
        result = add_name(w, name);
    }
    return result ? result : add_value(w, value);
}

/* A loop with levels of its own and not recursion: the C stack of a device is
 * small, and its use must not depend on the value. The levels are not cleared:
 * each is filled when it is opened. */
isere_json_t isere_json_write(isere_js_text_t *text, JSAtom to_json,
                              JSValueConst value)
{
    writer_t w;
    w.text = text;
    w.to_json = to_json;
    w.depth = 0;
    if (is_left_out(value)) {
        return ISERE_JSON_OTHER;
    }
    isere_json_t result = add_value(&w, value);
    while (!result && w.depth > 0) {
        level_t *level = &w.levels[w.depth - 1];
        result =
            level->is_array ? add_element(&w, level) : add_member(&w, level);
    }
    return result;
}
