/* Random UUIDs: the layout, and that version and variant are always set. */
#include "core/util/encode/uuid.h"
#include "tests/unit/support/unit.h"

static void test_layout(void **state)
{
    (void)state;
    static const struct {
        unsigned char bytes[ISERE_UUID_BYTES];
        const char *text;
    } cases[] = {
        {{0}, "00000000-0000-4000-8000-000000000000"},
        {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
          255, 255},
         "ffffffff-ffff-4fff-bfff-ffffffffffff"},
        {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45,
          0x67, 0x89, 0xab, 0xcd, 0xef},
         "01234567-89ab-4def-8123-456789abcdef"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char out[ISERE_UUID_TEXT + 1];
        isere_uuid_format(cases[i].bytes, out);
        assert_string_equal(out, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
