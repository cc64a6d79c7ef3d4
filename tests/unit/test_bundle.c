/* Bundles: written and read back, damaged at every byte, cut at every length,
 * and made wrong on purpose behind a right checksum. */
#include "core/js/bundle.h"
#include "core/util/crc32.h"
#include "tests/unit/support/test_port.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const isere_bundle_module_t modules[] = {
    {"js/main.js", (const uint8_t *)"code of main", 12},
    {"js/lib/a.js", (const uint8_t *)"a", 1},
    {"js/b.js", (const uint8_t *)"", 0},
};

static unsigned char *bytes;
static size_t size;

static int setup(void **state)
{
    (void)state;
    void *out;
    isere_test_port_reset();
    int error =
        isere_bundle_write(isere_test_port(), modules, 3, "js/", &out, &size);
    bytes = out;
    return error;
}

static int teardown(void **state)
{
    (void)state;
    isere_test_port()->resize(NULL, bytes, 0);
    return isere_test_state()->live_blocks == 0 ? 0 : -1;
}

static void expect_module(const isere_bundle_module_t *found,
                          const isere_bundle_module_t *wanted)
{
    assert_string_equal(found->name, wanted->name);
    assert_int_equal(found->code_size, wanted->code_size);
    assert_memory_equal(found->code, wanted->code, wanted->code_size);
    /* Bytecode is read as words. */
    assert_int_equal((uintptr_t)found->code % 4, 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    isere_bundle_t bundle;
    isere_bundle_module_t module;
    const char *reason;
    assert_true(isere_bundle_detect(bytes, size));
    assert_int_equal(isere_bundle_open(&bundle, bytes, size, &reason), 0);
    assert_int_equal(bundle.nmodules, 3);
    assert_string_equal(bundle.root, "js/");
    for (unsigned i = 0; i < 3; i++) {
        assert_true(isere_bundle_module(&bundle, i, &module));
        expect_module(&module, &modules[i]);
        assert_true(isere_bundle_find(&bundle, modules[i].name, &module));
        expect_module(&module, &modules[i]);
    }
    assert_false(isere_bundle_module(&bundle, 3, &module));
    assert_false(isere_bundle_find(&bundle, "main.js", &module));
    assert_false(isere_bundle_find(&bundle, "", &module));
}

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
    isere_bundle_module_t module;
    const char *reason;
    unsigned char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, made, len);
    if (isere_bundle_open(&bundle, copy, len, &reason) == 0) {
        size_t sum = strlen(bundle.root);
        for (unsigned i = 0; isere_bundle_module(&bundle, i, &module); i++) {
            sum += strlen(module.name);
            for (size_t k = 0; k < module.code_size; k++) {
                sum += module.code[k];
            }
        }
        assert_true(sum < SIZE_MAX);
        (void)isere_bundle_find(&bundle, "nope", &module);
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

static void test_limits_of_writing(void **state)
{
    (void)state;
    const isere_port_t *port = isere_test_port();
    static char name[2000];
    isere_bundle_module_t module = {name, (const uint8_t *)"x", 1};
    void *out = NULL;
    size_t out_size;
    memset(name, 'n', sizeof(name) - 1);
    assert_int_equal(isere_bundle_write(port, &module, 1, "", &out, &out_size),
                     ISERE_ERR_LIMIT);
    assert_int_equal(
        isere_bundle_write(port, modules, 1, name, &out, &out_size),
        ISERE_ERR_LIMIT);
    assert_int_equal(
        isere_bundle_write(port, modules, 70000, "", &out, &out_size),
        ISERE_ERR_LIMIT);
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 1;
    assert_int_equal(isere_bundle_write(port, modules, 3, "", &out, &out_size),
                     ISERE_ERR_NOMEM);
    assert_null(out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_every_damaged_bit_is_noticed),
        TEST(test_every_length_is_noticed),
        TEST(test_lies_behind_a_right_checksum),
        TEST(test_other_versions_say_so),
        TEST(test_limits_of_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
