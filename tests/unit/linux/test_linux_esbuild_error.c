/* What esbuild prints, as faults: whole, cut off at each byte, and nonsense. */
#include "apps/isere/load/esbuild_error.h"
#include "tests/unit/support/unit.h"
#include <stdlib.h>

#define FRAME "\xe2\x94\x82 "
#define MARK "\xe2\x95\xb5 "

static const char two[] = "\xe2\x9c\x98 [ERROR] Could not resolve \"@a/b/c\"\n"
                          "\n"
                          "    lib/a.ts:3:14:\n"
                          "      3 " FRAME "import _ from '@a/b/c'\n"
                          "        " MARK "              ~~~~~~~~\n"
                          "\n"
                          "  You can mark the path as external.\n"
                          "\n"
                          "\xe2\x9c\x98 [ERROR] Unexpected end of file\n"
                          "\n"
                          "    b.ts:5:0:\n"
                          "      5 " FRAME "\n"
                          "        " MARK "^\n"
                          "\n"
                          "2 errors\n";

static void test_two_errors(void **state)
{
    isere_fault_t fault;
    (void)state;
    isere_esbuild_error(two, "app/", &fault);
    assert_string_equal(fault.file, "app/lib/a.ts");
    assert_int_equal(fault.line, 3);
    assert_int_equal(fault.column, 15);
    assert_string_equal(fault.message,
                        "cannot import '@a/b/c': there is no such package: "
                        "run `npm install @a/b`");
    assert_string_equal(fault.stack, "    import _ from '@a/b/c'\n"
                                     "                  ~~~~~~~~\n"
                                     "app/b.ts:5:1: Unexpected end of file\n");
}

static void test_without_a_place(void **state)
{
    isere_fault_t fault;
    (void)state;
    isere_esbuild_error("x [ERROR] Invalid option\n\n1 error\n", "", &fault);
    assert_string_equal(fault.message, "Invalid option");
    assert_string_equal(fault.file, "");
    assert_string_equal(fault.stack, "");
    isere_esbuild_error("node: not found\nmore", "", &fault);
    assert_string_equal(fault.message, "esbuild failed: node: not found");
    isere_esbuild_error("", "", &fault);
    assert_string_equal(fault.message, "esbuild failed: ");
}

/* Each in memory of its own, so that a sanitizer sees a byte too many. */
static void test_cut_off(void **state)
{
    isere_fault_t fault;
    (void)state;
    for (size_t len = 0; len < sizeof(two); len++) {
        char *text = strndup(two, len);
        isere_esbuild_error(text, "app/", &fault);
        assert_true(fault.message[0]);
        free(text);
    }
}

static void test_long_and_strange(void **state)
{
    static const char *const texts[] = {
        "[ERROR] ",
        "[ERROR] Could not resolve \"",
        "[ERROR] Could not resolve \"\"",
        "[ERROR] Could not resolve \"node:\"",
        "[ERROR] Could not resolve \"@\"",
        "[ERROR] a\n\n    :1:2:",
        "[ERROR] a\n\n    f:99999999999:2:",
        "[ERROR] a\n\n    :::",
        "[ERROR] a\n\n    f:1:2:\n" FRAME,
    };
    isere_fault_t fault;
    char text[8192] = "[ERROR] ";
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        isere_esbuild_error(texts[i], "", &fault);
        assert_true(fault.line >= 0);
    }
    memset(text + 8, 'a', sizeof(text) - 9);
    isere_esbuild_error(text, "", &fault);
    assert_int_equal(strlen(fault.message), sizeof(fault.message) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_errors),
        cmocka_unit_test(test_without_a_place),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_long_and_strange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
