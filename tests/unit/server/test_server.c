/* The server with a network in memory and a clock that the tests move. */
#include "core/isere_config.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static server_fixture_t s;

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* /fast answers at once, /slow/MS after that time, and so on. */
static const char echo[] =
    "export const handler = async (event) => {\n"
    "  const [, what, arg] = event.path.split('/');\n"
    "  if (what === 'slow') await new Promise(r => setTimeout(r, +arg));\n"
    "  if (what === 'big') return 'b'.repeat(+arg);\n"
    "  if (what === 'throw') throw new Error('no');\n"
    "  if (what === 'forever') await new Promise(r => setTimeout(r, 1e6));\n"
    "  return '<' + event.path.slice(1) + (event.rawBody ?? '') + '>' }\n";

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

/* ---- answers in order ---- */

static void test_keep_alive_and_pipelining(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_ask(GET("/a") GET("/slow/50") GET("/c"));
    sim_run(s.server, 10);
    assert_int_equal(count(sim_received(c), "HTTP/1.1 200"), 1);
    sim_expect(c, "<a>");
    sim_run(s.server, 100);
    assert_int_equal(count(sim_received(c), "HTTP/1.1 200"), 3);
    const char *slow = strstr(sim_received(c), "<slow/50>");
    const char *last = strstr(sim_received(c), "<c>");
    assert_true(slow && last && slow < last);
    assert_false(sim_is_closed(c));
    sim_send(c, GET("/d"));
    sim_run(s.server, 0);
    sim_expect(c, "<d>");
}

static void test_a_slow_one_does_not_hold_others_up(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int slow = sim_ask(GET("/slow/500"));
    int fast = sim_ask(GET("/fast"));
    sim_run(s.server, 0);
    sim_expect_nothing(slow);
    sim_expect(fast, "<fast>");
    sim_run(s.server, 500);
    sim_expect(slow, "<slow/500>");
}

static void test_bytes_one_by_one(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    static const char text[] =
        "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n" GET("/q");
    int c = sim_connect();
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        sim_send_bytes(c, text + i, 1);
        sim_run(s.server, 1);
    }
    sim_expect(c, "<pabcde>");
    sim_expect(c, "<q>");
}

static void test_a_client_that_leaves(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int left = sim_ask(GET("/slow/100"));
    sim_run(s.server, 10);
    sim_net()->clients[left].reset = true;
    sim_run(s.server, 10);
    assert_true(sim_net()->clients[left].closed);
    int next = sim_ask(GET("/next"));
    sim_run(s.server, 200);
    sim_expect(next, "<next>");
    sim_expect_nothing(left);
}

static void test_half_closed_after_the_request(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_ask(GET("/a") GET("/b"));
    sim_net()->clients[c].finished = true;
    sim_run(s.server, 10);
    sim_expect(c, "<a>");
    sim_expect(c, "<b>");
    assert_true(sim_net()->clients[c].closed);
}

/* ---- queue and instances ---- */

static void test_queue_full_is_503(void **state)
{
    (void)state;
    s.limits_config.max_instances = 1;
    s.limits_config.max_queue = 2;
    server_must_start(&s, echo);
    int c[5];
    for (int i = 0; i < 5; i++) {
        c[i] = sim_ask(GET("/slow/100"));
    }
    sim_run(s.server, 10);
    for (int i = 3; i < 5; i++) {
        sim_expect(c[i], "HTTP/1.1 503");
        sim_expect(c[i], "Isere-Error: busy");
        sim_expect(c[i], "Retry-After: ");
        assert_false(sim_is_closed(c[i]));
    }
    sim_run(s.server, 290);
    for (int i = 0; i < 3; i++) {
        sim_expect(c[i], "<slow/100>");
    }
    sim_send(c[4], GET("/again"));
    sim_run(s.server, 0);
    sim_expect(c[4], "<again>");
}

static void test_queued_requests_give_up(void **state)
{
    (void)state;
    s.limits_config.max_instances = 1;
    s.js.config.timeout_ms = 1000;
    server_must_start(&s, echo);
    int running = sim_ask(GET("/forever"));
    sim_run(s.server, 100);
    int waiting = sim_ask(GET("/waiting"));
    sim_run(s.server, 850);
    sim_expect_nothing(waiting);
    sim_run(s.server, 100);
    sim_expect(running, "HTTP/1.1 504");
    sim_expect(waiting, "<waiting>");
}

static void test_instances_are_limited_and_given_up(void **state)
{
    (void)state;
    s.limits_config.max_instances = 3;
    server_must_start(&s, echo);
    size_t heaps = isere_test_state()->live_heaps;
    for (int i = 0; i < 6; i++) {
        sim_ask(GET("/slow/100"));
    }
    sim_run(s.server, 50);
    /* Each has an arena and, unless it shares the first one's, a copy. */
    assert_int_equal(isere_test_state()->live_heaps,
                     ISERE_SHARE_SNAPSHOTS ? heaps + 2 : 3 * heaps);
    sim_run(s.server, 200);
    for (int i = 0; i < 6; i++) {
        sim_expect(i, "<slow/100>");
    }
    sim_run(s.server, 30000);
    assert_int_equal(isere_test_state()->live_heaps, heaps);
}

static void test_a_client_that_leaves_the_queue(void **state)
{
    (void)state;
    s.limits_config.max_instances = 1;
    s.limits_config.max_queue = 2;
    server_must_start(&s, echo);
    sim_ask(GET("/slow/100"));
    int a = sim_ask(GET("/a"));
    int b = sim_ask(GET("/b"));
    sim_run(s.server, 10);
    sim_net()->clients[b].reset = true;
    sim_run(s.server, 10);
    int c = sim_ask(GET("/c"));
    sim_run(s.server, 200);
    sim_expect(a, "<a>");
    sim_expect(c, "<c>");
    sim_expect_nothing(b);
}

static void test_init_phase_of_later_instances_that_fails(void **state)
{
    (void)state;
    server_must_start(
        &s, "await 0; const n = Date.now();\n"
            "if (globalThis.process.env.X) throw new Error('x');\n"
            "export const handler = async () => {"
            "  await new Promise(r => setTimeout(r, 50)); return 'y' }");
    int a = sim_ask(GET("/"));
    sim_run(s.server, 10);
    /* The next instance's heap can't be had. */
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = 1;
    isere_test_state()->fail_after = true;
    sim_run(s.server, 0);
    isere_test_state()->fail_at = 0;
    int b = sim_ask(GET("/"));
    sim_run(s.server, 200);
    sim_expect(a, "\r\n\r\ny");
    sim_expect(b, "\r\n\r\ny");
}

/* ---- time-outs ---- */

static void test_time_to_send_the_head(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int silent = sim_connect();
    int started = sim_ask("GET / HT");
    sim_run(s.server, 9990);
    assert_false(sim_is_closed(silent) || sim_is_closed(started));
    sim_send(started, "TP");
    sim_run(s.server, 20);
    assert_true(sim_is_closed(silent));
    sim_expect_nothing(silent);
    sim_expect(started, "HTTP/1.1 408");
    sim_expect(started, "Connection: close");
    assert_true(sim_is_closed(started));
}

static void test_time_to_send_the_request(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c =
        sim_ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 29; i++) {
        sim_run(s.server, 1000);
        sim_send(c, "x");
    }
    assert_false(sim_is_closed(c));
    sim_run(s.server, 1010);
    sim_expect(c, "HTTP/1.1 408");
    assert_true(sim_is_closed(c));
    sim_run(s.server, 3000);
    assert_true(sim_net()->clients[c].closed);
}

static void test_idle_connections_are_closed(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_ask(GET("/a"));
    sim_run(s.server, 59990);
    assert_false(sim_is_closed(c));
    sim_send(c, GET("/b"));
    sim_run(s.server, 59990);
    assert_false(sim_is_closed(c));
    sim_expect(c, "<b>");
    sim_run(s.server, 20);
    assert_true(sim_is_closed(c));
}

static void test_functions_have_their_time(void **state)
{
    (void)state;
    s.js.config.timeout_ms = 200;
    server_must_start(&s, echo);
    int c = sim_ask(GET("/forever") GET("/next"));
    sim_run(s.server, 190);
    sim_expect_nothing(c);
    sim_run(s.server, 20);
    sim_expect(c, "HTTP/1.1 504");
    sim_expect(c, "Isere-Error: timeout");
    sim_expect(c, "<next>");
}

/* ---- back-pressure ---- */

static void test_a_client_that_does_not_read(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_connect();
    sim_net()->clients[c].window = 1000;
    sim_net()->largest = 0;
    for (int i = 0; i < 100; i++) {
        sim_send(c, GET("/big/30000"));
    }
    sim_run(s.server, 1000);
    assert_int_equal(sim_received_len(c), 1000);
    /* Only a few of the answers, three million bytes, are in memory. */
    assert_true(sim_net()->largest <= 256 * 1024);
    int other = sim_ask(GET("/other"));
    sim_run(s.server, 0);
    sim_expect(other, "<other>");
    for (int i = 0; i < 5000 && !sim_is_closed(c); i++) {
        sim_net()->clients[c].window += 1000;
        sim_run(s.server, 1);
    }
    assert_int_equal(count(sim_received(c), "HTTP/1.1 200 OK"), 100);
    assert_false(sim_is_closed(c));
}

static void test_a_client_that_never_reads_is_closed(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_connect();
    sim_net()->clients[c].window = 10;
    for (int i = 0; i < 50; i++) {
        sim_send(c, GET("/big/60000"));
    }
    sim_run(s.server, 70000);
    assert_true(sim_is_closed(c));
    assert_int_equal(sim_received_len(c), 10);
}

static void test_lingering_close(void **state)
{
    (void)state;
    s.limits_config.max_body = 1000;
    server_must_start(&s, echo);
    int c =
        sim_ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
    sim_run(s.server, 1);
    sim_expect(c, "HTTP/1.1 413");
    sim_expect(c, "Connection: close");
    /* What the client still sends is read, so that it gets the answer. */
    assert_true(sim_net()->clients[c].shut);
    assert_false(sim_net()->clients[c].closed);
    for (int i = 0; i < 5; i++) {
        static const char more[1000];
        sim_send_bytes(c, more, sizeof(more));
        sim_run(s.server, 10);
        assert_int_equal(sim_net()->clients[c].in_read,
                         sim_net()->clients[c].in_len);
    }
    sim_run(s.server, 5000);
    assert_true(sim_net()->clients[c].closed);
}

static void test_a_refused_client_that_sends_for_ever(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int c = sim_ask("GET / HTTP/1.1\r\nHost : x\r\n\r\n");
    for (int i = 0; i < 300 && !sim_net()->clients[c].closed; i++) {
        sim_send(c, "xxxxxxxxxxxxxxxx");
        sim_run(s.server, 100);
    }
    sim_expect(c, "HTTP/1.1 400");
    assert_true(sim_net()->clients[c].closed);
}

/* ---- connections ---- */

static void test_max_connections_pause_and_resume(void **state)
{
    (void)state;
    s.limits_config.max_connections = 3;
    server_must_start(&s, echo);
    for (int i = 0; i < 5; i++) {
        sim_ask(GET("/a"));
    }
    sim_run(s.server, 100);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sim_net()->clients[i].accepted, i < 3);
    }
    sim_net()->clients[0].finished = true;
    sim_run(s.server, 100);
    assert_true(sim_net()->clients[3].accepted);
    sim_expect(3, "<a>");
    sim_net()->clients[1].reset = true;
    sim_run(s.server, 100);
    sim_expect(4, "<a>");
}

static void test_no_descriptors_for_a_while(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    sim_run(s.server, 0);
    sim_net()->calls = 0;
    sim_net()->fail_at = 1;
    sim_net()->fault = SIM_FAULT_LIMIT;
    int c = sim_ask(GET("/a"));
    sim_run(s.server, 10);
    sim_expect_nothing(c);
    sim_run(s.server, 100);
    sim_expect(c, "<a>");
}

/* ---- stopping ---- */

static void test_graceful_stop(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    int idle = sim_ask(GET("/idle"));
    int running = sim_ask(GET("/slow/300"));
    int sending =
        sim_ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
    sim_run(s.server, 10);
    int late = sim_ask(GET("/late"));
    isere_server_stop(s.server);
    sim_run(s.server, 100);
    assert_true(sim_net()->listener_closed);
    assert_true(sim_is_closed(idle));
    sim_expect(late, "<late>");
    assert_false(sim_is_closed(running));
    sim_send(sending, "bc");
    assert_int_equal(sim_run_to_stop(s.server, 10000), 0);
    sim_expect(running, "<slow/300>");
    sim_expect(running, "Connection: close");
    sim_expect(sending, "<pabc>");
    for (int i = 0; i < sim_net()->count; i++) {
        assert_true(sim_is_closed(i));
    }
}

static void test_stop_does_not_wait_for_ever(void **state)
{
    (void)state;
    s.js.config.timeout_ms = 2000;
    server_must_start(&s, echo);
    sim_ask(GET("/forever"));
    sim_ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
    sim_run(s.server, 1000);
    uint64_t begin = isere_test_state()->monotonic_us;
    isere_server_stop(s.server);
    assert_int_equal(sim_run_to_stop(s.server, 60000), 0);
    assert_true(isere_test_state()->monotonic_us - begin <= 3100000);
    sim_expect(0, "HTTP/1.1 504");
}

static void test_destroyed_in_the_middle(void **state)
{
    (void)state;
    s.limits_config.max_instances = 2;
    server_must_start(&s, echo);
    for (int i = 0; i < 8; i++) {
        sim_ask(GET("/forever"));
    }
    sim_ask("GET / HTTP");
    sim_run(s.server, 100);
    sim_net()->clients[1].reset = true;
}

/* ---- replacing the function ---- */

typedef struct released {
    int calls;
    const isere_function_t *function;
} released_t;

static void note_released(void *arg, const isere_function_t *function)
{
    released_t *r = arg;
    r->calls++;
    r->function = function;
}

static int replace(isere_function_t *next, released_t *r, isere_fault_t *fault)
{
    sim_net()->until_us = isere_test_state()->monotonic_us + UINT32_MAX;
    return isere_registry_set_built_in(s.registry, s.js.port, next,
                                       note_released, r, fault);
}

static void stop_and_free(isere_function_t *next, void *code)
{
    isere_server_destroy(s.server);
    s.server = NULL;
    isere_registry_destroy(s.registry);
    s.registry = NULL;
    isere_function_destroy(next);
    isere_free(s.js.port, code);
}

static const char version2[] =
    "const v = await new Promise(r => setTimeout(r, 100, 'two'));\n"
    "export const handler = (e) => e.path === '/slow'\n"
    "  ? new Promise(r => setTimeout(r, 400, v)) : v\n";
static const char version3[] = "export const handler = () => 'three'\n";

static void test_replaced_under_traffic(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    released_t r = {0, NULL}, r3 = {0, NULL};
    isere_fault_t fault;
    void *code, *code3;
    isere_function_t *next = server_function(&s, version2, &code);
    isere_function_t *last = server_function(&s, version3, &code3);
    int slow = sim_ask(GET("/slow/500"));
    int before = sim_ask(GET("/before"));
    sim_run(s.server, 10);
    sim_expect(before, "<before>");
    assert_int_equal(replace(next, &r, &fault), 0);
    int after = sim_ask(GET("/after"));
    sim_run(s.server, 110); /* its first instance begins */
    sim_expect(after, "\r\n\r\ntwo");
    int slow2 = sim_ask(GET("/slow"));
    sim_run(s.server, 10);
    /* At once another one, while there are requests in both. */
    assert_int_equal(replace(last, &r3, &fault), 0);
    after = sim_ask(GET("/after"));
    sim_run(s.server, 10);
    sim_expect(after, "\r\n\r\nthree");
    assert_int_equal(r.calls, 0);
    sim_run(s.server, 1000);
    sim_expect(slow, "<slow/500>");
    sim_expect(slow2, "\r\n\r\ntwo");
    assert_int_equal(r.calls, 1);
    assert_ptr_equal(r.function, next);
    assert_int_equal(r3.calls, 0);
    stop_and_free(next, code);
    assert_int_equal(r3.calls, 1);
    assert_ptr_equal(r3.function, last);
    isere_function_destroy(last);
    isere_free(s.js.port, code3);
}

/* Those that wait for an instance get one of the new function. */
static void test_replaced_under_a_queue(void **state)
{
    (void)state;
    s.limits_config.max_instances = 1;
    server_must_start(&s, echo);
    released_t r = {0, NULL};
    isere_fault_t fault;
    void *code;
    isere_function_t *next = server_function(&s, version3, &code);
    int slow = sim_ask(GET("/slow/500"));
    int queued = sim_ask(GET("/queued"));
    sim_run(s.server, 10);
    assert_int_equal(replace(next, &r, &fault), 0);
    sim_run(s.server, 100);
    sim_expect_nothing(queued);
    sim_run(s.server, 600);
    sim_expect(slow, "<slow/500>");
    sim_expect(queued, "\r\n\r\nthree");
    stop_and_free(next, code);
    assert_int_equal(r.calls, 1);
}

static void test_replacement_that_fails_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *message;
    } bad[] = {
        {"throw new Error('bad'); export const handler = 1", "Error: bad"},
        {"export const x = 1", "handler"},
        {"await new Promise(r => setTimeout(r, 20)); throw 1", "1"},
        {"await new Promise(r => setTimeout(r, 1e6));", "10"},
        {"await new Promise(() => {});", ""},
    };
    server_must_start(&s, echo);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        released_t r = {0, NULL};
        isere_fault_t fault;
        void *code;
        isere_function_t *next = server_function(&s, bad[i].source, &code);
        assert_int_equal(replace(next, &r, &fault), ISERE_ERR_HANDLER);
        assert_non_null(strstr(fault.message, bad[i].message));
        assert_true(fault.message[0] != 0);
        int c = sim_ask(GET("/still"));
        sim_run(s.server, 0);
        sim_expect(c, "<still>");
        assert_int_equal(r.calls, 0);
        isere_function_destroy(next);
        isere_free(s.js.port, code);
    }
}

static void test_replacement_without_memory_changes_nothing(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    released_t r = {0, NULL}; /* the registry calls it until it is destroyed */
    isere_fault_t fault;
    void *code;
    isere_function_t *next = server_function(&s, version3, &code);
    for (unsigned long n = 1;; n++) {
        isere_test_state()->fail_at = isere_test_state()->allocations + n;
        int error = replace(next, &r, &fault);
        isere_test_state()->fail_at = 0;
        int c = sim_ask(GET("/still"));
        sim_run(s.server, 0);
        if (error == 0) {
            sim_expect(c, "three");
            break;
        }
        assert_int_equal(error, ISERE_ERR_NOMEM);
        sim_expect(c, "<still>");
        assert_int_equal(r.calls, 0);
    }
    stop_and_free(next, code);
}

static void test_destroyed_while_replacing(void **state)
{
    (void)state;
    server_must_start(&s, echo);
    released_t r = {0, NULL};
    isere_fault_t fault;
    void *code;
    isere_function_t *next = server_function(&s, version2, &code);
    sim_ask(GET("/forever"));
    sim_run(s.server, 10);
    assert_int_equal(replace(next, &r, &fault), 0);
    sim_ask(GET("/new"));
    sim_run(s.server, 10); /* both functions have a request now */
    isere_server_destroy(s.server);
    s.server = NULL;
    assert_int_equal(r.calls, 0);
    isere_registry_destroy(s.registry);
    s.registry = NULL;
    assert_int_equal(r.calls, 1);
    assert_ptr_equal(r.function, next);
    isere_function_destroy(next);
    isere_free(s.js.port, code);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_keep_alive_and_pipelining),
        TEST(test_a_slow_one_does_not_hold_others_up),
        TEST(test_bytes_one_by_one),
        TEST(test_a_client_that_leaves),
        TEST(test_half_closed_after_the_request),
        TEST(test_queue_full_is_503),
        TEST(test_queued_requests_give_up),
        TEST(test_instances_are_limited_and_given_up),
        TEST(test_a_client_that_leaves_the_queue),
        TEST(test_init_phase_of_later_instances_that_fails),
        TEST(test_time_to_send_the_head),
        TEST(test_time_to_send_the_request),
        TEST(test_idle_connections_are_closed),
        TEST(test_functions_have_their_time),
        TEST(test_a_client_that_does_not_read),
        TEST(test_a_client_that_never_reads_is_closed),
        TEST(test_lingering_close),
        TEST(test_a_refused_client_that_sends_for_ever),
        TEST(test_max_connections_pause_and_resume),
        TEST(test_no_descriptors_for_a_while),
        TEST(test_graceful_stop),
        TEST(test_stop_does_not_wait_for_ever),
        TEST(test_destroyed_in_the_middle),
        TEST(test_replaced_under_traffic),
        TEST(test_replaced_under_a_queue),
        TEST(test_replacement_that_fails_changes_nothing),
        TEST(test_replacement_without_memory_changes_nothing),
        TEST(test_destroyed_while_replacing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
