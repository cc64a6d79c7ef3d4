/* Clocks and random bytes. */
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
 * Small amounts (a request id has 16 bytes) come from a pool that one system
 * call fills. Bytes that were handed out are wiped, so that nobody can read
 * them later.
 */
int isere_linux_random(void *ctx, void *buf, size_t len)
{
    isere_linux_t *self = ctx;
    unsigned char *from;
    /* Large amounts would empty the pool for the price of a copy. */
    if (len > ISERE_LINUX_RANDOM_POOL / 4) {
        /* The buffer may be in a guarded heap. The kernel does not write to a
         * closed page (EFAULT); writing to it here opens it. */
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
