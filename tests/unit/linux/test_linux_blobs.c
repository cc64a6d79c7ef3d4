/* Blobs as files: what is written is whole and durable, wherever the process
 * ends; nothing outside the folder is touched; one process at a time. */
#include "core/store/store.h"
#include "isere/linux.h"
#include "tests/unit/support/server/store_change.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/isere-test-XXXXXX";
static isere_blobs_t blobs;

static const char *at(const char *name)
{
    static char path[4][256];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, 256, "%s/%s", top, name);
    return p;
}

/* ---- the system calls that change the folder, seen and disturbed ---- */

enum { SAY_ERROR, END_BEFORE, END_AFTER };

static char calls[64]; /* F: fsync of a file, D: of a folder, R, U */
static int ncalls;
static int disturb_at; /* which call, from 1; 0: none */
static int disturb_how;

/* True when the call has to fail. */
static bool before_call(char what)
{
    calls[ncalls++ % 63] = what;
    if (ncalls == disturb_at && disturb_how == END_BEFORE) {
        _exit(9);
    }
    if (ncalls == disturb_at && disturb_how == SAY_ERROR) {
        errno = EIO;
        return true;
    }
    return false;
}

static int after_call(long result)
{
    if (ncalls == disturb_at && disturb_how == END_AFTER) {
        _exit(9);
    }
    return (int)result;
}

/* These take the place of the C library's. */
int fsync(int fd)
{
    struct stat info;
    bool is_folder = fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
    return before_call(is_folder ? 'D' : 'F')
               ? -1
               : after_call(syscall(SYS_fsync, fd));
}

int renameat(int from, const char *old, int to, const char *new)
{
    return before_call('R')
               ? -1
               : after_call(syscall(SYS_renameat2, from, old, to, new, 0));
}

int unlinkat(int fd, const char *name, int flags)
{
    return before_call('U')
               ? -1
               : after_call(syscall(SYS_unlinkat, fd, name, flags));
}

static void forget_calls(void)
{
    memset(calls, 0, sizeof(calls));
    ncalls = 0;
    disturb_at = 0;
}

/* ---- helpers ---- */

static int start(void **state)
{
    (void)state;
    return mkdtemp(top) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return rmdir(top);
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    forget_calls();
    return isere_linux_blobs_open(&blobs, at("f"));
}

static int teardown(void **state)
{
    static const char *const names[] = {
        "f/.lock", "f/.new", "f/a", "f/b",      "f/c", "f/h",    "f/h.1",
        "f/h.2",   "f/h.3",  "f/A", "f/folder", "f",   "outside"};
    (void)state;
    forget_calls();
    isere_linux_blobs_close(&blobs);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove(at(names[i]));
    }
    return access(at("f"), F_OK) == 0 ? -1 : 0;
}

static int write_text(const char *name, const char *text)
{
    isere_slice_t parts[] = {isere_slice(text), {NULL, 0}, isere_slice(text)};
    return blobs.write(blobs.ctx, name, parts, 3);
}

/* What the blob holds, and that it has no more. */
static void expect_text(const char *name, const char *text)
{
    char buf[64] = "";
    int n = blobs.read(blobs.ctx, name, 0, buf, sizeof(buf) - 1);
    assert_int_equal(n, strlen(text));
    assert_string_equal(buf, text);
}

static void make_file(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

typedef struct listing {
    int count;
    size_t bytes;
    char names[256];
} listing_t;

static void add_to_listing(void *arg, const char *name, size_t size)
{
    listing_t *l = arg;
    l->count++;
    l->bytes += size;
    strncat(l->names, name, sizeof(l->names) - strlen(l->names) - 1);
}

static listing_t list(void)
{
    listing_t l = {0};
    assert_int_equal(blobs.list(blobs.ctx, add_to_listing, &l), 0);
    return l;
}

static unsigned mode_of(const char *name)
{
    struct stat info;
    assert_int_equal(lstat(at(name), &info), 0);
    return info.st_mode & 07777;
}

/* ---- what it is for ---- */

static void test_blobs(void **state)
{
    char buf[8];
    (void)state;
    assert_int_equal(list().count, 0);
    assert_int_equal(blobs.read(blobs.ctx, "a", 0, buf, 8), ISERE_ERR_NOENT);
    assert_int_equal(blobs.remove(blobs.ctx, "a"), ISERE_ERR_NOENT);
    assert_int_equal(write_text("a", "one,"), 0);
    assert_int_equal(write_text("b", ""), 0);
    expect_text("a", "one,one,");
    expect_text("b", "");
    assert_int_equal(write_text("a", "two,"), 0);
    expect_text("a", "two,two,");
    assert_int_equal(list().count, 2);
    assert_int_equal(list().bytes, 8);
    assert_int_equal(blobs.read(blobs.ctx, "a", 6, buf, 8), 2);
    assert_memory_equal(buf, "o,", 2);
    assert_int_equal(blobs.read(blobs.ctx, "a", 8, buf, 8), 0);
    assert_int_equal(blobs.read(blobs.ctx, "a", SIZE_MAX, buf, 8), 0);
    assert_int_equal(blobs.read(blobs.ctx, "a", LONG_MAX, buf, 8), 0);
    assert_int_equal(blobs.remove(blobs.ctx, "a"), 0);
    assert_int_equal(blobs.remove(blobs.ctx, "a"), ISERE_ERR_NOENT);
    assert_string_equal(list().names, "b");
}

static void test_permissions(void **state)
{
    mode_t mask = umask(0);
    (void)state;
    isere_linux_blobs_close(&blobs);
    assert_int_equal(remove(at("f/.lock")), 0);
    assert_int_equal(rmdir(at("f")), 0);
    assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), 0);
    assert_int_equal(write_text("a", "secret"), 0);
    umask(mask);
    assert_int_equal(mode_of("f"), 0700);
    assert_int_equal(mode_of("f/a"), 0600);
    assert_int_equal(mode_of("f/.lock"), 0600);
}

static void test_names(void **state)
{
    static const char *const bad[] = {
        "",         ".",
        "..",       "../outside",
        "a/b",      "/a",
        ".new",     ".lock",
        "A",        "a b",
        "a_b",      "a\n",
        "\xc3\xa4", "123456789012345678901234567890123456789012345678"};
    char buf[8];
    (void)state;
    make_file("outside", "x");
    forget_calls();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(write_text(bad[i], "x"), ISERE_ERR_IO);
        assert_int_equal(errno, EINVAL);
        assert_int_equal(blobs.read(blobs.ctx, bad[i], 0, buf, 8),
                         ISERE_ERR_IO);
        assert_int_equal(blobs.remove(blobs.ctx, bad[i]), ISERE_ERR_IO);
    }
    assert_int_equal(ncalls, 0);
    assert_int_equal(list().count, 0);
}

static void test_folders(void **state)
{
    isere_blobs_t other;
    (void)state;
    assert_int_equal(isere_linux_blobs_open(&other, at("none/f")),
                     ISERE_ERR_NOENT);
    assert_int_equal(errno, ENOENT);
    assert_null(other.ctx);
    make_file("outside", "x");
    assert_int_equal(isere_linux_blobs_open(&other, at("outside")),
                     ISERE_ERR_NOENT);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(isere_linux_blobs_open(&other, ""), ISERE_ERR_NOENT);
    isere_linux_blobs_close(&other); /* of what was not opened: nothing */
}

/* ---- durable, in the right order ---- */

static void test_order(void **state)
{
    (void)state;
    forget_calls();
    assert_int_equal(write_text("a", "one,"), 0);
    assert_string_equal(calls, "FRD");
    forget_calls();
    assert_int_equal(blobs.remove(blobs.ctx, "a"), 0);
    assert_string_equal(calls, "UD");
    isere_linux_blobs_close(&blobs);
    forget_calls();
    assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), 0);
    assert_string_equal(calls, "DU"); /* the parent; no new file was left */
}

static void test_every_call_fails(void **state)
{
    (void)state;
    assert_int_equal(write_text("a", "one,"), 0);
    for (int i = 1; i <= 3; i++) {
        forget_calls();
        disturb_how = SAY_ERROR;
        disturb_at = i;
        assert_int_equal(write_text("a", "two,"), ISERE_ERR_IO);
        assert_int_equal(errno, EIO);
        /* The last one comes too late to change nothing. */
        expect_text("a", i < 3 ? "one,one," : "two,two,");
        assert_int_equal(access(at("f/.new"), F_OK), -1);
    }
    for (int i = 1; i <= 2; i++) {
        forget_calls();
        disturb_at = i;
        assert_int_equal(blobs.remove(blobs.ctx, "a"), ISERE_ERR_IO);
    }
}

/* A new file that could not be removed is no obstacle. */
static void test_a_new_file_that_stays(void **state)
{
    (void)state;
    assert_int_equal(write_text("a", "one,"), 0);
    make_file("f/.new", "left");
    assert_string_equal(list().names, "a");
    assert_int_equal(write_text("a", "two,"), 0);
    expect_text("a", "two,two,");
    make_file("f/.new", "left");
    isere_linux_blobs_close(&blobs);
    assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), 0);
    assert_int_equal(access(at("f/.new"), F_OK), -1);
}

/* Runs `change` in a process that ends at its call number `n`. Returns whether
 * it did. */
static bool run_and_end(int n, int how, int (*change)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        forget_calls();
        disturb_how = how;
        disturb_at = n;
        _exit(change() == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 9;
}

/* The store on top: deploys as the same function's second version. */
static int put(const char *text)
{
    isere_store_t store;
    isere_store_manifest_t manifest;
    int error = store_open(&store, isere_test_port(), &blobs);
    return error ? error : store_put(&store, "h", text, &manifest);
}

static int put_two(void)
{
    return put("two");
}

static uint32_t current_version(void)
{
    const isere_port_t *port = isere_test_port();
    isere_store_t store;
    isere_store_manifest_t manifest;
    isere_store_package_t d;
    assert_int_equal(store_open(&store, port, &blobs), 0);
    assert_int_equal(isere_store_manifest(&store, "h", &manifest), 0);
    assert_int_equal(isere_store_read(&store, "h", manifest.current, &d), 0);
    assert_string_equal((const char *)d.text,
                        manifest.current == 1 ? "one" : "two");
    isere_free(port, d.text);
    assert_int_equal(list().count, manifest.current + 1);
    return manifest.current;
}

static void test_the_process_ends_at_every_call(void **state)
{
    int seen[3] = {0};
    (void)state;
    for (int how = END_BEFORE; how <= END_AFTER; how++) {
        bool ended = true;
        for (int n = 1; ended; n++) {
            assert_int_equal(put("one"), 0);
            ended = run_and_end(n, how, put_two);
            isere_linux_blobs_close(&blobs);
            assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), 0);
            assert_int_equal(access(at("f/.new"), F_OK), -1);
            seen[current_version()]++;
            assert_int_equal(blobs.remove(blobs.ctx, "h"), 0);
        }
    }
    assert_true(seen[1] >= 6 && seen[2] >= 3);
}

/* ---- no room ---- */

static void test_no_room(void **state)
{
    struct rlimit limit, small;
    char text[1000];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(write_text("a", "one,"), 0);
    assert_int_equal(put("one"), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 500;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int error = write_text("a", text);
    bool left = access(at("f/.new"), F_OK) == 0;
    int put_error = put(text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(error, ISERE_ERR_LIMIT);
    assert_int_equal(put_error, ISERE_ERR_LIMIT);
    assert_false(left);
    expect_text("a", "one,one,");
    assert_int_equal(blobs.remove(blobs.ctx, "a"), 0);
    assert_int_equal(current_version(), 1);
}

/* ---- regular files of this folder only ---- */

static void test_links_are_not_followed(void **state)
{
    char buf[8];
    struct stat info;
    (void)state;
    make_file("outside", "secret");
    assert_int_equal(symlink("../outside", at("f/a")), 0);
    assert_int_equal(blobs.read(blobs.ctx, "a", 0, buf, 8), ISERE_ERR_IO);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(list().count, 0);
    assert_int_equal(write_text("a", "mine"), 0); /* in the link's place */
    assert_int_equal(lstat(at("f/a"), &info), 0);
    assert_true(S_ISREG(info.st_mode));
    /* Nor is a link where the new file is made. */
    assert_int_equal(symlink("../outside", at("f/.new")), 0);
    assert_int_equal(write_text("b", "mine"), 0);
    assert_int_equal(stat(at("outside"), &info), 0);
    assert_int_equal(info.st_size, 6);
    assert_int_equal(symlink("../outside", at("f/c")), 0);
    assert_int_equal(blobs.remove(blobs.ctx, "c"), 0); /* the link alone */
    assert_int_equal(access(at("outside"), F_OK), 0);
    isere_linux_blobs_close(&blobs);
    assert_int_equal(remove(at("f/.lock")), 0);
    assert_int_equal(symlink("../outside", at("f/.lock")), 0);
    assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), ISERE_ERR_IO);
}

static void test_other_kinds_of_files(void **state)
{
    char buf[8];
    (void)state;
    assert_int_equal(mkdir(at("f/folder"), 0700), 0);
    assert_int_equal(mkfifo(at("f/a"), 0600), 0);
    make_file("f/A", "not a name");
    assert_int_equal(list().count, 0);
    assert_int_equal(blobs.read(blobs.ctx, "folder", 0, buf, 8), ISERE_ERR_IO);
    assert_int_equal(blobs.read(blobs.ctx, "a", 0, buf, 8), ISERE_ERR_IO);
    assert_int_equal(write_text("folder", "x"), ISERE_ERR_IO);
    assert_int_equal(blobs.remove(blobs.ctx, "folder"), ISERE_ERR_IO);
    assert_int_equal(access(at("f/.new"), F_OK), -1);
}

/* ---- one at a time ---- */

static int open_again(void)
{
    isere_blobs_t other;
    int error = isere_linux_blobs_open(&other, at("f"));
    return error == ISERE_ERR_INUSE && errno == EWOULDBLOCK && !other.ctx ? 0
                                                                          : 1;
}

static void test_lock(void **state)
{
    int pipes[2];
    char byte;
    (void)state;
    make_file("f/.new", "being written");
    assert_int_equal(open_again(), 0); /* in this process */
    assert_false(run_and_end(0, 0, open_again));
    assert_int_equal(access(at("f/.new"), F_OK), 0);
    /* Whoever has it and is killed loses it. */
    isere_linux_blobs_close(&blobs);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        if (isere_linux_blobs_open(&blobs, at("f")) != 0 ||
            write(pipes[1], "x", 1) != 1) {
            _exit(1);
        }
        pause();
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_int_equal(open_again(), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(isere_linux_blobs_open(&blobs, at("f")), 0);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_blobs),
        TEST(test_permissions),
        TEST(test_names),
        TEST(test_folders),
        TEST(test_order),
        TEST(test_every_call_fails),
        TEST(test_a_new_file_that_stays),
        TEST(test_the_process_ends_at_every_call),
        TEST(test_no_room),
        TEST(test_links_are_not_followed),
        TEST(test_other_kinds_of_files),
        TEST(test_lock),
    };
    return cmocka_run_group_tests(tests, start, end);
}
