/* Compiling within a time limit: what takes longer is abandoned wherever it is,
 * and the port goes on. */
#include "core/code/compile.h"
#include "isere/linux.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_takes_long_is_abandoned,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_limit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
