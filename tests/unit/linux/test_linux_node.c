/* What bundles need of Node: globals in a text, names of modules, and the
 * folder with the modules, of which nothing stays. */
#include "apps/isere/load/esbuild_error.h"
#include "apps/isere/node/node_files.h"
#include "apps/isere/node/node_names.h"
#include "apps/isere/node/node_need.h"
#include "isere/port.h"
#include "tests/unit/support/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_need(void **state)
{
    static const struct {
        const char *text;
        int need;
    } cases[] = {
        {"", 0},
        {"Buffer", ISERE_NODE_BUFFER},
        {"x = Buffer.from(y)", ISERE_NODE_BUFFER},
        {"[...Buffer.from(y)]", ISERE_NODE_BUFFER},
        {"new ArrayBuffer(1); a.Buffer; Buffer2; $Buffer", 0},
        {"typeof Buffer === 'function' ? Buffer.from(x) : y", 0},
        {"typeof Buffer\n// b.js\nBuffer.from(x)", ISERE_NODE_BUFFER},
        {"Buffer.from(x)\n// b.js\ntypeof Buffer", ISERE_NODE_BUFFER},
        {"process.env.A + process.env", 0},
        {"if (process.env.A == 1 || process.env.B === 2) {}", 0},
        {"process.environment", ISERE_NODE_PROCESS},
        {"process.env.A = 1", ISERE_NODE_PROCESS},
        {"process.env.A ||= 1", ISERE_NODE_PROCESS},
        {"process.nextTick(f)", ISERE_NODE_PROCESS},
        {"globalThis.process.nextTick(f); process", 0},
        {"({ process: 1 })", 0},
        {"setImmediate(f)", ISERE_NODE_IMMEDIATE},
        {"clearImmediate(f); Buffer.a; process.on()",
         ISERE_NODE_IMMEDIATE | ISERE_NODE_BUFFER | ISERE_NODE_PROCESS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* In memory of its own, for sanitizers. */
        char *text = strdup(cases[i].text);
        if (isere_node_need(text) != cases[i].need) {
            fail_msg("%s: %d", text, isere_node_need(text));
        }
        free(text);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(isere_node_instead(isere_slice("node:dns")),
                        isere_node_instead(isere_slice("dns")));
    assert_non_null(isere_node_instead(isere_slice("node:none")));
    assert_null(isere_node_instead(isere_slice("none")));
    assert_null(isere_node_instead(isere_slice("node:")));
    assert_null(isere_node_instead(isere_slice("")));
}

static bool is_there(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/node_modules/%s", folder, name);
    return access(path, R_OK) == 0;
}

static void test_files(void **state)
{
    char folder[ISERE_NODE_FILES_MAX], path[ISERE_NODE_FILES_MAX];
    struct stat info;
    (void)state;
    assert_int_equal(isere_node_files_write(folder), 0);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 077, 0);
    /* Each module that is named has its file. */
    for (size_t i = 0; i < isere_node_modules_count; i++) {
        if (!is_there(folder, isere_node_modules[i].file)) {
            fail_msg("%s is missing", isere_node_modules[i].file);
        }
    }
    assert_int_equal(
        isere_node_files_add_missing(folder, "@a/b", 1, "it's \"x\"", path), 0);
    assert_true(is_there(folder, "isere/lib/missing-@a_b.js"));
    assert_int_equal(
        isere_node_files_add_missing(folder, "@a/b", 1, "again", path),
        ISERE_ERR_IO);
    isere_node_files_remove(folder);
    assert_int_equal(stat(folder, &info), -1);
    /* Where nothing can be written, nothing is left. */
    setenv("TMPDIR", "/none", 1);
    assert_int_equal(isere_node_files_write(folder), ISERE_ERR_IO);
    unsetenv("TMPDIR");
}

static void test_rename(void **state)
{
    static const struct {
        const char *text, *renamed;
    } cases[] = {
        {"", ""},
        {"no", "no"},
        {"// ../../tmp/isere-AbCdEf/node_modules/isere/util.js\nx",
         "// node:isere/util.js\nx"},
        {"  \"../tmp/a b/isere-AbCdEf/node_modules/e.js\"(exports) {",
         "  \"node:e.js\"(exports) {"},
        {"[\"isere-AbCdEf/node_modules/a\",\"isere-AbCdEf/node_modules/b\"]",
         "[\"node:a\",\"node:b\"]"},
        {"isere-AbCdEf/node_modules/", "node:"},
        {"isere-AbCdEf/node_module", "isere-AbCdEf/node_module"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = strdup(cases[i].text);
        size_t size =
            isere_node_files_rename("/tmp/isere-AbCdEf", text, strlen(text));
        assert_string_equal(text, cases[i].renamed);
        assert_int_equal(size, strlen(text));
        free(text);
    }
}

#define FRAME "\xe2\x94\x82 "
#define ERROR(name, file, source)                                              \
    "\xe2\x9c\x98 [ERROR] Could not resolve \"" name "\"\n\n    " file         \
    ":8:27:\n      8 " FRAME source "\n"
#define IN_PACKAGE "../node_modules/p/index.js"

static void add_name(void *ctx, isere_slice_t name, const char *message)
{
    char *names = ctx;
    assert_non_null(strstr(message, "cannot import '"));
    snprintf(names + strlen(names), 256 - strlen(names), "%.*s ", (int)name.len,
             name.ptr);
}

static void test_each_missing(void **state)
{
    static const struct {
        const char *text, *names;
    } cases[] = {
        {"", ""},
        {ERROR("node:fs", IN_PACKAGE, "import fs from 'node:fs'"), "node:fs "},
        {ERROR("fs", IN_PACKAGE, "x") ERROR("zlib", IN_PACKAGE, "x"),
         "fs zlib "},
        {ERROR("more", IN_PACKAGE, "await import('more')"), "more "},
        {ERROR("more", IN_PACKAGE, "require('more')"), "more "},
        /* What a package can't do without, or is not in one. */
        {ERROR("more", IN_PACKAGE, "import more from 'more'"), ""},
        {ERROR("fs", "app.js", "import fs from 'fs'"), ""},
        {ERROR("fs", IN_PACKAGE, "x") ERROR("fs", "app.js", "x"), ""},
        {ERROR("./a", IN_PACKAGE, "require('./a')"), ""},
        {ERROR("fs", IN_PACKAGE, "x") "[ERROR] Unexpected end", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char names[256] = "";
        isere_esbuild_error_each_missing(cases[i].text, add_name, names);
        assert_string_equal(names, cases[i].names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_need),         cmocka_unit_test(test_names),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_each_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
