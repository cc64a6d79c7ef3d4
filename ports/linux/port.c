/* Puts the parts of the Linux port together into the table of isere_port_t. */
#include "ports/linux/port_linux.h"
#include "ports/linux/zlib/compression.h"
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static int linux_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    isere_linux_t *self = ctx;
    int error = isere_exec_run(&self->exec, fn, arg, deadline_us);
    if (error == ISERE_ERR_CRASH) {
        /* The supervisor's counters outlive this process. */
        isere_shared_crashed(self->running);
    }
    return error;
}

static void linux_exec_hold(void *ctx)
{
    isere_linux_t *self = ctx;
    isere_exec_hold(&self->exec);
}

static void linux_exec_release(void *ctx)
{
    isere_linux_t *self = ctx;
    isere_exec_release(&self->exec);
}

static void linux_exec_fault(void *ctx, char *text, size_t size)
{
    const isere_linux_t *self = ctx;
    isere_exec_describe(&self->exec, text, size);
}

static void linux_exec_note(void *ctx, const char *name, const char *version)
{
    const isere_linux_t *self = ctx;
    isere_shared_note(self->running, name, version);
}

static void linux_yield(void *ctx)
{
    (void)ctx;
    (void)sched_yield();
}

static void linux_heap_guard(void *ctx, isere_guard_t *guard)
{
    isere_linux_t *self = ctx;
    isere_guard_add(self->watch, guard);
}

static void linux_heap_unguard(void *ctx, isere_guard_t *guard)
{
    isere_linux_t *self = ctx;
    isere_guard_remove(self->watch, guard);
}

/* Unmapping ends it by itself. */
static void linux_heap_freeze(void *ctx, void *start, size_t size, bool frozen)
{
    if (frozen) {
        isere_linux_seal(ctx, start, size);
    }
}

/* Threads differ in `ctx` only, and in whether heaps are guarded. */
static const isere_port_t table = {
    .monotonic_us = isere_linux_monotonic_us,
    .wall_us = isere_linux_wall_us,
    .random = isere_linux_random,
    .log = isere_linux_log,
    .resize = isere_linux_resize,
    .heap_map = isere_linux_heap_map,
    .heap_unmap = isere_linux_heap_unmap,
    .heap_trim = isere_linux_heap_trim,
    .arena_map = isere_linux_arena_map,
    .arena_unmap = isere_linux_arena_unmap,
    .snapshot_seal = isere_linux_seal,
    .heap_freeze = linux_heap_freeze,
    .exec_run = linux_exec_run,
    .exec_hold = linux_exec_hold,
    .exec_release = linux_exec_release,
    .exec_fault = linux_exec_fault,
    .exec_note = linux_exec_note,
    .time_zone = isere_linux_time_zone,
#ifdef ISERE_ZLIB
    .compression = &isere_linux_compression,
#endif
    .accept = isere_linux_accept,
    .recv = isere_linux_recv,
    .send = isere_linux_send,
    .shutdown = isere_linux_shutdown,
    .close = isere_linux_close,
    .poll_set = isere_linux_poll_set,
    .poll_remove = isere_linux_poll_remove,
    .poll_wait = isere_linux_poll_wait,
    .poll_wake = isere_linux_poll_wake,
    .yield = linux_yield,
};

void isere_linux_config_init(isere_linux_config_t *config)
{
    config->log_level = ISERE_LOG_INFO;
    config->log_format = ISERE_LOG_TEXT;
    config->log_functions = false;
    config->log_fd = STDERR_FILENO;
    config->guard_heaps = true;
    config->log_rewrite = NULL;
}

/* If that is not possible, heaps are restored as a whole: slower, but correct.
 */
static void guard_heaps(isere_port_t *port, isere_linux_t *self)
{
    self->watch = isere_guard_new();
    if (self->watch) {
        port->guard_unit = (size_t)sysconf(_SC_PAGESIZE);
        port->heap_guard = linux_heap_guard;
        port->heap_unguard = linux_heap_unguard;
    }
}

int isere_linux_port_init(isere_port_t *port,
                          const isere_linux_config_t *config)
{
    isere_linux_t *self = calloc(1, sizeof(*self));
    int error, saved;
    if (!self) {
        return ISERE_ERR_NOMEM;
    }
    isere_linux_config_init(&self->config);
    if (config) {
        self->config = *config;
    }
    error = isere_linux_poll_init(self);
    if (error == 0) {
        error = isere_exec_init(&self->exec);
        if (error != 0) {
            /* For the message: cleaning up may change it. */
            saved = errno;
            isere_linux_poll_deinit(self);
            errno = saved;
        }
    }
    if (error != 0) {
        free(self);
        return error;
    }
    *port = table;
    port->frozen_unit = (size_t)sysconf(_SC_PAGESIZE);
    port->ctx = self;
    /* NULL without a supervisor, or with too many threads: nothing is noted
     * then. */
    self->running = isere_shared_claim();
    self->listener = -1;
    if (self->config.guard_heaps) {
        guard_heaps(port, self);
    }
    return 0;
}

void isere_linux_port_deinit(isere_port_t *port)
{
    isere_linux_t *self = port->ctx;
    if (self) {
        isere_shared_release(self->running);
        isere_guard_release(self->watch);
        isere_exec_deinit(&self->exec);
        isere_linux_poll_deinit(self);
        free(self);
        port->ctx = NULL;
    }
}
