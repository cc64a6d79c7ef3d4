/* Snapshots put an arena back whatever was done to it: through the allocator,
 * by wild writes, with large parts used, again and again. */
#include "core/heap/snapshot.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

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

/* Blocks point to each other, as objects do. */
static void link_blocks(subject_t *s)
{
    for (int i = 0; i < BLOCKS; i++) {
        if (isere_arena_usable_size(s->live[i]) >= sizeof(void *)) {
            memcpy(s->live[i], &s->live[(i * 7 + 1) % BLOCKS], sizeof(void *));
        }
    }
}

/* With `differ` the first so many 32-bit units of a block are not as in other
 * subjects. */
static void start_in(subject_t *s, size_t size, isere_snapshot_family_t *family,
                     unsigned differ)
{
    const isere_port_t *port = isere_test_port();
    memset(s, 0, sizeof(*s));
    seed = 12345;
    s->size = size;
    s->memory = port->heap_map(port->ctx, size);
    assert_non_null(s->memory);
    memset(s->memory, 0, size); /* as the system gives it */
    s->arena = isere_arena_init(s->memory, size, 1024);
    isere_arena_keep_clean(s->arena);
    uint32_t *units = isere_arena_alloc(s->arena, 256 * sizeof(*units));
    assert_non_null(units);
    for (unsigned i = 0; i < 256; i++) {
        units[i] = i < differ ? ~i : i;
    }
    churn(s, 500, size < SMALL ? 200 : 2000);
    link_blocks(s);
    memcpy(s->blocks, s->live, sizeof(s->blocks));
    s->snapshot = isere_snapshot_take(port, s->arena, family);
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

static void start(subject_t *s, size_t size)
{
    start_in(s, size, NULL, 0);
}

static void release(subject_t *s)
{
    const isere_port_t *port = isere_test_port();
    isere_snapshot_free(s->snapshot);
    port->heap_unmap(port->ctx, s->memory, s->size);
    free(s->expected);
}

static void stop(subject_t *s)
{
    release(s);
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
    assert_non_null(isere_arena_alloc(s.arena, 20000));
    size_t used = s.arena->peak;
    assert_true(used > isere_snapshot_size(s.snapshot));
    restore_and_compare(&s);
    for (size_t at = 0; at < used; at += test_step(13)) {
        s.memory[at] ^= (unsigned char)(1u << (at % 8));
        assert_false(isere_snapshot_verify(s.snapshot));
        s.memory[at] ^= (unsigned char)(1u << (at % 8));
    }
    assert_true(isere_snapshot_verify(s.snapshot));
    stop(&s);
}

/* ---- shared copies ---- */

static bool shares(const subject_t *s)
{
    return isere_snapshot_cost(s->snapshot) < s->arena->top;
}

/* A second arena's snapshot refers to the first one's copy, and is as good. */
static void test_a_shared_copy_puts_every_byte_back(void **state)
{
    (void)state;
    isere_snapshot_family_t family = {NULL};
    subject_t first;
    subject_t second;
    start_in(&first, 8 * 1024, &family, 0);
    start_in(&second, 8 * 1024, &family, 5);
    assert_false(shares(&first));
    assert_true(shares(&second));
    for (size_t at = 0; at < second.size; at++) {
        size_t used = isere_snapshot_size(second.snapshot);
        second.memory[at] ^= 0x5a;
        second.arena->peak = (uint32_t)(at < used ? used : at + 1);
        restore_and_compare(&second);
    }
    release(&first); /* the copy stays */
    assert_non_null(family.image);
    for (int i = 0; i < 200; i++) {
        churn(&second, 20, 1000);
        uint32_t peak = second.arena->peak;
        for (int k = 0; k < 200; k++) {
            second.memory[next_random() % peak] = (unsigned char)next_random();
        }
        second.arena->peak = peak;
        restore_and_compare(&second);
    }
    start_in(&first, 8 * 1024, &family, 7); /* a new one finds it */
    assert_true(shares(&first));
    restore_and_compare(&first);
    restore_and_compare(&second);
    release(&second);
    restore_and_compare(&first);
    stop(&first);
    assert_null(family.image);
}

static void test_verify_notices_any_flipped_byte_of_a_shared_heap(void **state)
{
    (void)state;
    isere_snapshot_family_t family = {NULL};
    subject_t first;
    subject_t second;
    start_in(&first, 8 * 1024, &family, 3);
    start_in(&second, 8 * 1024, &family, 0);
    assert_true(shares(&second));
    for (size_t at = 0; at < second.arena->top; at++) {
        second.memory[at] ^= (unsigned char)(1u << (at % 8));
        assert_false(isere_snapshot_verify(second.snapshot));
        second.memory[at] ^= (unsigned char)(1u << (at % 8));
    }
    assert_true(isere_snapshot_verify(second.snapshot));
    /* A write to the copy is noticed by all that use it. */
    *(unsigned char *)&family.image->copy[family.image->words / 2] ^= 1;
    assert_false(isere_snapshot_verify(first.snapshot));
    assert_false(isere_snapshot_verify(second.snapshot));
    *(unsigned char *)&family.image->copy[family.image->words / 2] ^= 1;
    release(&second);
    stop(&first);
}

static void test_too_many_differences_make_an_own_copy(void **state)
{
    (void)state;
    for (unsigned differ = ISERE_IMAGE_EXCEPTIONS - 2;
         differ <= ISERE_IMAGE_EXCEPTIONS + 2; differ++) {
        isere_snapshot_family_t family = {NULL};
        subject_t first;
        subject_t second;
        start_in(&first, SMALL, &family, 0);
        start_in(&second, SMALL, &family, differ);
        assert_int_equal(shares(&second), differ <= ISERE_IMAGE_EXCEPTIONS);
        restore_and_compare(&second);
        release(&first);
        restore_and_compare(&second);
        stop(&second);
    }
}

/* Without memory for the list, or for it and a copy. */
static void test_no_memory_for_a_shared_copy(void **state)
{
    (void)state;
    const isere_port_t *port = isere_test_port();
    isere_snapshot_family_t family = {NULL};
    subject_t first;
    subject_t second;
    start_in(&first, SMALL, &family, 0);
    start_in(&second, SMALL, &family, 0);
    size_t blocks = isere_test_state()->live_blocks;
    for (size_t n = 1; n <= 2; n++) {
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = n;
        isere_test_state()->fail_after = true;
        assert_null(isere_snapshot_take(port, second.arena, &family));
        assert_int_equal(isere_test_state()->live_blocks, blocks);
    }
    isere_test_state()->fail_after = false;
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 2;
    isere_snapshot_t *own = isere_snapshot_take(port, second.arena, &family);
    assert_non_null(own);
    assert_true(isere_snapshot_cost(own) >= second.arena->top);
    isere_test_state()->fail_at = 0;
    isere_snapshot_free(own);
    restore_and_compare(&second);
    release(&second);
    stop(&first);
}

static void test_no_memory_is_no_snapshot(void **state)
{
    (void)state;
    const isere_port_t *port = isere_test_port();
    subject_t s;
    start(&s, SMALL);
    size_t blocks = isere_test_state()->live_blocks;
    for (size_t n = 1; n <= 3; n++) {
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = n;
        assert_null(isere_snapshot_take(port, s.arena, NULL));
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
        TEST(test_a_shared_copy_puts_every_byte_back),
        TEST(test_verify_notices_any_flipped_byte_of_a_shared_heap),
        TEST(test_too_many_differences_make_an_own_copy),
        TEST(test_no_memory_for_a_shared_copy),
        TEST(test_no_memory_is_no_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
