/* Base64: the RFC's examples, white space, padding, bad input, round trips. */
#include "core/util/encode/base64.h"
#include "tests/unit/support/unit.h"

static void encodes_rfc_examples(void **state)
{
    static const char *const examples[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        const char *plain = examples[i][0];
        const char *encoded = examples[i][1];
        char out[16];
        size_t len = isere_base64_encode(plain, strlen(plain), out);
        assert_int_equal(len, strlen(encoded));
        assert_int_equal(len, ISERE_BASE64_ENCODED(strlen(plain)));
        assert_memory_equal(out, encoded, len);
        assert_int_equal(isere_base64_decode(encoded, len, out), strlen(plain));
        assert_memory_equal(out, plain, strlen(plain));
    }
}

static void forgives_what_the_standard_forgives(void **state)
{
    static const char *const examples[][2] = {
        {"Zg", "f"},        {"Zm8", "fo"},
        {" Z g = = ", "f"}, {"\tZm\n9v\f\r", "foo"},
        {"Zm9v  ", "foo"},  {"   ", ""},
        {"Zh", "f"}, /* bits that do not count may be set */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        char out[16];
        long len =
            isere_base64_decode(examples[i][0], strlen(examples[i][0]), out);
        assert_int_equal(len, strlen(examples[i][1]));
        assert_memory_equal(out, examples[i][1], (size_t)len);
    }
}

static void refuses_the_rest(void **state)
{
    static const char *const bad[] = {
        "Z",     "=",     "==",     "====", "Zg=",      "Zg===",
        "Zm8==", "Zm9v=", "Zg=a",   "Z=g=", "Zm9vY",    "Zm9-",
        "Zm9_",  "Zm9v*", "Zm\v9v", "\xff", "Zg==Zg==", "Zm9v====",
    };
    char out[16];
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(isere_base64_decode(bad[i], strlen(bad[i]), out), -1);
    }
    assert_int_equal(isere_base64_decode("Zm9v\0", 5, out), -1);
    for (int c = 0; c < 256; c++) {
        char text[4] = {'A', 'A', 'A', (char)c};
        int is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       (c >= '0' && c <= '9') || c == '+' || c == '/';
        int is_space = c == ' ' || c == '\t' || c == '\n' || c == '\f' ||
                       c == '\r' || c == '=';
        long expected = is_digit ? 3 : is_space ? 2 : -1;
        assert_int_equal(isere_base64_decode(text, 4, out), expected);
    }
}

/* Exactly sized blocks, so that a sanitizer sees a byte too many. */
static void round_trips_any_length(void **state)
{
    (void)state;
    for (size_t len = 0; len < 300; len++) {
        size_t encoded_len = ISERE_BASE64_ENCODED(len);
        uint8_t *bytes = malloc(len + 1);
        char *encoded = malloc(encoded_len + 1);
        uint8_t *decoded = malloc(ISERE_BASE64_DECODED(encoded_len));
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)(i * 131 + len);
        }
        assert_int_equal(isere_base64_encode(bytes, len, encoded), encoded_len);
        assert_int_equal(isere_base64_decode(encoded, encoded_len, decoded),
                         len);
        assert_memory_equal(decoded, bytes, len);
        /* In place, too. */
        assert_int_equal(isere_base64_decode(encoded, encoded_len, encoded),
                         len);
        assert_memory_equal(encoded, bytes, len);
        free(bytes);
        free(encoded);
        free(decoded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_rfc_examples),
        cmocka_unit_test(forgives_what_the_standard_forgives),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(round_trips_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
