#include "bench/arm/port.h"
#include "bench/arm/count.h"
#include "ports/cortex_m/mpu.h"
#include <stdlib.h>
#include <string.h>

/* In front of each block of memory: its size. */
typedef union header {
    size_t size;
    max_align_t align;
} header_t;

static struct {
    size_t bytes; /* held by the core */
    uint32_t random;
    /* The client. */
    bench_client_t kind;
    const char *request;
    size_t request_len;
    const char *body;
    size_t body_len;
    uint32_t left;
    uint32_t counted; /* counts that ended */
    bench_counts_t counts;
    bool counting;
    /* Its connection. */
    bool connecting; /* waits to be accepted */
    bool open;
    bool sent;     /* the request was received */
    bool answered; /* and its answer sent */
    /* What the core polls. */
    void *listener_tag;
    void *socket_tag;
    unsigned interest;
} bench;

void bench_counts_add(bench_counts_t *counts, uint32_t value)
{
    if (counts->requests++ == 0 || value < counts->least) {
        counts->least = value;
    }
    counts->most = value > counts->most ? value : counts->most;
    counts->sum += value;
}

/* ---- the system ---- */

static uint64_t monotonic_us(void *ctx)
{
    (void)ctx;
    return 1000000;
}

static int64_t wall_us(void *ctx)
{
    (void)ctx;
    return INT64_C(1767225600) * 1000000;
}

static int fill_random(void *ctx, void *buf, size_t len)
{
    unsigned char *bytes = buf;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        bench.random = bench.random * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(bench.random >> 24);
    }
    return 0;
}

static void drop_log(void *ctx, const isere_log_record_t *record)
{
    (void)ctx;
    (void)record;
}

static void *resize(void *ctx, void *ptr, size_t size)
{
    header_t *block = ptr ? (header_t *)ptr - 1 : NULL;
    size_t before = block ? block->size : 0;
    (void)ctx;
    if (size == 0) {
        bench.bytes -= before;
        free(block);
        return NULL;
    }
    block = realloc(block, sizeof(header_t) + size);
    if (!block) {
        return NULL;
    }
    block->size = size;
    bench.bytes += size - before;
    return block + 1;
}

/* Heaps take whole units of what the memory protection unit protects. */
static size_t in_units(size_t size)
{
    const size_t unit = ISERE_MPU_FROZEN_UNIT;
    return (size + unit - 1) & ~(unit - 1);
}

static void *heap_map(void *ctx, size_t size)
{
    (void)ctx;
    void *heap = aligned_alloc(ISERE_MPU_FROZEN_UNIT, in_units(size));
    if (heap) {
        bench.bytes += in_units(size);
    }
    return heap;
}

static void heap_unmap(void *ctx, void *heap, size_t size)
{
    (void)ctx;
    if (heap) {
        bench.bytes -= in_units(size);
        free(heap);
    }
}

static void heap_trim(void *ctx, void *start, size_t size)
{
    (void)ctx;
    memset(start, 0, size);
}

static int exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                    uint64_t deadline_us)
{
    (void)ctx;
    (void)deadline_us;
    fn(arg);
    return 0;
}

static void exec_nothing(void *ctx)
{
    (void)ctx;
}

/* ---- the client ---- */

static void begin_count(void)
{
    bench.counting = true;
    count_begin();
}

static void end_count(void)
{
    uint32_t value = count_end();
    bench.counting = false;
    if (bench.counted++ >= BENCH_SKIPPED) {
        bench_counts_add(&bench.counts, value);
    }
}

static isere_socket_t accept_client(void *ctx, isere_socket_t listener,
                                    char peer[ISERE_ADDRESS_MAX])
{
    (void)ctx;
    (void)listener;
    if (!bench.connecting) {
        return ISERE_ERR_AGAIN;
    }
    bench.connecting = false;
    bench.open = true;
    strcpy(peer, "192.168.7.2");
    return BENCH_SOCKET;
}

static int receive(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    (void)ctx;
    (void)socket;
    if (bench.sent) {
        /* A client that has its answer and no further request closes. */
        return bench.answered && bench.kind == BENCH_CLOSE ? 0
                                                           : ISERE_ERR_AGAIN;
    }
    if (len < bench.request_len) {
        return ISERE_ERR_IO;
    }
    memcpy(buf, bench.request, bench.request_len);
    bench.sent = true;
    return (int)bench.request_len;
}

static int send_slices(void *ctx, isere_socket_t socket,
                       const isere_slice_t *slices, int count)
{
    const isere_slice_t *last = &slices[count - 1];
    size_t all = 0;
    (void)ctx;
    (void)socket;
    for (int i = 0; i < count; i++) {
        all += slices[i].len;
    }
    if (bench.kind == BENCH_LATENCY && bench.counting) {
        end_count();
    }
    bench.answered = true;
    if (last->len < bench.body_len ||
        memcmp(last->ptr + last->len - bench.body_len, bench.body,
               bench.body_len) != 0) {
        bench.counts.wrong = true;
    }
    return (int)all;
}

static void shutdown_client(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    (void)socket;
}

static void close_client(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    if (socket == BENCH_SOCKET) {
        bench.open = false;
    }
}

static int poll_set(void *ctx, isere_socket_t socket, unsigned events,
                    void *tag)
{
    (void)ctx;
    if (socket == BENCH_LISTENER) {
        bench.listener_tag = tag;
    } else {
        bench.socket_tag = tag;
        bench.interest = events;
    }
    return 0;
}

static void poll_remove(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    (void)socket;
}

/* The client's next request; false when there is none. */
static bool next_request(void)
{
    if (bench.left == 0) {
        return false;
    }
    bench.left--;
    bench.sent = bench.answered = false;
    return true;
}

static int report(isere_poll_event_t *event, void *tag)
{
    *event = (isere_poll_event_t){tag, ISERE_POLL_READ};
    return 1;
}

static int poll_wait(void *ctx, isere_poll_event_t *events, int max,
                     uint64_t timeout_us)
{
    (void)ctx;
    (void)max;
    (void)timeout_us;
    bool idle = bench.open ? bench.answered && bench.kind != BENCH_CLOSE
                           : !bench.connecting;
    if (!idle) {
        /* It accepts, reads, or is told that the client has closed. */
        return report(events,
                      bench.open ? bench.socket_tag : bench.listener_tag);
    }
    if (bench.counting) {
        end_count();
    }
    if (!next_request()) {
        return ISERE_ERR_IO;
    }
    if (!bench.open) {
        bench.connecting = true;
    }
    begin_count();
    return report(events, bench.open ? bench.socket_tag : bench.listener_tag);
}

static void poll_wake(void *ctx)
{
    (void)ctx;
}

/* ---- for the bench ---- */

static isere_port_t table = {
    .monotonic_us = monotonic_us,
    .wall_us = wall_us,
    .random = fill_random,
    .log = drop_log,
    .resize = resize,
    .heap_map = heap_map,
    .heap_unmap = heap_unmap,
    .heap_trim = heap_trim,
    .exec_run = exec_run,
    .exec_hold = exec_nothing,
    .exec_release = exec_nothing,
    .accept = accept_client,
    .recv = receive,
    .send = send_slices,
    .shutdown = shutdown_client,
    .close = close_client,
    .poll_set = poll_set,
    .poll_remove = poll_remove,
    .poll_wait = poll_wait,
    .poll_wake = poll_wake,
};

/* The frozen part of a heap is protected by the memory protection unit, where a
 * device has it in flash. */
const isere_port_t *bench_port(void)
{
    if (!table.heap_freeze && !isere_mpu_init_frozen(&table, 0)) {
        return NULL;
    }
    return &table;
}

size_t bench_port_memory(void)
{
    return bench.bytes;
}

void bench_client_start(bench_client_t kind, const char *request,
                        const char *body, uint32_t count)
{
    bench.kind = kind;
    bench.request = request;
    bench.request_len = strlen(request);
    bench.body = body;
    bench.body_len = strlen(body);
    bench.left = count;
    bench.counted = 0;
    bench.counting = bench.connecting = bench.open = false;
    bench.sent = bench.answered = true;
    memset(&bench.counts, 0, sizeof(bench.counts));
}

const bench_counts_t *bench_client_counts(void)
{
    return &bench.counts;
}
