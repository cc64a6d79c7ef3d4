/* Source maps: places of the bundle in the files it was made of, in texts, and
 * maps that are wrong. */
#include "apps/isere/map/map_kept.h"
#include "apps/isere/map/source_map.h"
#include "tests/unit/support/unit.h"
#include <stdlib.h>

/* Line 1: nothing. Line 2: column 1 is a.ts 1:1, column 5 is a.ts 2:3, column 9
 * is lib/b.ts 2:4 with a name. Line 3: column 3 has no source. */
static const char map[] =
    "{\"version\":3,\"sources\":[\"a.ts\",\"lib/b\\u00e9.ts\"],\"names\":[],"
    "\"mappings\":\";AAAA,IACE,ICACA;EAA\"}";

static void check(const char *text, int line, int column, const char *file,
                  int found_line, int found_column)
{
    isere_source_place_t place;
    assert_true(isere_source_map_check(isere_slice(text)));
    if (!file) {
        assert_false(isere_source_map_find(text, line, column, &place));
        return;
    }
    assert_true(isere_source_map_find(text, line, column, &place));
    assert_string_equal(place.file, file);
    assert_int_equal(place.line, found_line);
    assert_int_equal(place.column, found_column);
}

static void test_find(void **state)
{
    (void)state;
    check(map, 1, 1, NULL, 0, 0);
    check(map, 2, 1, "a.ts", 1, 1);
    check(map, 2, 4, "a.ts", 1, 1);
    check(map, 2, 5, "a.ts", 2, 3);
    check(map, 2, 8, "a.ts", 2, 3);
    check(map, 2, 9, "lib/b\xc3\xa9.ts", 2, 4);
    check(map, 2, 900, "lib/b\xc3\xa9.ts", 2, 4);
    check(map, 2, 0, "a.ts", 1, 1);
    check(map, 4, 1, NULL, 0, 0);
    check(map, 0, 1, NULL, 0, 0);
    check(map, -5, 1, NULL, 0, 0);
}

/* Negative numbers, and more lines than there are. */
static void test_differences(void **state)
{
    static const char back[] =
        "{\"mappings\":\"AAKK;AAHH\",\"sources\":[\"x\"]}";
    (void)state;
    check(back, 1, 1, "x", 6, 6);
    check(back, 2, 1, "x", 3, 3);
    check(back, 3, 1, NULL, 0, 0);
}

static void test_wrong(void **state)
{
    static const char *const maps[] = {
        "{}",
        "{\"mappings\":1,\"sources\":2}",
        "{\"mappings\":\"AAAA\"}",
        "{\"mappings\":\"AAAA\",\"sources\":[]}",
        "{\"mappings\":\"AAAA\",\"sources\":[null]}",
        "{\"mappings\":\"AAAA\",\"sources\":[\"\"]}",
        "{\"mappings\":\"ADAA\",\"sources\":[\"x\"]}",
        "{\"mappings\":\"AADA\",\"sources\":[\"x\"]}",
        "{\"mappings\":\"gggggggggggggggggA\",\"sources\":[\"x\"]}",
        "{\"mappings\":\"!!!!\",\"sources\":[\"x\"]}",
        "{\"mappings\":\"\\\\n\",\"sources\":[\"x\"]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        char *copy = strdup(maps[i]);
        check(copy, 1, 1, NULL, 0, 0);
        free(copy);
    }
    assert_false(isere_source_map_check(isere_slice("{")));
    assert_false(isere_source_map_check(isere_slice("[]")));
    assert_false(isere_source_map_check(isere_slice("{\"a\":\"\xff\"}")));
}

static void check_text(const char *text, const char *mapped)
{
    char *found = isere_map_text(isere_slice(text));
    if (!mapped) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, mapped);
    free(found);
}

static void test_texts(void **state)
{
    (void)state;
    check_text("at f (a.bundle.js:2:5)", NULL);
    isere_map_keep("a.bundle.js", strdup(map));
    check_text("at f (a.bundle.js:2:5)", "at f (a.ts:2:3)");
    check_text("dir/a.bundle.js:2:1: x\n  at (a.bundle.js:2:9)",
               "dir/a.ts:1:1: x\n  at (lib/b\xc3\xa9.ts:2:4)");
    /* One that is not in the map stays beside one that is. */
    check_text("a.bundle.js:7:1 a.bundle.js:2:1", "a.bundle.js:7:1 a.ts:1:1");
    check_text("", NULL);
    check_text("a.bundle.js", NULL);
    check_text("a.bundle.js:", NULL);
    check_text("a.bundle.js:2", NULL);
    check_text("a.bundle.js:2:", NULL);
    check_text("a.bundle.js:99999999999:1", NULL);
    check_text("b.bundle.js:2:5", NULL);
    /* A map that can't be read: none. */
    isere_map_keep("a.bundle.js", strdup("{"));
    check_text("at f (a.bundle.js:2:5)", NULL);
    isere_map_keep("a.bundle.js", NULL);
    check_text("at f (a.bundle.js:2:5)", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
