/* The init phase: load the modules, run top-level code, find the handler. */
#include "core/code/module_name.h"
#include "core/heap/fault.h"
#include "core/isolate/isolate_internal.h"
#include "core/isolate/native.h"
#include "core/lambda/fetch/fetch.h"
#include "core/util/text.h"
#include "core/web/inspect/inspect.h"
#include "core/web/lazy/lazy.h"
#include "core/web/timers.h"
#include <stdio.h>

/* How to get more memory. */
#define RAISE_MEMORY " (raise " ISERE_MEMORY_OPTION ")"

/* ---- modules ---- */

/*
 * All modules of the bundle are in the heap before anything runs, so the
 * engine finds each by its name. These functions only decide whether an import
 * is allowed, and load native modules.
 */

/* Remembers who imports, for an error that has no other place. Without memory
 * for that, the error is about memory. */
static void note_importer(JSContext *ctx, const char *base)
{
    isere_realm_t *realm = isere__isolate_realm(ctx);
    if (realm->resolving) {
        js_free(ctx, realm->importer);
        realm->importer = js_strdup(ctx, base);
    }
}

static int resolve(JSContext *ctx, const isere_bundle_t *bundle,
                   const char *base, const char *specifier, char *name)
{
    if (isere_module_name_native(specifier) == 1) {
        snprintf(name, ISERE_MODULE_NAME_MAX, "%s", specifier);
        return 0;
    }
    if (isere_module_name_resolve(bundle->root, base, specifier, name,
                                  ISERE_MODULE_NAME_MAX)) {
        JS_ThrowReferenceError(ctx,
                               "cannot import '%s': only files in the "
                               "function's folder, as './file.js'",
                               specifier);
        return -1;
    }
    return 0;
}

/* In a request only what was imported in the init phase. */
static bool is_allowed(isere_realm_t *realm, int index)
{
    if (index >= 0 && realm->loading) {
        realm->imported[index] = 1;
    }
    return realm->loading || (index >= 0 && realm->imported[index]);
}

static char *normalize(JSContext *ctx, const char *base, const char *specifier,
                       void *opaque)
{
    (void)opaque;
    isere_realm_t *realm = isere__isolate_realm(ctx);
    const isere_bundle_t *bundle = &realm->isolate->function->bundle;
    char name[ISERE_MODULE_NAME_MAX];
    note_importer(ctx, base);
    if (resolve(ctx, bundle, base, specifier, name)) {
        return NULL;
    }
    int index = isere_bundle_find(bundle, name);
    if (index >= 0 && !is_allowed(realm, index)) {
        JS_ThrowReferenceError(ctx,
                               "cannot import '%s' in a request: import it "
                               "at the top level",
                               name);
        return NULL;
    }
    return js_strdup(ctx, name);
}

/* Called for a module that the heap does not have. */
static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    isere_realm_t *realm = isere__isolate_realm(ctx);
    if (!realm->loading) {
        JS_ThrowReferenceError(ctx,
                               "cannot import '%s' in a request: import it "
                               "at the top level",
                               name);
        return NULL;
    }
    if (isere_module_name_native(name) != 1) {
        JS_ThrowReferenceError(ctx, "cannot import '%s': no such file", name);
        return NULL;
    }
    isere_heap_t *heap = &realm->isolate->heap;
    heap->fragile = true;
    JSModuleDef *module = isere__native_load(ctx, name);
    heap->fragile = false;
    return module;
}

/* ---- faults ---- */

static void fail(isere_isolate_t *isolate)
{
    isolate->state = ISERE_ISOLATE_FAILED;
}

/* A fault without a place is at least one of the main module. */
static void name_main(isere_isolate_t *isolate)
{
    isere_fault_t *fault = isolate->init.fault;
    if (!fault->file[0]) {
        const char *main = isere_bundle_name(&isolate->function->bundle, 0);
        isere_text_copy(fault->file, sizeof(fault->file), isere_slice(main));
    }
}

/* An import that failed when modules were resolved: no code was running. */
static void name_importer(isere_isolate_t *isolate)
{
    isere_fault_t *fault = isolate->init.fault;
    const isere_realm_t *realm = isolate->realm;
    if (!fault->file[0] && realm->resolving && realm->importer) {
        isere_text_copy(fault->file, sizeof(fault->file),
                        isere_slice(realm->importer));
    }
}

static void fail_text(isere_isolate_t *isolate, const char *text)
{
    isere_fault_set(isolate->init.fault, text);
    name_main(isolate);
    fail(isolate);
}

/* Takes ownership of the thrown value. */
static void fail_thrown(isere_isolate_t *isolate, JSValue thrown)
{
    JSContext *ctx = isolate->heap.ctx;
    bool out_of_memory = isolate->heap.arena->failed > 0;
    isere_arena_release_reserve(isolate->heap.arena);
    if (out_of_memory && JS_IsNull(thrown)) {
        /* There was no memory for an error object. */
        isere_fault_set(isolate->init.fault, "out of memory");
    } else {
        isere_inspect_fault(ctx, thrown, isolate->init.fault);
    }
    if (out_of_memory &&
        strstr(isolate->init.fault->message, "out of memory")) {
        isere_fault_hint(isolate->init.fault, RAISE_MEMORY);
    }
    isere_fault_hint(isolate->init.fault, isere_inspect_hint(isere_slice(
                                              isolate->init.fault->message)));
    name_importer(isolate);
    name_main(isolate);
    JS_FreeValue(ctx, thrown);
    fail(isolate);
}

static void fail_exception(isere_isolate_t *isolate)
{
    fail_thrown(isolate, JS_GetException(isolate->heap.ctx));
}

/* Keeps the place where the code was stopped, when that is known. */
static void fail_deadline(isere_isolate_t *isolate)
{
    snprintf(isolate->init.fault->message, sizeof(isolate->init.fault->message),
             "the init phase did not end within %u ms",
             (unsigned)isolate->function->config.init_timeout_ms);
    name_main(isolate);
    fail(isolate);
}

/* ---- the handler ---- */

/* The object becomes `this` of each call. */
static int take_method(isere_isolate_t *isolate, JSValueConst object,
                       const char *name)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    JSValue method = JS_GetPropertyStr(ctx, object, name);
    if (JS_IsException(method)) {
        return -1;
    }
    if (!JS_IsFunction(ctx, method)) {
        JS_FreeValue(ctx, method);
        return 0;
    }
    realm->handler = method;
    realm->handler_this = JS_DupValue(ctx, object);
    return 1;
}

/* `export default { handler() {} }`, or with `fetch`: the form of the web. */
static int take_object(isere_isolate_t *isolate, JSValueConst object)
{
    if (!JS_IsObject(object)) {
        return 0;
    }
    int found = take_method(isolate, object, "handler");
    if (found == 0) {
        found = take_method(isolate, object, "fetch");
        isolate->realm->lambda.is_fetch = found > 0;
    }
    return found;
}

/* 1 when that export is a handler, 0 when not, -1 with an exception. */
static int take_export(isere_isolate_t *isolate, JSValueConst namespace,
                       const char *name, bool may_be_object)
{
    JSContext *ctx = isolate->heap.ctx;
    JSValue value = JS_GetPropertyStr(ctx, namespace, name);
    if (JS_IsException(value)) {
        return -1;
    }
    int found = 0;
    if (JS_IsFunction(ctx, value)) {
        isolate->realm->handler = JS_DupValue(ctx, value);
        found = 1;
    } else if (may_be_object) {
        found = take_object(isolate, value);
    }
    JS_FreeValue(ctx, value);
    return found;
}

/* The export that was asked for; of CommonJS it is a member of the default one.
 */
static int take_named(isere_isolate_t *isolate, JSValueConst namespace,
                      const char *name)
{
    JSContext *ctx = isolate->heap.ctx;
    int found = take_export(isolate, namespace, name, true);
    JSValue value = found == 0 ? JS_GetPropertyStr(ctx, namespace, "default")
                               : JS_UNDEFINED;
    if (JS_IsException(value)) {
        return -1;
    }
    if (JS_IsObject(value)) {
        found = take_method(isolate, value, name);
    }
    JS_FreeValue(ctx, value);
    return found;
}

/* `handler` first: it is the name that Lambda's own examples use. */
static int find_handler(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    const char *name = isolate->function->config.handler;
    JSValue namespace = JS_GetModuleNamespace(ctx, isolate->realm->module);
    if (JS_IsException(namespace)) {
        return -1;
    }
    int found = name ? take_named(isolate, namespace, name)
                     : take_export(isolate, namespace, "handler", false);
    if (found == 0 && !name) {
        found = take_export(isolate, namespace, "default", true);
    }
    JS_FreeValue(ctx, namespace);
    return found;
}

static void fail_no_handler(isere_isolate_t *isolate)
{
    const char *name = isolate->function->config.handler;
    char text[256];
    if (name) {
        snprintf(text, sizeof(text),
                 "the module exports no function called '%s', which --handler "
                 "asks for",
                 name);
        fail_text(isolate, text);
    } else {
        fail_text(isolate, "the module exports no handler: write `export const "
                           "handler = async (event, context, done) => { … }` "
                           "or `export default { fetch(request, env, ctx) { … "
                           "} }`");
    }
}

/* ---- the phases ---- */

/* The engine's part of freezing takes a little memory, for new tables. */
static int freeze(isere_isolate_t *isolate, int (*fn)(JSRuntime *rt))
{
    if (isolate->heap.end && fn(isolate->heap.rt)) {
        fail_text(isolate,
                  "out of memory when the init phase ended" RAISE_MEMORY);
        return -1;
    }
    return 0;
}

/* What follows must leave the heap ready for its snapshot: no timer, no
 * promise, no pending exception, little garbage. */
static void finish(isere_isolate_t *isolate)
{
    isere_realm_t *realm = isolate->realm;
    int found = find_handler(isolate);
    if (found < 0) {
        fail_exception(isolate);
        return;
    }
    if (found == 0) {
        fail_no_handler(isolate);
        return;
    }
    if (isolate->realm->lambda.is_fetch &&
        isere_fetch_prepare(isolate->heap.ctx) < 0) {
        fail_exception(isolate);
        return;
    }
    isere__rejections_report(isolate);
    unsigned dropped = isere_timers_clear(isolate->heap.ctx);
    if (dropped > 0) {
        isere__isolate_logf(
            isolate, ISERE_LOG_WARN,
            "%u timer%s still pending when the init phase ended, "
            "dropped",
            dropped, dropped == 1 ? " was" : "s were");
    }
    JSContext *ctx = isolate->heap.ctx;
    JS_FreeValue(ctx, realm->promise);
    realm->promise = JS_UNDEFINED;
    realm->loading = false;
    /* An error that the engine left pending unnoticed, for lack of memory,
     * must not look like one of every request. */
    JS_FreeValue(ctx, JS_GetException(ctx));
    isere_engine_collect(&isolate->heap);
    /* Before the event is made, whose shape every request changes. */
    if (freeze(isolate, JS_Freeze)) {
        return;
    }
    /* Last: code of the init phase must not see what requests get, and there is
     * no garbage in it. */
    if (isere_lambda_init(ctx, &realm->lambda, &isolate->info)) {
        fail_exception(isolate);
        return;
    }
    if (freeze(isolate, JS_FreezeAtoms)) {
        return;
    }
    isolate->state = ISERE_ISOLATE_READY;
}

/* Looks at where the module's evaluation stands. */
static void settle(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    if (isolate->stop.interrupted) {
        if (JS_PromiseState(ctx, realm->promise) == JS_PROMISE_REJECTED) {
            fail_thrown(isolate, JS_PromiseResult(ctx, realm->promise));
        }
        return;
    }
    switch (JS_PromiseState(ctx, realm->promise)) {
    case JS_PROMISE_FULFILLED:
        finish(isolate);
        return;
    case JS_PROMISE_REJECTED:
        fail_thrown(isolate, JS_PromiseResult(ctx, realm->promise));
        return;
    default:
        break;
    }
    if (isere_timers_next(ctx) != UINT64_MAX) {
        isolate->state = ISERE_ISOLATE_WAITING;
        return;
    }
    fail_text(isolate, "the init phase never ends: a top-level await waits "
                       "for a promise that nothing can settle");
}

/* In the heap, so that each restore resets it, too. */
static int make_globals(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = js_mallocz(ctx, sizeof(*realm));
    if (!realm) {
        return -1;
    }
    realm->isolate = isolate;
    realm->handler = JS_UNDEFINED;
    realm->handler_this = JS_UNDEFINED;
    realm->promise = JS_UNDEFINED;
    realm->collected = JS_UNDEFINED;
    isere__streaming_init(&realm->streaming);
    for (int i = 0; i < 3; i++) {
        realm->args[i] = JS_UNDEFINED;
    }
    realm->loading = true;
    isolate->realm = realm;
    JS_SetContextOpaque(ctx, realm);
    isere__rejections_install(isolate);
    return isere_web_install(ctx);
}

/* As much again must be left for the function. One for which there is no room
 * is loaded, or fails, when it is asked for. */
static int touch(void *arg, const char *name, size_t len)
{
    isere_isolate_t *isolate = arg;
    JSContext *ctx = isolate->heap.ctx;
    const isere_arena_t *arena = isolate->heap.arena;
    if (2 * isere_lazy_room(name, len) <= arena->size - arena->used &&
        isere_lazy_touch(ctx, name, len) < 0) {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    return 0;
}

/* Loads the globals in JavaScript that the code names, before it runs: their
 * builtins are as they were, and no request has to load them. */
static void touch_globals(isere_isolate_t *isolate)
{
    (void)isere_bundle_names(&isolate->function->bundle, touch, isolate);
}

/* A heap that was made from the base image has its globals already. */
static int make_realm(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    if (!isolate->realm && make_globals(isolate)) {
        return -1;
    }
    isolate->realm->imported =
        js_mallocz(ctx, isolate->function->bundle.nmodules);
    return isolate->realm->imported ? isere_web_set_env(ctx) : -1;
}

/* Takes the main module out of what the heap was made with. The array of
 * modules goes; the context keeps the modules themselves. */
static JSModuleDef *take_main(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    JSValue modules = isolate->loaded;
    JSValue value = JS_GetPropertyUint32(ctx, modules, 0);
    if (JS_VALUE_GET_TAG(value) != JS_TAG_MODULE) {
        return NULL;
    }
    /* The context owns modules; the values are only references. */
    JSModuleDef *main = JS_VALUE_GET_PTR(value);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, modules);
    isolate->loaded = JS_UNDEFINED;
    return main;
}

/* Linking comes first and is done apart (`resolving`): its errors have no place
 * of their own, so the importing module is named. */
static int evaluate(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    JS_SetModuleLoaderFunc(isolate->heap.rt, normalize, load, NULL);
    realm->module = take_main(isolate);
    if (!realm->module) {
        return -1;
    }
    realm->imported[0] = 1;
    JSValue value = JS_DupValue(ctx, JS_MKPTR(JS_TAG_MODULE, realm->module));
    realm->resolving = true;
    if (JS_ResolveModule(ctx, value)) {
        return -1;
    }
    realm->resolving = false;
    js_free(ctx, realm->importer);
    realm->importer = NULL;
    JSValue promise = JS_EvalFunction(ctx, value);
    if (JS_IsException(promise)) {
        return -1;
    }
    realm->promise = promise;
    return 0;
}

static const char no_globals[] =
    "out of memory: the engine's own globals do not fit" RAISE_MEMORY;

/* What functions share: the engine and the globals, frozen. */
static void run_base(void *arg)
{
    isere_isolate_t *isolate = arg;
    if (make_globals(isolate) || isolate->heap.arena->failed > 0) {
        fail_text(isolate, no_globals);
        return;
    }
    isere_engine_collect(&isolate->heap);
    if (!freeze(isolate, JS_Freeze) && !freeze(isolate, JS_FreezeAtoms)) {
        isolate->state = ISERE_ISOLATE_READY;
    }
}

/* Within exec_run: may be left at any instruction. */
static void run_begin(void *arg)
{
    isere_isolate_t *isolate = arg;
    if (!JS_IsObject(isolate->loaded)) {
        fail_text(isolate, JS_IsUndefined(isolate->loaded)
                               ? "out of memory while loading code" RAISE_MEMORY
                               : "the bytecode can't be read: build it again");
        return;
    }
    /* Where the engine fills its objects it does not report a failure: a heap
     * that lacks a method would be worse than none. */
    if (make_realm(isolate) || isolate->heap.arena->failed > 0) {
        /* Only for lack of memory, and there is no realm to report it with. */
        fail_text(isolate, no_globals);
        return;
    }
    touch_globals(isolate);
    isere_heap_settle(&isolate->heap);
    if (evaluate(isolate) || !isere__isolate_run_jobs(isolate)) {
        fail_exception(isolate);
        return;
    }
    settle(isolate);
}

static void run_resume(void *arg)
{
    isere_isolate_t *isolate = arg;
    JSContext *ctx = isolate->heap.ctx;
    uint64_t now = isere_host_monotonic_us(ctx);
    int fired;
    while ((fired = isere_timers_fire(ctx, now)) > 0) {
        if (!isere__isolate_run_jobs(isolate)) {
            fired = -1;
            break;
        }
    }
    if (fired < 0) {
        fail_exception(isolate);
        return;
    }
    settle(isolate);
}

/* ---- outside the engine ---- */

/* Filled in anew: what the crashed phase wrote there may be half done. */
static void fail_crashed(isere_isolate_t *isolate)
{
    isere_fault_t *fault = isolate->init.fault;
    memset(fault, 0, sizeof(*fault));
    isere_fault_describe_crash(isolate->port, "the init phase crashed",
                               fault->message, sizeof(fault->message));
    name_main(isolate);
    fail(isolate);
}

static void end(isere_isolate_t *isolate)
{
    if (isolate->stop.crashed) {
        fail_crashed(isolate);
        return;
    }
    if (isolate->stop.interrupted) {
        fail_deadline(isolate);
        return;
    }
    if (isolate->stop.exhausted) {
        fail_text(isolate, "out of memory while loading code" RAISE_MEMORY);
        return;
    }
    if (isolate->state != ISERE_ISOLATE_READY) {
        return;
    }
    /* The init phase may have spent it and gone on. */
    isere_arena_hold_reserve(isolate->heap.arena, ISERE_ARENA_RESERVE);
    isere_heap_freeze(&isolate->heap);
    if (isolate->function->config.isolation == ISERE_ISOLATION_FRESH) {
        return;
    }
    if (isolate->init.replay) {
        isere_snapshot_prepare(isolate->heap.arena);
        return; /* its bytes are wanted, no requests */
    }
    isere__isolate_note(isolate, true);
    isolate->snapshot = isere_snapshot_take(isolate->port, isolate->heap.arena,
                                            isolate->family);
    isere__isolate_note(isolate, false);
    if (!isolate->snapshot) {
        isolate->init.starved = true;
        fail_text(isolate, "not enough memory for the snapshot");
    }
}

int isere__init_base(isere_isolate_t *isolate)
{
    isolate->deadline_us = UINT64_MAX;
    (void)isere__isolate_enter(isolate, run_base);
    if (isolate->stop.crashed) {
        return ISERE_ERR_CRASH;
    }
    if (isolate->state != ISERE_ISOLATE_READY) {
        return ISERE_ERR_NOMEM;
    }
    isere_heap_freeze(&isolate->heap);
    isere_arena_clear_free(isolate->heap.arena);
    return 0;
}

void isere__init_begin(isere_isolate_t *isolate)
{
    if (isolate->stop.crashed) { /* it has no heap */
        fail_crashed(isolate);
        return;
    }
    (void)isere__isolate_enter(isolate, run_begin);
    end(isolate);
}

/* The deadline is checked first: a timer that is due may wait for another
 * request's turn, which counts against the init phase. */
void isere__init_resume(isere_isolate_t *isolate)
{
    const isere_port_t *port = isolate->port;
    if (port->monotonic_us(port->ctx) >= isolate->deadline_us) {
        fail_deadline(isolate);
        return;
    }
    (void)isere__isolate_enter(isolate, run_resume);
    end(isolate);
}
