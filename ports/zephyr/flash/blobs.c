/* The blobs of a store as files of littlefs. A write goes to a temporary file,
 * which is renamed: littlefs does that atomically. */
#include "ports/zephyr/flash/blobs.h"
#include <limits.h>
#include <string.h>

#define FOLDER "functions/"
#define TEMPORARY "~" /* no blob has this name */

/* A path in the file system. */
typedef struct path {
    char text[sizeof(FOLDER) + ISERE_BLOB_NAME_MAX];
} path_t;

static path_t path_of(const char *folder, const char *name)
{
    path_t path = {0};
    memcpy(path.text, folder, strlen(folder));
    strncat(path.text, name, ISERE_BLOB_NAME_MAX - 1);
    return path;
}

static void lock(const isere_zephyr_blobs_t *b)
{
    if (b->lock) {
        b->lock();
    }
}

static void unlock(const isere_zephyr_blobs_t *b)
{
    if (b->unlock) {
        b->unlock();
    }
}

static int error_of(int error)
{
    switch (error) {
    case LFS_ERR_NOENT:
        return ISERE_ERR_NOENT;
    /* The flash is full. All else is an error of the flash. */
    case LFS_ERR_NOSPC:
        return ISERE_ERR_LIMIT;
    default:
        return error < 0 ? ISERE_ERR_IO : 0;
    }
}

static int mount(isere_zephyr_blobs_t *b)
{
    int error = lfs_mount(&b->lfs, &b->config);
    b->mounted = error == 0;
    return error;
}

/* Mounts again if that failed after an error. */
static int make_ready(isere_zephyr_blobs_t *b)
{
    return b->mounted ? 0 : mount(b);
}

/*
 * After a change that failed, littlefs's state in memory can't be relied on.
 * (After a rename for which there was no room, it takes the next change for the
 * end of a move, and loses another file.) The flash can, so it is mounted
 * again.
 */
static void forget(isere_zephyr_blobs_t *b)
{
    lock(b);
    if (b->mounted) {
        (void)lfs_unmount(&b->lfs);
    }
    (void)mount(b);
    unlock(b);
}

/* Puts the file system in order after a change that failed. */
static int failed(isere_zephyr_blobs_t *b, int error)
{
    if (error < 0 && error != LFS_ERR_NOENT) {
        forget(b);
    }
    return error_of(error);
}

static int open_file(isere_zephyr_blobs_t *b, isere_zephyr_blobs_file_t *file,
                     const path_t *path, int flags)
{
    memset(&file->config, 0, sizeof(file->config));
    file->config.buffer = file->cache;
    int error = make_ready(b);
    return error ? error
                 : lfs_file_opencfg(&b->lfs, &file->file, path->text, flags,
                                    &file->config);
}

static int read_opened(isere_zephyr_blobs_t *b, size_t offset, void *buf,
                       size_t size)
{
    lfs_file_t *file = &b->read.file;
    lfs_ssize_t n = lfs_file_size(&b->lfs, file);
    if (n >= 0 && offset >= (size_t)n) {
        n = 0;
    } else if (n >= 0) {
        n = lfs_file_seek(&b->lfs, file, (lfs_soff_t)offset, LFS_SEEK_SET);
        if (n >= 0) {
            size = size < INT_MAX ? size : INT_MAX;
            n = lfs_file_read(&b->lfs, file, buf, (lfs_size_t)size);
        }
    }
    int error = lfs_file_close(&b->lfs, file);
    return n < 0 || error ? ISERE_ERR_IO : (int)n;
}

static int read_file(isere_zephyr_blobs_t *b, const path_t *path, size_t offset,
                     void *buf, size_t size)
{
    lock(b);
    int error = open_file(b, &b->read, path, LFS_O_RDONLY);
    int result = error ? error_of(error) : read_opened(b, offset, buf, size);
    unlock(b);
    return result;
}

/*
 * Whether a file of that size fits beside what there is, the one that it
 * replaces too. littlefs would find out itself, but only after it has worn the
 * flash with most of it.
 */
static int check_room(isere_zephyr_blobs_t *b, size_t size)
{
    const struct lfs_config *config = &b->config;
    lock(b);
    int error = make_ready(b);
    lfs_ssize_t used = error ? error : lfs_fs_size(&b->lfs);
    unlock(b);
    if (used < 0) {
        return (int)used;
    }
    size_t blocks = 0;
    if (size > ISERE_ZEPHYR_BLOBS_CACHE) {
        /* A block has two references of 4 bytes to others, on average. */
        blocks = size / (config->block_size - 8) + 1 + ISERE_ZEPHYR_BLOBS_SPARE;
    }
    size_t room = config->block_count - (size_t)used;
    return (size_t)used > config->block_count || blocks > room ? LFS_ERR_NOSPC
                                                               : 0;
}

/* In pieces, of which each erases one block at most. */
static int put_part(isere_zephyr_blobs_t *b, isere_slice_t part)
{
    int error = 0;
    for (size_t at = 0; at < part.len && error >= 0;) {
        size_t left = part.len - at;
        size_t size =
            left < ISERE_ZEPHYR_BLOBS_CACHE ? left : ISERE_ZEPHYR_BLOBS_CACHE;
        lock(b);
        error = (int)lfs_file_write(&b->lfs, &b->written.file, part.ptr + at,
                                    (lfs_size_t)size);
        unlock(b);
        at += size;
    }
    return error;
}

static int put(isere_zephyr_blobs_t *b, const path_t *path,
               const isere_slice_t *parts, int count)
{
    lock(b);
    int error = open_file(b, &b->written, path,
                          LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC);
    unlock(b);
    if (error) {
        return error;
    }
    for (int i = 0; i < count && error >= 0; i++) {
        error = put_part(b, parts[i]);
    }
    /* Puts on the flash what is in the cache, and the file's new content into
     * the folder. It says nothing of an error before. */
    lock(b);
    int close_error = lfs_file_close(&b->lfs, &b->written.file);
    unlock(b);
    return error < 0 ? error : close_error;
}

static int rename_file(isere_zephyr_blobs_t *b, const path_t *from,
                       const path_t *to)
{
    lock(b);
    int error = lfs_rename(&b->lfs, from->text, to->text);
    unlock(b);
    return error;
}

static int remove_file(isere_zephyr_blobs_t *b, const path_t *path)
{
    lock(b);
    int error = make_ready(b);
    error = error ? error : lfs_remove(&b->lfs, path->text);
    unlock(b);
    return error;
}

static int write_file(isere_zephyr_blobs_t *b, const char *folder,
                      const char *name, const isere_slice_t *parts, int count)
{
    path_t path = path_of(folder, name);
    path_t temporary = path_of(folder, TEMPORARY);
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size += parts[i].len;
    }
    int error = check_room(b, size);
    if (error) {
        return error_of(error);
    }
    error = put(b, &temporary, parts, count);
    if (!error) {
        error = rename_file(b, &temporary, &path);
    }
    int result = failed(b, error);
    if (error && b->mounted) {
        (void)failed(b, remove_file(b, &temporary));
    }
    return result;
}

static int list_folder(isere_zephyr_blobs_t *b, isere_blob_fn *each, void *arg)
{
    lfs_dir_t folder;
    struct lfs_info info;
    int more;
    if (make_ready(b) != 0 || lfs_dir_open(&b->lfs, &folder, FOLDER) != 0) {
        return ISERE_ERR_IO;
    }
    while ((more = lfs_dir_read(&b->lfs, &folder, &info)) > 0) {
        /* The temporary file is there when removing it failed, too. */
        if (info.type == LFS_TYPE_REG && strcmp(info.name, TEMPORARY) != 0) {
            each(arg, info.name, info.size);
        }
    }
    (void)lfs_dir_close(&b->lfs, &folder);
    return more < 0 ? ISERE_ERR_IO : 0;
}

static int list(void *ctx, isere_blob_fn *each, void *arg)
{
    isere_zephyr_blobs_t *b = ctx;
    lock(b);
    int error = list_folder(b, each, arg);
    unlock(b);
    return error;
}

static int read_blob(void *ctx, const char *name, size_t offset, void *buf,
                     size_t size)
{
    path_t path = path_of(FOLDER, name);
    return read_file(ctx, &path, offset, buf, size);
}

static int write_blob(void *ctx, const char *name, const isere_slice_t *parts,
                      int count)
{
    return write_file(ctx, FOLDER, name, parts, count);
}

static int remove_blob(void *ctx, const char *name)
{
    isere_zephyr_blobs_t *b = ctx;
    path_t path = path_of(FOLDER, name);
    return failed(b, remove_file(b, &path));
}

/* ---- the state ---- */

/* FNV-1a over units of 32 bits. Not a CRC: each commit of littlefs ends with
 * that of itself, after which any other CRC depends on its length only. */
static uint64_t add_up(uint64_t sum, const uint32_t *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ units[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

/* All commits to one pair of blocks. Where they lie and how many there were is
 * part of it, so what was written again in the same bytes differs, too. */
static int add_pair(isere_zephyr_blobs_t *b, const lfs_mdir_t *pair,
                    uint64_t *sum)
{
    const struct lfs_config *config = &b->config;
    const uint32_t place[] = {pair->pair[0], pair->pair[1], pair->rev,
                              pair->off};
    *sum = add_up(*sum, place, 4);
    for (lfs_off_t at = 0; at < pair->off; at += ISERE_ZEPHYR_BLOBS_CACHE) {
        lfs_off_t left = pair->off - at; /* a multiple of what is programmed */
        lfs_size_t size =
            left < ISERE_ZEPHYR_BLOBS_CACHE ? left : ISERE_ZEPHYR_BLOBS_CACHE;
        int error =
            config->read(config, pair->pair[0], at, b->read.cache, size);
        if (error) {
            return error;
        }
        *sum = add_up(*sum, b->read.cache, size / sizeof(*b->read.cache));
    }
    return 0;
}

/* The folder's blocks hold the names of all blobs, where each lies, and those
 * that are no longer than ISERE_ZEPHYR_BLOBS_CACHE. They are a chain of pairs:
 * the next one is read when all entries of one were. */
static int add_folder(isere_zephyr_blobs_t *b, lfs_dir_t *folder, uint64_t *sum)
{
    struct lfs_info info;
    int more = 1;
    folder->pos = 2; /* behind "." and ".." */
    while (more > 0) {
        int error = add_pair(b, &folder->m, sum);
        if (error) {
            return error;
        }
        folder->id = folder->m.count;
        more = folder->m.split ? lfs_dir_read(&b->lfs, folder, &info) : 0;
    }
    return more;
}

static int get_state(isere_zephyr_blobs_t *b, uint64_t *state)
{
    lfs_dir_t folder;
    *state = UINT64_C(0xcbf29ce484222325);
    if (make_ready(b) != 0 || lfs_dir_open(&b->lfs, &folder, FOLDER) != 0) {
        return ISERE_ERR_IO;
    }
    int error = add_folder(b, &folder, state);
    (void)lfs_dir_close(&b->lfs, &folder);
    return error < 0 ? ISERE_ERR_IO : 0;
}

static int state(void *ctx, uint64_t *state)
{
    isere_zephyr_blobs_t *b = ctx;
    lock(b);
    int error = get_state(b, state);
    unlock(b);
    return error;
}

void isere_zephyr_blobs_table(isere_zephyr_blobs_t *blobs, isere_blobs_t *table)
{
    *table = (isere_blobs_t){
        .ctx = blobs,
        .list = list,
        .read = read_blob,
        .write = write_blob,
        .remove = remove_blob,
        .state = state,
    };
}

int isere_zephyr_blobs_read_file(isere_zephyr_blobs_t *blobs, const char *name,
                                 void *buf, size_t size)
{
    path_t path = path_of("", name);
    return read_file(blobs, &path, 0, buf, size);
}

int isere_zephyr_blobs_write_file(isere_zephyr_blobs_t *blobs, const char *name,
                                  isere_slice_t content)
{
    return write_file(blobs, "", name, &content, 1);
}

static void configure(isere_zephyr_blobs_t *b)
{
    struct lfs_config *config = &b->config;
    config->read_size = ISERE_ZEPHYR_BLOBS_PROGRAM;
    config->prog_size = ISERE_ZEPHYR_BLOBS_PROGRAM;
    config->cache_size = ISERE_ZEPHYR_BLOBS_CACHE;
    config->lookahead_size = ISERE_ZEPHYR_BLOBS_LOOKAHEAD;
    config->block_cycles = 500;
    config->read_buffer = b->read_cache;
    config->prog_buffer = b->prog_cache;
    config->lookahead_buffer = b->lookahead;
    config->name_max = ISERE_BLOB_NAME_MAX - 1;
}

/* 1 when a block is erased, 0 when it is not, or an error. By words: there may
 * be a megabyte to look at. */
static int is_erased(isere_zephyr_blobs_t *b, lfs_block_t block)
{
    const struct lfs_config *config = &b->config;
    const uint32_t erased = b->erased * UINT32_C(0x01010101);
    const lfs_size_t words = ISERE_ZEPHYR_BLOBS_CACHE / 4;
    uint32_t differing = 0;
    for (lfs_off_t at = 0; at < config->block_size && differing == 0;
         at += ISERE_ZEPHYR_BLOBS_CACHE) {
        int error = config->read(config, block, at, b->read.cache,
                                 ISERE_ZEPHYR_BLOBS_CACHE);
        if (error) {
            return error;
        }
        for (lfs_size_t i = 0; i < words; i++) {
            differing |= b->read.cache[i] ^ erased;
        }
    }
    return differing == 0;
}

/*
 * 1 when nothing can have been stored, 0 when something may have been, or an
 * error. Formatting writes to the first two blocks; the first folder already
 * lies in others. So what is only in those two is of no use to anybody: power
 * was cut off while they were formatted.
 */
static int is_new(isere_zephyr_blobs_t *b)
{
    int erased = 1;
    for (lfs_block_t i = 2; i < b->config.block_count && erased == 1; i++) {
        erased = is_erased(b, i);
    }
    return erased;
}

/* Makes the folder, and removes what is left over. */
static int tidy(isere_zephyr_blobs_t *b)
{
    static const char *const leftovers[] = {FOLDER TEMPORARY, TEMPORARY};
    int error = lfs_mkdir(&b->lfs, "functions");
    if (error && error != LFS_ERR_EXIST) {
        return error;
    }
    for (int i = 0; i < 2; i++) {
        error = lfs_remove(&b->lfs, leftovers[i]);
        if (error && error != LFS_ERR_NOENT) {
            return error;
        }
    }
    return 0;
}

int isere_zephyr_blobs_mount(isere_zephyr_blobs_t *blobs, bool format,
                             bool *made)
{
    *made = false;
    configure(blobs);
    int error = mount(blobs);
    if (error) {
        int new = format ? 1 : is_new(blobs);
        if (new <= 0) {
            return new < 0 ? ISERE_ERR_IO : ISERE_ERR_INVAL;
        }
        *made = true;
        error = lfs_format(&blobs->lfs, &blobs->config);
        if (!error) {
            error = mount(blobs);
        }
    }
    if (error) {
        return ISERE_ERR_IO;
    }
    error = tidy(blobs);
    if (error) {
        (void)lfs_unmount(&blobs->lfs);
        blobs->mounted = false;
        return error == LFS_ERR_CORRUPT ? ISERE_ERR_INVAL : error_of(error);
    }
    return 0;
}
