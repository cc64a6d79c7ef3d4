/*
 * The image of a heap: the bytes of an arena, and how they look in an arena at
 * another address.
 *
 * Two instances of one function leave their init phase with heaps that are
 * equal but for addresses: each word is the same, or differs by the distance
 * of the two arenas. Then the second one needs no image of its own: the
 * first's, and one bit for each word that says which of the two it is, are
 * enough. The few words that are neither (a time, a random number) are kept as
 * exceptions. All of it is found by comparing every word, so that what is put
 * back is exactly what was there, whatever the words mean.
 *
 * Thread: that of all the arenas that use an image.
 */
#ifndef ISERE_CORE_HEAP_IMAGE_H
#define ISERE_CORE_HEAP_IMAGE_H

#include "core/heap/arena.h"
#include "core/util/words.h"
#include "isere/port.h"

enum {
    /* 32-bit units; with more the heaps are not the same. */
    ISERE_IMAGE_EXCEPTIONS = 128,
};

typedef struct isere_image {
    const isere_port_t *port;
    struct isere_image **offered; /* where others look for it, or NULL */
    isere_word_t *copy;
    uintptr_t base; /* address of the arena that was copied */
    uint32_t used;  /* its top */
    uint32_t words; /* of the copy: up to the top, rounded up */
    unsigned users; /* who has to release it */
    bool borrowed;  /* the copy is somebody else's, and only read */
} isere_image_t;

/* What tells an arena from an image. */
typedef struct isere_relocation {
    uintptr_t distance; /* from the image's arena to this one */
    uint32_t nbits;     /* 32-bit units of bits */
    uint32_t nexceptions;
    /* A bit for each word: add the distance. Then, for each exception in
     * ascending order, the number of its 32-bit unit and the unit. */
    uint32_t data[];
} isere_relocation_t;

/*
 * Copies the used part of the arena. Returns the image with one user, or NULL
 * when out of memory. With `offer` others find it there until it is freed; the
 * pointer must stay that long.
 */
isere_image_t *isere__image_take(const isere_port_t *port,
                                 const isere_arena_t *arena,
                                 isere_image_t **offer);

/* The image of an arena at that address of which a copy lies somewhere already:
 * `used` bytes, and zeros up to a whole word. Returns the image with one user,
 * or NULL when out of memory. */
isere_image_t *isere__image_borrow(const isere_port_t *port, const void *copy,
                                   const void *arena, uint32_t used);

/* One user more, one less; the last one frees it. */
isere_image_t *isere__image_hold(isere_image_t *image);
void isere__image_release(isere_image_t *image);

/*
 * Compares an arena with an image of another one. Returns what is needed to
 * make the arena from the image, to be freed with isere_free; NULL when
 * they differ in too much, or when out of memory.
 */
isere_relocation_t *isere__image_compare(const isere_image_t *image,
                                         const isere_arena_t *arena);

/*
 * Makes a part of the arena from the image: `count` words from the word
 * `first` on. The arena is the one that the image was taken from (`relocation`
 * is NULL), or one that was compared with it.
 */
void isere__image_restore(const isere_image_t *image,
                          const isere_relocation_t *relocation,
                          isere_arena_t *arena, uint32_t first, uint32_t count);

/* Whether all of the arena is what isere__image_restore would make it. */
bool isere__image_equals(const isere_image_t *image,
                         const isere_relocation_t *relocation,
                         const isere_arena_t *arena);

/* Notices any write to the image or the relocation (may be NULL). */
uint32_t isere__image_checksum(const isere_image_t *image,
                               const isere_relocation_t *relocation);

/* Bytes of a relocation. */
size_t isere__image_relocation_size(const isere_relocation_t *relocation);

#endif
