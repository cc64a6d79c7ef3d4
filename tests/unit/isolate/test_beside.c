/* Handlers that go on beside their owner (exec_begin, exec_poll): what the
 * isolate is meanwhile, and every way in which it ends. */
#include "core/isolate/isolate.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* A port that runs the code at once and says that it takes long. */
static struct {
    int *result;     /* NULL: nothing runs */
    int outcome;     /* that it says in the end */
    unsigned left;   /* questions until then */
    bool stopped;    /* it was asked to stop */
    unsigned begun;  /* invocations so far */
    uint64_t due_us; /* deadline of the last */
} beside;

static int begin(void *ctx, void (*fn)(void *arg), void *arg,
                 uint64_t deadline_us, int *result)
{
    (void)ctx;
    assert_null(beside.result);
    fn(arg);
    beside.begun++;
    beside.due_us = deadline_us;
    beside.result = result;
    *result = ISERE_ERR_AGAIN;
    return ISERE_ERR_AGAIN;
}

static int end(int outcome)
{
    int *result = beside.result;
    *result = outcome;
    beside.result = NULL;
    return outcome;
}

static int ask(void *ctx, int *result, bool stop)
{
    (void)ctx;
    if (beside.result != result) {
        return *result;
    }
    beside.stopped |= stop;
    if (stop) {
        return end(ISERE_ERR_TIMEOUT);
    }
    if (beside.left > 0) {
        beside.left--;
        return *result;
    }
    return end(beside.outcome);
}

static int sleep_for_a_while(void *ctx, isere_poll_event_t *events, int max,
                             uint64_t timeout_us)
{
    (void)ctx;
    (void)events;
    (void)max;
    assert_true(timeout_us > 0 && timeout_us <= 10000);
    return 0;
}

static int setup(void **state)
{
    static isere_port_t port;
    (void)state;
    int error = js_setup(&js);
    memset(&beside, 0, sizeof(beside));
    beside.left = 2;
    port = *isere_test_port();
    port.exec_begin = begin;
    port.exec_poll = ask;
    port.poll_wait = sleep_for_a_while;
    js_init(&js, &port);
    js_must_start(&js, "let n = 0\n"
                       "export const handler = async (e) => {\n"
                       "  n++\n"
                       "  if (e.path === '/wait') {\n"
                       "    await new Promise((go) => setTimeout(go, 100))\n"
                       "  }\n"
                       "  if (e.path === '/throw') throw new Error('no')\n"
                       "  return `${e.path} ${n}`\n"
                       "}");
    return error;
}

static int teardown(void **state)
{
    (void)state;
    return js_teardown(&js);
}

/* Until it is not RUNNING any more; how often it was asked. */
static unsigned wait_for_end(void)
{
    unsigned asked = 0;
    while (isere_isolate_state(js.isolate) == ISERE_ISOLATE_RUNNING) {
        uint64_t now = js.port->monotonic_us(js.port->ctx);
        uint64_t due = isere_isolate_wakeup_us(js.isolate);
        assert_true(due > now && due <= now + 10000);
        isere_isolate_resume(js.isolate);
        asked++;
    }
    return asked;
}

static void test_it_is_asked_until_it_ends(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        beside.left = i;
        assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
        assert_int_equal(wait_for_end(), i + 1);
        js_take_body(&js, "/a 1");
    }
    assert_int_equal(beside.begun, 3);
    assert_true(beside.due_us > 0 && beside.due_us < UINT64_MAX);
}

/* Another run made the port look, and found that it had ended. */
static void test_its_end_is_found_by_others(void **state)
{
    (void)state;
    assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
    end(0);
    assert_int_equal(isere_isolate_state(js.isolate), ISERE_ISOLATE_RUNNING);
    assert_int_equal(wait_for_end(), 1);
    js_take_body(&js, "/a 1");
}

static void test_it_may_wait_and_go_on(void **state)
{
    (void)state;
    beside.left = 0;
    assert_int_equal(js_invoke(&js, "/wait"), ISERE_ISOLATE_RUNNING);
    assert_int_equal(isere_isolate_resume(js.isolate), ISERE_ISOLATE_WAITING);
    beside.left = 1;
    assert_int_equal(js_resume(&js), ISERE_ISOLATE_RUNNING);
    assert_int_equal(wait_for_end(), 2);
    js_take_body(&js, "/wait 1");
    assert_int_equal(beside.begun, 2);
}

static void test_it_may_fail(void **state)
{
    (void)state;
    assert_int_equal(js_invoke(&js, "/throw"), ISERE_ISOLATE_RUNNING);
    assert_int_equal(wait_for_end(), 3);
    js_take_error(&js, "exception");
    js_invoke(&js, "/a");
    wait_for_end();
    js_take_body(&js, "/a 1");
}

static void test_it_may_be_abandoned(void **state)
{
    (void)state;
    beside.outcome = ISERE_ERR_TIMEOUT;
    assert_int_equal(js_invoke(&js, "/wait"), ISERE_ISOLATE_RUNNING);
    wait_for_end();
    js_take_error(&js, "timeout");
    /* What was answered before that counts. */
    assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
    wait_for_end();
    js_take_body(&js, "/a 1");
}

static void test_it_may_crash(void **state)
{
    (void)state;
    beside.outcome = ISERE_ERR_CRASH;
    assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
    wait_for_end();
    assert_int_equal(isere_isolate_state(js.isolate), ISERE_ISOLATE_COMPLETE);
    assert_true(isere_isolate_has_crashed(js.isolate));
}

static void test_it_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
    isere_isolate_reset(js.isolate);
    assert_true(beside.stopped);
    assert_int_equal(isere_isolate_state(js.isolate), ISERE_ISOLATE_READY);
    beside.left = 0;
    js_invoke(&js, "/b");
    wait_for_end();
    js_take_body(&js, "/b 1");
}

static void test_it_is_destroyed(void **state)
{
    (void)state;
    assert_int_equal(js_invoke(&js, "/a"), ISERE_ISOLATE_RUNNING);
    isere_isolate_destroy(js.isolate);
    js.isolate = NULL;
    assert_true(beside.stopped);
    assert_null(beside.result);
}

static void test_direct_invocations_wait(void **state)
{
    (void)state;
    isere_instance_t *instance;
    isere_fault_t fault;
    assert_int_equal(
        isere_instance_create(js.port, js.function, &instance, &fault), 0);
    isere_request_t request = {.method = ISERE_SLICE("GET"),
                               .target = ISERE_SLICE("/a")};
    isere_result_t result;
    assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
    assert_int_equal(result.status, 200);
    assert_int_equal(beside.begun, 1);
    isere_instance_destroy(instance);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_asked_until_it_ends),
        TEST(test_its_end_is_found_by_others),
        TEST(test_it_may_wait_and_go_on),
        TEST(test_it_may_fail),
        TEST(test_it_may_be_abandoned),
        TEST(test_it_may_crash),
        TEST(test_it_is_given_up),
        TEST(test_it_is_destroyed),
        TEST(test_direct_invocations_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
