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
                     "  return Response.json({ url: request.url,\n"
                     "    headers: [...request.headers],\n"
                     "    text: await request.clone().text() })\n"
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
