/*
 * Images of heaps in flash: what the init phase of a function made, for each
 * of the places that heaps have (arena_place of isere/port.h). An isolate that
 * is made from an image needs no init phase and no copy in RAM: a restore
 * copies from the flash.
 *
 * What all functions have, the engine and the globals, is in one image, the
 * base; a function's has what its init phase made of that. The frozen part of
 * both (core/heap/frozen.h) is used where it lies. Only the rest is copied to
 * memory: that is all an isolate needs there.
 *
 * An image is made by running the init phase twice, at two addresses, with the
 * same time and the same random numbers (replay.h). Each word of the two heaps
 * is equal, or differs by the distance between them: then it is an address, and
 * the image of every place is known. Anything else can't be kept.
 *
 * An image is good for one build of the program, one layout of places, one
 * version of a function and its environment, on one base. All of these are in
 * its key; with another key there is no image.
 *
 * Threads: that of the extents.
 */
#ifndef ISERE_CORE_ISOLATE_IMAGE_FLASH_IMAGE_H
#define ISERE_CORE_ISOLATE_IMAGE_FLASH_IMAGE_H

#include "core/flash/extents.h"
#include "isere/isere.h"

enum {
    ISERE_FLASH_IMAGE_PLACES = 4
}; /* that have an image; others run the
      init phase */

/* All zero: there is none. */
typedef struct isere_flash_image {
    isere_extents_t *extents;
    isere_extent_t *extent; /* held */
    isere_extent_t *base;   /* of the base image, held */
    const uint8_t *content;
} isere_flash_image_t;

/* Extents with images are called NAME.VERSION and this. */
#define ISERE_FLASH_IMAGE_SUFFIX ".i"

/*
 * Looks for the image of a function that extents have. Returns 0 with *image,
 * held; ISERE_ERR_NOENT when there is none that is good for this function.
 */
int isere_flash_image_find(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image);

/*
 * Makes one in the place of the one that there may be; first the base, when
 * there is none: then no other image is of use either, and all are removed.
 * Takes a place for as long as it works. Returns 0 with *image, held;
 * ISERE_ERR_HANDLER with *fault when the init phase fails; ISERE_ERR_CRASH;
 * ISERE_ERR_INVAL with fault->message when its heap can't be kept;
 * ISERE_ERR_LIMIT (no room), ISERE_ERR_IO, ISERE_ERR_NOMEM (no place is free).
 */
int isere_flash_image_make(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image, isere_fault_t *fault);

/* Forgets it, and that the extents have it. What uses it may still do so. */
void isere_flash_image_remove(isere_flash_image_t *image);

/* Gives it up. */
void isere_flash_image_release(isere_flash_image_t *image);

/* Whether what the flash has is what was written; worked out once. */
bool isere_flash_image_check(const isere_flash_image_t *image);

/* Bytes that a restore copies, and that the image takes in flash. */
size_t isere_flash_image_used(const isere_flash_image_t *image);
size_t isere_flash_image_size(const isere_flash_image_t *image);

#endif
