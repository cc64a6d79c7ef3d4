/* Extents in flash: writing, finding, replacing, and power cuts at every
 * operation. */
#include "core/flash/extents.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/unit.h"

enum { SECTORS = 64 };

static isere_extents_t extents;

/* Content that differs wherever one looks, and between seeds. */
static void fill(uint8_t *out, size_t size, unsigned seed)
{
    uint32_t x = 2654435761u * (seed + 1);
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        out[i] = (uint8_t)(x >> 24);
    }
}

/* Writes it in pieces of odd sizes. */
static int put(const char *name, size_t size, unsigned seed)
{
    static uint8_t bytes[40000];
    isere_extent_writer_t w;
    fill(bytes, size, seed);
    int error = isere_extents_begin(&extents, name, size, &w);
    for (size_t at = 0, step = 1; !error && at < size; at += step, step += 7) {
        step = step < size - at ? step : size - at;
        error = isere_extents_append(&w, bytes + at, step);
    }
    if (error) {
        isere_extents_abort(&w);
        return error;
    }
    return isere_extents_commit(&w, NULL);
}

/* Whether the extent is there and is that, whole. */
static bool is_there(const char *name, size_t size, unsigned seed)
{
    static uint8_t expected[40000];
    size_t found;
    isere_extent_t *e = isere_extents_find(&extents, name);
    if (!e || !isere_extents_check(&extents, e)) {
        return false;
    }
    fill(expected, size, seed);
    const uint8_t *content = isere_extents_content(&extents, e, &found);
    return found == size && memcmp(content, expected, size) == 0;
}

static void reopen(nor_t *nor)
{
    nor_power_on(nor, 0, NOR_BEFORE);
    assert_int_equal(isere_extents_open(&extents, &nor->table), 0);
}

static void test_kept_over_a_reset(void **state)
{
    const size_t units[] = {1, 8, 32, 256};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        nor_t nor;
        nor_init(&nor, SECTORS, units[i]);
        reopen(&nor);
        assert_null(isere_extents_find(&extents, "a"));
        assert_int_equal(put("a", 1, 1), 0);
        assert_int_equal(put("b", 4096, 2), 0);
        assert_int_equal(put("c", 30001, 3), 0);
        for (int round = 0; round < 2; round++) {
            assert_true(is_there("a", 1, 1));
            assert_true(is_there("b", 4096, 2));
            assert_true(is_there("c", 30001, 3));
            assert_null(isere_extents_find(&extents, "d"));
            reopen(&nor);
        }
        nor_deinit(&nor);
    }
    (void)state;
}

static void test_replaced_and_removed(void **state)
{
    nor_t nor;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    size_t room = isere_extents_room(&extents);
    assert_int_equal(put("a", 20000, 1), 0);
    assert_int_equal(put("a", 10000, 2), 0);
    assert_true(is_there("a", 10000, 2));
    reopen(&nor);
    assert_true(is_there("a", 10000, 2));
    isere_extent_t *e = isere_extents_find(&extents, "a");
    assert_int_equal(isere_extents_remove(&extents, e), 0);
    assert_null(isere_extents_find(&extents, "a"));
    assert_int_equal(isere_extents_room(&extents), room);
    reopen(&nor);
    assert_null(isere_extents_find(&extents, "a"));
    nor_deinit(&nor);
    (void)state;
}

/* What is used stays as it is until it is given up, whatever comes. */
static void test_what_is_held_stays(void **state)
{
    nor_t nor;
    size_t size;
    static uint8_t before[9000];
    nor_init(&nor, 32, 256);
    reopen(&nor);
    assert_int_equal(put("a", sizeof(before), 1), 0);
    isere_extent_t *e = isere_extents_find(&extents, "a");
    const uint8_t *content = isere_extents_content(&extents, e, &size);
    memcpy(before, content, size);
    isere_extents_hold(e);
    for (unsigned i = 2; i < 40; i++) {
        assert_int_equal(put("a", 9000, i), 0);
        assert_true(is_there("a", 9000, i));
        assert_memory_equal(content, before, size);
    }
    size_t room = isere_extents_room(&extents);
    isere_extents_release(e);
    assert_true(isere_extents_room(&extents) >= room);
    nor_deinit(&nor);
    (void)state;
}

static void test_no_room(void **state)
{
    nor_t nor;
    isere_extent_writer_t w;
    char name[16];
    int error = 0;
    unsigned count = 0;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    size_t room = isere_extents_room(&extents);
    assert_int_equal(isere_extents_begin(&extents, "a", room + 1, &w),
                     ISERE_ERR_LIMIT);
    assert_int_equal(isere_extents_begin(&extents, "a", SIZE_MAX, &w),
                     ISERE_ERR_LIMIT);
    assert_int_equal(isere_extents_begin(&extents, "a", room, &w), 0);
    assert_int_equal(isere_extents_room(&extents), 0);
    isere_extents_abort(&w);
    assert_int_equal(isere_extents_room(&extents), room);
    while (!error) {
        snprintf(name, sizeof(name), "n%u", count);
        error = put(name, 8000, count);
        count += error == 0;
    }
    assert_int_equal(error, ISERE_ERR_LIMIT);
    assert_true(count > 10);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        assert_true(is_there(name, 8000, i));
    }
    nor_deinit(&nor);
    (void)state;
}

static void test_limits_of_a_writer(void **state)
{
    nor_t nor;
    isere_extent_writer_t w;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    assert_int_equal(isere_extents_begin(&extents, "", 10, &w),
                     ISERE_ERR_INVAL);
    assert_int_equal(isere_extents_begin(&extents, "a", 0, &w),
                     ISERE_ERR_INVAL);
    assert_int_equal(
        isere_extents_begin(&extents,
                            "a23456789012345678901234567890123456789012345678",
                            10, &w),
        ISERE_ERR_INVAL);
    assert_int_equal(isere_extents_begin(&extents, "a", 4, &w), 0);
    assert_int_equal(isere_extents_append(&w, "1234", 4), 0);
    assert_int_equal(isere_extents_append(&w, "5", 1), ISERE_ERR_LIMIT);
    assert_int_equal(isere_extents_commit(&w, NULL), ISERE_ERR_LIMIT);
    assert_null(isere_extents_find(&extents, "a"));
    /* What was ended can be read, and does not count. */
    assert_int_equal(isere_extents_begin(&extents, "a", 4000, &w), 0);
    assert_int_equal(isere_extents_append(&w, "1234", 5), 0);
    assert_int_equal(isere_extents_end(&w), 0);
    assert_string_equal((const char *)isere_extents_written(&w), "1234");
    assert_int_equal(isere_extents_append(&w, "5", 1), ISERE_ERR_LIMIT);
    isere_extents_abort(&w);
    isere_extents_abort(&w);
    reopen(&nor);
    assert_null(isere_extents_find(&extents, "a"));
    nor_deinit(&nor);
    (void)state;
}

/* It lies behind all others, and leaves their order alone. */
static void test_scratch(void **state)
{
    nor_t nor;
    isere_extent_writer_t w;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    size_t room = isere_extents_room(&extents);
    assert_int_equal(isere_extents_begin_scratch(&extents, room + 1, &w),
                     ISERE_ERR_LIMIT);
    assert_int_equal(isere_extents_begin_scratch(&extents, 0, &w),
                     ISERE_ERR_LIMIT);
    for (unsigned i = 0; i < 4; i++) {
        char name[16];
        assert_int_equal(isere_extents_begin_scratch(&extents, 9000, &w), 0);
        assert_int_equal(isere_extents_append(&w, "x", 1), 0);
        snprintf(name, sizeof(name), "n%u", i);
        assert_int_equal(put(name, 8000, i), 0);
        isere_extents_abort(&w);
    }
    /* Four of two sectors, without a hole. */
    assert_int_equal(isere_extents_room(&extents), room - 8 * NOR_SECTOR);
    assert_int_equal(isere_extents_begin_scratch(&extents, 100, &w), 0);
    assert_int_equal(isere_extents_append(&w, "x", 1), 0);
    assert_int_equal(isere_extents_commit(&w, NULL), ISERE_ERR_INVAL);
    reopen(&nor);
    assert_true(is_there("n3", 8000, 3));
    nor_deinit(&nor);
    (void)state;
}

/* The same with a name: what is replaced again and again lies in the last
 * sectors, and leaves no holes. */
static void test_last(void **state)
{
    nor_t nor;
    char name[16];
    isere_extent_writer_t w;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    size_t room = isere_extents_room(&extents);
    assert_int_equal(isere_extents_begin_last(&extents, "", 9, &w),
                     ISERE_ERR_INVAL);
    assert_int_equal(isere_extents_begin_last(&extents, "l", room + 1, &w),
                     ISERE_ERR_LIMIT);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        assert_int_equal(put(name, 8000, i), 0);
        assert_int_equal(isere_extents_begin_last(&extents, "l", 9, &w), 0);
        assert_int_equal(isere_extents_append(&w, name, 2), 0);
        assert_int_equal(isere_extents_commit(&w, NULL), 0);
    }
    /* Four of two sectors in front; of the last two sectors one is in use. */
    size_t left = isere_extents_room(&extents);
    assert_true(left == room - 9 * NOR_SECTOR ||
                left == room - 10 * NOR_SECTOR);
    reopen(&nor);
    size_t size;
    isere_extent_t *last = isere_extents_find(&extents, "l");
    assert_non_null(last);
    assert_true(isere_extents_check(&extents, last));
    assert_memory_equal(isere_extents_content(&extents, last, &size), "n3", 2);
    nor_deinit(&nor);
    (void)state;
}

/* The directory is begun anew many times, and sectors wear alike. */
static void test_many_changes(void **state)
{
    nor_t nor;
    char name[16];
    nor_init(&nor, 128, 256);
    reopen(&nor);
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "n%u", i % 7);
        assert_int_equal(put(name, 3000 + i, i), 0);
        if (i % 5 == 4) {
            isere_extent_t *e = isere_extents_find(&extents, name);
            assert_int_equal(isere_extents_remove(&extents, e), 0);
        }
        if (i % 97 == 0) {
            reopen(&nor);
        }
    }
    for (unsigned i = 1993; i < 2000; i++) {
        snprintf(name, sizeof(name), "n%u", i % 7);
        assert_int_equal(is_there(name, 3000 + i, i), i % 5 != 4);
    }
    nor_deinit(&nor);
    (void)state;
}

/* A flash that forgets what it was given has no extent that is whole. */
static void test_flash_that_fails(void **state)
{
    nor_t nor;
    nor_init(&nor, SECTORS, 256);
    reopen(&nor);
    assert_int_equal(put("a", 5000, 1), 0);
    isere_extent_t *e = isere_extents_find(&extents, "a");
    nor_damage(&nor)[e->first * NOR_SECTOR + 4990] ^= 4;
    assert_false(isere_extents_check(&extents, e));
    assert_int_equal(put("a", 5000, 2), 0);
    assert_true(is_there("a", 5000, 2));
    nor.broken = true;
    assert_int_equal(put("b", 5000, 3), 0);
    nor.broken = false;
    assert_false(is_there("b", 5000, 3));
    assert_true(is_there("a", 5000, 2));
    nor_deinit(&nor);
    (void)state;
}

/* Nonsense in the flash is a flash without extents, and can be used. */
static void test_nonsense(void **state)
{
    nor_t nor;
    nor_init(&nor, SECTORS, 256);
    fill(nor_damage(&nor), nor.table.size, 9);
    reopen(&nor);
    assert_int_equal(put("a", 5000, 1), 0);
    reopen(&nor);
    assert_true(is_there("a", 5000, 1));
    /* Content that looks like a directory is none. */
    isere_extent_writer_t w;
    size_t copied = (size_t)10 * NOR_SECTOR;
    assert_int_equal(isere_extents_begin(&extents, "x", copied, &w), 0);
    assert_int_equal(isere_extents_append(&w, nor.bytes, copied), 0);
    isere_extents_abort(&w);
    reopen(&nor);
    assert_true(is_there("a", 5000, 1));
    assert_null(isere_extents_find(&extents, "x"));
    nor_deinit(&nor);
    (void)state;
}

static void test_unusable(void **state)
{
    nor_t nor;
    isere_extent_writer_t w;
    nor_init(&nor, SECTORS, 3);
    assert_int_equal(isere_extents_open(&extents, &nor.table), ISERE_ERR_INVAL);
    assert_int_equal(isere_extents_begin(&extents, "a", 10, &w),
                     ISERE_ERR_LIMIT);
    nor.table.unit = 256;
    nor.table.size = NOR_SECTOR;
    assert_int_equal(isere_extents_open(&extents, &nor.table), ISERE_ERR_INVAL);
    assert_int_equal(isere_extents_room(&extents), 0);
    nor_deinit(&nor);
    (void)state;
}

/* ---- power cuts ---- */

/* Replaces "a", adds "c" and removes "b", often enough that the directory is
 * begun anew, too. *step is what was done when power was cut off. */
static void change(unsigned *step)
{
    *step = 0;
    for (unsigned i = 0; i < 24; i++) {
        isere_extent_t *b = isere_extents_find(&extents, "b");
        if (put("a", 5000, 100 + i)) {
            return;
        }
        ++*step;
        if (!b && put("b", 300, 7)) {
            return;
        }
        if (b && isere_extents_remove(&extents, b)) {
            return;
        }
        ++*step;
    }
}

/* After `steps`, or one more: the cut operation was the next one's. */
static void check_after(unsigned steps)
{
    unsigned done = (steps + 1) / 2; /* replacements of "a" */
    bool old = done == 0 ? is_there("a", 9000, 1)
                         : is_there("a", 5000, 100 + done - 1);
    bool next = steps % 2 == 0 && is_there("a", 5000, 100 + done);
    assert_true(old || next);
    bool has_b = isere_extents_find(&extents, "b") != NULL;
    bool had_b = steps / 2 % 2 == 0;
    assert_true(has_b == had_b || steps % 2 == 1);
    assert_true(!has_b || is_there("b", 300, 7));
    assert_true(is_there("kept", 20000, 3));
}

static void test_power_cuts(void **state)
{
    bool cut = true;
    int longest = 0;
    for (int at = 1; cut; at++) {
        for (int kind = 0; kind < NOR_CUTS && cut; kind++) {
            nor_t nor;
            unsigned steps;
            nor_init(&nor, 48, 256);
            reopen(&nor);
            assert_int_equal(put("kept", 20000, 3), 0);
            assert_int_equal(put("a", 9000, 1), 0);
            assert_int_equal(put("b", 300, 7), 0);
            nor_power_on(&nor, at, (enum nor_cut)kind);
            change(&steps);
            cut = nor.off;
            reopen(&nor);
            check_after(steps);
            /* It goes on as if nothing had been. */
            assert_int_equal(put("new", 5000, 4), 0);
            reopen(&nor);
            assert_true(is_there("new", 5000, 4));
            assert_true(is_there("kept", 20000, 3));
            nor_deinit(&nor);
            longest = at;
        }
    }
    assert_true(longest > 500);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_over_a_reset),
        cmocka_unit_test(test_replaced_and_removed),
        cmocka_unit_test(test_what_is_held_stays),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_limits_of_a_writer),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_many_changes),
        cmocka_unit_test(test_flash_that_fails),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_power_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
