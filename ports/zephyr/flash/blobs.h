/*
 * Blobs (isere/blobs.h) in a littlefs on flash.
 *
 * The file system has the folder `functions`, with a file for each blob, and
 * files of its own beside it, such as the device's token. A file is replaced
 * as a whole: the new content goes to a file called `~` in the same folder,
 * which then takes the name. littlefs does each of these steps so that a power
 * cut leaves the one before or the one after.
 *
 * Nothing but littlefs is used here, so that it is tested on a host, with a
 * power cut at every operation of the flash (tests/unit/zephyr).
 *
 * Memory: all of it in the struct. Errors: ISERE_ERR_*, see each function.
 * Threads: one changes the store; with a lock another one may read it
 * meanwhile.
 */
#ifndef ISERE_PORTS_ZEPHYR_FLASH_BLOBS_H
#define ISERE_PORTS_ZEPHYR_FLASH_BLOBS_H

#include "isere/blobs.h"
#include <lfs.h>
#include <stdbool.h>

enum {
    /* What is read and programmed at once at most, in bytes: a page of usual
     * flash. A file up to this size lies in its folder's own blocks. */
    ISERE_ZEPHYR_BLOBS_CACHE = 256,
    /* What is read and programmed at once at least. */
    ISERE_ZEPHYR_BLOBS_PROGRAM = 16,
    /* A bit for each of 256 blocks: all of 1 MB. Larger flash works, too. */
    ISERE_ZEPHYR_BLOBS_LOOKAHEAD = 32,
    /* Blocks that only files up to ISERE_ZEPHYR_BLOBS_CACHE may use, so that
     * in a full store there is room for removing. */
    ISERE_ZEPHYR_BLOBS_SPARE = 4,
};

/* littlefs is built without malloc: a file that is open has all it needs here.
 */
typedef struct isere_zephyr_blobs_file {
    lfs_file_t file;
    struct lfs_file_config config;
    uint32_t cache[ISERE_ZEPHYR_BLOBS_CACHE / 4];
} isere_zephyr_blobs_file_t;

typedef struct isere_zephyr_blobs {
    /* The caller sets context, read, prog, erase, sync, block_size and
     * block_count, and the value of an erased byte. */
    struct lfs_config config;
    uint8_t erased;
    /* Its owner may lock it again. Held while something is read, and for one
     * step of what is written. NULL: there is one thread. */
    void (*lock)(void);
    void (*unlock)(void);

    bool mounted;
    lfs_t lfs;
    isere_zephyr_blobs_file_t read;
    isere_zephyr_blobs_file_t written;
    uint32_t lookahead[ISERE_ZEPHYR_BLOBS_LOOKAHEAD / 4];
    uint8_t read_cache[ISERE_ZEPHYR_BLOBS_CACHE];
    uint8_t prog_cache[ISERE_ZEPHYR_BLOBS_CACHE];
} isere_zephyr_blobs_t;

/*
 * Mounts the file system, and removes what a write left behind that never
 * completed. Flash that is erased is formatted first, so is flash on which
 * formatting was cut off; *made tells. Anything else that can't be mounted is
 * left alone: ISERE_ERR_INVAL, unless `format` is true, which wipes it.
 * ISERE_ERR_IO when the flash fails.
 */
int isere_zephyr_blobs_mount(isere_zephyr_blobs_t *blobs, bool format,
                             bool *made);

/* The table for isere_registry_create. It borrows `blobs`, which is mounted. */
void isere_zephyr_blobs_table(isere_zephyr_blobs_t *blobs,
                              isere_blobs_t *table);

/*
 * A file beside the folder of blobs, as in isere_blobs_t: reads up to `size`
 * bytes from its start, or replaces it.
 */
int isere_zephyr_blobs_read_file(isere_zephyr_blobs_t *blobs, const char *name,
                                 void *buf, size_t size);
int isere_zephyr_blobs_write_file(isere_zephyr_blobs_t *blobs, const char *name,
                                  isere_slice_t content);

#endif
