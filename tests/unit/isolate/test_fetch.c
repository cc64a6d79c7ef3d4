/* Handlers in the form of the web: what they are given, what they may give, and
 * work that goes on after the answer. */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static void test_answers(void **state)
{
    (void)state;
    js_must_start(
        &js, "let count = 0; const kept = new Response('kept');\n"
             "export default { async fetch(request, env, ctx) {\n"
             "  switch (new URL(request.url).pathname) {\n"
             "  case '/count': return new Response(++count)\n"
             "  case '/kept': return kept\n"
             "  case '/this': return new Response(this.x)\n"
             "  case '/env': return new Response(env.NODE_ENV)\n"
             "  case '/stream': return new Response(new Blob(['s']).stream())\n"
             "  case '/object': return { body: 1 }\n"
             "  case '/throw': throw new Error('no')\n"
             "  }\n"
             "}, x: 'self' }");
    for (int i = 0; i < 2; i++) {
        js_expect_body(&js, "/count", "1");
        js_expect_body(&js, "/kept", "kept");
        js_expect_body(&js, "/this", "self");
        js_expect_body(&js, "/stream", "s");
        js_expect_error(&js, "/object", "malformed");
        js_expect_error(&js, "/none", "malformed");
        js_expect_error(&js, "/throw", "exception");
    }
}

/* All that a request has is read after the bytes that it came in are gone. */
static void test_goes_on_after_the_answer(void **state)
{
    (void)state;
    js_must_start(&js, "export default { fetch(request, env, ctx) {\n"
                       "  ctx.waitUntil((async () => {\n"
                       "    await new Promise(r => setTimeout(r, 5))\n"
                       "    console.log('later', request.url, request.method)\n"
                       "  })())\n"
                       "  return new Response('now')\n"
                       "} }");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(js_invoke(&js, "/path"), ISERE_ISOLATE_WAITING);
        assert_true(isere_isolate_is_answered(js.isolate));
        assert_null(isere_isolate_error(js.isolate));
        assert_int_equal(isere_isolate_response(js.isolate)->body.len, 3);
        memset(js.text, 'x', sizeof(js.text));
        assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
        assert_non_null(strstr(isere_test_state()->log, "later http://"));
        assert_non_null(strstr(isere_test_state()->log, "/path GET"));
        js_take_body(&js, "now");
    }
}

static void test_waits_no_longer_than_the_limit(void **state)
{
    (void)state;
    js_must_start(&js,
                  "export default { fetch(request, env, ctx) {\n"
                  "  ctx.waitUntil(new Promise(() => setInterval(() => {}, "
                  "1000)))\n"
                  "  return new Response('now')\n"
                  "} }");
    isere_isolate_state_t end = js_invoke(&js, "/");
    int resumed = 0;
    while (end == ISERE_ISOLATE_WAITING && resumed++ < 1000) {
        assert_true(isere_isolate_is_answered(js.isolate));
        end = js_resume(&js);
    }
    assert_int_equal(end, ISERE_ISOLATE_COMPLETE);
    js_take_body(&js, "now");
}

/* Nothing could settle it any more: it is not waited for. */
static void test_waits_for_no_promise_that_is_lost(void **state)
{
    (void)state;
    js_must_start(&js, "export default { fetch(request, env, ctx) {\n"
                       "  ctx.waitUntil(new Promise(() => {}))\n"
                       "  return new Response('now')\n"
                       "} }");
    js_expect_body(&js, "/", "now");
}

/* Heaps from far too small to large enough: a fault, an error or the answer. */
static void test_memory_ends_anywhere(void **state)
{
    (void)state;
    int answers = 0;
    for (size_t memory = 150; memory <= 450; memory += 3) {
        js_deinit(&js);
        js_init(&js, js.port);
        js.config.memory_bytes = memory * 1024;
        if (js_start(&js,
                     "export default { async fetch(request, env, ctx) {\n"
                     "  ctx.waitUntil(new Promise(r => setTimeout(r, 1)))\n"
                     "  const answer = Response.json({ url: request.url,\n"
                     "    headers: [...request.headers],\n"
                     "    text: await request.clone().text() })\n"
                     "  return new Response(answer.body, answer)\n"
                     "} }") != ISERE_ISOLATE_READY) {
            continue;
        }
        isere_isolate_state_t end = js_invoke(&js, "/");
        while (end == ISERE_ISOLATE_WAITING) {
            end = js_resume(&js);
        }
        assert_int_equal(end, ISERE_ISOLATE_COMPLETE);
        answers += !isere_isolate_error(js.isolate);
        isere_isolate_reset(js.isolate);
    }
    assert_true(answers > 1);
}

/* ---- answers that are streams ---- */

/* Reads all that the stream gives, in pieces, and returns how it ended. */
static isere_stream_state_t read_stream(char *out, size_t size)
{
    size_t len = 0;
    while (isere_isolate_stream(js.isolate) == ISERE_STREAM_OPEN) {
        size_t got = isere_isolate_read(js.isolate, out + len,
                                        size - len < 3 ? size - len : 3);
        len += got;
        if (got == 0) {
            (void)js_resume(&js);
        }
    }
    out[len] = '\0';
    return isere_isolate_stream(js.isolate);
}

#define STREAM(members)                                                        \
    "export default { fetch: (request, env, ctx) => new Response(\n"           \
    "  new ReadableStream({ n: 0, " members " }, { highWaterMark: 0 }),\n"     \
    "  { status: 203, headers: { a: 'b' } }) }"

static void test_streams(void **state)
{
    char text[64];
    (void)state;
    js_must_start(&js, STREAM("async pull(c) {\n"
                              "  await new Promise(r => setTimeout(r, 5))\n"
                              "  c.enqueue(new TextEncoder().encode("
                              "`${this.n} ${request.method};`))\n"
                              "  if (++this.n === 3) c.close()\n"
                              "}"));
    js.may_stream = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(js_invoke(&js, "/"), ISERE_ISOLATE_WAITING);
        assert_true(isere_isolate_is_answered(js.isolate));
        assert_int_equal(isere_isolate_response(js.isolate)->status, 203);
        /* What the request came in is another's now. */
        memset(js.text, 'x', sizeof(js.text));
        assert_int_equal(read_stream(text, sizeof(text)), ISERE_STREAM_ENDED);
        assert_string_equal(text, "0 GET;1 GET;2 GET;");
        assert_int_equal(isere_isolate_state(js.isolate),
                         ISERE_ISOLATE_COMPLETE);
        assert_null(isere_isolate_error(js.isolate));
        isere_isolate_reset(js.isolate);
        assert_int_equal(isere_isolate_stream(js.isolate), ISERE_STREAM_NONE);
    }
    js.may_stream = false;
    for (int i = 0; i < 2; i++) {
        isere_isolate_state_t end = js_invoke(&js, "/");
        while (end == ISERE_ISOLATE_WAITING) {
            end = js_resume(&js);
        }
        js_take_body(&js, "0 GET;1 GET;2 GET;");
    }
}

/* Without a reader it goes on no further, up to the time limit. */
static void test_streams_that_nobody_reads(void **state)
{
    char text[64];
    (void)state;
    js_must_start(&js, STREAM("pull(c) { c.enqueue(new Uint8Array([48 + "
                              "this.n++])); console.log('pulled') }"));
    js.may_stream = true;
    assert_int_equal(js_invoke(&js, "/"), ISERE_ISOLATE_WAITING);
    assert_null(strstr(isere_test_state()->log, "pulled"));
    assert_int_equal(isere_isolate_read(js.isolate, text, 10), 0);
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_WAITING);
    assert_int_equal(isere_isolate_read(js.isolate, text, 10), 1);
    assert_int_equal(text[0], '0');
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
    assert_int_equal(isere_isolate_stream(js.isolate), ISERE_STREAM_FAILED);
    assert_int_equal(isere_error_answer_kind(isere_isolate_error(js.isolate)),
                     ISERE_ERROR_TIMEOUT);
    isere_isolate_reset(js.isolate);
}

static void test_streams_that_are_dropped(void **state)
{
    (void)state;
    js_must_start(&js,
                  STREAM("start() { setInterval(() => {}, 100000) },\n"
                         "pull() { return new Promise(() => {}) },\n"
                         "cancel() { console.log('cancelled');\n"
                         "  ctx.waitUntil(new Promise(r => setTimeout(r, 1))"
                         ".then(() => console.log('later'))) }"));
    js.may_stream = true;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(js_invoke(&js, "/"), ISERE_ISOLATE_WAITING);
        if (i == 1) { /* after it was asked */
            char byte;
            assert_int_equal(isere_isolate_read(js.isolate, &byte, 1), 0);
            assert_int_equal(js_resume(&js), ISERE_ISOLATE_WAITING);
        }
        isere_isolate_drop_stream(js.isolate);
        assert_int_equal(js_resume(&js), ISERE_ISOLATE_WAITING);
        assert_non_null(strstr(isere_test_state()->log, "cancelled"));
        assert_int_equal(isere_isolate_stream(js.isolate), ISERE_STREAM_ENDED);
        assert_int_equal(js_resume(&js), ISERE_ISOLATE_COMPLETE);
        assert_non_null(strstr(isere_test_state()->log, "later"));
        isere_isolate_reset(js.isolate);
    }
}

static void test_memory_of_streams_ends_anywhere(void **state)
{
    char text[64];
    int ended = 0;
    (void)state;
    for (size_t memory = 250; memory <= 900; memory += 5) {
        js_deinit(&js);
        js_init(&js, js.port);
        js.config.memory_bytes = memory * 1024;
        if (js_start(&js, STREAM("pull(c) { c.enqueue(new Uint8Array(20000)"
                                 ".fill(48).subarray(0, 5));\n"
                                 "  if (++this.n === 5) c.close() }")) !=
            ISERE_ISOLATE_READY) {
            continue;
        }
        js.may_stream = true;
        isere_isolate_state_t end = js_invoke(&js, "/");
        if (end == ISERE_ISOLATE_WAITING) {
            isere_stream_state_t how = read_stream(text, sizeof(text));
            ended += how == ISERE_STREAM_ENDED;
            assert_true(how != ISERE_STREAM_ENDED || strlen(text) == 25);
        }
        assert_int_equal(isere_isolate_state(js.isolate),
                         ISERE_ISOLATE_COMPLETE);
        isere_isolate_reset(js.isolate);
    }
    assert_true(ended > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, js_setup_one,
                                        js_teardown_one),
        cmocka_unit_test_setup_teardown(test_goes_on_after_the_answer,
                                        js_setup_one, js_teardown_one),
        cmocka_unit_test_setup_teardown(test_waits_no_longer_than_the_limit,
                                        js_setup_one, js_teardown_one),
        cmocka_unit_test_setup_teardown(test_waits_for_no_promise_that_is_lost,
                                        js_setup_one, js_teardown_one),
        cmocka_unit_test_setup_teardown(test_memory_ends_anywhere, js_setup_one,
                                        js_teardown_one),
        cmocka_unit_test_setup_teardown(test_streams, js_setup_one,
                                        js_teardown_one),
        cmocka_unit_test_setup_teardown(test_streams_that_nobody_reads,
                                        js_setup_one, js_teardown_one),
        cmocka_unit_test_setup_teardown(test_streams_that_are_dropped,
                                        js_setup_one, js_teardown_one),
        cmocka_unit_test_setup_teardown(test_memory_of_streams_ends_anywhere,
                                        js_setup_one, js_teardown_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
