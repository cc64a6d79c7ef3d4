/*
 * Fault loops of the network: the N-th call of accept, recv, send or poll_set
 * fails or is short, for every N. Answers stay right as far as they come,
 * connections end, nothing leaks, and the server goes on.
 */
#include "tests/unit/support/server/traffic.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static server_fixture_t s;

static void create(void)
{
    server_init(&s);
    server_must_start(&s, traffic_source);
}

static void destroy(void)
{
    server_deinit(&s);
    assert_int_equal(isere_test_state()->live_blocks, 0);
    assert_int_equal(isere_test_state()->live_heaps, 0);
}

static bool is_whole(int client)
{
    return !sim_net()->clients[client].faulted;
}

/* Who was faulted and is not whole has been told so. */
static void check_ends(void)
{
    for (int i = 0; i < sim_net()->count; i++) {
        const sim_client_t *c = &sim_net()->clients[i];
        if (c->reset) {
            assert_true(c->closed);
        }
    }
}

/* One run for each call that can fail. True when the fault came. */
static bool run_with_fault(sim_fault_t fault, unsigned long n)
{
    create();
    sim_net()->fail_at = n;
    sim_net()->fault = fault;
    traffic_play(&s);
    bool came = sim_net()->calls >= n;
    sim_net()->fail_at = 0;
    traffic_check(false, is_whole);
    check_ends();
    traffic_check_alive(&s);
    destroy();
    return came;
}

static void loop(sim_fault_t fault)
{
    create();
    traffic_play(&s);
    traffic_learn();
    destroy();
    unsigned long n = 1;
    while (run_with_fault(fault, n)) {
        n++;
    }
    print_message("%lu calls failed\n", n - 1);
    assert_true(n > 40);
    traffic_forget();
}

static void test_each_call_finds_the_connection_gone(void **state)
{
    (void)state;
    loop(SIM_FAULT_CLOSED);
}

static void test_each_call_is_not_ready_after_all(void **state)
{
    (void)state;
    loop(SIM_FAULT_AGAIN);
}

static void test_each_call_finds_no_resources(void **state)
{
    (void)state;
    loop(SIM_FAULT_LIMIT);
}

static void test_each_call_is_short(void **state)
{
    (void)state;
    loop(SIM_FAULT_SHORT);
}

/* Every send takes only so many bytes. */
static void test_small_windows(void **state)
{
    (void)state;
    static const size_t windows[] = {1, 2, 7, 100, 1460};
    create();
    traffic_play(&s);
    traffic_learn();
    destroy();
    for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
        create();
        for (int c = 0; c < 8; c++) {
            sim_connect();
            sim_net()->clients[c].window = windows[i];
        }
        static const char *const text = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n";
        for (int c = 0; c < 8; c++) {
            sim_send(c, text);
        }
        size_t before;
        do {
            before = sim_received_len(0);
            for (int c = 0; c < 8; c++) {
                sim_net()->clients[c].window = windows[i];
            }
            sim_run(s.server, 0);
        } while (sim_received_len(0) > before);
        for (int c = 1; c < 8; c++) {
            assert_true(traffic_same(isere_slice(sim_received(c)),
                                     isere_slice(sim_received(0))));
        }
        assert_non_null(strstr(sim_received(0), "x-path: /one"));
        destroy();
    }
    traffic_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_finds_the_connection_gone),
        cmocka_unit_test(test_each_call_is_not_ready_after_all),
        cmocka_unit_test(test_each_call_finds_no_resources),
        cmocka_unit_test(test_each_call_is_short),
        cmocka_unit_test(test_small_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
