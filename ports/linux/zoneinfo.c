/* Time zones, from the files of the package tzdata. */
#include "ports/linux/port_linux.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo"
#define CHUNK 1024

/* Reads to the stack first: the kernel can't write to a guarded page of a heap.
 */
static int read_all(int fd, char *buf, size_t size)
{
    char chunk[CHUNK];
    size_t total = 0;
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? ISERE_ERR_IO : (int)total;
        }
        if ((size_t)n > size - total) {
            return ISERE_ERR_LIMIT;
        }
        memcpy(buf + total, chunk, (size_t)n);
        total += (size_t)n;
    }
}

static int translate(int error)
{
    if (error != ENOENT && error != ENOTDIR) {
        return ISERE_ERR_IO;
    }
    /* Without the package no zone is known, which is another error than a wrong
     * name. */
    return access(FOLDER, X_OK) == 0 ? ISERE_ERR_NOENT : ISERE_ERR_INVAL;
}

int isere_linux_time_zone(void *ctx, const char *name, void *buf, size_t size)
{
    char path[sizeof(FOLDER) + 1 + ISERE_TIME_ZONE_NAME_MAX];
    struct stat st;
    (void)ctx;
    snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return translate(errno);
    }
    int result = ISERE_ERR_NOENT; /* a folder of zones */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        result = read_all(fd, buf, size);
    }
    close(fd);
    return result;
}
