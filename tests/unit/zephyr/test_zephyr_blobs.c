/* Blobs in a littlefs: what they hold, a full store, flash that is damaged. */
#include "isere/error.h"
#include "ram_flash.h"
#include "tests/unit/support/unit.h"
#include <lfs_util.h>

static ram_flash_t flash;
static isere_zephyr_blobs_t blobs;
static isere_blobs_t table;
static char big[RAM_FLASH_SIZE];
static char buf[RAM_FLASH_SIZE];

static int mount(void)
{
    return ram_flash_mount(&flash, &blobs, &table);
}

static int setup(void **state)
{
    (void)state;
    ram_flash_init(&flash);
    ram_flash_pattern(big, sizeof(big));
    return mount();
}

static int put(const char *name, const char *bytes, size_t size)
{
    isere_slice_t part = isere_slice_of(bytes, size);
    return table.write(table.ctx, name, &part, 1);
}

static void check(const char *name, const char *bytes, size_t size)
{
    memset(buf, 0, size);
    assert_int_equal(table.read(table.ctx, name, 0, buf, sizeof(buf)), size);
    assert_memory_equal(buf, bytes, size);
}

static void add_line(void *arg, const char *name, size_t size)
{
    char *text = arg;
    sprintf(text + strlen(text), "%s=%zu ", name, size);
}

static const char *names(void)
{
    static char text[4096];
    text[0] = '\0';
    assert_int_equal(table.list(table.ctx, add_line, text), 0);
    return text;
}

/* As the CRC-32 of "123456789" is known, without its last inversion, whole and
 * in pieces: flash that was written before is read with it. */
static void test_its_checksum_is_that_of_littlefs(void **state)
{
    (void)state;
    assert_int_equal(lfs_crc(0xFFFFFFFF, "123456789", 9), 0x340BC6D9);
    assert_int_equal(lfs_crc(lfs_crc(0xFFFFFFFF, "1234", 4), "56789", 5),
                     0x340BC6D9);
    assert_int_equal(lfs_crc(0x12345678, "", 0), 0x12345678);
}

static void test_what_was_written_is_read(void **state)
{
    (void)state;
    isere_slice_t parts[] = {
        isere_slice_of("one ", 4),
        isere_slice_of("", 0),
        isere_slice_of(big, 10000),
    };
    assert_int_equal(table.write(table.ctx, "a.1", parts, 3), 0);
    assert_int_equal(put("a", "x", 1), 0);
    assert_int_equal(put("empty", "", 0), 0);
    for (int again = 0; again < 2; again++) {
        memcpy(buf, "one ", 4);
        assert_int_equal(table.read(table.ctx, "a.1", 0, buf, sizeof(buf)),
                         10004);
        assert_memory_equal(buf, "one ", 4);
        assert_memory_equal(buf + 4, big, 10000);
        assert_int_equal(table.read(table.ctx, "a.1", 5004, buf, 17), 17);
        assert_memory_equal(buf, big + 5000, 17);
        assert_int_equal(table.read(table.ctx, "a.1", 10000, buf, 99), 4);
        assert_int_equal(table.read(table.ctx, "a.1", 10004, buf, 99), 0);
        assert_int_equal(table.read(table.ctx, "a.1", SIZE_MAX, buf, 99), 0);
        check("empty", "", 0);
        assert_non_null(strstr(names(), "a=1 "));
        assert_non_null(strstr(names(), "a.1=10004 "));
        assert_non_null(strstr(names(), "empty=0 "));
        assert_int_equal(strlen(names()), strlen("a=1 a.1=10004 empty=0 "));
        assert_int_equal(mount(), 0); /* all of it is on the flash */
    }
}

static void test_replacing_and_removing(void **state)
{
    (void)state;
    assert_int_equal(put("f", big, 9000), 0);
    assert_int_equal(put("f", "short", 5), 0);
    check("f", "short", 5);
    assert_int_equal(put("f", big, 300), 0);
    check("f", big, 300);
    assert_int_equal(table.remove(table.ctx, "f"), 0);
    assert_int_equal(table.remove(table.ctx, "f"), ISERE_ERR_NOENT);
    assert_int_equal(table.read(table.ctx, "f", 0, buf, 1), ISERE_ERR_NOENT);
    assert_string_equal(names(), "");
}

static void test_longest_name(void **state)
{
    (void)state;
    char name[ISERE_BLOB_NAME_MAX];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(put(name, "x", 1), 0);
    check(name, "x", 1);
    assert_int_equal(table.remove(table.ctx, name), 0);
}

static void test_file_beside_the_blobs(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(isere_zephyr_blobs_read_file(&blobs, "token", text, 8),
                     ISERE_ERR_NOENT);
    assert_int_equal(isere_zephyr_blobs_write_file(&blobs, "token",
                                                   isere_slice_of("secret", 6)),
                     0);
    assert_int_equal(put("token", "blob", 4), 0);
    assert_int_equal(mount(), 0);
    assert_int_equal(isere_zephyr_blobs_read_file(&blobs, "token", text, 8), 6);
    assert_memory_equal(text, "secret", 6);
    assert_string_equal(names(), "token=4 ");
}

static uint64_t get_state(void)
{
    uint64_t state;
    assert_int_equal(table.state(table.ctx, &state), 0);
    return state;
}

/* A number that was never there before. */
static void expect_new_state(void)
{
    static uint64_t seen[1000];
    static int count;
    uint64_t state = get_state();
    for (int i = 0; i < count; i++) {
        assert_true(seen[i] != state);
    }
    assert_true(count < 1000);
    seen[count++] = state;
}

/* In a folder of several pairs of blocks, wherever the blob is. */
static void test_state(void **state)
{
    (void)state;
    expect_new_state();
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%d", i * 7 % 60);
        assert_int_equal(put(name, big + i, i % 5 ? 100 : 3000), 0);
        expect_new_state();
    }
    for (int i = 0; i < 120; i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%d", i % 60);
        assert_int_equal(put(name, big, i < 60 ? 101 : 100), 0);
        expect_new_state();
    }
    /* It stays when nothing changes: reading, another start, another file. */
    uint64_t last = get_state();
    check("f7", big, 100);
    (void)names();
    assert_int_equal(mount(), 0);
    assert_true(get_state() == last);
    assert_int_equal(
        isere_zephyr_blobs_write_file(&blobs, "token", isere_slice_of("x", 1)),
        0);
    assert_int_equal(table.remove(table.ctx, "nothing"), ISERE_ERR_NOENT);
    assert_true(get_state() == last);
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%d", i);
        assert_int_equal(table.remove(table.ctx, name), 0);
        expect_new_state();
    }
    /* What is made anew in the same way, but for one byte. */
    static ram_flash_t other;
    ram_flash_init(&flash);
    assert_int_equal(mount(), 0);
    assert_int_equal(put("a", "1", 1), 0);
    last = get_state();
    other = flash;
    ram_flash_init(&flash);
    assert_int_equal(mount(), 0);
    assert_int_equal(put("a", "2", 1), 0);
    assert_true(get_state() != last);
    flash = other;
    assert_int_equal(mount(), 0);
    assert_true(get_state() == last);
}

/* Fills the store with blobs of 9000 bytes. Returns how many there are. */
static int fill(void)
{
    char name[16];
    int count = 0;
    for (;; count++) {
        snprintf(name, sizeof(name), "big.%d", count);
        int error = put(name, big + count, 9000);
        if (error) {
            assert_int_equal(error, ISERE_ERR_LIMIT);
            assert_int_equal(table.read(table.ctx, name, 0, buf, 1),
                             ISERE_ERR_NOENT);
            return count;
        }
    }
}

static void test_full_store(void **state)
{
    (void)state;
    int most = 0;
    for (int round = 0; round < 20; round++) {
        int count = fill();
        assert_true(round == 0 ? count >= 15 : count == most);
        most = count;
        /* Nothing large is replaced any more; what is small is. */
        assert_int_equal(put("big.0", "", 0), 0);
        assert_int_equal(put("big.0", big, 9000), 0);
        assert_int_equal(put("big.1", big, 100000), ISERE_ERR_LIMIT);
        check("big.1", big + 1, 9000);
        for (int i = 0; i < 40; i++) {
            assert_int_equal(put("small", big + i, 200), 0);
            check("small", big + i, 200);
        }
        assert_int_equal(mount(), 0);
        for (int i = 0; i < count; i++) {
            char name[16];
            snprintf(name, sizeof(name), "big.%d", i);
            check(name, big + i, 9000);
            assert_int_equal(table.remove(table.ctx, name), 0);
        }
        assert_string_equal(names(), "small=200 ");
    }
}

/* Many small blobs: the folder itself takes up the store. */
static void test_full_of_small_ones(void **state)
{
    (void)state;
    char name[16];
    int count = 0;
    int error;
    for (;; count++) {
        snprintf(name, sizeof(name), "s.%d", count);
        error = put(name, big, 200);
        if (error) {
            break;
        }
    }
    assert_int_equal(error, ISERE_ERR_LIMIT);
    assert_true(count > 200);
    assert_int_equal(mount(), 0);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "s.%d", i);
        check(name, big, 200);
        assert_int_equal(table.remove(table.ctx, name), 0);
    }
    assert_int_equal(put("f", big, 9000), 0);
    check("f", big, 9000);
}

static void test_foreign_flash_is_left_alone(void **state)
{
    (void)state;
    static ram_flash_t before;
    bool made = true;
    memset(flash.bytes, 0xff, sizeof(flash.bytes));
    memcpy(flash.bytes + RAM_FLASH_SIZE - 16, "somebody's data", 16);
    before = flash;
    assert_int_equal(mount(), ISERE_ERR_INVAL);
    assert_memory_equal(flash.bytes, before.bytes, sizeof(flash.bytes));
    /* Unless that is asked for. */
    ram_flash_attach(&flash, &blobs);
    assert_int_equal(isere_zephyr_blobs_mount(&blobs, true, &made), 0);
    assert_true(made);
    assert_string_equal(names(), "");
}

static void test_lost_superblock(void **state)
{
    (void)state;
    static ram_flash_t before;
    memset(flash.bytes, 0, (size_t)2 * RAM_FLASH_BLOCK);
    before = flash;
    assert_int_equal(mount(), ISERE_ERR_INVAL);
    assert_memory_equal(flash.bytes, before.bytes, sizeof(flash.bytes));
}

static void test_made_once(void **state)
{
    (void)state;
    bool made = false;
    ram_flash_init(&flash);
    ram_flash_attach(&flash, &blobs);
    assert_int_equal(isere_zephyr_blobs_mount(&blobs, false, &made), 0);
    assert_true(made);
    ram_flash_attach(&flash, &blobs);
    assert_int_equal(isere_zephyr_blobs_mount(&blobs, true, &made), 0);
    assert_false(made);
}

static void test_flash_that_fails(void **state)
{
    (void)state;
    bool made;
    assert_int_equal(put("f", big, 5000), 0);
    flash.off = true;
    assert_int_equal(put("f", "new", 3), ISERE_ERR_IO);
    assert_int_equal(table.remove(table.ctx, "f"), ISERE_ERR_IO);
    assert_int_equal(table.list(table.ctx, add_line, buf), ISERE_ERR_IO);
    uint64_t now;
    assert_int_equal(table.state(table.ctx, &now), ISERE_ERR_IO);
    assert_int_equal(table.read(table.ctx, "f", 4000, buf, 1000), ISERE_ERR_IO);
    ram_flash_attach(&flash, &blobs);
    assert_int_equal(isere_zephyr_blobs_mount(&blobs, false, &made),
                     ISERE_ERR_IO);
    flash.off = false;
    assert_int_equal(mount(), 0);
    check("f", big, 5000);
}

/* Bytes that changed by themselves: errors, or content as it was or changed,
 * but every call comes back, and never anything outside of the flash is used.
 */
static void test_random_damage(void **state)
{
    (void)state;
    static ram_flash_t good;
    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%d", i);
        assert_int_equal(put(name, big, (size_t)i * 1500), 0);
    }
    good = flash;
    srand(1);
    int mounted = 0;
    for (int round = 0; round < 2000; round++) {
        flash = good;
        int blocks = round % 2 ? 4 : RAM_FLASH_BLOCKS;
        for (int n = 1 + rand() % 8; n > 0; n--) {
            int where = rand() % (blocks * RAM_FLASH_BLOCK);
            flash.bytes[where] ^= (uint8_t)(1 << rand() % 8);
        }
        if (mount() == 0) {
            mounted++;
            buf[0] = '\0';
            (void)table.list(table.ctx, add_line, buf);
            for (int i = 0; i < 8; i++) {
                char name[16];
                snprintf(name, sizeof(name), "f%d", i);
                (void)table.read(table.ctx, name, 0, buf, sizeof(buf));
            }
        }
    }
    assert_true(mounted > 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_its_checksum_is_that_of_littlefs),
        TEST(test_what_was_written_is_read),
        TEST(test_replacing_and_removing),
        TEST(test_longest_name),
        TEST(test_file_beside_the_blobs),
        TEST(test_state),
        TEST(test_full_store),
        TEST(test_full_of_small_ones),
        TEST(test_foreign_flash_is_left_alone),
        TEST(test_lost_superblock),
        TEST(test_made_once),
        TEST(test_flash_that_fails),
        TEST(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
