/*
 * The table of crashes: the rule, what is kept of it byte by byte, and a
 * registry of one function.
 */
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/quarantine/quarantine.h"
#include "core/deploy/registry.h"
#include "core/isolate/function.h"
#include "core/util/encode/crc32.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* ---- the table ---- */

static isere_quarantine_t table, other;

static int setup_table(void **state)
{
    (void)state;
    isere_test_port_reset();
    isere_quarantine_init(&table, isere_test_port(), 3, 60);
    isere_quarantine_init(&other, isere_test_port(), 3, 60);
    return 0;
}

static int teardown_table(void **state)
{
    (void)state;
    isere_quarantine_deinit(&table);
    isere_quarantine_deinit(&other);
    return isere_test_leaks();
}

static int report(const char *name, uint32_t version, int64_t at_s)
{
    return isere_quarantine_report(&table, name, version, "a place", at_s);
}

static void test_three_within_a_minute(void **state)
{
    (void)state;
    assert_int_equal(report("f", 1, 100), 0);
    assert_int_equal(report("f", 1, 120), 0);
    assert_int_equal(report("g", 1, 121), 0);
    assert_int_equal(report("f", 1, 160), 1);
    assert_true(isere_quarantine_find(&table, "f")->quarantined);
    assert_false(isere_quarantine_find(&table, "g")->quarantined);
    assert_int_equal(report("f", 1, 161), 0); /* it is already */
    assert_true(isere_quarantine_find(&table, "f")->quarantined);
    assert_true(isere_quarantine_forget(&table, "f"));
    assert_false(isere_quarantine_forget(&table, "f"));
    assert_null(isere_quarantine_find(&table, "f"));
    assert_int_equal(report("f", 1, 162), 0);
}

static void test_faults_that_are_rare(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(report("f", 1, 1000 + i * 31), 0);
    }
    /* 62 s between the first and the third; now one is 1 s later. */
    assert_int_equal(report("f", 1, 1000 + 99 * 31 + 1), 1);
}

static void test_another_version_begins_anew(void **state)
{
    (void)state;
    report("f", 1, 100);
    report("f", 1, 100);
    assert_int_equal(report("f", 2, 100), 0);
    assert_int_equal(report("f", 2, 100), 0);
    assert_int_equal(report("f", 2, 100), 1);
    assert_int_equal(report("f", 3, 100), 0);
    assert_false(isere_quarantine_find(&table, "f")->quarantined);
}

static void test_a_clock_that_was_set_back(void **state)
{
    (void)state;
    report("f", 1, 5000);
    report("f", 1, 5001);
    assert_int_equal(report("f", 1, 10), 1);
}

static void test_rules(void **state)
{
    (void)state;
    isere_quarantine_init(&table, isere_test_port(), 0, 60);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(report("f", 1, 1), 0);
    }
    isere_quarantine_deinit(&table);
    isere_quarantine_init(&table, isere_test_port(), 100, 60);
    for (int i = 0; i < ISERE_QUARANTINE_FAULTS - 1; i++) {
        assert_int_equal(report("f", 1, 1), 0);
    }
    assert_int_equal(report("f", 1, 1), 1);
}

static void test_the_oldest_give_way(void **state)
{
    char name[16];
    (void)state;
    for (int i = 0; i < ISERE_QUARANTINE_ENTRIES; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        report(name, 1, 1000 - i);
    }
    report("f31", 1, 969);
    assert_int_equal(report("f31", 1, 969), 1);
    assert_int_equal(report("new", 1, 2000), 0);
    assert_null(isere_quarantine_find(&table, "f30"));
    assert_non_null(isere_quarantine_find(&table, "f31"));
    for (int i = 0; i < ISERE_QUARANTINE_ENTRIES; i++) {
        snprintf(name, sizeof(name), "g%d", i);
        report(name, 1, 3000);
        report(name, 1, 3000);
        report(name, 1, 3000);
    }
    assert_int_equal(report("late", 1, 4000), ISERE_ERR_NOMEM);
    assert_non_null(isere_quarantine_find(&table, "f31"));
}

static void test_without_memory(void **state)
{
    isere_test_state_t *test = isere_test_state();
    (void)state;
    test->fail_at = test->allocations + 1;
    assert_int_equal(report("f", 1, 1), ISERE_ERR_NOMEM);
    test->fail_at = 0;
    assert_int_equal(report("f", 1, 1), 0);
}

static size_t encode(uint8_t *out)
{
    isere_quarantine_encode(&table, out);
    return isere_quarantine_size(&table);
}

static void test_what_is_kept_is_read_again(void **state)
{
    static uint8_t bytes[ISERE_QUARANTINE_BLOB], again[ISERE_QUARANTINE_BLOB];
    (void)state;
    report("f", 7, 100);
    report("f", 7, 101);
    report("f", 7, 102);
    report("a-name-of-thirty-two-characters-", 1, INT64_MAX);
    size_t size = encode(bytes);
    assert_int_equal(size, 8 + 2 * 184 + 4);
    assert_null(isere_quarantine_decode(&other, bytes, size));
    assert_int_equal(other.count, 2);
    const isere_quarantine_entry_t *f = isere_quarantine_find(&other, "f");
    assert_true(f->quarantined);
    assert_int_equal(f->version, 7);
    assert_string_equal(f->where, "a place");
    isere_quarantine_encode(&other, again);
    assert_memory_equal(bytes, again, size);
}

static void test_every_damaged_bit_is_noticed(void **state)
{
    static uint8_t bytes[ISERE_QUARANTINE_BLOB];
    (void)state;
    report("f", 1, 100);
    report("g", 1, 100);
    size_t size = encode(bytes);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_non_null(isere_quarantine_decode(&other, bytes, size));
        assert_int_equal(other.count, 0);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t len = 0; len < size; len++) {
        assert_non_null(isere_quarantine_decode(&other, bytes, len));
    }
    assert_null(isere_quarantine_decode(&other, bytes, size));
}

/* A checksum that fits makes nothing of it true. */
static void expect_refused(uint8_t *bytes, size_t size, size_t at,
                           uint8_t value)
{
    uint8_t old = bytes[at];
    bytes[at] = value;
    uint32_t sum = isere_crc32(0, bytes, size - 4);
    for (int i = 0; i < 4; i++) {
        bytes[size - 4 + (size_t)i] = (uint8_t)(sum >> (8 * i));
    }
    assert_non_null(isere_quarantine_decode(&other, bytes, size));
    assert_int_equal(other.count, 0);
    bytes[at] = old;
}

static void test_entries_that_are_none(void **state)
{
    static uint8_t bytes[ISERE_QUARANTINE_BLOB];
    (void)state;
    report("f", 1, 100);
    report("g", 1, 100);
    size_t size = encode(bytes);
    expect_refused(bytes, size, 8, 'F');           /* no name */
    expect_refused(bytes, size, 8, 0);             /* an empty one */
    expect_refused(bytes, size, 8 + 184, 'f');     /* twice the same */
    expect_refused(bytes, size, 8 + 36, 2);        /* the flag */
    expect_refused(bytes, size, 8 + 37, 0);        /* no times */
    expect_refused(bytes, size, 8 + 37, 9);        /* too many */
    expect_refused(bytes, size, 8 + 38, 1);        /* zeros */
    expect_refused(bytes, size, 8 + 184 - 1, 'x'); /* no end */
    expect_refused(bytes, size, 6, 3);             /* the count */
}

/* ---- a registry of one function ---- */

static bool report_lone(isere_registry_t *registry, int64_t at_s)
{
    isere_fault_report_t one = {
        .name = ISERE_BUILT_IN_NAME, .where = "there", .at_s = at_s};
    return isere_registry_report_fault(registry, isere_test_port(), &one);
}

static isere_registry_t *lone_registry(const isere_function_t *function,
                                       uint32_t lasts_s)
{
    isere_registry_config_t config;
    isere_registry_t *registry;
    isere_registry_config_init_one(&config, function);
    assert_int_equal(config.quarantine_s, 0);
    config.quarantine_s = lasts_s;
    assert_int_equal(
        isere_registry_create(isere_test_port(), NULL, &config, &registry), 0);
    return registry;
}

static void test_one_function(void **state)
{
    isere_function_t f = {.config = {.name = "f"}};
    isere_function_t g = {.config = {.name = "g"}};
    (void)state;
    isere_registry_t *registry = lone_registry(&f, 0);
    assert_false(report_lone(registry, 5));
    assert_false(report_lone(registry, 40));
    assert_false(report_lone(registry, 70));
    assert_true(report_lone(registry, 99));
    assert_true(report_lone(registry, 1000));
    assert_true(report_lone(registry, 2000));
    /* Another one in its place begins anew, also one of the same code. */
    assert_int_equal(isere__registry_put_built_in(registry, &g, NULL, NULL), 0);
    assert_false(isere_registry_is_quarantined(registry, ISERE_BUILT_IN_NAME));
    assert_false(report_lone(registry, 2000));
    assert_false(report_lone(registry, 2001));
    assert_int_equal(isere__registry_put_built_in(registry, &g, NULL, NULL), 0);
    assert_false(report_lone(registry, 2002));
    /* Of the one before. */
    isere_fault_report_t late = {
        .name = ISERE_BUILT_IN_NAME, .version = 2, .where = "", .at_s = 2002};
    assert_false(
        isere_registry_report_fault(registry, isere_test_port(), &late));
    assert_false(report_lone(registry, 2003));
    assert_true(report_lone(registry, 2004));
    isere_registry_destroy(registry);
}

/* Whether requests are served again at that time. */
static bool is_over(isere_registry_t *registry, uint64_t now_s)
{
    isere_test_state()->monotonic_us = now_s * 1000000;
    return !isere_faults_refuse(registry, isere_test_port(),
                                ISERE_BUILT_IN_NAME);
}

static void test_one_function_s_quarantine_ends(void **state)
{
    isere_function_t f = {.config = {.name = "f"}};
    (void)state;
    for (uint32_t lasts = 0; lasts <= 60; lasts += 60) {
        isere_registry_t *registry = lone_registry(&f, lasts);
        for (uint32_t at = 10; at < 13; at++) {
            assert_true(is_over(registry, 5000));
            report_lone(registry, at);
        }
        assert_false(is_over(registry, 11));
        report_lone(registry, 13); /* of a request under way: it lasts no
                                      longer for that */
        assert_false(is_over(registry, 71));
        assert_int_equal(is_over(registry, 72), lasts > 0);
        assert_int_equal(is_over(registry, 73), lasts > 0);
        /* It begins anew. */
        assert_int_equal(report_lone(registry, 74), lasts == 0);
        assert_int_equal(report_lone(registry, 75), lasts == 0);
        assert_true(report_lone(registry, 76));
        assert_false(is_over(registry, 77));
        isere_registry_destroy(registry);
    }
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_three_within_a_minute, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_faults_that_are_rare, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_another_version_begins_anew,
                                        setup_table, teardown_table),
        cmocka_unit_test_setup_teardown(test_a_clock_that_was_set_back,
                                        setup_table, teardown_table),
        cmocka_unit_test_setup_teardown(test_rules, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_the_oldest_give_way, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_without_memory, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_read_again,
                                        setup_table, teardown_table),
        cmocka_unit_test_setup_teardown(test_every_damaged_bit_is_noticed,
                                        setup_table, teardown_table),
        cmocka_unit_test_setup_teardown(test_entries_that_are_none, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_one_function, setup_table,
                                        teardown_table),
        cmocka_unit_test_setup_teardown(test_one_function_s_quarantine_ends,
                                        setup_table, teardown_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
