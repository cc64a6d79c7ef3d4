/*
 * The memory of one engine: an arena mapped from the port, the functions that
 * QuickJS allocates with, and the exit for when it can't continue without
 * memory.
 */
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

static bool is_frozen(const isere_arena_t *arena, const void *ptr)
{
    return (uintptr_t)ptr - (uintptr_t)arena >= arena->size;
}

/*
 * Most of the engine throws when an allocation returns NULL. Its compiler
 * (`compiling` comes from a patch of ours), its reader of bytecode and the code
 * that makes a context do not check each one, and would use the NULL. They are
 * left instead; the heap is in no usable state afterwards.
 */
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

/* What is to be frozen lies apart as long as there is room to take from the
 * arena, and else like everything else. Behind what is written to a block there
 * may be a part of an old address, which is another one each time: two heaps of
 * which an image is made could not be compared. (Elsewhere the arena is kept
 * clean.) */
static void *heap_malloc_frozen(JSMallocState *s, size_t size)
{
    isere_heap_t *heap = s->opaque;
    void *ptr = isere_arena_alloc_end(heap->arena, heap->end, size);
    if (!ptr) {
        return heap_malloc(s, size);
    }
    if (heap->apart) {
        memset(ptr, 0, isere_arena_usable_size(ptr));
    }
    count_added(s, ptr);
    return ptr;
}

/* What is frozen is never freed. */
static void heap_free(JSMallocState *s, void *ptr)
{
    if (ptr) {
        const isere_heap_t *heap = s->opaque;
        isere_arena_t *arena = heap->arena;
        s->malloc_count--;
        s->malloc_size -= isere_arena_usable_size(ptr);
        isere_arena_free(is_frozen(arena, ptr) ? heap->end : arena, ptr);
    }
}

/* Out of the frozen part: what changes its size will be written to. */
static void *move_out(JSMallocState *s, void *ptr, size_t size)
{
    size_t old = isere_arena_usable_size(ptr);
    void *fresh = heap_malloc(s, size);
    if (fresh) {
        memcpy(fresh, ptr, old < size ? old : size);
        heap_free(s, ptr);
    }
    return fresh;
}

/* The engine expects NULL of size 0, where the arena returns a block. */
static void *heap_realloc(JSMallocState *s, void *ptr, size_t size)
{
    if (!ptr) {
        return size ? heap_malloc(s, size) : NULL;
    }
    if (size == 0) {
        heap_free(s, ptr);
        return NULL;
    }
    if (is_frozen(arena_of(s), ptr)) {
        return move_out(s, ptr, size);
    }
    size_t old = isere_arena_usable_size(ptr);
    void *fresh = isere_arena_realloc(arena_of(s), ptr, size);
    if (!fresh) {
        return out_of_memory(s);
    }
    s->malloc_size += isere_arena_usable_size(fresh) - old;
    return fresh;
}

static const JSMallocFunctions malloc_functions = {
    heap_malloc,
    heap_free,
    heap_realloc,
    isere_arena_usable_size,
};

/* Half of what is left, so that the heap is not full of garbage before the next
 * collection; not less and less of it, so that they come to an end. The engine
 * counts without headers: the other half has room for those. */
static size_t collect_after(const JSMallocState *s)
{
    enum { LEAST = 64 }; /* of so many parts of the arena */
    const isere_arena_t *arena = arena_of(s);
    size_t half = (arena->size - arena->used) / 2;
    size_t least = arena->size / LEAST;
    return half > least ? half : least;
}

JSRuntime *isere_heap_runtime(isere_heap_t *heap)
{
    JSRuntime *rt = JS_NewRuntime3(&malloc_functions,
                                   heap->end ? heap_malloc_frozen : NULL, heap);
    if (rt) {
        JS_SetGCStep(rt, collect_after);
    }
    return rt;
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

size_t isere_heap_used(const isere_heap_t *heap)
{
    return heap->arena->used + (heap->end ? heap->end->used : 0) +
           heap->elsewhere;
}

void isere_heap_settle(isere_heap_t *heap)
{
    enum { MOST = 256 * 1024 };
    size_t size = heap->apart ? heap->size : heap->arena->size;
    size_t half = (size - heap->arena->used) / 2;
    JS_CollectAfter(heap->rt, half < MOST ? half : MOST);
    heap->settled = isere_heap_used(heap);
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

/* The memory is not an arena yet: isere_heap_clear makes it one, or finds it
 * too small. */
void isere_heap_use(isere_heap_t *heap, const isere_port_t *port, void *memory,
                    size_t size, size_t stack_size)
{
    memset(heap, 0, sizeof(*heap));
    heap->port = port;
    heap->size = size;
    heap->stack_size = stack_size;
    heap->arena = memory;
    heap->borrowed = true;
}

int isere_heap_map(isere_heap_t *heap, const isere_port_t *port, size_t size,
                   size_t stack_size)
{
    void *memory = map_arena(port, size);
    isere_heap_use(heap, port, memory, size, stack_size);
    heap->borrowed = false;
    return memory ? 0 : ISERE_ERR_NOMEM;
}

/* Who is told of the frozen part. */
static const isere_port_t *protector(const isere_heap_t *heap)
{
    return heap->apart ? NULL : heap->port;
}

/* What can't be protected from writes has to be restored. Where heaps have
 * places, only those of which images are made have such a part. */
static bool can_freeze(const isere_heap_t *heap)
{
    return heap->apart || (heap->port->heap_freeze && !heap->port->arena_place);
}

bool isere_heap_clear(isere_heap_t *heap, bool freezes)
{
    heap->end = NULL;
    if (!isere_arena_init(heap->arena, heap->size, ISERE_ARENA_RESERVE)) {
        return false;
    }
    isere_arena_keep_clean(heap->arena); /* until the snapshot is taken */
    if (freezes && can_freeze(heap)) {
        heap->end = isere__frozen_begin(protector(heap), heap->arena);
    }
    return true;
}

bool isere_heap_take(isere_heap_t *heap, const void *arena, size_t used)
{
    if (used > heap->size) {
        return false;
    }
    memcpy(heap->arena, arena, used);
    if (!isere_arena_adopt(heap->arena, heap->size + heap->more)) {
        return false;
    }
    heap->end = isere__frozen_begin(protector(heap), heap->arena);
    return true;
}

void isere_heap_freeze_more(isere_heap_t *heap)
{
    JS_FreezeMore(heap->rt, heap->end ? heap_malloc_frozen : NULL);
}

void isere_heap_freeze(isere_heap_t *heap)
{
    if (heap->end) {
        isere__frozen_end(&heap->frozen, protector(heap), heap->arena,
                          heap->end);
        heap->end = NULL;
    }
}

void isere_heap_deinit(isere_heap_t *heap)
{
    if (heap->arena) {
        isere__frozen_release(&heap->frozen, protector(heap));
    }
    if (heap->arena && !heap->borrowed) {
        unmap_arena(heap->port, heap->arena, heap->size);
    }
    heap->arena = NULL;
}
