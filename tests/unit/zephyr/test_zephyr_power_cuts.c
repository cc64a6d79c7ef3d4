/*
 * Power is cut off in every operation of the flash that a deploy needs, before
 * it, in the middle of it and after it. Afterwards every blob is what it was or
 * what it was to be, and the next deploy works.
 */
#include "isere/error.h"
#include "ram_flash.h"
#include "tests/unit/support/unit.h"

enum { OTHERS = 40 };

static ram_flash_t flash;
static ram_flash_t before;
static isere_zephyr_blobs_t blobs;
static isere_blobs_t table;
static char big[32768];
static char buf[32768];
static int others; /* small blobs that are there, too */

static int mount(void)
{
    return ram_flash_mount(&flash, &blobs, &table);
}

static int setup(void **state)
{
    (void)state;
    others = 0;
    ram_flash_init(&flash);
    ram_flash_pattern(big, sizeof(big));
    return 0;
}

/* The package of a version of the function f: where it lies in `big`. */
static isere_slice_t package(int version)
{
    return isere_slice_of(big + version, 100 + (size_t)version * 2777 % 14000);
}

/* A deploy as the store does it: the package, the manifest, then what nobody
 * refers to any more is removed. */
static int deploy(int version)
{
    char name[16];
    char head[32];
    isere_slice_t text = package(version);
    isere_slice_t parts[] = {
        isere_slice_of(text.ptr, 50),
        isere_slice_of(text.ptr + 50, text.len - 50),
    };
    snprintf(name, sizeof(name), "f.%d", version);
    int error = table.write(table.ctx, name, parts, 2);
    if (!error) {
        int len = snprintf(head, sizeof(head), "current %d", version);
        isere_slice_t part = isere_slice_of(head, (size_t)len);
        error = table.write(table.ctx, "f", &part, 1);
    }
    if (!error && version > 2) {
        snprintf(name, sizeof(name), "f.%d", version - 2);
        error = table.remove(table.ctx, name);
        if (error == ISERE_ERR_NOENT) {
            error = 0; /* when power went, it was done already */
        }
    }
    return error;
}

static void check_package(const char *name, isere_slice_t text)
{
    int n = table.read(table.ctx, name, 0, buf, sizeof(buf));
    assert_int_equal(n, text.len);
    assert_memory_equal(buf, text.ptr, text.len);
}

/* Whether there is one of that name, which is whole then. */
static bool check_version(int version)
{
    char name[16];
    snprintf(name, sizeof(name), "f.%d", version);
    if (version < 1 || table.read(table.ctx, name, 0, buf, 1) < 0) {
        return false;
    }
    check_package(name, package(version));
    return true;
}

static void count_blob(void *arg, const char *name, size_t size)
{
    (void)size;
    assert_true(strcmp(name, "g") == 0 || strcmp(name, "f") == 0 ||
                strncmp(name, "f.", 2) == 0 || strncmp(name, "a.", 2) == 0 ||
                strncmp(name, "x.", 2) == 0);
    (*(int *)arg)++;
}

/* Returns the version that is current. */
static int check_all(int version)
{
    int current = 0;
    int count = 0;
    int found = 0;
    int n = table.read(table.ctx, "f", 0, buf, sizeof(buf) - 1);
    if (n >= 0) {
        buf[n] = '\0';
        assert_int_equal(sscanf(buf, "current %d", &current), 1);
        assert_true(check_version(current));
        found++;
    }
    assert_true(current == version || current == version - 1);
    for (int v = version - 3; v <= version; v++) {
        found += check_version(v);
    }
    if (current > 1) {
        assert_true(check_version(current - 1));
    }
    check_package("g", isere_slice_of(big, 5000));
    for (int i = 0; i < others; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%c.%d", i % 2 ? 'a' : 'x', i);
        check_package(name, isere_slice_of(big + i, 240));
    }
    assert_int_equal(table.list(table.ctx, count_blob, &count), 0);
    assert_int_equal(count, found + others + 1);
    return current;
}

static uint64_t get_state(void)
{
    uint64_t state;
    assert_int_equal(table.state(table.ctx, &state), 0);
    return state;
}

/* The states before and after a deploy without a cut. */
static uint64_t old_state;
static uint64_t new_state;

/* Whoever knows one of them knows what is there; it stays when the flash is
 * mounted again. */
static void check_state(int version)
{
    uint64_t state = get_state();
    assert_int_equal(mount(), 0);
    assert_true(get_state() == state);
    int current = check_all(version);
    assert_true(state != old_state || current == version - 1);
    assert_true(state != new_state || current == version);
}

/* The deploy of `version` on the flash `before`, with a cut. */
static void cut(int version, int at, enum ram_flash_cut how)
{
    flash = before;
    ram_flash_power_on(&flash, 0, how);
    assert_int_equal(mount(), 0);
    ram_flash_power_on(&flash, at, how);
    assert_true(deploy(version) < 0);
    assert_true(flash.off);
    ram_flash_power_on(&flash, 0, how);
    assert_int_equal(mount(), 0);
    check_state(version);
    assert_int_equal(deploy(version), 0);
    assert_int_equal(check_all(version), version);
}

static void cut_everywhere(int deploys)
{
    int operations = 0;
    for (int version = 1; version <= deploys; version++) {
        static ram_flash_t after;
        before = flash;
        assert_int_equal(mount(), 0);
        old_state = get_state();
        ram_flash_power_on(&flash, 0, RAM_FLASH_BEFORE);
        assert_int_equal(deploy(version), 0);
        int writes = flash.writes;
        new_state = get_state();
        assert_true(old_state != new_state);
        after = flash;
        operations += writes;
        for (int at = 1; at <= writes; at++) {
            for (int how = 0; how < RAM_FLASH_CUTS; how++) {
                cut(version, at, (enum ram_flash_cut)how);
            }
        }
        flash = after;
    }
    print_message("%d operations, %d cuts each\n", operations, RAM_FLASH_CUTS);
    assert_true(operations > deploys * 10);
}

static void test_every_operation_of_a_deploy(void **state)
{
    (void)state;
    isere_slice_t g = isere_slice_of(big, 5000);
    assert_int_equal(mount(), 0);
    assert_int_equal(table.write(table.ctx, "g", &g, 1), 0);
    cut_everywhere(20); /* the folder is compacted several times */
}

/* The folder takes several pairs of blocks: the new file and its name are not
 * in the same one. */
static void test_every_operation_in_a_large_folder(void **state)
{
    (void)state;
    isere_slice_t g = isere_slice_of(big, 5000);
    assert_int_equal(mount(), 0);
    assert_int_equal(table.write(table.ctx, "g", &g, 1), 0);
    for (others = 0; others < OTHERS; others++) {
        char name[16];
        isere_slice_t text = isere_slice_of(big + others, 240);
        snprintf(name, sizeof(name), "%c.%d", others % 2 ? 'a' : 'x', others);
        assert_int_equal(table.write(table.ctx, name, &text, 1), 0);
    }
    cut_everywhere(4);
}

/* The first start: formatting, the folder, the token. */
static int first_start(void)
{
    int error = mount();
    if (!error) {
        error = isere_zephyr_blobs_write_file(&blobs, "token",
                                              isere_slice_of(big, 64));
    }
    return error;
}

static void test_every_operation_of_the_first_start(void **state)
{
    (void)state;
    assert_int_equal(first_start(), 0);
    int writes = flash.writes;
    print_message("%d operations, %d cuts each\n", writes, RAM_FLASH_CUTS);
    assert_true(writes > 4);
    for (int at = 1; at <= writes; at++) {
        for (int how = 0; how < RAM_FLASH_CUTS; how++) {
            ram_flash_init(&flash);
            ram_flash_power_on(&flash, at, (enum ram_flash_cut)how);
            assert_true(first_start() < 0);
            ram_flash_power_on(&flash, 0, RAM_FLASH_BEFORE);
            assert_int_equal(mount(), 0);
            int n = isere_zephyr_blobs_read_file(&blobs, "token", buf, 65);
            assert_true(n == 64 || n == ISERE_ERR_NOENT);
            assert_true(n < 0 || memcmp(buf, big, 64) == 0);
            assert_int_equal(first_start(), 0);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_every_operation_of_a_deploy),
        TEST(test_every_operation_in_a_large_folder),
        TEST(test_every_operation_of_the_first_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
