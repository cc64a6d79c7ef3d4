/* The function store: versions, damage, a full medium. What happens when an
 * operation fails or the power goes is in test_store_faults.c. */
#include "core/store/record.h"
#include "tests/unit/support/server/sim_blobs.h"
#include "tests/unit/support/server/store_change.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static sim_blobs_t medium;
static isere_store_t store;
static isere_store_manifest_t manifest;

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    sim_blobs_init(&medium);
    return store_open(&store, isere_test_port(), &medium.table);
}

static int teardown(void **state)
{
    (void)state;
    sim_blobs_clear(&medium);
    return isere_test_leaks();
}

static int put(const char *name, const char *text)
{
    return store_put(&store, name, text, &manifest);
}

static void expect_manifest(const char *name, uint32_t current,
                            uint32_t previous, uint32_t last)
{
    isere_store_manifest_t h;
    assert_int_equal(isere_store_manifest(&store, name, &h), 0);
    assert_string_equal(h.name, name);
    assert_int_equal(h.current, current);
    assert_int_equal(h.previous, previous);
    assert_int_equal(h.last, last);
}

static void expect_text(const char *name, uint32_t version, const char *text)
{
    isere_store_package_t d;
    uint8_t sum[ISERE_SHA256_SIZE];
    const isere_port_t *port = isere_test_port();
    assert_int_equal(isere_store_read(&store, name, version, &d), 0);
    assert_int_equal(d.size, strlen(text));
    assert_string_equal((const char *)d.text, text);
    isere_sha256_of(text, strlen(text), sum);
    assert_memory_equal(d.sha256, sum, sizeof(sum));
    isere_free(port, d.text);
}

static int read_version(const char *name, uint32_t version)
{
    isere_store_package_t d;
    const isere_port_t *port = isere_test_port();
    int error = isere_store_read(&store, name, version, &d);
    if (error == 0) {
        isere_free(port, d.text);
    }
    return error;
}

static void reopen(void)
{
    assert_int_equal(store_open(&store, isere_test_port(), &medium.table), 0);
}

static void expect_logged(const char *part)
{
    assert_non_null(strstr(isere_test_state()->log, part));
    isere_test_state()->log[0] = '\0';
}

/* ---- what it is for ---- */

static void test_names(void **state)
{
    static const char *const bad[] = {"",   "A",   "a.b", "a/b",
                                      "..", "a_b", "a b", "\xc3\xa4"};
    (void)state;
    assert_true(isere_function_name_is_valid(isere_slice("a")));
    assert_true(isere_function_name_is_valid(isere_slice("-9z-")));
    assert_true(isere_function_name_is_valid(
        isere_slice("12345678901234567890123456789012")));
    assert_false(isere_function_name_is_valid(
        isere_slice("123456789012345678901234567890123")));
    assert_false(isere_function_name_is_valid(isere_slice_of("a\0b", 3)));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(isere_function_name_is_valid(isere_slice(bad[i])));
        assert_int_equal(put(bad[i], "text"), ISERE_ERR_INVAL);
        assert_int_equal(isere_store_manifest(&store, bad[i], &manifest),
                         ISERE_ERR_NOENT);
        assert_int_equal(read_version(bad[i], 1), ISERE_ERR_NOENT);
        assert_int_equal(store_rollback(&store, bad[i], &manifest),
                         ISERE_ERR_NOENT);
        assert_int_equal(isere_store_remove(&store, bad[i]), ISERE_ERR_NOENT);
    }
    assert_int_equal(sim_blobs_count(&medium), 0);
}

static void test_versions(void **state)
{
    (void)state;
    assert_int_equal(isere_store_manifest(&store, "f", &manifest),
                     ISERE_ERR_NOENT);
    assert_int_equal(read_version("f", 1), ISERE_ERR_NOENT);
    assert_int_equal(put("f", "one"), 0);
    expect_manifest("f", 1, 0, 1);
    assert_int_equal(put("f", "two"), 0);
    expect_manifest("f", 2, 1, 2);
    assert_int_equal(put("f", ""), 0);
    assert_string_equal(manifest.name, "f");
    assert_int_equal(manifest.current, 3);
    expect_manifest("f", 3, 2, 3);
    expect_text("f", 3, "");
    expect_text("f", 2, "two");
    assert_int_equal(read_version("f", 1), ISERE_ERR_NOENT);
    assert_int_equal(read_version("f", 0), ISERE_ERR_NOENT);
    assert_int_equal(sim_blobs_count(&medium), 3);
    reopen();
    expect_manifest("f", 3, 2, 3);
    assert_int_equal(isere_test_state()->log_lines, 0);
}

/* A number is never given twice. */
static void test_rollback(void **state)
{
    (void)state;
    assert_int_equal(store_rollback(&store, "f", &manifest), ISERE_ERR_NOENT);
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(store_rollback(&store, "f", &manifest), ISERE_ERR_NOENT);
    assert_int_equal(put("f", "two"), 0);
    assert_int_equal(store_rollback(&store, "f", &manifest), 0);
    assert_int_equal(manifest.current, 1);
    expect_manifest("f", 1, 0, 2);
    expect_text("f", 1, "one");
    assert_int_equal(sim_blobs_count(&medium), 2);
    assert_int_equal(store_rollback(&store, "f", &manifest), ISERE_ERR_NOENT);
    assert_int_equal(put("f", "three"), 0);
    expect_manifest("f", 3, 1, 3);
}

static void test_remove(void **state)
{
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    assert_int_equal(put("f-1", "other"), 0);
    assert_int_equal(isere_store_remove(&store, "f"), 0);
    assert_int_equal(isere_store_remove(&store, "f"), ISERE_ERR_NOENT);
    assert_int_equal(sim_blobs_count(&medium), 2);
    expect_text("f-1", 1, "other");
    assert_int_equal(put("f", "again"), 0);
    expect_manifest("f", 1, 0, 1);
}

static void test_list(void **state)
{
    static const char *const names[] = {"z", "b", "-", "b-b", "a", "0"};
    static const char *const sorted[] = {"-", "0", "a", "b", "b-b", "z"};
    const isere_port_t *port = isere_test_port();
    isere_store_manifest_t *manifests;
    (void)state;
    assert_int_equal(isere_store_open(&store, port, &medium.table, &manifests),
                     0);
    assert_null(manifests);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(put(names[i], names[i]), 0);
    }
    assert_int_equal(put("b", "again"), 0);
    sim_blobs_put(&medium, "a", "nonsense", 8);
    sim_blobs_drop(&medium, "0.1");
    assert_int_equal(isere_store_open(&store, port, &medium.table, &manifests),
                     6);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(manifests[i].name, sorted[i]);
        assert_int_equal(manifests[i].current, i == 1 || i == 2 ? 0
                                               : i == 3         ? 2
                                                                : 1);
    }
    isere_free(port, manifests);
}

/* As docs/store.md has it. */
static void test_bytes(void **state)
{
    static const uint8_t manifest_bytes[] = {
        0x89, 'i', 's', 'H', 1, 0, 0, 0, 2,    0,    0,    0,
        1,    0,   0,   0,   2, 0, 0, 0, 0xef, 0x95, 0x1f, 0x95};
    static const uint8_t version_bytes[] = {
        0x89, 'i',  's',  'V',  1,    0,    0,    0,    2,    0,    0,
        0,    3,    0,    0,    0,    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01,
        0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0,
        0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
        0xf2, 0x00, 0x15, 0xad, 'a',  'b',  'c'};
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "abc"), 0);
    const sim_blob_t *blob = sim_blobs_find(&medium, "f");
    assert_int_equal(blob->size, sizeof(manifest_bytes));
    assert_memory_equal(blob->bytes, manifest_bytes, sizeof(manifest_bytes));
    blob = sim_blobs_find(&medium, "f.2");
    assert_int_equal(blob->size, sizeof(version_bytes));
    assert_memory_equal(blob->bytes, version_bytes, sizeof(version_bytes));
}

/* ---- damage ---- */

static void expect_damaged_manifest(const char *name, int blobs)
{
    isere_store_manifest_t *manifests;
    const isere_port_t *port = isere_test_port();
    isere_test_state()->log_lines = 0;
    reopen();
    assert_int_equal(isere_test_state()->log_lines, 1);
    assert_int_equal(isere_test_state()->log_level, ISERE_LOG_ERROR);
    assert_int_equal(isere_store_manifest(&store, name, &manifest),
                     ISERE_ERR_INVAL);
    expect_logged("is damaged");
    assert_string_equal(manifest.name, name);
    assert_int_equal(manifest.current, 0);
    assert_int_equal(isere_store_open(&store, port, &medium.table, &manifests),
                     1);
    assert_int_equal(manifests[0].current, 0);
    isere_free(port, manifests);
    assert_int_equal(sim_blobs_count(&medium), blobs);
}

static void test_every_damaged_byte_of_a_manifest(void **state)
{
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    sim_blobs_put(&medium, "f.7", "x", 1); /* unreferenced, yet it stays */
    unsigned char *bytes = sim_blobs_find(&medium, "f")->bytes;
    for (size_t i = 0; i < ISERE_MANIFEST_SIZE; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1u << bit);
            expect_damaged_manifest("f", 4);
            assert_int_equal(store_rollback(&store, "f", &manifest),
                             ISERE_ERR_INVAL);
            bytes[i] ^= (unsigned char)(1u << bit);
        }
    }
    reopen();
    assert_int_equal(sim_blobs_count(&medium), 3);
    expect_manifest("f", 2, 1, 2);
}

static void test_lengths_of_a_manifest(void **state)
{
    unsigned char bytes[ISERE_MANIFEST_SIZE + 8] = {0};
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    memcpy(bytes, sim_blobs_find(&medium, "f")->bytes, ISERE_MANIFEST_SIZE);
    for (size_t size = 0; size < sizeof(bytes); size++) {
        if (size != ISERE_MANIFEST_SIZE) {
            sim_blobs_put(&medium, "f", bytes, size);
            expect_damaged_manifest("f", 2);
        }
    }
}

static void put_manifest(const char *name, uint32_t current, uint32_t previous,
                         uint32_t last)
{
    uint8_t bytes[ISERE_MANIFEST_SIZE];
    isere_store_manifest_t h = {
        .current = current, .previous = previous, .last = last};
    isere__record_encode_manifest(&h, bytes);
    sim_blobs_put(&medium, name, bytes, sizeof(bytes));
}

/* Rightly checked sums do not make right numbers. */
static void test_numbers_of_a_manifest(void **state)
{
    static const uint32_t bad[][3] = {{0, 0, 0}, {0, 1, 2}, {1, 1, 2},
                                      {2, 1, 1}, {1, 3, 2}, {3, 2, 2}};
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put_manifest("f", bad[i][0], bad[i][1], bad[i][2]);
        expect_damaged_manifest("f", 3);
        expect_logged("");
    }
    put_manifest("f", 1, 2,
                 UINT32_MAX); /* after a rollback that went forward */
    expect_manifest("f", 1, 2, UINT32_MAX);
    assert_int_equal(put("f", "three"), ISERE_ERR_LIMIT);
    expect_manifest("f", 1, 2, UINT32_MAX);
}

static void test_missing_versions(void **state)
{
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    sim_blobs_drop(&medium, "f.1");
    expect_manifest("f", 2, 1, 2);
    assert_int_equal(read_version("f", 1), ISERE_ERR_INVAL);
    expect_logged("version 1 in the store is damaged: it is missing");
    assert_int_equal(store_rollback(&store, "f", &manifest), ISERE_ERR_INVAL);
    expect_text("f", 2, "two");
    sim_blobs_drop(&medium, "f.2");
    assert_int_equal(read_version("f", 2), ISERE_ERR_INVAL);
    expect_damaged_manifest("f", 1);
    assert_int_equal(put("f", "three"), 0); /* as if there were none before */
    expect_manifest("f", 3, 0, 3);
}

static void test_every_damaged_byte_of_a_version(void **state)
{
    uint8_t before[ISERE_MANIFEST_SIZE];
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    const sim_blob_t *f = sim_blobs_find(&medium, "f");
    const sim_blob_t *one = sim_blobs_find(&medium, "f.1");
    memcpy(before, f->bytes, sizeof(before));
    for (size_t i = 0; i < one->size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            one->bytes[i] ^= (unsigned char)(1u << bit);
            assert_int_equal(read_version("f", 1), ISERE_ERR_INVAL);
            expect_logged("version 1 in the store is damaged");
            assert_int_equal(store_rollback(&store, "f", &manifest),
                             ISERE_ERR_INVAL);
            expect_logged("version 1 in the store is damaged");
            reopen();
            one->bytes[i] ^= (unsigned char)(1u << bit);
        }
    }
    assert_memory_equal(f->bytes, before, sizeof(before));
    assert_int_equal(store_rollback(&store, "f", &manifest), 0);
}

static void test_lengths_of_a_version(void **state)
{
    unsigned char bytes[ISERE_RECORD_SIZE + 16] = {0};
    size_t right;
    (void)state;
    assert_int_equal(put("f", "a package"), 0);
    const sim_blob_t *blob = sim_blobs_find(&medium, "f.1");
    right = blob->size;
    memcpy(bytes, blob->bytes, right);
    for (size_t size = 0; size < sizeof(bytes); size++) {
        sim_blobs_put(&medium, "f.1", bytes, size);
        assert_int_equal(read_version("f", 1),
                         size == right ? 0 : ISERE_ERR_INVAL);
    }
}

/* A length that is not there is not asked for. */
static void test_lengths_are_not_believed(void **state)
{
    static const uint32_t sizes[] = {4,          1u << 20,        0x7fffffff,
                                     0x80000000, UINT32_MAX - 48, UINT32_MAX};
    uint8_t sum[ISERE_SHA256_SIZE], bytes[ISERE_RECORD_SIZE + 3] = {0};
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    isere_sha256_of("one", 3, sum);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        isere__record_encode_version(1, sizes[i], sum, bytes);
        sim_blobs_put(&medium, "f.1", bytes, sizeof(bytes));
        isere_test_state()->allocations = 0;
        assert_int_equal(read_version("f", 1), ISERE_ERR_INVAL);
        expect_logged("its length is wrong");
        assert_int_equal(isere_test_state()->allocations, 0);
    }
}

/* What was deployed last is damaged: what it replaced is worth more. */
static void test_put_keeps_a_version_that_is_whole(void **state)
{
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    sim_blobs_find(&medium, "f.2")->bytes[ISERE_RECORD_SIZE] ^= 1;
    assert_int_equal(put("f", "three"), 0);
    expect_manifest("f", 3, 1, 3);
    assert_int_equal(sim_blobs_count(&medium), 3);
    assert_int_equal(store_rollback(&store, "f", &manifest), 0);
    expect_text("f", 1, "one");
    sim_blobs_find(&medium, "f.1")->bytes[ISERE_RECORD_SIZE] ^= 1;
    assert_int_equal(put("f", "four"), 0);
    expect_manifest("f", 4, 0, 4);
}

static void test_put_over_a_damaged_manifest(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(put("f", "old"), 0);
    }
    sim_blobs_put(&medium, "f", "", 0);
    assert_int_equal(put("f", "new"), 0);
    expect_manifest("f", 6, 0, 6);
    expect_text("f", 6, "new");
    assert_int_equal(sim_blobs_count(&medium), 2);
    sim_blobs_put(&medium, "f", "", 0);
    assert_int_equal(isere_store_remove(&store, "f"), 0);
    assert_int_equal(sim_blobs_count(&medium), 0);
}

/* ---- tidying ---- */

static void test_tidying_leaves_what_it_does_not_know(void **state)
{
    static const char *const others[] = {
        "token.key",
        "f.01",
        "f.0",
        "f.",
        "f.4294967296",
        "f.1.2",
        "a-name-that-is-longer-than-a-function-s"};
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        sim_blobs_put(&medium, others[i], "x", 1);
    }
    sim_blobs_put(&medium, "f.2", "x", 1);
    sim_blobs_put(&medium, "f.4294967295", "x", 1);
    sim_blobs_put(&medium, "g.1", "x", 1);
    reopen();
    assert_int_equal(sim_blobs_count(&medium), 2 + 7);
    expect_text("f", 1, "one");
    assert_int_equal(isere_test_state()->log_lines, 0);
}

/* ---- no room, no memory ---- */

static void test_full(void **state)
{
    static const char text[] = "a package that is longer than a manifest";
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    size_t used = medium.used;
    size_t peak = used + ISERE_RECORD_SIZE + strlen(text) + ISERE_MANIFEST_SIZE;
    for (medium.capacity = 0; medium.capacity < peak; medium.capacity++) {
        unsigned long before = medium.operations;
        assert_int_equal(put("f", text), ISERE_ERR_LIMIT);
        assert_true(medium.operations > before);
        assert_int_equal(medium.used, used);
        assert_int_equal(sim_blobs_count(&medium), 3);
        expect_manifest("f", 2, 1, 2);
        assert_int_equal(put("g", text), ISERE_ERR_LIMIT);
        assert_int_equal(medium.used, used);
    }
    /* The old versions stay until the new one is complete, no longer. */
    assert_int_equal(put("f", text), 0);
    expect_manifest("f", 3, 2, 3);
    expect_text("f", 2, "two");
    expect_text("f", 3, text);
    medium.capacity = medium.used;
    assert_int_equal(store_rollback(&store, "f", &manifest), ISERE_ERR_LIMIT);
    expect_manifest("f", 3, 2, 3);
    assert_int_equal(isere_store_remove(&store, "f"), 0);
    assert_int_equal(medium.used, 0);
}

static void test_without_memory(void **state)
{
    isere_test_state_t *memory = isere_test_state();
    const isere_port_t *port = isere_test_port();
    isere_store_manifest_t *manifests;
    (void)state;
    assert_int_equal(put("f", "one"), 0);
    assert_int_equal(put("f", "two"), 0);
    memory->fail_after = true;
    memory->fail_at = 1;
    memory->allocations = 0;
    assert_int_equal(store_open(&store, port, &medium.table), ISERE_ERR_NOMEM);
    assert_int_equal(isere_store_open(&store, port, &medium.table, &manifests),
                     ISERE_ERR_NOMEM);
    assert_int_equal(read_version("f", 2), ISERE_ERR_NOMEM);
    /* Changes need none; what they could not tidy is tidied later. */
    assert_int_equal(put("f", "three"), 0);
    assert_int_equal(store_rollback(&store, "f", &manifest), 0);
    assert_int_equal(sim_blobs_count(&medium), 4);
    assert_int_equal(put("g", "one"), 0);
    assert_int_equal(isere_store_remove(&store, "g"), 0);
    memory->fail_at = 0;
    reopen();
    assert_int_equal(sim_blobs_count(&medium), 2);
    expect_text("f", 2, "two");
    expect_manifest("f", 2, 0, 3);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_names),
        TEST(test_versions),
        TEST(test_rollback),
        TEST(test_remove),
        TEST(test_list),
        TEST(test_bytes),
        TEST(test_every_damaged_byte_of_a_manifest),
        TEST(test_lengths_of_a_manifest),
        TEST(test_numbers_of_a_manifest),
        TEST(test_missing_versions),
        TEST(test_every_damaged_byte_of_a_version),
        TEST(test_lengths_of_a_version),
        TEST(test_lengths_are_not_believed),
        TEST(test_put_keeps_a_version_that_is_whole),
        TEST(test_put_over_a_damaged_manifest),
        TEST(test_tidying_leaves_what_it_does_not_know),
        TEST(test_full),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
