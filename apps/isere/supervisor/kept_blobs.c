/*
 * The blobs are records in one memory file. Each record begins with a head, at
 * the start of a page. A new blob is written after all others and becomes valid
 * when the end is moved past it; then the blob that it replaces becomes a hole.
 * Positions are never reused, so nothing has to be moved: there are enough of
 * them.
 */
#include "apps/isere/supervisor/kept_blobs.h"
#include "core/util/encode/crc32.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a record begins with. */
typedef struct head {
    uint32_t sum; /* CRC-32 of the rest */
    uint32_t size;
    char name[ISERE_BLOB_NAME_MAX];
} head_t;

typedef struct blob {
    char name[ISERE_BLOB_NAME_MAX];
    off_t at;
    uint32_t size;
} blob_t;

static int fd = -1; /* inherited by the servers */

/* Of this server. */
static struct {
    blob_t *blobs;
    size_t count, room;
    size_t guess; /* blobs are mostly read in the order they were written in */
    size_t used;  /* bytes of records that are no holes */
    off_t unit;   /* of memory: all records begin at multiples of it */
    off_t limit;  /* where positions end */
} kept;

void isere_kept_blobs_create(void)
{
    fd = memfd_create("isere-functions", MFD_CLOEXEC);
}

static atomic_uint *end_in_units(void)
{
    return &isere_shared()->kept_end;
}

static off_t end(void)
{
    /* In pages, so that 32 bits, which every platform writes atomically, reach
     * far enough. */
    return (off_t)atomic_load(end_in_units()) * kept.unit;
}

static void set_end(off_t at)
{
    atomic_store(end_in_units(), (unsigned)(at / kept.unit));
}

/* Of a record, with its head. */
static off_t span(uint32_t size)
{
    off_t bytes = (off_t)sizeof(head_t) + size;
    return (bytes + kept.unit - 1) / kept.unit * kept.unit;
}

static uint32_t sum_of(const head_t *head)
{
    const size_t from = offsetof(head_t, size);
    return isere_crc32(0, (const char *)head + from, sizeof(*head) - from);
}

/* ---- what there is ---- */

static blob_t *find(const char *name)
{
    for (size_t i = 0; i < kept.count; i++) {
        /* A start reads all functions, in the order of the store. */
        size_t at = (kept.guess + i) % kept.count;
        if (strcmp(kept.blobs[at].name, name) == 0) {
            kept.guess = at;
            return &kept.blobs[at];
        }
    }
    return NULL;
}

/* Gives the memory back. If that fails, it counts as used. */
static bool make_hole(const blob_t *blob)
{
    off_t size = span(blob->size);
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, blob->at,
                  size) != 0) {
        return false;
    }
    kept.used -= (size_t)size;
    return true;
}

/* Before anything is written: nothing may fail after the end was moved. */
static bool make_room(void)
{
    size_t room = kept.room ? 2 * kept.room : 64;
    blob_t *blobs;
    if (kept.count < kept.room) {
        return true;
    }
    blobs = realloc(kept.blobs, room * sizeof(*blobs));
    if (blobs) {
        kept.blobs = blobs;
        kept.room = room;
    }
    return blobs != NULL;
}

/* Adds a record, for which there is room. Of two with one name, the later one
 * is valid: a death may have come before the hole was made. */
static void add(const head_t *head, off_t at)
{
    blob_t *old = find(head->name);
    kept.used += (size_t)span(head->size);
    if (old) {
        (void)make_hole(old);
    } else {
        old = &kept.blobs[kept.count++];
        memcpy(old->name, head->name, sizeof(old->name));
    }
    old->at = at;
    old->size = head->size;
}

/* ---- the table ---- */

static int list(void *ctx, isere_blob_fn *each, void *arg)
{
    (void)ctx;
    for (size_t i = 0; i < kept.count; i++) {
        each(arg, kept.blobs[i].name, kept.blobs[i].size);
    }
    return 0;
}

static ssize_t read_at(off_t at, void *buf, size_t size)
{
    ssize_t n;
    do {
        n = pread(fd, buf, size, at);
    } while (n < 0 && errno == EINTR);
    return n;
}

static int read_blob(void *ctx, const char *name, size_t offset, void *buf,
                     size_t size)
{
    const blob_t *blob = find(name);
    ssize_t n;
    (void)ctx;
    if (!blob) {
        return ISERE_ERR_NOENT;
    }
    if (offset >= blob->size) {
        return 0;
    }
    size = size < blob->size - offset ? size : blob->size - offset;
    /* The result is an int. The caller reads on. */
    size = size < INT_MAX ? size : INT_MAX;
    n = read_at(blob->at + (off_t)(sizeof(head_t) + offset), buf, size);
    return n < 0 ? ISERE_ERR_IO : (int)n;
}

static bool write_at(off_t at, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size > 0) {
        ssize_t n = pwrite(fd, from, size, at);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        n = n > 0 ? n : 0;
        from += n;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_record(off_t at, const head_t *head,
                         const isere_slice_t *parts, int count)
{
    bool ok = write_at(at, head, sizeof(*head));
    at += (off_t)sizeof(*head);
    for (int i = 0; ok && i < count; i++) {
        ok = write_at(at, parts[i].ptr, parts[i].len);
        at += (off_t)parts[i].len;
    }
    return ok;
}

/* The sum of all parts, at most ISERE_KEPT_BYTES_MAX, which is too much. */
static size_t size_of(const isere_slice_t *parts, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size = parts[i].len <= ISERE_KEPT_BYTES_MAX - size
                   ? size + parts[i].len
                   : ISERE_KEPT_BYTES_MAX;
    }
    return size;
}

static int write_blob(void *ctx, const char *name, const isere_slice_t *parts,
                      int count)
{
    size_t size = size_of(parts, count);
    head_t head = {.size = (uint32_t)size};
    off_t at = end(), length = span(head.size);
    (void)ctx;
    /* The old blob of that name still counts: it must stay until the new one is
     * whole. */
    if ((size_t)length > ISERE_KEPT_BYTES_MAX - kept.used ||
        length > kept.limit - at || !make_room()) {
        return ISERE_ERR_LIMIT;
    }
    memcpy(head.name, name, strnlen(name, sizeof(head.name) - 1));
    head.sum = sum_of(&head);
    if (!write_record(at, &head, parts, count)) {
        /* Gives back what was written of it. */
        (void)ftruncate(fd, at);
        return ISERE_ERR_LIMIT;
    }
    set_end(at + length);
    add(&head, at);
    return 0;
}

static int remove_blob(void *ctx, const char *name)
{
    blob_t *blob = find(name);
    (void)ctx;
    if (!blob) {
        return ISERE_ERR_NOENT;
    }
    if (!make_hole(blob)) {
        return ISERE_ERR_IO;
    }
    memmove(blob, blob + 1,
            (size_t)(kept.blobs + --kept.count - blob) * sizeof(*blob));
    return 0;
}

/* ---- opening ---- */

static bool is_whole(const head_t *head)
{
    return sum_of(head) == head->sum && head->name[0] != '\0' &&
           memchr(head->name, '\0', sizeof(head->name)) &&
           head->size <= ISERE_KEPT_BYTES_MAX;
}

/* Takes the record at *at, or one page of a hole. False when it is neither. */
static bool take(off_t *at)
{
    static const head_t hole;
    head_t head;
    if (read_at(*at, &head, sizeof(head)) != (ssize_t)sizeof(head)) {
        return false;
    }
    /* SEEK_DATA may report pages of a hole as data. */
    if (memcmp(&head, &hole, sizeof(head)) == 0) {
        *at += kept.unit;
        return true;
    }
    if (!is_whole(&head) || span(head.size) > end() - *at || !make_room()) {
        return false;
    }
    add(&head, *at);
    *at += span(head.size);
    return true;
}

/* Where the next record is; the end when there is none. */
static off_t skip_holes(off_t at)
{
    /* Without this a long-lived store would read through gigabytes of holes. */
    off_t data = lseek(fd, at, SEEK_DATA);
    if (data < 0) {
        return errno == ENXIO ? end() : at;
    }
    return data / kept.unit * kept.unit;
}

static bool take_all(void)
{
    off_t at = skip_holes(0);
    while (at < end()) {
        if (!take(&at)) {
            return false;
        }
        at = at < end() ? skip_holes(at) : at;
    }
    return true;
}

static void forget_all(void)
{
    kept.count = 0;
    kept.used = 0;
    set_end(0);
}

static off_t last_position(void)
{
    struct rlimit limit;
    off_t last =
        sizeof(off_t) > 4 ? (off_t)UINT_MAX * kept.unit : (off_t)INT_MAX;
    /* Writing beyond it raises SIGXFSZ, which ends the program. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < (rlim_t)last) {
        last = (off_t)limit.rlim_cur;
    }
    return last;
}

bool isere_kept_blobs_open(isere_blobs_t *blobs)
{
    if (!isere_shared() || fd < 0) {
        return false;
    }
    memset(&kept, 0, sizeof(kept));
    kept.unit = (off_t)sysconf(_SC_PAGESIZE);
    kept.limit = last_position();
    /* Damage in one record means that the positions behind it can't be trusted.
     * Everything can be compiled again, so nothing is saved of it. */
    if (!take_all()) {
        forget_all();
    }
    (void)ftruncate(fd, end()); /* the rest was not finished */
    *blobs = (isere_blobs_t){
        .list = list,
        .read = read_blob,
        .write = write_blob,
        .remove = remove_blob,
    };
    return true;
}

void isere_kept_blobs_close(isere_blobs_t *blobs)
{
    free(kept.blobs);
    memset(&kept, 0, sizeof(kept));
    memset(blobs, 0, sizeof(*blobs));
}
