/*
 * The guard of heaps by the memory protection unit: writes to what is closed
 * are noticed and put back, requests soon cause no faults any more, and most
 * of the heap is closed then. Every restore is checked byte for byte. And the
 * protection of frozen parts.
 */
#include "core/isolate/isolate_internal.h"
#include "ports/cortex_m/mpu.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define VTOR (*(volatile uint32_t *)0xE000ED08u)
#define SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define CFSR (*(volatile uint32_t *)0xE000ED28u)

enum { MEMORY_FAULT = 4, MEMORY_FAULTS_ON = 1 << 16, HEAP = 16 * 1024 };

static isere_port_t port;
static js_fixture_t f;

/* The part that a write is expected to, and how many faults that made. */
static volatile isere_frozen_t thawing;
static volatile int frozen_faults;

/* The instruction runs again and succeeds. */
static bool thaw(void)
{
    if (!thawing.start) {
        return false;
    }
    port.heap_freeze(port.ctx, thawing.start, thawing.size, false);
    thawing.start = NULL;
    frozen_faults++;
    CFSR = CFSR;
    return true;
}

static void on_memory_fault(void)
{
    if (!isere_mpu_fault() && !thaw()) {
        printf("a fault that is not the guard's\n");
        _Exit(1);
    }
}

/* A copy of the vectors with that one replaced. */
static void install_handler(void)
{
    static uint32_t vectors[16] __attribute__((aligned(128)));
    memcpy(vectors, (const void *)(uintptr_t)VTOR, sizeof(vectors));
    vectors[MEMORY_FAULT] = (uint32_t)(uintptr_t)on_memory_fault;
    VTOR = (uint32_t)(uintptr_t)vectors;
    SHCSR |= MEMORY_FAULTS_ON;
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    port = *isere_test_port();
    assert_true(isere_mpu_init(&port, 0));
    js_init(&f, &port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    assert_int_equal(isere_mpu_closed(), 0);
    return isere_test_leaks();
}

static void test_a_write_anywhere_is_put_back(void **state)
{
    (void)state;
    unsigned char *memory = port.heap_map(port.ctx, HEAP);
    isere_arena_t *arena = isere_arena_init(memory, HEAP, 1024);
    isere_arena_keep_clean(arena);
    unsigned char *block = isere_arena_alloc(arena, HEAP / 2);
    memset(block, 0x77, HEAP / 2);
    isere_snapshot_t *snapshot = isere_snapshot_take(&port, arena, NULL);
    isere_snapshot_restore(snapshot);
    assert_true(isere_mpu_closed() > HEAP / 2 - 2 * ISERE_MPU_UNIT);
    for (size_t at = 0; at < HEAP / 2; at++) {
        block[at] ^= 0x5a;
        isere_snapshot_restore(snapshot); /* checked */
        assert_int_equal(block[at], 0x77);
    }
    /* Also across the ends of units, and with several registers at once. */
    for (size_t at = 1; at + 64 < HEAP / 2; at += 13) {
        memcpy(block + at, &at, sizeof(at));
        memset(block + at + 7, (int)at, at % 50);
        isere_snapshot_restore(snapshot);
        assert_int_equal(block[at], 0x77);
    }
    /* Each unit faults but once, and is known then until all is learned anew;
     * but small gaps are not closed. */
    unsigned long units = HEAP / 2 / ISERE_MPU_UNIT;
    assert_in_range(isere_mpu_faults(), units / 2, 4 * units);
    isere_snapshot_free(snapshot);
    assert_int_equal(isere_mpu_closed(), 0);
    memset(memory, 1, HEAP);
    port.heap_unmap(port.ctx, memory, HEAP);
}

static const char source[] =
    "const bytes = new Uint8Array(6000).fill(5)\n"
    "const list = Array.from({ length: 60 }, (v, i) => ({ i }))\n"
    "export const handler = async (event) => {\n"
    "  if (bytes.some(b => b !== 5) || list.some((o, i) => o.i !== i))\n"
    "    return 'dirty'\n"
    "  const n = +event.path.slice(1)\n"
    "  if (n > 0) {\n"
    "    for (let i = n; i < bytes.length; i += n) bytes[i] = n\n"
    "    list[n * 31 % 60].i = list[n * 17 % 60] = n\n"
    "  }\n"
    "  return 'ok'\n"
    "}\n";

/* Until no request faults any more. Returns how many it took. */
static int settle(const char *target)
{
    int calm = 0;
    for (int i = 1; i < 400; i++) {
        unsigned long before = isere_mpu_faults();
        js_expect_body(&f, target, "ok");
        calm = isere_mpu_faults() == before ? calm + 1 : 0;
        if (calm == 5) {
            return i;
        }
    }
    return -1;
}

static void test_requests_are_learned(void **state)
{
    (void)state;
    assert_int_equal(js_start(&f, source), ISERE_ISOLATE_READY);
    int took = settle("/0");
    size_t size = isere_snapshot_size(f.isolate->snapshot);
    print_message("%d requests, %lu faults, %lu of %lu bytes closed\n", took,
                  isere_mpu_faults(), (unsigned long)isere_mpu_closed(),
                  (unsigned long)size);
    assert_true(took > 0);
    assert_true(isere_mpu_closed() > size / 2);
}

static void test_requests_see_nothing_of_each_other(void **state)
{
    char target[8];
    js_pristine_t pristine;
    (void)state;
    assert_int_equal(js_start(&f, source), ISERE_ISOLATE_READY);
    js_pristine_take(&pristine, &f);
    unsigned long before = isere_mpu_faults();
    for (int i = 0; i < 40; i++) {
        snprintf(target, sizeof(target), "/%d", i * 7 % 40);
        js_expect_body(&f, target, "ok");
        js_pristine_expect(&pristine, &f, false);
    }
    assert_true(isere_mpu_faults() > before + 10);
    js_pristine_free(&pristine);
}

static void test_what_is_frozen_is_protected(void **state)
{
    (void)state;
    assert_int_equal(js_start(&f, source), ISERE_ISOLATE_READY);
    const isere_frozen_t frozen = f.isolate->heap.frozen;
    assert_true(frozen.size > isere_snapshot_size(f.isolate->snapshot) / 2);
    assert_int_equal(frozen.size % ISERE_MPU_FROZEN_UNIT, 0);
    const size_t places[] = {0, frozen.size / 2, frozen.size - 1};
    frozen_faults = 0;
    for (int i = 0; i < 3; i++) {
        volatile unsigned char *byte = frozen.start;
        byte += places[i];
        thawing.size = frozen.size;
        thawing.start = frozen.start;
        *byte = *byte;
        assert_int_equal(frozen_faults, i + 1);
        port.heap_freeze(port.ctx, frozen.start, frozen.size, true);
    }
    js_expect_body(&f, "/3", "ok");
    assert_int_equal(frozen_faults, 3);
}

/* One heap at a time is guarded; requests of others may run meanwhile. */
static void test_heaps_take_turns(void **state)
{
    isere_isolate_t *isolates[3];
    isere_snapshot_family_t family = {NULL};
    char target[8];
    (void)state;
    assert_int_equal(js_start(&f, source), ISERE_ISOLATE_READY);
    isolates[0] = f.isolate;
    for (int i = 1; i < 3; i++) {
        isolates[i] = isere_isolate_create_in(&port, f.function, &family, NULL);
        assert_non_null(isolates[i]);
        assert_int_equal(isere_isolate_start(isolates[i], &f.fault),
                         ISERE_ISOLATE_READY);
    }
    for (int i = 0; i < 30; i++) {
        f.isolate = isolates[i * i / 3 % 3];
        snprintf(target, sizeof(target), "/%d", i % 30);
        js_expect_body(&f, target, "ok");
    }
    /* Both are in the middle of a request. */
    f.isolate = isolates[1];
    js_invoke(&f, "/1");
    f.isolate = isolates[2];
    js_invoke(&f, "/2");
    js_take_body(&f, "ok");
    f.isolate = isolates[1];
    js_take_body(&f, "ok");
    f.isolate = isolates[0];
    isere_isolate_destroy(isolates[1]);
    js_expect_body(&f, "/3", "ok");
    isere_isolate_destroy(isolates[2]);
    js_expect_body(&f, "/0", "ok");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_write_anywhere_is_put_back),
        TEST(test_requests_are_learned),
        TEST(test_requests_see_nothing_of_each_other),
        TEST(test_what_is_frozen_is_protected),
        TEST(test_heaps_take_turns),
    };
    install_handler();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
