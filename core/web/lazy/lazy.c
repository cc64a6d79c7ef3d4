/* Globals that are in JavaScript: their names, and loading the part that has
 * one when it is first asked for. */
#include "core/web/lazy/lazy.h"
#include "core/web/fetch/body_stream.h"
#include "core/web/fetch/classes.h"
#include "core/web/lazy/lazy_internal.h"
#include "core/web/web.h"
#include "isere/web_code.h"
#include <string.h>

typedef struct global {
    JSLazyValue value;
    const char *name;
    isere_lazy_part_t part;
} global_t;

/* A part and the memory that it takes on 32 bits, with all parts that it needs:
 * about a quarter more than docs/web.md has. */
#define PART(name, kilobytes)                                                  \
    {                                                                          \
#name, name##_code, sizeof(name##_code), kilobytes                     \
    }

static const struct {
    const char *name;
    const uint8_t *code;
    uint32_t size;
    uint32_t kilobytes;
} parts[ISERE_LAZY_PARTS] = {
    [ISERE_LAZY_BASE] = PART(base, 8),
    [ISERE_LAZY_EXCEPTION] = PART(exception, 16),
    [ISERE_LAZY_EVENT] = PART(event, 40),
    [ISERE_LAZY_ABORT] = PART(abort, 48),
    [ISERE_LAZY_MISC] = PART(misc, 16),
    [ISERE_LAZY_MESSAGE] = PART(message, 48),
    [ISERE_LAZY_STREAMS_LIBRARY] = PART(streams_library, 200),
    [ISERE_LAZY_STREAMS] = PART(streams, 210),
    [ISERE_LAZY_COMPRESSION] = PART(compression, 220),
    [ISERE_LAZY_BLOB] = PART(blob, 16),
    [ISERE_LAZY_FORM_DATA] = PART(form_data, 40),
    [ISERE_LAZY_URL_PATTERN_LIBRARY] = PART(url_pattern_library, 80),
    [ISERE_LAZY_URL_PATTERN] = PART(url_pattern, 88),
    [ISERE_LAZY_FETCH] = {"fetch", NULL, 0, 12},
};

static JSValue make(JSContext *ctx, const JSLazyValue *value);

/* Sorted as strcmp does. */
static const global_t globals[] = {
    {{make}, "AbortController", ISERE_LAZY_ABORT},
    {{make}, "AbortSignal", ISERE_LAZY_ABORT},
    {{make}, "Blob", ISERE_LAZY_BLOB},
    {{make}, "ByteLengthQueuingStrategy", ISERE_LAZY_STREAMS},
    {{make}, "CompressionStream", ISERE_LAZY_COMPRESSION},
    {{make}, "CountQueuingStrategy", ISERE_LAZY_STREAMS},
    {{make}, "CustomEvent", ISERE_LAZY_EVENT},
    {{make}, "DOMException", ISERE_LAZY_EXCEPTION},
    {{make}, "DecompressionStream", ISERE_LAZY_COMPRESSION},
    {{make}, "ErrorEvent", ISERE_LAZY_EVENT},
    {{make}, "Event", ISERE_LAZY_EVENT},
    {{make}, "EventTarget", ISERE_LAZY_EVENT},
    {{make}, "File", ISERE_LAZY_BLOB},
    {{make}, "FormData", ISERE_LAZY_FORM_DATA},
    {{make}, "Headers", ISERE_LAZY_FETCH},
    {{make}, "MessageChannel", ISERE_LAZY_MESSAGE},
    {{make}, "MessageEvent", ISERE_LAZY_EVENT},
    {{make}, "MessagePort", ISERE_LAZY_MESSAGE},
    {{make}, "Navigator", ISERE_LAZY_MISC},
    {{make}, "PromiseRejectionEvent", ISERE_LAZY_EVENT},
    {{make}, "ReadableByteStreamController", ISERE_LAZY_STREAMS},
    {{make}, "ReadableStream", ISERE_LAZY_STREAMS},
    {{make}, "ReadableStreamBYOBReader", ISERE_LAZY_STREAMS},
    {{make}, "ReadableStreamBYOBRequest", ISERE_LAZY_STREAMS},
    {{make}, "ReadableStreamDefaultController", ISERE_LAZY_STREAMS},
    {{make}, "ReadableStreamDefaultReader", ISERE_LAZY_STREAMS},
    {{make}, "Request", ISERE_LAZY_FETCH},
    {{make}, "Response", ISERE_LAZY_FETCH},
    {{make}, "TextDecoderStream", ISERE_LAZY_STREAMS},
    {{make}, "TextEncoderStream", ISERE_LAZY_STREAMS},
    {{make}, "TransformStream", ISERE_LAZY_STREAMS},
    {{make}, "TransformStreamDefaultController", ISERE_LAZY_STREAMS},
    {{make}, "URLPattern", ISERE_LAZY_URL_PATTERN},
    {{make}, "WritableStream", ISERE_LAZY_STREAMS},
    {{make}, "WritableStreamDefaultController", ISERE_LAZY_STREAMS},
    {{make}, "WritableStreamDefaultWriter", ISERE_LAZY_STREAMS},
    {{make}, "navigator", ISERE_LAZY_MISC},
    {{make}, "reportError", ISERE_LAZY_MISC},
};

enum { GLOBALS = sizeof(globals) / sizeof(*globals) };

/* ---- loading ---- */

/* Runs code of a part: a function, which is called with what parts are given.
 * Reading bytecode can't go on when out of memory, so the host ends it then. */
static JSValue run(JSContext *ctx, isere_lazy_part_t part, JSValueConst host)
{
    isere_host_fragile(ctx, true);
    JSValue code = JS_ReadObject(ctx, parts[part].code, parts[part].size,
                                 JS_READ_OBJ_BYTECODE | JS_READ_OBJ_ROM_DATA);
    isere_host_fragile(ctx, false);
    JSValue function =
        JS_IsException(code) ? JS_EXCEPTION : JS_EvalFunction(ctx, code);
    if (JS_IsException(function)) {
        return function;
    }
    JSValue result = JS_Call(ctx, function, JS_UNDEFINED, 1, &host);
    JS_FreeValue(ctx, function);
    return result;
}

static int part_of(const char *name)
{
    for (int i = 0; i < ISERE_LAZY_PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* load(NAME), for parts that need another one. */
static JSValue load(JSContext *ctx, JSValueConst self, int argc,
                    JSValueConst *argv)
{
    (void)self;
    (void)argc;
    const char *name = JS_ToCString(ctx, argv[0]);
    int part = name ? part_of(name) : -1;
    JS_FreeCString(ctx, name);
    return part < 0 ? JS_ThrowReferenceError(ctx, "no such part")
                    : isere__lazy_load(ctx, (isere_lazy_part_t)part);
}

/* What all parts are given, completed by the first of them. */
static JSValue make_host(JSContext *ctx)
{
    static const JSCFunctionListEntry members[] = {
        JS_CFUNC_DEF("load", 1, load),
    };
    JSValue native = JS_NewObjectProto(ctx, JS_NULL);
    if (JS_IsException(native)) {
        return native;
    }
    JS_SetPropertyFunctionList(ctx, native, members, 1);
    isere__lazy_add_native(ctx, native);
    JSValue host =
        JS_HasException(ctx) ? JS_EXCEPTION : run(ctx, ISERE_LAZY_BASE, native);
    JS_FreeValue(ctx, native);
    return host;
}

/* The object of all parts that are loaded has no prototype: nothing of a
 * handler's is found in it. */
static JSValue loaded_parts(JSContext *ctx)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    if (!JS_IsObject(state->parts)) {
        JSValue object = JS_NewObjectProto(ctx, JS_NULL);
        if (JS_IsException(object)) {
            return object;
        }
        state->parts = object;
    }
    return state->parts;
}

/* A part is kept once it is whole: when out of memory on the way, it is loaded
 * anew the next time. */
/* Parts need others, never each other. */
/* NOLINTNEXTLINE(misc-no-recursion) */
JSValue isere__lazy_load(JSContext *ctx, isere_lazy_part_t part)
{
    JSValueConst all = loaded_parts(ctx);
    JSValue found = JS_IsException(all) ? JS_EXCEPTION
                                        : JS_GetPropertyUint32(ctx, all, part);
    if (!JS_IsUndefined(found)) {
        return found;
    }
    if (part == ISERE_LAZY_BASE) {
        found = make_host(ctx);
    } else if (part == ISERE_LAZY_FETCH) {
        found = isere__fetch_make(ctx);
    } else {
        JSValue host = isere__lazy_load(ctx, ISERE_LAZY_BASE);
        found = JS_IsException(host) ? host : run(ctx, part, host);
        JS_FreeValue(ctx, host);
    }
    if (JS_IsException(found) ||
        JS_DefinePropertyValueUint32(ctx, all, part, JS_DupValue(ctx, found),
                                     0) < 0 ||
        (part == ISERE_LAZY_STREAMS && isere__body_stream_adopt(ctx) < 0)) {
        JS_FreeValue(ctx, found);
        return JS_EXCEPTION;
    }
    return found;
}

/* ---- the globals ---- */

static JSValue make(JSContext *ctx, const JSLazyValue *value)
{
    const global_t *global = (const global_t *)value;
    JSValue part = isere__lazy_load(ctx, global->part);
    if (JS_IsException(part)) {
        return part;
    }
    JSValue made = JS_GetPropertyStr(ctx, part, global->name);
    JS_FreeValue(ctx, part);
    return made;
}

int isere__lazy_install(JSContext *ctx, JSValueConst global)
{
    isere_host_web_state(ctx)->parts = JS_UNDEFINED;
    if (isere__fetch_register_in(JS_GetRuntime(ctx)) < 0) {
        return -1;
    }
    JS_ReserveProperties(ctx, global, GLOBALS + 1);
    for (int i = 0; i < GLOBALS; i++) {
        JSAtom name = JS_NewAtom(ctx, globals[i].name);
        int result = name == JS_ATOM_NULL
                         ? -1
                         : JS_DefineLazyProperty(
                               ctx, global, name, &globals[i].value,
                               JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
        JS_FreeAtom(ctx, name);
        if (result < 0) {
            return -1;
        }
    }
    return JS_DefinePropertyValueStr(
               ctx, global, "self", JS_DupValue(ctx, global), JS_PROP_C_W_E) < 0
               ? -1
               : 0;
}

static const global_t *find(const char *name, size_t len)
{
    size_t low = 0;
    size_t high = GLOBALS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other = globals[middle].name;
        int order = strncmp(other, name, len);
        if (order == 0 && other[len] == 0) {
            return &globals[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

size_t isere_lazy_room(const char *name, size_t len)
{
    const global_t *found = find(name, len);
    return found ? parts[found->part].kilobytes * (size_t)1024 *
                       (sizeof(void *) / sizeof(uint32_t))
                 : 0;
}

int isere_lazy_touch(JSContext *ctx, const char *name, size_t len)
{
    const global_t *found = find(name, len);
    if (!found) {
        return 0;
    }
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue value = JS_GetPropertyStr(ctx, global, found->name);
    JS_FreeValue(ctx, global);
    JS_FreeValue(ctx, value);
    return JS_IsException(value) ? -1 : 0;
}

JSValue isere_lazy_call(JSContext *ctx, isere_lazy_part_t part,
                        const char *name, int argc, JSValueConst *argv)
{
    JSValue loaded = isere__lazy_load(ctx, part);
    if (JS_IsException(loaded)) {
        return loaded;
    }
    JSValue function = JS_GetPropertyStr(ctx, loaded, name);
    JSValue result = JS_Call(ctx, function, JS_UNDEFINED, argc, argv);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, loaded);
    return result;
}

int isere_lazy_need(JSContext *ctx, isere_lazy_part_t part)
{
    JSValue loaded = isere__lazy_load(ctx, part);
    JS_FreeValue(ctx, loaded);
    return JS_IsException(loaded) ? -1 : 0;
}

bool isere_lazy_is_loaded(JSContext *ctx, isere_lazy_part_t part)
{
    JSValueConst all = isere_host_web_state(ctx)->parts;
    JSValue loaded =
        JS_IsObject(all) ? JS_GetPropertyUint32(ctx, all, part) : JS_UNDEFINED;
    bool is_loaded = JS_IsObject(loaded);
    JS_FreeValue(ctx, loaded);
    return is_loaded;
}

bool isere_lazy_is(JSContext *ctx, isere_lazy_part_t part, const char *name,
                   JSValueConst value)
{
    if (!JS_IsObject(value) || !isere_lazy_is_loaded(ctx, part)) {
        return false;
    }
    JSValue said = isere_lazy_call(ctx, part, name, 1, &value);
    if (JS_IsException(said)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    bool is = JS_IsBool(said) && JS_ToBool(ctx, said);
    JS_FreeValue(ctx, said);
    return is;
}

/* By the part that makes all of them. Without memory it is that which is
 * thrown. */
JSValue isere__web_throw_dom(JSContext *ctx, const char *name,
                             const char *message)
{
    JSValue arguments[2] = {JS_NewString(ctx, message),
                            JS_NewString(ctx, name)};
    JSValue error = JS_EXCEPTION;
    if (!JS_IsException(arguments[0]) && !JS_IsException(arguments[1])) {
        error =
            isere_lazy_call(ctx, ISERE_LAZY_EXCEPTION, "create", 2, arguments);
    }
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    return JS_IsException(error) ? error : JS_Throw(ctx, error);
}
