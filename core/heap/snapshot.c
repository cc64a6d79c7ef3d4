/* Taking a snapshot of an arena and restoring it: which bytes of the arena are
 * copied back, which are cleared, and what the port's guard knows of both. */
#include "core/heap/snapshot.h"
#include "core/isere_config.h"
#include <stdlib.h>
#include <string.h>

struct isere_snapshot {
    const isere_port_t *port;
    isere_arena_t *arena;
    isere_image_t *image;
    isere_relocation_t *relocation; /* when the image is another arena's */
    uint32_t size;                  /* of the arena */
    uint32_t used;                  /* its top at that time */
    uint32_t checksum;              /* for isere_snapshot_verify */
    uint32_t last_peak;             /* how far the last invocation wrote */
    isere_guard_t guard;            /* its bits are NULL when there is none */
};

/* Above this much, memory that an invocation used beyond the snapshot is
 * handed back to the system rather than cleared and kept. */
#define KEEP_BYTES (256 * 1024)

/* Clears bytes; most of them are whole words. */
static void clear(char *start, size_t length)
{
    size_t first = (0 - (uintptr_t)start) % sizeof(isere_word_t);
    first = first < length ? first : length;
    memset(start, 0, first);
    start += first;
    length -= first;
    size_t words = length / sizeof(isere_word_t);
    isere_words_clear((isere_word_t *)start, words);
    memset(start + words * sizeof(isere_word_t), 0,
           length % sizeof(isere_word_t));
}

/* Finds or makes the image to restore from. Where the family has one that does
 * not fit, this one is not offered in its place: others refer to the first. */
static bool find_image(isere_snapshot_t *s, isere_snapshot_family_t *family)
{
    if (family && family->image) {
        s->relocation = isere__image_compare(family->image, s->arena);
        if (s->relocation) {
            s->image = isere__image_hold(family->image);
            return true;
        }
        family = NULL;
    }
    s->image =
        isere__image_take(s->port, s->arena, family ? &family->image : NULL);
    return s->image != NULL;
}

/* What the init phase used beyond its final top is not part of the heap; it is
 * cleared like the remains of a request. So is the rest of the last word. */
static void clear_above_top(isere_arena_t *arena)
{
    uint32_t end = (arena->top + 7) & ~UINT32_C(7);
    if (end < arena->peak) {
        end = arena->peak;
    }
    clear((char *)arena + arena->top, end - arena->top);
}

/*
 * Lets the port guard what lies between the snapshot's ends, in whole units.
 * All units are open at first. Without memory for the bits the heap is just
 * restored as a whole.
 */
static void prepare_guard(isere_snapshot_t *s)
{
    const isere_port_t *port = s->port;
    size_t unit = port->guard_unit;
    if (unit == 0) {
        return;
    }
    uintptr_t arena = (uintptr_t)s->arena;
    uintptr_t start = (arena + unit - 1) & ~(unit - 1);
    uintptr_t end = (arena + s->used) & ~(unit - 1);
    if (end <= start) {
        return;
    }
    size_t bytes = ((end - start) / unit + 31) / 32 * sizeof(uint32_t);
    s->guard.open = isere_alloc(port, bytes);
    if (s->guard.open) {
        memset(s->guard.open, 0xff, bytes);
        s->guard.start = (void *)start;
        s->guard.size = end - start;
    }
}

/* The order matters: what is cleared and scrubbed here is part of the copy, and
 * the peak and the count of failures start anew in each restored heap. */
void isere_snapshot_prepare(isere_arena_t *arena)
{
    clear_above_top(arena);
    arena->peak = arena->top;
    arena->failed = 0;
    isere_arena_scrub(arena);
}

static isere_snapshot_t *begin(const isere_port_t *port, isere_arena_t *arena,
                               size_t size, size_t used)
{
    isere_snapshot_t *s = isere_alloc(port, sizeof(*s));
    if (s) {
        memset(s, 0, sizeof(*s));
        s->port = port;
        s->arena = arena;
        s->size = (uint32_t)size;
        s->used = (uint32_t)used;
    }
    return s;
}

static void finish(isere_snapshot_t *s)
{
    if (ISERE_CHECK_RESTORE) {
        s->checksum = isere__image_checksum(s->image, s->relocation);
    }
    prepare_guard(s);
}

/* Memory that was another heap's may hold anything above the copy's end. */
isere_snapshot_t *isere_snapshot_attach(const isere_port_t *port, void *arena,
                                        size_t size, const void *copy,
                                        size_t used)
{
    isere_snapshot_t *s = begin(port, arena, size, used);
    if (!s) {
        return NULL;
    }
    s->image = isere__image_borrow(port, copy, arena, (uint32_t)used);
    if (!s->image) {
        isere_free(port, s);
        return NULL;
    }
    s->last_peak = (uint32_t)size;
    isere__image_restore(s->image, NULL, arena, 0, s->image->words);
    clear((char *)arena + used, size - used);
    finish(s);
    return s;
}

isere_snapshot_t *isere_snapshot_take(const isere_port_t *port,
                                      isere_arena_t *arena,
                                      isere_snapshot_family_t *family)
{
    isere_snapshot_t *s = begin(port, arena, arena->size, arena->top);
    if (!s) {
        return NULL;
    }
    s->last_peak = arena->peak;
    isere_snapshot_prepare(arena);
    if (!find_image(s, family)) {
        isere_free(port, s);
        return NULL;
    }
    finish(s);
    return s;
}

/* Clears what lies above the snapshot's end up to `peak`; large parts go back
 * to the system, which hands out zero pages when they are used again. */
static void clear_above(isere_snapshot_t *s, uint32_t peak)
{
    char *start = (char *)s->arena + s->used;
    size_t length = peak - s->used;
    if (length > KEEP_BYTES) {
        s->port->heap_trim(s->port->ctx, start + KEEP_BYTES,
                           length - KEEP_BYTES);
        length = KEEP_BYTES;
    }
    clear(start, length);
}

/* The first unit from `from` on that is open or, with `closed` UINT32_MAX,
 * closed; `count` when there is none. */
static uint32_t find_unit(const isere_guard_t *guard, uint32_t from,
                          uint32_t count, uint32_t closed)
{
    while (from < count) {
        uint32_t bits = (guard->open[from / 32] ^ closed) >> (from % 32);
        if (bits) {
            from += (uint32_t)__builtin_ctz(bits);
            return from < count ? from : count;
        }
        from = (from | 31) + 1;
    }
    return count;
}

/* In words; the ends are units of the guard, which are multiples of a word. */
static void restore_part(isere_snapshot_t *s, uintptr_t start, uintptr_t end)
{
    uint32_t first =
        (uint32_t)((start - (uintptr_t)s->arena) / sizeof(isere_word_t));
    uint32_t count = (uint32_t)((end - start) / sizeof(isere_word_t));
    isere__image_restore(s->image, s->relocation, s->arena, first, count);
}

/* Puts back all that may have been written to. The parts before and behind the
 * guard are units that are always open. */
static void restore_open(isere_snapshot_t *s)
{
    const isere_guard_t *guard = &s->guard;
    const size_t unit = s->port->guard_unit;
    uintptr_t arena = (uintptr_t)s->arena;
    uintptr_t start = (uintptr_t)guard->start;
    uint32_t count = (uint32_t)(guard->size / unit);
    uintptr_t from = arena; /* of what is open here */
    uint32_t closed = find_unit(guard, 0, count, UINT32_MAX);
    while (closed < count) {
        restore_part(s, from, start + closed * unit);
        uint32_t open = find_unit(guard, closed, count, 0);
        from = start + open * unit;
        closed = find_unit(guard, open, count, UINT32_MAX);
    }
    restore_part(s, from, arena + s->image->words * sizeof(isere_word_t));
}

static void restore_used(isere_snapshot_t *s)
{
    if (s->guard.open) {
        restore_open(s);
    } else {
        isere__image_restore(s->image, s->relocation, s->arena, 0,
                             s->image->words);
    }
}

void isere_snapshot_restore(isere_snapshot_t *s)
{
    /* The peak lies in the arena, which only the allocator writes; still a
     * wild value must not make us write outside. */
    uint32_t peak = s->arena->peak;
    if (peak < s->used || peak > s->size) {
        abort();
    }
    s->last_peak = peak;
    clear_above(s, peak);
    restore_used(s);
    if (ISERE_CHECK_RESTORE && !isere_snapshot_verify(s)) {
        abort();
    }
    if (s->guard.open) {
        s->port->heap_guard(s->port->ctx, &s->guard);
    }
}

/* No early return: zero is the rule, and a plain loop is made of vectors. */
static bool all_zero(const unsigned char *p, size_t len)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < len; i++) {
        seen |= p[i];
    }
    return seen == 0;
}

bool isere_snapshot_verify(const isere_snapshot_t *s)
{
    if (ISERE_CHECK_RESTORE &&
        isere__image_checksum(s->image, s->relocation) != s->checksum) {
        return false;
    }
    return isere__image_equals(s->image, s->relocation, s->arena) &&
           all_zero((const unsigned char *)s->arena + s->used,
                    s->last_peak - s->used);
}

bool isere_snapshot_is_attached(const isere_snapshot_t *s)
{
    return s->image->borrowed;
}

bool isere_snapshot_is_relocated(const isere_snapshot_t *s)
{
    return s->relocation != NULL;
}

size_t isere_snapshot_size(const isere_snapshot_t *s)
{
    return s->used;
}

size_t isere_snapshot_cost(const isere_snapshot_t *s)
{
    return s->relocation ? isere__image_relocation_size(s->relocation)
                         : s->image->words * sizeof(isere_word_t);
}

/* The guard goes first: it must not fault on memory that is not its heap's. */
void isere_snapshot_free(isere_snapshot_t *s)
{
    if (!s) {
        return;
    }
    const isere_port_t *port = s->port;
    if (s->guard.open) {
        port->heap_unguard(port->ctx, &s->guard);
        isere_free(port, s->guard.open);
    }
    isere__image_release(s->image);
    isere_free(port, s->relocation);
    isere_free(port, s);
}
