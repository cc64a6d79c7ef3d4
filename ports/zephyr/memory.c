/*
 * Two static regions: nothing is taken from the kernel's or the C library's
 * heap.
 *
 * Where images of heaps are kept in flash, the region of heaps has a place for
 * each instance, which is where its image belongs, and a rest for what is there
 * for a short time only. What is larger than the rest takes places that are
 * free, one behind the other. Elsewhere all of the region is the rest. Jobs
 * have no more places than they were lent.
 *
 * Two threads use this, and their executions: while one is in an arena no other
 * one runs. That takes no longer than an allocation.
 */
#include "core/heap/arena.h"
#include "ports/zephyr/port_zephyr.h"
#include <string.h>
#include <zephyr/kernel.h>

enum {
    HEAP_ALIGNMENT = 16,
    /* The pointer to the arena's block lies in front of the aligned memory. */
    HEAP_EXTRA = HEAP_ALIGNMENT + sizeof(void *),
};

#ifdef CONFIG_ISERE_IMAGES
/* An isolate lies in front of its heap: it takes less than 1.5 KB. */
#define PLACES CONFIG_ISERE_INSTANCES
#define PLACE (CONFIG_ISERE_MEMORY * 1024 + 1536)
#define SNAPSHOTS 0
#else
#define PLACES 0
#define PLACE 0
#define SNAPSHOTS                                                              \
    (IS_ENABLED(CONFIG_ISERE_SHARE_SNAPSHOTS) ? 1 : CONFIG_ISERE_INSTANCES)
#endif

/* In KB; an engine takes 64, and what moved in a shared snapshot 3. */
BUILD_ASSERT(CONFIG_ISERE_HEAP_REGION >=
                 CONFIG_ISERE_INSTANCES * CONFIG_ISERE_MEMORY + 66 * SNAPSHOTS +
                     1,
             "ISERE_HEAP_REGION is too small");
BUILD_ASSERT(CONFIG_ISERE_HEAP_REGION * 1024 >= PLACES * PLACE + 8 * 1024,
             "ISERE_HEAP_REGION is too small");

/* Not cleared at a start: what is not used costs no time. */
static char
    heap_region[CONFIG_ISERE_HEAP_REGION * 1024 - PLACES * PLACE] __noinit
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

#ifdef CONFIG_ISERE_IMAGES

static char heap_places[PLACES][PLACE] __noinit __aligned(HEAP_ALIGNMENT);
/* For each place, how many the block takes that begins there or, where one
 * goes on, a number that is not 0. */
static uint8_t places_taken[PLACES];
/* Of jobs: how many they may have, and have. */
static unsigned places_lent;
static unsigned places_used;

void isere__zephyr_memory_lend(unsigned places)
{
    places_lent = places;
}

void *isere_zephyr_arena_place(void *ctx, unsigned index)
{
    ARG_UNUSED(ctx);
    return index < PLACES ? heap_places[index] : NULL;
}

/* The first places that are free, as many as it takes. */
static void *take_places(const void *ctx, size_t size)
{
    size_t count = DIV_ROUND_UP(size, PLACE);
    size_t run = 0;
    if (ctx && count > places_lent - MIN(places_used, places_lent)) {
        return NULL;
    }
    for (size_t i = 0; i < PLACES && count <= UINT8_MAX; i++) {
        run = places_taken[i] ? 0 : run + 1;
        if (run == count) {
            size_t first = i + 1 - count;
            memset(&places_taken[first], (int)count, count);
            places_used += ctx ? count : 0;
            return heap_places[first];
        }
    }
    return NULL;
}

/* False when it is none of the places. */
static bool give_places(const void *ctx, const void *heap)
{
    ptrdiff_t offset = (const char *)heap - heap_places[0];
    if (offset < 0 || (size_t)offset >= sizeof(heap_places)) {
        return false;
    }
    size_t first = (size_t)offset / PLACE;
    places_used -= ctx ? places_taken[first] : 0;
    memset(&places_taken[first], 0, places_taken[first]);
    return true;
}

void *isere_zephyr_arena_map(void *ctx, size_t size)
{
    k_sched_lock();
    void *heap = take_places(ctx, size);
    k_sched_unlock();
    return heap;
}

#else

static void *take_places(const void *ctx, size_t size)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(size);
    return NULL;
}

static bool give_places(const void *ctx, const void *heap)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(heap);
    return false;
}

#endif

/* The server's memory is apart from the heaps, so that handlers can't starve
 * it. */
void *isere_zephyr_resize(void *ctx, void *ptr, size_t size)
{
    void *block = NULL;
    ARG_UNUSED(ctx);
    k_sched_lock();
    if (size > 0) {
        block = ptr ? isere_arena_realloc(server, ptr, size)
                    : isere_arena_alloc(server, size);
    } else if (ptr) {
        isere_arena_free(server, ptr);
    }
    k_sched_unlock();
    return block;
}

void *isere_zephyr_heap_map(void *ctx, size_t size)
{
    void **heap;
    k_sched_lock();
    char *block = isere_arena_alloc(heaps, size + HEAP_EXTRA);
    if (block) {
        heap = (void **)ROUND_UP(block + sizeof(void *), HEAP_ALIGNMENT);
        heap[-1] = block;
    } else {
        heap = take_places(ctx, size);
    }
    k_sched_unlock();
    return heap;
}

void isere_zephyr_heap_unmap(void *ctx, void *heap, size_t size)
{
    ARG_UNUSED(size);
    k_sched_lock();
    if (!give_places(ctx, heap)) {
        isere_arena_free(heaps, ((void **)heap)[-1]);
    }
    k_sched_unlock();
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
