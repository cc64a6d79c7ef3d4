/* Blobs as files in a folder (docs/store.md). A write is durable when it
 * returns: the file is synced, renamed, and the folder is synced. */
#include "isere/linux.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Neither can be a blob's name. Calls come one at a time, so one new file will
 * do. */
static const char new_file[] = ".new";
static const char lock_file[] = ".lock";

typedef struct folder {
    int fd;
    int lock;
} folder_t;

static int error_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return ISERE_ERR_NOENT;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ISERE_ERR_LIMIT;
    case ENOMEM:
        return ISERE_ERR_NOMEM;
    case EWOULDBLOCK:
        return ISERE_ERR_INUSE;
    default:
        return ISERE_ERR_IO;
    }
}

/* Closes a descriptor, -1 too; errno stays. */
static void drop(int fd)
{
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
}

/* The names that blobs.h allows: none leads out of the folder, or to `.new`. */
static bool is_blob_name(const char *name)
{
    size_t len = strlen(name);
    if (len < 1 || len >= ISERE_BLOB_NAME_MAX || name[0] == '.') {
        errno = EINVAL;
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
            c != '-') {
            errno = EINVAL;
            return false;
        }
    }
    return true;
}

/* Syncs. EINVAL: this file system has nothing to sync. */
static int make_durable(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* ---- the folder ---- */

static int list_blobs(void *ctx, isere_blob_fn *each, void *arg)
{
    const folder_t *folder = ctx;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    struct stat info;
    int saved;
    if (!dir) {
        drop(fd);
        return ISERE_ERR_IO;
    }
    /* readdir tells its end from an error by errno alone. */
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        /* Not everything in the folder is ours; what is not is left alone. */
        if (is_blob_name(entry->d_name) &&
            fstatat(folder->fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ==
                0 &&
            S_ISREG(info.st_mode)) {
            each(arg, entry->d_name, (size_t)info.st_size);
        }
    }
    saved = errno;
    closedir(dir);
    errno = saved;
    return saved == 0 ? 0 : ISERE_ERR_IO;
}

/* ---- one blob ---- */

static int open_blob(const folder_t *folder, const char *name)
{
    struct stat info;
    /* A FIFO would block. */
    int fd = openat(folder->fd, name,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))) {
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

/* Until there are no more: a read may be interrupted. */
static ssize_t read_at(int fd, char *buf, size_t size, size_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, buf + done, size - done, (off_t)(offset + done));
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return n;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

static int read_blob(void *ctx, const char *name, size_t offset, void *buf,
                     size_t size)
{
    int fd = is_blob_name(name) ? open_blob(ctx, name) : -1;
    if (fd < 0) {
        return errno == ENOENT ? ISERE_ERR_NOENT : ISERE_ERR_IO;
    }
    /* No file reaches beyond what off_t can express. */
    if (offset > LONG_MAX) {
        offset = LONG_MAX;
    }
    if (size > LONG_MAX - offset) {
        size = LONG_MAX - offset;
    }
    if (size > INT_MAX) {
        size = INT_MAX;
    }
    ssize_t n = read_at(fd, buf, size, offset);
    drop(fd);
    return n < 0 ? ISERE_ERR_IO : (int)n;
}

static int write_all(int fd, isere_slice_t part)
{
    while (part.len > 0) {
        ssize_t n = write(fd, part.ptr, part.len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            part.ptr += n;
            part.len -= (size_t)n;
        }
    }
    return 0;
}

/* The descriptor, or -1. An old one may be left from a failure. */
static int make_new_file(const folder_t *folder)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(folder->fd, new_file, flags, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(folder->fd, new_file, 0) == 0) {
        fd = openat(folder->fd, new_file, flags, 0600);
    }
    return fd;
}

static int write_new_file(const folder_t *folder, const isere_slice_t *parts,
                          int count)
{
    int fd = make_new_file(folder);
    int result = fd < 0 ? -1 : 0;
    for (int i = 0; result == 0 && i < count; i++) {
        result = write_all(fd, parts[i]);
    }
    if (result == 0) {
        result = make_durable(fd);
    }
    drop(fd);
    return result;
}

static int write_blob(void *ctx, const char *name, const isere_slice_t *parts,
                      int count)
{
    const folder_t *folder = ctx;
    int saved;
    if (!is_blob_name(name)) {
        return ISERE_ERR_IO;
    }
    /* rename is atomic: a reader, or a power cut, sees the old blob or the
     * new. */
    if (write_new_file(folder, parts, count) != 0 ||
        renameat(folder->fd, new_file, folder->fd, name) != 0) {
        saved = errno;
        (void)unlinkat(folder->fd, new_file, 0);
        errno = saved;
        return error_of(saved) == ISERE_ERR_LIMIT ? ISERE_ERR_LIMIT
                                                  : ISERE_ERR_IO;
    }
    return make_durable(folder->fd) == 0 ? 0 : ISERE_ERR_IO;
}

static int remove_blob(void *ctx, const char *name)
{
    const folder_t *folder = ctx;
    if (!is_blob_name(name)) {
        return ISERE_ERR_IO;
    }
    if (unlinkat(folder->fd, name, 0) != 0) {
        return errno == ENOENT ? ISERE_ERR_NOENT : ISERE_ERR_IO;
    }
    return make_durable(folder->fd) == 0 ? 0 : ISERE_ERR_IO;
}

/* ---- opening ---- */

/* Syncs the parent, which has the folder's entry: without it a power cut could
 * lose the whole store. A parent that we may not read is skipped. */
static int make_entry_durable(int fd)
{
    int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = parent < 0 ? 0 : make_durable(parent);
    drop(parent);
    return result;
}

static int open_folder(const char *path)
{
    bool made = mkdir(path, 0700) == 0;
    int fd;
    if (!made && errno != EEXIST) {
        return -1;
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Even if the folder existed: the process that made it may have been killed
     * before it got here. */
    if (fd >= 0 && make_entry_durable(fd) != 0 && made) {
        drop(fd);
        fd = -1;
    }
    return fd;
}

/* The descriptor that holds the lock, or -1. */
static int lock_folder(int folder)
{
    int fd =
        openat(folder, lock_file,
               O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        drop(fd);
        fd = -1;
    }
    return fd;
}

static int open_all(folder_t *folder, const char *path)
{
    folder->lock = -1;
    folder->fd = open_folder(path);
    if (folder->fd < 0) {
        return -1;
    }
    folder->lock = lock_folder(folder->fd);
    if (folder->lock < 0) {
        return -1;
    }
    /* Only with the lock: another process may be writing it. */
    if (unlinkat(folder->fd, new_file, 0) != 0 && errno != ENOENT) {
        return -1;
    }
    return 0;
}

int isere_linux_blobs_open(isere_blobs_t *blobs, const char *path)
{
    folder_t *folder = malloc(sizeof(*folder));
    memset(blobs, 0, sizeof(*blobs));
    if (!folder) {
        return ISERE_ERR_NOMEM;
    }
    if (open_all(folder, path) != 0) {
        int saved = errno;
        drop(folder->lock);
        drop(folder->fd);
        free(folder);
        errno = saved;
        return error_of(saved);
    }
    *blobs = (isere_blobs_t){
        .ctx = folder,
        .list = list_blobs,
        .read = read_blob,
        .write = write_blob,
        .remove = remove_blob,
    };
    return 0;
}

void isere_linux_blobs_close(isere_blobs_t *blobs)
{
    folder_t *folder = blobs->ctx;
    if (folder) {
        drop(folder->fd);
        drop(folder->lock); /* releases the lock */
        free(folder);
    }
    memset(blobs, 0, sizeof(*blobs));
}
