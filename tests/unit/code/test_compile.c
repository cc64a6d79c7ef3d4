/* isere_compile: what it makes of good, bad and odd sources, and where it says
 * that they are wrong. */
#include "core/code/bundle.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static void test_imports_come_along_once(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import './lib/a.js'; import { b } from './b.js';\n"
                    "const c = await import('./c.js'); import('./none.js');\n"
                    "export const handler = () => b"},
        {"lib/a.js", "import { b } from '../b.js'; export { b }"},
        {"b.js", "import './main.js'; export const b = 'b'"},
        {"c.js", "export default 'c'"},
        {NULL, NULL},
    };
    isere_bundle_t bundle;
    const char *reason;
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(isere_bundle_open(&bundle, js.code, js.code_size, &reason),
                     0);
    assert_int_equal(bundle.nmodules, 4);
    assert_string_equal(isere_bundle_name(&bundle, 0), "fn/main.js");
    assert_true(isere_bundle_find(&bundle, "fn/lib/a.js") > 0);
    assert_true(isere_bundle_find(&bundle, "fn/b.js") > 0);
    assert_true(isere_bundle_find(&bundle, "fn/c.js") > 0);
}

static void test_native_modules_are_left_out(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import { a } from 'isere:a'; export * from './b.js'\n"
                    "export const handler = () => a"},
        {"b.js", "export { b } from 'isere:a-_0'"},
        {NULL, NULL},
    };
    isere_bundle_t bundle;
    const char *reason;
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(isere_bundle_open(&bundle, js.code, js.code_size, &reason),
                     0);
    assert_int_equal(bundle.nmodules, 2);
}

static void test_the_same_source_gives_the_same_bytes(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "const re = /a+/g; class A { #x = 1n; static s = 'ä' }\n"
                    "export default { handler: async (e) => `${e.path}` }"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&js, files), 0);
    size_t size = js.code_size;
    void *first = js.code;
    js.code = NULL;
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(js.code_size, size);
    assert_memory_equal(js.code, first, size);
    isere_free(js.port, first);
}

typedef struct bad_source {
    const char *source;
    const char *message;
    const char *file;
    int line;
} bad_source_t;

static void test_faults_have_a_place(void **state)
{
    (void)state;
    static const bad_source_t cases[] = {
        {"export const handler = (", "SyntaxError", "fn/main.js", 1},
        {"\n\n  let 1x\n", "SyntaxError", "fn/main.js", 3},
        {"import './bad.js'", "SyntaxError", "fn/bad.js", 2},
        {"\nimport x from './none.js'", "no such file", "fn/main.js", 2},
        {"import x from './none.js'; import './bad.js'", "no such file",
         "fn/main.js", 1},
        {"import x from './lib/none.js'", "no such file", "fn/main.js", 1},
        {"import x from './v1.2/good'", "needs the extension", "fn/main.js", 1},
        {"import x from './good'", "needs the extension", "fn/main.js", 1},
        {"import x from 'x'", "cannot import 'x'", "fn/main.js", 1},
        {"import x from '/abs.js'", "cannot import '/abs.js'", "fn/main.js", 1},
        {"import x from '../up.js'", "outside", "fn/main.js", 1},
        {"return 1", "SyntaxError", "fn/main.js", 1},
        {"'unterminated", "SyntaxError", "fn/main.js", 1},
        {"/(/", "SyntaxError", "fn/main.js", 1},
        {"with (a) {}", "SyntaxError", "fn/main.js", 1},
        {"\nexport { x }", "'x' does not exist", "fn/main.js", 2},
        {"\nimport { ok,\n no as x } from './good.js'", "'no' in module",
         "fn/main.js", 3},
        {"import no from './good.js'", "'default' in module", "fn/main.js", 1},
        {"\nexport { no } from './good.js'", "'no' in module", "fn/main.js", 2},
        {"import { no } from './again.js'", "'no' in module", "fn/main.js", 1},
        {"import './wrong.js'", "'no' in module", "fn/wrong.js", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const js_file_t files[] = {{"main.js", cases[i].source},
                                   {"bad.js", "// fine\nlet let = 1"},
                                   {"good.js", "export const ok = 1"},
                                   {"again.js", "export * from './good.js'"},
                                   {"wrong.js", "import * as all from"
                                                " './again.js'\nexport { no as"
                                                " ok } from './again.js'"},
                                   {NULL, NULL}};
        assert_int_equal(js_compile(&js, files), ISERE_ERR_HANDLER);
        if (!strstr(js.fault.message, cases[i].message) ||
            (cases[i].file && (strcmp(js.fault.file, cases[i].file) != 0 ||
                               js.fault.line != cases[i].line))) {
            fail_msg("%s: %s at %s:%d", cases[i].source, js.fault.message,
                     js.fault.file, js.fault.line);
        }
        assert_null(js.code);
    }
}

/* Sources cut off at every byte compile or are refused, and leak nothing. */
static void test_cut_sources(void **state)
{
    (void)state;
    static const char source[] =
        "import { a } from './a.js'\nexport const handler = async ({ path },"
        " ...r) => { for await (const x of [`${path}`]) /x[y]/g.test(x);"
        " return { body: class { static #p = 1n; get q() { return 0x1f } } } }";
    for (size_t len = 0; len < sizeof(source); len += 3) {
        char *text = malloc(len + 1);
        assert_non_null(text);
        memcpy(text, source, len);
        text[len] = 0;
        const js_file_t files[] = {
            {"main.js", text}, {"a.js", "export const a = 1"}, {NULL, NULL}};
        int error = js_compile(&js, files);
        assert_true(error == 0 || error == ISERE_ERR_HANDLER);
        assert_int_equal(error != 0, js.fault.message[0] != 0);
        isere_free(js.port, js.code);
        js.code = NULL;
        free(text);
    }
}

static void test_deep_nesting_is_an_error(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *text = malloc(DEPTH + 1);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = 0;
    const js_file_t files[] = {{"main.js", text}, {NULL, NULL}};
    assert_int_equal(js_compile(&js, files), ISERE_ERR_HANDLER);
    assert_true(js.fault.message[0] != 0);
    free(text);
}

static int broken_load(void *ctx, const char *name, isere_slice_t *source)
{
    (void)name;
    (void)source;
    return *(int *)ctx;
}

static void test_loaders_that_fail(void **state)
{
    (void)state;
    static const struct {
        int error;
        const char *text;
    } cases[] = {{ISERE_ERR_NOENT, "no such file"},
                 {ISERE_ERR_LIMIT, "too large"},
                 {ISERE_ERR_IO, "can't be read"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int error = cases[i].error;
        isere_loader_t loader = {&error, broken_load};
        assert_true(isere_compile(js.port, &loader, "main.js", "", &js.code,
                                  &js.code_size, &js.fault) < 0);
        assert_non_null(strstr(js.fault.message, cases[i].text));
        assert_non_null(strstr(js.fault.message, "main.js"));
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, js_setup_one, js_teardown_one)
    const struct CMUnitTest tests[] = {
        TEST(test_imports_come_along_once),
        TEST(test_native_modules_are_left_out),
        TEST(test_the_same_source_gives_the_same_bytes),
        TEST(test_faults_have_a_place),
        TEST(test_cut_sources),
        TEST(test_deep_nesting_is_an_error),
        TEST(test_loaders_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
