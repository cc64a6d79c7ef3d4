/*
 * The RP2350's flash as a Zephyr flash device. Zephyr 4.2's own driver is for
 * the RP2040's controller; this one leaves the work to the chip's boot ROM
 * (datasheet, section 5.4.8).
 *
 * While the flash erases or programs, nothing can be read from it, code
 * neither: interrupts are off, and the functions that do it lie in RAM. Erasing
 * a sector takes some 45 ms, 400 at most. The USB controller answers "not
 * ready" by itself meanwhile, and the kernel's clock may lose that time.
 */
#define DT_DRV_COMPAT isere_rp2350_flash

#include <hardware/flash.h>
#include <string.h>
#include <zephyr/device.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>

#define MEMORY DT_CHOSEN(zephyr_flash)

enum {
    BASE = DT_REG_ADDR(MEMORY),
    SIZE = DT_REG_SIZE(MEMORY),
    SECTOR = DT_PROP(MEMORY, erase_block_size),
    PAGE = FLASH_PAGE_SIZE,
};

BUILD_ASSERT(SECTOR == FLASH_SECTOR_SIZE);

/* What the flash takes must not lie in the flash itself. */
static uint8_t page[PAGE];
static K_MUTEX_DEFINE(in_use);

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
    memcpy(data, (const uint8_t *)BASE + offset, size);
    return 0;
}

/* Programs part of a page. What is not programmed stays: ones change nothing.
 */
static void program(uint32_t offset, const uint8_t *data, size_t size)
{
    memset(page, 0xff, sizeof(page));
    memcpy(page + offset % PAGE, data, size);
    unsigned int key = irq_lock();
    flash_range_program(offset - offset % PAGE, page, PAGE);
    irq_unlock(key);
}

static int write(const struct device *device, off_t offset, const void *data,
                 size_t size)
{
    const uint8_t *bytes = data;
    ARG_UNUSED(device);
    if (!is_inside(offset, size)) {
        return -EINVAL;
    }
    k_mutex_lock(&in_use, K_FOREVER);
    while (size > 0) {
        size_t part = MIN(size, PAGE - (size_t)offset % PAGE);
        program((uint32_t)offset, bytes, part);
        offset += part;
        bytes += part;
        size -= part;
    }
    k_mutex_unlock(&in_use);
    return 0;
}

static int erase(const struct device *device, off_t offset, size_t size)
{
    ARG_UNUSED(device);
    if (!is_inside(offset, size) || offset % SECTOR != 0 ||
        size % SECTOR != 0) {
        return -EINVAL;
    }
    k_mutex_lock(&in_use, K_FOREVER);
    for (; size > 0; size -= SECTOR, offset += SECTOR) {
        unsigned int key = irq_lock();
        flash_range_erase((uint32_t)offset, SECTOR);
        irq_unlock(key);
    }
    k_mutex_unlock(&in_use);
    return 0;
}

static const struct flash_parameters *
get_parameters(const struct device *device)
{
    static const struct flash_parameters parameters = {
        .write_block_size = 1,
        .erase_value = 0xff,
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
