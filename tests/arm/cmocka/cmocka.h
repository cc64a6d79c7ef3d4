/*
 * A stand-in for cmocka where Debian has no cmocka: on the Cortex-M33 and for
 * 32-bit x86. It has the part of cmocka's interface that our tests use, so the
 * same test files compile with either. As with cmocka, include <setjmp.h>,
 * <stdarg.h>, <stddef.h> and <stdint.h> first.
 *
 * Everything is in this header; the weak variables are one per program, in
 * however many of its files they are defined.
 */
#ifndef ISERE_TESTS_CMOCKA_H
#define ISERE_TESTS_CMOCKA_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func;
    CMFixtureFunction teardown_func;
    void *initial_state;
};

/* One integer type for all comparisons, as in cmocka; 64 bits on 32-bit
 * machines too, so that nothing is compared cut short. */
typedef uint64_t LargestIntegralType;

#define cast_to_largest_integral_type(value) ((LargestIntegralType)(value))

__attribute__((weak)) jmp_buf cmocka_fail_jump;
__attribute__((weak)) bool cmocka_running;
__attribute__((weak)) bool cmocka_skipped;

static inline _Noreturn void cmocka_leave(bool skipped)
{
    if (!cmocka_running) {
        exit(1);
    }
    cmocka_skipped = skipped;
    longjmp(cmocka_fail_jump, 1);
}

static inline _Noreturn void cmocka_fail(const char *file, int line)
{
    printf("%s:%d: error: Failure!\n", file, line);
    cmocka_leave(false);
}

static inline void cmocka_check(bool good, const char *what, const char *file,
                                int line)
{
    if (!good) {
        printf("%s\n", what);
        cmocka_fail(file, line);
    }
}

static inline void cmocka_compare(uint64_t a, uint64_t b, bool want_equal,
                                  const char *file, int line)
{
    if ((a == b) != want_equal) {
        printf("0x%" PRIx64 " %s 0x%" PRIx64 "\n", a,
               want_equal ? "!=" : "==", b);
        cmocka_fail(file, line);
    }
}

static inline void cmocka_range(uint64_t value, uint64_t min, uint64_t max,
                                bool want_inside, const char *file, int line)
{
    if ((value >= min && value <= max) != want_inside) {
        printf("0x%" PRIx64 " is %s 0x%" PRIx64 "-0x%" PRIx64 "\n", value,
               want_inside ? "not within" : "within", min, max);
        cmocka_fail(file, line);
    }
}

static inline void cmocka_strings(const char *a, const char *b, bool want_equal,
                                  const char *file, int line)
{
    if ((strcmp(a, b) == 0) != want_equal) {
        printf("\"%s\" %s \"%s\"\n", a, want_equal ? "!=" : "==", b);
        cmocka_fail(file, line);
    }
}

static inline void cmocka_bytes(const void *a, const void *b, size_t size,
                                bool want_equal, const char *file, int line)
{
    const unsigned char *x = (const unsigned char *)a;
    const unsigned char *y = (const unsigned char *)b;
    size_t at = 0;
    while (at < size && x[at] == y[at]) {
        at++;
    }
    if (want_equal && at < size) {
        printf("difference at offset %lu 0x%02x 0x%02x\n", (unsigned long)at,
               x[at], y[at]);
        cmocka_fail(file, line);
    }
    cmocka_check(want_equal || at < size, "the bytes are equal", file, line);
}

#define CMOCKA_INT(value) cast_to_largest_integral_type(value)
#define CMOCKA_POINTER(value) ((uint64_t)(uintptr_t)(value))

#define fail() cmocka_fail(__FILE__, __LINE__)
#define fail_msg(...)                                                          \
    (printf("ERROR: "), printf(__VA_ARGS__), printf("\n"),                     \
     cmocka_fail(__FILE__, __LINE__))
#define skip() cmocka_leave(true)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)

#define assert_true(c) cmocka_check((c) ? true : false, #c, __FILE__, __LINE__)
#define assert_false(c)                                                        \
    cmocka_check((c) ? false : true, "!(" #c ")", __FILE__, __LINE__)
#define assert_null(p)                                                         \
    cmocka_compare(CMOCKA_POINTER(p), 0, true, __FILE__, __LINE__)
#define assert_non_null(p)                                                     \
    cmocka_compare(CMOCKA_POINTER(p), 0, false, __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                 \
    cmocka_compare(CMOCKA_POINTER(a), CMOCKA_POINTER(b), true, __FILE__,       \
                   __LINE__)
#define assert_ptr_not_equal(a, b)                                             \
    cmocka_compare(CMOCKA_POINTER(a), CMOCKA_POINTER(b), false, __FILE__,      \
                   __LINE__)
#define assert_int_equal(a, b)                                                 \
    cmocka_compare(CMOCKA_INT(a), CMOCKA_INT(b), true, __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                             \
    cmocka_compare(CMOCKA_INT(a), CMOCKA_INT(b), false, __FILE__, __LINE__)
#define assert_in_range(v, min, max)                                           \
    cmocka_range(CMOCKA_INT(v), CMOCKA_INT(min), CMOCKA_INT(max), true,        \
                 __FILE__, __LINE__)
#define assert_not_in_range(v, min, max)                                       \
    cmocka_range(CMOCKA_INT(v), CMOCKA_INT(min), CMOCKA_INT(max), false,       \
                 __FILE__, __LINE__)
#define assert_return_code(rc, error)                                          \
    cmocka_check((rc) >= 0, #rc " >= 0", __FILE__, __LINE__)
#define assert_string_equal(a, b)                                              \
    cmocka_strings((a), (b), true, __FILE__, __LINE__)
#define assert_string_not_equal(a, b)                                          \
    cmocka_strings((a), (b), false, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size)                                        \
    cmocka_bytes((a), (b), (size), true, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size)                                    \
    cmocka_bytes((a), (b), (size), false, __FILE__, __LINE__)

#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state)    \
    {                                                                          \
#f, f, setup, teardown, state                                          \
    }
#define cmocka_unit_test_prestate(f, state)                                    \
    cmocka_unit_test_prestate_setup_teardown(f, NULL, NULL, state)
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                    \
    cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, NULL)
#define cmocka_unit_test_setup(f, setup)                                       \
    cmocka_unit_test_setup_teardown(f, setup, NULL)
#define cmocka_unit_test_teardown(f, teardown)                                 \
    cmocka_unit_test_setup_teardown(f, NULL, teardown)
#define cmocka_unit_test(f) cmocka_unit_test_setup_teardown(f, NULL, NULL)

/* Calls one fixture, which may fail like a test. */
static inline bool cmocka_fixture(CMFixtureFunction fixture, void **state)
{
    volatile bool good = true;
    if (fixture) {
        cmocka_running = true;
        if (setjmp(cmocka_fail_jump) == 0) {
            good = fixture(state) == 0;
        } else {
            good = false;
        }
        cmocka_running = false;
    }
    return good;
}

static inline bool cmocka_run(const struct CMUnitTest *test, void **state)
{
    volatile bool good = false;
    cmocka_skipped = false;
    if (!cmocka_fixture(test->setup_func, state)) {
        return false;
    }
    cmocka_running = true;
    if (setjmp(cmocka_fail_jump) == 0) {
        test->test_func(state);
        good = true;
    }
    cmocka_running = false;
    bool skipped = cmocka_skipped;
    good = cmocka_fixture(test->teardown_func, state) && (good || skipped);
    cmocka_skipped = skipped;
    return good;
}

/* Returns the number of tests that failed, -1 when the group's setup did. */
static inline int _cmocka_run_group_tests(const char *group,
                                          const struct CMUnitTest *tests,
                                          size_t count, CMFixtureFunction setup,
                                          CMFixtureFunction teardown)
{
    void *group_state = NULL;
    int failed = 0;
    printf("[==========] %s: Running %lu test(s).\n", group,
           (unsigned long)count);
    if (!cmocka_fixture(setup, &group_state)) {
        printf("[  FAILED  ] GROUP SETUP\n");
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        void *own =
            tests[i].initial_state ? tests[i].initial_state : group_state;
        printf("[ RUN      ] %s\n", tests[i].name);
        bool good = cmocka_run(&tests[i], &own);
        failed += good ? 0 : 1;
        printf("[ %s ] %s\n",
               !good            ? " FAILED "
               : cmocka_skipped ? " SKIPPED"
                                : "      OK",
               tests[i].name);
    }
    if (!cmocka_fixture(teardown, &group_state)) {
        printf("[  FAILED  ] GROUP TEARDOWN\n");
        failed++;
    }
    printf("[  PASSED  ] %lu test(s).\n",
           (unsigned long)(count - (size_t)failed));
    fflush(stdout);
    return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown)                         \
    _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof((tests)[0]), \
                            setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)              \
    _cmocka_run_group_tests(name, tests, sizeof(tests) / sizeof((tests)[0]),   \
                            setup, teardown)

#endif
