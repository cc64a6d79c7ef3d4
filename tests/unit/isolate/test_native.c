/* Native modules: every accessor with every type, results, errors, memory that
 * ends at every point of a call, and a heap that stays pristine. */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static js_fixture_t f;

/* What the functions below were handed as ctx, and keep. */
static struct {
    int calls;
    bool held; /* in each of them */
    uint32_t remaining_ms;
} world;

/* ---- the module ---- */

static void describe_one(const isere_native_call_t *call, size_t i, char *out,
                         size_t size)
{
    static const char *const types[] = {
        "undefined", "null", "boolean", "number", "text", "bytes", "other"};
    double number = -1;
    int64_t integer = -1;
    bool boolean = false;
    isere_slice_t text = {NULL, 0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    int n = snprintf(out, size, "%s", types[isere_native_type(call, i)]);
    out += n;
    size -= (size_t)n;
    if (isere_native_number(call, i, &number)) {
        n = snprintf(out, size, " %g", number);
        out += n;
        size -= (size_t)n;
    }
    if (isere_native_integer(call, i, &integer)) {
        n = snprintf(out, size, " i%.0f", (double)integer);
        out += n;
        size -= (size_t)n;
    }
    if (isere_native_boolean(call, i, &boolean)) {
        snprintf(out, size, " %d", boolean);
    }
    if (isere_native_text(call, i, &text)) {
        assert_int_equal(text.ptr[text.len], 0);
        snprintf(out, size, " %.*s", (int)text.len, text.ptr);
    }
    if (isere_native_bytes(call, i, &bytes, &len)) {
        snprintf(out, size, " %u:%02x", (unsigned)len, len ? bytes[0] : 0);
        if (len > 0) {
            bytes[0]++;
        }
    }
}

/* Describes its arguments, and one more that was not given. */
static void describe(isere_native_call_t *call, void *ctx)
{
    char text[1024] = "";
    size_t len = 0;
    assert_ptr_equal(ctx, &world);
    world.calls++;
    world.held = isere_test_state()->held;
    world.remaining_ms = isere_native_remaining_ms(call);
    for (size_t i = 0; i <= isere_native_count(call); i++) {
        char one[128];
        describe_one(call, i, one, sizeof(one));
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
                                i ? "|" : "", one);
    }
    isere_native_return_text(call, isere_slice(text));
}

/* give(what): a result of that kind. */
static void give(isere_native_call_t *call, void *ctx)
{
    static const uint8_t bytes[] = {1, 2, 255};
    isere_slice_t what = {NULL, 0};
    (void)ctx;
    isere_native_text(call, 0, &what);
    if (isere_slice_is(what, "number")) {
        isere_native_return_number(call, 1.5);
    } else if (isere_slice_is(what, "integer")) {
        isere_native_return_integer(call, -9007199254740991);
    } else if (isere_slice_is(what, "boolean")) {
        isere_native_return_boolean(call, true);
    } else if (isere_slice_is(what, "null")) {
        isere_native_return_null(call);
    } else if (isere_slice_is(what, "text")) {
        isere_native_return_text(call,
                                 (isere_slice_t)ISERE_SLICE("a\0\xc3\xa4"));
    } else if (isere_slice_is(what, "broken")) {
        isere_native_return_text(call, (isere_slice_t)ISERE_SLICE("a\xff\xc3"));
    } else if (isere_slice_is(what, "no text")) {
        isere_native_return_text(call, isere_slice(NULL));
    } else if (isere_slice_is(what, "bytes")) {
        isere_native_return_bytes(call, bytes, sizeof(bytes));
    } else if (isere_slice_is(what, "no bytes")) {
        isere_native_return_bytes(call, NULL, 0);
    } else if (isere_slice_is(what, "last")) {
        isere_native_return_bytes(call, bytes, sizeof(bytes));
        isere_native_return_text(call, isere_slice("x"));
        isere_native_return_boolean(call, false);
    } else if (isere_slice_is(what, "throw")) {
        isere_native_return_number(call, 1);
        isere_native_throw(call, "thrown in C \xe2\x98\x83");
        isere_native_return_number(call, 2);
    } else if (isere_slice_is(what, "throw twice")) {
        isere_native_throw(call, "first");
        isere_native_throw(call, "second");
    }
}

/* big(n): a text of so many bytes. */
static void big(isere_native_call_t *call, void *ctx)
{
    static char text[600 * 1024];
    int64_t n = 0;
    (void)ctx;
    world.calls++;
    memset(text, 'x', sizeof(text));
    if (isere_native_integer(call, 0, &n)) {
        isere_native_return_bytes(call, text, (size_t)n);
        isere_native_return_text(call, isere_slice_of(text, (size_t)n));
        isere_native_throw(call, "not this");
    }
}

/* Runs for longer than any deadline. */
static void dawdle(isere_native_call_t *call, void *ctx)
{
    (void)ctx;
    world.calls++;
    isere_test_state()->monotonic_us += 60 * 1000000;
    world.remaining_ms = isere_native_remaining_ms(call);
    isere_native_return_number(call, 1);
}

static const isere_native_function_t functions[] = {
    {"describe", describe}, {"give", give}, {"big", big},
    {"dawdle", dawdle},     {NULL, NULL},
};
static const isere_native_module_t probe = {"isere:probe", functions, &world};

static void count_up(isere_native_call_t *call, void *ctx)
{
    isere_native_return_integer(call, ++*(int *)ctx);
}

static int counter;
static const isere_native_function_t counter_functions[] = {{"next", count_up},
                                                            {NULL, NULL}};
static const isere_native_module_t counting = {"isere:counter",
                                               counter_functions, &counter};
static const isere_native_module_t empty = {
    "isere:empty", &(const isere_native_function_t){NULL, NULL}, NULL};
static const isere_native_module_t *const modules[] = {&empty, &probe,
                                                       &counting, NULL};

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    memset(&world, 0, sizeof(world));
    counter = 0;
    js_init(&f, NULL);
    f.config.modules = modules;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return js_teardown(&f);
}

/* ---- arguments ---- */

static void test_arguments_of_every_type(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "undefined"},
        {"undefined, null", "undefined|null|undefined"},
        {"true, false", "boolean 1|boolean 0|undefined"},
        {"0, -1, 7", "number 0 i0|number -1 i-1|number 7 i7|undefined"},
        {"1.5, NaN", "number 1.5|number nan|undefined"},
        {"Infinity", "number inf|undefined"},
        {"2 ** 53 - 1", "number 9.0072e+15 i9007199254740991|undefined"},
        {"2 ** 53", "number 9.0072e+15|undefined"},
        {"1 - 2 ** 53", "number -9.0072e+15 i-9007199254740991|undefined"},
        {"'', 'abc'", "text |text abc|undefined"},
        {"'\\u00e4\\u2603'", "text \xc3\xa4\xe2\x98\x83|undefined"},
        {"'\\ud83d\\ude00'", "text \xf0\x9f\x98\x80|undefined"},
        {"'a\\ud800b'", "text a\xef\xbf\xbd"
                        "b|undefined"},
        {"'a'.repeat(30) + 'b'.repeat(30)",
         "text aaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "|undefined"},
        {"new Uint8Array([9, 8])", "bytes 2:09|undefined"},
        {"new Uint8Array([9, 8]).buffer", "bytes 2:09|undefined"},
        {"new Uint8Array([9, 8]).subarray(1)", "bytes 1:08|undefined"},
        {"new Uint16Array([513])", "bytes 2:01|undefined"},
        {"new DataView(new Uint8Array([5, 6, 7]).buffer, 1, 2)",
         "bytes 2:06|undefined"},
        {"new ArrayBuffer(0)", "bytes 0:00|undefined"},
        {"{}, [], () => {}", "other|other|other|undefined"},
        {"Symbol('s'), 1n", "other|other|undefined"},
        {"new String('s'), new Number(1)", "other|other|undefined"},
        {"new Proxy({}, { get() { throw 1 } })", "other|undefined"},
        {"{ toString() { throw 1 }, valueOf() { throw 1 } }",
         "other|undefined"},
        {"...'0123456789'",
         "text 0|text 1|text 2|text 3|text 4|text 5|text 6|text 7|text 8"
         "|text 9|undefined"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char source[512];
        snprintf(source, sizeof(source),
                 "import { describe } from 'isere:probe'\n"
                 "export const handler = () => describe(%s)",
                 cases[i][0]);
        js_must_start(&f, source);
        js_expect_body(&f, "/", cases[i][1]);
        assert_true(world.held);
        assert_false(isere_test_state()->held);
        js_deinit(&f);
        js_init(&f, NULL);
        f.config.modules = modules;
    }
}

static void test_bytes_are_the_handler_s_own(void **state)
{
    (void)state;
    js_must_start(
        &f,
        "import { describe } from 'isere:probe'\n"
        "const kept = new Uint8Array(2)\n"
        "export const handler = () => { describe(kept); return '' + kept }");
    js_expect_body(&f, "/", "1,0");
    js_expect_body(&f, "/", "1,0");
}

static void test_a_detached_buffer_is_an_error(void **state)
{
    (void)state;
    js_must_start(
        &f,
        "import { describe } from 'isere:probe'\n"
        "export const handler = () => {\n"
        "  const b = new ArrayBuffer(4), view = new Uint8Array(b)\n"
        "  structuredClone(b, { transfer: [b] })\n"
        "  try { return describe('x', view) } catch (e) { return e.name } }");
    js_expect_body(&f, "/", "TypeError");
    assert_int_equal(world.calls, 0);
}

static void test_time_that_is_left(void **state)
{
    (void)state;
    f.config.timeout_ms = 1234;
    js_must_start(&f, "import { describe } from 'isere:probe'\n"
                      "export const handler = () => describe()");
    js_expect_body(&f, "/", "undefined");
    assert_int_equal(world.remaining_ms, 1234);
}

/* ---- results ---- */

static void test_results_of_every_kind(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"number", "1.5"},
        {"integer", "-9007199254740991"},
        {"boolean", "true"},
        {"null", "null"},
        {"text", "\"a\\u0000\xc3\xa4\""},
        {"broken", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        {"no%20text", "\"\""},
        {"bytes", "[1,2,255]"},
        {"no%20bytes", "[]"},
        {"nothing", "undefined"},
        {"last", "false"},
        {"throw", "Error: thrown in C \xe2\x98\x83"},
        {"throw%20twice", "Error: second"},
    };
    js_must_start(
        &f,
        "import * as probe from 'isere:probe'\n"
        "export const handler = (event) => {\n"
        "  try {\n"
        "    const v = probe.give(decodeURIComponent(event.query))\n"
        "    return String(JSON.stringify(v instanceof Uint8Array ? [...v]"
        " : v))\n"
        "  } catch (e) {\n"
        "    if (Object.keys(e).length || !/handler/.test(e.stack)) throw 1\n"
        "    return String(e)\n"
        "  } }");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char target[64];
        snprintf(target, sizeof(target), "/?%s", cases[i][0]);
        js_expect_body(&f, target, cases[i][1]);
    }
}

static void test_an_uncaught_error_has_its_place(void **state)
{
    (void)state;
    js_must_start(&f, "import { give } from 'isere:probe'\n"
                      "export const handler = () => {\n"
                      "  give('throw')\n"
                      "}");
    js_expect_error(&f, "/", "exception");
    assert_non_null(strstr(isere_test_state()->log, "thrown in C"));
    assert_non_null(strstr(isere_test_state()->log, "fn/main.js:3"));
}

static void test_functions_are_ordinary(void **state)
{
    (void)state;
    js_must_start(
        &f, "import { give, describe } from 'isere:probe'\n"
            "import * as all from 'isere:probe'\n"
            "export const handler = () => {\n"
            "  let made = 'no'\n"
            "  try { new give(); made = 'yes' } catch {}\n"
            "  return [give.name, give.length, typeof give, made,"
            "    Object.keys(all).join('+'), [1].map(describe)].join() }");
    js_expect_body(&f, "/",
                   "give,0,function,no,big+dawdle+describe+give,"
                   "number 1 i1|number 0 i0|other|undefined");
}

/* ---- modules ---- */

static void test_all_files_and_functions_share_a_module(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js",
         "import { next } from './a.js'\nimport { n } from './b.js'\n"
         "import 'isere:empty'\n"
         "const again = (await import('isere:counter')).next\n"
         "export const handler = async () =>"
         " [next === n, next === again, next(),"
         "  (await import('isere:counter')).next()].join()"},
        {"a.js", "export { next } from 'isere:counter'"},
        {"b.js", "import { next as n } from 'isere:counter'; export { n }"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&f, files), 0);
    assert_int_equal(js_start_compiled(&f), ISERE_ISOLATE_READY);
    js_expect_body(&f, "/", "true,true,1,2");
    /* What a native function keeps is not part of the heap. */
    js_expect_body(&f, "/", "true,true,3,4");
    /* Another function with the same module. */
    js_fixture_t other;
    js_init(&other, NULL);
    other.config.modules = modules;
    assert_int_equal(js_start(&other, "import { next } from 'isere:counter'\n"
                                      "const first = next()\n"
                                      "export const handler = () =>"
                                      " first + ',' + next()"),
                     ISERE_ISOLATE_READY);
    js_expect_body(&other, "/", "5,6");
    js_expect_body(&f, "/", "true,true,7,8");
    js_deinit(&other);
}

static void expect_fault(const char *main, const char *lib, const char *message,
                         const char *file)
{
    js_file_t files[] = {{"main.js", main}, {"lib/a.js", lib}, {NULL, NULL}};
    int error = js_compile(&f, files);
    if (!error) {
        assert_int_equal(js_start_compiled(&f), ISERE_ISOLATE_FAILED);
    }
    if (!strstr(f.fault.message, message)) {
        fail_msg("fault is: %s", f.fault.message);
    }
    assert_string_equal(f.fault.file, file);
    const isere_native_module_t *const *kept = f.config.modules;
    js_deinit(&f);
    js_init(&f, NULL);
    f.config.modules = kept;
}

static void test_unknown_modules_are_named(void **state)
{
    (void)state;
    expect_fault("import './lib/a.js'", "\nimport { x } from 'isere:x'",
                 "this isère has no native module 'isere:x'; it has: "
                 "isere:empty, isere:probe, isere:counter",
                 "fn/lib/a.js");
    expect_fault("await import('isere:x')", "", "no native module 'isere:x'",
                 "fn/main.js");
    expect_fault("import { nope } from 'isere:probe'", "",
                 "Could not find export 'nope' in module 'isere:probe'",
                 "fn/main.js");
    expect_fault("\n import 'isere:X'", "", "cannot import 'isere:X'",
                 "fn/main.js");
    expect_fault("import 'isere:'", "", "cannot import 'isere:'", "fn/main.js");
    expect_fault("import 'isere:a/b'", "", "cannot import 'isere:a/b'",
                 "fn/main.js");
    f.config.modules = NULL;
    expect_fault("import 'isere:x'", "",
                 "no native module 'isere:x'; it has: none", "fn/main.js");
}

static void test_in_a_request_only_what_was_imported(void **state)
{
    (void)state;
    js_must_start(
        &f, "import 'isere:probe'\n"
            "export const handler = async (e) => {\n"
            "  try { return typeof (await import('isere:' + e.query)).next }"
            "  catch (error) { return error.message } }");
    js_expect_body(&f, "/?probe", "undefined");
    js_expect_body(&f, "/?counter",
                   "cannot import 'isere:counter' in a request: import it at "
                   "the top level");
}

static void expect_refused(const isere_native_module_t *module,
                           const char *message)
{
    const isere_native_module_t *const table[] = {&probe, module, NULL};
    js_file_t files[] = {{"main.js", "export const handler = () => 1"},
                         {NULL, NULL}};
    assert_int_equal(js_compile(&f, files), 0);
    f.config.modules = table;
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     ISERE_ERR_INVAL);
    if (!strstr(f.fault.message, message)) {
        fail_msg("fault is: %s", f.fault.message);
    }
    js_deinit(&f);
    js_init(&f, NULL);
}

static void test_wrong_tables_are_refused(void **state)
{
    (void)state;
    static const isere_native_function_t twice[] = {
        {"a", give}, {"b", give}, {"a", big}, {NULL, NULL}};
    static const isere_native_function_t no_code[] = {{"a", NULL},
                                                      {NULL, NULL}};
    const isere_native_module_t same = {"isere:probe", functions, NULL};
    const isere_native_module_t bare = {"probe", functions, NULL};
    const isere_native_module_t upper = {"isere:Probe", functions, NULL};
    const isere_native_module_t long_name = {
        "isere:a23456789012345678901234567890123", functions, NULL};
    const isere_native_module_t double_name = {"isere:a", twice, NULL};
    const isere_native_module_t lacking = {"isere:a", no_code, NULL};
    expect_refused(&same,
                   "'isere:probe' or one of its functions is defined twice");
    expect_refused(&bare, "'probe' has an invalid name");
    expect_refused(&upper, "'isere:Probe' has an invalid name");
    expect_refused(&long_name, "has an invalid name");
    expect_refused(&double_name, "defined twice");
    expect_refused(&lacking, "'isere:a' has a function without code");
}

/* ---- limits ---- */

static void test_memory_that_ends_in_a_result(void **state)
{
    (void)state;
    js_must_start(
        &f,
        "import { big } from 'isere:probe'\n"
        "export const handler = (e) => {\n"
        "  if (e.query) try { big(500 * 1024) } catch (e) { return e.message }"
        "  return big(500 * 1024) }");
    js_expect_error(&f, "/", "memory");
    js_expect_body(&f, "/?caught", "out of memory");
    assert_int_equal(world.calls, 2);
}

/* Invokes with so many bytes left above the snapshot. The arena's limit lies in
 * the arena: a reset puts it back. 1: answered, 0: an error of some kind. */
static int call_with(const char *target, uint32_t bytes)
{
    isere_arena_t *arena = f.isolate->heap.arena;
    arena->limit = arena->top + bytes;
    arena->reserve = 0;
    assert_int_equal(js_invoke(&f, target), ISERE_ISOLATE_COMPLETE);
    int answered =
        !isere_isolate_error(f.isolate) &&
        !isere_slice_is(isere_isolate_response(f.isolate)->body, "error");
    assert_false(isere_test_state()->held);
    assert_true(isere_arena_check(arena));
    isere_isolate_reset(f.isolate);
    return answered;
}

/* Memory ends at each allocation of a call in turn: it throws, or was never
 * made. */
static void test_memory_that_ends_anywhere_in_a_call(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "probe.describe(...args)", "probe.describe(wide, wide)",
        "probe.describe(view)",    "probe.give('bytes').length",
        "probe.give('text')",      "probe.give('broken')",
        "give('throw')",
    };
    char source[1024] =
        "import * as probe from 'isere:probe'\n"
        "const wide = '\\u2603'.repeat(40), args = [...'abcdefghijk', wide]\n"
        "const view = new DataView(new ArrayBuffer(8), 1)\n"
        "const give = (what) => { try { return probe.give(what) } catch (e) {"
        "  return /memory/.test(e.message) ? 'error' : 'fine' } }\n"
        "export const handler = (e) => String([";
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        size_t len = strlen(source);
        snprintf(source + len, sizeof(source) - len, "() => %s, ", calls[i]);
    }
    strcat(source, "][+e.query]())");
    js_must_start(&f, source);
    js_pristine_t pristine;
    js_pristine_take(&pristine, &f);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        char target[16];
        unsigned bytes = 0;
        unsigned answered = 0;
        snprintf(target, sizeof(target), "/?%u", i);
        for (; answered < 10; bytes += 8) {
            assert_true(bytes < 64 * 1024);
            answered += (unsigned)call_with(target, bytes);
            js_pristine_expect(&pristine, &f, bytes % 512 == 0);
        }
        assert_true(bytes > 512);
    }
    js_pristine_free(&pristine);
}

/* Heaps of every size from too small for the engine to enough. */
static void test_memory_that_ends_in_the_init_phase(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "import { describe } from 'isere:probe'\n"
                    "import { next } from 'isere:counter'\n"
                    "const first = describe('a') + next()\n"
                    "export const handler = () => first"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&f, files), 0);
    unsigned failed = 0;
    unsigned ready = 0;
    for (size_t memory = 24 * 1024; ready < 50; memory += 120) {
        f.config.memory_bytes = memory;
        assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                               &f.config, &f.function,
                                               &f.fault),
                         0);
        f.isolate = isere_isolate_create(f.port, f.function);
        if (f.isolate &&
            isere_isolate_start(f.isolate, &f.fault) == ISERE_ISOLATE_READY) {
            ready++;
            assert_int_equal(js_invoke(&f, "/"), ISERE_ISOLATE_COMPLETE);
            isere_isolate_reset(f.isolate);
        } else {
            failed++;
            assert_true(!f.isolate || f.fault.message[0]);
        }
        isere_isolate_destroy(f.isolate);
        isere_function_destroy(f.function);
        f.isolate = NULL;
        f.function = NULL;
    }
    assert_true(failed > 100);
    assert_true(failed < 2000);
}

static void test_a_call_past_the_deadline_ends_with_it(void **state)
{
    (void)state;
    js_must_start(&f, "import { dawdle, describe } from 'isere:probe'\n"
                      "export const handler = (e) => {\n"
                      "  if (e.path === '/ok') return describe()\n"
                      "  try { dawdle() } catch {}\n"
                      "  for (;;) dawdle() }");
    js_expect_error(&f, "/", "timeout");
    assert_int_equal(world.remaining_ms, 0);
    assert_true(world.calls > 0);
    js_expect_body(&f, "/ok", "undefined");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_arguments_of_every_type),
        TEST(test_bytes_are_the_handler_s_own),
        TEST(test_a_detached_buffer_is_an_error),
        TEST(test_time_that_is_left),
        TEST(test_results_of_every_kind),
        TEST(test_an_uncaught_error_has_its_place),
        TEST(test_functions_are_ordinary),
        TEST(test_all_files_and_functions_share_a_module),
        TEST(test_unknown_modules_are_named),
        TEST(test_in_a_request_only_what_was_imported),
        TEST(test_wrong_tables_are_refused),
        TEST(test_memory_that_ends_in_a_result),
        TEST(test_memory_that_ends_anywhere_in_a_call),
        TEST(test_memory_that_ends_in_the_init_phase),
        TEST(test_a_call_past_the_deadline_ends_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
