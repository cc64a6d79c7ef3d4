/*
 * Isolates of one function share one copy of their heap. Whatever requests do
 * in one of them, after a reset each heap is byte for byte what its own init
 * phase left, also when the isolate whose copy it is has gone.
 */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { MANY = 4, PLACES = 2 * MANY + 1, PLACE_BYTES = 800 * 1024 };

/* Arenas and copies come from one region, as on a device. (On 64-bit machines
 * halves of addresses may stay in the padding of values. They are the same
 * only for addresses that are close to each other.) */
static unsigned char *region;
static bool taken[PLACES];
static isere_port_t port;

static void *take_place(void *ctx, size_t size)
{
    /* The test port counts, and makes it fail. */
    void *counted = isere_test_port()->heap_map(ctx, size);
    if (!counted || size > PLACE_BYTES) { /* the compiler's */
        return counted;
    }
    isere_test_port()->heap_unmap(ctx, counted, size);
    for (int i = 0; i < PLACES; i++) {
        if (!taken[i]) {
            taken[i] = true;
            isere_test_state()->live_heaps++;
            return region + (size_t)i * PLACE_BYTES;
        }
    }
    fail_msg("no place is left");
    return NULL;
}

static void give_place(void *ctx, void *heap, size_t size)
{
    if (size > PLACE_BYTES) {
        isere_test_port()->heap_unmap(ctx, heap, size);
    } else if (heap) {
        /* What it holds stays there, for the next one. */
        isere_test_state()->live_heaps--;
        taken[(size_t)((unsigned char *)heap - region) / PLACE_BYTES] = false;
    }
}

static js_fixture_t f; /* its isolate is the one that is looked at */
static isere_snapshot_family_t family;
static isere_isolate_t *isolates[MANY];
static js_pristine_t pristine[MANY];

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    region = malloc((size_t)PLACES * PLACE_BYTES);
    assert_non_null(region);
    memset(region, 0xA5, (size_t)PLACES * PLACE_BYTES);
    memset(taken, 0, sizeof(taken));
    port = *isere_test_port();
    port.heap_map = take_place;
    port.heap_unmap = give_place;
    js_init(&f, &port);
    f.config.memory_bytes = PLACE_BYTES;
    memset(&family, 0, sizeof(family));
    memset(isolates, 0, sizeof(isolates));
    memset(pristine, 0, sizeof(pristine));
    return 0;
}

static void destroy(int i)
{
    isere_isolate_destroy(isolates[i]);
    isolates[i] = NULL;
    js_pristine_free(&pristine[i]);
}

static void clean_up(void)
{
    for (int i = 0; i < MANY; i++) {
        destroy(i);
    }
    f.isolate = NULL;
    js_deinit(&f);
    assert_null(family.image);
}

static int teardown(void **state)
{
    (void)state;
    clean_up();
    free(region);
    return isere_test_leaks();
}

/* One more isolate, and its init phase to the end. Time has passed. */
static void add(int i)
{
    isere_test_state()->monotonic_us += 1234567;
    isere_test_state()->wall_us += 1234567;
    isolates[i] = isere_isolate_create_in(f.port, f.function, &family, NULL);
    assert_non_null(isolates[i]);
    f.isolate = isolates[i];
    isere_isolate_state_t end = isere_isolate_start(isolates[i], &f.fault);
    while (end == ISERE_ISOLATE_WAITING) {
        end = js_resume(&f);
    }
    if (end != ISERE_ISOLATE_READY) {
        fail_msg("not ready: %s", f.fault.message);
    }
    js_pristine_take(&pristine[i], &f);
}

static void load(const char *source)
{
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    if (js_compile(&f, files)) {
        fail_msg("does not compile: %s", f.fault.message);
    }
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     0);
}

static size_t cost(int i)
{
    return isere_snapshot_cost(isolates[i]->snapshot);
}

/* Far less than a copy: a bit for each word, and at most a few exceptions. */
static void expect_sharing(int i)
{
    size_t size = isere_snapshot_size(isolates[i]->snapshot);
    size_t bits = size / (8 * sizeof(void *));
    if (cost(i) > bits + 128) {
        fail_msg("isolate %d takes %lu bytes for a heap of %lu", i,
                 (unsigned long)cost(i), (unsigned long)size);
    }
}

static void expect_own_copy(int i)
{
    assert_true(cost(i) >= isere_snapshot_size(isolates[i]->snapshot));
}

/* Resets and compares with what the test copied itself. */
static void reset(int i)
{
    f.isolate = isolates[i];
    isere_isolate_reset(f.isolate);
    js_pristine_expect(&pristine[i], &f, true);
    assert_true(isere_snapshot_verify(f.isolate->snapshot));
}

/* The body that a request to one isolate gets. */
static void ask(int i, const char *target, char *out, size_t size)
{
    f.isolate = isolates[i];
    isere_isolate_state_t end = js_invoke(&f, target);
    while (end == ISERE_ISOLATE_WAITING) {
        end = js_resume(&f);
    }
    assert_int_equal(end, ISERE_ISOLATE_COMPLETE);
    if (isere_isolate_error(f.isolate)) {
        fail_msg("an error: %s", isere_isolate_reason(f.isolate));
    }
    isere_slice_t body = isere_isolate_response(f.isolate)->body;
    assert_true(body.len < size);
    memcpy(out, body.ptr, body.len);
    out[body.len] = 0;
    reset(i);
}

/* All isolates answer alike, again and again, whoever went before. */
static void expect_alike(int first, int last)
{
    char answer[256];
    char other[256];
    ask(first, "/", answer, sizeof(answer));
    assert_true(answer[0] != 0);
    for (int round = 0; round < 3; round++) {
        for (int i = first; i <= last; i++) {
            ask(i, "/", other, sizeof(other));
            assert_string_equal(other, answer);
        }
    }
}

/* ---- what shares ---- */

#define HANDLER "export const handler = async () => "

static const char *const sources[] = {
    HANDLER "'nothing'",
    /* closures over closures */
    "const make = (n) => { let i = n; return () => i++ };"
    "const all = Array.from({ length: 200 }, (_, n) => make(n));" HANDLER
    "all.map(f => f() + f()).reduce((a, b) => a + b) + ''",
    /* keys that are hashed by their address */
    "const keys = Array.from({ length: 300 }, (_, i) => ({ i }));"
    "const map = new Map(keys.map(k => [k, k.i]));"
    "const set = new Set(keys); const sym = new Map([[Symbol('a'), 1],"
    "  [Symbol.for('b'), 2]]); for (const k of keys) if (k.i % 3) "
    "map.delete(k);"
    "for (let i = 0; i < 50; i++) map.set(function () {}, i);" HANDLER
    "{ keys.forEach(k => { map.set(k, k.i * 2); set.delete(k) });"
    "  return [...map.values()].join('').length + ' ' + set.size + sym.size }",
    /* weak ones, some of which are dead by then */
    "const keys = []; const weak = new WeakMap(), set = new WeakSet();"
    "for (let i = 0; i < 200; i++) { const k = { i }; weak.set(k, i);"
    "  set.add(k); if (i % 2) keys.push(k) }"
    "const refs = keys.map(k => new WeakRef(k)); const dead = new WeakRef({});"
    "const registry = new FinalizationRegistry(() => {});"
    "keys.forEach((k, i) => registry.register(k, i, k));" HANDLER
    "{ const k = keys.pop(); keys.length = 3; return weak.get(k) +"
    "  [set.has(k), refs.length, typeof dead.deref()].join() }",
    /* classes, prototypes made one by one: shapes by prototype */
    "class A { #x = 1; static n = 0; get x() { return this.#x } };"
    "const classes = Array.from({ length: 40 }, (_, i) => class extends A {"
    "  constructor() { super(); this['p' + i] = i; A.n++ } });"
    "const objects = classes.map(C => new C());"
    "const protos = Array.from({ length: 60 }, (_, i) => Object.create("
    "  { i }, { y: { value: i } })); delete objects[3].p3;" HANDLER
    "objects.reduce((s, o) => s + o.x, 0) + A.n + protos[9].i + ''",
    /* regular expressions, dates, numbers, big numbers */
    "const res = Array.from({ length: 30 }, (_, i) => new RegExp('(a|b)+' + i +"
    "  '(?<n>[\\\\w-]{2,5})$', i % 2 ? 'giu' : 'y')); const d = new Date(0);"
    "const big = [2n ** 500n, -(3n ** 100n), 5n]; res[1].test('ab1xx');" HANDLER
    "[d.toISOString(), big[0] % big[1], res[1].lastIndex, res.length].join()",
    /* tables */
    "const table = Object.fromEntries(Array.from({ length: 700 }, (_, i) =>"
    "  ['key' + i, { i, f: i / 7, s: 's'.repeat(i % 40) }]));"
    "const nums = Array.from({ length: 3000 }, (_, i) => i * 1.5);" HANDLER
    "table.key77.s + nums[2999] + Object.keys(table).length",
    /* buffers */
    "const b = new ArrayBuffer(5000); const u8 = new Uint8Array(b, 3, 100);"
    "const f64 = new Float64Array(b, 8, 50); const dv = new DataView(b);"
    "u8.fill(7); f64.set([1.5, 2.5]); const more = new Uint16Array(3000);"
    "more.forEach((_, i) => { more[i] = i });" HANDLER
    "[u8[5], f64[1], dv.byteLength, more[2999]].join()",
    /* symbols, getters, proxies, bound functions */
    "const s = Array.from({ length: 50 }, (_, i) => Symbol('s' + i));"
    "const o = {}; s.forEach((k, i) => { o[k] = i; Object.defineProperty(o,"
    "  'g' + i, { get: () => i, configurable: true }) });"
    "const p = new Proxy(o, { get: (t, k) => t[k] }); const f ="
    "  function (...a) { return this[s[1]] + a.length }.bind(o, 1, 2);" HANDLER
    "[p.g7, f(3), Reflect.ownKeys(p).length].join()",
    /* suspended: generators, async functions, promises */
    "function* g(n) { for (;;) { yield n++; try { yield* [n] } finally {} } }"
    "const gens = Array.from({ length: 20 }, (_, i) => g(i));"
    "for (const x of gens) { x.next(); x.next() }"
    "async function* ag() { for (let i = 0; ; i++) yield await i }"
    "const a = ag(); await a.next(); let go; const p = new Promise(r => { go ="
    "  r }); const waiting = (async () => { const x = await p; return x + 1"
    "  })(); const all = Promise.all([p, waiting]);" HANDLER
    "{ go(1); return [gens[3].next().value, (await a.next()).value,"
    "  ...await all].join() }",
    /* the init phase waits for timers */
    "const t = []; for (let i = 0; i < 5; i++) { await new Promise(r =>"
    "  setTimeout(r, 20)); t.push(i) } setTimeout(() => {}, 1e6);" HANDLER
    "t.join('')",
    /* own globals */
    "const u = new URL('http://a.b/c?d=e#f'); const q = u.searchParams;"
    "const enc = new TextEncoder().encode('gr\\u00fc\\u00df');"
    "const dec = new TextDecoder(); const copy = structuredClone({ u8: enc,"
    "  m: new Map([[{}, 1]]) }); q.append('x', 'y');" HANDLER
    "u.href + dec.decode(copy.u8) + copy.m.size",
    /* eval, errors with stacks, strings that are being built */
    "let s = ''; for (let i = 0; i < 500; i++) s += i; const fs = [];"
    "for (let i = 0; i < 20; i++) fs.push(new Function('x', `return x + "
    "${i}`));"
    "const errors = []; try { null.x } catch (e) { errors.push(e) }"
    "const nested = JSON.parse(JSON.stringify(Array(50).fill({ a: [1, 'b'] "
    "})));" HANDLER "s.length + fs[7](1) + errors[0].message + nested.length",
    /* gone again: holes of all sizes */
    "let junk = []; for (let i = 0; i < 400; i++) junk.push(new Uint8Array(i),"
    "  { ['x' + i]: 'y'.repeat(i) }); const keep = junk.filter((_, i) => i % 7"
    "  === 0); junk = null;" HANDLER "keep.length + ''",
};

static void test_equal_heaps_share(void **state)
{
    for (size_t s = 0; s < sizeof(sources) / sizeof(*sources); s++) {
        load(sources[s]);
        for (int i = 0; i < MANY; i++) {
            add(i);
        }
        expect_own_copy(0);
        for (int i = 1; i < MANY; i++) {
            expect_sharing(i);
        }
        expect_alike(0, MANY - 1);
        /* The one that made the copy goes first. */
        destroy(0);
        expect_alike(1, MANY - 1);
        add(0);
        expect_sharing(0);
        expect_alike(0, MANY - 1);
        teardown(state);
        setup(state);
    }
}

/* Requests under way at the same time, and some that are given up. */
static void test_isolates_do_not_disturb_each_other(void **state)
{
    (void)state;
    load("let n = 0; const list = [1, 2, 3], map = new Map([[{}, 1]]);"
         "export const handler = async (e) => { n++; list.push(e.path);"
         "  map.set({}, n); globalThis['x' + n] = list; Array.prototype.y = n;"
         "  await new Promise(r => setTimeout(r, 10));"
         "  return [n, list.length, map.size, typeof y].join() }");
    for (int i = 0; i < MANY; i++) {
        add(i);
    }
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < MANY; i++) {
            f.isolate = isolates[i];
            assert_int_equal(js_invoke(&f, "/x"), ISERE_ISOLATE_WAITING);
        }
        for (int i = 0; i < MANY; i++) {
            f.isolate = isolates[(i + round) % MANY];
            if (i == round % 3) {
                reset((i + round) % MANY);
                continue;
            }
            assert_int_equal(js_resume(&f), ISERE_ISOLATE_COMPLETE);
            isere_slice_t body = isere_isolate_response(f.isolate)->body;
            assert_true(isere_slice_is(body, "1,4,2,undefined"));
            reset((i + round) % MANY);
        }
    }
}

/* ---- what differs ---- */

/* A few random numbers and times are exceptions, and stay each isolate's. */
static void test_few_differences_are_kept(void **state)
{
    (void)state;
    char answers[MANY][256];
    load("const r = [Math.random(), Math.random()], id = crypto.randomUUID();"
         "const t = Date.now(), p = performance.now(), d = new Date();"
         "export const handler = () => [...r, id, t, p, +d].join()");
    for (int i = 0; i < MANY; i++) {
        add(i);
        ask(i, "/", answers[i], sizeof(answers[i]));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(answers[i], answers[k]);
        }
    }
    for (int i = 1; i < MANY; i++) {
        assert_true(cost(i) < cost(0) / 8);
    }
    destroy(0);
    for (int round = 0; round < 3; round++) {
        for (int i = 1; i < MANY; i++) {
            char again[256];
            ask(i, "/", again, sizeof(again));
            assert_string_equal(again, answers[i]);
        }
    }
}

/* Heaps that differ in more have copies of their own. */
static void test_different_heaps_do_not_share(void **state)
{
    static const char *const different[] = {
        "const r = Array.from({ length: 500 }, Math.random);"
        "export const handler = () => r.join().length > 500 ? 'yes' : 'no'",
        "const s = 'x'.repeat(performance.timeOrigin / 10 % 1e5);"
        "export const handler = () => s[0]",
        "const m = new Map();"
        "for (let i = 0; i < 100; i++) m.set(Math.random(), i);"
        "export const handler = () => m.size + ''",
    };
    for (size_t s = 0; s < sizeof(different) / sizeof(*different); s++) {
        load(different[s]);
        for (int i = 0; i < MANY; i++) {
            add(i);
            expect_own_copy(i);
        }
        expect_alike(0, MANY - 1);
        destroy(0); /* nobody else's */
        assert_null(family.image);
        expect_alike(1, MANY - 1);
        teardown(state);
        setup(state);
    }
}

/* ---- without memory ---- */

/* Whichever allocation fails: a sharing isolate, one with a copy of its own,
 * or none; and the others never notice. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    load("const m = new Map([[{}, 1]]); export const handler = () => '' +"
         "  m.size");
    add(0);
    bool made = false;
    for (size_t n = 1; !made; n++) {
        assert_true(n < 20);
        isere_test_state()->allocations = 0;
        isere_test_state()->fail_at = n;
        isere_isolate_t *isolate =
            isere_isolate_create_in(f.port, f.function, &family, NULL);
        if (isolate) {
            isere_isolate_start(isolate, &f.fault);
            made = isere_isolate_state(isolate) == ISERE_ISOLATE_READY &&
                   isere_test_state()->allocations < n;
            if (isere_isolate_state(isolate) == ISERE_ISOLATE_FAILED) {
                assert_int_equal(isere_isolate_failure(isolate),
                                 ISERE_ERR_NOMEM);
            }
        }
        isere_test_state()->fail_at = 0;
        isere_isolate_destroy(isolate);
        expect_alike(0, 0);
    }
    /* The last way out: no memory for anything from the relocation on. */
    isere_isolate_t *isolate =
        isere_isolate_create_in(f.port, f.function, &family, NULL);
    assert_non_null(isolate);
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 2;
    isere_test_state()->fail_after = true;
    isere_isolate_start(isolate, &f.fault);
    assert_int_equal(isere_isolate_state(isolate), ISERE_ISOLATE_FAILED);
    assert_int_equal(isere_isolate_failure(isolate), ISERE_ERR_NOMEM);
    isere_test_state()->fail_at = 0;
    isere_test_state()->fail_after = false;
    isere_isolate_destroy(isolate);
    expect_alike(0, 0);
}

/* What is wrong with the function is not for lack of memory. */
static void test_failures_are_told_apart(void **state)
{
    (void)state;
    load("throw 1; export const handler = 1");
    f.isolate = isere_isolate_create_in(f.port, f.function, &family, NULL);
    isolates[0] = f.isolate;
    assert_int_equal(isere_isolate_start(f.isolate, &f.fault),
                     ISERE_ISOLATE_FAILED);
    assert_int_equal(isere_isolate_failure(f.isolate), ISERE_ERR_HANDLER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_equal_heaps_share),
        TEST(test_isolates_do_not_disturb_each_other),
        TEST(test_few_differences_are_kept),
        TEST(test_different_heaps_do_not_share),
        TEST(test_every_allocation_fails),
        TEST(test_failures_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
