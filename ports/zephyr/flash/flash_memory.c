/*
 * Memory that outlives a reset as a Zephyr flash device: what QEMU has in place
 * of flash. (Zephyr's flash simulator keeps its memory in a section of the
 * program, which QEMU clears at every reset.) It begins with zeros, so zero is
 * what erased bytes are; programming sets bits and never clears any.
 */
#define DT_DRV_COMPAT isere_memory_flash

#include <string.h>
#include <zephyr/device.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>

#define MEMORY DT_INST_CHILD(0, flash_0)

enum {
    SIZE = DT_REG_SIZE(MEMORY),
    SECTOR = DT_PROP(MEMORY, erase_block_size),
};

static uint8_t *const bytes =
    (uint8_t *)DT_REG_ADDR(DT_INST_PHANDLE(0, memory_region));
BUILD_ASSERT(SIZE <= DT_REG_SIZE(DT_INST_PHANDLE(0, memory_region)));

static bool is_inside(off_t offset, size_t size)
{
    return offset >= 0 && offset <= SIZE && size <= SIZE - (size_t)offset;
}

static int read(const struct device *device, off_t offset, void *data,
                size_t size)
{
    ARG_UNUSED(device);
    if (!is_inside(offset, size)) {
        return -EINVAL;
    }
    memcpy(data, bytes + offset, size);
    return 0;
}

static int write(const struct device *device, off_t offset, const void *data,
                 size_t size)
{
    const uint8_t *from = data;
    ARG_UNUSED(device);
    if (!is_inside(offset, size)) {
        return -EINVAL;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[(size_t)offset + i] |= from[i];
    }
    return 0;
}

static int erase(const struct device *device, off_t offset, size_t size)
{
    ARG_UNUSED(device);
    if (!is_inside(offset, size) || offset % SECTOR != 0 ||
        size % SECTOR != 0) {
        return -EINVAL;
    }
    memset(bytes + offset, 0, size);
    return 0;
}

static const struct flash_parameters *
get_parameters(const struct device *device)
{
    static const struct flash_parameters parameters = {
        .write_block_size = 1,
        .erase_value = 0,
    };
    ARG_UNUSED(device);
    return &parameters;
}

static int get_size(const struct device *device, uint64_t *size)
{
    ARG_UNUSED(device);
    *size = SIZE;
    return 0;
}

#ifdef CONFIG_FLASH_PAGE_LAYOUT
static void get_layout(const struct device *device,
                       const struct flash_pages_layout **layout, size_t *count)
{
    static const struct flash_pages_layout pages = {
        .pages_count = SIZE / SECTOR,
        .pages_size = SECTOR,
    };
    ARG_UNUSED(device);
    *layout = &pages;
    *count = 1;
}
#endif

static DEVICE_API(flash, api) = {
    .read = read,
    .write = write,
    .erase = erase,
    .get_parameters = get_parameters,
    .get_size = get_size,
#ifdef CONFIG_FLASH_PAGE_LAYOUT
    .page_layout = get_layout,
#endif
};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, NULL, POST_KERNEL,
                      CONFIG_FLASH_INIT_PRIORITY, &api);
