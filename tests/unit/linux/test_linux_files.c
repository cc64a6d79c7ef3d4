/* Loading a function's files from a folder, and nothing from outside it. */
#include "apps/isere/load/files.h"
#include "core/util/json_check.h"
#include "tests/unit/support/unit.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/isere-test-XXXXXX";

static const char *at(const char *name)
{
    static char path[4][256];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, 256, "%s/%s", folder, name);
    return p;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(isere_files_write(at(name), text, strlen(text)), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || mkdir(at("js"), 0777) ||
        mkdir(at("js/lib"), 0777)) {
        return -1;
    }
    put("outside.js", "secret");
    put("js/handler.js", "main");
    put("js/lib/text.js", "\xef\xbb\xbftext");
    return symlink("lib/text.js", at("js/inside.js")) |
           symlink("../outside.js", at("js/escape.js")) |
           symlink("..", at("js/up")) |
           symlink(at("js/handler.js"), at("elsewhere.js")) |
           mkfifo(at("js/fifo.js"), 0666);
}

static int teardown(void **state)
{
    static const char *const names[] = {
        "js/handler.js", "js/lib/text.js", "js/inside.js",
        "js/escape.js",  "js/up",          "js/fifo.js",
        "js/big.js",     "js/lib",         "js",
        "outside.js",    "elsewhere.js",   "out.bin"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove(at(names[i]));
    }
    return rmdir(folder);
}

static int load(isere_files_t *files, const char *name, const char **text)
{
    isere_slice_t source = {0};
    int error = files->loader.load(files->loader.ctx, name, &source);
    *text = source.ptr;
    if (error == 0) {
        assert_int_equal(source.ptr[source.len], 0);
    }
    return error;
}

static void test_loads(void **state)
{
    isere_files_t files;
    const char *text, *again;
    (void)state;
    assert_int_equal(isere_files_open(&files, at("js/handler.js")), 0);
    assert_string_equal(files.main_name, "handler.js");
    assert_string_equal(files.folder, at("js/"));
    assert_int_equal(load(&files, "handler.js", &text), 0);
    assert_string_equal(text, "main");
    assert_int_equal(load(&files, "lib/text.js", &text), 0);
    assert_string_equal(text, "text"); /* without the byte order mark */
    assert_int_equal(load(&files, "lib/text.js", &again), 0);
    assert_ptr_equal(text, again);
    assert_int_equal(load(&files, "inside.js", &text), 0);
    isere_files_close(&files);
}

static void test_refuses(void **state)
{
    isere_files_t files;
    const char *text;
    (void)state;
    assert_int_equal(isere_files_open(&files, at("js/handler.js")), 0);
    assert_int_equal(load(&files, "none.js", &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "none.js", &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "escape.js", &text), ISERE_ERR_IO);
    assert_int_equal(load(&files, "up/outside.js", &text), ISERE_ERR_IO);
    assert_int_equal(load(&files, "../outside.js", &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "lib/../../outside.js", &text),
                     ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "lib/..", &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, at("outside.js"), &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "", &text), ISERE_ERR_NOENT);
    assert_int_equal(load(&files, "lib", &text), ISERE_ERR_IO);
    assert_int_equal(load(&files, "fifo.js", &text), ISERE_ERR_IO);
    isere_files_close(&files);
}

static void test_main_module(void **state)
{
    isere_files_t files;
    (void)state;
    assert_int_equal(isere_files_open(&files, at("js/none.js")),
                     ISERE_ERR_NOENT);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(isere_files_open(&files, at("none/handler.js")),
                     ISERE_ERR_NOENT);
    assert_int_equal(isere_files_open(&files, at("js")), ISERE_ERR_IO);
    assert_int_equal(errno, EISDIR);
    /* Named by the user, a link may lead anywhere. */
    assert_int_equal(isere_files_open(&files, at("js/escape.js")), 0);
    assert_string_equal(files.main->data, "secret");
    isere_files_close(&files);
    assert_int_equal(chdir(at("js")), 0);
    assert_int_equal(isere_files_open(&files, "handler.js"), 0);
    assert_string_equal(files.folder, "");
    assert_string_equal(files.main->data, "main");
    isere_files_close(&files);
    assert_int_equal(chdir("/"), 0);
}

static void test_too_large(void **state)
{
    isere_files_t files;
    const char *text;
    (void)state;
    FILE *out = fopen(at("js/big.js"), "w");
    assert_int_equal(ftruncate(fileno(out), ISERE_FILES_MAX_SIZE), 0);
    fclose(out);
    assert_int_equal(isere_files_open(&files, at("js/handler.js")), 0);
    assert_int_equal(load(&files, "big.js", &text), 0);
    isere_files_close(&files);
    assert_int_equal(truncate(at("js/big.js"), ISERE_FILES_MAX_SIZE + 1), 0);
    assert_int_equal(isere_files_open(&files, at("js/handler.js")), 0);
    assert_int_equal(load(&files, "big.js", &text), ISERE_ERR_LIMIT);
    isere_files_close(&files);
    assert_int_equal(isere_files_open(&files, at("js/big.js")),
                     ISERE_ERR_LIMIT);
}

static void test_write(void **state)
{
    struct stat info;
    char *data;
    size_t size;
    (void)state;
    mode_t mask = umask(027);
    assert_int_equal(isere_files_write(at("out.bin"), "1\0002", 3), 0);
    assert_int_equal(isere_files_write(at("out.bin"), "3\0004", 3), 0);
    umask(mask);
    assert_int_equal(stat(at("out.bin"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(isere_files_read(at("out.bin"), &data, &size), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "3\0004", 3);
    free(data);
    assert_int_equal(isere_files_write(at("none/x"), "", 0), ISERE_ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(isere_files_write(at("js"), "", 0), ISERE_ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(isere_files_write("/dev/null", "x", 1), 0);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

/* ---- json.c ---- */

static void json(const char *text, int line, int column)
{
    isere_json_error_t error;
    bool valid = isere_json_check_object(isere_slice(text), &error);
    if (valid != (line == 0) ||
        (!valid && (error.line != line || error.column != column))) {
        fail_msg("%s: %s at %d:%d", text, error.message ? error.message : "",
                 error.line, error.column);
    }
}

static void test_json(void **state)
{
    static char deep[2100];
    (void)state;
    json("{}", 0, 0);
    json(" {\"a\": [1, -0.5e+3, true, false, null, \"\\u00e9\\n\"], "
         "\"b\": {\"c\": []}} \n",
         0, 0);
    json("", 1, 1);
    json("[]", 1, 1);
    json("null", 1, 1);
    json("{\n  \"a\": 1,\n}", 3, 1);
    json("{\"a\" 1}", 1, 6);
    json("{\"a\": 01}", 1, 8);
    json("{\"a\": tru}", 1, 7);
    json("{\"a\": .5}", 1, 7);
    json("{\"a\": 1.}", 1, 9);
    json("{\"a\": \"x", 1, 9);
    json("{\"a\": \"\\x\"}", 1, 9);
    json("{\"a\": \"\\u12g4\"}", 1, 9);
    json("{\"a\": \"\n\"}", 1, 8);
    json("{'a': 1}", 1, 2);
    json("{} x", 1, 4);
    json("{\"a\": [1 2]}", 1, 10);
    strcpy(deep, "{\"a\":");
    memset(deep + 5, '[', 2000);
    json(deep, 1, 517);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads),       cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_main_module), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_write),       cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
