/* Calls of the admin API: the token's comparison. */
#include "core/admin/call.h"
#include "tests/unit/support/unit.h"

static const char token[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void test_the_token_is_equal(void **state)
{
    (void)state;
    assert_int_equal(sizeof(token) - 1, ISERE_TOKEN_LEN);
    assert_true(isere__call_token_equals(token, isere_slice(token)));
}

/* Wherever the difference is, and whichever bit. */
static void test_each_bit_counts(void **state)
{
    char given[ISERE_TOKEN_LEN];
    (void)state;
    for (size_t i = 0; i < ISERE_TOKEN_LEN * 8; i++) {
        memcpy(given, token, sizeof(given));
        given[i / 8] = (char)(given[i / 8] ^ (1 << i % 8));
        assert_false(isere__call_token_equals(
            token, isere_slice_of(given, sizeof(given))));
    }
    /* Two differences don't undo each other. */
    memcpy(given, token, sizeof(given));
    given[0] = (char)(given[0] ^ 1);
    given[63] = (char)(given[63] ^ 1);
    assert_false(
        isere__call_token_equals(token, isere_slice_of(given, sizeof(given))));
}

/* Also texts that repeat the token; each in a block of exactly its size, whose
 * end AddressSanitizer sees. */
static void test_each_length_counts(void **state)
{
    (void)state;
    for (size_t len = 0; len <= ISERE_TOKEN_LEN * 4; len++) {
        char *given = malloc(len + (len == 0));
        assert_non_null(given);
        for (size_t i = 0; i < len; i++) {
            given[i] = token[i % ISERE_TOKEN_LEN];
        }
        assert_int_equal(
            isere__call_token_equals(token, isere_slice_of(given, len)),
            len == ISERE_TOKEN_LEN);
        free(given);
    }
}

static void test_nothing_is_not_the_token(void **state)
{
    (void)state;
    assert_false(isere__call_token_equals(token, isere_slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_token_is_equal),
        cmocka_unit_test(test_each_bit_counts),
        cmocka_unit_test(test_each_length_counts),
        cmocka_unit_test(test_nothing_is_not_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
