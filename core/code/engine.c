/* A QuickJS engine in a heap of its own, with or without code. */
#include "core/code/engine.h"

/*
 * Makes the engine's table of shapes large enough for those that a request is
 * likely to add. When it grows, the engine writes to every shape, all over the
 * heap; better now than in every request. Without memory it stays as it is.
 */
static void widen_tables(JSContext *ctx)
{
    enum { SHAPES = 32 };
    JSValue objects[SHAPES];
    for (int i = 0; i < SHAPES; i++) {
        /* A prototype of its own makes a shape of its own. */
        objects[i] = JS_NewObjectProto(ctx, i ? objects[i - 1] : JS_NULL);
        if (JS_IsException(objects[i])) {
            JS_FreeValue(ctx, JS_GetException(ctx));
        }
    }
    for (int i = SHAPES - 1; i >= 0; i--) {
        JS_FreeValue(ctx, objects[i]);
    }
}

void isere_engine_collect(isere_heap_t *heap)
{
    if (!heap->end) {
        widen_tables(heap->ctx); /* a frozen part has tables of its own */
    }
    /* Less garbage than this is not worth looking at the whole heap. */
    enum { LITTLE = 2048 };
    if (isere_heap_used(heap) > heap->settled + LITTLE) {
        JS_RunGC(heap->rt);
    }
    isere_heap_settle(heap);
}

/* What JS_NewContext does after the basic objects; only what its parser calls
 * is needed to compile. */
static void add_intrinsics(JSContext *ctx, bool compiles)
{
    if (compiles) {
        JS_AddIntrinsicEval(ctx);
        JS_AddIntrinsicRegExpCompiler(ctx);
        return;
    }
    JS_AddIntrinsicBaseObjects(ctx);
    JS_AddIntrinsicDate(ctx);
    JS_AddIntrinsicEval(ctx);
    JS_AddIntrinsicStringNormalize(ctx);
    JS_AddIntrinsicRegExp(ctx);
    JS_AddIntrinsicJSON(ctx);
    JS_AddIntrinsicProxy(ctx);
    JS_AddIntrinsicMapSet(ctx);
    JS_AddIntrinsicTypedArrays(ctx);
    JS_AddIntrinsicPromise(ctx);
    JS_AddIntrinsicWeakRef(ctx);
}

/* What exec_run is given. Results are written through pointers: locals of a
 * function that longjmp leaves have no defined value. */
typedef struct making {
    isere_heap_t *heap;
    const uint8_t *code; /* or NULL */
    size_t code_size;
    JSValue *loaded;
    bool freezes;  /* the heap will have an init phase, and be frozen */
    bool compiles; /* it will have nothing else */
    bool made;
} making_t;

static void read_code(making_t *m)
{
    JSContext *ctx = m->heap->ctx;
    *m->loaded = JS_ReadObject(ctx, m->code, m->code_size,
                               JS_READ_OBJ_BYTECODE | JS_READ_OBJ_ROM_DATA);
    JS_FreeValue(ctx, JS_GetException(ctx));
}

static void make_context(void *arg)
{
    making_t *m = arg;
    isere_heap_t *heap = m->heap;
    heap->fragile = true;
    heap->rt = isere_heap_runtime(heap);
    JS_SetMaxStackSize(heap->rt, heap->stack_size);
    JS_SetGCThreshold(heap->rt, SIZE_MAX); /* there is no garbage yet */
    JS_SetStripInfo(heap->rt, JS_STRIP_SOURCE);
    heap->ctx = JS_NewContextRaw(heap->rt);
    if (m->code) {
        /* Bytecode names atoms by number. It is used where it lies when the
         * numbers are those that a runtime gives to its first atoms, so nothing
         * comes before this. */
        read_code(m);
    }
    add_intrinsics(heap->ctx, m->compiles);
    heap->fragile = false;
    isere_heap_settle(heap);
}

static bool make(making_t *m)
{
    *m->loaded = JS_UNDEFINED;
    return isere_heap_clear(m->heap, m->freezes) &&
           isere_heap_run(m->heap, make_context, m);
}

static void run_making(void *arg)
{
    making_t *m = arg;
    m->made = make(m);
    /* Without the code the heap can still say what was wrong. */
    if (!m->made && m->code) {
        m->code = NULL;
        m->made = make(m);
    }
}

/* On the stack that the engine believes in: reading deeply nested functions
 * takes a lot of it. */
static int run_on_stack(making_t *making, void (*run)(void *arg))
{
    const isere_port_t *port = making->heap->port;
    int error = port->exec_run(port->ctx, run, making, UINT64_MAX);
    return error || making->made ? error : ISERE_ERR_NOMEM;
}

int isere_engine_make(isere_heap_t *heap, const void *code, size_t code_size,
                      JSValue *loaded)
{
    making_t making = {.heap = heap,
                       .code = code,
                       .code_size = code_size,
                       .loaded = loaded,
                       .freezes = code != NULL || heap->apart};
    return run_on_stack(&making, run_making);
}

static void load(void *arg)
{
    making_t *m = arg;
    isere_heap_t *heap = m->heap;
    isere_heap_freeze_more(heap);
    JS_SetMaxStackSize(heap->rt, heap->stack_size);
    heap->fragile = true;
    read_code(m);
    heap->fragile = false;
    isere_heap_settle(heap);
}

static void run_loading(void *arg)
{
    making_t *m = arg;
    JS_UpdateStackTop(m->heap->rt);
    m->made = isere_heap_run(m->heap, load, m);
}

int isere_engine_load(isere_heap_t *heap, const void *code, size_t code_size,
                      JSValue *loaded)
{
    making_t making = {.heap = heap,
                       .code = code,
                       .code_size = code_size,
                       .loaded = loaded,
                       .freezes = true};
    *loaded = JS_UNDEFINED;
    return run_on_stack(&making, run_loading);
}

int isere_engine_init_with(isere_heap_t *heap, const isere_port_t *port,
                           size_t size, size_t stack_size, const void *code,
                           size_t code_size, JSValue *loaded)
{
    int error = isere_heap_map(heap, port, size, stack_size);
    if (error) {
        return error;
    }
    error = isere_engine_make(heap, code, code_size, loaded);
    if (error) {
        isere_heap_deinit(heap);
    }
    return error;
}

int isere_engine_init_compiler(isere_heap_t *heap, const isere_port_t *port,
                               size_t size, size_t stack_size)
{
    JSValue loaded;
    making_t making = {.heap = heap, .loaded = &loaded, .compiles = true};
    int error = isere_heap_map(heap, port, size, stack_size);
    if (error) {
        return error;
    }
    error = run_on_stack(&making, run_making);
    if (error) {
        isere_heap_deinit(heap);
    }
    return error;
}

int isere_engine_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                      size_t stack_size)
{
    JSValue loaded;
    return isere_engine_init_with(heap, port, size, stack_size, NULL, 0,
                                  &loaded);
}
