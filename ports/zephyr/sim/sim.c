/* The host's side of native_sim: compiled against the host's C library, not
 * Zephyr's, and called from exec_sim.c, clock.c and port.c. */
#include "ports/zephyr/sim/sim.h"
#include "ports/linux/exec.h"
#include "ports/linux/guard.h"
#include "ports/linux/shared.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static isere_exec_t execs[ISERE_SIM_THREADS];

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t isere_sim_monotonic_us(void)
{
    return (uint64_t)clock_us(CLOCK_MONOTONIC);
}

int64_t isere_sim_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

/* The kernel's, also right after a start: getrandom waits for it. */
int isere_sim_random(void *buf, size_t len)
{
    return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -1;
}

int isere_sim_exec_init(int thread)
{
    return isere_exec_init(&execs[thread]) == 0 ? 0 : -1;
}

int isere_sim_exec_run(int thread, void (*fn)(void *arg), void *arg,
                       uint64_t deadline_us)
{
    return isere_exec_run(&execs[thread], fn, arg, deadline_us);
}

void isere_sim_exec_describe(int thread, char *text, size_t size)
{
    isere_exec_describe(&execs[thread], text, size);
}

/* Heaps have no guard here: no fault is a write to a closed page. */
bool isere_guard_open(const siginfo_t *info)
{
    (void)info;
    return false;
}

/* There is no supervisor to tell. */
void isere_shared_faulted(int number, const siginfo_t *info,
                          const void *context)
{
    (void)number;
    (void)info;
    (void)context;
}

void isere_sim_exec_hold(int thread)
{
    isere_exec_hold(&execs[thread]);
}

void isere_sim_exec_release(int thread)
{
    isere_exec_release(&execs[thread]);
}

/* For --handler. Never freed: the function uses the bytes where they are. */
int isere_sim_read(const char *path, const void **data, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long length = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        length = ftell(file);
        rewind(file);
    }
    if (length >= 0) {
        /* Never of size 0, which may give NULL for an empty file. */
        bytes = malloc((size_t)length + 1);
    }
    if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    if (file) {
        fclose(file);
    }
    *data = bytes;
    *size = bytes ? (size_t)length : 0;
    return bytes ? 0 : -1;
}
