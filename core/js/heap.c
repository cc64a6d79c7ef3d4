#include "core/js/heap.h"
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

/* Collect when garbage could be a quarter of the heap, as QuickJS itself
 * never collects because an allocation failed. */
static size_t gc_threshold(size_t size)
{
    size_t quarter = size / 4;
    return quarter < 256 * 1024 ? quarter : 256 * 1024;
}

static void make_context(void *arg)
{
    isere_heap_t *heap = arg;
    heap->fragile = true;
    heap->rt = JS_NewRuntime2(&malloc_functions, heap);
    JS_SetMaxStackSize(heap->rt, heap->stack_size);
    JS_SetGCThreshold(heap->rt, gc_threshold(heap->size));
    JS_SetStripInfo(heap->rt, JS_STRIP_SOURCE);
    heap->ctx = JS_NewContext(heap->rt);
    heap->fragile = false;
}

int isere_heap_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                    size_t stack_size)
{
    memset(heap, 0, sizeof(*heap));
    heap->port = port;
    heap->size = size;
    heap->stack_size = stack_size;
    void *memory = port->heap_map(port->ctx, size);
    if (!memory) {
        return ISERE_ERR_NOMEM;
    }
    heap->arena = isere_arena_init(memory, size, ISERE_ARENA_RESERVE);
    if (!heap->arena || !isere_heap_run(heap, make_context, heap)) {
        port->heap_unmap(port->ctx, memory, size);
        return ISERE_ERR_NOMEM;
    }
    return 0;
}

void isere_heap_deinit(isere_heap_t *heap)
{
    if (heap->arena) {
        heap->port->heap_unmap(heap->port->ctx, heap->arena, heap->size);
        heap->arena = NULL;
    }
}
