/* The page that lies in the program. tests/dashboard has what it does. */
#include "core/admin/page.h"
#include "tests/unit/support/unit.h"

static void test_is_compressed_and_small(void **state)
{
    const unsigned char *bytes = (const unsigned char *)isere_page.bytes.ptr;
    (void)state;
    assert_true(isere_page.bytes.len > 1000);
    assert_true(isere_page.bytes.len < 40 * 1024);
    assert_int_equal(bytes[0], 0x1f);
    assert_int_equal(bytes[1], 0x8b);
    assert_int_equal(bytes[2], 8); /* deflate */
    assert_int_equal(bytes[3], 0); /* no name in it, no time: */
    assert_int_equal(bytes[4] | bytes[5] | bytes[6] | bytes[7], 0);
}

static void test_policy_is_strict(void **state)
{
    (void)state;
    assert_non_null(strstr(isere_page.policy.ptr, "default-src 'none'; "));
    assert_non_null(strstr(isere_page.policy.ptr, "script-src 'sha256-"));
    assert_non_null(strstr(isere_page.policy.ptr, "style-src 'sha256-"));
    assert_non_null(strstr(isere_page.policy.ptr, "frame-ancestors 'none'"));
    assert_null(strstr(isere_page.policy.ptr, "unsafe"));
    assert_null(strchr(isere_page.policy.ptr, '\n'));
    assert_int_equal(isere_page.tag.len, 18);
    assert_int_equal(isere_page.tag.ptr[0], '"');
    assert_int_equal(isere_page.tag.ptr[17], '"');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_compressed_and_small),
        cmocka_unit_test(test_policy_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
