/* Isolates: the init phase, invocations and their answers, limits, and what
 * the author is told. */
#include "core/isolate/isolate.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static void expect_log(const char *part)
{
    if (!strstr(isere_test_state()->log, part)) {
        fail_msg("log is: %s", isere_test_state()->log);
    }
}

/* ---- answers ---- */

static void test_all_forms_of_handlers_answer(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "export const handler = () => 'x'",
        "export const handler = async () => 'x'",
        "export function handler() { return 'x' }",
        "export default () => 'x'",
        "export default async function () { return 'x' }",
        "export default { t: 'x', handler() { return this.t } }",
        "export const handler = (e, c, done) => { done('x') }",
        "export const handler = (e, c, done) => { done(null, 'x') }",
        "export const handler = async (e, c, done) => { await 0; done('x') }",
        "export const handler = () => ({ then(r) { r('x') } })",
        "export const handler = async () => ({ body: 'x' })",
        "export const handler = (e, c, done) => { done('x'); return 'y' }",
        "export const handler = (e, c, done) => { done('x'); done('y') }",
        "export const handler = (e, c, done) => { done('x'); throw 1 }",
        "export const handler = (e, c, d) => queueMicrotask(() => d('x'))",
        "let x = await Promise.resolve('x'); export const handler = () => x",
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        js_must_start(&js, forms[i]);
        js_expect_body(&js, "/", "x");
        js_expect_body(&js, "/", "x");
        js_deinit(&js);
        js_init(&js, NULL);
    }
}

static void test_undefined_is_an_empty_answer(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = async () => {}");
    js_expect_body(&js, "/", "");
}

static void test_timers_are_waited_for(void **state)
{
    (void)state;
    js_must_start(
        &js,
        "export const handler = async (event, context, done) => {"
        "  if (event.path === '/done') { setTimeout(() => done('d'), 50) }"
        "  else if (event.path === '/undefined') { setTimeout(() => {}, 9) }"
        "  else { await new Promise(r => setTimeout(r, 100)); return 'p' }"
        "}");
    assert_int_equal(js_invoke(&js, "/"), ISERE_ISOLATE_WAITING);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
    js_take_body(&js, "p");
    assert_int_equal(js_invoke(&js, "/done"), ISERE_ISOLATE_WAITING);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
    js_take_body(&js, "d");
    assert_int_equal(js_invoke(&js, "/undefined"), ISERE_ISOLATE_WAITING);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
    js_take_body(&js, "");
}

static void test_resuming_too_early_changes_nothing(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = () => new Promise("
                       "r => setTimeout(r, 100, 'late'))");
    assert_int_equal(js_invoke(&js, "/"), ISERE_ISOLATE_WAITING);
    assert_int_equal(isere_isolate_resume(js.isolate), ISERE_ISOLATE_WAITING);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
    js_take_body(&js, "late");
}

/* ---- failures ---- */

static void test_errors_have_file_line_and_reason_in_the_log(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = async () => {\n"
                       "  null.x\n"
                       "}");
    js_expect_error(&js, "/", "exception");
    expect_log("TypeError");
    expect_log("fn/main.js:2");
    assert_int_equal(isere_test_state()->log_level, ISERE_LOG_ERROR);
}

static void test_failures_are_told_apart(void **state)
{
    (void)state;
    js_must_start(
        &js,
        "export const handler = async (event, context, done) => {\n"
        "  switch (event.path) {\n"
        "  case '/throw': throw new Error('no');\n"
        "  case '/value': throw 7;\n"
        "  case '/null': throw null;\n"
        "  case '/done': done(new Error('no')); return\n"
        "  case '/memory': { const a = []; for (;;) a.push('x' + a.length) }\n"
        "  case '/buffer': return new ArrayBuffer(4000000).byteLength\n"
        "  case '/stack': { const g = () => g() + 1; return g() }\n"
        "  case '/status': return { statusCode: 99 }\n"
        "  case '/cycle': { const o = {}; o.o = o; return { body: o } }\n"
        "  case '/never': return new Promise(() => {})\n"
        "  case '/timer': setTimeout(() => { throw new Error('t') }, 1);\n"
        "    return new Promise(() => {})\n"
        "  case '/import': return import('./other.js')\n"
        "  }\n"
        "  return 'fine'\n"
        "}");
    static const char *const cases[][2] = {
        {"/throw", "exception"},  {"/value", "exception"},
        {"/null", "exception"},   {"/done", "exception"},
        {"/memory", "memory"},    {"/buffer", "memory"},
        {"/stack", "stack"},      {"/status", "malformed"},
        {"/cycle", "malformed"},  {"/never", "exception"},
        {"/import", "exception"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        js_expect_error(&js, cases[i][0], cases[i][1]);
        js_expect_body(&js, "/fine", "fine");
    }
    assert_int_equal(js_invoke(&js, "/timer"), ISERE_ISOLATE_WAITING);
    js_resume(&js);
    js_take_error(&js, "exception");
    js_expect_body(&js, "/fine", "fine");
}

static void test_a_caught_limit_is_no_failure(void **state)
{
    (void)state;
    js_must_start(&js,
                  "export const handler = () => {"
                  "  try { const a = []; for (;;) a.push('x'.repeat(1000)) }"
                  "  catch (e) { return 'caught' } }");
    js_expect_body(&js, "/", "caught");
}

static void test_time_limit_ends_loops_of_all_kinds(void **state)
{
    (void)state;
    isere_test_state()->tick_us = 10000;
    js_must_start(
        &js,
        "export const handler = async (event, context, done) => {"
        "  if (event.path === '/sync') for (;;) {}"
        "  if (event.path === '/caught') for (;;) try { for (;;) {} }"
        "    catch {} finally { }"
        "  if (event.path === '/jobs') for (;;) await 0;"
        "  if (event.path === '/chain') {"
        "    const f = () => { Promise.resolve().then(f) }; f();"
        "    return new Promise(() => {}) }"
        "  if (event.path === '/regexp') /(a*)*b/.test('a'.repeat(40));"
        "  if (event.path === '/timers') {"
        "    const g = () => setTimeout(g, 1000); g();"
        "    return new Promise(() => {}) }"
        "  if (event.path === '/done') { done('first'); for (;;) {} }"
        "  return context.getRemainingTimeInMillis() > 0 ? 'fine' : 'late' }");
    js_expect_error(&js, "/sync", "timeout");
    expect_log("fn/main.js:1");
    js_expect_error(&js, "/caught", "timeout");
    js_expect_error(&js, "/jobs", "timeout");
    js_expect_error(&js, "/chain", "timeout");
    js_expect_error(&js, "/regexp", "timeout");
    js_expect_body(&js, "/done", "first");
    js_invoke(&js, "/timers");
    while (isere_isolate_state(js.isolate) == ISERE_ISOLATE_WAITING) {
        js_resume(&js);
    }
    js_take_error(&js, "timeout");
    js_expect_body(&js, "/fine", "fine");
}

static void test_what_comes_after_the_answer_is_logged(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = (event, context, done) => {"
                       "  done('ok');"
                       "  if (event.path === '/throw') throw new Error('late');"
                       "  Promise.reject(new Error('unhandled')) }");
    js_expect_body(&js, "/throw", "ok");
    expect_log("late");
    js_expect_body(&js, "/reject", "ok");
    expect_log("unhandled rejection: Error: unhandled");
}

/* ---- the init phase ---- */

static void expect_fault(const char *source, const char *message, int line)
{
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    int error = js_compile(&js, files);
    if (!error) {
        isere_isolate_state_t end = js_start_compiled(&js);
        while (end == ISERE_ISOLATE_WAITING) {
            end = js_resume(&js);
        }
        assert_int_equal(end, ISERE_ISOLATE_FAILED);
    }
    if (!strstr(js.fault.message, message)) {
        fail_msg("fault is: %s", js.fault.message);
    }
    assert_int_equal(js.fault.line, line);
    if (line > 0) {
        assert_string_equal(js.fault.file, "fn/main.js");
    }
    js_deinit(&js);
    js_init(&js, NULL);
}

static void test_faults_say_what_is_wrong_and_where(void **state)
{
    (void)state;
    isere_test_state()->tick_us = 10000;
    expect_fault("export const handler = (\n", "SyntaxError", 2);
    expect_fault("let a\nlet a", "SyntaxError", 2);
    expect_fault("export const x = 1", "exports no handler", 0);
    expect_fault("export const handler = 1", "exports no handler", 0);
    expect_fault("\n\nthrow new Error('boom')", "Error: boom", 3);
    expect_fault("\nundefinedName()", "'undefinedName' is not defined", 2);
    expect_fault("module.exports = () => {}", "looks like CommonJS", 1);
    expect_fault("exports.handler = () => {}", "looks like CommonJS", 1);
    expect_fault("const fs = require('fs')", "looks like CommonJS", 1);
    expect_fault("\nimport fs from 'fs'", "cannot import 'fs'", 2);
    expect_fault("import './nope.js'", "no such file", 1);
    expect_fault("import '../up.js'", "outside the function's folder", 1);
    expect_fault("import * as std from 'std'", "cannot import 'std'", 1);
    expect_fault("await new Promise(() => {})", "never ends", 0);
    expect_fault("for (;;) {}", "did not end within", 1);
    expect_fault("await new Promise(r => setTimeout(r, 1e6))",
                 "did not end within", 0);
    expect_fault("const a = []; for (;;) a.push('x' + a.length)",
                 "out of memory", 1);
    expect_fault("await Promise.reject(new RangeError('r'))", "RangeError: r",
                 1);
}

static void test_init_phase_waits_for_timers(void **state)
{
    (void)state;
    assert_int_equal(
        js_start(&js, "const x = await new Promise(r => setTimeout(r, 50, 7));"
                      "setTimeout(() => {}, 1000);"
                      "export const handler = () => String(x)"),
        ISERE_ISOLATE_WAITING);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_READY);
    expect_log("1 timer was still pending");
    js_expect_body(&js, "/", "7");
}

/* Keeps so many objects, and makes garbage in each request. */
static isere_isolate_state_t start_keeping(int kept)
{
    char source[300];
    snprintf(source, sizeof(source),
             "const keep = []; for (let i = 0; i < %d; i++) keep.push({ i });"
             "export const handler = () => { let n = 0;"
             " for (; n < 30000; n++) { const t = { keep }; t.t = t }"
             " return 'made ' + n }",
             kept);
    js_deinit(&js);
    js_init(&js, isere_test_port());
    js.config.memory_bytes = (size_t)2048 * 1024;
    return js_start(&js, source);
}

/* Cycles are garbage that only a collection finds: also where most of the heap
 * lives, it comes before the memory is full of them. */
static void test_garbage_is_collected_in_time(void **state)
{
    enum { STEP = 1000 };
    int most = 0;
    (void)state;
    while (start_keeping(most + STEP) == ISERE_ISOLATE_READY) {
        most += STEP;
    }
    assert_true(most >= 8 * STEP);
    for (int eighths = 0; eighths < 8; eighths++) {
        assert_int_equal(start_keeping(most * eighths / 8),
                         ISERE_ISOLATE_READY);
        js_expect_body(&js, "/", "made 30000");
    }
}

static void test_relative_imports_work(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import { a } from './lib/a.js'\n"
                    "const late = await import('./lib/late.js')\n"
                    "export const handler = async () =>"
                    " a + late.default + (await import('./lib/a.js')).a"},
        {"lib/a.js", "import b from '../b.js'; export const a = 'a' + b"},
        {"b.js", "export default 'b'"},
        {"lib/late.js", "export default 'late'"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(js_start_compiled(&js), ISERE_ISOLATE_READY);
    js_expect_body(&js, "/", "ablateab");
}

/* Patch 0031: modules that import each other and export what they imported. */
static void test_an_imported_name_is_exported_across_a_cycle(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import { one } from './b.js'; export { one }\n"
                    "import * as b from './b.js'; export { b }\n"
                    "export const two = 2\n"
                    "export const handler = () =>"
                    " [one, b.two, b.a.one, b.a.handler === handler,"
                    " Object.keys(b.a)].join()"},
        {"b.js", "import { two } from './main.js'; export { two }\n"
                 "import * as a from './main.js'; export { a }\n"
                 "export const one = 1"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(js_start_compiled(&js), ISERE_ISOLATE_READY);
    js_expect_body(&js, "/", "1,2,1,true,b,handler,one,two");
}

static void test_a_cycle_of_names_that_nobody_has_is_an_error(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import { x } from './b.js'; export { x }\n"
                    "export const handler = () => x"},
        {"b.js", "import { x } from './main.js'; export { x }"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(js_start_compiled(&js), ISERE_ISOLATE_FAILED);
    assert_non_null(strstr(js.fault.message, "circular reference"));
}

/* Patch 0033: a module that waited for another one, imported once it is done.
 */
static void test_a_module_that_has_waited_can_be_imported(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import './parent.js'\n"
                    "const { late } = await import('./grandparent.js')\n"
                    "let reason\n"
                    "try { await import('./broken.js') }"
                    " catch (e) { reason = e.message }\n"
                    "export const handler = () => late + reason"},
        {"parent.js", "import './waits.js'"},
        {"waits.js", "await 0"},
        {"grandparent.js", "import './parent.js'; export const late = 'late '"},
        {"broken.js", "import './throws.js'"},
        {"throws.js", "await 0; throw new Error('reason')"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&js, files), 0);
    assert_int_equal(js_start_compiled(&js), ISERE_ISOLATE_READY);
    js_expect_body(&js, "/", "late reason");
}

/* ---- damaged bytecode ---- */

static void test_every_damaged_byte_is_noticed(void **state)
{
    (void)state;
    js_file_t files[] = {{"main.js", "export const handler = () => 1"},
                         {NULL, NULL}};
    assert_int_equal(js_compile(&js, files), 0);
    unsigned char *code = js.code;
    for (size_t i = 0; i < js.code_size; i++) {
        code[i] ^= 0x10;
        assert_int_equal(isere_function_create(js.port, code, js.code_size,
                                               &js.config, &js.function,
                                               &js.fault),
                         ISERE_ERR_INVAL);
        assert_true(js.fault.message[0] != 0);
        code[i] ^= 0x10;
    }
    for (size_t len = 0; len < js.code_size; len++) {
        assert_int_equal(isere_function_create(js.port, code, len, &js.config,
                                               &js.function, &js.fault),
                         ISERE_ERR_INVAL);
    }
    assert_int_equal(js_start_compiled(&js), ISERE_ISOLATE_READY);
    js_expect_body(&js, "/", "1");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, js_setup_one, js_teardown_one)
    const struct CMUnitTest tests[] = {
        TEST(test_all_forms_of_handlers_answer),
        TEST(test_undefined_is_an_empty_answer),
        TEST(test_timers_are_waited_for),
        TEST(test_resuming_too_early_changes_nothing),
        TEST(test_errors_have_file_line_and_reason_in_the_log),
        TEST(test_failures_are_told_apart),
        TEST(test_a_caught_limit_is_no_failure),
        TEST(test_time_limit_ends_loops_of_all_kinds),
        TEST(test_what_comes_after_the_answer_is_logged),
        TEST(test_faults_say_what_is_wrong_and_where),
        TEST(test_init_phase_waits_for_timers),
        TEST(test_garbage_is_collected_in_time),
        TEST(test_relative_imports_work),
        TEST(test_an_imported_name_is_exported_across_a_cycle),
        TEST(test_a_cycle_of_names_that_nobody_has_is_an_error),
        TEST(test_a_module_that_has_waited_can_be_imported),
        TEST(test_every_damaged_byte_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
