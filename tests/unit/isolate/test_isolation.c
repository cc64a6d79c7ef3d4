/*
 * Isolation is attacked: whatever a request does, the next one sees nothing of
 * it. After each attack the heap is compared byte for byte with a copy that
 * the test took itself, and a probe that walks everything reachable from the
 * global object says what it said at first.
 */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { PROBE_MAX = 512 };

static js_fixture_t f;
static js_pristine_t pristine;
static char first_probe[PROBE_MAX];

/* With `sharing` the isolate under attack uses the copy of another one, which
 * is gone by then. */
static bool sharing;
static isere_snapshot_family_t family;

static int setup(void **state)
{
    (void)state;
    (void)js_setup(&f);
    memset(&pristine, 0, sizeof(pristine));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_pristine_free(&pristine);
    return js_teardown(&f);
}

/* ---- the probe ---- */

/* Counts and hashes all that can be reached (which loads all globals in
 * JavaScript): keys, attributes, primitive
 * values, prototypes, module variables. */
#define PROBE                                                                  \
    "const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor: gopd,"         \
    "  isExtensible } = Reflect;\n"                                            \
    "function probe(extra) {\n"                                                \
    "  let hash = 7, count = 0;\n"                                             \
    "  const add = (text) => { for (let i = 0; i < text.length; i++)"          \
    "    hash = (hash * 31 + text.charCodeAt(i)) | 0 };\n"                     \
    "  const seen = new Set(), todo = [globalThis, extra,"                     \
    "    (function* () {})().__proto__, [].values().__proto__,"                \
    "    (async () => {}).__proto__, new Map().keys().__proto__];\n"           \
    "  const visit = (v) => { if (v === null || (typeof v !== 'object' &&"     \
    "    typeof v !== 'function')) add(typeof v + String(v));"                 \
    "    else if (!seen.has(v)) { seen.add(v); todo.push(v) } };\n"            \
    "  for (let i = 0; i < todo.length; i++) {\n"                              \
    "    const o = todo[i]; count++;\n"                                        \
    "    add(isExtensible(o) ? 'e' : 'f'); visit(getPrototypeOf(o));\n"        \
    "    for (const key of ownKeys(o)) {\n"                                    \
    "      const d = gopd(o, key); add(String(key)); add("                     \
    "        '' + d.writable + d.enumerable + d.configurable);\n"              \
    "      if (key === 'lastIndex' || 'value' in d) visit(d.value);"           \
    "      else { visit(d.get); visit(d.set) }\n"                              \
    "    }\n"                                                                  \
    "  }\n"                                                                    \
    "  return count + ' objects, hash ' + hash;\n"                             \
    "}\n"

static void probe(char *out)
{
    assert_int_equal(js_invoke(&f, "/probe"), ISERE_ISOLATE_COMPLETE);
    if (isere_isolate_error(f.isolate)) {
        fail_msg("the probe failed: %s", isere_isolate_reason(f.isolate));
    }
    isere_slice_t body = isere_isolate_response(f.isolate)->body;
    assert_true(body.len > 0 && body.len < PROBE_MAX);
    memcpy(out, body.ptr, body.len);
    out[body.len] = 0;
    isere_isolate_reset(f.isolate);
}

/* Replaces the isolate by one that shares its copy. */
static void start_sharing(void)
{
    isere_isolate_t *isolates[2];
    isere_isolate_destroy(f.isolate);
    for (int i = 0; i < 2; i++) {
        isolates[i] =
            isere_isolate_create_in(f.port, f.function, &family, NULL);
        assert_non_null(isolates[i]);
        assert_int_equal(isere_isolate_start(isolates[i], &f.fault),
                         ISERE_ISOLATE_READY);
    }
    f.isolate = isolates[1];
    assert_true(isere_snapshot_cost(f.isolate->snapshot) <
                isere_snapshot_cost(isolates[0]->snapshot) / 8);
    isere_isolate_destroy(isolates[0]);
}

static void start(const char *source)
{
    js_must_start(&f, source);
    if (sharing) {
        start_sharing();
    }
    js_pristine_take(&pristine, &f);
    probe(first_probe);
}

static void expect_pristine(const char *after)
{
    char now[PROBE_MAX];
    js_pristine_expect(&pristine, &f, true);
    probe(now);
    if (strcmp(now, first_probe) != 0) {
        fail_msg("after %s the probe says %s, not %s", after, now, first_probe);
    }
    js_pristine_expect(&pristine, &f, true);
}

/* One attack, to its end or (WAITING) given up in its middle. */
static void attack(const char *target)
{
    isere_isolate_state_t end = js_invoke(&f, target);
    assert_true(end == ISERE_ISOLATE_COMPLETE || end == ISERE_ISOLATE_WAITING);
    isere_isolate_reset(f.isolate);
    expect_pristine(target);
    end = js_invoke(&f, target);
    for (int i = 0; end == ISERE_ISOLATE_WAITING && i < 5; i++) {
        end = js_resume(&f);
    }
    isere_isolate_reset(f.isolate);
    expect_pristine(target);
}

/* ---- attacks by requests ---- */

static const char victim[] =
    "let counter = 0; const list = [1, 2, 3]; const map = new Map();\n"
    "const weak = new WeakMap(); const key = {}; const re = /a/g;\n"
    "const bytes = new Uint8Array(64); class A { static n = 0; #p = 1;"
    "  get p() { return this.#p } set p(v) { this.#p = v } }\n"
    "const a = new A(); function* gen() { let i = 0; while (1) yield i++ }\n"
    "const g = gen(); g.next(); let resolveKept;\n"
    "const kept = new Promise(r => { resolveKept = r });\n"
    "const state = { list, map, re, bytes, A, a, key, kept };\n" PROBE
    "const evil = () => { throw new Error('evil') };\n"
    "const eager = { probe: () => probe(state) + ' ' + counter + re.lastIndex +"
    "  g.next().value + a.p + weak.has(key) + map.size + bytes[0] + A.n +"
    "  typeof Error.prepareStackTrace + Error.stackTraceLimit +"
    "  (Symbol.keyFor(Symbol.iterator) ?? '') + JSON.stringify({ a: [1] }),\n";

static const char attacks[] =
    "globals() { globalThis.x = 1; var y = globalThis; y.URL = 5;"
    "  delete globalThis.console; undefined; globalThis.Array = null },\n"
    "variables() { counter = 99; list.push(4); list.length = 1; map.set(1, 2);"
    "  weak.set(key, 1); re.test('aaa'); bytes.fill(7); A.n = 5; a.p = 9;"
    "  key.x = 1; return 'x' },\n"
    "prototypes() { Object.prototype.x = 1; Array.prototype.map = evil;"
    "  String.prototype.split = evil; Function.prototype.call = evil;"
    "  Object.setPrototypeOf(Array.prototype, null);"
    "  Object.setPrototypeOf(Object.prototype.toString, null) },\n"
    "intrinsics() { JSON.stringify = evil; Promise.prototype.then = evil;"
    "  Array.prototype[Symbol.iterator] = evil; Object.keys = evil;"
    "  Promise.prototype.constructor = evil; Map.prototype.get = evil;"
    "  Reflect.ownKeys = evil; Array.prototype.push = evil;"
    "  Object.getOwnPropertyDescriptor = evil; return { body: { a: 1 } } },\n"
    "setters() { for (const k of ['0', '1', 'body', 'then', 'statusCode',"
    "  'headers', 'get', 'value', 'done']) Object.defineProperty("
    "    Object.prototype, k, { get: evil, set: evil, configurable: false });"
    "  return { body: 'x' } },\n"
    "arraysetters() { for (const k of [0, 1, 2]) Object.defineProperty("
    "  Array.prototype, k, { get() { return 7 }, set(v) { counter++ } });"
    "  return { headers: { a: ['b', 'c'] }, cookies: ['a=b'] } },\n"
    "async iteratorproto() { [].values().__proto__.next = evil;"
    "  (function* () {})().__proto__.__proto__.next = evil;"
    "  for (const x of gen()) { if (x > 3) break } },\n"
    "frozen() { Object.freeze(globalThis); Object.freeze(Object.prototype);"
    "  for (const k of Reflect.ownKeys(globalThis)) { const v = globalThis[k];"
    "    if (typeof v === 'function') { Object.freeze(v);"
    "      if (v.prototype) Object.freeze(v.prototype) } }"
    "  Object.freeze(state); Object.preventExtensions(key); return 'x' },\n"
    "deleted() { for (const k of Reflect.ownKeys(globalThis))"
    "  try { delete globalThis[k] } catch {} return 'x' },\n"
    "timers() { setInterval(() => counter++, 1); setTimeout(evil, 1e6);"
    "  for (let i = 0; i < 500; i++) setTimeout(() => { globalThis.t = i }, i);"
    "  return new Promise(() => {}) },\n"
    "leftTimers(e, c, done) { setInterval(() => { counter++ }, 0);"
    "  done('x') },\n"
    "pending() { kept.then(() => { globalThis.late = 1 });"
    "  setTimeout(resolveKept, 5); return kept },\n"
    "rejected() { for (let i = 0; i < 50; i++) Promise.reject(new Error(i)) "
    "},\n"
    "microtasks() { const f = () => { counter++;"
    "  if (counter < 1e4) queueMicrotask(f) }; f() },\n"
    "stormAfterAnswer(e, c, done) { done('x');"
    "  const f = () => { counter++; Promise.resolve().then(f) }; f() },\n"
    "weakrefs() { const r = new WeakRef(key); const fr ="
    "  new FinalizationRegistry(v => { globalThis.finalized = v });"
    "  for (let i = 0; i < 500; i++) { fr.register({}, i); new WeakRef({}) }"
    "  fr.register(key, 1, key); weak.set({}, r); weak.set(key, fr) },\n"
    "symbols() { for (let i = 0; i < 500; i++) { Symbol.for('s' + i);"
    "  globalThis[Symbol('q' + i)] = i } },\n"
    "atoms() { const o = {}; for (let i = 0; i < 3000; i++) o['at' + i] = i;"
    "  Object.assign(key, o) },\n"
    "buffers() { const b = bytes.buffer; globalThis.view = new DataView(b);"
    "  new Uint32Array(b).fill(0xffffffff); b.transfer?.(); structuredClone(b,"
    "    { transfer: [b] }) },\n"
    "memory() { const all = []; for (;;) all.push(new Array(100).fill("
    "  'x' + all.length)) },\n"
    "memoryCaught() { globalThis.all = []; try { for (;;) all.push({ i: [] }) }"
    "  catch { return 'caught' } },\n"
    "memoryThenThrow() { const all = []; try { for (;;) all.push(['y']) }"
    "  catch { all.length >>= 1; throw new TypeError('then') } },\n"
    "bigBuffer() { globalThis.b = new Uint8Array(300000).fill(1); evil() },\n"
    "stack() { let n = 0; const f = () => { n++; return f() + 1 }; return f()"
    "  },\n"
    "regexps() { re.lastIndex = 77; re.compile('b+', 'iu'); "
    "/(x)(y)/.exec('xy');"
    "  'abc'.replace(/(b)/, evil) },\n"
    "stacks() { Error.prepareStackTrace = () => { counter++; return 'x' };"
    "  Error.stackTraceLimit = 0; null.x },\n"
    "stackGetter() { const e = new Error('x'); Object.defineProperty(e, "
    "'stack',"
    "  { get: evil }); Object.defineProperty(e, 'message', { get: evil });"
    "  throw e },\n"
    "generators() { g.next(); g.next(); g.return(5); const h = gen(); h.next();"
    "  globalThis.h = h },\n"
    "async halfAsync() { globalThis.p = (async () => { await kept; evil() })();"
    "  await 0; evil() },\n"
    "proxies() { Object.setPrototypeOf(globalThis, new Proxy({}, {"
    "  get: (t, k) => k, has: () => false })) },\n"
    "getters() { Object.defineProperty(globalThis, 'Promise', { get: evil });"
    "  Object.defineProperty(Promise, Symbol.species, { get: evil }) },\n"
    "evals() { (0, eval)('var leaked = 1; function leak() {}; let lex = 3');"
    "  new Function('globalThis.fromFunction = 1')() },\n"
    "evalModuleVars() { eval('counter = 5; list.pop()') },\n"
    "async imports() { const m = await import('./main.js');"
    "  globalThis.m = m; try { m.handler = 1 } catch {}"
    "  await import('./none.js') },\n"
    "dates() { Date.prototype.getTime = evil; Date.now = () => 0;"
    "  Math.random = () => 4; performance.now = () => 0;"
    "  crypto.randomUUID = () => 'same' },\n"
    "consoles() { console.log = evil; console.error = evil; evil() },\n"
    "env() { try { process.env.X = 1 } catch {} process.env = { A: 1 };"
    "  process.x = 1 },\n"
    "eventKept(event, context, done) { globalThis.kept = { event, context,"
    "  done, b: event.body, h: event.headers }; event.path = '/probe';"
    "  context.functionName = 'x'; Object.freeze(event) },\n"
    "thenable() { return { then(r) { counter++; globalThis.r = r; r('x') } } "
    "},\n"
    "badResponse() { return { get statusCode() { list.push(9); evil() } } },\n"
    "toJSON() { return { body: { toJSON() { counter++; delete JSON.stringify;"
    "  return kept } } } },\n"
    "throwAfterDone(e, c, done) { done('x'); globalThis.z = 1; evil() },\n"
    "forever() { for (;;) counter++ },\n"
    "foreverCaught() { for (;;) try { for (;;) counter++ } catch {} finally {"
    "  list.push(1) } },\n"
    "regexpForever() { return /(a*)*b/.test('a'.repeat(40)) },\n"
    "async jobsForever() { for (;;) await counter++ },\n";

static const char handler[] =
    "};\n"
    "export const handler = (event, context, done) => {"
    "  const name = event.path.slice(1);"
    "  if (!(name in eager)) throw new Error('no attack ' + name);"
    "  return eager[name](event, context, done) }\n";

static char *join(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

/* Calls fn for every method name in the text of the attacks. */
static int for_each_attack(void (*fn)(const char *target))
{
    int count = 0;
    const char *line = attacks;
    while (line && *line) {
        char target[64];
        const char *name = strncmp(line, "async ", 6) == 0 ? line + 6 : line;
        size_t len = strcspn(name, "(");
        assert_true(len + 2 < sizeof(target));
        target[0] = '/';
        memcpy(target + 1, name, len);
        target[len + 1] = 0;
        fn(target);
        count++;
        line = strstr(line, "},\n");
        line = line ? line + 3 : NULL;
    }
    return count;
}

static void test_requests_leave_nothing(void **state)
{
    (void)state;
    char *source = join(victim, attacks, handler);
    isere_test_state()->tick_us = 500; /* endless ones end sooner so */
    f.config.memory_bytes = 2048 * 1024;
    f.config.timeout_ms = 500;
    start(source);
    free(source);
    assert_true(for_each_attack(attack) >= 45);
}

static void test_requests_leave_nothing_in_a_shared_heap(void **state)
{
    sharing = true;
    test_requests_leave_nothing(state);
    sharing = false;
}

static void just_invoke(const char *target)
{
    isere_isolate_state_t end = js_invoke(&f, target);
    for (int i = 0; end == ISERE_ISOLATE_WAITING && i < 3; i++) {
        end = js_resume(&f);
    }
    isere_isolate_reset(f.isolate);
}

/* A crowd of attacks, and only then the probe. */
static void test_attacks_in_a_row_leave_nothing(void **state)
{
    (void)state;
    char *source = join(victim, attacks, handler);
    isere_test_state()->tick_us = 500;
    f.config.memory_bytes = 2048 * 1024;
    f.config.timeout_ms = 300;
    start(source);
    free(source);
    for (int i = 0; i < (test_is_long() ? 100 : 3); i++) {
        for_each_attack(just_invoke);
        expect_pristine("all attacks");
    }
}

/* ---- abandoned anywhere: a port that runs the code on a stack of jumps ----
 */

static jmp_buf abandon_to;
static unsigned long reads_left;

static uint64_t abandoning_clock(void *ctx)
{
    if (reads_left > 0 && --reads_left == 0) {
        longjmp(abandon_to, 1);
    }
    return isere_test_port()->monotonic_us(ctx);
}

static int abandonable_run(void *ctx, void (*fn)(void *arg), void *arg,
                           uint64_t deadline_us)
{
    (void)ctx;
    (void)deadline_us;
    static volatile bool cut;
    cut = setjmp(abandon_to) != 0;
    if (!cut) {
        fn(arg);
    }
    reads_left = 0;
    return cut ? ISERE_ERR_TIMEOUT : 0;
}

static unsigned long cut_at;

static void abandon(const char *target)
{
    for (cut_at = 1; cut_at < 12; cut_at++) {
        /* The first readings are the isolate's own, before it runs. */
        reads_left = cut_at + 2;
        isere_isolate_state_t end = js_invoke(&f, target);
        assert_true(end == ISERE_ISOLATE_COMPLETE ||
                    end == ISERE_ISOLATE_WAITING);
        reads_left = 0;
        isere_isolate_reset(f.isolate);
    }
    expect_pristine(target);
}

/* Portable, and therefore only where the clock is read; test_abandon.c does
 * it at every instruction. */
static void test_abandoned_attacks_leave_nothing(void **state)
{
    (void)state;
    static isere_port_t port;
    port = *isere_test_port();
    port.monotonic_us = abandoning_clock;
    port.exec_run = abandonable_run;
    js_init(&f, &port);
    char *source = join(victim, attacks, handler);
    isere_test_state()->tick_us = 1000;
    f.config.memory_bytes = 2048 * 1024;
    f.config.timeout_ms = 300;
    start(source);
    free(source);
    for_each_attack(abandon);
}

/* ---- traps laid by the init phase ---- */

static const char *const traps[] = {
    "for (const k of ['body', 'statusCode', 'headers', 'cookies', 'value',"
    "  'isBase64Encoded', 'multiValueHeaders', 'get', 'writable', 'length'])"
    "  Object.defineProperty(Object.prototype, k, Object.assign("
    "    Object.create(null), { configurable: true,"
    "    get() { globalThis.count = (globalThis.count ?? 0) + 1 } }));",
    "for (const k of [0, 1, 2]) Object.defineProperty(Object.prototype, k,"
    "  { set() { globalThis.count = 1 }, get() { return undefined } });",
    "Array.prototype[Symbol.iterator] = function* () {};",
    "JSON.stringify = () => { throw 1 }; JSON.parse = () => { throw 1 };",
    "Promise.prototype.then = function () { throw 1 };",
    "Object.freeze(Object.prototype); Object.freeze(Array.prototype);"
    "Object.freeze(Function.prototype); Object.freeze(Error.prototype);",
    "Object.freeze(globalThis);",
    "String.prototype.toString = () => { throw 1 };"
    "Symbol.prototype.toString = () => { throw 1 };",
    "delete globalThis.Object; delete globalThis.Array; delete globalThis.Map;"
    "delete globalThis.Promise; delete globalThis.JSON;",
    "globalThis.setTimeout(() => {}, 50); setInterval(() => {}, 7);"
    "Promise.reject(new Error('left'));",
    "globalThis.registry = new FinalizationRegistry(() => {});"
    "for (let i = 0; i < 100; i++) registry.register({}, i);"
    "globalThis.ref = new WeakRef({});",
    "Object.setPrototypeOf(globalThis, new Proxy({}, {}));",
    "Error.prepareStackTrace = () => { throw 1 };",
};

static void expect_same_answer(const char *target)
{
    char first[256];
    for (int i = 0; i < 4; i++) {
        char now[256];
        assert_int_equal(js_invoke(&f, target), ISERE_ISOLATE_COMPLETE);
        const isere_error_answer_t *error = isere_isolate_error(f.isolate);
        isere_slice_t body =
            error ? error->body : isere_isolate_response(f.isolate)->body;
        assert_true(body.len < sizeof(now));
        memcpy(now, body.ptr, body.len);
        now[body.len] = 0;
        isere_isolate_reset(f.isolate);
        js_pristine_expect(&pristine, &f, true);
        if (i == 0) {
            memcpy(first, now, sizeof(now));
        } else {
            assert_string_equal(now, first);
        }
    }
}

static void test_traps_of_the_init_phase_spring_alike(void **state)
{
    (void)state;
    static const char tail[] =
        "\nlet calls = 0;\n"
        "export const handler = async (event) => {\n"
        "  calls++;\n"
        "  try { globalThis.count = (globalThis.count ?? 0) + 1 } catch {}\n"
        "  if (event.path === '/throw') throw new TypeError('t');\n"
        "  if (event.path === '/text') return 'calls ' + calls;\n"
        "  if (event.path === '/count') return 'n' + globalThis.count;\n"
        "  return { statusCode: 201, headers: { a: ['b', 'c'] },"
        "    body: { calls, headers: event.headers } } }\n";
    for (size_t i = 0; i < sizeof(traps) / sizeof(*traps); i++) {
        f.config.memory_bytes = 2048 * 1024; /* one freezes every global */
        char *source = join(traps[i], tail, "");
        if (js_start(&f, source) != ISERE_ISOLATE_READY) {
            fail_msg("trap %lu: %s", (unsigned long)i, f.fault.message);
        }
        js_pristine_take(&pristine, &f);
        expect_same_answer("/");
        expect_same_answer("/throw");
        expect_same_answer("/count");
        js_expect_body(&f, "/text", "calls 1");
        js_expect_body(&f, "/text", "calls 1");
        free(source);
        js_pristine_free(&pristine);
        js_deinit(&f);
        js_init(&f, NULL);
    }
}

/* ---- what must not be replayed ---- */

enum { REQUESTS = 200, ANSWER_MAX = 300, DATE_NOW = 4 };

static void test_what_is_unique_stays_unique(void **state)
{
    (void)state;
    static char answers[REQUESTS][6][64];
    isere_instance_t *instance;
    js_file_t files[] = {
        {"main.js",
         "const m = Math.random(); crypto.randomUUID();\n"
         "export const handler = (event, context) => [Math.random(),"
         "  crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(3)),"
         "  event.requestContext.requestId, Date.now(), performance.now()"
         "].map(String).join(' ')"},
        {NULL, NULL},
    };
    assert_int_equal(js_compile(&f, files), 0);
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     0);
    assert_int_equal(
        isere_instance_create(f.port, f.function, &instance, &f.fault), 0);
    for (int i = 0; i < REQUESTS; i++) {
        isere_request_t request = {0};
        isere_result_t result;
        char text[ANSWER_MAX];
        assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
        assert_null(result.error);
        assert_true(result.body.len < sizeof(text));
        memcpy(text, result.body.ptr, result.body.len);
        text[result.body.len] = 0;
        char(*a)[64] = answers[i];
        assert_int_equal(sscanf(text, "%63s %63s %63s %63s %63s %63s", a[0],
                                a[1], a[2], a[3], a[4], a[5]),
                         6);
        isere_test_state()->monotonic_us += 1000;
        isere_test_state()->wall_us += 1000;
    }
    for (int i = 0; i < REQUESTS; i++) {
        for (int k = 0; k < i; k++) {
            for (int field = 0; field < 6; field++) {
                if (field == DATE_NOW) {
                    continue;
                }
                assert_string_not_equal(answers[i][field], answers[k][field]);
            }
        }
    }
    /* Date.now is the system's: it goes on, but not at every request. */
    for (int i = 1; i < REQUESTS; i++) {
        assert_true(atof(answers[i][DATE_NOW]) >=
                    atof(answers[i - 1][DATE_NOW]));
    }
    isere_instance_destroy(instance);
}

/* Two isolates of one function draw different numbers too. */
static void test_isolates_differ(void **state)
{
    (void)state;
    char seen[8][64];
    for (int i = 0; i < 8; i++) {
        assert_int_equal(
            js_start(&f, "export const handler = () => '' + Math.random()"),
            ISERE_ISOLATE_READY);
        assert_int_equal(js_invoke(&f, "/"), ISERE_ISOLATE_COMPLETE);
        isere_slice_t body = isere_isolate_response(f.isolate)->body;
        snprintf(seen[i], sizeof(seen[i]), "%.*s", (int)body.len, body.ptr);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(seen[i], seen[k]);
        }
        js_deinit(&f);
        js_init(&f, NULL);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_requests_leave_nothing),
        TEST(test_requests_leave_nothing_in_a_shared_heap),
        TEST(test_attacks_in_a_row_leave_nothing),
        TEST(test_abandoned_attacks_leave_nothing),
        TEST(test_traps_of_the_init_phase_spring_alike),
        TEST(test_what_is_unique_stays_unique),
        TEST(test_isolates_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
