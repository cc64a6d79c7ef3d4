/*
 * Requests abandoned at random instructions, inside and outside of builtins:
 * afterwards the heap is what it was, byte for byte, and the next request is
 * answered right.
 *
 * A timer of real time with the port's signal takes the place of its slow one,
 * so that each abandonment takes microseconds. ISERE_TEST_LONG=1 makes it a
 * million of them; ISERE_TEST_SEED another sequence.
 */
#include "core/isolate/isolate_internal.h"
#include "isere/linux.h"
#include "ports/linux/exec.h"
#include "tests/unit/linux/ticks.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/unit.h"
#include <unistd.h>

static js_fixture_t f;
static isere_port_t linux_port; /* as it is */
static isere_port_t port;       /* with the functions below */
static timer_t ticks;
static uint64_t seed = 88172645463325252u;
static bool abandoning; /* the next execution is to be cut off */
static unsigned long abandoned;
static unsigned long logged;
static unsigned long allocated;

/* xorshift64 (Marsaglia). */
static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- the port ---- */

/* The first tick comes at a random time, early ones more often; in case it
 * comes before the execution, others follow. */
static void start_ticks(void)
{
    long us = 1L << (next_random() % 10);
    us += (long)(next_random() % (uint64_t)us);
    struct itimerspec spec = {{0, 50000}, {0, us * 1000}};
    spec.it_value.tv_nsec += (long)(next_random() % 1000);
    timer_settime(ticks, 0, &spec, NULL);
}

static void stop_ticks(void)
{
    struct itimerspec spec = {{0, 0}, {0, 0}};
    timer_settime(ticks, 0, &spec, NULL);
}

static int exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                    uint64_t deadline_us)
{
    if (!abandoning) {
        return linux_port.exec_run(ctx, fn, arg, deadline_us);
    }
    start_ticks();
    int error = linux_port.exec_run(ctx, fn, arg, 0);
    stop_ticks();
    abandoned += error != 0;
    return error;
}

static void count_log(void *ctx, const isere_log_record_t *record)
{
    (void)ctx;
    (void)record;
    logged++;
}

static void *count_resize(void *ctx, void *ptr, size_t size)
{
    allocated++;
    return linux_port.resize(ctx, ptr, size);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(isere_linux_port_init(&linux_port, NULL), 0);
    port = linux_port;
    port.exec_run = exec_run;
    port.log = count_log;
    port.resize = count_resize;
    ticks_create(&ticks);
    js_init(&f, &port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    timer_delete(ticks);
    isere_linux_port_deinit(&linux_port);
    return 0;
}

/* ---- what is abandoned ---- */

static const char source[] =
    "const text = 'lorem ipsum dolor sit amet '.repeat(200);\n"
    "const big = Array.from({ length: 200 }, (v, i) =>"
    "  ({ i, t: 'x' + i, n: [i, i / 3], o: { d: null } }));\n"
    "const registry = new FinalizationRegistry(() => {});\n"
    "const kept = new Map(big.map(v => [v.t, v]));\n"
    "const bytes = new Uint8Array(4096);\n"
    "class A { #x = 1; get x() { return this.#x } static s = 1 }\n"
    "const spin = (f) => { for (let i = 0; ; i++) f(i) };\n"
    "const bodies = [\n"
    "() => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1),\n"
    "() => spin(() => 'a'.repeat(60000).indexOf('a'.repeat(30000) + 'b')),\n"
    "() => spin(i => big.map(v => v.i * 7919 % 5003 + i).sort().reverse()),\n"
    "() => spin(() => [...text].sort((a, b) => a < b ? 1 : -1)),\n"
    "() => spin(() => JSON.parse(JSON.stringify(big))),\n"
    "() => /(a*)*b/.test('a'.repeat(40)),\n"
    "() => spin(() => text.replace(/(\\w+) (\\w+)/g, (m, a, b) => b + a)),\n"
    "() => spin(() => { let s = ''; for (let i = 0; i < 2000; i++)"
    "  s += 'xy' + i })\n,"
    "() => spin(i => console.log('line %d', i, big.slice(0, 5), kept)),\n"
    "() => spin(() => crypto.getRandomValues(bytes)),\n"
    "() => spin(() => crypto.randomUUID()),\n"
    "() => spin(() => structuredClone({ big, kept, bytes })),\n"
    "() => spin(i => new URL('http://u:p@h' + i + '.x:8/a/../b?q=ä#f').href),\n"
    "() => spin(() => String(new URLSearchParams(text.slice(0, 400)))),\n"
    "() => spin(() => new TextDecoder().decode(new TextEncoder()"
    "  .encode(text))),\n"
    "() => spin(() => atob(btoa(text))),\n"
    "() => spin(() => clearTimeout(setTimeout(() => {}, 5))),\n"
    "() => { for (let i = 0; i < 1e9; i++) setTimeout(() => {}, 1) },\n"
    "async () => { for (;;) await 0 },\n"
    "async () => { for (;;) await Promise.all([1, 2, 3].map(async v => v)) },\n"
    "() => spin(i => { globalThis['g' + i % 500] = { ['k' + i]: i } }),\n"
    "() => spin(i => { Symbol.for('s' + i); Symbol('t' + i) }),\n"
    "() => spin(() => 3n ** 3000n % 1234567890123456789n),\n"
    "() => spin(i => eval('(function f(a) { return a + ' + i + ' })(1)')),\n"
    "() => spin(i => new Function('a', 'b', 'return a + b * ' + i)(1, 2)),\n"
    "() => spin(() => { try { null.x } catch (e) { e.stack } }),\n"
    "() => spin(() => { const o = {}; o.o = o; registry.register(o, 1) }),\n"
    "() => spin(() => new WeakRef({}).deref()),\n"
    "() => spin(i => { const m = new Map(); for (let k = 0; k < 99; k++)"
    "  m.set(k + i, {}).delete(k) }),\n"
    "() => spin(() => bytes.sort().fill(1).slice(1, 99).set([1, 2])),\n"
    "() => spin(i => { const d = new Date(i * 1e6); d.toISOString();"
    "  Date.parse(d.toString()) }),\n"
    "() => spin(() => [...(function* () { yield* big })()].length),\n"
    "() => spin(i => { Object.prototype['p' + i % 99] = i;"
    "  delete Object.prototype['p' + (i - 1) % 99] }),\n"
    "() => spin(() => { const r = Proxy.revocable({}, { get: () => 1 });"
    "  r.proxy.x; r.revoke() }),\n"
    "() => spin(() => text.normalize('NFD').toUpperCase().split(' ')),\n"
    "() => spin(() => parseFloat('1.' + '7'.repeat(300)).toPrecision(50)),\n"
    "() => { const a = []; for (;;) a.push('x'.repeat(100) + a.length) },\n"
    "() => { const g = () => g() + 1; return g() },\n"
    "() => spin(() => queueMicrotask(() => {})),\n"
    "() => spin(() => { new A().x; A.s++; Math.random() }),\n"
    "() => spin(() => import('./main.js')),\n"
    "() => spin(() => encodeURIComponent(decodeURIComponent(text))),\n"
    "() => spin(() => new ArrayBuffer(20000).slice(1)),\n"
    "() => spin(() => new RegExp('(?<y>[a-z]+)|\\\\d{2,4}$', "
    "'dgu').exec('q')),\n"
    /* While the values of the event are being made, above all. */
    "event => { const all = structuredClone(event); spin(() => ({...all})) },"
    "\n"
    "];\n"
    "export const handler = (event, context, done) => {\n"
    "  if (event.path === '/count') return String(bodies.length)\n"
    "  if (event.path === '/ok')\n"
    "    return JSON.stringify([event.headers, big.length, bytes[0], A.s])\n"
    "  if (event.query) done({ headers: { a: 'b' }, body: big })\n"
    "  return bodies[event.path.slice(1)](event)\n"
    "}\n";

static const char ok[] = "[{\"host\":\"test\"},200,0,1]";

static int start(void)
{
    f.config.memory_bytes = 768 * 1024;
    js_must_start(&f, source);
    assert_int_equal(js_invoke(&f, "/count"), ISERE_ISOLATE_COMPLETE);
    isere_slice_t count = isere_isolate_response(f.isolate)->body;
    char text[16] = "";
    memcpy(text, count.ptr, count.len < 15 ? count.len : 15);
    isere_isolate_reset(f.isolate);
    return atoi(text);
}

/* One request that is cut off somewhere, or ends before that. */
static void abandon_one(int body, bool answer_first)
{
    char target[32];
    snprintf(target, sizeof(target), "/%d%s", body, answer_first ? "?q" : "");
    unsigned long before = abandoned;
    unsigned long allocations = allocated;
    abandoning = true;
    isere_isolate_state_t end = js_invoke(&f, target);
    abandoning = false;
    assert_int_equal(allocated, allocations);
    if (abandoned == before) {
        return; /* it was done before the first tick, or hit another limit */
    }
    assert_int_equal(end, ISERE_ISOLATE_COMPLETE);
    const isere_error_answer_t *error = isere_isolate_error(f.isolate);
    if (error) {
        assert_int_equal(error->status == 504 || error->status == 500 ||
                             error->status == 502,
                         true);
    } else {
        assert_int_equal(isere_isolate_response(f.isolate)->status, 200);
    }
}

static void test_abandoned_anywhere_the_heap_is_pristine(void **state)
{
    (void)state;
    const char *seed_text = getenv("ISERE_TEST_SEED");
    unsigned long count = test_is_long() ? 1000000 : 20000;
    if (seed_text) {
        seed += strtoull(seed_text, NULL, 10);
    }
    js_pristine_t pristine;
    int bodies = start();
    js_pristine_take(&pristine, &f);
    uint64_t begin = now_us(CLOCK_MONOTONIC);
    abandoned = 0;
    for (unsigned long i = 0; abandoned < count; i++) {
        int body = (int)(next_random() % (uint64_t)bodies);
        abandon_one(body, next_random() % 8 == 0);
        isere_isolate_reset(f.isolate);
        js_pristine_expect(&pristine, &f, i % 64 == 0);
        if (i % 16 == 0) {
            js_expect_body(&f, "/ok", ok);
        }
        assert_true(i < 4 * count);
    }
    print_message("%lu abandoned, %lu log lines, %lu ms\n", abandoned, logged,
                  (unsigned long)(now_us(CLOCK_MONOTONIC) - begin) / 1000);
    js_pristine_free(&pristine);
}

/* ---- the normal path ---- */

/* Milliseconds that a request computes which never ends by itself: it only does
 * that, and how long others have the processor meanwhile is not its doing. The
 * best of some, for a busy machine's caches are cold. */
static unsigned long time_out(const char *target)
{
    unsigned long best = 1000000;
    for (int i = 0; i < 5 && best >= 150; i++) {
        uint64_t begin = now_us(CLOCK_MONOTONIC);
        uint64_t computed = now_us(CLOCK_THREAD_CPUTIME_ID);
        js_expect_error(&f, target, "timeout");
        assert_true(now_us(CLOCK_MONOTONIC) - begin >= 100000);
        unsigned long ms =
            (unsigned long)(now_us(CLOCK_THREAD_CPUTIME_ID) - computed) / 1000;
        best = ms < best ? ms : best;
    }
    return best;
}

static void test_time_outs_come_in_time(void **state)
{
    (void)state;
    f.config.timeout_ms = 100;
    int bodies = start();
    static const int never_end[] = {0, 1, 2, 4, 5, 8, 9, 11, 18, 22};
    for (size_t i = 0; i < sizeof(never_end) / sizeof(*never_end); i++) {
        char target[16];
        assert_true(never_end[i] < bodies);
        snprintf(target, sizeof(target), "/%d", never_end[i]);
        unsigned long ms = time_out(target);
        if (ms > 150) {
            fail_msg("%s took %lu ms of 100", target, ms);
        }
        js_expect_body(&f, "/ok", ok);
    }
}

static void test_afterwards_the_cpu_is_idle(void **state)
{
    (void)state;
    f.config.timeout_ms = 20;
    start();
    js_expect_error(&f, "/0", "timeout");
    uint64_t begin = now_us(CLOCK_PROCESS_CPUTIME_ID);
    usleep(200000);
    assert_true(now_us(CLOCK_PROCESS_CPUTIME_ID) - begin < 20000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_abandoned_anywhere_the_heap_is_pristine),
        TEST(test_time_outs_come_in_time),
        TEST(test_afterwards_the_cpu_is_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
