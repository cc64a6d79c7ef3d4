/*
 * Restores with a guard: only open units are put back, in whatever pattern
 * they are open, and closed ones are not even written to. The guard here is
 * the test's: it closes units at random, and writes go through poke, which
 * opens what it writes to.
 */
#include "core/heap/snapshot.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { SIZE = 8 * 1024, BLOCKS = 24 };

static isere_port_t port;
static uint32_t seed;
static unsigned closed_of_8; /* how many units the guard closes, of 8 */
static unsigned guards;      /* that have been given and not taken back */

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void heap_guard(void *ctx, isere_guard_t *guard)
{
    (void)ctx;
    guards += guard->turns++ == 0;
    assert_int_equal((uintptr_t)guard->start % port.guard_unit, 0);
    assert_int_equal(guard->size % port.guard_unit, 0);
    for (size_t i = 0; i < guard->size / port.guard_unit; i++) {
        uint32_t bit = UINT32_C(1) << (i % 32);
        guard->open[i / 32] |= bit;
        if (next_random() % 8 < closed_of_8) {
            guard->open[i / 32] &= ~bit;
        }
    }
}

static void heap_unguard(void *ctx, isere_guard_t *guard)
{
    (void)ctx;
    guards -= guard->turns > 0;
}

typedef struct subject {
    unsigned char *memory;
    unsigned char *expected;
    isere_arena_t *arena;
    isere_snapshot_t *snapshot;
    isere_guard_t *guard; /* seen when it was given */
} subject_t;

static isere_guard_t *last_guard;

static void see_guard(void *ctx, isere_guard_t *guard)
{
    last_guard = guard;
    heap_guard(ctx, guard);
}

/* Writes as the processor would under a guard. */
static void poke(subject_t *s, size_t at, unsigned char value)
{
    uintptr_t offset = (uintptr_t)s->memory + at - (uintptr_t)s->guard->start;
    if (offset < s->guard->size) {
        size_t unit = offset / port.guard_unit;
        s->guard->open[unit / 32] |= UINT32_C(1) << (unit % 32);
    }
    s->memory[at] = value;
}

static bool is_open(const subject_t *s, size_t at)
{
    uintptr_t offset = (uintptr_t)s->memory + at - (uintptr_t)s->guard->start;
    size_t unit = offset / port.guard_unit;
    return offset >= s->guard->size ||
           (s->guard->open[unit / 32] >> (unit % 32) & 1);
}

static void restore_and_compare(subject_t *s)
{
    isere_snapshot_restore(s->snapshot);
    assert_memory_equal(s->memory, s->expected, SIZE);
}

static void start(subject_t *s, isere_snapshot_family_t *family)
{
    void *blocks[BLOCKS];
    memset(s, 0, sizeof(*s));
    s->memory = port.heap_map(port.ctx, SIZE);
    s->expected = malloc(SIZE);
    assert_non_null(s->memory);
    assert_non_null(s->expected);
    memset(s->memory, 0, SIZE);
    s->arena = isere_arena_init(s->memory, SIZE, 1024);
    isere_arena_keep_clean(s->arena);
    for (size_t i = 0; i < BLOCKS; i++) {
        /* Some words are addresses in the arena, others are not. */
        void **block = isere_arena_alloc(s->arena, i * 16 + 16);
        assert_non_null(block);
        memset(block, (int)i, i * 16 + 16);
        block[0] = blocks[i * 5 % (i + 1)] = blocks[i] = block;
    }
    s->snapshot = isere_snapshot_take(&port, s->arena, family);
    assert_non_null(s->snapshot);
    memcpy(s->expected, s->memory, SIZE);
    restore_and_compare(s);
    s->guard = last_guard;
}

static void stop(subject_t *s)
{
    isere_snapshot_free(s->snapshot);
    port.heap_unmap(port.ctx, s->memory, SIZE);
    free(s->expected);
}

static void attack(subject_t *s)
{
    size_t used = isere_snapshot_size(s->snapshot);
    for (closed_of_8 = 0; closed_of_8 <= 8; closed_of_8++) {
        for (int i = 0; i < 30; i++) {
            for (int k = (int)(next_random() % 40); k > 0; k--) {
                size_t at = sizeof(*s->arena) +
                            next_random() % (used - sizeof(*s->arena));
                poke(s, at, (unsigned char)next_random());
            }
            restore_and_compare(s);
        }
    }
    closed_of_8 = 8;
    restore_and_compare(s);
    for (size_t at = sizeof(*s->arena); at < used; at += 3) {
        poke(s, at, (unsigned char)~s->memory[at]);
        restore_and_compare(s);
    }
}

static void test_what_is_open_is_put_back(void **state)
{
    (void)state;
    for (port.guard_unit = 32; port.guard_unit <= 512; port.guard_unit *= 4) {
        subject_t s;
        start(&s, NULL);
        attack(&s);
        stop(&s);
        assert_int_equal(guards, 0);
    }
}

static void test_shared_copies_are_no_different(void **state)
{
    (void)state;
    for (port.guard_unit = 32; port.guard_unit <= 512; port.guard_unit *= 4) {
        isere_snapshot_family_t family = {NULL};
        subject_t first;
        subject_t second;
        start(&first, &family);
        start(&second, &family);
        assert_true(isere_snapshot_cost(second.snapshot) <
                    isere_snapshot_cost(first.snapshot));
        attack(&second);
        attack(&first);
        stop(&first);
        stop(&second);
    }
}

/* Closed units cost nothing, and are not made right either: the check of each
 * restore would notice a write that went past the guard. */
static void test_what_is_closed_is_not_touched(void **state)
{
    (void)state;
    subject_t s;
    port.guard_unit = 64;
    closed_of_8 = 5;
    start(&s, NULL);
    size_t used = isere_snapshot_size(s.snapshot);
    size_t closed = 0;
    for (size_t at = sizeof(*s.arena); at < used; at++) {
        if (!is_open(&s, at)) {
            closed++;
            s.memory[at] ^= 1;
            assert_false(isere_snapshot_verify(s.snapshot));
            s.memory[at] ^= 1;
        }
    }
    assert_true(closed > used / 4);
    assert_true(isere_snapshot_verify(s.snapshot));
    stop(&s);
}

static void test_without_memory_for_bits_there_is_no_guard(void **state)
{
    (void)state;
    subject_t s;
    port.guard_unit = 64;
    start(&s, NULL);
    isere_snapshot_free(s.snapshot);
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 4; /* snapshot, image, copy, bits */
    s.snapshot = isere_snapshot_take(&port, s.arena, NULL);
    isere_test_state()->fail_at = 0;
    assert_non_null(s.snapshot);
    assert_int_equal(isere_test_state()->allocations, 4);
    last_guard = NULL;
    memset(s.memory + sizeof(*s.arena), 1, 1000);
    restore_and_compare(&s);
    assert_null(last_guard);
    stop(&s);
}

/* Units may be larger than the heap. */
static void test_a_heap_without_a_whole_unit(void **state)
{
    (void)state;
    subject_t s;
    port.guard_unit = (size_t)1 << 20;
    memset(&s, 0, sizeof(s));
    last_guard = NULL;
    start(&s, NULL);
    if (!last_guard) {
        memset(s.memory + sizeof(*s.arena), 1, 1000);
        restore_and_compare(&s);
    }
    stop(&s);
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    port = *isere_test_port();
    port.heap_guard = see_guard;
    port.heap_unguard = heap_unguard;
    seed = 4711;
    closed_of_8 = 4;
    guards = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return isere_test_state()->live_blocks == 0 &&
                   isere_test_state()->live_heaps == 0 && guards == 0
               ? 0
               : -1;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_open_is_put_back),
        TEST(test_shared_copies_are_no_different),
        TEST(test_what_is_closed_is_not_touched),
        TEST(test_without_memory_for_bits_there_is_no_guard),
        TEST(test_a_heap_without_a_whole_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
