#include "ports/linux/port_linux.h"
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t isere_linux_monotonic_us(void *ctx)
{
    (void)ctx;
    return (uint64_t)read_us(CLOCK_MONOTONIC);
}

int64_t isere_linux_wall_us(void *ctx)
{
    (void)ctx;
    return read_us(CLOCK_REALTIME);
}

static int fill(unsigned char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = getrandom(buf, len, 0);
        if (n < 0 && errno != EINTR) {
            return ISERE_ERR_IO;
        }
        if (n > 0) {
            buf += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/*
 * Small amounts (a request id is 16 bytes) come from a pool that is filled by
 * one system call; what was handed out is wiped.
 */
int isere_linux_random(void *ctx, void *buf, size_t len)
{
    isere_linux_t *self = ctx;
    unsigned char *from;
    if (len > ISERE_LINUX_RANDOM_POOL / 4) {
        /* This may be in a heap, and the kernel writes to no page of it that
         * is closed: writing opens it. */
        memset(buf, 0, len);
        return fill(buf, len);
    }
    if (self->random_left < len) {
        if (fill(self->random_pool, ISERE_LINUX_RANDOM_POOL) != 0) {
            return ISERE_ERR_IO;
        }
        self->random_left = ISERE_LINUX_RANDOM_POOL;
    }
    from = self->random_pool + ISERE_LINUX_RANDOM_POOL - self->random_left;
    memcpy(buf, from, len);
    explicit_bzero(from, len);
    self->random_left -= len;
    return 0;
}
