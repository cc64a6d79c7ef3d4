/* Bundles: written and read back, damaged at every byte, cut at every length,
 * and made wrong on purpose behind a right checksum. */
#include "core/code/bundle.h"
#include "core/util/encode/crc32.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static const char *const names[] = {"js/main.js", "js/lib/a.js", "js/b.js"};
static const char *const env[] = {"A=1", "LONGER=a=b c", "EMPTY=", NULL};
static const char code[] = "what JS_WriteObject wrote";

static const isere_bundle_parts_t parts = {
    .root = "js/",
    .names = names,
    .count = 3,
    .code = code,
    .code_size = sizeof(code) - 1,
    .settings = {.name = "hello",
                 .env = env,
                 .has_payload = true,
                 .has_timeout = true,
                 .payload = ISERE_PAYLOAD_2_0,
                 .timeout_ms = 700},
};

static unsigned char *bytes;
static size_t size;

static int setup(void **state)
{
    (void)state;
    void *out;
    isere_test_port_reset();
    int error = isere_bundle_write(isere_test_port(), &parts, &out, &size);
    bytes = out;
    return error;
}

static int teardown(void **state)
{
    (void)state;
    isere_free(isere_test_port(), bytes);
    return isere_test_leaks();
}

/* The texts of a block, one after the other. */
static void expect_block(const char *block, const char *const *texts)
{
    for (; *texts; texts++) {
        assert_string_equal(block, *texts);
        block += strlen(block) + 1;
    }
    assert_int_equal(*block, 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    isere_bundle_t bundle;
    const char *reason;
    assert_true(isere_bundle_detect(bytes, size));
    assert_int_equal(isere_bundle_open(&bundle, bytes, size, &reason), 0);
    assert_int_equal(bundle.nmodules, 3);
    assert_string_equal(bundle.root, "js/");
    for (int i = 0; i < 3; i++) {
        assert_string_equal(isere_bundle_name(&bundle, (unsigned)i), names[i]);
        assert_int_equal(isere_bundle_find(&bundle, names[i]), i);
    }
    assert_null(isere_bundle_name(&bundle, 3));
    assert_int_equal(isere_bundle_find(&bundle, "main.js"), -1);
    assert_int_equal(isere_bundle_find(&bundle, ""), -1);
    assert_int_equal(bundle.code_size, sizeof(code) - 1);
    assert_memory_equal(bundle.code, code, bundle.code_size);
    assert_int_equal((size_t)(bundle.code - bytes) % 4, 0);
}

/* ---- settings ---- */

static bool is_inside(const char *text)
{
    return (uintptr_t)text - (uintptr_t)bytes < size;
}

static void test_settings_are_read_in_place(void **state)
{
    (void)state;
    isere_function_config_t config;
    isere_fault_t fault;
    isere_function_config_init(&config);
    assert_int_equal(isere_function_config_read(&config, bytes, size, &fault),
                     0);
    assert_string_equal(config.name, "hello");
    assert_true(is_inside(config.name));
    assert_true(is_inside(config.env_block));
    expect_block(config.env_block, env);
    assert_null(config.env[0]);
    assert_int_equal(config.payload, ISERE_PAYLOAD_2_0);
    assert_int_equal(config.timeout_ms, 700);
    bytes[40] ^= 1;
    assert_int_equal(isere_function_config_read(&config, bytes, size, &fault),
                     ISERE_ERR_INVAL);
    assert_non_null(strstr(fault.message, "damaged"));
    bytes[40] ^= 1;
}

/* Rewrites the bundle with these settings, in place of what it had. */
static void rewrite(const isere_bundle_settings_t *settings)
{
    void *out;
    assert_int_equal(
        isere_bundle_rewrite(isere_test_port(), bytes, settings, &out, &size),
        0);
    isere_free(isere_test_port(), bytes);
    bytes = out;
}

static void test_each_setting_may_be_missing(void **state)
{
    (void)state;
    isere_function_config_t config;
    isere_fault_t fault;
    for (unsigned mask = 0; mask < 32; mask++) {
        isere_bundle_settings_t settings = {
            .name = mask & 1 ? "other" : NULL,
            .env = mask & 2 ? env : NULL,
            .handler = mask & 16 ? "$other_1" : NULL,
            .has_payload = mask & 4,
            .has_timeout = mask & 8,
            .payload = ISERE_PAYLOAD_1_0,
            .timeout_ms = 9,
        };
        rewrite(&settings);
        isere_function_config_init(&config);
        assert_int_equal(
            isere_function_config_read(&config, bytes, size, &fault), 0);
        assert_string_equal(config.name, mask & 1 ? "other" : "handler");
        assert_int_equal(config.env_block != NULL, (mask & 2) != 0);
        assert_int_equal(config.payload,
                         mask & 4 ? ISERE_PAYLOAD_1_0 : ISERE_PAYLOAD_ISERE);
        assert_int_equal(config.timeout_ms, mask & 8 ? 9 : 3000);
        if (mask & 16) {
            assert_string_equal(config.handler, "$other_1");
        } else {
            assert_null(config.handler);
        }
    }
    /* The way back gives the same bytes again. */
    rewrite(&parts.settings);
    void *fresh;
    size_t fresh_size;
    assert_int_equal(
        isere_bundle_write(isere_test_port(), &parts, &fresh, &fresh_size), 0);
    assert_int_equal(size, fresh_size);
    assert_memory_equal(bytes, fresh, size);
    isere_free(isere_test_port(), fresh);
}

static void test_wrong_settings_are_not_written(void **state)
{
    (void)state;
    static const char *const no_name[] = {"=x", NULL};
    static const char *const no_value[] = {"x", NULL};
    static char long_name[65];
    memset(long_name, 'n', 64);
    const isere_bundle_settings_t wrong[] = {
        {.name = ""},
        {.name = long_name},
        {.handler = ""},
        {.handler = "a.b"},
        {.env = no_name},
        {.env = no_value},
        {.has_payload = true, .payload = (isere_payload_t)3},
        {.has_timeout = true},
        {.has_timeout = true, .timeout_ms = 24 * 3600 * 1000 + 1},
    };
    void *out = NULL;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        size_t out_size = size;
        int error = isere_bundle_rewrite(isere_test_port(), bytes, &wrong[i],
                                         &out, &out_size);
        assert_true(error == ISERE_ERR_INVAL || error == ISERE_ERR_LIMIT);
        assert_null(out);
    }
    for (size_t n = 1; n <= 2; n++) {
        size_t out_size = size;
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = n;
        assert_int_equal(isere_bundle_rewrite(isere_test_port(), bytes,
                                              &parts.settings, &out, &out_size),
                         ISERE_ERR_NOMEM);
        assert_null(out);
    }
    isere_test_state()->fail_at = 0;
}

/* ---- damage ---- */

static void expect_refused(const unsigned char *damaged, size_t len)
{
    isere_bundle_t bundle;
    const char *reason = NULL;
    /* A block of exactly that size, for the sanitizer. */
    unsigned char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, damaged, len);
    assert_int_equal(isere_bundle_open(&bundle, copy, len, &reason),
                     ISERE_ERR_INVAL);
    assert_non_null(reason);
    free(copy);
}

static void test_every_damaged_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
        expect_refused(bytes, size);
        bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
    }
}

static void test_every_length_is_noticed(void **state)
{
    (void)state;
    for (size_t len = 0; len < size; len++) {
        expect_refused(bytes, len);
    }
    unsigned char longer[512] = {0};
    assert_true(size < sizeof(longer));
    memcpy(longer, bytes, size);
    for (size_t len = size + 1; len < sizeof(longer); len++) {
        expect_refused(longer, len);
    }
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (unsigned char)(v >> (8 * i));
    }
}

static void fix_checksum(void)
{
    put32(bytes + 20, isere_crc32(0, bytes + 24, size - 24));
}

/* Opening either refuses what the checksum does not protect from, or all that
 * it hands out lies within the bundle: the sanitizer watches the reads. */
static void read_all(const unsigned char *made, size_t len)
{
    isere_bundle_t bundle;
    isere_function_config_t config;
    const char *reason;
    const char *text;
    unsigned char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, made, len);
    if (isere_bundle_open(&bundle, copy, len, &reason) == 0) {
        size_t sum = strlen(bundle.root);
        for (unsigned i = 0; (text = isere_bundle_name(&bundle, i)); i++) {
            sum += strlen(text);
        }
        for (size_t k = 0; k < bundle.code_size; k++) {
            sum += bundle.code[k];
        }
        isere_function_config_init(&config);
        isere_bundle_configure(&bundle, &config);
        sum += strlen(config.name);
        for (text = config.env_block; text && *text;) {
            assert_non_null(strchr(text, '='));
            text += strlen(text) + 1;
        }
        assert_in_range(config.payload, 0, ISERE_PAYLOAD_2_0);
        assert_in_range(config.timeout_ms, 1, 24 * 3600 * 1000);
        assert_true(sum < SIZE_MAX);
        (void)isere_bundle_find(&bundle, "nope");
    }
    free(copy);
}

static void test_lies_behind_a_right_checksum(void **state)
{
    (void)state;
    static const uint32_t lies[] = {
        0, 1, 2, 7, 255, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
    for (size_t at = 24; at + 4 <= size; at++) {
        for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
            unsigned char kept[4];
            memcpy(kept, bytes + at, 4);
            put32(bytes + at, lies[i]);
            fix_checksum();
            read_all(bytes, size);
            memcpy(bytes + at, kept, 4);
        }
    }
    for (unsigned count = 0; count < 9; count++) {
        bytes[10] = (unsigned char)count;
        fix_checksum();
        if (count != 3) {
            expect_refused(bytes, size);
        }
    }
}

static void test_other_versions_say_so(void **state)
{
    (void)state;
    isere_bundle_t bundle;
    const char *reason;
    bytes[8]++;
    assert_int_equal(isere_bundle_open(&bundle, bytes, size, &reason),
                     ISERE_ERR_INVAL);
    assert_non_null(strstr(reason, "another format version"));
    bytes[8]--;
    bytes[12]++;
    assert_int_equal(isere_bundle_open(&bundle, bytes, size, &reason),
                     ISERE_ERR_INVAL);
    assert_non_null(strstr(reason, "another engine"));
    assert_int_equal(isere_bundle_open(&bundle, "export", 6, &reason),
                     ISERE_ERR_INVAL);
    assert_non_null(strstr(reason, "not a bytecode file"));
    assert_false(isere_bundle_detect("export const handler = 1", 24));
    assert_false(isere_bundle_detect("", 0));
}

/* A setting may stand there once, in order, and be of a known kind. */
static void test_kinds_of_settings(void **state)
{
    (void)state;
    const isere_bundle_settings_t settings = {
        .has_payload = true, .has_timeout = true, .timeout_ms = 1};
    rewrite(&settings);
    /* The two settings, 12 bytes each, lie right before the code. */
    unsigned char *payload = bytes + size - 28 - 24;
    unsigned char *timeout = payload + 12;
    assert_int_equal(payload[0], 3);
    assert_int_equal(timeout[0], 4);
    static const unsigned char kinds[][2] = {{4, 3}, {3, 3}, {4, 4}, {0, 4},
                                             {3, 5}, {1, 4}, {2, 4}, {3, 0}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        payload[0] = kinds[i][0];
        timeout[0] = kinds[i][1];
        fix_checksum();
        expect_refused(bytes, size);
    }
    payload[0] = 3;
    timeout[0] = 4;
    fix_checksum();
    isere_bundle_t bundle;
    const char *reason;
    assert_int_equal(isere_bundle_open(&bundle, bytes, size, &reason), 0);
}

static void test_limits_of_writing(void **state)
{
    (void)state;
    const isere_port_t *port = isere_test_port();
    static char name[2000];
    const char *const long_names[] = {name};
    isere_bundle_parts_t wrong = parts;
    void *out = NULL;
    size_t out_size;
    memset(name, 'n', sizeof(name) - 1);
    wrong.names = long_names;
    wrong.count = 1;
    assert_int_equal(isere_bundle_write(port, &wrong, &out, &out_size),
                     ISERE_ERR_LIMIT);
    wrong = parts;
    wrong.root = name;
    assert_int_equal(isere_bundle_write(port, &wrong, &out, &out_size),
                     ISERE_ERR_LIMIT);
    wrong = parts;
    wrong.count = 70000;
    assert_int_equal(isere_bundle_write(port, &wrong, &out, &out_size),
                     ISERE_ERR_LIMIT);
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 1;
    assert_int_equal(isere_bundle_write(port, &parts, &out, &out_size),
                     ISERE_ERR_NOMEM);
    assert_null(out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_settings_are_read_in_place),
        TEST(test_each_setting_may_be_missing),
        TEST(test_wrong_settings_are_not_written),
        TEST(test_every_damaged_bit_is_noticed),
        TEST(test_every_length_is_noticed),
        TEST(test_lies_behind_a_right_checksum),
        TEST(test_kinds_of_settings),
        TEST(test_other_versions_say_so),
        TEST(test_limits_of_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
