#include "core/util/encode/percent.h"
#include "tests/unit/support/unit.h"

static void decodes(void **state)
{
    static const struct {
        const char *in;
        bool plus;
        const char *out;
    } cases[] = {
        {"", false, ""},
        {"abc", false, "abc"},
        {"a%20b", false, "a b"},
        {"%41%5a%7A", false, "AZz"},
        {"a+b", false, "a+b"},
        {"a+b", true, "a b"},
        {"%2B", true, "+"},
        {"%", false, "%"},
        {"%4", false, "%4"},
        {"%4g", false, "%4g"},
        {"%g4", false, "%g4"},
        {"%%41", false, "%A"},
        {"%2541", false, "%41"},
        {"100%", true, "100%"},
        {"%c3%a9", false, "\xC3\xA9"},
        {"%ff", false, "\xFF"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[32];
        size_t len = isere_percent_decode(cases[i].in, strlen(cases[i].in),
                                          cases[i].plus, out);
        assert_int_equal(len, strlen(cases[i].out));
        assert_memory_equal(out, cases[i].out, len);
    }
}

static void decodes_in_place(void **state)
{
    char text[] = "%61+%62%00";
    (void)state;
    size_t len = isere_percent_decode(text, strlen(text), true, text);
    assert_int_equal(len, 4);
    assert_memory_equal(text, "a b\0", 4);
}

static void encodes_what_it_decodes(void **state)
{
    char all[256];
    char encoded[3 * 256];
    char decoded[3 * 256];
    (void)state;
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    size_t len = isere_percent_encode(all, sizeof all, encoded);
    assert_int_equal(len, 66 + 190 * 3); /* RFC 3986: 66 unreserved */
    len = isere_percent_decode(encoded, len, true, decoded);
    assert_int_equal(len, sizeof all);
    assert_memory_equal(decoded, all, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(decodes_in_place),
        cmocka_unit_test(encodes_what_it_decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
