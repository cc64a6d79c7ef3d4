/* Deployments: what is made of a package, what is said about one that is at
 * fault, and that nothing stays when it fails. */
#include "core/deploy/deployment.h"
#include "tests/unit/support/lazy_heaps.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static isere_port_t port;
static isere_function_config_t config;
static isere_deployment_t *deployment;
static isere_fault_t fault;

static int poll_wait(void *ctx, isere_poll_event_t *events, int max,
                     uint64_t timeout_us)
{
    (void)ctx;
    (void)events;
    (void)max;
    isere_test_state()->monotonic_us += timeout_us;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    port = *isere_test_port();
    lazy_heaps(&port);
    port.poll_wait = poll_wait;
    isere_function_config_init(&config);
    config.memory_bytes = 1024 * 1024;
    config.stack_bytes = 64 * 1024;
    deployment = NULL;
    memset(&fault, 0x55, sizeof(fault));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    isere_deployment_release(deployment);
    deployment = NULL;
    return isere_test_leaks();
}

static int create(const char *name, const char *text)
{
    const isere_slice_t json = isere_slice(text);
    uint8_t sha256[ISERE_SHA256_SIZE];
    isere_package_t *package;
    isere_deployment_parts_t parts = {
        .name = name,
        .version = 7,
        .config = &config,
    };
    isere_sha256_of(json.ptr, json.len, sha256);
    int error =
        isere_package_read_stored(&port, json, sha256, NULL, &package, &fault);
    if (!error) {
        parts.package = package;
        error = isere_deployment_create(&port, &parts, &deployment, &fault);
        isere_package_drop(&port, package);
    }
    return error;
}

static void must_create(const char *name, const char *package)
{
    if (create(name, package)) {
        fail_msg("%s", fault.message);
    }
    assert_string_equal(fault.message, "");
}

#define FILES(source) "\"main\":\"a.js\",\"files\":{\"a.js\":\"" source "\"}"
#define GOOD FILES("export const handler = () => 1")

/* ---- what is made ---- */

static void test_what_a_package_says(void **state)
{
    (void)state;
    must_create("hello",
                "{\"main\":\"lib/a.js\",\"files\":{\"lib/a.js\":\"import "
                "'../b.js'; export const handler = () => 1\",\"b.js\":\"//"
                "\xc3\xa9\",\"data.txt\":\"no code\"},"
                "\"routes\":[\"GET /x\",\"$default\"],"
                "\"env\":{\"A\":\"1=2\",\"B\":\"\"},"
                "\"memory\":524288,\"timeout\":50,\"payload\":\"2.0\"}");
    const isere_deployment_t *d = deployment;
    assert_string_equal(d->name, "hello");
    assert_int_equal(d->version, 7);
    assert_int_equal(d->previous, 0);
    assert_int_equal(strlen(d->sha256), 64);
    assert_int_equal(d->bytes, 48 + 4 + 7);
    assert_string_equal(d->main, "lib/a.js");
    assert_int_equal(d->nroutes, 2);
    assert_string_equal(d->routes[0], "GET /x");
    assert_string_equal(d->routes[1], "$default");
    assert_null(d->routes[2]);
    assert_string_equal(d->env[0], "A=1=2");
    assert_string_equal(d->env[1], "B=");
    assert_null(d->env[2]);
    assert_null(d->stats);
    assert_int_equal(isere_deployment_check(&port, d, &fault), 0);
}

static void test_the_sum_is_that_of_the_package(void **state)
{
    (void)state;
    must_create("hello", "{\"main\":\"a\",\"files\":{\"a\":\"\"}}");
    /* printf '%s' '{"main":"a","files":{"a":""}}' | sha256sum */
    assert_string_equal(deployment->sha256,
                        "f1ccd14ce87290f9127f3198fe1502ac2ee69d44763d943db238"
                        "d00fd911d210");
}

static void test_routes_without_any(void **state)
{
    (void)state;
    must_create("hello", "{" GOOD "}");
    assert_int_equal(deployment->nroutes, 2);
    assert_string_equal(deployment->routes[0], "ANY /hello");
    assert_string_equal(deployment->routes[1], "ANY /hello/{path+}");
    assert_null(deployment->routes[2]);
    assert_null(deployment->env[0]);
    isere_deployment_release(deployment);
    must_create("default", "{" GOOD "}");
    assert_int_equal(deployment->nroutes, 1);
    assert_string_equal(deployment->routes[0], "$default");
    assert_null(deployment->routes[1]);
    isere_deployment_release(deployment);
    must_create("abcdefghijklmnopqrstuvwxyz-01234", "{" GOOD "}");
    assert_string_equal(deployment->routes[1],
                        "ANY /abcdefghijklmnopqrstuvwxyz-01234/{path+}");
}

static void expect_body(const char *body)
{
    isere_instance_t *instance;
    isere_result_t result;
    isere_request_t request = {.method = {0}};
    assert_int_equal(
        isere_instance_create(&port, deployment->function, &instance, &fault),
        0);
    assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
    assert_int_equal(result.body.len, strlen(body));
    assert_memory_equal(result.body.ptr, body, result.body.len);
    isere_instance_destroy(instance);
}

/* The server's own environment is below the function's. */
static void test_the_handler_sees_it(void **state)
{
    (void)state;
    static const char *const env[] = {"A=server", "C=server", NULL};
    config.env = env;
    config.env_block = "D=block\0A=block\0";
    must_create(
        "hello",
        "{" FILES(
            "export const handler = (e, c) => [c.functionName, "
            "c.functionVersion, "
            "process.env.A, process.env.B, process.env.C, "
            "process.env.D].join()") ",\"env\":{\"A\":\"1\",\"B\":\"2\"}}");
    assert_string_equal(deployment->env[0], "A=1");
    assert_string_equal(deployment->env[1], "B=2");
    assert_null(deployment->env[2]);
    expect_body("hello,7,1,2,server,block");
}

/* Names in the package's order are not the order of imports. */
static void test_imports_among_the_files(void **state)
{
    (void)state;
    must_create("hello",
                "{\"main\":\"z/main.js\",\"files\":{\"__proto__\":\"export "
                "default 'p'\",\"z/main.js\":\"import p from '../__proto__'; "
                "import c from './constructor'; export const handler = () => "
                "p + c\",\"z/constructor\":\"export default 'c'\"}}");
    expect_body("pc");
}

static void test_references(void **state)
{
    (void)state;
    must_create("hello", "{" GOOD "}");
    assert_ptr_equal(isere_deployment_hold(deployment), deployment);
    isere_deployment_release(deployment);
    assert_string_equal(deployment->name, "hello");
    assert_null(isere_deployment_hold(NULL));
    isere_deployment_release(NULL);
}

/* ---- what is at fault ---- */

static void refuse(const char *package, int error, const char *message)
{
    assert_int_equal(create("hello", package), error);
    assert_null(deployment);
    assert_string_equal(fault.message, message);
}

static void expect_place(const char *file, int line, int column)
{
    assert_string_equal(fault.file, file);
    assert_int_equal(fault.line, line);
    assert_int_equal(fault.column, column);
}

static void test_packages_that_are_damaged(void **state)
{
    (void)state;
    refuse("", ISERE_ERR_INVAL,
           "the package is not JSON: Unexpected end of JSON input");
    refuse("{\"main\":\"a\",\"files\":{}}", ISERE_ERR_INVAL,
           "\"main\": \"a\": is not in \"files\"");
    refuse("{" GOOD ",\"memory\":0}", ISERE_ERR_INVAL,
           sizeof(size_t) == 8
               ? "\"memory\": must be from 1 to 18446744073709551615"
               : "\"memory\": must be from 1 to 4294967295");
}

static void test_sources_at_fault(void **state)
{
    (void)state;
    refuse("{" FILES("let a = 1;\\n  let b = ;") "}", ISERE_ERR_HANDLER,
           "SyntaxError: unexpected token in expression: ';'");
    expect_place("a.js", 2, 11);
    assert_string_equal(fault.stack, "    at a.js:2:11\n");
    refuse("{\"main\":\"a.js\",\"files\":{\"a.js\":\"\\nimport './lib/b.js'\","
           "\"lib/b.js\":\"\\n\\n  }\"}}",
           ISERE_ERR_HANDLER,
           "SyntaxError: unexpected token in expression: "
           "'}'");
    expect_place("lib/b.js", 3, 3);
}

static void test_imports_that_are_not_there(void **state)
{
    (void)state;
    refuse("{" FILES("\\nimport x from './no.js'") "}", ISERE_ERR_HANDLER,
           "SyntaxError: cannot import 'no.js': no such file");
    expect_place("a.js", 2, 15);
    refuse("{" FILES("import '../a.js'") "}", ISERE_ERR_HANDLER,
           "SyntaxError: cannot import '../a.js': it lies outside the "
           "function's folder");
    expect_place("a.js", 1, 8);
    refuse("{\"main\":\"a.js\",\"files\":{\"a.js\":\"import {x} from "
           "'./b.js'\",\"b.js\":\"\"}}",
           ISERE_ERR_HANDLER,
           "SyntaxError: Could not find export 'x' in module 'b.js'");
    assert_string_equal(fault.file, "a.js");
}

static void fail_check(const char *package, const char *message)
{
    isere_deployment_release(deployment);
    deployment = NULL;
    must_create("hello", package);
    assert_int_equal(isere_deployment_check(&port, deployment, &fault),
                     ISERE_ERR_HANDLER);
    assert_string_equal(fault.message, message);
}

static void test_init_phases_that_fail(void **state)
{
    (void)state;
    fail_check("{" FILES("\\nfunction f() { throw new Error('no') }\\nf()") "}",
               "Error: no");
    expect_place("a.js", 2, 31);
    assert_non_null(strstr(fault.stack, "at f (a.js:2:31)"));
    fail_check("{" FILES("export const x = 1") "}",
               "the module exports no handler: write `export const handler = "
               "async (event, context, done) => { \xe2\x80\xa6 }` or `export "
               "default { fetch(request, env, ctx) { \xe2\x80\xa6 } }`");
    assert_string_equal(fault.file, "a.js");
    fail_check("{" FILES("await new Promise(() => {})") "}",
               "the init phase never ends: a top-level await waits for a "
               "promise that nothing can settle");
    isere_test_state()->tick_us = 100000;
    fail_check("{" FILES("for (;;) {}") "}",
               "the init phase did not end within 10000 ms");
    isere_test_state()->tick_us = 0;
    fail_check(
        "{" FILES("let a = []; for (;;) a.push(new Array(1000))") ",\"memory\":"
                                                                  "524288}",
        "InternalError: out of memory (raise --memory)");
}

/* ---- hostile sources ---- */

static char *package_of(const char *unit, size_t count)
{
    static const char start[] = "{\"main\":\"a.js\",\"files\":{\"a.js\":\"";
    size_t len = strlen(unit);
    char *package = malloc(sizeof(start) + len * count + 8);
    assert_non_null(package);
    char *p = package + sprintf(package, "%s", start);
    for (size_t i = 0; i < count; i++) {
        memcpy(p, unit, len);
        p += len;
    }
    memcpy(p, "\"}}", 4);
    return package;
}

static void try_source(const char *unit, size_t count, int wanted,
                       const char *message)
{
    char *package = package_of(unit, count);
    int error = create("hello", package);
    free(package);
    assert_int_equal(error, wanted);
    if (!strstr(fault.message, message)) {
        fail_msg("%s", fault.message);
    }
}

static void test_hostile_sources(void **state)
{
    (void)state;
    static const char *const deep[] = {
        "(",   "[",           "{",       "!",   "a?",   "`${",
        "x=>", "function(){", "class{[", "[a,", "{a:",  "new ",
        "...", "async()=>{",  "if(1)",   "a=",  "a=>{",
    };
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        char *package = package_of(deep[i], 1000000 / strlen(deep[i]));
        int error = create("hello", package);
        free(package);
        assert_int_equal(error, ISERE_ERR_HANDLER);
        assert_ptr_equal(strstr(fault.message, "SyntaxError: "), fault.message);
        assert_string_equal(fault.file, "a.js");
    }
    try_source("(", 1000000, ISERE_ERR_HANDLER, "stack overflow");
    try_source("/", 1, ISERE_ERR_HANDLER, "unexpected end of regexp");
}

/* The compiler's memory is not the source's fault. */
static void test_what_does_not_fit_the_compiler(void **state)
{
    (void)state;
    try_source("`", 1000000, ISERE_ERR_LIMIT,
               "not enough memory to compile: the limit is 64M");
    try_source("[1,2,a=>b=>c=>d];", 400000, ISERE_ERR_LIMIT,
               "not enough memory to compile: the limit is 64M");
}

/* ---- without memory ---- */

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        setup(NULL);
        isere_test_state()->fail_at = n;
        int error = create("hello", "{" GOOD ",\"env\":{\"A\":\"1\"}}");
        if (!error) {
            isere_test_state()->fail_at = 0;
            assert_true(n >= 8);
            return;
        }
        assert_int_equal(error, ISERE_ERR_NOMEM);
        assert_true(fault.message[0] != 0);
        assert_null(deployment);
        assert_int_equal(isere_test_state()->live_blocks, 0);
    }
}

static void test_every_allocation_of_the_check_fails_once(void **state)
{
    (void)state;
    int error;
    must_create("hello", "{" GOOD "}");
    size_t blocks = isere_test_state()->live_blocks;
    size_t n = 0;
    do {
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = ++n;
        error = isere_deployment_check(&port, deployment, &fault);
        assert_true(
            error == 0 || error == ISERE_ERR_NOMEM ||
            (error == ISERE_ERR_HANDLER && strstr(fault.message, "memory")));
        assert_true(error == 0 || fault.message[0] != 0);
        assert_int_equal(isere_test_state()->live_blocks, blocks);
    } while (error);
    assert_true(n > 3);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_a_package_says),
        TEST(test_the_sum_is_that_of_the_package),
        TEST(test_routes_without_any),
        TEST(test_the_handler_sees_it),
        TEST(test_imports_among_the_files),
        TEST(test_references),
        TEST(test_packages_that_are_damaged),
        TEST(test_sources_at_fault),
        TEST(test_imports_that_are_not_there),
        TEST(test_init_phases_that_fail),
        TEST(test_hostile_sources),
        TEST(test_what_does_not_fit_the_compiler),
        TEST(test_every_allocation_fails_once),
        TEST(test_every_allocation_of_the_check_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
