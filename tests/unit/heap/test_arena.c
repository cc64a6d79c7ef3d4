/* The arena allocator: limits, invariants, and a long random run against a
 * model that checks contents, overlap and alignment. */
#include "core/heap/arena.h"
#include "tests/unit/support/unit.h"

enum { SIZE = 64 * 1024, SLOTS = 256 };

static uint64_t memory[SIZE / 8];

static isere_arena_t *fresh(size_t reserve)
{
    memset(memory, 0xa5, sizeof(memory));
    isere_arena_t *a = isere_arena_init(memory, SIZE, reserve);
    assert_non_null(a);
    assert_true(isere_arena_check(a));
    return a;
}

static void test_sizes_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_null(isere_arena_init(memory, ISERE_ARENA_MIN_SIZE - 1, 0));
    assert_null(isere_arena_init(memory, SIZE, SIZE));
    assert_non_null(isere_arena_init(memory, ISERE_ARENA_MIN_SIZE, 0));
}

static void test_blocks_are_aligned_and_large_enough(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(0);
    for (size_t size = 0; size < 300; size++) {
        void *p = isere_arena_alloc(a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % sizeof(void *), 0);
        assert_true(isere_arena_usable_size(p) >= size);
        assert_true(isere_arena_usable_size(p) <= size + 16);
        memset(p, 0x5a, isere_arena_usable_size(p));
        assert_true(isere_arena_check(a));
    }
}

static void test_all_of_the_memory_can_be_used(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(0);
    size_t overhead = sizeof(isere_arena_t) + 24;
    void *p = isere_arena_alloc(a, SIZE - overhead);
    assert_non_null(p);
    assert_null(isere_arena_alloc(a, 64));
    assert_int_equal(a->failed, 1);
    isere_arena_free(a, p);
    assert_int_equal(a->used, 0);
    assert_non_null(isere_arena_alloc(a, SIZE - overhead));
    assert_null(isere_arena_alloc(a, SIZE_MAX));
    assert_null(isere_arena_alloc(a, SIZE_MAX - 8));
    assert_null(isere_arena_alloc(a, UINT32_MAX - 4));
    assert_true(isere_arena_check(a));
}

static void test_reserve_is_held_back_until_released(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(4096);
    void *last = NULL;
    while ((last = isere_arena_alloc(a, 28)) && a->failed == 0) {
    }
    assert_null(last);
    assert_true(a->top <= SIZE - 4096);
    assert_true(a->top > SIZE - 4096 - 64);
    /* The first failure let go of half of it, for throwing the error. */
    assert_non_null(isere_arena_alloc(a, 2000));
    assert_null(isere_arena_alloc(a, 2000));
    isere_arena_release_reserve(a);
    assert_non_null(isere_arena_alloc(a, 2000));
    assert_true(isere_arena_check(a));
}

static void test_freed_neighbours_merge(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(0);
    void *p[4];
    for (int i = 0; i < 4; i++) {
        p[i] = isere_arena_alloc(a, 100);
    }
    isere_arena_free(a, p[0]);
    isere_arena_free(a, p[2]);
    assert_true(isere_arena_check(a));
    isere_arena_free(a, p[1]);
    assert_true(isere_arena_check(a));
    assert_ptr_equal(isere_arena_alloc(a, 300), p[0]);
    isere_arena_free(a, p[3]);
    assert_true(isere_arena_check(a));
}

static void test_realloc_keeps_content_and_grows_in_place(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(0);
    char *p = isere_arena_realloc(a, NULL, 10);
    memcpy(p, "123456789", 10);
    char *q = isere_arena_realloc(a, p, 5000);
    assert_ptr_equal(p, q);
    assert_string_equal(q, "123456789");
    void *wall = isere_arena_alloc(a, 8);
    assert_non_null(wall);
    char *r = isere_arena_realloc(a, q, 9000);
    assert_ptr_not_equal(q, r);
    assert_string_equal(r, "123456789");
    r = isere_arena_realloc(a, r, 10);
    assert_string_equal(r, "123456789");
    assert_null(isere_arena_realloc(a, r, SIZE));
    assert_string_equal(r, "123456789");
    assert_true(isere_arena_check(a));
}

/* ---- a random run against a model ---- */

typedef struct slot {
    unsigned char *ptr;
    size_t len;
    unsigned char fill;
} slot_t;

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static void check_content(const slot_t *s)
{
    for (size_t i = 0; i < s->len; i++) {
        assert_int_equal(s->ptr[i], s->fill);
    }
}

static void fill(slot_t *s, void *ptr, size_t len)
{
    s->ptr = ptr;
    s->len = len;
    s->fill = (unsigned char)random_below(256);
    memset(ptr, s->fill, len);
}

static size_t random_size(void)
{
    return random_below(8) ? random_below(200) : random_below(6000);
}

static void step_free(isere_arena_t *a, slot_t *s)
{
    check_content(s);
    isere_arena_free(a, s->ptr);
    s->ptr = NULL;
    s->len = 0;
}

static void step_realloc(isere_arena_t *a, slot_t *s)
{
    size_t len = random_size();
    unsigned char *p = isere_arena_realloc(a, s->ptr, len);
    if (!p) {
        check_content(s);
        return;
    }
    s->ptr = p;
    s->len = len < s->len ? len : s->len;
    check_content(s);
    fill(s, p, len);
}

static void step(isere_arena_t *a, slot_t *s)
{
    if (!s->ptr) {
        size_t len = random_size();
        void *p = isere_arena_alloc(a, len);
        if (p) {
            fill(s, p, len);
        }
    } else if (random_below(3) == 0) {
        step_realloc(a, s);
    } else {
        step_free(a, s);
    }
}

static void test_random_operations_match_a_model(void **state)
{
    (void)state;
    static slot_t slots[SLOTS];
    for (uint32_t run = 1; run <= 4; run++) {
        seed = run;
        memset(slots, 0, sizeof(slots));
        isere_arena_t *a = fresh(0);
        for (int i = 0; i < 8000; i++) {
            step(a, &slots[random_below(SLOTS)]);
            if (i % 16 == 0) {
                assert_true(isere_arena_check(a));
            }
        }
        for (int i = 0; i < SLOTS; i++) {
            step_free(a, &slots[i]);
        }
        assert_true(isere_arena_check(a));
        assert_int_equal(a->used, 0);
        assert_true(a->failed > 0); /* the run did reach the limit */
    }
}

/* After scrubbing, what is allocated does not go into holes among what is
 * there, unless holes are much of the memory. */
static void test_scrubbing_seals_little_holes(void **state)
{
    enum { COUNT = 64 };
    void *blocks[COUNT];
    (void)state;
    isere_arena_t *a = fresh(0);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = isere_arena_alloc(a, 16 + i % 3 * 8);
        assert_non_null(blocks[i]);
        memset(blocks[i], 0xEE, 16);
    }
    for (size_t i = 0; i < COUNT; i += 2) {
        isere_arena_free(a, blocks[i]);
    }
    uint32_t used = a->used;
    isere_arena_scrub(a);
    assert_true(isere_arena_check(a));
    assert_true(a->used >= used && a->used - used <= a->size / 64);
    assert_true(a->used > used);
    for (size_t i = 0; i < COUNT; i++) {
        char *block = isere_arena_alloc(a, 16);
        assert_true(block > (char *)blocks[COUNT - 1]);
        assert_true(isere_arena_check(a));
    }
    for (size_t i = 1; i < COUNT; i += 2) {
        isere_arena_free(a, blocks[i]);
        assert_true(isere_arena_check(a));
    }
}

static void test_scrubbing_leaves_large_holes(void **state)
{
    (void)state;
    isere_arena_t *a = fresh(0);
    char *hole = isere_arena_alloc(a, a->size / 4);
    char *after = isere_arena_alloc(a, 16);
    assert_non_null(after);
    memset(hole, 0xEE, a->size / 4);
    isere_arena_free(a, hole);
    isere_arena_scrub(a);
    assert_true(isere_arena_check(a));
    char *block = isere_arena_alloc(a, a->size / 8);
    assert_true(block >= hole && block < after);
    for (size_t i = 8; i < a->size / 8; i++) {
        assert_int_equal(block[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrubbing_seals_little_holes),
        cmocka_unit_test(test_scrubbing_leaves_large_holes),
        cmocka_unit_test(test_sizes_out_of_range_are_refused),
        cmocka_unit_test(test_blocks_are_aligned_and_large_enough),
        cmocka_unit_test(test_all_of_the_memory_can_be_used),
        cmocka_unit_test(test_reserve_is_held_back_until_released),
        cmocka_unit_test(test_freed_neighbours_merge),
        cmocka_unit_test(test_realloc_keeps_content_and_grows_in_place),
        cmocka_unit_test(test_random_operations_match_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
