/* Two static regions, each managed by an arena: nothing is taken from the
 * kernel's or the C library's heap. */
#include "core/heap/arena.h"
#include "ports/zephyr/port_zephyr.h"
#include <string.h>
#include <zephyr/kernel.h>

enum {
    HEAP_ALIGNMENT = 16,
    /* The pointer to the arena's block lies in front of the aligned memory. */
    HEAP_EXTRA = HEAP_ALIGNMENT + sizeof(void *),
};

/* In KB; an engine takes 64, and what moved in a shared snapshot 3. */
#define SNAPSHOTS                                                              \
    (IS_ENABLED(CONFIG_ISERE_SHARE_SNAPSHOTS) ? 1 : CONFIG_ISERE_INSTANCES)
BUILD_ASSERT(CONFIG_ISERE_HEAP_REGION >=
                 CONFIG_ISERE_INSTANCES * CONFIG_ISERE_MEMORY + 66 * SNAPSHOTS +
                     1,
             "ISERE_HEAP_REGION is too small");

/* Not cleared at a start: what is not used costs no time. */
static char heap_region[CONFIG_ISERE_HEAP_REGION * 1024] __noinit
    __aligned(HEAP_ALIGNMENT);
static char server_region[CONFIG_ISERE_SERVER_REGION * 1024] __noinit
    __aligned(HEAP_ALIGNMENT);

/* Both begin with their arena. */
static isere_arena_t *const heaps = (isere_arena_t *)heap_region;
static isere_arena_t *const server = (isere_arena_t *)server_region;

void isere_zephyr_memory_init(void)
{
    isere_arena_init(heap_region, sizeof(heap_region), 0);
    isere_arena_init(server_region, sizeof(server_region), 0);
}

/* The server's memory is apart from the heaps, so that handlers can't starve
 * it. */
void *isere_zephyr_resize(void *ctx, void *ptr, size_t size)
{
    ARG_UNUSED(ctx);
    if (size == 0) {
        if (ptr) {
            isere_arena_free(server, ptr);
        }
        return NULL;
    }
    return ptr ? isere_arena_realloc(server, ptr, size)
               : isere_arena_alloc(server, size);
}

void *isere_zephyr_heap_map(void *ctx, size_t size)
{
    ARG_UNUSED(ctx);
    char *block = isere_arena_alloc(heaps, size + HEAP_EXTRA);
    if (!block) {
        return NULL;
    }
    void **heap = (void **)ROUND_UP(block + sizeof(void *), HEAP_ALIGNMENT);
    heap[-1] = block;
    return heap;
}

void isere_zephyr_heap_unmap(void *ctx, void *heap, size_t size)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(size);
    isere_arena_free(heaps, ((void **)heap)[-1]);
}

/* There is no memory to give back; zeros are what counts. */
void isere_zephyr_heap_trim(void *ctx, void *start, size_t size)
{
    ARG_UNUSED(ctx);
    memset(start, 0, size);
}

static void describe(const isere_arena_t *arena, isere_zephyr_memory_t *memory)
{
    memory->size = arena->size;
    memory->used = arena->used;
    memory->peak = arena->peak;
}

void isere_zephyr_memory_heaps(isere_zephyr_memory_t *memory)
{
    describe(heaps, memory);
}

void isere_zephyr_memory_server(isere_zephyr_memory_t *memory)
{
    describe(server, memory);
}
