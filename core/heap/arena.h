/*
 * An arena: one contiguous block of memory and the allocator that lives in
 * it. All of a JavaScript heap's memory comes from one arena, and all state
 * of the allocator lies inside it too, so that copying the used part back
 * puts the whole heap back.
 *
 * Allocation takes constant time until the arena is nearly full: free blocks
 * hang in bins by size, neighbours merge when freed. A block costs 4 bytes on
 * top of its content, on every target; contents are aligned as pointers are.
 *
 * Limits: 4 KB to 4 GB less 8 bytes (32-bit targets: 2 GB). Never calls the
 * system. Thread: one at a time.
 */
#ifndef ISERE_CORE_HEAP_ARENA_H
#define ISERE_CORE_HEAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ISERE_ARENA_BINS = 128,
    ISERE_ARENA_MIN_SIZE = 4096,
};

/* Lies at the start of the arena. Offsets count bytes from its address. */
typedef struct isere_arena {
    uint32_t size;    /* of the whole arena */
    uint32_t limit;   /* allocations end below this offset */
    uint32_t reserve; /* bytes still held back above it */
    uint32_t top;     /* everything from here on is unused */
    uint32_t peak;    /* highest top ever since start or restore */
    uint32_t used;    /* bytes in live blocks, headers included */
    uint32_t failed;  /* allocations refused since start or restore */
    uint32_t clean;   /* while it is kept clean: all is zero from here on */
    uint32_t bitmap[ISERE_ARENA_BINS / 32]; /* which bins hold blocks */
    uint32_t bins[ISERE_ARENA_BINS];        /* offset of first free block */
} isere_arena_t;

/*
 * Makes an arena of `size` bytes at `memory` (aligned to 8, caller's), with
 * `reserve` bytes held back until isere_arena_release_reserve. Returns the
 * arena, which is at `memory`, or NULL when the size is out of range.
 */
isere_arena_t *isere_arena_init(void *memory, size_t size, size_t reserve);

/*
 * Lets allocations use what is left of the reserve: for reporting that memory
 * ran out. The first allocation that fails releases half of it already, so
 * that the error can be thrown.
 */
void isere_arena_release_reserve(isere_arena_t *arena);

/* Holds `reserve` bytes back again, if they are not in use. */
void isere_arena_hold_reserve(isere_arena_t *arena, size_t reserve);

/* malloc, free and realloc on the arena. NULL when it is full; a failed
 * realloc leaves the block as it was. Size 0 gives a block of its own. */
void *isere_arena_alloc(isere_arena_t *arena, size_t size);
void isere_arena_free(isere_arena_t *arena, void *ptr);
void *isere_arena_realloc(isere_arena_t *arena, void *ptr, size_t size);

/* Bytes that may be used at `ptr`, at least what was asked for. */
size_t isere_arena_usable_size(const void *ptr);

/*
 * keep_clean, called before the first allocation, makes the content of the
 * arena depend only on what is written into its blocks, not on what the memory
 * held before: arenas can be compared then. scrub ends this: it clears what
 * free blocks hold of their former content. It also gives up small holes
 * between blocks, at most a sixty-fourth of the arena in all, so that later
 * allocations go above the others and are not written all over the arena.
 */
void isere_arena_keep_clean(isere_arena_t *arena);
void isere_arena_scrub(isere_arena_t *arena);

/*
 * The end of an arena can become one of its own, which grows downwards: what is
 * allocated there lies apart from everything else. `end` is only the allocator
 * of that part, anywhere below it; isere_arena_free takes it, too.
 * isere_arena_begin_end makes it, with nothing in it. alloc_end is malloc
 * there. False and NULL when the arena has not enough to spare.
 */
bool isere_arena_begin_end(isere_arena_t *end, isere_arena_t *arena);
void *isere_arena_alloc_end(isere_arena_t *arena, isere_arena_t *end,
                            size_t size);

/*
 * Nothing will be allocated or freed in that part any more: gives back to the
 * arena what is free at its beginning, and clears what is free elsewhere. Then
 * the arena ends, at arena->size, where the part begins.
 */
void isere_arena_close_end(isere_arena_t *arena, isere_arena_t *end);

/* Lets the arena end earlier, at a multiple of 8. False when there is no room
 * for that. */
bool isere_arena_shorten(isere_arena_t *arena, size_t size);

/* The arena was copied here, up to its top, into memory of `size` bytes: makes
 * it an arena of that size. What lies above its top may be anything. False when
 * the memory is too small. */
bool isere_arena_adopt(isere_arena_t *arena, size_t size);

/* Clears what free blocks hold of their former content. */
void isere_arena_clear_free(isere_arena_t *arena);

/*
 * Walks all blocks and bins and returns whether every invariant holds: sizes
 * add up, flags agree with neighbours, no two free blocks touch, bins hold
 * exactly the free blocks. For tests.
 */
bool isere_arena_check(const isere_arena_t *arena);
bool isere_arena_check_end(const isere_arena_t *arena,
                           const isere_arena_t *end);

#endif
