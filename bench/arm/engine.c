#include "bench/arm/engine.h"
#include <quickjs.h>
#include <string.h>

/*
 * The cheapest allocator there can be, so that the yardstick does not measure
 * a C library: blocks lie one after the other, none is ever reused, and all go
 * with the runtime.
 */
enum { POOL = 1024 * 1024, ALIGNMENT = 8 };

static _Alignas(ALIGNMENT) char pool[POOL];
static size_t pool_used;

/* The size of a block lies in front of it. */
static size_t usable_size(const void *ptr)
{
    size_t size = 0;
    if (ptr) {
        memcpy(&size, (const char *)ptr - ALIGNMENT, sizeof(size));
    }
    return size;
}

static void *pool_malloc(JSMallocState *state, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    char *block = pool + pool_used + ALIGNMENT;
    (void)state;
    if (rounded < size || rounded > POOL - ALIGNMENT - pool_used) {
        return NULL;
    }
    memcpy(block - ALIGNMENT, &rounded, sizeof(rounded));
    pool_used += ALIGNMENT + rounded;
    return block;
}

static void pool_free(JSMallocState *state, void *ptr)
{
    (void)state;
    (void)ptr;
}

static void *pool_realloc(JSMallocState *state, void *ptr, size_t size)
{
    size_t before = usable_size(ptr);
    if (size == 0 || (ptr && size <= before)) {
        return size ? ptr : NULL;
    }
    void *fresh = pool_malloc(state, size);
    if (fresh && ptr) {
        memcpy(fresh, ptr, before);
    }
    return fresh;
}

static const JSMallocFunctions pool_functions = {pool_malloc, pool_free,
                                                 pool_realloc, usable_size};

static void set(JSContext *ctx, JSValue object, const char *name,
                const char *value)
{
    JSValue text = value ? JS_NewString(ctx, value) : JS_NULL;
    (void)JS_SetPropertyStr(ctx, object, name, text);
}

static JSValue make_event(JSContext *ctx, const char *path)
{
    JSValue event = JS_NewObject(ctx);
    JSValue headers = JS_NewObject(ctx);
    set(ctx, headers, "host", "192.168.7.1:8080");
    set(ctx, headers, "user-agent", "curl/8.5.0");
    set(ctx, headers, "accept", "*/*");
    set(ctx, event, "httpMethod", "GET");
    set(ctx, event, "path", path);
    set(ctx, event, "query", "");
    set(ctx, event, "body", NULL);
    (void)JS_SetPropertyStr(ctx, event, "headers", headers);
    return event;
}

static bool answer(JSContext *ctx, const char *function, const char *path,
                   const char *body)
{
    JSValue handler = JS_Eval(ctx, function, strlen(function), "handler.js",
                              JS_EVAL_TYPE_GLOBAL);
    JSValue event = make_event(ctx, path);
    JSValue result = JS_Call(ctx, handler, JS_UNDEFINED, 1, &event);
    JSValue json = JS_JSONStringify(ctx, result, JS_UNDEFINED, JS_UNDEFINED);
    const char *text = JS_ToCString(ctx, json);
    bool right = text && strcmp(text, body) == 0;
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, json);
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, event);
    JS_FreeValue(ctx, handler);
    return right;
}

bool engine_fresh(const char *function, const char *path, const char *body)
{
    pool_used = 0;
    JSRuntime *runtime = JS_NewRuntime2(&pool_functions, NULL);
    JSContext *ctx = runtime ? JS_NewContext(runtime) : NULL;
    bool right = ctx && answer(ctx, function, path, body);
    if (ctx) {
        JS_FreeContext(ctx);
    }
    if (runtime) {
        JS_FreeRuntime(runtime);
    }
    return right;
}
