/* The content of an image's extent; docs/store.md has it in a table. */
#ifndef ISERE_CORE_ISOLATE_IMAGE_FLASH_IMAGE_INTERNAL_H
#define ISERE_CORE_ISOLATE_IMAGE_FLASH_IMAGE_INTERNAL_H

#include "core/isolate/image/flash_image.h"
#include "core/isolate/isolate_internal.h"
#include "core/util/encode/sha256.h"

/* What functions share has an extent of this name. No function has it. */
#define ISERE_FLASH_IMAGE_BASE ".base"

/* The second run of an init phase lies this much further on. The base image has
 * a copy for each of the two, so that the init phases of functions can be run
 * there, too. */
enum { ISERE_FLASH_IMAGE_SHIFT = 64 };

/* Copies follow, each of them the frozen part and then the arena, both padded
 * to multiples of 16. An image of a function has one for each place; the base
 * image has two, the second one for a heap that is shifted. */
typedef struct isere_flash_image_header {
    uint32_t magic;
    uint32_t copies;
    uint32_t used;   /* bytes of each arena */
    uint32_t frozen; /* bytes of each frozen part */
    uint32_t rt;     /* where these are in the arena */
    uint32_t ctx;
    uint32_t realm;
    uint32_t settled;
    uint8_t key[ISERE_SHA256_SIZE];
    uint8_t nonce[16]; /* random, so that it is known for whose base it was */
} isere_flash_image_header_t;

/* The bytes in front of the heap in its place. */
static inline size_t isere__flash_image_front(void)
{
    return (sizeof(isere_isolate_t) + 15) & ~(size_t)15;
}

static inline size_t isere__flash_image_padded(uint32_t size)
{
    return (size + 15) & ~(size_t)15;
}

/* From one copy to the next. */
static inline size_t
isere__flash_image_stride(const isere_flash_image_header_t *header)
{
    return isere__flash_image_padded(header->frozen) +
           isere__flash_image_padded(header->used);
}

static inline const isere_flash_image_header_t *
isere__flash_image_header(const isere_flash_image_t *image)
{
    return (const void *)image->content;
}

/* The place with this number among those that have images, and how many there
 * are. */
static inline void *isere__flash_image_place(const isere_port_t *port,
                                             unsigned index)
{
    return index < ISERE_FLASH_IMAGE_PLACES
               ? port->arena_place(port->ctx, index)
               : NULL;
}

unsigned isere__flash_image_count_places(const isere_port_t *port);

/* The heap in copy number `index`. */
void isere__flash_image_copy(const isere_flash_image_t *image, unsigned index,
                             isere_flash_heap_t *heap);

/* The one of a function's image for this place. False when there is none;
 * `image` may be NULL. */
bool isere__flash_image_heap(const isere_flash_image_t *image,
                             const isere_port_t *port, const void *place,
                             isere_flash_heap_t *heap);

/* As isere_flash_image_find, for the base image. */
int isere__flash_image_find_base(isere_extents_t *extents,
                                 const isere_port_t *port,
                                 isere_flash_image_t *base);

/* The key of a function's image on that base or, of NULL, of the base. */
void isere__flash_image_key(const isere_extents_t *extents,
                            const isere_port_t *port,
                            const isere_flash_image_t *base,
                            const isere_function_t *function,
                            uint8_t key[ISERE_SHA256_SIZE]);

void isere__flash_image_name(const isere_function_t *function,
                             char name[ISERE_EXTENT_NAME_MAX]);

/* Fills *image; `base` (its own, or NULL) is held, too. */
void isere__flash_image_take(isere_flash_image_t *image,
                             isere_extents_t *extents, isere_extent_t *extent,
                             isere_extent_t *base);

/* One more with each change of the header or of what the copies mean. */
#define ISERE_FLASH_IMAGE_MAGIC UINT32_C(0x32495369) /* "iSI2" */

#endif
