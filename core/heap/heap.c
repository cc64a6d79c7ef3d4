#include "core/heap/heap.h"
#include "core/isere_config.h"

/* QuickJS uses these two counts only to decide when to collect garbage; the
 * limit is the arena's. */
static void count_added(JSMallocState *s, const void *ptr)
{
    s->malloc_count++;
    s->malloc_size += isere_arena_usable_size(ptr);
}

static isere_arena_t *arena_of(const JSMallocState *s)
{
    return ((isere_heap_t *)s->opaque)->arena;
}

/* NULL to the engine, or out of what can't go on then. */
static void *out_of_memory(JSMallocState *s)
{
    isere_heap_t *heap = s->opaque;
    if (s->compiling > 0 || heap->fragile) {
        longjmp(heap->exhausted, 1);
    }
    return NULL;
}

static void *heap_malloc(JSMallocState *s, size_t size)
{
    void *ptr = isere_arena_alloc(arena_of(s), size);
    if (!ptr) {
        return out_of_memory(s);
    }
    count_added(s, ptr);
    return ptr;
}

static void heap_free(JSMallocState *s, void *ptr)
{
    if (ptr) {
        s->malloc_count--;
        s->malloc_size -= isere_arena_usable_size(ptr);
        isere_arena_free(arena_of(s), ptr);
    }
}

static void *heap_realloc(JSMallocState *s, void *ptr, size_t size)
{
    if (!ptr) {
        return size ? heap_malloc(s, size) : NULL;
    }
    if (size == 0) {
        heap_free(s, ptr);
        return NULL;
    }
    size_t old = isere_arena_usable_size(ptr);
    void *fresh = isere_arena_realloc(arena_of(s), ptr, size);
    if (!fresh) {
        return out_of_memory(s);
    }
    s->malloc_size += isere_arena_usable_size(fresh) - old;
    return fresh;
}

bool isere_heap_run(isere_heap_t *heap, void (*fn)(void *arg), void *arg)
{
    if (setjmp(heap->exhausted)) {
        heap->fragile = false;
        return false;
    }
    fn(arg);
    return true;
}

static const JSMallocFunctions malloc_functions = {
    heap_malloc,
    heap_free,
    heap_realloc,
    isere_arena_usable_size,
};

void isere_heap_settle(isere_heap_t *heap)
{
    enum { MOST = 256 * 1024 };
    /* The engine counts without headers: a few percent less. */
    size_t used = heap->arena->used;
    size_t half = (heap->arena->size - used) / 2;
    JS_SetGCThreshold(heap->rt, used + (half < MOST ? half : MOST));
    heap->settled = heap->arena->used;
}

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

void isere_heap_collect(isere_heap_t *heap)
{
    widen_tables(heap->ctx);
    /* Less garbage than this is not worth looking at the whole heap. */
    enum { LITTLE = 2048 };
    if (heap->arena->used > heap->settled + LITTLE) {
        JS_RunGC(heap->rt);
    }
    isere_heap_settle(heap);
}

/* What JS_NewContext does after the basic objects. */
static void add_intrinsics(JSContext *ctx)
{
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

static void make_context(void *arg)
{
    isere_heap_t *heap = arg;
    heap->fragile = true;
    heap->rt = JS_NewRuntime2(&malloc_functions, heap);
    JS_SetMaxStackSize(heap->rt, heap->stack_size);
    JS_SetGCThreshold(heap->rt, SIZE_MAX); /* there is no garbage yet */
    JS_SetStripInfo(heap->rt, JS_STRIP_SOURCE);
    heap->ctx = JS_NewContextRaw(heap->rt);
    if (heap->code) {
        /* Bytecode names atoms by number. The numbers are those that a runtime
         * gives to its first atoms, so nothing may come before this. */
        heap->loaded =
            JS_ReadObject(heap->ctx, heap->code, heap->code_size,
                          JS_READ_OBJ_BYTECODE | JS_READ_OBJ_ROM_DATA);
        JS_FreeValue(heap->ctx, JS_GetException(heap->ctx));
    }
    add_intrinsics(heap->ctx);
    heap->fragile = false;
    isere_heap_settle(heap);
}

/* A runtime and a context, with `code` or, when that does not fit, without. */
static bool fill_arena(isere_heap_t *heap, void *memory, const void *code)
{
    heap->loaded = JS_UNDEFINED;
    heap->code = code;
    heap->arena = isere_arena_init(memory, heap->size, ISERE_ARENA_RESERVE);
    if (heap->arena) {
        isere_arena_keep_clean(heap->arena); /* until the snapshot is taken */
    }
    if (heap->arena && isere_heap_run(heap, make_context, heap)) {
        return true;
    }
    return heap->arena && code && fill_arena(heap, memory, NULL);
}

typedef struct filling {
    isere_heap_t *heap;
    void *memory;
    const void *code;
    bool filled;
} filling_t;

static void run_filling(void *arg)
{
    filling_t *f = arg;
    f->filled = fill_arena(f->heap, f->memory, f->code);
}

static void *map_arena(const isere_port_t *port, size_t size)
{
    return port->arena_map ? port->arena_map(port->ctx, size)
                           : port->heap_map(port->ctx, size);
}

static void unmap_arena(const isere_port_t *port, void *arena, size_t size)
{
    if (port->arena_map) {
        port->arena_unmap(port->ctx, arena, size);
    } else {
        port->heap_unmap(port->ctx, arena, size);
    }
}

int isere_heap_init_with(isere_heap_t *heap, const isere_port_t *port,
                         size_t size, size_t stack_size, const void *code,
                         size_t code_size)
{
    memset(heap, 0, sizeof(*heap));
    heap->port = port;
    heap->size = size;
    heap->stack_size = stack_size;
    heap->code_size = code_size;
    void *memory = map_arena(port, size);
    if (!memory) {
        return ISERE_ERR_NOMEM;
    }
    /* On the stack that the engine believes in: reading deeply nested functions
     * takes a lot of it. */
    filling_t filling = {heap, memory, code, false};
    int error = port->exec_run(port->ctx, run_filling, &filling, UINT64_MAX);
    if (error || !filling.filled) {
        unmap_arena(port, memory, size);
        heap->arena = NULL;
        return error ? error : ISERE_ERR_NOMEM;
    }
    return 0;
}

int isere_heap_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                    size_t stack_size)
{
    return isere_heap_init_with(heap, port, size, stack_size, NULL, 0);
}

void isere_heap_deinit(isere_heap_t *heap)
{
    if (heap->arena) {
        unmap_arena(heap->port, heap->arena, heap->size);
        heap->arena = NULL;
    }
}
