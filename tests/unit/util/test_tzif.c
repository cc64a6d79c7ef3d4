/* Offsets from TZif files that are made here, and from POSIX TZ strings. */
#include "core/util/time/civil.h"
#include "core/util/time/tzif.h"
#include "isere/error.h"
#include "tests/unit/support/unit.h"

/* ---- making files ---- */

typedef struct file {
    unsigned char bytes[1024];
    size_t len;
} file_t;

static void put(file_t *f, const void *bytes, size_t len)
{
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}

static void put_big(file_t *f, int64_t value, int size)
{
    while (size-- > 0) {
        f->bytes[f->len++] = (unsigned char)((uint64_t)value >> (8 * size));
    }
}

static void put_header(file_t *f, int leap, int times, int types, int chars)
{
    static const unsigned char none[15];
    put(f, "TZif2", 5);
    put(f, none, sizeof(none));
    put_big(f, 0, 4);
    put_big(f, 0, 4);
    put_big(f, leap, 4);
    put_big(f, times, 4);
    put_big(f, types, 4);
    put_big(f, chars, 4);
}

static void put_type(file_t *f, int32_t offset, int dst, int name)
{
    put_big(f, offset, 4);
    put_big(f, dst, 1);
    put_big(f, name, 1);
}

/* LMT until -1000, EST until 1000, EDT until 2000, then EST or the rule. */
static file_t make(const char *rule)
{
    static const int64_t times[] = {-1000, 1000, 2000};
    static const unsigned char index[] = {1, 2, 1};
    file_t f = {.len = 0};
    put_header(&f, 0, 0, 1, 4);
    put_type(&f, 0, 0, 0);
    put(&f, "LMT", 4);
    put_header(&f, 0, 3, 3, 12);
    for (int i = 0; i < 3; i++) {
        put_big(&f, times[i], 8);
    }
    put(&f, index, 3);
    put_type(&f, -17762, 0, 0);
    put_type(&f, -18000, 0, 4);
    put_type(&f, -14400, 1, 8);
    put(&f, "LMT\0EST\0EDT", 12);
    put(&f, "\n", 1);
    put(&f, rule, strlen(rule));
    put(&f, "\n", 1);
    return f;
}

static int at(const file_t *f, int64_t at_s, isere_zone_time_t *out)
{
    /* Of exactly that size, so that a sanitizer sees a byte too many. */
    char *copy = malloc(f->len + 1);
    memcpy(copy, f->bytes, f->len);
    int result = isere_tzif_at(isere_slice_of(copy, f->len), at_s, out);
    free(copy);
    return result;
}

static void expect(const file_t *f, int64_t at_s, const char *name,
                   int32_t offset_s)
{
    isere_zone_time_t out;
    assert_int_equal(at(f, at_s, &out), 0);
    assert_string_equal(out.abbreviation, name);
    assert_int_equal(out.offset_s, offset_s);
}

static void expect_rule(const char *rule, int64_t at_s, const char *name,
                        int32_t offset_s)
{
    isere_zone_time_t out;
    assert_int_equal(isere_posix_tz_at(isere_slice(rule), at_s, &out), 0);
    assert_string_equal(out.abbreviation, name);
    assert_int_equal(out.offset_s, offset_s);
}

static int64_t utc(int year, int month, int day, int hour)
{
    isere_civil_t date = {.year = year, .month = month, .day = day};
    return isere_civil_to_days(date) * ISERE_DAY_S + hour * 3600;
}

/* ---- files ---- */

static void transitions_begin_at_their_second(void **state)
{
    file_t f = make("");
    (void)state;
    expect(&f, -1000000, "LMT", -17762);
    expect(&f, -1001, "LMT", -17762);
    expect(&f, -1000, "EST", -18000);
    expect(&f, 999, "EST", -18000);
    expect(&f, 1000, "EDT", -14400);
    expect(&f, 1999, "EDT", -14400);
    expect(&f, 2000, "EST", -18000);
    expect(&f, 1000000000, "EST", -18000); /* no rule: as it was last */
}

static void after_the_last_the_rule_counts(void **state)
{
    file_t f = make("XST4XDT,M3.2.0,M11.1.0");
    (void)state;
    expect(&f, 1999, "EDT", -14400);
    expect(&f, 2000, "XST", -14400);
    expect(&f, utc(2024, 7, 1, 0), "XDT", -10800);
}

static void broken_files_are_refused(void **state)
{
    file_t whole = make("EST5EDT,M3.2.0,M11.1.0");
    isere_zone_time_t out;
    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        file_t f = whole;
        f.len = len;
        assert_int_equal(at(&f, 1500, &out), ISERE_ERR_INVAL);
    }
    for (size_t i = 0; i < whole.len; i++) {
        file_t f = whole;
        f.bytes[i] ^= 0xff;
        (void)at(&f, 1500, &out); /* whatever comes, within the bounds */
    }
    whole.bytes[4] = 0;
    assert_int_equal(at(&whole, 1500, &out), ISERE_ERR_INVAL);
}

static void odd_types_are_refused(void **state)
{
    /* Behind the first block: a header, times, indices, types. */
    const size_t index = 54 + 44 + 24;
    const size_t type = index + 3;
    isere_zone_time_t out;
    file_t f = make("");
    (void)state;
    f.bytes[index + 1] = 3; /* no such type */
    assert_int_equal(at(&f, 1500, &out), ISERE_ERR_INVAL);
    f = make("");
    f.bytes[type + 12] = 0x7f; /* an offset of years */
    assert_int_equal(at(&f, 1500, &out), ISERE_ERR_INVAL);
    f = make("");
    f.bytes[type + 12 + 5] = 12; /* a name behind the names */
    assert_int_equal(at(&f, 1500, &out), ISERE_ERR_INVAL);
    f = make("");
    f.bytes[54 + 20 + 11] = 1; /* leap seconds */
    assert_int_equal(at(&f, 1500, &out), ISERE_ERR_INVAL);
}

/* ---- rules ---- */

static void summer_time_has_two_borders(void **state)
{
    static const char rule[] = "EST5EDT,M3.2.0,M11.1.0";
    int64_t begin = utc(2024, 3, 10, 7);
    int64_t end = utc(2024, 11, 3, 6);
    (void)state;
    expect_rule(rule, begin - 1, "EST", -18000);
    expect_rule(rule, begin, "EDT", -14400);
    expect_rule(rule, end - 1, "EDT", -14400);
    expect_rule(rule, end, "EST", -18000);
    expect_rule(rule, utc(2024, 12, 31, 23), "EST", -18000);
}

static void in_the_south_summer_is_over_new_year(void **state)
{
    /* Lord Howe: half an hour. */
    static const char rule[] = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
    int64_t end = utc(2024, 4, 6, 15);
    int64_t begin = utc(2024, 10, 5, 15) + 1800;
    (void)state;
    expect_rule(rule, utc(2024, 1, 1, 0), "+11", 39600);
    expect_rule(rule, end - 1, "+11", 39600);
    expect_rule(rule, end, "+1030", 37800);
    expect_rule(rule, begin - 1, "+1030", 37800);
    expect_rule(rule, begin, "+11", 39600);
    expect_rule(rule, utc(2024, 12, 31, 23), "+11", 39600);
}

static void days_are_counted_in_three_ways(void **state)
{
    (void)state;
    /* The last Sunday of March and of October. */
    expect_rule("CET-1CEST,M3.5.0,M10.5.0/3", utc(2024, 3, 31, 0), "CET", 3600);
    expect_rule("CET-1CEST,M3.5.0,M10.5.0/3", utc(2024, 3, 31, 1), "CEST",
                7200);
    /* J60 is 1 March in every year, 59 is 29 February in a leap year. */
    expect_rule("AAA0BBB,J60/0,J300", utc(2024, 2, 29, 23), "AAA", 0);
    expect_rule("AAA0BBB,J60/0,J300", utc(2024, 3, 1, 0), "BBB", 3600);
    expect_rule("AAA0BBB,J60/0,J300", utc(2023, 3, 1, 0), "BBB", 3600);
    expect_rule("AAA0BBB,59/0,300", utc(2024, 2, 28, 23), "AAA", 0);
    expect_rule("AAA0BBB,59/0,300", utc(2024, 2, 29, 0), "BBB", 3600);
    /* Hours below 0 and above 24 (RFC 9636, 3.3.1). */
    expect_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2024, 3, 31, 0), "-02",
                -7200);
    expect_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2024, 3, 31, 1), "-01",
                -3600);
    expect_rule("IST-2IDT,M3.4.4/26,M10.5.0", utc(2024, 3, 29, 0), "IDT",
                10800);
    /* Summer time all year. */
    expect_rule("XXX3EDT4,0/0,J365/23", utc(2024, 1, 1, 3), "EDT", -14400);
    expect_rule("XXX3EDT4,0/0,J365/23", utc(2024, 12, 31, 23), "EDT", -14400);
}

static void offsets_may_have_minutes_and_seconds(void **state)
{
    (void)state;
    expect_rule("LMT+4:56:02", 0, "LMT", -17762);
    expect_rule("<+0545>-5:45", ISERE_ZONE_TIME_MAX, "+0545", 20700);
    expect_rule("<+0545>-5:45", -ISERE_ZONE_TIME_MAX, "+0545", 20700);
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "E5",
                                      "EST",
                                      "EST25",
                                      "EST5EDT",
                                      "EST5:60",
                                      "<EST5",
                                      "<>5",
                                      "EST5X",
                                      "EST5EDT,M3.2.0",
                                      "EST5EDT,M0.1.0,M1.1.0",
                                      "EST5EDT,M1.6.0,M1.1.0",
                                      "EST5EDT,M1.1.7,M1.1.0",
                                      "EST5EDT,J0,J1",
                                      "EST5EDT,J366,J1",
                                      "EST5EDT,366,1",
                                      "EST5EDT,M3.2.0,M11.1.0x",
                                      "EST5EDT,M3.2.0/168,M11.1.0",
                                      "ABCDEFGHIJKLMNOP5",
                                      "EST5EDT,M3.2.0,M11.1.0,"};
    isere_zone_time_t out;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (isere_posix_tz_at(isere_slice(bad[i]), 0, &out) == 0) {
            fail_msg("%s is read", bad[i]);
        }
    }
    assert_int_equal(
        isere_posix_tz_at(isere_slice("UTC0"), ISERE_ZONE_TIME_MAX + 1, &out),
        ISERE_ERR_INVAL);
}

static void days_and_dates_are_one_to_one(void **state)
{
    (void)state;
    for (int64_t days = -100000000; days <= 100000000; days += 9973) {
        isere_civil_t date = isere_civil_from_days(days);
        assert_true(date.month >= 1 && date.month <= 12);
        assert_true(date.day >= 1 && date.day <= 31);
        assert_true(isere_civil_to_days(date) == days);
    }
    isere_civil_t first = isere_civil_from_days(-719528);
    assert_true(first.year == 0 && first.month == 1 && first.day == 1);
    assert_int_equal(isere_civil_weekday(0), 4);
    assert_int_equal(isere_civil_weekday(-5), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transitions_begin_at_their_second),
        cmocka_unit_test(after_the_last_the_rule_counts),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(odd_types_are_refused),
        cmocka_unit_test(summer_time_has_two_borders),
        cmocka_unit_test(in_the_south_summer_is_over_new_year),
        cmocka_unit_test(days_are_counted_in_three_ways),
        cmocka_unit_test(offsets_may_have_minutes_and_seconds),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(days_and_dates_are_one_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
