/* The content of an image's extent; docs/store.md has it in a table. */
#ifndef ISERE_CORE_ISOLATE_FLASH_IMAGE_INTERNAL_H
#define ISERE_CORE_ISOLATE_FLASH_IMAGE_INTERNAL_H

#include "core/isolate/flash_image.h"
#include "core/isolate/isolate_internal.h"
#include "core/util/encode/sha256.h"

/* The copies for the places follow, each from a multiple of 16. */
typedef struct isere_flash_image_header {
    uint32_t magic;
    uint32_t places; /* how many copies follow */
    uint32_t used;   /* bytes of each */
    uint32_t rt;     /* where these are in the arena */
    uint32_t ctx;
    uint32_t realm;
    uint32_t settled;
    uint32_t reserved;
    uint8_t key[ISERE_SHA256_SIZE];
} isere_flash_image_header_t;

/* The bytes in front of the heap in its place. */
static inline size_t isere__flash_image_front(void)
{
    return (sizeof(isere_isolate_t) + 15) & ~(size_t)15;
}

/* The copy for a heap in this place, or NULL. */
const void *isere__flash_image_copy(const isere_flash_image_t *image,
                                    const isere_port_t *port,
                                    const void *place);

static inline const isere_flash_image_header_t *
isere__flash_image_header(const isere_flash_image_t *image)
{
    return (const void *)image->content;
}

#endif
