/*
 * Memory that outlives a reset as a Zephyr flash device: what QEMU has in place
 * of flash. (Zephyr's flash simulator keeps its memory in a section of the
 * program, which QEMU clears at every reset.) It begins as zeros, so erased
 * bytes are zero; programming sets bits and never clears any.
 */
#define DT_DRV_COMPAT isere_memory_flash

#include "ports/zephyr/flash/flash_device.h"
#include <string.h>

#define MEMORY DT_INST_CHILD(0, flash_0)

enum {
    SIZE = DT_REG_SIZE(MEMORY),
    SECTOR = DT_PROP(MEMORY, erase_block_size),
};

static uint8_t *const bytes =
    (uint8_t *)DT_REG_ADDR(DT_INST_PHANDLE(0, memory_region));
BUILD_ASSERT(SIZE <= DT_REG_SIZE(DT_INST_PHANDLE(0, memory_region)));

static void program(size_t offset, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[offset + i] |= data[i];
    }
}

static void erase(size_t offset, size_t size)
{
    memset(bytes + offset, 0, size);
}

static const isere_flash_device_t flash = {
    .bytes = (const uint8_t *)DT_REG_ADDR(DT_INST_PHANDLE(0, memory_region)),
    .sectors = {.pages_count = SIZE / SECTOR, .pages_size = SECTOR},
    .parameters = {.write_block_size = 1, .erase_value = 0},
    .program = program,
    .erase = erase,
};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, &flash, POST_KERNEL,
                      CONFIG_FLASH_INIT_PRIORITY, &isere_flash_device_api);
