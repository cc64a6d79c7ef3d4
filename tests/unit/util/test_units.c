/* Sizes and times as written on a command line. */
#include "core/util/names/units.h"
#include "isere/error.h"
#include "tests/unit/support/unit.h"

typedef int parse_fn(isere_slice_t text, uint64_t *value);

static void expect(parse_fn *parse, const char *text, uint64_t wanted)
{
    uint64_t value = 42;
    int error = parse(isere_slice(text), &value);
    if (error != 0 || value != wanted) {
        fail_msg("%s: error %d, %llu", text, error, (unsigned long long)value);
    }
}

static void refuse(parse_fn *parse, const char *text, int wanted)
{
    uint64_t value = 42;
    int error = parse(isere_slice(text), &value);
    if (error != wanted || value != 42) {
        fail_msg("'%s': error %d, %llu", text, error,
                 (unsigned long long)value);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    expect(isere_units_parse_number, "0", 0);
    expect(isere_units_parse_number, "8080", 8080);
    expect(isere_units_parse_number, "007", 7);
    expect(isere_units_parse_number, "18446744073709551615", UINT64_MAX);
    refuse(isere_units_parse_number, "18446744073709551616", ISERE_ERR_LIMIT);
    refuse(isere_units_parse_number, "99999999999999999999999999",
           ISERE_ERR_LIMIT);
    static const char *const bad[] = {"",    "-1", "+1", " 1",  "1 ",
                                      "1.0", "0x", "1e", "ten", "1K"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuse(isere_units_parse_number, bad[i], ISERE_ERR_INVAL);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    expect(isere_units_parse_size, "512", 512);
    expect(isere_units_parse_size, "8K", 8192);
    expect(isere_units_parse_size, "16M", 16 << 20);
    expect(isere_units_parse_size, "1g", 1 << 30);
    expect(isere_units_parse_size, "2k", 2048);
    expect(isere_units_parse_size, "17179869183G", 17179869183ull << 30);
    refuse(isere_units_parse_size, "17179869184G", ISERE_ERR_LIMIT);
    refuse(isere_units_parse_size, "18446744073709551616", ISERE_ERR_LIMIT);
    static const char *const bad[] = {"",    "K",   "1KB", "1 K", "-1K", "1T",
                                      "1.5", "1KK", "k1",  "1ms", "1K "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuse(isere_units_parse_size, bad[i], ISERE_ERR_INVAL);
    }
}

static void test_times(void **state)
{
    (void)state;
    expect(isere_units_parse_time, "0ms", 0);
    expect(isere_units_parse_time, "250ms", 250);
    expect(isere_units_parse_time, "3s", 3000);
    expect(isere_units_parse_time, "2m", 120000);
    refuse(isere_units_parse_time, "18446744073709551615s", ISERE_ERR_LIMIT);
    refuse(isere_units_parse_time, "18446744073709551616ms", ISERE_ERR_LIMIT);
    static const char *const bad[] = {"",   "3",  "s",   "3 s",  "3h", "-3s",
                                      "3S", "3M", "3se", "1.5s", "ms"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuse(isere_units_parse_time, bad[i], ISERE_ERR_INVAL);
    }
}

/* What is formatted parses back to itself. */
static void test_format(void **state)
{
    (void)state;
    char out[ISERE_UNITS_TEXT_MAX];
    assert_string_equal(isere_units_format_size(0, out), "0");
    assert_string_equal(isere_units_format_size(1000, out), "1000");
    assert_string_equal(isere_units_format_size(262144, out), "256K");
    assert_string_equal(isere_units_format_size(1536 << 10, out), "1536K");
    assert_string_equal(isere_units_format_size(16 << 20, out), "16M");
    assert_string_equal(isere_units_format_size(2ull << 30, out), "2G");
    assert_string_equal(isere_units_format_size(UINT64_MAX, out),
                        "18446744073709551615");
    assert_string_equal(isere_units_format_time(0, out), "0ms");
    assert_string_equal(isere_units_format_time(1500, out), "1500ms");
    assert_string_equal(isere_units_format_time(10000, out), "10s");
    assert_string_equal(isere_units_format_time(120000, out), "2m");
    assert_string_equal(isere_units_format_time(UINT64_MAX, out),
                        "18446744073709551615ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
