/* Flash that is read where it lies, in the partition `images_partition`, for
 * what is made of functions (isere/flash.h). */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/storage/flash_map.h>

#if defined(CONFIG_FLASH_SIMULATOR)
#include <zephyr/drivers/flash/flash_simulator.h>
#elif defined(CONFIG_ISERE_FLASH_MEMORY)
#include "ports/zephyr/flash/flash_device.h"
#endif

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

#define PARTITION DT_NODELABEL(images_partition)
#define MEMORY DT_MEM_FROM_FIXED_PARTITION(PARTITION)

enum {
    OFFSET = FIXED_PARTITION_OFFSET(images_partition),
    SIZE = DT_REG_SIZE(PARTITION),
    BLOCK = DT_PROP(MEMORY, erase_block_size),
    UNIT = 256, /* a page of serial flash: each is programmed once */
};

BUILD_ASSERT(OFFSET % BLOCK == 0 && SIZE % BLOCK == 0,
             "images_partition must begin and end with a block");

static const struct device *const flash_device =
    DEVICE_DT_GET(DT_MTD_FROM_FIXED_PARTITION(PARTITION));

/* Where the whole flash is mapped. In Zephyr's devicetree that is the address
 * of the memory's node, where there is no better way to ask. */
static const uint8_t *mapped(void)
{
#if defined(CONFIG_FLASH_SIMULATOR)
    size_t size;
    return flash_simulator_get_memory(flash_device, &size);
#elif defined(CONFIG_ISERE_FLASH_MEMORY)
    const isere_flash_device_t *config = flash_device->config;
    return config->bytes;
#else
    return (const uint8_t *)DT_REG_ADDR(MEMORY);
#endif
}

/*
 * What only this build has. On a chip it is what the linker works out of all
 * that it links (--build-id). Where the program is the host's it is a checksum
 * of its code as it is loaded: it takes no time there.
 */
#ifdef CONFIG_ARCH_POSIX
#include "core/util/encode/sha256.h"

extern const char __executable_start[]; /* the linker's */
extern const char etext[];

static isere_slice_t build(void)
{
    static uint8_t sum[ISERE_SHA256_SIZE];
    isere_sha256_of(__executable_start,
                    (uintptr_t)etext - (uintptr_t)__executable_start, sum);
    return isere_slice_of((const char *)sum, sizeof(sum));
}
#else
extern const char isere_build_id[]; /* build_id.ld */
extern const char isere_build_id_end[];

static isere_slice_t build(void)
{
    return isere_slice_of(isere_build_id, (uintptr_t)isere_build_id_end -
                                              (uintptr_t)isere_build_id);
}
#endif

static K_MUTEX_DEFINE(in_use);

static void lock(void *ctx)
{
    ARG_UNUSED(ctx);
    k_mutex_lock(&in_use, K_FOREVER);
}

static void unlock(void *ctx)
{
    ARG_UNUSED(ctx);
    k_mutex_unlock(&in_use);
}

/* The watchdog is fed, since a block may take 400 ms and a change of a function
 * needs some. */
static int erase(void *ctx, size_t offset)
{
    ARG_UNUSED(ctx);
    isere_zephyr_watchdog_feed();
    return flash_erase(flash_device, OFFSET + (off_t)offset, BLOCK) == 0
               ? 0
               : ISERE_ERR_IO;
}

static int program(void *ctx, size_t offset, const void *data, size_t size)
{
    ARG_UNUSED(ctx);
    return flash_write(flash_device, OFFSET + (off_t)offset, data, size) == 0
               ? 0
               : ISERE_ERR_IO;
}

const isere_flash_t *isere_zephyr_images(void)
{
    static isere_flash_t table = {
        .size = SIZE,
        .sector = BLOCK,
        .unit = UNIT,
        .erase = erase,
        .program = program,
        .lock = lock,
        .unlock = unlock,
    };
    if (!device_is_ready(flash_device)) {
        LOG_ERR("images: the flash is not ready");
        return NULL;
    }
    const struct flash_parameters *parameters =
        flash_get_parameters(flash_device);
    if (UNIT % parameters->write_block_size != 0) {
        LOG_ERR("images: the flash programs %u bytes at once, more than %u",
                (unsigned)parameters->write_block_size, UNIT);
        return NULL;
    }
    table.bytes = mapped() + OFFSET;
    table.erased = parameters->erase_value;
    table.build = build();
    return &table;
}
