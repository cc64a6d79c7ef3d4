#include "ram_flash.h"
#include "tests/unit/support/unit.h"

enum { ERASED = 0xff };

static uint8_t *at(const struct lfs_config *config, lfs_block_t block,
                   lfs_off_t off, lfs_size_t size)
{
    ram_flash_t *flash = config->context;
    assert_true(block < RAM_FLASH_BLOCKS);
    assert_true(off <= RAM_FLASH_BLOCK && size <= RAM_FLASH_BLOCK - off);
    return flash->bytes + (size_t)block * RAM_FLASH_BLOCK + off;
}

/* How many of `size` bytes are done before power goes; all without a cut. */
static lfs_size_t count_until_cut(ram_flash_t *flash, lfs_size_t size)
{
    flash->writes++;
    if (flash->writes != flash->cut_at) {
        return size;
    }
    flash->off = true;
    switch (flash->cut) {
    case RAM_FLASH_BEFORE:
        return 0;
    case RAM_FLASH_HALF:
        return size / 2;
    default:
        return size;
    }
}

static int flash_read(const struct lfs_config *config, lfs_block_t block,
                      lfs_off_t off, void *buffer, lfs_size_t size)
{
    ram_flash_t *flash = config->context;
    if (flash->off) {
        return LFS_ERR_IO;
    }
    memcpy(buffer, at(config, block, off, size), size);
    return 0;
}

static int flash_prog(const struct lfs_config *config, lfs_block_t block,
                      lfs_off_t off, const void *buffer, lfs_size_t size)
{
    ram_flash_t *flash = config->context;
    uint8_t *to = at(config, block, off, size);
    if (flash->off) {
        return LFS_ERR_IO;
    }
    for (lfs_size_t i = 0; i < size; i++) {
        assert_int_equal(to[i], ERASED);
    }
    lfs_size_t done = count_until_cut(flash, size);
    memcpy(to, buffer, done);
    if (done > 0 && done < size) {
        to[done] = ((const uint8_t *)buffer)[done] | 0xa5; /* some bits */
    }
    return flash->off ? LFS_ERR_IO : 0;
}

static int flash_erase(const struct lfs_config *config, lfs_block_t block)
{
    ram_flash_t *flash = config->context;
    uint8_t *to = at(config, block, 0, RAM_FLASH_BLOCK);
    if (flash->off) {
        return LFS_ERR_IO;
    }
    lfs_size_t done = count_until_cut(flash, RAM_FLASH_BLOCK);
    memset(to, ERASED, done);
    if (done > 0 && done < RAM_FLASH_BLOCK) {
        memset(to + done, 0x5a, 64);
    }
    return flash->off ? LFS_ERR_IO : 0;
}

static int flash_sync(const struct lfs_config *config)
{
    ram_flash_t *flash = config->context;
    return flash->off ? LFS_ERR_IO : 0;
}

void ram_flash_init(ram_flash_t *flash)
{
    memset(flash, 0, sizeof(*flash));
    memset(flash->bytes, ERASED, sizeof(flash->bytes));
}

void ram_flash_power_on(ram_flash_t *flash, int cut_at, enum ram_flash_cut cut)
{
    flash->writes = 0;
    flash->cut_at = cut_at;
    flash->cut = cut;
    flash->off = false;
}

void ram_flash_attach(ram_flash_t *flash, isere_zephyr_blobs_t *blobs)
{
    memset(blobs, 0, sizeof(*blobs));
    blobs->erased = ERASED;
    blobs->config = (struct lfs_config){
        .context = flash,
        .read = flash_read,
        .prog = flash_prog,
        .erase = flash_erase,
        .sync = flash_sync,
        .block_size = RAM_FLASH_BLOCK,
        .block_count = RAM_FLASH_BLOCKS,
    };
}

int ram_flash_mount(ram_flash_t *flash, isere_zephyr_blobs_t *blobs,
                    isere_blobs_t *table)
{
    bool made;
    ram_flash_attach(flash, blobs);
    isere_zephyr_blobs_table(blobs, table);
    return isere_zephyr_blobs_mount(blobs, false, &made);
}

void ram_flash_pattern(char *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (char)(i * 31 + i / 256);
    }
}
