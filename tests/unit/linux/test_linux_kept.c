/* Code that servers keep for the next one, in memory of their supervisor:
 * whatever a death or a fault leaves, it is what was written or nothing. */
#include "apps/isere/supervisor/kept_blobs.h"
#include "ports/linux/shared.h"
#include "tests/unit/support/unit.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static isere_blobs_t blobs;
static int fd; /* of the memory */

/* It is not told: it is the one that was opened last. */
static int find_fd(void)
{
    int found = -1;
    for (int i = 0; i < 64; i++) {
        char path[32], target[64] = "";
        snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
        if (readlink(path, target, sizeof(target) - 1) > 0 &&
            strstr(target, "isere-functions")) {
            found = i;
        }
    }
    return found;
}

static int setup(void **state)
{
    (void)state;
    if (!isere_shared_create()) {
        return -1;
    }
    isere_kept_blobs_create();
    fd = find_fd();
    return fd >= 0 && isere_kept_blobs_open(&blobs) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    isere_kept_blobs_close(&blobs);
    return close(fd);
}

static void start_again(void)
{
    isere_kept_blobs_close(&blobs);
    assert_true(isere_kept_blobs_open(&blobs));
}

static int write_blob(const char *name, const void *bytes, size_t size)
{
    const isere_slice_t parts[] = {
        isere_slice_of(bytes, size / 3),
        isere_slice_of((const char *)bytes + size / 3, size - size / 3),
    };
    return blobs.write(blobs.ctx, name, parts, 2);
}

static void put(const char *name, const char *text)
{
    assert_int_equal(write_blob(name, text, strlen(text)), 0);
}

static void expect(const char *name, const char *text)
{
    char read[64] = "";
    int n = blobs.read(blobs.ctx, name, 0, read, sizeof(read) - 1);
    if (!text) {
        assert_int_equal(n, ISERE_ERR_NOENT);
        return;
    }
    assert_int_equal(n, strlen(text));
    assert_string_equal(read, text);
}

static void count_one(void *arg, const char *name, size_t size)
{
    (void)name;
    (void)size;
    ++*(int *)arg;
}

static int count(void)
{
    int n = 0;
    assert_int_equal(blobs.list(blobs.ctx, count_one, &n), 0);
    return n;
}

static size_t used(void)
{
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    return (size_t)info.st_blocks * 512;
}

static void test_the_next_server_has_it(void **state)
{
    (void)state;
    expect("a", NULL);
    put("a", "first");
    put("b", "other");
    put("c", "");
    for (int i = 0; i < 2; i++) {
        expect("a", "first");
        expect("b", "other");
        expect("c", "");
        assert_int_equal(count(), 3);
        start_again();
    }
    put("a", "second");
    assert_int_equal(blobs.remove(blobs.ctx, "b"), 0);
    assert_int_equal(blobs.remove(blobs.ctx, "b"), ISERE_ERR_NOENT);
    for (int i = 0; i < 2; i++) {
        expect("a", "second");
        expect("b", NULL);
        expect("c", "");
        assert_int_equal(count(), 2);
        start_again();
    }
    put("b", "again");
    start_again();
    expect("b", "again");
}

static void test_parts_of_a_blob(void **state)
{
    char read[8] = "";
    (void)state;
    put("a", "0123456789");
    assert_int_equal(blobs.read(blobs.ctx, "a", 7, read, 8), 3);
    assert_memory_equal(read, "789", 3);
    assert_int_equal(blobs.read(blobs.ctx, "a", 2, read, 4), 4);
    assert_memory_equal(read, "2345", 4);
    assert_int_equal(blobs.read(blobs.ctx, "a", 10, read, 8), 0);
    assert_int_equal(blobs.read(blobs.ctx, "a", (size_t)-1, read, 8), 0);
}

/* What is replaced costs nothing any more, however often. */
static void test_memory_is_given_back(void **state)
{
    static char text[100000];
    size_t once;
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(write_blob("a", text, sizeof(text)), 0);
    once = used();
    assert_in_range(once, sizeof(text), sizeof(text) + 70000);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(write_blob("a", text, sizeof(text)), 0);
        if (i % 1000 == 0) {
            start_again();
        }
    }
    assert_int_equal(used(), once);
    assert_int_equal(blobs.remove(blobs.ctx, "a"), 0);
    assert_int_equal(used(), 0);
    start_again();
    assert_int_equal(count(), 0);
}

static void test_many(void **state)
{
    char name[16], text[32];
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 300; i++) {
            snprintf(name, sizeof(name), "f%d", i);
            snprintf(text, sizeof(text), "%d of %d", i, round);
            put(name, text);
        }
        start_again();
    }
    for (int i = 299; i >= 0; i--) {
        snprintf(name, sizeof(name), "f%d", i);
        snprintf(text, sizeof(text), "%d of 2", i);
        expect(name, text);
    }
    assert_int_equal(count(), 300);
}

static void test_it_is_bounded(void **state)
{
    const size_t size = ISERE_KEPT_BYTES_MAX / 4;
    char *large = calloc(1, size);
    const isere_slice_t parts[] = {
        isere_slice_of(large, size), isere_slice_of(large, size),
        isere_slice_of(large, size), isere_slice_of(large, size)};
    (void)state;
    assert_non_null(large);
    put("a", "text");
    assert_int_equal(blobs.write(blobs.ctx, "a", parts, 4), ISERE_ERR_LIMIT);
    assert_int_equal(blobs.write(blobs.ctx, "b", parts, 3), 0);
    assert_int_equal(blobs.write(blobs.ctx, "a", parts, 1), ISERE_ERR_LIMIT);
    expect("a", "text");
    assert_int_equal(blobs.remove(blobs.ctx, "b"), 0);
    assert_int_equal(blobs.write(blobs.ctx, "b", parts, 1), 0);
    expect("a", "text");
    free(large);
}

/* A limit on the size of files: beyond it is a signal, which would end the
 * server. */
static void test_a_limit_of_the_system(void **state)
{
    struct rlimit before, limit;
    (void)state;
    put("a", "text");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)(2 * sysconf(_SC_PAGESIZE));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    start_again();
    put("b", "text");
    assert_int_equal(write_blob("c", "text", 4), ISERE_ERR_LIMIT);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    start_again();
    put("c", "text");
    assert_int_equal(count(), 3);
}

/* A server that is killed at any moment; the next one finds each blob as it was
 * or as it was to be, and goes on. */
static void test_deaths(void **state)
{
    static char text[30000];
    char read[sizeof(text)];
    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(write_blob("a", text, sizeof(text)), 0);
    assert_int_equal(write_blob("b", text, sizeof(text)), 0);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            start_again();
            for (char c = 'a';; c = c == 'z' ? 'a' : (char)(c + 1)) {
                memset(text, c, sizeof(text));
                if (write_blob(c & 1 ? "a" : "b", text, sizeof(text)) != 0) {
                    _exit(1);
                }
            }
        }
        usleep((useconds_t)(500 + 37 * i));
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        start_again();
        assert_int_equal(count(), 2);
        for (const char *name = "a"; name; name = *name == 'a' ? "b" : NULL) {
            assert_int_equal(blobs.read(blobs.ctx, name, 0, read, sizeof(read)),
                             sizeof(read));
            memset(text, read[0], sizeof(text));
            assert_memory_equal(read, text, sizeof(text));
        }
        /* Neither the one that was replaced last nor one half written stays. */
        assert_in_range(used(), 0, 2 * (sizeof(text) + 70000));
    }
}

/* Behind the end lies what nobody published. */
static void test_half_a_record(void **state)
{
    unsigned end;
    (void)state;
    put("a", "first");
    end = atomic_load(&isere_shared()->kept_end);
    put("a", "second"); /* the first one is a hole by now */
    put("b", "text");
    atomic_store(&isere_shared()->kept_end, end);
    start_again();
    assert_int_equal(count(), 0);
    assert_int_equal(used(), 0);
    put("a", "third");
    start_again();
    expect("a", "third");
}

/* No number in shared memory and no byte of a head is believed. */
static void test_damage(void **state)
{
    long unit = sysconf(_SC_PAGESIZE);
    uint8_t byte, wrong;
    (void)state;
    for (off_t at = 0; at < 8 + ISERE_BLOB_NAME_MAX; at++) {
        put("a", "text");
        put("b", "more");
        start_again();
        assert_int_equal(count(), 2);
        /* the first record that is no hole */
        off_t first = lseek(fd, 0, SEEK_DATA) / unit * unit;
        assert_int_equal(pread(fd, &byte, 1, first + at), 1);
        wrong = byte ^ 1;
        assert_int_equal(pwrite(fd, &wrong, 1, first + at), 1);
        start_again();
        assert_int_equal(count(), 0);
        assert_int_equal(used(), 0);
        expect("b", NULL);
    }
    put("a", "text");
    for (unsigned i = 2; i != 0; i *= 2) {
        atomic_store(&isere_shared()->kept_end, i - 1);
        start_again();
        (void)count();
        (void)write_blob("b", "more", 4);
        atomic_store(&isere_shared()->kept_end, i + 1);
        start_again();
        assert_in_range(count(), 0, 2);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_next_server_has_it),
        TEST(test_parts_of_a_blob),
        TEST(test_memory_is_given_back),
        TEST(test_many),
        TEST(test_it_is_bounded),
        TEST(test_a_limit_of_the_system),
        TEST(test_deaths),
        TEST(test_half_a_record),
        TEST(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
