/* Snapshots put an arena back whatever was done to it: through the allocator,
 * by wild writes, with large parts used, again and again. */
#include "core/js/snapshot.h"
#include "tests/unit/support/test_port.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SMALL = 96 * 1024, LARGE = 700 * 1024, BLOCKS = 64 };

static uint32_t seed;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

typedef struct subject {
    unsigned char *memory;
    size_t size;
    isere_arena_t *arena;
    isere_snapshot_t *snapshot;
    unsigned char *expected; /* all bytes after a restore */
    void *blocks[BLOCKS];    /* live before the snapshot */
    void *live[BLOCKS];      /* ... and now */
} subject_t;

/* Allocates, grows, shrinks and frees at random, and fills what it gets. */
static void churn(subject_t *s, int steps, size_t largest)
{
    for (int i = 0; i < steps; i++) {
        void **block = &s->live[next_random() % BLOCKS];
        size_t size = next_random() % largest;
        if (next_random() % 3 == 0) {
            isere_arena_free(s->arena, *block);
            *block = NULL;
            continue;
        }
        void *fresh = isere_arena_realloc(s->arena, *block, size);
        if (fresh) {
            *block = fresh;
            memset(fresh, (int)next_random(), size);
        }
    }
    assert_true(isere_arena_check(s->arena));
}

static void start(subject_t *s, size_t size)
{
    const isere_port_t *port = isere_test_port();
    memset(s, 0, sizeof(*s));
    seed = 12345;
    s->size = size;
    s->memory = port->heap_map(port->ctx, size);
    assert_non_null(s->memory);
    memset(s->memory, 0, size); /* as the system gives it */
    s->arena = isere_arena_init(s->memory, size, 1024);
    churn(s, 500, 2000);
    memcpy(s->blocks, s->live, sizeof(s->blocks));
    s->snapshot = isere_snapshot_take(port, s->arena);
    assert_non_null(s->snapshot);
    assert_int_equal(isere_snapshot_size(s->snapshot), s->arena->top);
    assert_true(isere_snapshot_verify(s->snapshot));
    s->expected = malloc(size);
    assert_non_null(s->expected);
    memcpy(s->expected, s->memory, size);
    for (size_t i = s->arena->top; i < size; i++) {
        assert_int_equal(s->memory[i], 0);
    }
}

static void stop(subject_t *s)
{
    const isere_port_t *port = isere_test_port();
    isere_snapshot_free(s->snapshot);
    port->heap_unmap(port->ctx, s->memory, s->size);
    free(s->expected);
    assert_int_equal(isere_test_state()->live_blocks, 0);
    assert_int_equal(isere_test_state()->live_heaps, 0);
}

static void restore_and_compare(subject_t *s)
{
    isere_snapshot_restore(s->snapshot);
    assert_memory_equal(s->memory, s->expected, s->size);
    assert_true(isere_snapshot_verify(s->snapshot));
    assert_true(isere_arena_check(s->arena));
    memcpy(s->live, s->blocks, sizeof(s->live));
}

static void test_the_allocators_traces_vanish(void **state)
{
    (void)state;
    subject_t s;
    start(&s, SMALL);
    for (int i = 0; i < 300; i++) {
        churn(&s, (int)(next_random() % 200), 1 + next_random() % 8000);
        restore_and_compare(&s);
    }
    stop(&s);
}

/* The same allocations get the same addresses in every request. */
static void test_allocations_repeat(void **state)
{
    (void)state;
    subject_t s;
    void *first[20];
    start(&s, SMALL);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < 20; i++) {
            void *block = isere_arena_alloc(s.arena, i * 37 % 300);
            assert_non_null(block);
            if (round > 0) {
                assert_ptr_equal(block, first[i]);
            }
            first[i] = block;
        }
        churn(&s, 50, 500);
        restore_and_compare(&s);
    }
    stop(&s);
}

/* The engine may have been cut off anywhere: any byte of the heap, the
 * allocator's state among them, may be anything. Only the peak is trusted. */
static void test_wild_writes_vanish(void **state)
{
    (void)state;
    subject_t s;
    start(&s, SMALL);
    for (int i = 0; i < 300; i++) {
        churn(&s, 20, 4000);
        uint32_t peak = s.arena->peak;
        for (int k = 0; k < 200; k++) {
            s.memory[next_random() % peak] = (unsigned char)next_random();
        }
        s.arena->peak = peak;
        restore_and_compare(&s);
    }
    memset(s.memory, 0xff, s.size);
    s.arena->peak = (uint32_t)s.size;
    restore_and_compare(&s);
    stop(&s);
}

static void test_every_byte_is_put_back(void **state)
{
    (void)state;
    subject_t s;
    start(&s, 8 * 1024);
    for (size_t at = 0; at < s.size; at++) {
        uint32_t peak = (uint32_t)(at < isere_snapshot_size(s.snapshot)
                                       ? isere_snapshot_size(s.snapshot)
                                       : at + 1);
        s.memory[at] ^= 0x5a;
        s.arena->peak = peak;
        restore_and_compare(&s);
    }
    stop(&s);
}

/* More than is cleared by hand goes back to the system. */
static void test_large_parts_vanish(void **state)
{
    (void)state;
    subject_t s;
    start(&s, LARGE);
    for (int i = 0; i < 40; i++) {
        size_t size = LARGE - 200 * 1024 - next_random() % (300 * 1024);
        void *block = isere_arena_alloc(s.arena, size);
        assert_non_null(block);
        memset(block, 0xee, size);
        if (i % 2) {
            isere_arena_free(s.arena, block);
        }
        restore_and_compare(&s);
    }
    stop(&s);
}

static void test_verify_notices_any_flipped_byte(void **state)
{
    (void)state;
    subject_t s;
    start(&s, SMALL);
    /* What was used above the snapshot is looked at too. */
    assert_non_null(isere_arena_alloc(s.arena, 30000));
    size_t used = s.arena->peak;
    assert_true(used > isere_snapshot_size(s.snapshot));
    restore_and_compare(&s);
    for (size_t at = 0; at < used; at++) {
        s.memory[at] ^= (unsigned char)(1u << (at % 8));
        assert_false(isere_snapshot_verify(s.snapshot));
        s.memory[at] ^= (unsigned char)(1u << (at % 8));
    }
    assert_true(isere_snapshot_verify(s.snapshot));
    stop(&s);
}

static void test_no_memory_is_no_snapshot(void **state)
{
    (void)state;
    const isere_port_t *port = isere_test_port();
    subject_t s;
    start(&s, SMALL);
    size_t blocks = isere_test_state()->live_blocks;
    for (size_t n = 1; n <= 2; n++) {
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = n;
        assert_null(isere_snapshot_take(port, s.arena));
        assert_int_equal(isere_test_state()->live_blocks, blocks);
        assert_int_equal(isere_test_state()->live_heaps, 2);
    }
    isere_test_state()->fail_at = 0;
    isere_snapshot_free(NULL);
    stop(&s);
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_the_allocators_traces_vanish),
        TEST(test_allocations_repeat),
        TEST(test_wild_writes_vanish),
        TEST(test_every_byte_is_put_back),
        TEST(test_large_parts_vanish),
        TEST(test_verify_notices_any_flipped_byte),
        TEST(test_no_memory_is_no_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
