/* The text of values for people: as JSON, for %j. Unlike JSON.stringify it
 * calls neither getters nor toJSON. */
#include "core/web/inspect/inspect_internal.h"

/* Objects within objects; deeper ones, and cycles, end in null. */
enum { DEPTH_MAX = 16 };

static void put_json(isere_inspect_t *i, JSValueConst value, unsigned depth);

/* What JSON.stringify leaves out of objects, and writes as null in arrays. */
static bool has_json(const isere_inspect_t *i, JSValueConst value)
{
    return !JS_IsUndefined(value) && !JS_IsSymbol(value) &&
           !JS_IsFunction(i->ctx, value);
}

/* A hole is undefined, and so null. */
static void put_array(isere_inspect_t *i, JSValueConst array, unsigned depth)
{
    JSValue value = isere__inspect_data(i, array, "length", false);
    uint32_t length = 0;
    JS_ToUint32(i->ctx, &length, value);
    isere__inspect_puts(i, "[");
    /* What is beyond the limit of a line would not be seen anyway. */
    for (uint32_t n = 0;
         n < length && !isere__inspect_stopped(i) && i->dropped == 0; n++) {
        JSAtom name = JS_NewAtomUInt32(i->ctx, n);
        JSPropertyDescriptor desc;
        isere__inspect_puts(i, n ? "," : "");
        if (isere__inspect_own_property(i, array, name, &desc) > 0) {
            put_json(i, desc.value, depth);
            isere__inspect_free_descriptor(i->ctx, &desc);
        } else {
            isere__inspect_puts(i, "null");
        }
        JS_FreeAtom(i->ctx, name);
    }
    isere__inspect_puts(i, "]");
}

/* One property; returns whether it was written. */
static bool put_member(isere_inspect_t *i, JSValueConst object, JSAtom name,
                       unsigned depth, bool first)
{
    JSPropertyDescriptor desc;
    JSValue key;
    bool written = false;
    if (isere__inspect_own_property(i, object, name, &desc) <= 0) {
        return false;
    }
    if (!(desc.flags & JS_PROP_GETSET) && has_json(i, desc.value)) {
        key = JS_AtomToString(i->ctx, name);
        isere__inspect_puts(i, first ? "" : ",");
        isere__inspect_quoted(i, key, true);
        isere__inspect_puts(i, ":");
        put_json(i, desc.value, depth);
        JS_FreeValue(i->ctx, key);
        written = true;
    }
    isere__inspect_free_descriptor(i->ctx, &desc);
    return written;
}

/* In the order of the properties. Accessors are left out: calling one would run
 * code. */
static void put_object(isere_inspect_t *i, JSValueConst object, unsigned depth)
{
    JSPropertyEnum *names;
    uint32_t count;
    bool first = true;
    if (JS_GetOwnPropertyNames(i->ctx, &names, &count, object,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0) {
        i->failed = true;
        return;
    }
    isere__inspect_puts(i, "{");
    for (uint32_t n = 0; n < count; n++) {
        if (!isere__inspect_stopped(i) &&
            put_member(i, object, names[n].atom, depth, first)) {
            first = false;
        }
        JS_FreeAtom(i->ctx, names[n].atom);
    }
    isere__inspect_puts(i, "}");
    js_free(i->ctx, names);
}

/* Boxed primitives and dates, as their primitive. */
static void put_unboxed(isere_inspect_t *i, JSValueConst object,
                        isere_intrinsic_t method, unsigned depth)
{
    JSValue value =
        isere__intrinsics_call(i->ctx, i->in, method, object, 0, NULL);
    if (JS_IsException(value)) {
        /* A date without a time; others do not fail. */
        JS_FreeValue(i->ctx, JS_GetException(i->ctx));
        isere__inspect_puts(i, "null");
        return;
    }
    put_json(i, value, depth);
    JS_FreeValue(i->ctx, value);
}

/* Cycles are not looked for: the depth ends them. */
static void put_json_object(isere_inspect_t *i, JSValueConst object,
                            unsigned depth)
{
    isere_kind_t kind = isere__intrinsics_kind(i->in, object);
    if (depth > DEPTH_MAX || kind == ISERE_KIND_PROXY) {
        isere__inspect_puts(i, "null");
    } else if (kind == ISERE_KIND_ARRAY) {
        put_array(i, object, depth);
    } else if (kind >= ISERE_KIND_NUMBER && kind <= ISERE_KIND_BIGINT) {
        put_unboxed(i, object,
                    (isere_intrinsic_t)(ISERE_IN_NUMBER_VALUE_OF +
                                        (kind - ISERE_KIND_NUMBER)),
                    depth);
    } else if (kind == ISERE_KIND_DATE) {
        put_unboxed(i, object, ISERE_IN_DATE_TO_ISO_STRING, depth);
    } else {
        put_object(i, object, depth);
    }
}

/* A BigInt, for which JSON.stringify throws, is written as its digits: a log
 * line should not fail. */
static void put_json(isere_inspect_t *i, JSValueConst value, unsigned depth)
{
    double number;
    if (JS_IsString(value)) {
        isere__inspect_quoted(i, value, true);
    } else if (JS_IsNumber(value)) {
        JS_ToFloat64(i->ctx, &number, value);
        if (number - number == 0) {
            isere__inspect_plain(i, value);
        } else {
            isere__inspect_puts(i, "null"); /* infinite, or not a number */
        }
    } else if (!has_json(i, value)) {
        isere__inspect_puts(i, depth > 0 ? "null" : "undefined");
    } else if (JS_IsObject(value)) {
        put_json_object(i, value, depth + 1);
    } else {
        isere__inspect_plain(i, value);
    }
}

void isere__inspect_json(isere_inspect_t *i, JSValueConst value)
{
    put_json(i, value, 0);
}
