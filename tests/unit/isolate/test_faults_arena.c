/*
 * Memory that ends inside the heap, at every point: heaps so small that the
 * init phase fails, from the first allocation to the last; and heaps that are
 * full at every point of a request. A fault or the right answer, never a crash.
 */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* Plenty for every request below. */
#define ENOUGH ((size_t)700 * 1024)

static js_fixture_t f;

static const char source[] =
    "import { text } from './a.js'\n"
    "const map = new Map([[1, { a: [1, 2, 3] }]]); class A { #x = 1 }\n"
    "const slept = await new Promise(r => setTimeout(r, 1, 'slept'));\n"
    "const url = new URL('http://h/p?q=1'); new A();\n"
    "console.log('init', map, [slept]);\n"
    "const body = { a: [1, 2, { b: 'x'.repeat(100) }], c: null };\n"
    "const kinds = {\n"
    "  text: () => text,\n"
    "  async json() { return { headers: { a: ['b', 'c'] }, cookies: ['d=e'],"
    "    body } },\n"
    "  event: (e, c) => JSON.stringify({ ...e, ...c }).length > 10 && "
    "'event',\n"
    "  done: (e, c, done) => { done(null, { body: 'done' }) },\n"
    "  async wait() { await Promise.all([1, 2].map(v => new Promise(r =>"
    "    setTimeout(r, v)))); return 'waited' },\n"
    "  url: () => new URL('../x?a=b#c', url).searchParams.get('a'),\n"
    "  clone: () => structuredClone({ map, d: new Date(0) }).map.get(1).a[2]"
    "    + '',\n"
    "  regexp: () => 'a1b22'.replace(/(?<n>\\d+)/g, '<$<n>>'),\n"
    "  log: () => { console.log('%s', map, body, new Error('e')); return 'l' "
    "},\n"
    "  throws: () => { throw new TypeError('thrown') },\n"
    "  caught: () => { try { null.x } catch (e) {"
    "    if (e.name !== 'TypeError') throw e; return e.name } },\n"
    "  rejects: async () => { throw new Error('r') },\n"
    "  unhandled: () => { Promise.reject(new Error('u')); return 'u' },\n"
    "  eval: () => eval('(function (a) { return a + `b${a}` })(\"a\")'),\n"
    "  fn: () => new Function('a', 'return [...a].join()')('xy'),\n"
    "  gen: () => [...(function* () { yield 1; yield 2 })()].join('-'),\n"
    "  encode: () => new TextDecoder().decode(new TextEncoder().encode('ä')),\n"
    "  b64: () => atob(btoa('base64')),\n"
    "  bytes: () => new Uint8Array([111, 107]),\n"
    "  big: () => String(3n ** 200n % 1000n),\n"
    "  sort: () => [3, 1, 2].sort((a, b) => a - b).join(''),\n"
    "  random: () => crypto.randomUUID().length + '',\n"
    "  abort: () => { const c = new globalThis['Abort' + 'Controller']();"
    "    let r = '';"
    "    c.signal.addEventListener('abort', e => { r = e.type }); c.abort();"
    "    return r },\n"
    "  late: () => { try { atob('*') } catch (e) { if (e.code !== 5) throw e;"
    "    return e.name } },\n"
    "  malformed: () => ({ statusCode: 99 }),\n"
    "  symbol: () => Symbol.for('s').description,\n"
    "  proxy: () => new Proxy({}, { get: () => 'p' }).x,\n"
    "};\n"
    "export const handler = (e, c, d) => kinds[e.path.slice(1)](e, c, d)\n";

static const char *const kinds[] = {
    "/text",  "/json",   "/event",     "/done",   "/wait",   "/url",
    "/clone", "/regexp", "/log",       "/throws", "/caught", "/rejects",
    "/eval",  "/fn",     "/unhandled", "/gen",    "/encode", "/b64",
    "/bytes", "/big",    "/sort",      "/random", "/symbol", "/proxy",
    "/abort", "/late",   "/malformed"};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), ANSWER_MAX = 200 };

static char right[KINDS][ANSWER_MAX];

static int setup(void **state)
{
    static const js_file_t files[] = {
        {"main.js", source},
        {"a.js", "export const text = 'text of another module'"},
        {NULL, NULL},
    };
    (void)state;
    (void)js_setup(&f);
    if (js_compile(&f, files) != 0) {
        fail_msg("does not compile: %s", f.fault.message);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return js_teardown(&f);
}

static size_t step(size_t normal)
{
    return test_is_long() ? 8 : normal;
}

/* An isolate with so much memory; false when it could not begin. */
static bool start(size_t memory, isere_isolate_state_t *state)
{
    f.config.memory_bytes = memory;
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     0);
    f.isolate = isere_isolate_create(f.port, f.function);
    if (!f.isolate) {
        return false;
    }
    *state = isere_isolate_start(f.isolate, &f.fault);
    while (*state == ISERE_ISOLATE_WAITING) {
        *state = js_resume(&f);
    }
    return true;
}

static void stop(void)
{
    isere_isolate_destroy(f.isolate);
    isere_function_destroy(f.function);
    f.isolate = NULL;
    f.function = NULL;
}

static isere_slice_t finish(const char *target)
{
    isere_isolate_state_t state = js_invoke(&f, target);
    while (state == ISERE_ISOLATE_WAITING) {
        state = js_resume(&f);
    }
    assert_int_equal(state, ISERE_ISOLATE_COMPLETE);
    const isere_error_answer_t *error = isere_isolate_error(f.isolate);
    return error ? error->word : isere_isolate_response(f.isolate)->body;
}

/* ---- the init phase ---- */

static size_t smallest; /* memory with which it ends well */

static void test_init_phase_in_any_memory(void **state)
{
    (void)state;
    isere_isolate_state_t end = ISERE_ISOLATE_FAILED;
    size_t begun = 0;
    size_t memory = 512;
    for (; end != ISERE_ISOLATE_READY; memory += step(56)) {
        assert_true(memory < ENOUGH);
        if (start(memory, &end)) {
            begun++;
            assert_true(end == ISERE_ISOLATE_READY ||
                        end == ISERE_ISOLATE_FAILED);
            assert_int_equal(end == ISERE_ISOLATE_FAILED,
                             f.fault.message[0] != 0);
        }
        stop();
    }
    smallest = memory;
    print_message("ready with %lu bytes, %lu heaps failed\n",
                  (unsigned long)memory, (unsigned long)begun);
    assert_true(begun > 100);
}

/* ---- requests ---- */

static void learn(void)
{
    isere_isolate_state_t state;
    assert_true(start(ENOUGH, &state));
    assert_int_equal(state, ISERE_ISOLATE_READY);
    for (int i = 0; i < KINDS; i++) {
        isere_slice_t answer = finish(kinds[i]);
        assert_true(answer.len < ANSWER_MAX);
        memcpy(right[i], answer.ptr, answer.len);
        right[i][answer.len] = 0;
        isere_isolate_reset(f.isolate);
    }
    stop();
}

/* What may come instead of the right answer: the error's word. An `exception`
 * only when the code itself could see that memory ended. */
static bool is_failure(isere_slice_t answer)
{
    return isere_slice_is(answer, "memory") ||
           (isere_slice_is(answer, "exception") &&
            !strstr(isere_isolate_reason(f.isolate), "out of memory"));
}

static unsigned long failures[2]; /* memory, exception */

/* All requests in this heap; how many gave the right answer. */
static int request_all(void)
{
    int good = 0;
    for (int i = 0; i < KINDS; i++) {
        isere_slice_t answer = finish(kinds[i]);
        if (isere_slice_is(answer, right[i])) {
            good++;
        } else if (is_failure(answer)) {
            failures[isere_slice_is(answer, "exception")]++;
        } else {
            fail_msg("%s answered %.*s", kinds[i], (int)answer.len, answer.ptr);
        }
        isere_isolate_reset(f.isolate);
    }
    return good;
}

static void test_requests_in_full_heaps(void **state)
{
    (void)state;
    learn();
    int good = 0;
    size_t memory = smallest ? smallest : 100 * 1024;
    for (; good < KINDS; memory += step(72)) {
        isere_isolate_state_t end;
        assert_true(memory < ENOUGH);
        if (start(memory, &end) && end == ISERE_ISOLATE_READY) {
            good = request_all();
        }
        stop();
    }
    print_message("all are right with %lu bytes; %lu times memory, %lu times "
                  "an exception before\n",
                  (unsigned long)memory, failures[0], failures[1]);
    assert_true(failures[0] > 100);
}

/* The same points again, now with the heap filled by the request itself and
 * not by a small limit, in one isolate: so the reserve is in play too. */
static void test_requests_that_fill_the_heap_first(void **state)
{
    (void)state;
    js_deinit(&f);
    js_init(&f, NULL);
    f.config.memory_bytes = 400 * 1024;
    assert_int_equal(
        js_start(&f, "const fill = (n) => { const all = []; try { for (;;)"
                     "  all.push(new ArrayBuffer(256)) } catch {} "
                     "  for (let i = 0; i < n; i++) all.pop();"
                     "  globalThis.all = all };\n"
                     "export const handler = async (e) => {"
                     "  const [, n, k] = e.path.split('/'); fill(+n);"
                     "  if (k === 't') throw new Error('x');"
                     "  if (k === 'o') return { a: [1, 2, 3], b: e.headers };"
                     "  if (k === 'c') console.log(e);"
                     "  if (k === 'u') return new URL(e.path, 'http://x').href;"
                     "  if (k === 'r') Promise.reject(new Error('y'));"
                     "  if (k === 'e') return eval('(() => `a${e.path}`)()');"
                     "  return 'fine' }"),
        ISERE_ISOLATE_READY);
    js_pristine_t pristine;
    js_pristine_take(&pristine, &f);
    for (int n = 0; n < 40; n++) {
        for (const char *k = "tocure-"; *k; k++) {
            char target[32];
            snprintf(target, sizeof(target), "/%d/%c", n, *k);
            finish(target);
            isere_isolate_reset(f.isolate);
            js_pristine_expect(&pristine, &f, true);
        }
    }
    js_pristine_free(&pristine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_init_phase_in_any_memory),
        TEST(test_requests_in_full_heaps),
        TEST(test_requests_that_fill_the_heap_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
