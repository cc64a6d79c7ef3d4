/* What outlasts a reset: what is believed of it, and what is not. */
#include "ports/zephyr/retained.h"
#include "tests/unit/support/unit.h"

enum { TICK_US = 1 << ISERE_RETAINED_TICK_BITS };

static isere_retained_t r;
static isere_restart_t restart;

static void begin(isere_reset_t reset)
{
    isere_retained_begin(&r, reset, &restart);
}

/* Memory after power-on: anything. */
static int setup(void **state)
{
    (void)state;
    memset(&r, 0xA5, sizeof(r));
    begin(ISERE_RESET_POWER);
    isere_retained_serving(&r);
    return 0;
}

static void run(const char *name, const char *version)
{
    isere_retained_enter(&r, ISERE_RETAINED_SERVER, name, version);
}

static void fault(void)
{
    isere_retained_fault(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_USAGE,
                         0x10001234, 0x10005679);
}

/* A function faults after so many ticks, and the device starts again. */
static void fault_after(const char *name, unsigned ticks)
{
    isere_retained_tick(&r, (uint64_t)ticks * TICK_US);
    run(name, "3");
    fault();
    begin(ISERE_RESET_OTHER);
}

static void assert_nothing(void)
{
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_NONE);
    assert_string_equal(restart.name, "");
    assert_int_equal(r.count, 0);
    assert_int_equal(r.restarts, 0);
    assert_null(isere_retained_next(&r));
}

static void test_power_on(void **state)
{
    (void)state;
    assert_nothing();
    assert_false(restart.damaged);
    /* Memory that is no record at all is nothing to complain of. */
    for (int byte = 0; byte < 256; byte++) {
        memset(&r, byte, sizeof(r));
        begin(ISERE_RESET_OTHER);
        assert_nothing();
        assert_false(restart.damaged);
    }
}

static void test_a_fault_names_the_function(void **state)
{
    char text[128];
    (void)state;
    run("hello", "17");
    fault();
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "hello");
    assert_int_equal(restart.version, 17);
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_USAGE);
    isere_retained_describe(&restart.cause, text, sizeof(text));
    assert_string_equal(text, "usage fault at 0x10001234, called from "
                              "0x10005679");
    const isere_retained_fault_t *told = isere_retained_next(&r);
    assert_non_null(told);
    assert_string_equal(told->name, "hello");
    assert_int_equal(told->version, 17);
    assert_null(isere_retained_next(&r));
    assert_int_equal(r.restarts, 1);
    /* And only once: the next start is an ordinary one. */
    begin(ISERE_RESET_OTHER);
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_NONE);
    assert_int_equal(r.restarts, 1);
    assert_null(isere_retained_next(&r));
}

static void test_a_fault_that_nobody_was_told_of_yet(void **state)
{
    (void)state;
    fault_after("one", 5);
    fault_after("two", 5);
    assert_string_equal(isere_retained_next(&r)->name, "one");
    begin(ISERE_RESET_OTHER);
    assert_string_equal(isere_retained_next(&r)->name, "two");
    assert_null(isere_retained_next(&r));
}

static void test_only_the_first_fault_counts(void **state)
{
    (void)state;
    run("hello", "1");
    fault();
    /* While the log is written, say, the next one comes. */
    isere_retained_fault(&r, ISERE_RETAINED_JOBS, ISERE_RETAINED_BUS, 1, 2);
    begin(ISERE_RESET_OTHER);
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_USAGE);
    assert_int_equal(restart.cause.pc, 0x10001234);
    assert_int_equal(r.count, 1);
}

/* A handler that takes long goes on in a thread of its own, while others are
 * served. */
static void test_it_goes_on_in_another_thread(void **state)
{
    (void)state;
    run("long", "7");
    isere_retained_move(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_BESIDE);
    run("other", "1");
    isere_retained_fault(&r, ISERE_RETAINED_BESIDE, ISERE_RETAINED_BUS, 1, 2);
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "long");
    assert_int_equal(restart.version, 7);
    run("long", "7");
    isere_retained_move(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_BESIDE);
    fault(); /* of the server's own */
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "");
    isere_retained_move(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_BESIDE);
    isere_retained_fault(&r, ISERE_RETAINED_BESIDE, ISERE_RETAINED_BUS, 1, 2);
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "");
}

static void test_between_invocations(void **state)
{
    char text[128];
    (void)state;
    run("hello", "1");
    isere_retained_leave(&r, ISERE_RETAINED_SERVER);
    fault();
    begin(ISERE_RESET_OTHER);
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_USAGE);
    assert_string_equal(restart.name, "");
    assert_int_equal(r.count, 0);
    assert_int_equal(r.restarts, 1);
    isere_retained_describe(&restart.cause, text, sizeof(text));
    assert_string_equal(text, "usage fault at 0x10001234, called from "
                              "0x10005679");
}

/* A deploy's init phase and a handler that takes long beside a request: the
 * thread tells them apart. */
static void test_three_at_the_same_time(void **state)
{
    static const char *const names[] = {"served", "new", "long"};
    static const char *const versions[] = {"3", "8", "9"};
    (void)state;
    for (int thread = 0; thread < ISERE_RETAINED_THREADS; thread++) {
        setup(NULL);
        for (int i = 0; i < ISERE_RETAINED_THREADS; i++) {
            isere_retained_enter(&r, (isere_retained_thread_t)i, names[i],
                                 versions[i]);
        }
        isere_retained_fault(&r, (isere_retained_thread_t)thread,
                             ISERE_RETAINED_STACK, 0, 0);
        begin(ISERE_RESET_OTHER);
        assert_string_equal(restart.name, names[thread]);
        assert_int_equal(restart.version, atoi(versions[thread]));
        assert_int_equal(r.count, 1);
    }
    /* One of the server's own, while another thread ran a function. */
    isere_retained_enter(&r, ISERE_RETAINED_JOBS, "new", "8");
    isere_retained_leave(&r, ISERE_RETAINED_SERVER);
    fault();
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "");
    assert_int_equal(restart.cause.kind, ISERE_RETAINED_USAGE);
    /* The watchdog alone: the server hangs in what it runs, or else behind the
     * other one. */
    setup(NULL);
    isere_retained_enter(&r, ISERE_RETAINED_BESIDE, "long", "9");
    begin(ISERE_RESET_WATCHDOG);
    assert_string_equal(restart.name, "long");
    for (int both = 0; both < 2; both++) {
        setup(NULL);
        isere_retained_enter(&r, ISERE_RETAINED_JOBS, "new", "8");
        if (both) {
            run("served", "3");
        }
        begin(ISERE_RESET_WATCHDOG);
        assert_string_equal(restart.name, both ? "served" : "new");
    }
}

static void test_at_the_start(void **state)
{
    char text[128];
    (void)state;
    begin(ISERE_RESET_OTHER);
    run("hello", "1");
    isere_retained_leave(&r, ISERE_RETAINED_SERVER);
    run("hello", "1");
    isere_retained_fault(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_PANIC, 0, 0);
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "hello");
    assert_int_equal(r.faults[0].cause.starting, 1);
    isere_retained_describe(&restart.cause, text, sizeof(text));
    assert_string_equal(text, "panic, while it started");
    isere_retained_serving(&r);
    isere_retained_fault(&r, ISERE_RETAINED_SERVER, ISERE_RETAINED_PANIC, 0, 0);
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, "");
    isere_retained_describe(&restart.cause, text, sizeof(text));
    assert_string_equal(text, "panic");
}

static void test_what_counts(void **state)
{
    static const struct {
        isere_reset_t reset;
        bool runs, faults;
        unsigned count, restarts;
    } cases[] = {
        /* The watchdog's own reset, which nothing was noted before. */
        {ISERE_RESET_WATCHDOG, true, false, 1, 1},
        {ISERE_RESET_WATCHDOG, false, false, 0, 1},
        {ISERE_RESET_WATCHDOG, true, true, 1, 1},
        /* A button in the middle of an invocation. */
        {ISERE_RESET_OTHER, true, false, 0, 0},
        {ISERE_RESET_OTHER, true, true, 1, 1},
        {ISERE_RESET_OTHER, false, true, 0, 1},
        /* Memory that survived a short power cut, or a brown-out. */
        {ISERE_RESET_POWER, true, false, 0, 0},
        {ISERE_RESET_POWER, true, true, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(NULL);
        if (cases[i].runs) {
            run("hello", "1");
        }
        if (cases[i].faults) {
            fault();
        }
        begin(cases[i].reset);
        assert_int_equal(r.count, cases[i].count);
        assert_int_equal(r.restarts, cases[i].restarts);
        assert_int_equal(restart.name[0] != 0, cases[i].count);
    }
}

static void test_power_cuts_forget(void **state)
{
    (void)state;
    fault_after("hello", 1);
    begin(ISERE_RESET_POWER);
    assert_nothing();
    fault_after("hello", 1);
    assert_int_equal(r.count, 1);
    assert_false(isere_retained_breaks_rule(&r, "hello", 2, 600));
}

static void test_the_rule(void **state)
{
    (void)state;
    fault_after("hello", 100);
    assert_false(isere_retained_breaks_rule(&r, "hello", 2, 600));
    fault_after("other", 100);
    assert_false(isere_retained_breaks_rule(&r, "hello", 2, 600));
    fault_after("hello", 100);
    assert_true(isere_retained_breaks_rule(&r, "hello", 2, 600));
    assert_false(isere_retained_breaks_rule(&r, "hello", 3, 600));
    assert_false(isere_retained_breaks_rule(&r, "hello", 0, 600));
    assert_false(isere_retained_breaks_rule(&r, "other", 2, 600));
    assert_false(isere_retained_breaks_rule(&r, "hell", 2, 600));
}

static void test_the_window_goes_over_resets(void **state)
{
    (void)state;
    fault_after("hello", 10);
    /* Up for long, with a reset of another kind meanwhile. */
    isere_retained_tick(&r, (uint64_t)400 * TICK_US);
    begin(ISERE_RESET_OTHER);
    fault_after("hello", 300);
    assert_false(isere_retained_breaks_rule(&r, "hello", 2, 600));
    fault_after("hello", 500);
    assert_true(isere_retained_breaks_rule(&r, "hello", 2, 600));
    int64_t first = isere_retained_seconds(r.faults[0].at);
    int64_t last = isere_retained_seconds(r.faults[2].at);
    assert_in_range(last - first, 1200 * 1.048, 1200 * 1.048 + 10);
}

static void test_more_faults_than_fit(void **state)
{
    char name[2] = "a";
    (void)state;
    for (int i = 0; i < 3 * ISERE_RETAINED_FAULTS; i++) {
        name[0] = (char)('a' + i);
        fault_after(name, 1);
        assert_string_equal(restart.name, name);
    }
    assert_int_equal(r.count, ISERE_RETAINED_FAULTS);
    assert_string_equal(r.faults[ISERE_RETAINED_FAULTS - 1].name, name);
}

static void test_time_begins_after_what_is_known(void **state)
{
    (void)state;
    isere_retained_begin_at(&r, 5000);
    fault_after("hello", 1);
    assert_true(isere_retained_seconds(r.faults[0].at) >= 5000);
    assert_true(isere_retained_seconds(r.faults[0].at) < 5010);
    /* Not when it goes on: that would be a fault's time too late. */
    isere_retained_begin_at(&r, 9000);
    fault_after("hello", 1);
    assert_true(isere_retained_breaks_rule(&r, "hello", 2, 60));
    /* Nor back, nor beyond what there is. */
    setup(NULL);
    isere_retained_begin_at(&r, 5000);
    uint32_t base = r.base;
    isere_retained_begin_at(&r, 10);
    isere_retained_begin_at(&r, -1);
    isere_retained_begin_at(&r, INT64_MAX);
    assert_int_equal(r.base, base);
}

static void test_names(void **state)
{
    char longest[33];
    (void)state;
    memset(longest, 'n', 32);
    longest[32] = 0;
    run(longest, "4294967295");
    fault();
    begin(ISERE_RESET_OTHER);
    assert_string_equal(restart.name, longest);
    assert_int_equal(restart.version, UINT32_MAX);
    /* Of an application's own, of any length. */
    run("a-name-that-is-longer-than-one-of-a-store-may-be", "$LATEST");
    fault();
    begin(ISERE_RESET_OTHER);
    assert_int_equal(strlen(restart.name), ISERE_RETAINED_NAME - 1);
    assert_int_equal(restart.version, 0);
}

/* Each bit of the record in turn, where there is something to be believed. */
static void test_damage(void **state)
{
    static isere_retained_t whole;
    static isere_restart_t right;
    (void)state;
    fault_after("first", 10);
    isere_retained_tick(&r, (uint64_t)7 * TICK_US);
    run("hello", "3");
    fault();
    whole = r;
    begin(ISERE_RESET_OTHER);
    right = restart;
    assert_int_equal(r.count, 2);
    for (size_t bit = 0; bit < sizeof(whole) * 8; bit++) {
        r = whole;
        ((unsigned char *)&r)[bit / 8] ^= (unsigned char)(1u << (bit % 8));
        begin(ISERE_RESET_OTHER);
        if (restart.name[0]) {
            /* What was damaged is behind the name's end, or the time. */
            assert_memory_equal(&restart, &right, sizeof(right));
            assert_string_equal(r.faults[1].name, "hello");
        } else {
            assert_true(r.count <= 1);
        }
        assert_null(memchr(r.faults, 'H', sizeof(r.faults)));
    }
}

/* Random bytes with a right magic and a right checksum: nothing is read or
 * written past an end (the sanitizers look). */
static void test_anything_that_is_sealed(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        isere_retained_t copy;
        setup(NULL);
        copy = r;
        for (size_t n = 0; n < sizeof(r); n++) {
            ((unsigned char *)&r)[n] = (unsigned char)rand();
        }
        r.magic = copy.magic;
        r.count %= ISERE_RETAINED_FAULTS + 2;
        r.cause.kind = ISERE_RETAINED_NONE;
        fault(); /* seals it */
        begin((isere_reset_t)(i % 3));
        while (isere_retained_next(&r)) {
        }
        (void)isere_retained_breaks_rule(&r, "hello", 2, 600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_power_on, setup),
        cmocka_unit_test_setup(test_a_fault_names_the_function, setup),
        cmocka_unit_test_setup(test_a_fault_that_nobody_was_told_of_yet, setup),
        cmocka_unit_test_setup(test_only_the_first_fault_counts, setup),
        cmocka_unit_test_setup(test_it_goes_on_in_another_thread, setup),
        cmocka_unit_test_setup(test_between_invocations, setup),
        cmocka_unit_test_setup(test_three_at_the_same_time, setup),
        cmocka_unit_test_setup(test_at_the_start, setup),
        cmocka_unit_test_setup(test_what_counts, setup),
        cmocka_unit_test_setup(test_power_cuts_forget, setup),
        cmocka_unit_test_setup(test_the_rule, setup),
        cmocka_unit_test_setup(test_the_window_goes_over_resets, setup),
        cmocka_unit_test_setup(test_more_faults_than_fit, setup),
        cmocka_unit_test_setup(test_time_begins_after_what_is_known, setup),
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_damage, setup),
        cmocka_unit_test_setup(test_anything_that_is_sealed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
