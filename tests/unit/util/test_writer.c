/* Text made in pieces: what fits, numbers, times, JSON strings. */
#include "core/util/utf8.h"
#include "core/util/writer.h"
#include "tests/unit/support/json_check.h"
#include "tests/unit/support/unit.h"

static void expect(const isere_writer_t *text, const char *wanted)
{
    size_t len = strlen(wanted);
    if (text->full || text->len != len || memcmp(text->buf, wanted, len) != 0) {
        fail_msg("'%.*s' (full: %d) is not '%s'", (int)text->len, text->buf,
                 text->full, wanted);
    }
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    char buf[8];
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    isere_writer_puts(&text, "12345");
    isere_writer_put(&text, isere_slice(NULL));
    expect(&text, "12345");
    isere_writer_puts(&text, "6789");
    assert_true(text.full);
    assert_int_equal(text.len, 5);
    isere_writer_puts(&text, "6"); /* would fit, but what was before did not */
    assert_int_equal(text.len, 5);
    isere_writer_back(&text, 5);
    isere_writer_puts(&text, "678");
    expect(&text, "12345678");
    isere_writer_back(&text, 0);
    isere_writer_printf(&text, "%d-%s", 42, "ab");
    expect(&text, "42-ab");
}

static void test_printf_is_cut(void **state)
{
    (void)state;
    char buf[200];
    char wanted[128];
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    memset(wanted, ' ', 126);
    wanted[126] = '1';
    wanted[127] = 0;
    isere_writer_printf(&text, "%127d", 1);
    expect(&text, wanted);
    isere_writer_back(&text, 0);
    isere_writer_printf(&text, "%127d2", 1);
    expect(&text, wanted);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        unsigned decimals;
        const char *wanted;
    } cases[] = {
        {0, 0, "0"},
        {0, 6, "0"},
        {100, 0, "100"},
        {UINT64_MAX, 0, "18446744073709551615"},
        {1, 6, "0.000001"},
        {100, 6, "0.0001"},
        {1500000, 6, "1.5"},
        {1234567, 6, "1.234567"},
        {10000000, 6, "10"},
        {1234, 3, "1.234"},
        {UINT64_MAX, 6, "18446744073709.551615"},
        {UINT64_MAX, 19, "1.8446744073709551615"},
        {1, 19, "0.0000000000000000001"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buf[32];
        isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
        isere_writer_fixed(&text, cases[i].value, cases[i].decimals);
        expect(&text, cases[i].wanted);
        if (cases[i].decimals == 0) {
            text = isere_writer_begin(buf, sizeof(buf));
            isere_writer_number(&text, cases[i].value);
            expect(&text, cases[i].wanted);
        }
    }
}

static void expect_time(int64_t wall_us, const char *wanted)
{
    char buf[24];
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    isere_writer_time(&text, wall_us);
    expect(&text, wanted);
}

static void test_times(void **state)
{
    (void)state;
    const int64_t s = 1000000;
    expect_time(0, "1970-01-01T00:00:00.000Z");
    expect_time(999, "1970-01-01T00:00:00.000Z");
    expect_time(1000, "1970-01-01T00:00:00.001Z");
    expect_time(-1, "1969-12-31T23:59:59.999Z");
    expect_time(951782400 * s, "2000-02-29T00:00:00.000Z");
    expect_time(951868799 * s + 999999, "2000-02-29T23:59:59.999Z");
    expect_time(951868800 * s, "2000-03-01T00:00:00.000Z");
    expect_time(1795802400 * s, "2026-11-27T18:00:00.000Z");
    expect_time(INT64_C(-62167219200) * s, "0000-01-01T00:00:00.000Z");
    expect_time(INT64_C(-62162035200) * s, "0000-03-01T00:00:00.000Z");
    expect_time(INT64_C(253402300799) * s, "9999-12-31T23:59:59.000Z");
    expect_time(INT64_MIN, "0000-01-01T00:00:00.000Z");
    expect_time(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

/* Every day of 800 years, counted along with the lengths of the months. */
static void test_every_day(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    int64_t day = -719528; /* 0000-01-01 */
    for (int year = 0; year < 800; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (leap && month == 2);
            for (int d = 1; d <= length; d++) {
                char wanted[48];
                snprintf(wanted, sizeof(wanted), "%04d-%02d-%02dT00:00:00.000Z",
                         year, month, d);
                expect_time(day++ * 86400 * 1000000, wanted);
            }
        }
    }
}

static void expect_json(isere_slice_t string, const char *wanted)
{
    char buf[256];
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    isere_writer_json(&text, string);
    expect(&text, wanted);
    assert_true(isere_json_check(text.buf, text.len));
}

static void test_json(void **state)
{
    (void)state;
    static const char with_nul[] = "a\0b";
    expect_json(isere_slice(NULL), "\"\"");
    expect_json(isere_slice("plain text"), "\"plain text\"");
    expect_json(isere_slice("\"\\/"), "\"\\\"\\\\/\"");
    expect_json(isere_slice("\b\t\n\v\f\r\x1b\x7f"),
                "\"\\b\\t\\n\\u000b\\f\\r\\u001b\x7f\"");
    expect_json(isere_slice_of(with_nul, 3), "\"a\\u0000b\"");
    expect_json(isere_slice("is\xc3\xa8re \xe2\x82\xac \xf0\x9f\x8f\x94"),
                "\"is\xc3\xa8re \xe2\x82\xac \xf0\x9f\x8f\x94\"");
    /* a lone byte, one cut short, half of a surrogate pair, an overlong */
    expect_json(isere_slice("\x80"), "\"\xef\xbf\xbd\"");
    expect_json(isere_slice("\xe2\x82"), "\"\xef\xbf\xbd\"");
    expect_json(isere_slice("\xed\xa0\x80"),
                "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_json(isere_slice("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Cut to every size: always a string, and as long as it can be. */
static void test_json_cut(void **state)
{
    (void)state;
    static const char string[] =
        "ab\"\n\x01 is\xc3\xa8re \xe2\x82\xac \xf0\x9f\x8f\x94 \x80";
    char whole[128];
    isere_writer_t text = isere_writer_begin(whole, sizeof(whole));
    isere_writer_json(&text, isere_slice(string));
    size_t full = text.len;
    for (size_t room = 0; room < 4; room++) {
        for (size_t size = room + 5; size <= full + room; size++) {
            char *buf = malloc(size); /* so that a sanitizer sees the end */
            isere_writer_t cut = isere_writer_begin(buf, size);
            isere_writer_json_cut(&cut, isere_slice(string), room);
            assert_false(cut.full);
            assert_true(isere_json_check(buf, cut.len));
            assert_true(cut.len + room <= size);
            if (size == full + room) {
                assert_int_equal(cut.len, full);
                assert_memory_equal(buf, whole, full);
            } else {
                size_t kept = cut.len - strlen("...\"");
                assert_memory_equal(buf + kept, "...\"", 4);
                assert_memory_equal(buf, whole, kept);
                /* The next character has 6 bytes at most. */
                assert_true(cut.len + room + 6 > size);
            }
            free(buf);
        }
    }
    text = isere_writer_begin(whole, 8);
    isere_writer_json_cut(&text, isere_slice(string), 4);
    assert_true(text.full);
    assert_int_equal(text.len, 0);
}

static void test_cut(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa8\xe2\x82\xac\xf0\x9f\x8f\x94";
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof(wanted) / sizeof(wanted[0]); max++) {
        size_t len = isere_writer_cut(isere_slice(text), max);
        assert_int_equal(len, wanted[max]);
        assert_true(isere_utf8_valid(text, len));
    }
    /* No UTF-8: anywhere. */
    assert_int_equal(
        isere_writer_cut(isere_slice("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

/* The check itself refuses what it has to. */
static void test_json_check(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0", " [1, -2.5e+3, {\"a\\u00e8\" : null}] ", "{}", "\"\"", "[true]"};
    static const char *const bad[] = {
        "",       "01",       "1.",
        "[1,]",   "{\"a\"}",  "{a:1}",
        "\"\t\"", "\"\\x",    "\"\\u00",
        "nul",    "[",        "{} {}",
        "-",      "\"\x80\"", "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(isere_json_check(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (isere_json_check(bad[i], strlen(bad[i]))) {
            fail_msg("%s passed", bad[i]);
        }
    }
}

/* ---- styles, and texts that are handed on ---- */

/* DEL, a C1 control, U+2028, U+2029, what only JSON escapes, and bytes that are
 * no UTF-8. */
#define MIXED "a\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\"\\\n\x1b\xc3\xa9\xff"

static const struct {
    void (*put)(isere_writer_t *text, isere_slice_t string);
    const char *wanted;
} styles[] = {
    {isere_writer_json, "\"a\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\\\"\\\\\\n"
                        "\\u001b\xc3\xa9\xef\xbf\xbd\""},
    {isere_writer_json_line,
     "\"a\\u007f\\u0085\\u2028\\u2029\\\"\\\\\\n\\u001b\xc3\xa9"
     "\xef\xbf\xbd\""},
    {isere_writer_line, "a\\u007f\\u0085\\u2028\\u2029\"\\\\n\\u001b\xc3\xa9"
                        "\xef\xbf\xbd"},
};

static void test_styles(void **state)
{
    char buf[100];
    (void)state;
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
        styles[i].put(&text, isere_slice(MIXED));
        expect(&text, styles[i].wanted);
    }
}

static void collect(void *arg, isere_slice_t text)
{
    isere_writer_put(arg, text);
}

/* The same as in one buffer, whatever the size of the pieces. */
static void test_texts_are_handed_on(void **state)
{
    char buf[100], piece[32];
    (void)state;
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        for (size_t size = 1; size <= sizeof(piece); size++) {
            isere_writer_t all = isere_writer_begin(buf, sizeof(buf));
            isere_writer_t text =
                isere_writer_stream(piece, size, collect, &all);
            styles[i].put(&text, isere_slice(MIXED));
            isere_writer_flush(&text);
            assert_false(text.full);
            expect(&all, styles[i].wanted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_printf_is_cut),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_cut),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_json_check),
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_texts_are_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
