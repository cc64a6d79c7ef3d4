/*
 * How little a request costs in calls of the system: what is received, sent,
 * polled and allocated for it, and in which order.
 */
#include "core/server/server.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static server_fixture_t s;
static const isere_port_t *inner;
static isere_port_t port;
static char calls[256]; /* "r0 " received from client 0, "s1 " sent to 1 */
static unsigned polls_set;
static unsigned clock_readings;

static void note(char what, int socket)
{
    size_t len = strlen(calls);
    snprintf(calls + len, sizeof(calls) - len, "%c%d ", what, socket);
}

static int noting_recv(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    note('r', socket);
    return inner->recv(ctx, socket, buf, len);
}

static int noting_send(void *ctx, isere_socket_t socket,
                       const isere_slice_t *slices, int count)
{
    note('s', socket);
    return inner->send(ctx, socket, slices, count);
}

static int noting_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                           void *tag)
{
    polls_set++;
    return inner->poll_set(ctx, socket, events, tag);
}

static uint64_t noting_monotonic_us(void *ctx)
{
    clock_readings++;
    return inner->monotonic_us(ctx);
}

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    inner = s.js.port;
    port = *inner;
    port.recv = noting_recv;
    port.send = noting_send;
    port.poll_set = noting_poll_set;
    port.monotonic_us = noting_monotonic_us;
    s.js.port = &port;
    server_must_start(&s,
                      "export const handler = (event) =>"
                      "  event.path === '/large' ? 'x'.repeat(999) : 'x'\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

/* `n` clients that have had an answer each. */
static void connect_clients(int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(sim_connect(), i);
        sim_send(i, GET);
    }
    sim_run(s.server, 0);
}

static void send_all(int n)
{
    for (int i = 0; i < n; i++) {
        sim_forget_received(i);
        sim_send(i, GET);
    }
    calls[0] = 0;
    polls_set = 0;
    clock_readings = 0;
}

static void expect_answers(int n)
{
    for (int i = 0; i < n; i++) {
        assert_non_null(strstr(sim_received(i), "HTTP/1.1 200 OK\r\n"));
    }
}

static void test_one_recv_one_send_nothing_else(void **state)
{
    (void)state;
    connect_clients(1);
    send_all(1);
    size_t allocations = isere_test_state()->allocations;
    size_t blocks = isere_test_state()->live_blocks;
    sim_run(s.server, 0);
    expect_answers(1);
    assert_string_equal(calls, "r0 s0 ");
    assert_int_equal(polls_set, 0);
    assert_int_equal(isere_test_state()->allocations, allocations);
    assert_int_equal(isere_test_state()->live_blocks, blocks);
    /* Two for each of two turns, one each to begin the invocation, in its jobs
     * and after it, and when the answer is sent. */
    assert_in_range(clock_readings, 1, 8);
}

static void test_pipelined_requests_share_a_send(void **state)
{
    (void)state;
    connect_clients(1);
    send_all(1);
    sim_send(0, GET GET GET);
    sim_run(s.server, 0);
    assert_string_equal(calls, "r0 s0 ");
    const char *at = sim_received(0);
    for (int i = 0; i < 4; i++) {
        at = strstr(at, "HTTP/1.1 200 OK\r\n");
        assert_non_null(at);
        at++;
    }
}

/* Who is woken by an answer is woken once the others have theirs. */
static void test_answers_of_a_turn_are_sent_together(void **state)
{
    (void)state;
    connect_clients(3);
    send_all(3);
    size_t allocations = isere_test_state()->allocations;
    sim_run(s.server, 0);
    expect_answers(3);
    assert_string_equal(calls, "r0 r1 r2 s0 s1 s2 ");
    /* The first turn of three made their buffers. */
    send_all(3);
    allocations = isere_test_state()->allocations;
    sim_run(s.server, 0);
    expect_answers(3);
    assert_int_equal(isere_test_state()->allocations, allocations);
}

static void test_no_answer_waits_for_a_slow_request(void **state)
{
    (void)state;
    connect_clients(3);
    isere_test_state()->tick_us = ISERE_STEAL_SLOW_US;
    send_all(1);
    sim_run(s.server, 1000); /* it takes longer than ISERE_STEAL_SLOW_US */
    isere_test_state()->tick_us = 0;
    send_all(3);
    sim_run(s.server, 0);
    expect_answers(3);
    assert_string_equal(calls, "r0 s0 r1 s1 r2 s2 ");
    /* When none was slow for a while, they wait again. */
    sim_run(s.server, ISERE_STEAL_HURRY_US / 1000);
    send_all(3);
    sim_run(s.server, 0);
    assert_string_equal(calls, "r0 r1 r2 s0 s1 s2 ");
}

static void test_no_answer_waits_long(void **state)
{
    (void)state;
    connect_clients(4);
    isere_test_state()->tick_us = ISERE_LOOP_HOLD_US / 4;
    send_all(4);
    sim_run(s.server, 100);
    expect_answers(4);
    /* Less than slow, but two of them are too long to wait for. */
    assert_null(strstr(calls, "r0 r1 r2 r3 "));
}

/* Only small ones, or they would pile up in memory. */
static void test_a_large_answer_does_not_wait(void **state)
{
    (void)state;
    connect_clients(3);
    send_all(1);
    sim_send(1, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    sim_send(2, GET);
    sim_run(s.server, 0);
    assert_string_equal(calls, "r0 r1 s1 r2 s0 s2 ");
}

/* A request that a stop finds in the socket is answered before the end. */
static void test_a_stop_sends_what_it_found(void **state)
{
    (void)state;
    connect_clients(2);
    send_all(2);
    isere_server_stop(s.server);
    assert_int_equal(sim_run_to_stop(s.server, 2000), 0);
    expect_answers(2);
    assert_non_null(strstr(sim_received(1), "Connection: close"));
}

/* Buffers that were kept are given back when they were not needed. */
static void test_kept_buffers_are_given_back(void **state)
{
    (void)state;
    connect_clients(8);
    send_all(8);
    sim_run(s.server, 0);
    assert_int_equal(s.server->spares.outs, 8);
    sim_run(s.server, 11000);
    assert_int_equal(s.server->spares.outs, 1);
    for (int i = 0; i < 8; i++) { /* and those of idle connections at once */
        isere_connection_t *c = sim_net()->clients[i].tag;
        assert_null(c->in.data);
        assert_null(c->out.data);
        assert_null(c->exchange);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_recv_one_send_nothing_else),
        TEST(test_pipelined_requests_share_a_send),
        TEST(test_answers_of_a_turn_are_sent_together),
        TEST(test_no_answer_waits_for_a_slow_request),
        TEST(test_no_answer_waits_long),
        TEST(test_a_large_answer_does_not_wait),
        TEST(test_a_stop_sends_what_it_found),
        TEST(test_kept_buffers_are_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
