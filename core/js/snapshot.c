#include "core/js/snapshot.h"
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

/* Finds or makes the image to restore from. */
static bool find_image(isere_snapshot_t *s, isere_snapshot_family_t *family)
{
    if (family && family->image) {
        s->relocation = isere_image_compare(family->image, s->arena);
        if (s->relocation) {
            s->image = isere_image_hold(family->image);
            return true;
        }
        family = NULL;
    }
    s->image =
        isere_image_take(s->port, s->arena, family ? &family->image : NULL);
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

isere_snapshot_t *isere_snapshot_take(const isere_port_t *port,
                                      isere_arena_t *arena,
                                      isere_snapshot_family_t *family)
{
    isere_snapshot_t *s = port->resize(port->ctx, NULL, sizeof(*s));
    if (!s) {
        return NULL;
    }
    memset(s, 0, sizeof(*s));
    s->port = port;
    s->arena = arena;
    s->size = arena->size;
    s->used = arena->top;
    clear_above_top(arena);
    s->last_peak = arena->peak;
    arena->peak = s->used;
    arena->failed = 0;
    isere_arena_scrub(arena);
    if (!find_image(s, family)) {
        port->resize(port->ctx, s, 0);
        return NULL;
    }
    if (ISERE_CHECK_RESTORE) {
        s->checksum = isere_image_checksum(s->image, s->relocation);
    }
    return s;
}

/* Clears what lies above the snapshot's end up to `peak`; large parts go back
 * to the system. */
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
    isere_image_restore(s->image, s->relocation, s->arena);
    if (ISERE_CHECK_RESTORE && !isere_snapshot_verify(s)) {
        abort();
    }
}

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
        isere_image_checksum(s->image, s->relocation) != s->checksum) {
        return false;
    }
    return isere_image_equals(s->image, s->relocation, s->arena) &&
           all_zero((const unsigned char *)s->arena + s->used,
                    s->last_peak - s->used);
}

size_t isere_snapshot_size(const isere_snapshot_t *s)
{
    return s->used;
}

size_t isere_snapshot_cost(const isere_snapshot_t *s)
{
    return s->relocation ? isere_relocation_size(s->relocation)
                         : s->image->words * sizeof(isere_word_t);
}

void isere_snapshot_free(isere_snapshot_t *s)
{
    if (!s) {
        return;
    }
    const isere_port_t *port = s->port;
    isere_image_release(s->image);
    port->resize(port->ctx, s->relocation, 0);
    port->resize(port->ctx, s, 0);
}
