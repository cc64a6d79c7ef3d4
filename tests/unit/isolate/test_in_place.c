/* Bytecode is used where it lies: no copy of it in the heap, for all modules of
 * a bundle, and not a byte of it is ever written to. */
#include "core/code/bundle.h"
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/in_place.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static js_fixture_t f;
static unsigned char *before; /* the bundle, as it was compiled */

static int setup(void **state)
{
    (void)state;
    (void)js_setup(&f);
    before = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    free(before);
    return isere_test_leaks();
}

static void start(const js_file_t *files)
{
    if (js_compile(&f, files) != 0) {
        fail_msg("does not compile: %s", f.fault.message);
    }
    before = malloc(f.code_size);
    assert_non_null(before);
    memcpy(before, f.code, f.code_size);
    if (js_start_compiled(&f) != ISERE_ISOLATE_READY) {
        fail_msg("not ready: %s", f.fault.message);
    }
}

static void expect_in_place(size_t functions)
{
    size_t pointers = js_pointers_into(&f, f.code, f.code_size);
    if (pointers < 2 * functions) {
        fail_msg("%lu pointers for %lu functions", (unsigned long)pointers,
                 (unsigned long)functions);
    }
    assert_false(js_has_copy(&f, f.code, f.code_size));
    assert_memory_equal(f.code, before, f.code_size);
}

/* ---- modules ---- */

static const js_file_t family[] = {
    {"main.js",
     "import { sum, names } from './lib/sum.js'\n"
     "import * as again from './lib/sum.js'\n"
     "import label, { tag } from './label.js'\n"
     "const late = await import('./late.js')\n"
     "export const shared = 'shared between modules'\n"
     "export const handler = (event) => {\n"
     "  const unusual = (anUnusualName) => anUnusualName * 2\n"
     "  return [sum(1, unusual(2)), again.sum === sum, names(), label.text,\n"
     "    tag`a${1}b`, late.default('x'), shared].join()\n"
     "}\n"},
    {"lib/sum.js",
     "import { shared } from '../main.js'\n"
     "import { circle } from './circle.js'\n"
     "export function sum (a, b) { return a + b + circle() }\n"
     "export const names = () => Object.keys({ anUnusualName: 1, other: 2,"
     " shared }).join('-')\n"},
    {"lib/circle.js",
     "import { sum } from './sum.js'\n"
     "export function circle () { return typeof sum === 'function' ? 10 : 0 }"},
    {"label.js",
     "class Label { #secret = 'h'; static made = 0\n"
     "  get text () { return this.#secret + 7n + /x(?<y>.)/.exec('xz')"
     ".groups.y } }\n"
     "export default new Label()\n"
     "export const tag = (strings, ...values) => strings.raw.join('*')"
     " + values\n"},
    {"late.js", "export default (anUnusualName) => `late ${anUnusualName}`"},
    {NULL, NULL},
};

static const char family_says[] =
    "15,true,anUnusualName-other-shared,h7z,a*b1,late x,shared between modules";

static void test_all_modules_are_in_place(void **state)
{
    (void)state;
    start(family);
    for (int i = 0; i < 3; i++) {
        js_expect_body(&f, "/", family_says);
    }
    /* 5 modules, whose own code is gone after the init phase, with handler,
     * unusual, sum, names, circle, text, tag, late's, and the fields of Label.
     */
    expect_in_place(9);
}

static void test_functions_that_run_are_in_place_too(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js",
         "function* numbers () { for (let i = 0; ; i++) yield i }\n"
         "const it = numbers(); it.next()\n"
         "const pending = (async () => { await new Promise(() => {}) })()\n"
         "export const handler = async (event) => {\n"
         "  try { null.x } catch (e) { return it.next().value +"
         " e.stack.replace(/\\s+/g, ' ') }\n"
         "}\n"},
        {NULL, NULL},
    };
    start(files);
    js_expect_body(&f, "/", "1 at handler (fn/main.js:5:13) ");
    expect_in_place(3);
}

/* What is freed in the init phase or a request leaves the bundle alone. */
static void test_freed_functions_leave_it_alone(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js",
         "let gone = (a) => { const inner = (b) => b + a; return inner }\n"
         "gone(1)(2); gone = null\n"
         "class Gone { method () { return 1 } }\n"
         "export const handler = (event) => {\n"
         "  let total = 0\n"
         "  for (let i = 0; i < 3000; i++) {\n"
         "    const f = { f: () => f, g: (x) => x + i }\n"
         "    total += f.g(1)\n"
         "    if (i % 500 === 0) total += eval('((x) => x * 2)')(i) +"
         " new Function('y', 'return y')(1)\n"
         "  }\n"
         "  return total\n"
         "}\n"},
        {NULL, NULL},
    };
    start(files);
    js_expect_body(&f, "/", "4516506");
    js_expect_body(&f, "/", "4516506");
    JS_RunGC(f.isolate->heap.rt);
    expect_in_place(3);
}

/* Names that the engine or isère's globals use, too, that look like numbers,
 * are wide, or are many. */
static void test_names_of_all_kinds(void **state)
{
    (void)state;
    static char source[16384];
    size_t len = 0;
    len += (size_t)snprintf(
        source, sizeof(source),
        "const o = { toString: 1, URL: 2, TextEncoder: 3, 7: 4, '08': 5,"
        " 4294967295: 6, 2147483648: 7, '\\u2603': 8, '': 9, é: 10,"
        " handler: 11, console: 12, queueMicrotask: 13, __proto__x: 14,"
        " encodeInto: 15, statusCode: 16, '\\ud800': 17, '<set>': 18 }\n"
        "const s = { sum () { let t = 0; for (const k in o) t += o[k];"
        " return t + o.URL + o[7] + o['08'] + o['\\u2603'] + o.é"
        " + o['\\ud800'] } }\n");
    for (int i = 0; i < 400; i++) {
        len += (size_t)snprintf(source + len, sizeof(source) - len,
                                "o.name%d = { field%d: %d }\n", i, i * 7, i);
    }
    snprintf(source + len, sizeof(source) - len,
             "export const handler = () => { let t = 0\n"
             "  for (let i = 0; i < 400; i++) t += o['name' + i]['field' +"
             " i * 7]\n"
             "  for (let i = 0; i < 400; i++) delete o['name' + i]\n"
             "  return [t, s.sum(), new URL('http://x/y').pathname,"
             " o.handler, o.encodeInto].join() }");
    const js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    start(files);
    js_expect_body(&f, "/", "79800,217,/y,11,15");
    expect_in_place(2);
}

/* ---- memory ---- */

/* Twice the code may not take twice the memory: only what describes functions,
 * names and constants lies in the heap. */
static size_t heap_with(int statements)
{
    static char source[32768];
    size_t len = (size_t)snprintf(source, sizeof(source),
                                  "export const handler = (event) => {\n"
                                  "  let a = event.path.length, b = 1\n");
    for (int i = 0; i < statements; i++) {
        len += (size_t)snprintf(source + len, sizeof(source) - len,
                                "  b = (a * 3 + b) %% 1000 ^ (a - b * 5)\n");
    }
    snprintf(source + len, sizeof(source) - len, "  return b\n}\n");
    const js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    start(files);
    const isere_heap_t *heap = &f.isolate->heap;
    size_t used = heap->arena->used + heap->frozen.size;
    size_t code = f.code_size;
    js_deinit(&f);
    js_init(&f, NULL);
    free(before);
    before = NULL;
    print_message("%lu bytes of bundle, %lu of heap\n", (unsigned long)code,
                  (unsigned long)used);
    return used;
}

static void test_statements_take_no_memory(void **state)
{
    (void)state;
    size_t small = heap_with(10);
    size_t large = heap_with(500);
    assert_in_range(large, small - 64, small + 64);
}

static void test_a_heap_too_small_for_its_code_says_so(void **state)
{
    (void)state;
    static char source[65536];
    size_t len = 0;
    for (int i = 0; i < 900; i++) {
        len += (size_t)snprintf(source + len, sizeof(source) - len,
                                "export const f%d = (a%d) => a%d\n", i, i, i);
    }
    snprintf(source + len, sizeof(source) - len,
             "export const handler = () => 1");
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    assert_int_equal(js_compile(&f, files), 0);
    /* The engine alone fits with room to spare, 900 functions do not. */
    f.config.memory_bytes = sizeof(void *) == 8 ? 192 * 1024 : 128 * 1024;
    assert_int_equal(js_start_compiled(&f), ISERE_ISOLATE_FAILED);
    assert_non_null(
        strstr(f.fault.message, "out of memory while loading code"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_all_modules_are_in_place),
        TEST(test_functions_that_run_are_in_place_too),
        TEST(test_freed_functions_leave_it_alone),
        TEST(test_names_of_all_kinds),
        TEST(test_statements_take_no_memory),
        TEST(test_a_heap_too_small_for_its_code_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
