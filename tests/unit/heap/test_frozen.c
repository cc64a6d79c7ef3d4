/* The frozen part of a heap: the end of an arena as an arena of its own, which
 * grows downwards, and what the port is told of it. */
#include "core/heap/frozen.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum {
    SIZE = 64 * 1024,
    SLOTS = 200,
    RESERVE = 1024,
    TURNS = sizeof(void *) == 8 ? 20000 : 4000, /* an emulator is slow */
};

static uint64_t memory[SIZE / 8] __attribute__((aligned(4096)));
static isere_port_t port;
static isere_arena_t *arena;
static isere_arena_t *end;
static struct {
    char *start;
    size_t size;
    int calls;
} froze, thawed;

static void note_freeze(void *ctx, void *start, size_t size, bool frozen)
{
    (void)ctx;
    if (frozen) {
        froze.start = start;
        froze.size = size;
        froze.calls++;
    } else {
        thawed.start = start;
        thawed.size = size;
        thawed.calls++;
    }
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    port = *isere_test_port();
    port.frozen_unit = 256;
    port.heap_freeze = note_freeze;
    memset(&froze, 0, sizeof(froze));
    memset(&thawed, 0, sizeof(thawed));
    memset(memory, 0xa5, sizeof(memory));
    arena = isere_arena_init(memory, SIZE, RESERVE);
    isere_arena_keep_clean(arena);
    end = isere__frozen_begin(&port, arena);
    assert_non_null(end);
    return 0;
}

static bool is_sound(void)
{
    return isere_arena_check(arena) && isere_arena_check_end(arena, end);
}

static void *take(size_t size)
{
    return isere_arena_alloc_end(arena, end, size);
}

static void test_nothing_is_there_at_first(void **state)
{
    isere_frozen_t frozen;
    (void)state;
    assert_true(is_sound());
    assert_int_equal(end->top, end->limit);
    memset(&frozen, 0, sizeof(frozen));
    isere__frozen_end(&frozen, &port, arena, end);
    assert_int_equal(frozen.size, port.frozen_unit);
    assert_int_equal(arena->used, 0);
    assert_int_equal(froze.size, frozen.size);
    assert_true(isere_arena_check(arena));
}

static void test_it_grows_downwards(void **state)
{
    (void)state;
    char *lowest = (char *)memory + SIZE;
    for (int i = 0; i < 40; i++) {
        size_t size = (size_t)(i * 37 % 500);
        char *ptr = take(size);
        assert_true(ptr >= (char *)arena + arena->size);
        assert_int_equal((uintptr_t)ptr % sizeof(void *), 0);
        memset(ptr, 0x5a, size);
        lowest = ptr < lowest ? ptr : lowest;
        assert_true(is_sound());
    }
    assert_true((char *)arena + arena->size <= lowest);
    assert_true(lowest < (char *)memory + SIZE - 40 * 200);
}

/* Both parts together have all of the memory, and neither takes the reserve. */
static void test_both_fill_the_memory(void **state)
{
    (void)state;
    size_t blocks = 0;
    bool more = true;
    while (more) {
        bool there = take(96) != NULL;
        bool here = isere_arena_alloc(arena, 96) != NULL;
        blocks += (size_t)there + (size_t)here;
        more = there || here;
    }
    size_t bytes = blocks * (96 + sizeof(void *)); /* with their headers */
    assert_true(bytes > SIZE - 2 * RESERVE - 2 * sizeof(isere_arena_t));
    /* Half of the reserve is for an error. */
    assert_int_equal(arena->reserve, RESERVE / 2);
    assert_true(arena->top + arena->reserve + 4 <= arena->size);
    assert_true(is_sound());
}

static bool is_filled(const unsigned char *bytes, size_t size, int with)
{
    bool same = true;
    for (size_t at = 0; at < size; at++) {
        same = same && bytes[at] == with;
    }
    return same;
}

/* A random run against a model. */
static void test_blocks_stay_apart(void **state)
{
    (void)state;
    unsigned char *slots[SLOTS] = {NULL};
    size_t sizes[SLOTS];
    uint32_t random = 12345;
    for (int turn = 0; turn < TURNS; turn++) {
        random = random * 1664525 + 1013904223;
        int i = (int)(random >> 8) % SLOTS;
        isere_arena_t *owner = i % 2 ? end : arena;
        if (slots[i]) {
            assert_true(is_filled(slots[i], sizes[i], i));
            isere_arena_free(owner, slots[i]);
            slots[i] = NULL;
        } else {
            sizes[i] = (random >> 20) % 700;
            slots[i] =
                i % 2 ? take(sizes[i]) : isere_arena_alloc(arena, sizes[i]);
            if (slots[i]) {
                assert_true((slots[i] >= (unsigned char *)arena +
                                             arena->size) == (i % 2 == 1));
                memset(slots[i], i, sizes[i]);
            }
        }
        if (turn % 50 == 0) {
            assert_true(is_sound());
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i]) {
            isere_arena_free(i % 2 ? end : arena, slots[i]);
        }
    }
    assert_true(is_sound());
    assert_int_equal(end->used, 0);
}

static void test_what_is_free_goes_back(void **state)
{
    isere_frozen_t frozen;
    (void)state;
    memset(&frozen, 0, sizeof(frozen));
    uint32_t size = arena->size;
    char *keep = take(300);
    char *large = take(20000);
    memset(keep, 1, 300);
    memset(large, 2, 20000);
    assert_true(arena->size < size - 20000);
    isere_arena_free(end, large);
    isere__frozen_end(&frozen, &port, arena, end);
    assert_true(arena->size > size - 1024);
    assert_true((char *)frozen.start <= keep);
    assert_ptr_equal((char *)frozen.start + frozen.size, (char *)memory + SIZE);
    assert_true(isere_arena_check(arena));
    /* And all of it can be used. */
    assert_non_null(isere_arena_alloc(arena, SIZE - 5000));
}

static void test_the_port_gets_whole_units(void **state)
{
    (void)state;
    for (size_t unit = 8; unit <= 4096; unit *= 2) {
        isere_frozen_t frozen;
        memset(&frozen, 0, sizeof(frozen));
        memset(&froze, 0, sizeof(froze));
        port.frozen_unit = unit;
        arena = isere_arena_init(memory, SIZE - 24, RESERVE);
        end = isere__frozen_begin(&port, arena);
        char *ptr = take(9000);
        memset(ptr, 7, 9000);
        isere__frozen_end(&frozen, &port, arena, end);
        assert_int_equal(froze.calls, 1);
        assert_int_equal((uintptr_t)froze.start % unit, 0);
        assert_int_equal(froze.size % unit, 0);
        assert_ptr_equal(froze.start, (char *)arena + arena->size);
        assert_true(froze.start <= ptr);
        assert_true(ptr + 9000 <= froze.start + froze.size);
        assert_true(isere_frozen_is_intact(&frozen));
        ptr[4000]++;
        assert_false(isere_frozen_is_intact(&frozen));
        isere__frozen_release(&frozen, &port);
        assert_ptr_equal(thawed.start, froze.start);
        assert_int_equal(thawed.size, froze.size);
    }
}

/* Then it begins in the middle of a unit, which the arena has, too. */
static void test_no_room_for_a_whole_unit(void **state)
{
    isere_frozen_t frozen;
    (void)state;
    memset(&frozen, 0, sizeof(frozen));
    port.frozen_unit = 4096;
    char *ptr = take(3000);
    while (isere_arena_alloc(arena, 10)) {
    }
    uint32_t size = arena->size;
    isere__frozen_end(&frozen, &port, arena, end);
    assert_true(arena->size >= size);
    assert_true((char *)frozen.start <= ptr);
    assert_true(froze.calls == 0 || froze.start >= (char *)arena + arena->size);
    isere__frozen_release(&frozen, &port);
    assert_int_equal(thawed.calls, froze.calls);
    assert_true(isere_arena_check(arena));
}

static void test_no_memory_for_it(void **state)
{
    (void)state;
    arena = isere_arena_init(memory, ISERE_ARENA_MIN_SIZE, RESERVE);
    while (isere_arena_alloc(arena, 16)) {
    }
    assert_null(isere__frozen_begin(&port, arena));
    assert_true(isere_arena_check(arena));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_there_at_first),
        TEST(test_it_grows_downwards),
        TEST(test_both_fill_the_memory),
        TEST(test_blocks_stay_apart),
        TEST(test_what_is_free_goes_back),
        TEST(test_the_port_gets_whole_units),
        TEST(test_no_room_for_a_whole_unit),
        TEST(test_no_memory_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
