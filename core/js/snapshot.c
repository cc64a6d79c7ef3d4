#include "core/js/snapshot.h"
#include "core/isere_config.h"
#include <stdlib.h>

struct isere_snapshot {
    const isere_port_t *port;
    isere_arena_t *arena;
    void *copy;
    uint32_t used;      /* bytes copied: the arena's top at that time */
    uint32_t checksum;  /* of the copy, for isere_snapshot_verify */
    uint32_t last_peak; /* how far the last invocation wrote */
};

/* Above this much, memory that an invocation used beyond the snapshot is
 * handed back to the system rather than cleared and kept. */
#define KEEP_BYTES (256 * 1024)

/* Notices any write to the copy. A CRC would take longer than all the rest of
 * a checked restore. `used` is a multiple of 4: it is where a block ends. */
static uint32_t checksum(const isere_snapshot_t *s)
{
    const uint32_t *words = s->copy;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < s->used / 4; i++) {
        sum = (sum ^ words[i]) * UINT32_C(0x01000193);
    }
    return sum;
}

isere_snapshot_t *isere_snapshot_take(const isere_port_t *port,
                                      isere_arena_t *arena)
{
    isere_snapshot_t *s = port->resize(port->ctx, NULL, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->port = port;
    s->arena = arena;
    s->used = arena->top;
    s->copy = port->heap_map(port->ctx, s->used);
    if (!s->copy) {
        port->resize(port->ctx, s, 0);
        return NULL;
    }
    /* What the init phase used beyond its final top is not part of the heap;
     * it is cleared like the remains of a request. */
    memset((char *)arena + s->used, 0, arena->peak - s->used);
    s->last_peak = arena->peak;
    arena->peak = s->used;
    arena->failed = 0;
    memcpy(s->copy, arena, s->used);
    s->checksum = ISERE_CHECK_RESTORE ? checksum(s) : 0;
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
    memset(start, 0, length);
}

void isere_snapshot_restore(isere_snapshot_t *s)
{
    /* The peak lies in the arena, which only the allocator writes; still a
     * wild value must not make us write outside. */
    uint32_t peak = s->arena->peak;
    if (peak < s->used || peak > s->arena->size) {
        abort();
    }
    s->last_peak = peak;
    clear_above(s, peak);
    memcpy(s->arena, s->copy, s->used);
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
    if (ISERE_CHECK_RESTORE && checksum(s) != s->checksum) {
        return false;
    }
    if (memcmp(s->arena, s->copy, s->used) != 0) {
        return false;
    }
    return all_zero((const unsigned char *)s->arena + s->used,
                    s->last_peak - s->used);
}

size_t isere_snapshot_size(const isere_snapshot_t *s)
{
    return s->used;
}

void isere_snapshot_free(isere_snapshot_t *s)
{
    if (!s) {
        return;
    }
    const isere_port_t *port = s->port;
    port->heap_unmap(port->ctx, s->copy, s->used);
    port->resize(port->ctx, s, 0);
}
