/*
 * Time limits of connections while the server is busy. Its handlers take their
 * time at once, without giving it back to the loop, and what clients do
 * meanwhile is only seen afterwards: it counts when it came in time.
 */
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static const char echo[] =
    "export const handler = (event) =>\n"
    "  event.path === '/big' ? 'b'.repeat(5000) : '<' + event.path + '>'\n";

static server_fixture_t s;
static const isere_port_t *inner;
static isere_port_t port;
static uint32_t busy_ms;        /* how long the next handler takes */
static uint32_t each_ms;        /* and all that follow */
static void (*meanwhile)(void); /* what clients do during the next one */
static int c;                   /* the client that the test is about */

static int busy_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                         uint64_t deadline_us)
{
    isere_test_state()->monotonic_us += (uint64_t)busy_ms * 1000;
    busy_ms = each_ms;
    if (meanwhile) {
        meanwhile();
        meanwhile = NULL;
    }
    return inner->exec_run(ctx, fn, arg, deadline_us);
}

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    inner = s.js.port;
    port = *inner;
    port.exec_run = busy_exec_run;
    s.js.port = &port;
    s.js.config.timeout_ms = 600 * 1000;
    busy_ms = 0;
    each_ms = 0;
    meanwhile = NULL;
    server_must_start(&s, echo);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

/* A request whose handler takes that long; clients act in the middle. Then
 * there is time for those that follow. */
static void be_busy(uint32_t ms, void (*act)(void))
{
    int other = sim_connect();
    sim_send(other, GET("/other"));
    busy_ms = ms;
    meanwhile = act;
    sim_run(s.server, ms + 20000);
    sim_expect(other, "</other>");
}

static void send_request(void)
{
    sim_send(c, GET("/late"));
}

static void send_rest(void)
{
    sim_send(c, "t: x\r\nContent-Length: 2\r\n\r\nab");
}

static void send_part(void)
{
    sim_send(c, "t: x\r\nContent-Len");
}

static void open_window(void)
{
    sim_net()->clients[c].window = 10000;
}

static void test_the_first_request(void **state)
{
    (void)state;
    c = sim_connect();
    sim_run(s.server, 1);
    be_busy(11000, send_request);
    sim_expect(c, "HTTP/1.1 200");
    sim_expect(c, "</late>");
    assert_false(sim_is_closed(c));
}

static void test_the_next_request(void **state)
{
    (void)state;
    c = sim_connect();
    sim_send(c, GET("/first"));
    sim_run(s.server, 1);
    sim_expect(c, "</first>");
    be_busy(61000, send_request);
    sim_expect(c, "</late>");
    assert_false(sim_is_closed(c));
}

static void test_the_rest_of_a_head(void **state)
{
    (void)state;
    c = sim_connect();
    sim_send(c, "POST /late HTTP/1.1\r\nHos");
    sim_run(s.server, 1);
    be_busy(11000, send_rest);
    sim_expect(c, "HTTP/1.1 200");
    assert_false(sim_is_closed(c));
}

static void test_the_rest_of_a_body(void **state)
{
    (void)state;
    c = sim_connect();
    sim_send(c, "POST /late HTTP/1.1\r\nHost: x\r\n"
                "Content-Length: 30\r\n\r\nb");
    sim_run(s.server, 1);
    be_busy(31000, send_rest);
    sim_expect(c, "HTTP/1.1 200");
    assert_false(sim_is_closed(c));
}

static void test_room_for_an_answer(void **state)
{
    (void)state;
    c = sim_connect();
    sim_net()->clients[c].window = 10;
    sim_send(c, GET("/big"));
    sim_run(s.server, 1);
    assert_int_equal(sim_received_len(c), 10);
    be_busy(61000, open_window);
    assert_true(sim_received_len(c) > 5000);
    assert_false(sim_is_closed(c));
}

/* Looking once more is no more time for those who are late themselves. */
static void test_who_is_late_himself(void **state)
{
    (void)state;
    c = sim_connect();
    sim_send(c, "POST /late HTTP/1.1\r\nHos");
    int silent = sim_connect();
    sim_run(s.server, 1);
    be_busy(11000, send_part);
    sim_expect(c, "HTTP/1.1 408");
    assert_true(sim_is_closed(c));
    assert_true(sim_is_closed(silent));
    assert_int_equal(sim_received_len(silent), 0);
}

static void test_who_left(void **state)
{
    (void)state;
    c = sim_connect();
    int finished = sim_connect();
    sim_run(s.server, 1);
    sim_send(finished, GET("/finished"));
    sim_net()->clients[finished].finished = true;
    sim_net()->clients[c].reset = true;
    be_busy(11000, NULL);
    sim_expect(finished, "</finished>");
    assert_true(sim_net()->clients[finished].closed);
    assert_true(sim_net()->clients[c].closed);
}

/* All that came meanwhile is answered, though each answer takes its time. */
static void send_all(void)
{
    for (int i = 0; i < 40; i++) {
        sim_send(i, GET("/many"));
    }
    each_ms = 300; /* all together longer than the limit */
}

static void test_many_that_waited(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        sim_connect();
    }
    sim_run(s.server, 1);
    be_busy(11000, send_all);
    for (int i = 0; i < 40; i++) {
        sim_expect(i, "</many>");
        assert_false(sim_is_closed(i));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_request),  TEST(test_the_next_request),
        TEST(test_the_rest_of_a_head), TEST(test_the_rest_of_a_body),
        TEST(test_room_for_an_answer), TEST(test_who_is_late_himself),
        TEST(test_who_left),           TEST(test_many_that_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
