/*
 * The allocator of an arena: free blocks in bins by size, merged with their
 * neighbours when they are freed (Knuth's boundary tags). Its state is offsets
 * in the arena itself, so that a copy of the bytes is a copy of the allocator,
 * too.
 */
#include "core/heap/arena.h"
#include "core/util/words.h"
#include <stdatomic.h>
#include <string.h>

/*
 * A block is a 4-byte header followed by its content. The header holds the
 * block's size (header included, a multiple of UNIT) and two flags in the low
 * bits. Headers lie 4 bytes before a multiple of UNIT, so contents are aligned.
 *
 *   live block: | size,flags | content ...                              |
 *   free block: | size,flags | next | prev | ...                 | size |
 *
 * The size at the end of a free block lets its right neighbour find its
 * start; PREV_FREE in that neighbour's header says that it is there.
 */
enum {
    HEADER = 4,
    MIN_BLOCK = 16,
    FREE = 1,
    PREV_FREE = 2,
    FLAGS = 3,
    /* The alignment of contents. Nothing that the engine keeps needs more than
     * a pointer does: 32-bit targets load 64-bit values from any multiple of
     * 4, and finer sizes save a sixteenth of a heap there. */
    UNIT = sizeof(void *),
    SMALL_BINS = 32, /* one for every size below SMALL_LIMIT */
    SMALL_LIMIT = SMALL_BINS * UNIT,
    SMALL_LOG2 = UNIT == 8 ? 8 : 7, /* of SMALL_LIMIT */
    NO_BLOCK = 0,
    LITTLE = 64, /* of an arena is this part of it */
};

/* The last bin begins below 2^(SMALL_LOG2 + 24). */
#define MAX_SIZE (UNIT == 8 ? UINT32_C(0xfffffff8) : UINT32_C(0x7ffffff8))
#define NOT_CLEAN UINT32_MAX

static inline size_t round_up(size_t size)
{
    return (size + UNIT - 1) & ~(size_t)(UNIT - 1);
}

/* Through uintptr_t: to the compiler the object ends behind the struct, and
 * blocks lie beyond it. */
static inline uint32_t *word(const isere_arena_t *a, uint32_t offset)
{
    return (uint32_t *)((uintptr_t)a + offset);
}

static inline uint32_t size_at(const isere_arena_t *a, uint32_t block)
{
    return *word(a, block) & ~(uint32_t)FLAGS;
}

static inline uint32_t *next_of(const isere_arena_t *a, uint32_t block)
{
    return word(a, block + HEADER);
}

static inline uint32_t *prev_of(const isere_arena_t *a, uint32_t block)
{
    return word(a, block + HEADER + 4);
}

static inline uint32_t block_of(const isere_arena_t *a, const void *ptr)
{
    return (uint32_t)((uintptr_t)ptr - (uintptr_t)a) - HEADER;
}

/* The first content, not the first header, is aligned. */
static inline uint32_t first_block(void)
{
    return (uint32_t)round_up(sizeof(isere_arena_t) + HEADER) - HEADER;
}

/* The bin whose lower bound is the largest that does not exceed `size`. Above
 * the small bins each power of two is split in four, so that a block is at most
 * a quarter larger than its bin's lower bound. */
static uint32_t bin_of(uint32_t size)
{
    if (size < SMALL_LIMIT) {
        return size / UNIT;
    }
    uint32_t log2 = 31 - (uint32_t)__builtin_clz(size);
    uint32_t quarter = (size >> (log2 - 2)) & 3;
    return SMALL_BINS + (log2 - SMALL_LOG2) * 4 + quarter;
}

/* The smallest bin whose every block holds `size`. */
static uint32_t bin_above(uint32_t size)
{
    if (size < SMALL_LIMIT) {
        return size / UNIT;
    }
    uint32_t bin = bin_of(size);
    uint32_t log2 = 31 - (uint32_t)__builtin_clz(size);
    uint32_t below = size & ((UINT32_C(1) << (log2 - 2)) - 1);
    return below ? bin + 1 : bin;
}

/* Last freed, first used: its bytes are most likely in the cache, and written
 * to already. */
static void bin_insert(isere_arena_t *a, uint32_t block, uint32_t size)
{
    uint32_t bin = bin_of(size);
    uint32_t head = a->bins[bin];
    *next_of(a, block) = head;
    *prev_of(a, block) = NO_BLOCK;
    if (head) {
        *prev_of(a, head) = block;
    }
    a->bins[bin] = block;
    a->bitmap[bin / 32] |= UINT32_C(1) << (bin % 32);
}

/* `size` is passed since callers know it and the header may be stale by now. */
static void bin_remove(isere_arena_t *a, uint32_t block, uint32_t size)
{
    uint32_t next = *next_of(a, block);
    uint32_t prev = *prev_of(a, block);
    if (next) {
        *prev_of(a, next) = prev;
    }
    if (prev) {
        *next_of(a, prev) = next;
        return;
    }
    uint32_t bin = bin_of(size);
    a->bins[bin] = next;
    if (!next) {
        a->bitmap[bin / 32] &= ~(UINT32_C(1) << (bin % 32));
    }
}

/* A free block from the first non-empty bin at or above `bin`. */
static uint32_t bin_find(const isere_arena_t *a, uint32_t bin)
{
    if (bin >= ISERE_ARENA_BINS) {
        return NO_BLOCK;
    }
    uint32_t i = bin / 32;
    uint32_t bits = a->bitmap[i] & (UINT32_MAX << (bin % 32));
    while (!bits) {
        if (++i == ISERE_ARENA_BINS / 32) {
            return NO_BLOCK;
        }
        bits = a->bitmap[i];
    }
    return a->bins[i * 32 + (uint32_t)__builtin_ctz(bits)];
}

/* The last resort: blocks in the bin below may still be large enough. This is
 * the only walk whose length depends on the heap's content. */
static uint32_t bin_search(const isere_arena_t *a, uint32_t size)
{
    uint32_t block = a->bins[bin_of(size)];
    while (block && size_at(a, block) < size) {
        block = *next_of(a, block);
    }
    return block;
}

/* Turns the bytes of [block, block + size) into a free block in its bin. */
static void make_free(isere_arena_t *a, uint32_t block, uint32_t size)
{
    uint32_t prev_free = *word(a, block) & PREV_FREE;
    *word(a, block) = size | FREE | prev_free;
    *word(a, block + size - 4) = size;
    if (block + size < a->top) {
        *word(a, block + size) |= PREV_FREE;
    }
    bin_insert(a, block, size);
}

/* Cuts a live block down to `size` and frees what is left, if it is enough
 * for a block. */
static void split(isere_arena_t *a, uint32_t block, uint32_t size)
{
    uint32_t whole = size_at(a, block);
    uint32_t rest = whole - size;
    if (rest < MIN_BLOCK) {
        return;
    }
    *word(a, block) = size | (*word(a, block) & FLAGS);
    uint32_t tail = block + size;
    if (tail + rest == a->top) {
        a->top = tail;
        return;
    }
    *word(a, tail) = 0;
    uint32_t next = tail + rest;
    if (*word(a, next) & FREE) {
        uint32_t next_size = size_at(a, next);
        bin_remove(a, next, next_size);
        rest += next_size;
    }
    make_free(a, tail, rest);
}

static uint32_t take_free(isere_arena_t *a, uint32_t block, uint32_t size)
{
    uint32_t whole = size_at(a, block);
    bin_remove(a, block, whole);
    *word(a, block) &= ~(uint32_t)FREE;
    if (block + whole < a->top) {
        *word(a, block + whole) &= ~(uint32_t)PREV_FREE;
    }
    split(a, block, size);
    return block;
}

/* Clears from where it is clean to a little above `top`: in steps, since most
 * allocations raise the top by a few bytes. */
static void clean_to(isere_arena_t *a, uint32_t top)
{
    enum { AHEAD = 1024 };
    /* Both ends are multiples of 8, so that whole words are cleared. */
    uint32_t end =
        a->size - top > AHEAD ? (top + AHEAD) & ~(uint32_t)7 : a->size;
    isere_words_clear((isere_word_t *)word(a, a->clean),
                      (end - a->clean) / sizeof(isere_word_t));
    a->clean = end;
}

/* Moves the top up; the peak first, so that it never lies below a byte that
 * was written, wherever the execution may be abandoned. */
static void raise_top(isere_arena_t *a, uint32_t top)
{
    if (top > a->clean) {
        clean_to(a, top);
    }
    if (top > a->peak) {
        a->peak = top;
        atomic_signal_fence(memory_order_seq_cst);
    }
    a->top = top;
}

/* The reserve lies between `limit` and the end, so this refuses it. */
static uint32_t take_top(isere_arena_t *a, uint32_t size)
{
    if (size > a->limit || a->top > a->limit - size) {
        return NO_BLOCK;
    }
    uint32_t block = a->top;
    raise_top(a, block + size);
    /* Free blocks never touch the top, so the left neighbour is live. */
    *word(a, block) = size;
    return block;
}

/* The block size for `size` bytes of content, 0 when that is too much. */
static uint32_t block_size(size_t size)
{
    if (size > MAX_SIZE - HEADER - UNIT) {
        return 0;
    }
    uint32_t need = (uint32_t)round_up(size + HEADER);
    return need < MIN_BLOCK ? MIN_BLOCK : need;
}

/* `size` is cut to a multiple of 8 and not refused: ports map whole pages. */
isere_arena_t *isere_arena_init(void *memory, size_t size, size_t reserve)
{
    if (size < ISERE_ARENA_MIN_SIZE || size > MAX_SIZE || reserve > size / 2) {
        return NULL;
    }
    isere_arena_t *a = memory;
    memset(a, 0, sizeof(*a));
    a->size = (uint32_t)size & ~UINT32_C(7);
    a->reserve = (uint32_t)reserve & ~(uint32_t)15;
    /* Headers may lie 4 below a multiple of 8, and then the end does too. */
    a->limit = a->size - a->reserve - 4;
    a->top = first_block();
    a->peak = a->top;
    a->clean = NOT_CLEAN;
    return a;
}

void isere_arena_keep_clean(isere_arena_t *a)
{
    a->clean = (uint32_t)(sizeof(*a) + 7) & ~UINT32_C(7);
    clean_to(a, a->top);
}

void isere_arena_release_reserve(isere_arena_t *a)
{
    a->limit += a->reserve;
    a->reserve = 0;
}

/* What is live above the limit can't be taken back: then the arena goes on
 * without a reserve. */
void isere_arena_hold_reserve(isere_arena_t *a, size_t reserve)
{
    uint32_t want = (uint32_t)reserve & ~(uint32_t)15;
    if (a->top <= a->size - want - 4) {
        a->reserve = want;
        a->limit = a->size - want - 4;
    }
}

/* Counts a failure. The first one gives up half of the reserve: the engine
 * makes an error object next. The other half is left for reporting it. */
static void *refuse(isere_arena_t *a)
{
    if (a->failed++ == 0) {
        uint32_t half = a->reserve / 2;
        a->limit += half;
        a->reserve -= half;
    }
    return NULL;
}

/* A free block of at least `need` bytes, from a bin or from the top. */
static uint32_t find(isere_arena_t *a, uint32_t need)
{
    /* The head of the block's own bin is the tightest fit, if it fits. */
    uint32_t block = a->bins[bin_of(need)];
    if (!block || size_at(a, block) < need) {
        block = bin_find(a, bin_above(need));
    }
    if (block) {
        return take_free(a, block, need);
    }
    block = take_top(a, need);
    if (block) {
        return block;
    }
    block = bin_search(a, need);
    return block ? take_free(a, block, need) : NO_BLOCK;
}

/* Clears the content of a block behind its first `keep` bytes: what is not
 * written must not hold a part of an address that was there before. */
static void clean_content(isere_arena_t *a, uint32_t block, size_t keep)
{
    if (a->clean != NOT_CLEAN) {
        memset((unsigned char *)word(a, block + HEADER) + keep, 0,
               size_at(a, block) - HEADER - keep);
    }
}

void *isere_arena_alloc(isere_arena_t *a, size_t size)
{
    uint32_t need = block_size(size);
    uint32_t peak = a->peak;
    uint32_t block = need ? find(a, need) : NO_BLOCK;
    if (!block) {
        return refuse(a);
    }
    a->used += size_at(a, block);
    if (block < peak) { /* else nothing was there before */
        clean_content(a, block, 0);
    }
    return word(a, block + HEADER);
}

/* Merges a block that is not live any more with its free neighbours, or gives
 * it back to the top. */
static void merge_free(isere_arena_t *a, uint32_t block, uint32_t size)
{
    if (*word(a, block) & PREV_FREE) {
        uint32_t prev_size = *word(a, block - 4);
        block -= prev_size;
        size += prev_size;
        bin_remove(a, block, prev_size);
    }
    uint32_t next = block + size;
    if (next < a->top && (*word(a, next) & FREE)) {
        uint32_t next_size = size_at(a, next);
        bin_remove(a, next, next_size);
        size += next_size;
        next += next_size;
    }
    if (next == a->top) {
        a->top = block;
        return;
    }
    make_free(a, block, size);
}

void isere_arena_free(isere_arena_t *a, void *ptr)
{
    if (!ptr) {
        return;
    }
    uint32_t block = block_of(a, ptr);
    uint32_t size = size_at(a, block);
    a->used -= size;
    merge_free(a, block, size);
}

/* Grows a live block to `need` bytes where it is; false when it can't. */
static bool grow_in_place(isere_arena_t *a, uint32_t block, uint32_t need)
{
    uint32_t size = size_at(a, block);
    uint32_t next = block + size;
    if (next == a->top) {
        if (need > a->limit || block > a->limit - need) {
            return false;
        }
        raise_top(a, block + need);
        *word(a, block) = need | (*word(a, block) & FLAGS);
        return true;
    }
    if (!(*word(a, next) & FREE)) {
        return false;
    }
    uint32_t next_size = size_at(a, next);
    if (size + next_size < need) {
        return false;
    }
    bin_remove(a, next, next_size);
    if (next + next_size < a->top) {
        *word(a, next + next_size) &= ~(uint32_t)PREV_FREE;
    }
    *word(a, block) = (size + next_size) | (*word(a, block) & FLAGS);
    split(a, block, need);
    return true;
}

/* The old block is freed last, so a failure leaves it as it was. */
static void *move(isere_arena_t *a, void *ptr, size_t old, size_t size)
{
    void *fresh = isere_arena_alloc(a, size);
    if (!fresh) {
        return NULL;
    }
    memcpy(fresh, ptr, old < size ? old : size);
    isere_arena_free(a, ptr);
    return fresh;
}

/* In place where that can be done: a growing array at the top of the arena
 * costs no copy at all. */
void *isere_arena_realloc(isere_arena_t *a, void *ptr, size_t size)
{
    if (!ptr) {
        return isere_arena_alloc(a, size);
    }
    uint32_t block = block_of(a, ptr);
    uint32_t old = size_at(a, block);
    uint32_t need = block_size(size);
    if (!need) {
        return refuse(a);
    }
    if (need <= old) {
        split(a, block, need);
    } else if (!grow_in_place(a, block, need)) {
        return move(a, ptr, old - HEADER, size);
    }
    a->used += size_at(a, block) - old;
    clean_content(a, block, size < old - HEADER ? size : old - HEADER);
    return ptr;
}

/* Called without an arena: the engine gives none. The header is read by memcpy,
 * since the caller's pointer may have any type. */
size_t isere_arena_usable_size(const void *ptr)
{
    if (!ptr) {
        return 0;
    }
    uint32_t header;
    memcpy(&header, (const char *)ptr - HEADER, sizeof(header));
    return (header & ~(uint32_t)FLAGS) - HEADER;
}

/* Takes a free block out of the allocator's sight: it looks live, and nobody
 * has it. */
static void seal_hole(isere_arena_t *a, uint32_t block, uint32_t size)
{
    bin_remove(a, block, size);
    *word(a, block) &= ~(uint32_t)FREE;
    *word(a, block + size) &= ~(uint32_t)PREV_FREE;
    memset(word(a, block + HEADER), 0, size - HEADER);
    a->used += size;
}

/* Seals holes, the smallest first, as long as they are little in all. */
static void seal_holes(isere_arena_t *a)
{
    uint32_t left = a->size / LITTLE;
    for (uint32_t bin = 0; bin < ISERE_ARENA_BINS; bin++) {
        while (a->bins[bin]) {
            uint32_t size = size_at(a, a->bins[bin]);
            if (size > left) {
                return;
            }
            seal_hole(a, a->bins[bin], size);
            left -= size;
        }
    }
}

/* The links and the size at the end stay: they are the allocator's, and equal
 * in arenas that went the same way. */
void isere_arena_clear_free(isere_arena_t *a)
{
    enum { LINKS = HEADER + 8, SIZE = 4 };
    for (uint32_t bin = 0; bin < ISERE_ARENA_BINS; bin++) {
        for (uint32_t b = a->bins[bin]; b; b = *next_of(a, b)) {
            memset(word(a, b + LINKS), 0, size_at(a, b) - LINKS - SIZE);
        }
    }
}

void isere_arena_scrub(isere_arena_t *a)
{
    a->clean = NOT_CLEAN;
    seal_holes(a);
    isere_arena_clear_free(a);
}

/* ---- a part at the end ---- */

/* The header that the end's first block has or would have, as an offset from
 * the end's allocator: the first place for one where the arena has ended. */
static uint32_t first_of_end(const isere_arena_t *end, const isere_arena_t *a)
{
    uintptr_t from = (uintptr_t)a + a->size - (uintptr_t)end;
    return (uint32_t)(from + UNIT - HEADER);
}

/* With no room at all, also not above its top. */
bool isere_arena_begin_end(isere_arena_t *end, isere_arena_t *a)
{
    enum { LEAST = 8 };
    if (!isere_arena_shorten(a, a->size - LEAST)) {
        return false;
    }
    memset(end, 0, sizeof(*end));
    memset((char *)a + a->size, 0, LEAST);
    end->limit = first_of_end(end, a);
    end->size = (uint32_t)((uintptr_t)a + a->size - (uintptr_t)end) + LEAST;
    end->top = end->limit;
    end->peak = end->limit;
    end->clean = NOT_CLEAN;
    return true;
}

bool isere_arena_shorten(isere_arena_t *a, size_t size)
{
    if (size > a->size || a->top + a->reserve + HEADER > size) {
        return false;
    }
    a->size = (uint32_t)size;
    a->limit = a->size - a->reserve - HEADER;
    if (a->peak > a->size) {
        a->peak = a->size;
    }
    return true;
}

bool isere_arena_adopt(isere_arena_t *a, size_t size)
{
    if (size > MAX_SIZE || a->top + a->reserve + HEADER > (size & ~(size_t)7)) {
        return false;
    }
    a->size = (uint32_t)size & ~UINT32_C(7);
    a->limit = a->size - a->reserve - HEADER;
    a->peak = a->top;
    a->failed = 0;
    if (a->clean != NOT_CLEAN) {
        a->clean = (a->top + 7) & ~UINT32_C(7);
        memset(word(a, a->top), 0, a->clean - a->top);
    }
    return true;
}

/* Moves `need` bytes from the arena to its end or, where there is room, a step:
 * as a free block that is merged with what is free above it. It is cleared,
 * since it may have been used before. */
static bool lend(isere_arena_t *a, isere_arena_t *end, uint32_t need)
{
    enum { STEP = 512 };
    uint32_t least = (need + 7) & ~UINT32_C(7);
    uint32_t more = least < STEP ? STEP : least;
    uint32_t first = first_of_end(end, a);
    if (more > a->size || !isere_arena_shorten(a, a->size - more)) {
        more = least;
        if (more > a->size || !isere_arena_shorten(a, a->size - more)) {
            return false;
        }
    }
    isere_words_clear((isere_word_t *)word(end, first - more),
                      more / sizeof(isere_word_t));
    merge_free(end, first - more, more);
    return true;
}

/* The upper end of a free block, so that what is left of it can be merged with
 * what is lent next. */
static uint32_t take_high(isere_arena_t *end, uint32_t block, uint32_t size)
{
    uint32_t whole = size_at(end, block);
    if (whole - size < MIN_BLOCK) {
        return take_free(end, block, size);
    }
    bin_remove(end, block, whole);
    if (block + whole < end->top) {
        *word(end, block + whole) &= ~(uint32_t)PREV_FREE;
    }
    *word(end, block + whole - size) = size;
    make_free(end, block, whole - size);
    return block + whole - size;
}

/* At the end's own top lies what was freed there. */
static uint32_t take_in_end(isere_arena_t *end, uint32_t need)
{
    uint32_t block = end->bins[bin_of(need)];
    if (!block || size_at(end, block) < need) {
        block = bin_find(end, bin_above(need));
    }
    return block ? take_high(end, block, need) : take_top(end, need);
}

void *isere_arena_alloc_end(isere_arena_t *a, isere_arena_t *end, size_t size)
{
    uint32_t need = block_size(size);
    uint32_t block = need ? take_in_end(end, need) : NO_BLOCK;
    if (!block && need && lend(a, end, need)) {
        block = take_in_end(end, need);
    }
    if (!block) {
        return NULL;
    }
    end->used += size_at(end, block);
    return word(end, block + HEADER);
}

void isere_arena_close_end(isere_arena_t *a, isere_arena_t *end)
{
    uint32_t first = first_of_end(end, a);
    uint32_t header = first < end->top ? *word(end, first) : 0;
    uint32_t size = header & ~(uint32_t)FLAGS;
    if (header & FREE) {
        bin_remove(end, first, size);
        *word(end, first + size) &= ~(uint32_t)PREV_FREE;
        /* The arena's end stays a multiple of 8. */
        a->size += size & ~UINT32_C(7);
        a->limit += size & ~UINT32_C(7);
        memset(word(end, first), 0, size);
    }
    memset(word(end, end->top), 0, end->limit - end->top);
    memset((char *)a + a->size, 0, UNIT - HEADER); /* in front of its header */
    isere_arena_clear_free(end);
}

/* Counts the blocks in all bins; UINT32_MAX when a bin is wrong. */
static uint32_t count_binned(const isere_arena_t *a)
{
    uint32_t count = 0;
    for (uint32_t bin = 0; bin < ISERE_ARENA_BINS; bin++) {
        bool marked = a->bitmap[bin / 32] >> (bin % 32) & 1;
        if (marked != (a->bins[bin] != NO_BLOCK)) {
            return UINT32_MAX;
        }
        uint32_t prev = NO_BLOCK;
        for (uint32_t b = a->bins[bin]; b; b = *next_of(a, b)) {
            if (b >= a->top || !(*word(a, b) & FREE) ||
                bin_of(size_at(a, b)) != bin || *prev_of(a, b) != prev) {
                return UINT32_MAX;
            }
            prev = b;
            count++;
        }
    }
    return count;
}

static bool check_from(const isere_arena_t *a, uint32_t block)
{
    uint32_t free_blocks = 0;
    uint32_t used = 0;
    bool prev_free = false;
    while (block < a->top) {
        uint32_t header = *word(a, block);
        uint32_t size = header & ~(uint32_t)FLAGS;
        bool is_free = header & FREE;
        if (size < MIN_BLOCK || size > a->top - block ||
            prev_free != !!(header & PREV_FREE) || (is_free && prev_free)) {
            return false;
        }
        if (is_free && *word(a, block + size - 4) != size) {
            return false;
        }
        free_blocks += is_free;
        used += is_free ? 0 : size;
        prev_free = is_free;
        block += size;
    }
    return block == a->top && !prev_free && used == a->used &&
           a->top <= a->peak && a->top <= a->size &&
           count_binned(a) == free_blocks;
}

bool isere_arena_check(const isere_arena_t *a)
{
    return check_from(a, first_block());
}

bool isere_arena_check_end(const isere_arena_t *a, const isere_arena_t *end)
{
    return check_from(end, first_of_end(end, a));
}
