/* Zephyr's flash API for the drivers of this folder: bounds are checked here.
 */
#include "ports/zephyr/flash/flash_device.h"
#include <string.h>

static size_t size_of(const isere_flash_device_t *flash)
{
    return flash->sectors.pages_count * flash->sectors.pages_size;
}

/* Written so that nothing overflows, whatever the offset is. */
static bool is_inside(const isere_flash_device_t *flash, off_t offset,
                      size_t size)
{
    size_t end = size_of(flash);
    return offset >= 0 && (size_t)offset <= end && size <= end - (size_t)offset;
}

static int read_bytes(const struct device *device, off_t offset, void *data,
                      size_t size)
{
    const isere_flash_device_t *flash = device->config;
    if (!is_inside(flash, offset, size)) {
        return -EINVAL;
    }
    /* Flash is mapped into memory: to read is to copy. */
    memcpy(data, flash->bytes + offset, size);
    return 0;
}

static int program(const struct device *device, off_t offset, const void *data,
                   size_t size)
{
    const isere_flash_device_t *flash = device->config;
    if (!is_inside(flash, offset, size)) {
        return -EINVAL;
    }
    /* Programming only clears bits: the caller has erased the place before,
     * as littlefs does. */
    flash->program((size_t)offset, data, size);
    return 0;
}

/* The drivers erase whole sectors only, so anything else is a mistake of the
 * caller's. */
static int erase_sectors(const struct device *device, off_t offset, size_t size)
{
    const isere_flash_device_t *flash = device->config;
    size_t sector = flash->sectors.pages_size;
    if (!is_inside(flash, offset, size) || (size_t)offset % sector != 0 ||
        size % sector != 0) {
        return -EINVAL;
    }
    flash->erase((size_t)offset, size);
    return 0;
}

static const struct flash_parameters *
get_parameters(const struct device *device)
{
    const isere_flash_device_t *flash = device->config;
    return &flash->parameters;
}

static int get_size(const struct device *device, uint64_t *size)
{
    *size = size_of(device->config);
    return 0;
}

#ifdef CONFIG_FLASH_PAGE_LAYOUT
static void get_layout(const struct device *device,
                       const struct flash_pages_layout **layout, size_t *count)
{
    const isere_flash_device_t *flash = device->config;
    *layout = &flash->sectors;
    *count = 1;
}
#endif

DEVICE_API(flash, isere_flash_device_api) = {
    .read = read_bytes,
    .write = program,
    .erase = erase_sectors,
    .get_parameters = get_parameters,
    .get_size = get_size,
#ifdef CONFIG_FLASH_PAGE_LAYOUT
    .page_layout = get_layout,
#endif
};
