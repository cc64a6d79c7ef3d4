/*
 * Where JavaScript heaps lie: each between inaccessible addresses, so far from
 * everything else that an index of 32 bits, from anywhere in the heap, reaches
 * nothing that can be written to. The engine's largest elements have 16 bytes,
 * which makes 64 GB in both directions; neighbours share the gap between them.
 *
 * This costs only address space, which no memory is behind, and one entry in
 * the kernel for each gap. Places are made by the dozen and reused. When the
 * system gives less (a limit on address space, or heaps beyond some 1,600 on a
 * machine with 47 bits of it), gaps get smaller, down to 64 KB; 32 bits have no
 * more than that.
 */
#include "ports/linux/port_linux.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLACES = 16 };

#define KB ((size_t)1 << 10)
#define EDGE (64 * KB) /* around a heap that has no place */

#if UINTPTR_MAX > 0xffffffff && !defined(__SANITIZE_THREAD__)
#define GB ((size_t)1 << 30)
#define LARGEST (4 * GB) /* heap that fits a place */
static const size_t gaps[] = {64 * GB, 8 * GB, 1 * GB};
#else
/* ThreadSanitizer knows only a small part of the address space. */
#define LARGEST ((size_t)0)
static const size_t gaps[] = {EDGE};
#endif

enum { GAPS = sizeof(gaps) / sizeof(gaps[0]) };

/* Places for heaps, with a gap before, between and behind them. */
typedef struct region {
    struct region *next;
    char *start;
    size_t gap;
    uint32_t taken; /* a bit for each place */
} region_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static region_t *regions; /* the largest gaps first; they are never given up */
static atomic_size_t least_gap;

static size_t stride(size_t gap)
{
    return gap + LARGEST;
}

static char *place(const region_t *region, unsigned index)
{
    return region->start + region->gap + index * stride(region->gap);
}

static void *reserve(size_t size)
{
    void *start = mmap(NULL, size, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

static region_t *add_region(void)
{
    region_t **last = &regions;
    region_t *region = calloc(1, sizeof(*region));
    for (int i = 0; region && i < GAPS && !region->start; i++) {
        region->gap = gaps[i];
        region->start = reserve(gaps[i] + PLACES * stride(gaps[i]));
    }
    if (!region || !region->start) {
        free(region);
        return NULL;
    }
    /* At the end, since gaps get smaller: find_free takes the first with
     * room. */
    while (*last) {
        last = &(*last)->next;
    }
    *last = region;
    return region;
}

static region_t *find_free(void)
{
    region_t *region = regions;
    while (region && region->taken == (UINT32_C(1) << PLACES) - 1) {
        region = region->next;
    }
    return region ? region : add_region();
}

/* The region that an address is in, and which place. */
static region_t *find(const char *address, unsigned *index)
{
    region_t *region = regions;
    for (; region; region = region->next) {
        /* Wraps around for an address before the region, which is then too
         * large. */
        size_t offset = (size_t)(address - region->start) - region->gap;
        if (offset < PLACES * stride(region->gap)) {
            *index = (unsigned)(offset / stride(region->gap));
            return region;
        }
    }
    return NULL;
}

static void note_gap(size_t gap)
{
    size_t least = atomic_load(&least_gap);
    while ((least == 0 || gap < least) &&
           !atomic_compare_exchange_weak(&least_gap, &least, gap)) {
    }
}

size_t isere_linux_arena_gap(void)
{
    return atomic_load(&least_gap);
}

/* With the lock held. */
static char *take_place(size_t size, size_t *gap)
{
    region_t *region = size <= LARGEST ? find_free() : NULL;
    unsigned index = 0;
    if (!region) {
        return NULL;
    }
    while (region->taken & UINT32_C(1) << index) {
        index++;
    }
    region->taken |= UINT32_C(1) << index;
    *gap = region->gap;
    return place(region, index);
}

static void give_place_back(char *arena)
{
    unsigned index;
    region_t *region = find(arena, &index);
    region->taken &= ~(UINT32_C(1) << index);
}

/* One that has no place: at least what is right beside it can't be reached. */
static void *map_alone(size_t size)
{
    char *start = reserve(size + 2 * EDGE);
    void *arena = start ? isere_linux_map(start + EDGE, size, true) : NULL;
    if (start && !arena) {
        munmap(start, size + 2 * EDGE);
    }
    note_gap(EDGE);
    return arena;
}

static size_t whole_pages(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) & ~(page - 1);
}

void *isere_linux_arena_map(void *ctx, size_t size)
{
    size_t gap = 0;
    char *arena;
    (void)ctx;
    size = whole_pages(size);
    pthread_mutex_lock(&lock);
    arena = take_place(size, &gap);
    pthread_mutex_unlock(&lock);
    if (!arena) {
        return map_alone(size);
    }
    note_gap(gap);
    /* Outside the lock: filling the first pages takes long. */
    if (isere_linux_map(arena, size, true)) {
        return arena;
    }
    pthread_mutex_lock(&lock);
    give_place_back(arena);
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* The place becomes inaccessible again, which gives its pages back. Where even
 * that fails, nobody gets it any more. */
static bool empty(void *arena, size_t size)
{
    return mmap(arena, size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                0) != MAP_FAILED;
}

void isere_linux_arena_unmap(void *ctx, void *arena, size_t size)
{
    unsigned index;
    bool has_place;
    (void)ctx;
    size = whole_pages(size);
    pthread_mutex_lock(&lock);
    has_place = find(arena, &index) != NULL;
    pthread_mutex_unlock(&lock);
    if (!has_place) {
        munmap((char *)arena - EDGE, size + 2 * EDGE);
    } else if (empty(arena, size)) {
        pthread_mutex_lock(&lock);
        give_place_back(arena);
        pthread_mutex_unlock(&lock);
    }
}
