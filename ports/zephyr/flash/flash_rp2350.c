/*
 * The RP2350's flash as a Zephyr flash device. Zephyr 4.2's own driver is for
 * the RP2040's controller; this one leaves the work to the chip's boot ROM
 * (datasheet, section 5.4.8).
 *
 * While the flash erases or programs, nothing can be read from it, not even
 * code: interrupts are off, and the functions that do it lie in RAM. Erasing a
 * sector takes some 45 ms, 400 at most. The USB controller answers "not ready"
 * by itself meanwhile, and the kernel's clock may lose that time.
 */
#define DT_DRV_COMPAT isere_rp2350_flash

#include "ports/zephyr/flash/flash_device.h"
#include <hardware/flash.h>
#include <string.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>

#define MEMORY DT_CHOSEN(zephyr_flash)

enum {
    SIZE = DT_REG_SIZE(MEMORY),
    SECTOR = DT_PROP(MEMORY, erase_block_size),
    PAGE = FLASH_PAGE_SIZE,
};

BUILD_ASSERT(SECTOR == FLASH_SECTOR_SIZE);

/* What the flash takes must not lie in the flash itself. */
static uint8_t page[PAGE];
static K_MUTEX_DEFINE(in_use);

/* Programs part of a page. What is not programmed stays: ones change nothing.
 */
static void program_page(uint32_t offset, const uint8_t *data, size_t size)
{
    memset(page, 0xff, sizeof(page));
    memcpy(page + offset % PAGE, data, size);
    unsigned int key = irq_lock();
    flash_range_program(offset - offset % PAGE, page, PAGE);
    irq_unlock(key);
}

static void program(size_t offset, const uint8_t *data, size_t size)
{
    k_mutex_lock(&in_use, K_FOREVER);
    while (size > 0) {
        size_t part = MIN(size, PAGE - offset % PAGE);
        program_page((uint32_t)offset, data, part);
        offset += part;
        data += part;
        size -= part;
    }
    k_mutex_unlock(&in_use);
}

/* Interrupts are on between sectors: one is as long as they may be off. */
static void erase(size_t offset, size_t size)
{
    k_mutex_lock(&in_use, K_FOREVER);
    for (; size > 0; size -= SECTOR, offset += SECTOR) {
        unsigned int key = irq_lock();
        flash_range_erase((uint32_t)offset, SECTOR);
        irq_unlock(key);
    }
    k_mutex_unlock(&in_use);
}

static const isere_flash_device_t flash = {
    .bytes = (const uint8_t *)DT_REG_ADDR(MEMORY),
    .sectors = {.pages_count = SIZE / SECTOR, .pages_size = SECTOR},
    .parameters = {.write_block_size = 1, .erase_value = 0xff},
    .program = program,
    .erase = erase,
};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, &flash, POST_KERNEL,
                      CONFIG_FLASH_INIT_PRIORITY, &isere_flash_device_api);
