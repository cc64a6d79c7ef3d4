/*
 * Packages of functions: whatever the body is, it is refused with a reason, or
 * its normalised form is UTF-8 that normalises to itself, byte for byte.
 *
 * The engine's JSON.parse is asked, too: what is JSON to it is JSON to us, and
 * the other way round; and it has the same files and variables, in the same
 * order.
 */
#include "core/code/engine.h"
#include "core/deploy/package/stored.h"
#include "core/isere_config.h"
#include "core/util/utf8.h"
#include "tests/unit/support/test_port.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const isere_package_limits_t limits = {
    .memory_min = 64 * 1024,
    .memory_max = SIZE_MAX,
    .timeout_max_ms = 60000,
};

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

/* The engine's heap is there once at a time, and too large to make anew;
 * packages lie in others. */
static _Alignas(16) char compiler_heap[ISERE_COMPILE_MEMORY];

static void *heap_map(void *ctx, size_t bytes)
{
    (void)ctx;
    return bytes == sizeof(compiler_heap) ? compiler_heap : malloc(bytes);
}

static void heap_unmap(void *ctx, void *heap, size_t bytes)
{
    (void)ctx;
    (void)bytes;
    if (heap != compiler_heap) {
        free(heap);
    }
}

static const isere_port_t *port(void)
{
    static isere_port_t p;
    p = *isere_test_port();
    p.heap_map = heap_map;
    p.heap_unmap = heap_unmap;
    return &p;
}

static isere_package_t *read(const void *body, size_t len, bool is_source,
                             isere_fault_t *fault)
{
    isere_package_t *package = NULL;
    isere_slice_t text = isere_slice_of(body, len);
    const isere_package_body_t sent = {text, is_source, false};
    int error =
        is_source
            ? isere_package_read_source(port(), "hello", &sent, &package, fault)
            : isere_package_read(port(), text, &limits, &package, fault);
    check((error == 0) == (fault->message[0] == 0));
    check(isere_utf8_valid(fault->message, strlen(fault->message)));
    check(error == 0 || error == ISERE_ERR_INVAL);
    check((error == 0) == (package != NULL));
    return package;
}

/* NULL when it is refused. */
/* ---- the engine ---- */

/* What the engine makes of a text, compared with what was read of it. */
typedef struct opinion {
    isere_heap_t heap;
    isere_slice_t json;
    const isere_package_t *package; /* NULL: refused */
    const char *message;            /* why */
} opinion_t;

static void check_text(JSContext *ctx, JSValueConst value, const char *bytes,
                       size_t len)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, value);
    check(text && size == len && memcmp(text, bytes, len) == 0);
    JS_FreeCString(ctx, text);
}

/* Each file, or each variable, in the order of the object's own properties. */
static void check_members(JSContext *ctx, JSValueConst top, const char *member,
                          const isere_package_t *p)
{
    bool files = member[0] == 'f';
    JSPropertyEnum *names = NULL;
    uint32_t count = 0;
    JSValue object = JS_GetPropertyStr(ctx, top, member);
    if (JS_IsObject(object)) {
        check(JS_GetOwnPropertyNames(ctx, &names, &count, object,
                                     JS_GPN_STRING_MASK) == 0);
    }
    check(count == (files ? p->nfiles : p->nenv));
    for (uint32_t i = 0; i < count; i++) {
        const char *env = files ? "" : p->env[i];
        size_t len = strcspn(env, "=");
        isere_slice_t name =
            files ? p->files[i].name : isere_slice_of(env, len);
        isere_slice_t text =
            files ? p->files[i].source : isere_slice(env + len + 1);
        JSValue key = JS_AtomToString(ctx, names[i].atom);
        JSValue value = JS_GetProperty(ctx, object, names[i].atom);
        check_text(ctx, key, name.ptr, name.len);
        check_text(ctx, value, text.ptr, text.len);
        JS_FreeValue(ctx, key);
        JS_FreeValue(ctx, value);
    }
}

static void form_opinion(void *arg)
{
    static const char not_json[] = "the package is not JSON: ";
    opinion_t *o = arg;
    JSContext *ctx = o->heap.ctx;
    const char *message = o->message;
    bool is_json = strncmp(message, not_json, sizeof(not_json) - 1) != 0;
    char *text = js_malloc(ctx, o->json.len + 1);
    check(text != NULL);
    memcpy(text, o->json.ptr, o->json.len);
    text[o->json.len] = 0;
    JSValue top = JS_ParseJSON(ctx, text, o->json.len, "json");
    check(JS_IsException(top) == !is_json);
    if (o->package) {
        JSValue main = JS_GetPropertyStr(ctx, top, "main");
        check_text(ctx, main, o->package->main.ptr, o->package->main.len);
        check_members(ctx, top, "files", o->package);
        check_members(ctx, top, "env", o->package);
    }
}

static void ask_engine(const void *json, size_t len,
                       const isere_package_t *package, const char *message)
{
    opinion_t o = {.json = isere_slice_of(json, len),
                   .package = package,
                   .message = message};
    if (strcmp(message, "the package is not UTF-8") == 0 ||
        strstr(message, "nested too deeply")) {
        return;
    }
    check(isere_engine_init(&o.heap, port(), ISERE_COMPILE_MEMORY,
                            ISERE_COMPILE_STACK) == 0);
    JS_UpdateStackTop(o.heap.rt);
    check(isere_heap_run(&o.heap, form_opinion, &o));
    isere_heap_deinit(&o.heap);
}

/* ---- reading twice ---- */

/* The text, in memory of its own; NULL when it is refused. */
static char *normalise(const void *body, size_t len, bool is_source,
                       size_t *size)
{
    isere_stored_t stored;
    isere_fault_t fault;
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_package_t *package = read(body, len, is_source, &fault);
    if (!is_source) {
        ask_engine(body, len, package, fault.message);
    }
    if (!package) {
        return NULL;
    }
    check(isere_stored_write(port(), package, NULL, &stored, &fault) == 0);
    *size = stored.text.len;
    check(*size == package->text_size && stored.text.ptr[*size] == 0);
    isere_sha256_of(stored.text.ptr, *size, sum);
    check(memcmp(sum, package->sha256, sizeof(sum)) == 0);
    check(memcmp(sum, stored.sha256, sizeof(sum)) == 0);
    check(isere_utf8_valid(stored.text.ptr, *size));
    char *text = malloc(*size + 1);
    check(text != NULL);
    memcpy(text, stored.text.ptr, *size);
    isere_package_drop(port(), package);
    isere_stored_drop(port(), &stored);
    return text;
}

static void play(const uint8_t *data, size_t len, bool is_source)
{
    size_t size;
    size_t again_size;
    char *text = normalise(data, len, is_source, &size);
    if (text) {
        char *again = normalise(text, size, false, &again_size);
        check(again && again_size == size && memcmp(again, text, size) == 0);
        free(again);
        free(text);
    }
    check(isere_test_state()->live_blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of just that size, so that reading behind its end is noticed. */
    uint8_t *copy = malloc(size ? size : 1);
    check(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    play(copy, size, false);
    play(copy, size, true);
    free(copy);
    return 0;
}
