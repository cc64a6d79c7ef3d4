/*
 * The bytes that all clients may have on their way (limits.max_buffer): what
 * is announced holds nothing, what is too much is refused, and who is slow
 * does not hold up the rest.
 */
#include "core/server/server.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define KB ((size_t)1024)
#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static const char length[] =
    "export const handler = (e) => '<' + (e.rawBody ?? '').length + '>'\n";

static server_fixture_t s;
static isere_port_t port;
static size_t largest_block; /* that resize gives */
static char *body;

enum { BODY = 24 * 1024 };

static void *limited_resize(void *ctx, void *ptr, size_t size)
{
    return size > largest_block ? NULL
                                : isere_test_port()->resize(ctx, ptr, size);
}

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    port = *s.js.port;
    port.resize = limited_resize;
    s.js.port = &port;
    largest_block = SIZE_MAX;
    body = malloc(BODY);
    memset(body, 'x', BODY);
    s.limits_config.max_body = BODY;
    s.limits_config.max_buffer = 128 * KB;
    return server_start(&s, length);
}

static int teardown(void **state)
{
    (void)state;
    free(body);
    bool empty = !s.limits || atomic_load(&s.limits->buffered) == 0 ||
                 s.server->connections.first;
    server_deinit(&s);
    return empty && isere_test_state()->live_blocks == 0 &&
                   isere_test_state()->live_heaps == 0
               ? 0
               : -1;
}

/* A client that sends `sent` of the `announced` bytes of a body. */
static int post(size_t announced, size_t sent)
{
    char head[96];
    int client = sim_connect();
    snprintf(head, sizeof(head),
             "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n\r\n",
             (unsigned long)announced);
    sim_send(client, head);
    sim_send_bytes(client, body, sent);
    sim_run(s.server, 0);
    return client;
}

static bool has(int client, const char *part)
{
    return strstr(sim_received(client), part) != NULL;
}

static bool is_refused(int client)
{
    return has(client, "HTTP/1.1 503 ") && has(client, "Isere-Error: busy") &&
           has(client, "Retry-After: 1") && has(client, "Connection: close") &&
           sim_is_closed(client);
}

static size_t buffered(void)
{
    return atomic_load(&s.limits->buffered);
}

static unsigned long refusals(void)
{
    return atomic_load(&s.limits->buffer_refusals);
}

static void test_it_is_given_back(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        int client = post(BODY, BODY);
        assert_true(has(client, "<24576>"));
        assert_int_equal(buffered(), 0);
    }
    assert_int_equal(refusals(), 0);
    /* Also by who leaves, and by who is refused. */
    int client = post(BODY, BODY - 1);
    assert_true(buffered() >= BODY);
    sim_net()->clients[client].finished = true;
    sim_run(s.server, 0);
    assert_int_equal(buffered(), 0);
    client = post(BODY + 1, 2000);
    assert_true(has(client, "HTTP/1.1 413 "));
    assert_int_equal(buffered(), 0);
}

static void test_announcing_costs_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        post(BODY, 10);
    }
    assert_int_equal(buffered(), 0);
    assert_true(has(post(BODY, BODY), "<24576>"));
    assert_int_equal(refusals(), 0);
}

/* Each is served or refused, and never is more held than may be. */
static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    int clients[20];
    unsigned refused = 0;
    for (int i = 0; i < 20; i++) {
        clients[i] = post(BODY, BODY - 1);
        assert_true(buffered() <= 128 * KB);
    }
    for (int i = 0; i < 20; i++) {
        refused += is_refused(clients[i]);
    }
    assert_int_equal(refusals(), refused);
    assert_int_equal(refused, 16);
    assert_non_null(strstr(isere_test_state()->log,
                           "the memory for requests, 128K (--buffer), is in "
                           "use: refused 1 request"));
    /* What is small goes on, also with a body. */
    int small = post(3000, 3000);
    assert_true(has(small, "<3000>"));
    small = post(12000, 12000);
    assert_true(has(small, "<12000>"));
    /* Those that were let in are served. */
    for (int i = 0; i < 20; i++) {
        if (sim_received_len(clients[i]) == 0) {
            sim_send(clients[i], "x");
            sim_run(s.server, 0);
            assert_true(has(clients[i], "<24576>"));
        }
    }
    assert_true(has(post(BODY, BODY), "<24576>"));
}

/* Thousands may be refused in a moment. */
static void test_one_line_a_second(void **state)
{
    (void)state;
    size_t before = isere_test_state()->log_lines;
    for (int i = 0; i < 30; i++) {
        post(BODY, BODY - 1);
    }
    assert_int_equal(isere_test_state()->log_lines, before + 1);
    sim_run(s.server, 1000);
    post(BODY, BODY - 1);
    sim_run(s.server, 1000);
    assert_true(isere_test_state()->log_lines <= before + 4);
}

/* Who is told to come later is told before the body, and before a 100. */
static void test_refused_before_the_body(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        post(BODY, i < 4 ? BODY - 1 : 8000);
    }
    assert_int_equal(refusals(), 0);
    int client = sim_connect();
    sim_send(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 24000\r\n"
                     "Expect: 100-continue\r\n\r\n");
    sim_run(s.server, 0);
    assert_true(is_refused(client));
    assert_false(has(client, "100 Continue"));
    client = sim_connect();
    sim_send(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n"
                     "Expect: 100-continue\r\n\r\n");
    sim_run(s.server, 0);
    assert_true(has(client, "100 Continue"));
}

static void fill(int clients[4])
{
    for (int i = 0; i < 4; i++) {
        clients[i] = post(BODY, BODY - 1);
        assert_int_equal(sim_received_len(clients[i]), 0);
    }
    assert_true(buffered() > s.limits_config.max_buffer / 4 * 3);
}

/* While there is room, slow clients have all the time that they are given. */
static void test_slow_ones_are_left_alone(void **state)
{
    (void)state;
    int client = post(BODY, BODY / 2);
    sim_run(s.server, 20000);
    assert_int_equal(sim_received_len(client), 0);
    sim_send_bytes(client, body, BODY - BODY / 2);
    sim_run(s.server, 0);
    assert_true(has(client, "<24576>"));
}

static void test_slow_ones_are_refused(void **state)
{
    (void)state;
    int clients[4];
    fill(clients);
    sim_run(s.server, 900);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sim_received_len(clients[i]), 0);
    }
    sim_run(s.server, 700);
    assert_true(is_refused(clients[0]) || is_refused(clients[3]));
    assert_true(buffered() <= s.limits_config.max_buffer / 4 * 3);
    /* No more than needed. */
    unsigned left = 0;
    for (int i = 0; i < 4; i++) {
        left += sim_received_len(clients[i]) == 0;
    }
    assert_int_equal(left, 3);
    assert_true(has(post(BODY, BODY), "<24576>"));
}

/* A byte now and then does not make it a fast one. */
static void test_dripping_is_slow(void **state)
{
    (void)state;
    int clients[4];
    s.limits_config.max_body = BODY;
    for (int i = 0; i < 4; i++) {
        clients[i] = post(BODY, BODY - 2000);
    }
    unsigned refused = 0;
    for (int t = 0; t < 20 && refused == 0; t++) {
        for (int i = 0; i < 4; i++) {
            sim_send_bytes(clients[i], body, 10);
        }
        sim_run(s.server, 100);
        for (int i = 0; i < 4; i++) {
            refused += is_refused(clients[i]);
        }
    }
    assert_int_equal(refused, 1);
}

/* Who sends on is left alone, however full it is. */
static void test_fast_ones_are_left_alone(void **state)
{
    (void)state;
    int clients[4];
    for (int i = 0; i < 4; i++) {
        clients[i] = post(BODY, 1000);
    }
    for (int t = 0; t < 11; t++) {
        for (int i = 0; i < 4; i++) {
            sim_send_bytes(clients[i], body, 2 * KB);
        }
        sim_run(s.server, 110);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sim_received_len(clients[i]), 0);
        sim_send_bytes(clients[i], body, BODY - 1000 - 11 * 2 * KB);
        sim_run(s.server, 0);
        assert_true(has(clients[i], "<24576>"));
    }
}

/* A device's memory is short before any budget is: the same goes on there. */
static void test_memory_is_short(void **state)
{
    (void)state;
    int client = post(BODY, BODY - 1);
    largest_block = 20 * KB;
    assert_true(is_refused(post(BODY, BODY)));
    sim_run(s.server, 1000);
    assert_int_equal(sim_received_len(client), 0); /* it is not short now */
    assert_true(is_refused(post(BODY, BODY)));
    sim_run(s.server, 300);
    assert_true(is_refused(post(BODY, BODY)));
    sim_run(s.server, 300);
    assert_true(is_refused(client));
}

/* One request is let in, whatever the budget says. */
static void test_too_small_a_budget(void **state)
{
    isere_limits_config_t config;
    (void)state;
    isere_limits_config_init(&config);
    config.max_buffer = 1;
    isere__limits_init_room(&config);
    assert_int_equal(config.max_buffer,
                     config.max_head + config.max_body + ISERE_IN_FIRST);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_given_back),
        TEST(test_announcing_costs_nothing),
        TEST(test_more_than_there_is_room_for),
        TEST(test_one_line_a_second),
        TEST(test_refused_before_the_body),
        TEST(test_slow_ones_are_left_alone),
        TEST(test_slow_ones_are_refused),
        TEST(test_dripping_is_slow),
        TEST(test_fast_ones_are_left_alone),
        TEST(test_memory_is_short),
        TEST(test_too_small_a_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
