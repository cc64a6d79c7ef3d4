/* The store of functions in the flash partition `storage_partition`, and the
 * device's token beside it. */
#include "isere/admin.h"
#include "ports/zephyr/flash/blobs.h"
#include "ports/zephyr/port_zephyr.h"
#include <ctype.h>
#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/printk.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

#define PARTITION DT_NODELABEL(storage_partition)
#define MEMORY DT_MEM_FROM_FIXED_PARTITION(PARTITION)
#define CONTROLLER DT_MTD_FROM_FIXED_PARTITION(PARTITION)

enum {
    OFFSET = FIXED_PARTITION_OFFSET(storage_partition),
    SIZE = DT_REG_SIZE(PARTITION),
    BLOCK = DT_PROP(MEMORY, erase_block_size),
    WRITE_BLOCK = DT_PROP_OR(MEMORY, write_block_size, 1),
};

/* Wrong partitions are found when the firmware is built. */
BUILD_ASSERT(OFFSET % BLOCK == 0 && SIZE % BLOCK == 0,
             "storage_partition must begin and end with a block");
BUILD_ASSERT(BLOCK % ISERE_ZEPHYR_BLOBS_CACHE == 0 && BLOCK >= 512,
             "the flash's blocks are too small");
BUILD_ASSERT(SIZE >= 16 * BLOCK, "storage_partition has fewer than 16 blocks");
BUILD_ASSERT(ISERE_ZEPHYR_BLOBS_PROGRAM % WRITE_BLOCK == 0,
             "the flash programs more bytes at once than littlefs is set to");

static const struct device *const flash = DEVICE_DT_GET(CONTROLLER);
static isere_zephyr_blobs_t in_flash;
static K_MUTEX_DEFINE(in_use);

static void lock(void)
{
    k_mutex_lock(&in_use, K_FOREVER);
}

static void unlock(void)
{
    k_mutex_unlock(&in_use);
}

/* littlefs counts blocks of the partition, Zephyr bytes of the flash. */
static off_t address(lfs_block_t block, lfs_off_t off)
{
    return (off_t)OFFSET + (off_t)block * BLOCK + (off_t)off;
}

static int read_flash(const struct lfs_config *config, lfs_block_t block,
                      lfs_off_t off, void *buffer, lfs_size_t size)
{
    ARG_UNUSED(config);
    return flash_read(flash, address(block, off), buffer, size) == 0
               ? 0
               : LFS_ERR_IO;
}

static int program_flash(const struct lfs_config *config, lfs_block_t block,
                         lfs_off_t off, const void *buffer, lfs_size_t size)
{
    ARG_UNUSED(config);
    return flash_write(flash, address(block, off), buffer, size) == 0
               ? 0
               : LFS_ERR_IO;
}

/* A deploy erases several blocks, each of which may take 400 ms. */
static int erase_flash(const struct lfs_config *config, lfs_block_t block)
{
    ARG_UNUSED(config);
    isere_zephyr_watchdog_feed();
    return flash_erase(flash, address(block, 0), BLOCK) == 0 ? 0 : LFS_ERR_IO;
}

static int sync_flash(const struct lfs_config *config)
{
    ARG_UNUSED(config);
    return 0; /* the driver returns when it is done */
}

int isere_zephyr_store_open(isere_blobs_t *blobs)
{
    bool made;
    if (!device_is_ready(flash)) {
        LOG_ERR("store: the flash is not ready");
        return ISERE_ERR_IO;
    }
    in_flash.lock = lock;
    in_flash.unlock = unlock;
    in_flash.erased = flash_get_parameters(flash)->erase_value;
    in_flash.config = (struct lfs_config){
        .read = read_flash,
        .prog = program_flash,
        .erase = erase_flash,
        .sync = sync_flash,
        .block_size = BLOCK,
        .block_count = SIZE / BLOCK,
    };
    int error = isere_zephyr_blobs_mount(
        &in_flash, IS_ENABLED(CONFIG_ISERE_STORE_FORMAT), &made);
    /* A user must say so before somebody else's data is erased. */
    if (error == ISERE_ERR_INVAL) {
        LOG_ERR(
            "store: the flash partition is damaged, or holds something else. "
            "It stays unchanged; erase the partition to start over");
    } else if (error) {
        LOG_ERR("store: the flash can't be read or written");
    } else if (made) {
        LOG_WRN("store: the flash partition was formatted, so it is empty");
    }
    if (!error) {
        isere_zephyr_blobs_table(&in_flash, blobs);
    }
    return error;
}

/* Whether it is 64 hexadecimal digits. */
static bool is_token(const char *text, int len)
{
    for (int i = 0; i < len; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return len == ISERE_TOKEN_LEN;
}

/* Made on the device, so that no two have the same. Nobody who reads the
 * firmware's image knows it. */
static int make_token(const isere_port_t *port, char *token)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[ISERE_TOKEN_LEN / 2];
    if (port->random(port->ctx, bytes, sizeof(bytes)) != 0) {
        return ISERE_ERR_IO;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        token[2 * i] = digits[bytes[i] >> 4];
        token[2 * i + 1] = digits[bytes[i] & 15];
    }
    return isere_zephyr_blobs_write_file(
        &in_flash, "token", isere_slice_of(token, ISERE_TOKEN_LEN));
}

/* Until the console has what was logged, or for half a second: a bad cable can
 * fill the log faster than the console empties it. */
static void wait_for_log(void)
{
    for (int i = 0; i < 50 && IS_ENABLED(CONFIG_LOG_MODE_DEFERRED) &&
                    log_buffered_cnt() > 0;
         i++) {
        k_msleep(10);
    }
}

int isere_zephyr_token(const isere_port_t *port,
                       char token[ISERE_TOKEN_LEN + 1])
{
    /* Room for one more than a token has, so that a longer text is seen. */
    int len = isere_zephyr_blobs_read_file(&in_flash, "token", token,
                                           ISERE_TOKEN_LEN + 1);
    if (!is_token(token, len)) {
        if (len != ISERE_ERR_NOENT) {
            LOG_WRN("store: the token is damaged; a new one replaces it");
        }
        int error = make_token(port, token);
        if (error) {
            LOG_ERR("store: cannot create a token: %s", isere_strerror(error));
            return error;
        }
    }
    token[ISERE_TOKEN_LEN] = '\0';
    /* On the console only, never through the log: that can be read over the
     * network, with the token. On a line of its own: behind what was logged. */
    wait_for_log();
    printk("isere token: %s\n", token);
    return 0;
}
