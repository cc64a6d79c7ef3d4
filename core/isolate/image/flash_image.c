/* Images of heaps in flash that are there: finding and checking them. */
#include "core/isolate/image/flash_image.h"
#include "core/code/bundle_format.h"
#include "core/isolate/image/flash_image_internal.h"
#include <stdio.h>

/* ---- the key ---- */

static void add_text(isere_sha256_t *hash, const char *text)
{
    isere_sha256_add(hash, text, strlen(text) + 1);
}

static void add_number(isere_sha256_t *hash, uintptr_t number)
{
    isere_sha256_add(hash, &number, sizeof(number));
}

unsigned isere__flash_image_count_places(const isere_port_t *port)
{
    unsigned count = 0;
    while (isere__flash_image_place(port, count)) {
        count++;
    }
    return count;
}

/* All that decides what an init phase leaves, but for time and randomness. */
static void add_function(isere_sha256_t *hash, const isere_function_t *function)
{
    const isere_function_config_t *config = &function->config;
    const isere_bundle_t *bundle = &function->bundle;
    add_text(hash, config->name);
    add_text(hash, config->version);
    for (const char *const *env = config->env; *env; env++) {
        add_text(hash, *env);
    }
    add_number(hash, config->memory_bytes);
    add_number(hash, config->stack_bytes);
    add_number(hash, (uintptr_t)config->payload);
    /* Its header has a checksum of all of it. */
    add_number(hash, (uintptr_t)bundle->bytes);
    add_number(hash, bundle->size);
    isere_sha256_add(hash, bundle->bytes, ISERE_BUNDLE_HEADER);
}

void isere__flash_image_key(const isere_extents_t *extents,
                            const isere_port_t *port,
                            const isere_flash_image_t *base,
                            const isere_function_t *function,
                            uint8_t key[ISERE_SHA256_SIZE])
{
    isere_sha256_t hash;
    isere_sha256_begin(&hash);
    isere_sha256_add(&hash, extents->flash->build.ptr,
                     extents->flash->build.len);
    for (unsigned i = 0; i < isere__flash_image_count_places(port); i++) {
        add_number(&hash, (uintptr_t)isere__flash_image_place(port, i));
    }
    add_number(&hash, sizeof(isere_isolate_t));
    /* A simulator's flash may be mapped elsewhere at each start, and the base
     * refers to itself. */
    add_number(&hash, (uintptr_t)extents->flash->bytes);
    if (base) {
        /* The heap refers to what is there. */
        add_number(&hash, (uintptr_t)base->content);
        isere_sha256_add(&hash, base->content,
                         sizeof(isere_flash_image_header_t));
        add_function(&hash, function);
    }
    isere_sha256_end(&hash, key);
}

/* Versions have images of their own: the next one's must not replace that of
 * the one that is served until it does itself. */
void isere__flash_image_name(const isere_function_t *function,
                             char name[ISERE_EXTENT_NAME_MAX])
{
    snprintf(name, ISERE_EXTENT_NAME_MAX, "%s.%s" ISERE_FLASH_IMAGE_SUFFIX,
             function->config.name, function->config.version);
}

/* ---- an image that is there ---- */

/* Another thread may not remove the extent before it is held. */
void isere__flash_image_take(isere_flash_image_t *image,
                             isere_extents_t *extents, isere_extent_t *extent,
                             isere_extent_t *base)
{
    size_t size;
    isere_extents_hold(extent);
    if (base) {
        isere_extents_hold(base);
    }
    image->extents = extents;
    image->extent = extent;
    image->base = base;
    image->content = isere_extents_content(extents, extent, &size);
}

static size_t size_of(const isere_flash_image_header_t *header)
{
    return sizeof(*header) + header->copies * isere__flash_image_stride(header);
}

static bool is_good(const isere_flash_image_header_t *header, size_t size,
                    const uint8_t key[ISERE_SHA256_SIZE])
{
    return size >= sizeof(*header) &&
           header->magic == ISERE_FLASH_IMAGE_MAGIC &&
           header->copies <= 2 * ISERE_FLASH_IMAGE_PLACES &&
           size == size_of(header) &&
           memcmp(header->key, key, sizeof(header->key)) == 0;
}

static int find(isere_extents_t *extents, const char *name,
                const uint8_t key[ISERE_SHA256_SIZE], isere_extent_t *base,
                isere_flash_image_t *image)
{
    size_t size;
    isere_extents_lock(extents);
    isere_extent_t *extent = isere_extents_find(extents, name);
    if (extent) {
        const void *content = isere_extents_content(extents, extent, &size);
        if (is_good(content, size, key)) {
            isere__flash_image_take(image, extents, extent, base);
        }
    }
    isere_extents_unlock(extents);
    return image->extent ? 0 : ISERE_ERR_NOENT;
}

int isere__flash_image_find_base(isere_extents_t *extents,
                                 const isere_port_t *port,
                                 isere_flash_image_t *base)
{
    uint8_t key[ISERE_SHA256_SIZE];
    memset(base, 0, sizeof(*base));
    isere__flash_image_key(extents, port, NULL, NULL, key);
    int error = find(extents, ISERE_FLASH_IMAGE_BASE, key, NULL, base);
    if (!error && !isere_flash_image_check(base)) {
        isere_flash_image_release(base);
        return ISERE_ERR_NOENT;
    }
    return error;
}

int isere_flash_image_find(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image)
{
    char name[ISERE_EXTENT_NAME_MAX];
    uint8_t key[ISERE_SHA256_SIZE];
    isere_flash_image_t base;
    memset(image, 0, sizeof(*image));
    int error = isere__flash_image_find_base(extents, port, &base);
    if (!error) {
        isere__flash_image_name(function, name);
        isere__flash_image_key(extents, port, &base, function, key);
        error = find(extents, name, key, base.extent, image);
    }
    isere_flash_image_release(&base);
    return error;
}

bool isere_flash_image_check(const isere_flash_image_t *image)
{
    return image->extent->gone ||
           isere_extents_check(image->extents, image->extent);
}

size_t isere_flash_image_used(const isere_flash_image_t *image)
{
    return image->content ? isere__flash_image_header(image)->used : 0;
}

size_t isere_flash_image_size(const isere_flash_image_t *image)
{
    return image->content ? size_of(isere__flash_image_header(image)) : 0;
}

void isere_flash_image_release(isere_flash_image_t *image)
{
    if (image->extent) {
        isere_extents_release(image->extent);
    }
    if (image->base) {
        isere_extents_release(image->base);
    }
    memset(image, 0, sizeof(*image));
}

void isere_flash_image_remove(isere_flash_image_t *image)
{
    if (image->extent) {
        (void)isere_extents_remove(image->extents, image->extent);
    }
    isere_flash_image_release(image);
}

void isere__flash_image_copy(const isere_flash_image_t *image, unsigned index,
                             isere_flash_heap_t *heap)
{
    const isere_flash_image_header_t *header = isere__flash_image_header(image);
    const uint8_t *copy = image->content + sizeof(*header) +
                          index * isere__flash_image_stride(header);
    *heap = (isere_flash_heap_t){
        .arena = copy + isere__flash_image_padded(header->frozen),
        .used = header->used,
        .frozen = header->frozen,
        .rt = header->rt,
        .ctx = header->ctx,
        .realm = header->realm,
        .settled = header->settled,
    };
}

bool isere__flash_image_heap(const isere_flash_image_t *image,
                             const isere_port_t *port, const void *place,
                             isere_flash_heap_t *heap)
{
    unsigned copies =
        image && image->content ? isere__flash_image_header(image)->copies : 0;
    for (unsigned i = 0; i < copies; i++) {
        if (isere__flash_image_place(port, i) == place) {
            isere__flash_image_copy(image, i, heap);
            return true;
        }
    }
    return false;
}
