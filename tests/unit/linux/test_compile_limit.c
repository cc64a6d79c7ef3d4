/* Compiling within a time limit: what takes longer is abandoned wherever it is,
 * and the port goes on. And in as much memory as there is. */
#include "core/code/compile.h"
#include "isere/linux.h"
#include "tests/unit/support/text_file.h"
#include "tests/unit/support/unit.h"

static isere_port_t port;
static isere_fault_t fault;
static void *code;
static size_t size;

static int setup(void **state)
{
    (void)state;
    code = NULL;
    return isere_linux_port_init(&port, NULL);
}

static int teardown(void **state)
{
    (void)state;
    isere_free(&port, code);
    isere_linux_port_deinit(&port);
    return 0;
}

static int load(void *ctx, const char *name, isere_slice_t *source)
{
    *source = isere_slice(strcmp(name, "a.js") == 0 ? ctx : "");
    return 0;
}

static int compile(char *source, uint32_t timeout_ms)
{
    isere_loader_t loader = {source, load};
    const isere_compile_options_t options = {
        .loader = &loader,
        .main_name = "a.js",
        .prefix = "fn/",
        .timeout_ms = timeout_ms,
    };
    return isere_compile_with(&port, &options, &code, &size, &fault);
}

/* `count` of `before`, a number, `after`. */
static char *many(const char *before, const char *after, int count)
{
    size_t room = (strlen(before) + strlen(after) + 10) * (size_t)count + 1;
    char *source = malloc(room);
    size_t len = 0;
    assert_non_null(source);
    for (int i = 0; i < count; i++) {
        len += (size_t)snprintf(source + len, room - len, "%s%d%s", before, i,
                                after);
    }
    return source;
}

static void expect_timeout(char *source)
{
    uint64_t start = port.monotonic_us(port.ctx);
    assert_int_equal(compile(source, 100), ISERE_ERR_HANDLER);
    /* Generous: the machine may be busy. */
    assert_true(port.monotonic_us(port.ctx) - start < 10000000);
    assert_string_equal(
        fault.message,
        "compiling took longer than the time limit (init timeout)");
    assert_string_equal(fault.file, "fn/a.js");
    assert_int_equal(fault.line, 0);
    free(source);
}

/* The engine's lists of names are searched one by one. These take seconds. */
static void test_what_takes_long_is_abandoned(void **state)
{
    (void)state;
    expect_timeout(many("let v", ";", 150000));
    expect_timeout(many("export let v", " = 0;", 100000));
    expect_timeout(many("import './a", ".js';", 50000));
    char good[] = "export const handler = () => 1";
    assert_int_equal(compile(good, 10000), 0);
    assert_string_equal(fault.message, "");
}

/* No limit is none: this takes longer than any tick of the port's timer. */
static void test_without_a_limit(void **state)
{
    (void)state;
    char *source = many("let v", ";", 10000);
    assert_int_equal(compile(source, 0), 0);
    free(source);
}

/* ---- memory ---- */

static size_t largest; /* block that there is */
static void *(*map)(void *ctx, size_t bytes);

static void *map_up_to(void *ctx, size_t bytes)
{
    return bytes > largest ? NULL : map(ctx, bytes);
}

static int compile_in(size_t memory, size_t least, char *source)
{
    isere_loader_t loader = {source, load};
    const isere_compile_options_t options = {
        .loader = &loader,
        .main_name = "a.js",
        .prefix = "",
        .memory = memory,
        .least = least,
    };
    isere_free(&port, code);
    code = NULL;
    return isere_compile_with(&port, &options, &code, &size, &fault);
}

/* It takes the largest block that there is, and says how large that was. */
static void test_as_much_as_there_is(void **state)
{
    (void)state;
    const size_t kb = 1024;
    char *source = many("let v", " = () => 1;", 5000);
    map = port.arena_map ? port.arena_map : port.heap_map;
    port.arena_map = port.arena_map ? map_up_to : NULL;
    port.heap_map = map_up_to;
    largest = 1001 * kb;
    assert_int_equal(compile_in(64 * 1024 * kb, 0, source), ISERE_ERR_NOMEM);
    assert_int_equal(compile_in(2000 * kb, 1004 * kb, source), ISERE_ERR_NOMEM);
    assert_string_equal(fault.message, "not enough memory to compile");
    assert_int_equal(compile_in(2000 * kb, 400 * kb, source), ISERE_ERR_LIMIT);
    assert_string_equal(fault.message,
                        "not enough memory to compile: the limit is 1000K");
    largest = 8000 * kb;
    assert_int_equal(compile_in(16000 * kb, 400 * kb, source), 0);
    free(source);
}

/* ---- 64 KB of source ---- */

enum { SOURCE_MAX = 64 * 1024 };

/* As modules that a bundler put into one file: code as people write it, with
 * its comments. */
static size_t add_module(char *out, const char *path, int number)
{
    char *text = text_file_read(path);
    char *at = out;
    at += sprintf(at, "/* %s */\nexport function part%d() {\n", path, number);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        bool exports = strncmp(line, "export ", 7) == 0;
        if (strncmp(line, "import ", 7) != 0) {
            at += sprintf(at, "%s\n", line + (exports ? 7 : 0));
        }
    }
    free(text);
    return (size_t)(at - out + sprintf(at, "}\n"));
}

static char *ordinary_source(void)
{
    static const char *const paths[] = {
        "dashboard/api.js",      "dashboard/code.js",
        "dashboard/dom.js",      "dashboard/draft.js",
        "dashboard/editor.js",   "dashboard/format.js",
        "dashboard/function.js", "dashboard/login.js",
        "dashboard/logs.js",     "dashboard/main.js",
        "dashboard/metrics.js",  "dashboard/overview.js",
        "dashboard/paint.js",    "dashboard/plot.js",
        "dashboard/plots.js",    "dashboard/state.js",
        "dashboard/try.js"};
    const size_t count = sizeof(paths) / sizeof(paths[0]);
    char *source = calloc(1, (size_t)2 * SOURCE_MAX);
    size_t used = 0;
    assert_non_null(source);
    for (size_t i = 0; i < count; i++) {
        size_t more = add_module(source + used, paths[i], (int)i);
        assert_true(more < SOURCE_MAX);
        used += used + more <= SOURCE_MAX ? more : 0;
    }
    source[used] = 0;
    assert_in_range(used, SOURCE_MAX - 4096, SOURCE_MAX);
    return source;
}

static int compile_on_a_device(size_t memory, char *source)
{
    isere_loader_t loader = {source, load};
    const isere_compile_options_t options = {
        .loader = &loader,
        .main_name = "a.js",
        .prefix = "",
        /* Values, pointers and what consists of them are twice as large. */
        .memory = sizeof(void *) == 4 ? memory : 2 * memory,
        .no_source = true,
        .in_place = true,
    };
    isere_free(&port, code);
    code = NULL;
    return isere_compile_with(&port, &options, &code, &size, &fault);
}

static void test_64_kb_of_ordinary_code(void **state)
{
    (void)state;
    char *source = ordinary_source();
    assert_int_equal(compile_on_a_device((size_t)180 * 1024, source), 0);
    assert_int_equal(compile_on_a_device((size_t)64 * 1024, source),
                     ISERE_ERR_LIMIT);
    assert_string_equal(fault.file, "a.js");
    free(source);
}

/* Nothing but functions, no comments and short names. */
static void test_64_kb_of_dense_code(void **state)
{
    (void)state;
    char *source = many("export function f",
                        "(a,b){let c=0;for(const d of a.filter((e)=>e>0))"
                        "{c+=(b[d]??.5)*d;if(c>9)return{c,w:'x'}}"
                        "return{c,n:a.map((e)=>e+1).join()}}\n",
                        430);
    assert_in_range(strlen(source), SOURCE_MAX - 4096, SOURCE_MAX);
    assert_int_equal(compile_on_a_device((size_t)330 * 1024, source), 0);
    free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_takes_long_is_abandoned,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_as_much_as_there_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_64_kb_of_ordinary_code, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_64_kb_of_dense_code, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
