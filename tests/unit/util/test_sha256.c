/* SHA-256 against the vectors of NIST (FIPS 180-2, appendix B, and the short
 * and long messages of its SHAVS), in one piece and in many. */
#include "core/util/encode/sha256.h"
#include "tests/unit/support/unit.h"

static void expect_sum(const void *bytes, size_t size, const char *sum)
{
    uint8_t out[ISERE_SHA256_SIZE];
    char hex[65];
    isere_sha256_of(bytes, size, out);
    isere_sha256_hex(out, hex);
    assert_string_equal(hex, sum);
}

static void test_texts(void **state)
{
    static const char two_blocks[] =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    (void)state;
    expect_sum(NULL, 0,
               "e3b0c44298fc1c149afbf4c8996fb924"
               "27ae41e4649b934ca495991b7852b855");
    expect_sum("abc", 3,
               "ba7816bf8f01cfea414140de5dae2223"
               "b00361a396177a9cb410ff61f20015ad");
    expect_sum(two_blocks, sizeof(two_blocks) - 1,
               "248d6a61d20638b8e5c026930c3e6039"
               "a33ce45964ff2167f6ecedd419db06c1");
}

/* Short messages of SHAVS, among them a whole block. */
static void test_bytes(void **state)
{
    static const uint8_t one[] = {0xd3};
    static const uint8_t four[] = {0x74, 0xba, 0x25, 0x21};
    static const uint8_t block[] = {
        0x5a, 0x86, 0xb7, 0x37, 0xea, 0xea, 0x8e, 0xe9, 0x76, 0xa0, 0xa2,
        0x4d, 0xa6, 0x3e, 0x7e, 0xd7, 0xee, 0xfa, 0xd1, 0x8a, 0x10, 0x1c,
        0x12, 0x11, 0xe2, 0xb3, 0x65, 0x0c, 0x51, 0x87, 0xc2, 0xa8, 0xa6,
        0x50, 0x54, 0x72, 0x08, 0x25, 0x1f, 0x6d, 0x42, 0x37, 0xe6, 0x61,
        0xc7, 0xbf, 0x4c, 0x77, 0xf3, 0x35, 0x39, 0x03, 0x94, 0xc3, 0x7f,
        0xa1, 0xa9, 0xf9, 0xbe, 0x83, 0x6a, 0xc2, 0x85, 0x09};
    (void)state;
    expect_sum(one, sizeof(one),
               "28969cdfa74a12c82f3bad960b0b000a"
               "ca2ac329deea5c2328ebc6f2ba9802c1");
    expect_sum(four, sizeof(four),
               "b16aa56be3880d18cd41e68384cf1ec8"
               "c17680c45a02b1575dc1518923ae8b0e");
    expect_sum(block, sizeof(block),
               "42e61e174fbb3897d6dd6cef3dd2802f"
               "e67b331953b06114a65c772859dfc1aa");
}

/* A million times "a", in pieces of a size that is no divisor of a block. */
static void test_a_million(void **state)
{
    char piece[1000];
    uint8_t out[ISERE_SHA256_SIZE];
    char hex[65];
    isere_sha256_t hash;
    (void)state;
    memset(piece, 'a', sizeof(piece));
    isere_sha256_begin(&hash);
    for (int i = 0; i < 1000; i++) {
        isere_sha256_add(&hash, piece, sizeof(piece));
    }
    isere_sha256_end(&hash, out);
    isere_sha256_hex(out, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67"
                             "f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the ends of blocks, cut everywhere. */
static void test_pieces(void **state)
{
    uint8_t bytes[200], whole[ISERE_SHA256_SIZE], parts[ISERE_SHA256_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        isere_sha256_of(bytes, size, whole);
        for (size_t cut = 0; cut <= size; cut++) {
            isere_sha256_t hash;
            isere_sha256_begin(&hash);
            isere_sha256_add(&hash, bytes, cut);
            isere_sha256_add(&hash, bytes + cut, size - cut);
            isere_sha256_end(&hash, parts);
            assert_memory_equal(whole, parts, sizeof(whole));
        }
    }
}

/* The padding: 55 bytes are the most that fit into one block, 56 need two. */
static void test_padding(void **state)
{
    char text[120];
    (void)state;
    memset(text, 'a', sizeof(text));
    expect_sum(text, 55,
               "9f4390f8d30c2dd92ec9f095b65e2b9a"
               "e9b0a925a5258e241c9f1e910f734318");
    expect_sum(text, 56,
               "b35439a4ac6f0948b6d6f9e3c6af0f5f"
               "590ce20f1bde7090ef7970686ec6738a");
    expect_sum(text, 64,
               "ffe054fe7ae0cb6dc65c3af9b61d5209"
               "f439851db43d0ba5997337df154668eb");
    expect_sum(text, 119,
               "31eba51c313a5c08226adf18d4a359cf"
               "dfd8d2e816b13f4af952f7ea6584dcfb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_a_million), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
