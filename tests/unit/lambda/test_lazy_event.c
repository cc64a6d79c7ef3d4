/*
 * event and context are plain objects, although their values are made when
 * they are first asked for: nothing a handler can do tells them from objects
 * that have had their values from the beginning.
 */
#include "core/isolate/isolate.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* Invokes with a whole request; the answer is there at once. */
static void send_request(const char *text)
{
    isere_http_limits_t limits = {2048, 2048};
    size_t len = strlen(text);
    assert_true(len < sizeof js.text);
    memcpy(js.text, text, len + 1);
    isere_http_parser_init(&js.parser, &limits);
    assert_int_equal(
        isere_http_parser_feed(&js.parser, &js.request, js.text, &len),
        ISERE_HTTP_COMPLETE);
    js.request.base = js.text;
    isere_invocation_t invocation = {
        .request = &js.request,
        .source_ip = "192.0.2.7",
        .route_key = "$default",
        .request_id = "01234567-89ab-4def-8123-456789abcdef",
        .received_us = INT64_C(1583349317135999),
        .deadline_us = js.port->monotonic_us(js.port->ctx) + 3000000,
    };
    isere_isolate_invoke(js.isolate, &invocation);
    assert_int_equal(isere_isolate_state(js.isolate), ISERE_ISOLATE_COMPLETE);
}

static void expect(const char *request, const char *body)
{
    send_request(request);
    js_take_body(&js, body);
}

#define HEAD(path)                                                             \
    "POST " path " HTTP/1.1\r\nHost: a.example\r\nCookie: a=1; b=2\r\n"        \
    "User-Agent: test\r\n"
#define FULL(name)                                                             \
    HEAD("/" name "?x=1&y=%C3%A9&x=2")                                         \
    "Content-Length: 17\r\n\r\n"                                               \
    "{\"k\":[1,{\"l\":2}]}"
#define EMPTY(name) "GET /" name " HTTP/1.1\r\nHost: a.example\r\n\r\n"

static const isere_payload_t payloads[] = {
    ISERE_PAYLOAD_ISERE, ISERE_PAYLOAD_1_0, ISERE_PAYLOAD_2_0};

/*
 * Each way of looking at an object is tried twice: with the object as it is,
 * at which nobody has looked, and with one that was told the same values.
 * Which way it is to be the handler learns from the clock, so that it need not
 * ask the event.
 */
static const char ways_source[] =
    "const told = o => { const r = {}; for (const k of Object.keys(o))\n"
    "  Object.defineProperty(r, k, { value: o[k]?.constructor === Object ?\n"
    "    told(o[k]) : o[k], writable: true, enumerable: true,\n"
    "    configurable: true }); return r }\n"
    "const descriptors = o => JSON.stringify(\n"
    "  Object.getOwnPropertyDescriptors(o))\n"
    "const ways = {\n"
    "  stringify: o => JSON.stringify(o),\n"
    "  spread: o => JSON.stringify({ ...o }),\n"
    "  assign: o => JSON.stringify(Object.assign({}, o)),\n"
    "  assignTo: o => JSON.stringify(Object.assign(o, { path: 1, z: 2 })),\n"
    "  clone: o => JSON.stringify(structuredClone(o)),\n"
    "  keys: o => Object.keys(o).join(),\n"
    "  values: o => JSON.stringify(Object.values(o)),\n"
    "  entries: o => JSON.stringify(Object.entries(o)),\n"
    "  own: o => Reflect.ownKeys(o).map(String).join(),\n"
    "  names: o => Object.getOwnPropertyNames(o).join(),\n"
    "  symbols: o => Object.getOwnPropertySymbols(o).length,\n"
    "  forIn: o => { const r = []; for (const k in o) r.push(k, o[k]);\n"
    "    return JSON.stringify(r) },\n"
    "  descriptors,\n"
    "  descriptor: o => Object.keys(o).map(k => {\n"
    "    const d = Object.getOwnPropertyDescriptor(o, k)\n"
    "    return [k, JSON.stringify(d.value), d.writable, d.enumerable,\n"
    "      d.configurable, 'get' in d, 'set' in d] }).join('|'),\n"
    "  twice: o => Object.keys(o).every(k => o[k] === o[k]),\n"
    "  remove: o => { const r = []; for (const k of Object.keys(o))\n"
    "    r.push(delete o[k], k in o, o[k]); return r + descriptors(o) },\n"
    "  removeSome: o => { delete o.body; delete o.path; o.body = 1\n"
    "    return descriptors(o) },\n"
    "  set: o => { for (const k of Object.keys(o)) o[k] = k\n"
    "    return descriptors(o) },\n"
    "  reflectSet: o => Object.keys(o).map(k => Reflect.set(o, k, 1)) +\n"
    "    descriptors(o),\n"
    "  define: o => { for (const k of Object.keys(o))\n"
    "    Object.defineProperty(o, k, { value: 7 }); return descriptors(o) },\n"
    "  hide: o => { for (const k of Object.keys(o))\n"
    "    Object.defineProperty(o, k, { enumerable: false })\n"
    "    return descriptors(o) + JSON.stringify(o) },\n"
    "  getter: o => { for (const k of Object.keys(o))\n"
    "    Object.defineProperty(o, k, { get() { return 'got ' + k } })\n"
    "    return JSON.stringify(o) },\n"
    "  freeze: o => { const r = [Object.isFrozen(o)]; Object.freeze(o)\n"
    "    r.push(Object.isFrozen(o)); for (const k of Object.keys(o))\n"
    "      r.push(Reflect.set(o, k, 1), Reflect.deleteProperty(o, k))\n"
    "    return r + descriptors(o) },\n"
    "  seal: o => { const r = [Object.isSealed(o)]; Object.seal(o)\n"
    "    r.push(Object.isSealed(o)); for (const k of Object.keys(o))\n"
    "      r.push(Reflect.set(o, k, 1), Reflect.deleteProperty(o, k))\n"
    "    return r + descriptors(o) },\n"
    "  closed: o => { Object.preventExtensions(o); o.path = 3\n"
    "    return Reflect.set(o, 'more', 1) + descriptors(o) },\n"
    "  has: o => Object.keys(o).map(k => [k in o, Object.hasOwn(o, k),\n"
    "    o.propertyIsEnumerable(k)]).join(),\n"
    "  rest: o => { const { path, headers, ...rest } = o\n"
    "    return JSON.stringify([path, headers, rest]) },\n"
    "  inherited: o => { const c = Object.create(o); const r = []\n"
    "    for (const k in c) r.push(k, JSON.stringify(c[k]))\n"
    "    c.body = 1; return r.join() + JSON.stringify([c, o]) },\n"
    "  prototype: o => { Object.setPrototypeOf(o, { a: 1 })\n"
    "    return JSON.stringify(o) + o.a },\n"
    "  proxy: o => JSON.stringify({ ...new Proxy(o, {}) }) +\n"
    "    Object.keys(new Proxy(o, {})) + (delete new Proxy(o, {}).path) +\n"
    "    descriptors(new Proxy(o, {})),\n"
    "  proxyFrozen: o => JSON.stringify(new Proxy(Object.freeze(o), {})),\n"
    "  weak: o => new WeakMap([[o, 1]]).get(o),\n"
    "  map: o => JSON.stringify([...new Map(Object.entries(o))]),\n"
    "  tag: o => String(o) + (o instanceof Object) + o.constructor.name,\n"
    "  with: o => new Function('o', 'with (o) { path = 5; return ' +\n"
    "    'JSON.stringify([path, o]) }')(o),\n"
    "  revive: o => JSON.stringify(o, (k, v) => k === 'path' ? 1 : v),\n"
    "  list: o => JSON.stringify(o, ['path', 'requestContext', 'http']),\n"
    "  deep: o => { if (!o.requestContext) o.requestContext = {}; "
    "o.requestContext.more = [1]\n"
    "    if (o.headers) o.headers.host += '!'; return JSON.stringify(o) },\n"
    "  order: o => { const k = Object.keys(o); o[k[3]]; o[k[1]]; delete o.x\n"
    "    return Object.keys(o).join() + JSON.stringify(o) },\n"
    "}\n"
    "const names = Object.keys(ways)\n"
    "export const handler = (event, context) => {\n"
    "  const n = Math.round(performance.now() / 1000)\n"
    "  const way = ways[names[n >> 2]]\n"
    "  if (!way) return 'no more'\n"
    "  const o = n & 2 ? context : event\n"
    "  try { return { body: names[n >> 2] + ' ' + way(n & 1 ? told(o) : o) }\n"
    "  } catch (e) { return { body: names[n >> 2] + String(e) } }\n"
    "}\n";

static const uint64_t origin = UINT64_C(1000000000); /* of the clock */

/* The answer to the request at so many seconds after the start. */
static void answer_at(unsigned second, const char *request, char *out,
                      size_t size)
{
    isere_test_state()->monotonic_us = origin + second * UINT64_C(1000000);
    send_request(request);
    if (isere_isolate_error(js.isolate)) {
        fail_msg("%u: %s", second, isere_isolate_reason(js.isolate));
    }
    isere_slice_t body = isere_isolate_response(js.isolate)->body;
    assert_true(body.len < size);
    memcpy(out, body.ptr, body.len);
    out[body.len] = '\0';
    isere_isolate_reset(js.isolate);
}

static void compare_ways(isere_payload_t payload, const char *request)
{
    static char lazy[16384];
    static char told[16384];
    unsigned second = 0;
    isere_test_state()->monotonic_us = origin;
    js.config.payload = payload;
    js_must_start(&js, ways_source);
    for (;; second += 2) {
        answer_at(second, request, lazy, sizeof lazy);
        if (strcmp(lazy, "no more") == 0) {
            break;
        }
        answer_at(second + 1, request, told, sizeof told);
        assert_string_equal(lazy, told);
    }
    assert_true(second > 4 * 35);
    js_deinit(&js);
    js_init(&js, NULL);
}

static void test_they_are_what_they_seem_to_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        compare_ways(payloads[i], FULL("p"));
        compare_ways(payloads[i], EMPTY("p"));
    }
}

/* ---- one request after another ---- */

static void test_each_request_has_its_own(void **state)
{
    (void)state;
    js_must_start(
        &js,
        "const seen = []\n"
        "export const handler = (event, context) => {\n"
        "  seen.push(event)\n"
        "  const before = JSON.stringify([event.path, event.requestContext\n"
        "    .http.path, event.headers, context.awsRequestId, event.extra,\n"
        "    seen.length])\n"
        "  event.path = event.requestContext.http.path = 'changed'\n"
        "  event.headers.host = context.awsRequestId = 'changed'\n"
        "  event.extra = 1\n"
        "  delete event.requestContext\n"
        "  if (before.includes('/2')) Object.freeze(event)\n"
        "  return before }");
    for (int i = 0; i < 2; i++) {
        expect(EMPTY("1"), "[\"/1\",\"/1\",{\"host\":\"a.example\"},"
                           "\"01234567-89ab-4def-8123-456789abcdef\",null,1]");
        expect(EMPTY("2"), "[\"/2\",\"/2\",{\"host\":\"a.example\"},"
                           "\"01234567-89ab-4def-8123-456789abcdef\",null,1]");
    }
}

/* What the init phase does to prototypes has no effect on what is own, and
 * nothing it kept leads to the event. */
static void test_the_init_phase_does_not_reach_them(void **state)
{
    (void)state;
    js_must_start(
        &js, "const log = []\n"
             "for (const k of ['path', 'body', 'headers', 'requestContext',\n"
             "    'awsRequestId', 'method', 'httpMethod', 'http'])\n"
             "  Object.defineProperty(Object.prototype, k, { __proto__: null,\n"
             "    get() { log.push('get ' + k) },\n"
             "    set(v) { log.push('set ' + k) } })\n"
             "Object.defineProperty = Object.create = JSON.stringify = null\n"
             "const { getOwnPropertyDescriptor } = Object\n"
             "Object.freeze(Object.prototype)\n"
             "export const handler = (event, context) => {\n"
             "  const d = getOwnPropertyDescriptor(event, 'path')\n"
             "  const r = [event.path, event.body, event.headers.host,\n"
             "    event.requestContext.http.method, event.method,\n"
             "    context.awsRequestId, d.value, d.writable, d.get,\n"
             "    event instanceof Object, log.length]\n"
             "  return r.join() }");
    expect(EMPTY("a"),
           "/a,,a.example,GET,GET,01234567-89ab-4def-8123-456789abcdef,"
           "/a,true,,true,0");
}

/* A thenable prototype, as `await event` would find it. */
static void test_the_event_can_be_the_answer(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = async (event) => {\n"
                       "  if (event.path === '/body') return { body: event }\n"
                       "  return (await Promise.all([event]))[0] }");
    send_request(EMPTY("body"));
    assert_null(isere_isolate_error(js.isolate));
    isere_slice_t body = isere_isolate_response(js.isolate)->body;
    const char *start_of = "{\"httpMethod\":\"GET\",\"method\":\"GET\","
                           "\"path\":\"/body\",\"query\":\"\",";
    assert_memory_equal(body.ptr, start_of, strlen(start_of));
    isere_isolate_reset(js.isolate);
    /* It has headers and a body. */
    send_request(EMPTY("x"));
    assert_null(isere_isolate_error(js.isolate));
    assert_int_equal(isere_isolate_response(js.isolate)->status, 200);
    isere_isolate_reset(js.isolate);
}

/* ---- limits ---- */

/* Memory ends while values are made (test_lambda_memory.c: at each allocation
 * of it, and what becomes of the property). */
static void test_memory_ends_inside(void **state)
{
    (void)state;
    js_must_start(
        &js, "export const handler = (event) => {\n"
             "  if (event.path === '/ok') return event.headers.host\n"
             "  const hold = []\n"
             "  for (const n of [20000, 2000, 200, 20, 1])\n"
             "    try { for (;;) hold.push(new Uint8Array(n)) } catch {}\n"
             "  return [event.multiValueQueryStringParameters, event.headers,\n"
             "    event.query, event.cookies] }");
    send_request(FULL("full"));
    js_take_error(&js, "memory");
    expect(EMPTY("ok"), "a.example");
}

/* Where the stack ends a value is made or the error is thrown, and what was
 * not made there is made later. A JSON body is the same wherever it is first
 * asked for. */
static void test_the_stack_ends_around_it(void **state)
{
    (void)state;
    js_must_start(
        &js,
        "export const handler = (event) => {\n"
        "  const read = []\n"
        "  const down = () => {\n"
        "    try { down() } catch (e) {}\n"
        "    if (read.length < 40)\n"
        "      try { read.push(typeof event.body, event.cookies.length) }\n"
        "      catch (e) { read.push('error') } }\n"
        "  down()\n"
        "  const good = read.every(v => ['object', 2, 'error'].includes(v))\n"
        "  return JSON.stringify([good, event.body, event.cookies]) }");
    for (int i = 0; i < 2; i++) {
        expect(FULL("x"), "[true,{\"k\":[1,{\"l\":2}]},[\"a=1\",\"b=2\"]]");
    }
}

/* The clock passes the deadline while the handler reads: the invocation ends
 * at the engine's next look at it, and the next one is none the wiser. */
static void test_the_deadline_passes_meanwhile(void **state)
{
    (void)state;
    js_must_start(&js, "export const handler = (event) => {\n"
                       "  if (event.path === '/ok') return event.headers.host\n"
                       "  for (;;) Object.assign({}, event) }");
    isere_test_state()->tick_us = 100000;
    send_request(FULL("full"));
    js_take_error(&js, "timeout");
    isere_test_state()->tick_us = 0;
    expect(EMPTY("ok"), "a.example");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, js_setup_one, js_teardown_one)
    const struct CMUnitTest tests[] = {
        TEST(test_they_are_what_they_seem_to_be),
        TEST(test_each_request_has_its_own),
        TEST(test_the_init_phase_does_not_reach_them),
        TEST(test_the_event_can_be_the_answer),
        TEST(test_memory_ends_inside),
        TEST(test_the_stack_ends_around_it),
        TEST(test_the_deadline_passes_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
