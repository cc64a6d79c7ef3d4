/* CRC-32, the fast one and the small one that devices have, against its check
 * value and against its definition, bit by bit. */
#include "core/util/encode/crc32.h"
uint32_t small_crc32(uint32_t crc, const void *bytes, size_t len);
#define ISERE_FAST_CRC 0
#define isere_crc32 small_crc32
#include "core/util/encode/crc32.c"
#include "tests/unit/support/unit.h"
#undef isere_crc32

static uint32_t by_definition(uint32_t crc, const unsigned char *p, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }
    return ~crc;
}

static void test_check_value(void **state)
{
    (void)state;
    assert_int_equal(isere_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(isere_crc32(0, NULL, 0), 0);
    assert_int_equal(small_crc32(0, "123456789", 9), 0xcbf43926);
}

/* Every byte value, length and alignment, behind any other checksum. */
static void test_definition(void **state)
{
    unsigned char bytes[600];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 167 + (i >> 8));
    }
    for (size_t at = 0; at < 9; at++) {
        for (size_t len = 0; len < sizeof(bytes) - at; len++) {
            uint32_t before = (uint32_t)(len * 0x9e3779b1u);
            uint32_t right = by_definition(before, bytes + at, len);
            assert_int_equal(isere_crc32(before, bytes + at, len), right);
            assert_int_equal(small_crc32(before, bytes + at, len), right);
        }
    }
}

static void test_pieces(void **state)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog";
    size_t size = sizeof(text) - 1;
    (void)state;
    for (size_t cut = 0; cut <= size; cut++) {
        uint32_t crc = isere_crc32(0, text, cut);
        assert_int_equal(isere_crc32(crc, text + cut, size - cut), 0x414fa339);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_value),
        cmocka_unit_test(test_definition),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
