#include "tests/unit/support/test_port.h"
#include <stdint.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#elif defined(__ARM_ARCH_8M_MAIN__)
#include "ports/cortex_m/mpu.h"
#endif

/* Of heaps: a multiple of the unit in which they are protected or, where they
 * are not, what every port owes at least. */
#ifdef __GLIBC__
#define HEAP_ALIGNMENT 4096u
#elif defined(__ARM_ARCH_8M_MAIN__)
#define HEAP_ALIGNMENT (unsigned)ISERE_MPU_FROZEN_UNIT
#else
#define HEAP_ALIGNMENT 16u
#endif

static isere_test_state_t state;

/* Counts an allocation and says whether it is one that has to fail. */
static bool must_fail(void)
{
    state.allocations++;
    if (state.fail_at == 0) {
        return false;
    }
    return state.allocations == state.fail_at ||
           (state.fail_after && state.allocations > state.fail_at);
}

static uint64_t monotonic_us(void *ctx)
{
    (void)ctx;
    state.monotonic_us += state.tick_us;
    return state.monotonic_us;
}

static int64_t wall_us(void *ctx)
{
    (void)ctx;
    return state.wall_us;
}

static int fill_random(void *ctx, void *buf, size_t len)
{
    unsigned char *bytes = buf;
    (void)ctx;
    if (state.random_fails) {
        return ISERE_ERR_IO;
    }
    /* Knuth's multiplier: the upper bits look random enough for a test. */
    for (size_t i = 0; i < len; i++) {
        state.random_state =
            state.random_state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(state.random_state >> 56);
    }
    return ISERE_OK;
}

static void keep_log(void *ctx, const isere_log_record_t *record)
{
    size_t len = record->message.len;
    (void)ctx;
    if (len > sizeof(state.log) - 1) {
        len = sizeof(state.log) - 1;
    }
    if (len > 0) {
        memcpy(state.log, record->message.ptr, len);
    }
    state.log[len] = '\0';
    state.log_level = record->level;
    state.log_lines++;
}

static void *resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size == 0) {
        state.live_blocks -= ptr ? 1 : 0;
        free(ptr);
        return NULL;
    }
    if (must_fail()) {
        return NULL;
    }
    void *fresh = realloc(ptr, size);
    if (fresh && !ptr) {
        state.live_blocks++;
    }
    return fresh;
}

static void *heap_map(void *ctx, size_t size)
{
    (void)ctx;
    if (must_fail()) {
        return NULL;
    }
    /* aligned_alloc wants a multiple of the alignment. */
    size_t rounded =
        (size + HEAP_ALIGNMENT - 1) & ~(size_t)(HEAP_ALIGNMENT - 1);
    void *heap = aligned_alloc(HEAP_ALIGNMENT, rounded);
    if (heap) {
        /* Not zeroes: nobody may rely on them. */
        memset(heap, 0xA5, rounded);
        state.live_heaps++;
        state.live_heap_bytes += size;
    }
    return heap;
}

static void heap_unmap(void *ctx, void *heap, size_t size)
{
    (void)ctx;
    if (!heap) {
        return;
    }
    state.live_heaps--;
    state.live_heap_bytes -= size;
    free(heap);
}

static void heap_trim(void *ctx, void *start, size_t size)
{
    (void)ctx;
    memset(start, 0, size);
}

/* A write to what is frozen ends the test, wherever there is a way. */
#ifdef __GLIBC__
static void heap_freeze(void *ctx, void *start, size_t size, bool frozen)
{
    (void)ctx;
    if (mprotect(start, size, frozen ? PROT_READ : PROT_READ | PROT_WRITE)) {
        abort();
    }
}
#endif

static int exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                    uint64_t deadline_us)
{
    (void)ctx;
    state.executions++;
    state.deadline_us = deadline_us;
    fn(arg);
    return ISERE_OK;
}

static void exec_hold(void *ctx)
{
    (void)ctx;
    state.held = true;
}

static void exec_release(void *ctx)
{
    (void)ctx;
    state.held = false;
}

static isere_port_t port = {
    .monotonic_us = monotonic_us,
    .wall_us = wall_us,
    .random = fill_random,
    .log = keep_log,
    .resize = resize,
    .heap_map = heap_map,
    .heap_unmap = heap_unmap,
    .heap_trim = heap_trim,
#ifdef __GLIBC__
    .frozen_unit = HEAP_ALIGNMENT,
    .heap_freeze = heap_freeze,
#endif
    .exec_run = exec_run,
    .exec_hold = exec_hold,
    .exec_release = exec_release,
};

const isere_port_t *isere_test_port(void)
{
    if (state.random_state == 0) {
        isere_test_port_reset();
    }
    return &port;
}

isere_test_state_t *isere_test_state(void)
{
    return &state;
}

/* Heaps come and go by the thousand: to map and fault them in each time took
 * most of the time of the loops that let every allocation fail. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    static bool done;
    if (!done) {
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
        done = true;
    }
#endif
}

void isere_test_port_reset(void)
{
    keep_freed_memory();
#ifdef __ARM_ARCH_8M_MAIN__
    /* Without the unit, and with the guard's own regions, it is not used. */
    (void)isere_mpu_init_frozen(&port, 0);
#endif
    static const isere_test_state_t start = {
        .monotonic_us = UINT64_C(1000) * 1000000,
        .wall_us = INT64_C(1767225600) * 1000000, /* 2026-01-01T00:00:00Z */
        .random_state = 0x1534e7e1534e7e15u,
    };
    state = start;
}

int isere_test_leaks(void)
{
    return state.live_blocks == 0 && state.live_heaps == 0 ? 0 : -1;
}
