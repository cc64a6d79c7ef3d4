/*
 * A device has memory for a few instances only, however many are allowed, and
 * for some answers under way: a server that can't make one more instance goes
 * on with those it has, and a response that does not fit is an error answer.
 */
#include "core/server/server.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { CLIENTS = 6 };

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static const char slow[] =
    "export const handler = async (e) => { await new Promise(r =>"
    "  setTimeout(r, 100)); return '<' + e.path + '>' }\n";

static server_fixture_t s;
static isere_port_t port;
static size_t most_heaps; /* arenas and copies of them that there is room for */
static unsigned long refused;
static size_t largest_block; /* that resize gives */

static void *limited_resize(void *ctx, void *ptr, size_t size)
{
    return size > largest_block ? NULL
                                : isere_test_port()->resize(ctx, ptr, size);
}

static void *limited_map(void *ctx, size_t size)
{
    if (isere_test_state()->live_heaps >= most_heaps) {
        refused++;
        return NULL;
    }
    return isere_test_port()->heap_map(ctx, size);
}

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    port = *s.js.port;
    port.heap_map = limited_map;
    port.resize = limited_resize;
    s.js.port = &port;
    most_heaps = SIZE_MAX;
    refused = 0;
    largest_block = SIZE_MAX;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

/* All requests are answered one after the other, by the one instance. */
static void play_one_by_one(int clients[CLIENTS])
{
    char body[32];
    for (int i = 0; i < CLIENTS; i++) {
        char request[64];
        snprintf(request, sizeof(request), GET("/%d"), i);
        clients[i] = sim_connect();
        sim_send(clients[i], request);
    }
    for (int i = 0; i < CLIENTS; i++) {
        sim_run(s.server, i == 0 ? 110 : 100);
        snprintf(body, sizeof(body), "</%d>", i);
        assert_non_null(strstr(sim_received(clients[i]), "HTTP/1.1 200"));
        assert_non_null(strstr(sim_received(clients[i]), body));
        assert_true(i == CLIENTS - 1 || sim_received_len(clients[i + 1]) == 0);
    }
}

/* No room for a second arena, or for its copy when it has no one else's. */
static void test_requests_wait_for_the_instances_there_are(void **state)
{
    for (size_t more = 0; more < (ISERE_SHARE_SNAPSHOTS ? 1 : 2); more++) {
        int clients[CLIENTS];
        server_must_start(&s, slow);
        most_heaps = isere_test_state()->live_heaps + more;
        play_one_by_one(clients);
        assert_int_equal(s.server->pools.first->count, 1);
        /* Once for all of them, not for each request and each answer. */
        assert_int_equal(refused, 1);
        assert_non_null(
            strstr(isere_test_state()->log, "not enough memory for another"));
        /* Later there is room: then there are two. */
        most_heaps = SIZE_MAX;
        sim_run(s.server, 1000);
        int a = sim_connect();
        int b = sim_connect();
        sim_send(a, GET("/a"));
        sim_send(b, GET("/b"));
        sim_run(s.server, 110);
        assert_non_null(strstr(sim_received(a), "</a>"));
        assert_non_null(strstr(sim_received(b), "</b>"));
        assert_int_equal(s.server->pools.first->count, 2);
        teardown(state);
        setup(state);
    }
}

/* Nor does an init phase that waits fail a request when it ends for naught. */
static void test_a_late_failure_is_no_error(void **state)
{
    (void)state;
    int clients[CLIENTS];
    server_must_start(
        &s, "await new Promise(r => setTimeout(r, 50));\n"
            "export const handler = async (e) => { await new Promise(r =>"
            "  setTimeout(r, 100)); return '<' + e.path + '>' }\n");
    most_heaps = isere_test_state()->live_heaps + !ISERE_SHARE_SNAPSHOTS;
    play_one_by_one(clients);
    assert_int_equal(s.server->pools.first->count, 1);
    assert_true(refused >= 1);
}

/* Two requests at once, which want two instances. */
static void want_two(const int clients[2])
{
    for (int i = 0; i < 2; i++) {
        sim_forget_received(clients[i]);
        sim_send(clients[i], GET("/"));
    }
    sim_run(s.server, 250);
    for (int i = 0; i < 2; i++) {
        assert_non_null(strstr(sim_received(clients[i]), "HTTP/1.1 200"));
    }
}

/* Wants two until a second instance is tried again; seconds until then. */
static unsigned seconds_to_retry(const int clients[2])
{
    uint64_t start_us = isere_test_state()->monotonic_us;
    unsigned long before = refused;
    while (refused == before) {
        want_two(clients);
    }
    return (unsigned)((isere_test_state()->monotonic_us - start_us) / 1000000);
}

/* Each attempt costs an init phase: they become rare, until memory is free. */
static void test_attempts_become_rare(void **state)
{
    static const unsigned expected[] = {0, 1, 2, 4, 8, 16, 32, 60, 60};
    (void)state;
    s.limits_config.idle_timeout_ms = 3600 * 1000;
    server_must_start(&s, slow);
    int clients[2] = {sim_connect(), sim_connect()};
    size_t one = isere_test_state()->live_heaps;
    most_heaps = one + !ISERE_SHARE_SNAPSHOTS;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(seconds_to_retry(clients), expected[i]);
    }
    /* There is room when the pause is over. That instance has been there, so
     * when it is given up and its memory is taken, pauses are short again. */
    most_heaps = SIZE_MAX;
    sim_run(s.server, 60000);
    want_two(clients);
    assert_int_equal(s.server->pools.first->count, 2);
    sim_run(s.server, 25000);
    assert_int_equal(s.server->pools.first->count, 1);
    most_heaps = one + !ISERE_SHARE_SNAPSHOTS;
    assert_int_equal(seconds_to_retry(clients), 0);
    assert_int_equal(seconds_to_retry(clients), 1);
    /* Memory of another function's instance, given back in a long pause. */
    isere__pool_give_up(s.server->pools.first);
    assert_int_equal(s.server->pools.first->count, 0);
    assert_int_equal(s.server->pools.first->retry_us, 0);
    assert_int_equal(s.server->pools.first->pause_us, 0);
}

static void test_attempts_that_fail_together_count_once(void **state)
{
    int clients[CLIENTS];
    (void)state;
    s.limits_config.max_instances = CLIENTS;
    server_must_start(
        &s, "await new Promise(r => setTimeout(r, 50));\n"
            "export const handler = async (e) => { await new Promise(r =>"
            "  setTimeout(r, 100)); return '<' + e.path + '>' }\n");
    most_heaps = isere_test_state()->live_heaps + !ISERE_SHARE_SNAPSHOTS;
    play_one_by_one(clients);
    assert_int_equal(s.server->pools.first->pause_us, 1000 * 1000);
}

static void test_no_room_for_the_first_is_told(void **state)
{
    (void)state;
    most_heaps = 2; /* the compiler's is gone by then */
    server_must_start(&s, slow);
    server_deinit(&s);
    setup(state);
    most_heaps = 1;
    int error = server_start(&s, slow);
    assert_int_equal(error, ISERE_ERR_NOMEM);
    assert_non_null(strstr(s.js.fault.message, "not enough memory"));
}

/* The instance whose copy the others share is the cheapest to reset: it is
 * taken first, and given up last. */
static void test_the_owner_of_the_copy_goes_first(void **state)
{
    (void)state;
    int clients[3];
    server_must_start(&s, slow);
    isere_pool_t *pool = s.server->pools.first;
    for (int i = 0; i < 3; i++) {
        clients[i] = sim_connect();
        sim_send(clients[i], GET("/x"));
    }
    sim_run(s.server, 110);
    assert_int_equal(pool->idle_count, 3);
    assert_false(isere_isolate_is_relocated(pool->idle->isolate));
    for (isere_slot_t *slot = pool->idle->idle_next; slot;
         slot = slot->idle_next) {
        assert_int_equal(isere_isolate_is_relocated(slot->isolate),
                         ISERE_SHARE_SNAPSHOTS);
    }
    sim_send(clients[0], GET("/again"));
    sim_run(s.server, 50);
    assert_int_equal(pool->idle_count, 2);
    assert_int_equal(isere_isolate_is_relocated(pool->idle->isolate),
                     ISERE_SHARE_SNAPSHOTS);
    sim_run(s.server, 60);
    assert_true(isere__pool_give_up(pool) && isere__pool_give_up(pool));
    assert_false(isere_isolate_is_relocated(pool->idle->isolate));
}

static const char sized[] =
    "export const handler = (e) => 'y'.repeat(+e.query)\n";

static void assert_refused(int client)
{
    const char *answer = sim_received(client);
    assert_non_null(strstr(answer, "HTTP/1.1 500 "));
    assert_non_null(strstr(answer, "Isere-Error: memory\r\n"));
    assert_non_null(strstr(answer, "}"));
    assert_non_null(
        strstr(isere_test_state()->log,
               "not enough memory to send a response of 20000 bytes"));
}

/* The connection goes on, with the requests that are behind it already. */
static void test_a_response_that_does_not_fit(void **state)
{
    (void)state;
    server_must_start(&s, sized);
    largest_block = 16384;
    int client = sim_connect();
    sim_send(client, GET("/?20000") GET("/?3"));
    sim_run(s.server, 0);
    assert_refused(client);
    assert_non_null(strstr(sim_received(client), "\r\n\r\nyyy"));
    assert_false(sim_is_closed(client));
    /* What is needed is taken where twice as much can't be had. */
    sim_forget_received(client);
    sim_net()->clients[client].window = 1000;
    sim_send(client, GET("/?9000") GET("/?6000"));
    sim_run(s.server, 0);
    sim_net()->clients[client].window = SIZE_MAX;
    sim_run(s.server, 0);
    assert_true(sim_received_len(client) > 15000);
    assert_null(strstr(sim_received(client), "HTTP/1.1 500 "));
}

/* There is always room for an error answer: where the request was. */
static void test_no_memory_at_all_is_told(void **state)
{
    (void)state;
    server_must_start(&s, sized);
    int client = sim_connect();
    sim_send(client, "GET /?20000 HTTP/1.1\r\n");
    sim_run(s.server, 0);
    largest_block = 0;
    sim_send(client, "Host: x\r\n\r\n" GET("/?3"));
    sim_run(s.server, 0);
    assert_refused(client);
    assert_non_null(strstr(sim_received(client), "Connection: close\r\n"));
    assert_null(strstr(sim_received(client), "yyy"));
    assert_true(sim_is_closed(client));
    /* What comes then can't be received, but the client has time to read. */
    sim_send(client, GET("/?4"));
    sim_run(s.server, 900);
    assert_false(sim_net()->clients[client].closed);
    sim_run(s.server, 200);
    assert_true(sim_net()->clients[client].closed);
}

/* Sends a request with a body of that many bytes, and gets the answer. */
static const char *post(int client, int length)
{
    static char body[20001];
    char head[96];
    snprintf(head, sizeof(head),
             "POST /?3 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
             length);
    memset(body, 'x', (size_t)length);
    body[length] = 0;
    sim_send(client, head);
    sim_send(client, body);
    sim_run(s.server, 0);
    return sim_received(client);
}

/* The client is told, and the connection ends: the rest of it is on its way. */
static void test_a_request_that_does_not_fit(void **state)
{
    (void)state;
    server_must_start(&s, sized);
    largest_block = ISERE_IN_FIRST + 2000;
    int client = sim_connect();
    int other = sim_connect();
    sim_send(other, GET("/?3"));
    const char *answer = post(client, 20000);
    assert_non_null(strstr(answer, "HTTP/1.1 503 "));
    assert_non_null(strstr(answer, "Isere-Error: busy\r\n"));
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    assert_true(sim_is_closed(client));
    assert_non_null(strstr(isere_test_state()->log,
                           "not enough memory to receive more than"));
    assert_non_null(strstr(sim_received(other), "\r\n\r\nyyy"));
    /* A buffer is not made twice as large for a few bytes. */
    assert_non_null(strstr(post(other, ISERE_IN_FIRST + 1500), "\r\n\r\nyyy"));
    assert_false(sim_is_closed(other));
}

/* Whatever is missing, each request gets an answer: all allocations fail from
 * the N-th on, for every N that one request has. */
static void test_no_request_is_without_an_answer(void **state)
{
    isere_test_state_t *test = isere_test_state();
    bool came = true;
    int refusals = 0;
    for (size_t n = 1; came; n++) {
        server_must_start(&s, "export const handler = (e) => '<' + e.path");
        sim_run(s.server, 0);
        test->allocations = 0;
        test->fail_at = n;
        test->fail_after = true;
        int c = sim_ask(GET("/a"));
        sim_run(s.server, 10);
        came = test->allocations >= n;
        test->fail_at = 0;
        test->fail_after = false;
        if (strstr(sim_received(c), "HTTP/1.1 503")) {
            sim_expect(c, "not enough memory for the request");
            sim_expect(c, "Isere-Error: busy");
            sim_expect(c, "Connection: close");
            refusals++;
        } else {
            sim_expect(c, "HTTP/1.1 ");
        }
        teardown(state);
        setup(state);
    }
    assert_true(refusals >= 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_requests_wait_for_the_instances_there_are),
        TEST(test_a_late_failure_is_no_error),
        TEST(test_attempts_become_rare),
        TEST(test_attempts_that_fail_together_count_once),
        TEST(test_no_room_for_the_first_is_told),
        TEST(test_the_owner_of_the_copy_goes_first),
        TEST(test_a_response_that_does_not_fit),
        TEST(test_no_memory_at_all_is_told),
        TEST(test_a_request_that_does_not_fit),
        TEST(test_no_request_is_without_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
