/*
 * What a server takes over from one that is in a handler. The second server
 * acts from inside the first one's handler, as its thread would at that time;
 * tests/blackbox/test_steal.py does it with threads.
 */
#include "core/server/server.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static const char echo[] =
    "export const handler = (event) => '<' + event.path + '>'\n";

static server_fixture_t s;
static const isere_port_t *inner;
static isere_port_t port;  /* of the first server */
static isere_port_t port2; /* of the second */
static isere_server_t *second;
static void (*in_handler)(void); /* called once, when a handler runs */
static bool acting;
static unsigned yields;

static void note_yield(void *ctx)
{
    (void)ctx;
    yields++;
}

static int acting_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                           uint64_t deadline_us)
{
    if (in_handler && !acting) {
        void (*act)(void) = in_handler;
        in_handler = NULL;
        acting = true;
        act();
        acting = false;
    }
    return inner->exec_run(ctx, fn, arg, deadline_us);
}

/* There is one listener only, the first server's. */
static void close_but_listener(void *ctx, isere_socket_t socket)
{
    if (socket != SIM_LISTENER) {
        inner->close(ctx, socket);
    }
}

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    inner = s.js.port;
    port = *inner;
    port.exec_run = acting_exec_run;
    port.yield = note_yield;
    port2 = port;
    port2.close = close_but_listener;
    s.js.port = &port;
    in_handler = NULL;
    yields = 0;
    if (server_start(&s, echo) != 0 ||
        isere_server_create(&port2, s.limits, SIM_LISTENER, s.registry,
                            &second) != 0 ||
        isere_server_warm_up(second, &s.js.fault) != 0) {
        fail_msg("no server: %s", s.js.fault.message);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    isere_server_destroy(second);
    return server_teardown(&s);
}

/* Three idle connections, and a server that expects slow requests. */
static void prepare(void)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sim_connect(), i);
        sim_send(i, GET("/before"));
    }
    sim_run(s.server, 0);
    for (int i = 0; i < 3; i++) {
        sim_forget_received(i);
    }
    isere__steal_note_slow(s.server);
    isere__clock_update(&second->clock, second->port);
}

static isere_connection_t *connection(int client)
{
    return sim_net()->clients[client].tag;
}

/* The second server's turn. */
static void take(void)
{
    assert_true(isere__steal_is_wanted(second));
    isere__steal_take(second);
    isere_connection_t *c = second->connections.first;
    while (c) {
        isere_connection_t *next = c->next;
        isere__loop_event(c, ISERE_POLL_READ);
        c = next;
    }
    isere__loop_send_held(second);
}

static unsigned count(const isere_server_t *server)
{
    unsigned n = 0;
    for (isere_connection_t *c = server->connections.first; c; c = c->next) {
        assert_ptr_equal(c->server, server);
        n++;
    }
    return n;
}

static void test_waiting_requests_are_taken_over(void **state)
{
    (void)state;
    prepare();
    sim_send(0, GET("/slow"));
    sim_send(1, GET("/1"));
    sim_send(2, GET("/2"));
    in_handler = take;
    sim_run(s.server, 0);
    assert_null(in_handler);
    assert_non_null(strstr(sim_received(0), "</slow>"));
    assert_non_null(strstr(sim_received(1), "</1>"));
    assert_non_null(strstr(sim_received(2), "</2>"));
    assert_int_equal(count(second), 2);
    assert_int_equal(count(s.server), 1);
    assert_ptr_equal(connection(0)->server, s.server);
    assert_int_equal(atomic_load(&s.server->steal.gate), ISERE_GATE_SHUT);
    assert_int_equal(yields, 0);
    assert_true(connection(1)->timer.queued);
    assert_int_equal(atomic_load(&s.limits->connections), 3);
}

/* What has begun is not in a state to be handed over. */
static void test_only_idle_connections_are_taken_over(void **state)
{
    (void)state;
    prepare();
    sim_send(1, "GET /1 HT"); /* has a buffer, and a parser at work */
    sim_run(s.server, 0);
    sim_net()->clients[2].window = 0; /* has an answer that can't be sent */
    sim_send(2, GET("/2"));
    sim_run(s.server, 0);
    sim_send(0, GET("/slow"));
    sim_send(1, "TP/1.1\r\nHost: x\r\n\r\n");
    sim_send(2, GET("/22"));
    in_handler = take;
    sim_run(s.server, 0);
    assert_null(in_handler);
    assert_int_equal(count(second), 0);
    assert_non_null(strstr(sim_received(0), "</slow>"));
    assert_non_null(strstr(sim_received(1), "</1>"));
}

static void take_in_vain(void)
{
    isere__steal_take(second);
    assert_int_equal(count(second), 0);
}

static void test_nothing_is_taken_without_need(void **state)
{
    (void)state;
    prepare();
    take_in_vain(); /* it runs no handler: its gate is shut */
    s.server->steal.hurry_until_us = 0;
    atomic_store(&s.limits->hurry_until_ms, 0);
    assert_false(isere__steal_is_wanted(second));
    sim_send(0, GET("/0"));
    sim_send(1, GET("/1"));
    in_handler = take_in_vain; /* its requests are not slow */
    sim_run(s.server, 0);
    assert_null(in_handler);
}

static void test_nothing_is_taken_from_a_server_that_stops(void **state)
{
    (void)state;
    prepare();
    sim_send(0, GET("/0"));
    sim_send(1, GET("/1"));
    isere_server_stop(s.server);
    in_handler = take_in_vain;
    assert_int_equal(sim_run_to_stop(s.server, 2000), 0);
    assert_null(in_handler);
    assert_non_null(strstr(sim_received(0), "</0>"));
    assert_non_null(strstr(sim_received(1), "</1>"));
}

/* While a function is replaced, servers may be at different ones. */
static isere_function_t *replacement;

static void replace_and_take_in_vain(void)
{
    assert_int_equal(
        isere__registry_put_built_in(s.registry, replacement, NULL, NULL), 0);
    isere__request_follow(second);
    assert_ptr_not_equal(second->serving.catalog, s.server->serving.catalog);
    take_in_vain();
}

static void test_no_connection_goes_back_to_an_old_function(void **state)
{
    (void)state;
    void *code;
    replacement = server_function(&s, echo, &code);
    prepare();
    sim_send(0, GET("/0"));
    sim_send(1, GET("/1"));
    in_handler = replace_and_take_in_vain;
    sim_run(s.server, 0);
    assert_null(in_handler);
    assert_ptr_equal(second->serving.catalog, s.server->serving.catalog);
    isere_server_destroy(second);
    second = NULL;
    isere_server_destroy(s.server);
    s.server = NULL;
    isere_registry_destroy(s.registry);
    s.registry = NULL;
    isere_function_destroy(replacement);
    isere_free(&port, code);
}

/* The other one is still at it when the handler has ended. */
static void open_again(void *ctx)
{
    note_yield(ctx);
    atomic_store(&s.server->steal.gate, ISERE_GATE_OPEN);
}

static void test_a_server_waits_until_it_has_its_own_again(void **state)
{
    (void)state;
    port.yield = open_again;
    s.server->clock.now_us = 0;
    s.server->steal.hurry_until_us = 1;
    assert_true(isere__steal_open(s.server));
    atomic_store(&s.server->steal.gate, ISERE_GATE_TAKEN);
    isere__steal_shut(s.server);
    assert_int_equal(yields, 1);
    assert_int_equal(atomic_load(&s.server->steal.gate), ISERE_GATE_SHUT);
}

/* A connection that can't be polled there is closed, not lost. */
static int no_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                       void *tag)
{
    (void)ctx;
    (void)socket;
    (void)events;
    (void)tag;
    return ISERE_ERR_NOMEM;
}

static void test_what_cannot_be_polled_is_closed(void **state)
{
    (void)state;
    prepare();
    port2.poll_set = no_poll_set;
    sim_send(0, GET("/0"));
    sim_send(1, GET("/1"));
    in_handler = take_in_vain;
    sim_run(s.server, 0);
    assert_non_null(strstr(sim_received(0), "</0>"));
    assert_true(sim_is_closed(1));
    assert_int_equal(atomic_load(&s.limits->connections), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_waiting_requests_are_taken_over),
        TEST(test_only_idle_connections_are_taken_over),
        TEST(test_nothing_is_taken_without_need),
        TEST(test_nothing_is_taken_from_a_server_that_stops),
        TEST(test_no_connection_goes_back_to_an_old_function),
        TEST(test_a_server_waits_until_it_has_its_own_again),
        TEST(test_what_cannot_be_polled_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
