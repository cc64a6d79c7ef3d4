/* Files of a function, read through the loader that the compiler calls for each
 * import, and whole files for other purposes. */
#include "apps/isere/load/files.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- whole files ---- */

static int read_error(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return ISERE_ERR_NOENT;
    case EFBIG:
        return ISERE_ERR_LIMIT;
    case ENOMEM:
        return ISERE_ERR_NOMEM;
    default:
        return ISERE_ERR_IO;
    }
}

/* Reads to the end; 0 or -1 with errno. The size is not asked for: it may be a
 * pipe, or a file that grows. */
static int read_all(int fd, char **data, size_t *size)
{
    size_t room = 0, used = 0;
    char *bytes = NULL;
    ssize_t n = 1;
    while (n > 0) {
        /* One byte is kept free for the NUL. */
        if (used + 1 >= room) {
            room = room ? room * 2 : 16384;
            char *more = realloc(bytes, room);
            if (!more) {
                break;
            }
            bytes = more;
        }
        n = read(fd, bytes + used, room - used - 1);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        used += n > 0 ? (size_t)n : 0;
        /* Also against /dev/zero and other files without an end. */
        if (used > ISERE_FILES_MAX_SIZE) {
            errno = EFBIG;
            break;
        }
    }
    if (n != 0) {
        int saved = errno;
        free(bytes);
        errno = saved;
        return -1;
    }
    bytes[used] = '\0';
    *data = bytes;
    *size = used;
    return 0;
}

/* Opens a regular file. Folders are refused, and so are FIFOs, on which reading
 * could block for ever; O_NONBLOCK makes opening one return. */
static int open_regular(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0 || S_ISREG(info.st_mode)) {
        return fd;
    }
    close(fd);
    errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    return -1;
}

/* errno is kept for the message over the close. */
static int read_regular(const char *path, char **data, size_t *size)
{
    int fd = open_regular(path);
    int result, saved;
    if (fd < 0) {
        return -1;
    }
    result = read_all(fd, data, size);
    saved = errno;
    close(fd);
    errno = saved;
    return result;
}

int isere_files_read(const char *path, char **data, size_t *size)
{
    int fd, result, saved;
    if (strcmp(path, "-") == 0) {
        result = read_all(STDIN_FILENO, data, size);
        return result == 0 ? 0 : read_error(errno);
    }
    /* Not only regular files: /dev/stdin and <(command) are useful. */
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return read_error(errno);
    }
    result = read_all(fd, data, size);
    saved = errno;
    close(fd);
    errno = saved;
    return result == 0 ? 0 : read_error(saved);
}

/* Synced before the rename: after a power cut the name must not lead to an
 * empty file. EINVAL is that of pipes and devices, which can't be synced. */
static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* mkostemp makes files for their owner only; this gives the permissions that
 * open would have given. A umask can only be read by setting it, so no other
 * thread may make files meanwhile: `isere build` has none. */
static void apply_umask(int fd)
{
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

/* /dev/stdout and the like are written to in place. */
static int write_device(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result, saved;
    if (fd < 0) {
        return ISERE_ERR_IO;
    }
    result = write_all(fd, data, size);
    saved = errno;
    close(fd);
    errno = saved;
    return result == 0 ? 0 : ISERE_ERR_IO;
}

int isere_files_write(const char *path, const void *data, size_t size)
{
    struct stat info;
    size_t len = strlen(path);
    char *temporary = malloc(len + sizeof(".XXXXXX"));
    int fd = -1, saved = ENOMEM;
    /* rename would replace /dev/null with a file. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) &&
        !S_ISDIR(info.st_mode)) {
        free(temporary);
        return write_device(path, data, size);
    }
    if (!temporary) {
        goto out;
    }
    memcpy(temporary, path, len);
    memcpy(temporary + len, ".XXXXXX", sizeof(".XXXXXX"));
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        saved = errno;
        goto out;
    }
    apply_umask(fd);
    saved = 0;
    if (write_all(fd, data, size) != 0 || rename(temporary, path) != 0) {
        saved = errno;
        unlink(temporary);
    }
    close(fd);
out:
    free(temporary);
    errno = saved;
    return saved ? ISERE_ERR_IO : 0;
}

/* ---- the folder ---- */

/* `folder` ends with a '/', or is empty. */
static char *join(const char *folder, const char *name)
{
    size_t a = strlen(folder), b = strlen(name);
    char *path = malloc(a + b + 1);
    if (path) {
        memcpy(path, folder, a);
        memcpy(path + a, name, b + 1);
    }
    return path;
}

/* Whether the real path lies below the folder. */
static bool is_inside(const isere_files_t *files, const char *path)
{
    char *real = realpath(path, NULL);
    size_t len = strlen(files->root);
    bool inside;
    if (!real) {
        return false;
    }
    /* After links were resolved: a link in the folder may lead out of it. */
    inside = strncmp(real, files->root, len) == 0 &&
             (real[len] == '/' || strcmp(files->root, "/") == 0);
    if (!inside) {
        errno = EXDEV;
    }
    free(real);
    return inside;
}

/* Some editors put a byte order mark before the text. It is not part of it. */
static void drop_byte_order_mark(isere_file_t *file)
{
    if (file->size >= 3 && memcmp(file->data, "\xef\xbb\xbf", 3) == 0) {
        file->size -= 3;
        memmove(file->data, file->data + 3, file->size + 1);
    }
}

static isere_file_t *find_file(isere_files_t *files, const char *name)
{
    for (isere_file_t *f = files->files; f; f = f->next) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

/* Adds a file to the list and reads it. It is in the list even if it can't be
 * read: --watch waits for it to appear. */
static int add_file(isere_files_t *files, const char *name, bool anywhere,
                    isere_file_t **result)
{
    isere_file_t *file = calloc(1, sizeof(*file));
    char *path = join(files->folder, name);
    int error = ISERE_ERR_NOMEM;
    if (!file || !path || !(file->name = strdup(name))) {
        free(file);
        free(path);
        errno = ENOMEM;
        return error;
    }
    file->next = files->files;
    files->files = file;
    error = 0;
    if ((!anywhere && !is_inside(files, path)) ||
        read_regular(path, &file->data, &file->size) != 0) {
        error = read_error(errno);
    } else {
        drop_byte_order_mark(file);
    }
    free(path);
    *result = file;
    return error;
}

/* Names come from import specifiers, which the core has resolved already. This
 * is the second line of defence. */
static bool is_safe_name(const char *name)
{
    const char *part = name;
    if (*name == '/' || *name == '\0') {
        return false;
    }
    /* No part may be "..". */
    while (part) {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2])) {
            return false;
        }
        part = strchr(part, '/');
        part = part ? part + 1 : NULL;
    }
    return true;
}

/* The loader of isere_compile. A file that was asked for twice is read once, so
 * a module can't change between two of its imports. */
static int load(void *ctx, const char *name, isere_slice_t *source)
{
    isere_files_t *files = ctx;
    isere_file_t *file = find_file(files, name);
    int error;
    if (!is_safe_name(name)) {
        return ISERE_ERR_NOENT;
    }
    if (!file) {
        error = add_file(files, name, false, &file);
        if (error != 0) {
            return error;
        }
    }
    /* It could not be read the first time; the compiler asks again for each
     * module that imports it. */
    if (!file->data) {
        return ISERE_ERR_NOENT;
    }
    *source = isere_slice_of(file->data, file->size);
    return 0;
}

/* Fills in everything but the files; -1 when out of memory. */
static int begin(isere_files_t *files, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    memset(files, 0, sizeof(*files));
    files->loader.ctx = files;
    files->loader.load = load;
    files->main_name = path + len;
    files->folder = strndup(path, len);
    if (!files->folder) {
        errno = ENOMEM;
        return -1;
    }
    files->root = realpath(len ? files->folder : ".", NULL);
    return 0;
}

/* The main module alone may lie outside of the folder: `isere serve` of a link
 * into another project is fine. */
int isere_files_open(isere_files_t *files, const char *path)
{
    int error, saved;
    if (begin(files, path) != 0) {
        return ISERE_ERR_NOMEM;
    }
    error = files->root ? add_file(files, files->main_name, true, &files->main)
                        : read_error(errno);
    if (error != 0) {
        saved = errno;
        isere_files_close(files);
        errno = saved;
    }
    return error;
}

static isere_file_t *add_name(isere_files_t *files, const char *name)
{
    isere_file_t *file = calloc(1, sizeof(*file));
    char *copy = strdup(name);
    if (!file || !copy) {
        free(file);
        free(copy);
        errno = ENOMEM;
        return NULL;
    }
    file->name = copy;
    file->next = files->files;
    files->files = file;
    return file;
}

/* For a program that comes from memory: --watch needs the names. */
int isere_files_name(isere_files_t *files, const char *path, const char *names,
                     size_t size)
{
    const char *end = names + size;
    if (begin(files, path) != 0) {
        return ISERE_ERR_NOMEM;
    }
    for (const char *at = names; at < end; at += strlen(at) + 1) {
        if (!add_name(files, at)) {
            isere_files_close(files);
            errno = ENOMEM;
            return ISERE_ERR_NOMEM;
        }
    }
    return 0;
}

/* ---- bundles ---- */

int isere_files_bundle(isere_files_t *files, char *code, size_t size)
{
    const char *dot = strrchr(files->main_name, '.');
    size_t stem = dot && dot > files->main_name
                      ? (size_t)(dot - files->main_name)
                      : strlen(files->main_name);
    char name[NAME_MAX + sizeof(".bundle.js")];
    isere_file_t *bundle;
    snprintf(name, sizeof(name), "%.*s.bundle.js", (int)stem, files->main_name);
    for (isere_file_t *f = files->files; f; f = f->next) {
        f->bundled = f->data != NULL;
        free(f->data);
        f->data = NULL;
    }
    bundle = add_name(files, name);
    if (!bundle) {
        free(code);
        return ISERE_ERR_NOMEM;
    }
    bundle->data = code;
    bundle->size = size;
    files->main = bundle;
    files->is_bundle = true;
    return 0;
}

int isere_files_add_bundled(isere_files_t *files, const char *name)
{
    isere_file_t *file = find_file(files, name);
    file = file ? file : add_name(files, name);
    if (file) {
        file->bundled = true;
    }
    return file ? 0 : ISERE_ERR_NOMEM;
}

bool isere_files_contain(const isere_files_t *files, const char *path)
{
    struct stat wanted, found;
    char name[PATH_MAX];
    if (stat(path, &wanted) != 0) {
        return false;
    }
    for (const isere_file_t *file = files->files; file; file = file->next) {
        /* By inode: names of one file may differ. */
        snprintf(name, sizeof(name), "%s/%s", files->root, file->name);
        if (stat(name, &found) == 0 && found.st_dev == wanted.st_dev &&
            found.st_ino == wanted.st_ino) {
            return true;
        }
    }
    return false;
}

void isere_files_close(isere_files_t *files)
{
    isere_file_t *next;
    /* Also the texts that the loader handed out. */
    for (isere_file_t *f = files->files; f; f = next) {
        next = f->next;
        free(f->name);
        free(f->data);
        free(f);
    }
    free(files->folder);
    free(files->root);
    memset(files, 0, sizeof(*files));
}
