/* Copies of heaps, and how a heap differs from a copy of another heap, which
 * lies at another address. */
#include "core/heap/image.h"
#include <string.h>

/* Exceptions are counted in units of 32 bits, on every target. */
typedef uint32_t __attribute__((may_alias)) unit_t;

enum { UNITS = sizeof(isere_word_t) / sizeof(unit_t), BITS = 32 };

/* Of a unit of bits: machines find the highest one soonest. */
#define FIRST_BIT UINT32_C(0x80000000)

/* The top may lie in the middle of a word; what lies between the top and the
 * end of its last word is zero. */
static uint32_t words_up_to(uint32_t top)
{
    return (uint32_t)((top + sizeof(isere_word_t) - 1) / sizeof(isere_word_t));
}

/* The copy comes from heap_map and not from the allocator: a port may seal it
 * (make it read-only), which takes whole pages. */
isere_image_t *isere__image_take(const isere_port_t *port,
                                 const isere_arena_t *arena,
                                 isere_image_t **offer)
{
    isere_image_t *image = isere_alloc(port, sizeof(*image));
    if (!image) {
        return NULL;
    }
    *image = (isere_image_t){
        .port = port,
        .offered = offer,
        .base = (uintptr_t)arena,
        .used = arena->top,
        .words = words_up_to(arena->top),
        .users = 1,
    };
    size_t size = image->words * sizeof(isere_word_t);
    image->copy = port->heap_map(port->ctx, size);
    if (!image->copy) {
        isere_free(port, image);
        return NULL;
    }
    isere_words_copy(image->copy, (const isere_word_t *)arena, image->words);
    if (port->snapshot_seal) {
        port->snapshot_seal(port->ctx, image->copy, size);
    }
    if (offer) {
        *offer = image;
    }
    return image;
}

isere_image_t *isere__image_borrow(const isere_port_t *port, const void *copy,
                                   const void *arena, uint32_t used)
{
    isere_image_t *image = isere_alloc(port, sizeof(*image));
    if (image) {
        *image = (isere_image_t){
            .port = port,
            .copy = (isere_word_t *)copy,
            .base = (uintptr_t)arena,
            .used = used,
            .words = words_up_to(used),
            .users = 1,
            .borrowed = true,
        };
    }
    return image;
}

isere_image_t *isere__image_hold(isere_image_t *image)
{
    image->users++;
    return image;
}

/* Whoever made the image may be gone by now, and its arena too: the copy needs
 * neither. */
void isere__image_release(isere_image_t *image)
{
    const isere_port_t *port = image->port;
    if (--image->users > 0) {
        return;
    }
    if (image->offered) {
        *image->offered = NULL;
    }
    if (!image->borrowed) {
        port->heap_unmap(port->ctx, image->copy,
                         image->words * sizeof(isere_word_t));
    }
    isere_free(port, image);
}

/* ---- comparing ---- */

static size_t relocation_size(uint32_t nbits, uint32_t nexceptions)
{
    return sizeof(isere_relocation_t) +
           (nbits + (size_t)2 * nexceptions) * sizeof(uint32_t);
}

size_t isere__image_relocation_size(const isere_relocation_t *r)
{
    return relocation_size(r->nbits, r->nexceptions);
}

/* Notes the units in which two words differ. False when there are too many. */
static bool except(isere_relocation_t *r, uint32_t word,
                   const isere_word_t *mine, const isere_word_t *other)
{
    const unit_t *a = (const unit_t *)mine;
    const unit_t *b = (const unit_t *)other;
    for (uint32_t i = 0; i < UNITS; i++) {
        if (a[i] == b[i]) {
            continue;
        }
        if (r->nexceptions == ISERE_IMAGE_EXCEPTIONS) {
            return false;
        }
        uint32_t *exception = r->data + r->nbits + 2 * r->nexceptions++;
        exception[0] = word * UNITS + i;
        exception[1] = a[i];
    }
    return true;
}

/* Fills in bits and exceptions. False when the heaps are not the same. The
 * difference wraps around, and so do addresses: `distance` may be negative. */
static bool compare(isere_relocation_t *r, const isere_word_t *mine,
                    const isere_word_t *other, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        if (mine[i] == other[i]) {
            continue;
        }
        if (mine[i] - other[i] == r->distance) {
            r->data[i / BITS] |= FIRST_BIT >> (i % BITS);
        } else if (!except(r, i, mine + i, other + i)) {
            return false;
        }
    }
    return true;
}

/* The size for most exceptions is allocated first: how many there are is only
 * known at the end, and there are few. */
isere_relocation_t *isere__image_compare(const isere_image_t *image,
                                         const isere_arena_t *arena)
{
    const isere_port_t *port = image->port;
    uint32_t nbits = (image->words + BITS - 1) / BITS;
    size_t size = relocation_size(nbits, ISERE_IMAGE_EXCEPTIONS);
    if (arena->top != image->used) {
        return NULL;
    }
    isere_relocation_t *r = isere_alloc(port, size);
    if (!r) {
        return NULL;
    }
    memset(r, 0, size);
    r->distance = (uintptr_t)arena - image->base;
    r->nbits = nbits;
    if (!compare(r, (const isere_word_t *)arena, image->copy, image->words)) {
        isere_free(port, r);
        return NULL;
    }
    /* What shrinks may move, and where it can't shrink it stays as it is. */
    isere_relocation_t *fit =
        isere_resize(port, r, isere__image_relocation_size(r));
    return fit ? fit : r;
}

/* ---- restoring ---- */

/* Adds the distance to the words that have their bit set. A loop over the set
 * bits: most words are no addresses. */
static inline void relocate_group(isere_word_t *to, uint32_t bits,
                                  uintptr_t distance)
{
    while (bits) {
        unsigned next = (unsigned)__builtin_clz(bits);
        to[next] += distance;
        bits &= ~(FIRST_BIT >> next);
    }
}

/* The same for the words from `first` to `end`. A part need not begin or end at
 * a multiple of BITS: the words outside of it belong to a closed unit of the
 * guard and must not be touched. */
static void relocate(isere_word_t *words, const isere_relocation_t *r,
                     uint32_t first, uint32_t end)
{
    const uintptr_t distance = r->distance;
    uint32_t wanted = UINT32_MAX >> (first % BITS); /* of the first group */
    isere_word_t *to = words + first / BITS * BITS;
    const uint32_t *bits = r->data + first / BITS;
    for (; bits < r->data + end / BITS; bits++, to += BITS) {
        relocate_group(to, *bits & wanted, distance);
        wanted = UINT32_MAX;
    }
    if (end % BITS > 0) {
        wanted &= ~(UINT32_MAX >> (end % BITS));
        relocate_group(to, *bits & wanted, distance);
    }
}

static void restore_exceptions(unit_t *units, const isere_relocation_t *r,
                               uint32_t first, uint32_t end)
{
    const uint32_t *exception = r->data + r->nbits;
    for (uint32_t i = 0; i < r->nexceptions; i++, exception += 2) {
        if (exception[0] >= first && exception[0] < end) {
            units[exception[0]] = exception[1];
        }
    }
}

/* In this order: an exception's unit has its value from here, whatever the copy
 * and the bits made of the word. */
void isere__image_restore(const isere_image_t *image,
                          const isere_relocation_t *r, isere_arena_t *arena,
                          uint32_t first, uint32_t count)
{
    isere_word_t *words = (isere_word_t *)arena;
    isere_words_copy(words + first, image->copy + first, count);
    if (r) {
        relocate(words, r, first, first + count);
        restore_exceptions((unit_t *)words, r, first * UNITS,
                           (first + count) * UNITS);
    }
}

/* ---- checking ---- */

/* The word that a restore puts there, exceptions left aside. */
static isere_word_t expected(const isere_image_t *image,
                             const isere_relocation_t *r, uint32_t i)
{
    bool moved = r->data[i / BITS] & (FIRST_BIT >> (i % BITS));
    return image->copy[i] + (moved ? r->distance : 0);
}

bool isere__image_equals(const isere_image_t *image,
                         const isere_relocation_t *r,
                         const isere_arena_t *arena)
{
    const isere_word_t *now = (const isere_word_t *)arena;
    if (!r) {
        return memcmp(now, image->copy, image->words * sizeof(*now)) == 0;
    }
    const uint32_t *exception = r->data + r->nbits;
    const uint32_t *end = exception + 2 * r->nexceptions;
    for (uint32_t i = 0; i < image->words; i++) {
        isere_word_t want = expected(image, r, i);
        for (; exception < end && exception[0] / UNITS == i; exception += 2) {
            ((unit_t *)&want)[exception[0] % UNITS] = exception[1];
        }
        if (now[i] != want) {
            return false;
        }
    }
    return true;
}

/* FNV-1a over 32-bit units. It has to notice stray writes, not attacks, and a
 * CRC would take longer than all the rest of a checked restore. */
static uint32_t sum_up(uint32_t sum, const void *data, size_t size)
{
    const unit_t *units = data;
    for (size_t i = 0; i < size / sizeof(*units); i++) {
        sum = (sum ^ units[i]) * UINT32_C(0x01000193);
    }
    return sum;
}

uint32_t isere__image_checksum(const isere_image_t *image,
                               const isere_relocation_t *r)
{
    uint32_t sum = sum_up(0, image->copy, image->words * sizeof(isere_word_t));
    return r ? sum_up(sum, r, isere__image_relocation_size(r)) : sum;
}
