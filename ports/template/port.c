/* A port with nothing but C11, to start a new one from (docs/porting.md). It
 * runs functions, but has no sockets. */
#include "ports/template/port.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- clocks, randomness, log ---- */

static int64_t template_wall_us(void *ctx)
{
    (void)ctx;
#ifdef TIME_UTC
    struct timespec now = {0};
    (void)timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
#else
    /* A C library from before C11: whole seconds, too coarse for timers. */
    return (int64_t)time(NULL) * 1000000;
#endif
}

/* C knows only the wall clock, which can be set back: then this one stands
 * still for as long, since timers and deadlines must never see time go
 * backwards. A port takes a timer of the system or of the chip. */
static uint64_t template_monotonic_us(void *ctx)
{
    isere_template_t *self = ctx;
    uint64_t now = (uint64_t)template_wall_us(ctx);
    if (now > self->last_us) {
        self->last_us = now;
    }
    return self->last_us;
}

/* rand() is not cryptographic: where there is no such file, this fails, and
 * so does everything that needs it. */
static int template_random(void *ctx, void *buf, size_t len)
{
    FILE *source = fopen("/dev/urandom", "rb");
    size_t got;
    (void)ctx;
    if (!source) {
        return ISERE_ERR_IO;
    }
    got = fread(buf, 1, len, source);
    (void)fclose(source);
    return got == len ? 0 : ISERE_ERR_IO;
}

/* One record is one line, whatever a handler logs: controls are escaped. */
static void put_escaped(isere_slice_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\n') {
            fputs("\\n", stderr);
        } else if (c < 0x20 || c == 0x7f) {
            fprintf(stderr, "\\x%02x", c);
        } else {
            putc(c, stderr);
        }
    }
}

static void template_log(void *ctx, const isere_log_record_t *record)
{
    static const char *const names[] = {
        [ISERE_LOG_ERROR] = "ERROR",
        [ISERE_LOG_WARN] = "WARN",
        [ISERE_LOG_INFO] = "INFO",
        [ISERE_LOG_DEBUG] = "DEBUG",
    };
    (void)ctx;
    fputs(names[record->level], stderr);
    if (record->request_id.len > 0) {
        fputs(" [", stderr);
        put_escaped(record->request_id);
        putc(']', stderr);
    }
    putc(' ', stderr);
    put_escaped(record->message);
    putc('\n', stderr);
}

/* ---- memory ---- */

static void *template_resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    /* What realloc(ptr, 0) does differs between C libraries (C11, 7.22.3.5). */
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

static void *template_heap_map(void *ctx, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15; /* as aligned_alloc wants it */
    (void)ctx;
    return rounded < size ? NULL : aligned_alloc(16, rounded);
}

static void template_heap_unmap(void *ctx, void *heap, size_t size)
{
    (void)ctx;
    (void)size;
    free(heap);
}

/* The memory can't be given back; that it reads as zeros is what counts. */
static void template_heap_trim(void *ctx, void *start, size_t size)
{
    (void)ctx;
    memset(start, 0, size);
}

/* ---- executions ---- */

/* Nothing can be abandoned here, so nothing has to be held either. */
static int template_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                             uint64_t deadline_us)
{
    (void)ctx;
    (void)deadline_us;
    fn(arg);
    return 0;
}

static void template_exec_nothing(void *ctx)
{
    (void)ctx;
}

/* ---- sockets: the C library has none ---- */

static isere_socket_t template_accept(void *ctx, isere_socket_t listener,
                                      char peer[ISERE_ADDRESS_MAX])
{
    (void)ctx;
    (void)listener;
    peer[0] = '\0';
    return ISERE_ERR_IO;
}

static int template_recv(void *ctx, isere_socket_t socket, void *buf,
                         size_t len)
{
    (void)ctx;
    (void)socket;
    (void)buf;
    (void)len;
    /* As if the peer had gone: the core closes the connection, and does not
     * try again. */
    return ISERE_ERR_CLOSED;
}

static int template_send(void *ctx, isere_socket_t socket,
                         const isere_slice_t *slices, int count)
{
    (void)ctx;
    (void)socket;
    (void)slices;
    (void)count;
    return ISERE_ERR_CLOSED;
}

static void template_socket_nothing(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    (void)socket;
}

static int template_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                             void *tag)
{
    (void)ctx;
    (void)socket;
    (void)events;
    (void)tag;
    return ISERE_ERR_IO;
}

/* C has no sleep: this waits by looking at the clock. A port sleeps until a
 * socket is ready, the time has passed, or it is woken. */
static int template_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                              uint64_t timeout_us)
{
    isere_template_t *self = ctx;
    uint64_t start = template_monotonic_us(ctx);
    (void)events;
    (void)max;
    while (!atomic_exchange(&self->woken, false) &&
           template_monotonic_us(ctx) - start < timeout_us) {
    }
    return 0;
}

static void template_poll_wake(void *ctx)
{
    isere_template_t *self = ctx;
    atomic_store(&self->woken, true);
}

/* ---- the table ---- */

void isere_template_port_init(isere_port_t *port, isere_template_t *self)
{
    static const isere_port_t table = {
        .monotonic_us = template_monotonic_us,
        .wall_us = template_wall_us,
        .random = template_random,
        .log = template_log,
        .resize = template_resize,
        .heap_map = template_heap_map,
        .heap_unmap = template_heap_unmap,
        .heap_trim = template_heap_trim,
        /* Heaps are memory like any other. */
        .arena_map = NULL,
        .arena_unmap = NULL,
        .snapshot_seal = NULL,
        /* It can't protect memory. */
        .frozen_unit = 0,
        .heap_freeze = NULL,
        .arena_place = NULL,
        /* It can't notice writes: heaps are restored as a whole. */
        .guard_unit = 0,
        .heap_guard = NULL,
        .heap_unguard = NULL,
        .exec_run = template_exec_run,
        /* Whoever takes long holds up all others. */
        .exec_begin = NULL,
        .exec_poll = NULL,
        .exec_hold = template_exec_nothing,
        .exec_release = template_exec_nothing,
        /* It contains no faults, and nothing survives one. */
        .exec_fault = NULL,
        .exec_note = NULL,
        /* It has no time zones but UTC and fixed offsets. */
        .time_zone = NULL,
        .compression = NULL,
        .accept = template_accept,
        .recv = template_recv,
        .send = template_send,
        .shutdown = template_socket_nothing,
        .close = template_socket_nothing,
        .poll_set = template_poll_set,
        .poll_remove = template_socket_nothing,
        .poll_wait = template_poll_wait,
        .poll_wake = template_poll_wake,
        .yield = NULL,
    };
    self->last_us = 0;
    atomic_init(&self->woken, false);
    *port = table;
    port->ctx = self;
}
