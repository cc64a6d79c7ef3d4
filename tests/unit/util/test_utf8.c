/* UTF-8: every code point, ill-formed input of every kind, word boundaries. */
#include "core/util/utf8.h"
#include "tests/unit/support/unit.h"

typedef struct ill_formed {
    const char *bytes;
    const char *repaired;
} ill_formed_t;

#define R "\xef\xbf\xbd"

static const ill_formed_t ill_formed[] = {
    {"\x80", R},
    {"\xbf\xbf", R R},
    {"\xc0\x80", R R},
    {"\xc1\xbf", R R},
    {"\xc3", R},
    {"\xc3\x41", R "A"},
    {"\xe0\x80\x80", R R R},
    {"\xe0\x9f\xbf", R R R},
    {"\xe2\x82", R},
    {"\xe2\x82\x41", R "A"},
    {"\xed\xa0\x80", R R R},
    {"\xed\xbf\xbf", R R R},
    {"\xf0\x80\x80\x80", R R R R},
    {"\xf0\x8f\xbf\xbf", R R R R},
    {"\xf0\x9f\x98", R},
    {"\xf0\x9f\x98\x41", R "A"},
    {"\xf4\x90\x80\x80", R R R R},
    {"\xf5\x80\x80\x80", R R R R},
    {"\xf8\x88\x80\x80\x80", R R R R R},
    {"\xff\xfe", R R},
    {"\xe2\x82\xe2\x82\xac", R "\xe2\x82\xac"},
    {"ok\xc3", "ok" R},
};

static void round_trips_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char text[4];
        size_t used;
        size_t len = isere_utf8_encode(c, text);
        if (c >= 0xd800 && c <= 0xdfff) {
            assert_int_equal(len, 3);
            assert_false(isere_utf8_valid(text, len));
            continue;
        }
        assert_int_equal(isere_utf8_decode(text, len, &used), c);
        assert_int_equal(used, len);
        assert_true(isere_utf8_valid(text, len));
        for (size_t cut = 1; cut < len; cut++) {
            assert_false(isere_utf8_valid(text, cut));
            assert_int_equal(isere_utf8_decode(text, cut, &used), 0xfffd);
            assert_int_equal(used, cut);
        }
    }
}

static void repairs_ill_formed_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ill_formed) / sizeof(*ill_formed); i++) {
        const ill_formed_t *t = &ill_formed[i];
        size_t len = strlen(t->bytes);
        char out[64];
        size_t size = isere_utf8_repair(t->bytes, len, out);
        assert_false(isere_utf8_valid(t->bytes, len));
        assert_int_equal(size, strlen(t->repaired));
        assert_memory_equal(out, t->repaired, size);
        assert_int_equal(isere_utf8_repair(t->bytes, len, NULL), size);
        assert_true(size <= 3 * len);
        assert_true(isere_utf8_valid(out, size));
    }
}

static void keeps_well_formed_input(void **state)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" R "z";
    char out[sizeof(text)];
    (void)state;
    assert_true(isere_utf8_valid(text, sizeof(text)));
    assert_int_equal(isere_utf8_repair(text, sizeof(text), out), sizeof(text));
    assert_memory_equal(out, text, sizeof(text));
    assert_true(isere_utf8_valid("", 0));
    assert_true(isere_utf8_valid(NULL, 0));
    assert_int_equal(isere_utf8_repair(NULL, 0, NULL), 0);
}

/* One bad byte at every place of every length, in a block of exactly that
 * size, so that a sanitizer sees reading past the end. */
static void finds_a_bad_byte_anywhere(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 40; len++) {
        for (size_t at = 0; at < len; at++) {
            char *text = malloc(len);
            char out[3 * 40];
            memset(text, 'a', len);
            assert_true(isere_utf8_valid(text, len));
            text[at] = (char)0xe2;
            assert_false(isere_utf8_valid(text, len));
            assert_int_equal(isere_utf8_repair(text, len, out), len + 2);
            assert_memory_equal(out + at, R, 3);
            free(text);
        }
    }
}

static void replaces_surrogates_in_place(void **state)
{
    char text[] = "\xed\x9f\xbf\xed\xa0\x80x\xed\xbf\xbf\xed";
    char only[] = "\xed\xa0\x80";
    (void)state;
    isere_utf8_replace_surrogates(text, sizeof(text) - 1);
    assert_string_equal(text, "\xed\x9f\xbf" R "x" R "\xed");
    isere_utf8_replace_surrogates(only, 3);
    assert_string_equal(only, R);
    isere_utf8_replace_surrogates(only, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_every_code_point),
        cmocka_unit_test(repairs_ill_formed_input),
        cmocka_unit_test(keeps_well_formed_input),
        cmocka_unit_test(finds_a_bad_byte_anywhere),
        cmocka_unit_test(replaces_surrogates_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
