/*
 * Fault loops of memory outside the heaps: the N-th allocation fails, alone or
 * with all later ones, for every N until nothing fails any more. Never a
 * crash, a leak, or a wrong answer.
 */
#include "tests/unit/support/server/traffic.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static server_fixture_t s;
static js_fixture_t f;

static void expect_nothing_left(void)
{
    assert_int_equal(isere_test_state()->live_blocks, 0);
    assert_int_equal(isere_test_state()->live_heaps, 0);
    assert_int_equal(isere_test_state()->live_heap_bytes, 0);
}

static void fail_from_now(size_t n, bool after)
{
    isere_test_state()->allocations = 0;
    isere_test_state()->fail_at = n;
    isere_test_state()->fail_after = after;
}

/* True when the fault came; no further one does. */
static bool end_of_faults(size_t n)
{
    bool came = n > 0 && isere_test_state()->allocations >= n;
    isere_test_state()->fail_at = 0;
    isere_test_state()->fail_after = false;
    return came;
}

static bool serve(size_t n, bool after)
{
    server_init(&s);
    fail_from_now(n, after);
    int error = server_start(&s, traffic_source);
    if (error) {
        assert_true(n > 0);
        assert_true(error == ISERE_ERR_NOMEM || error == ISERE_ERR_HANDLER);
        bool came = end_of_faults(n);
        server_deinit(&s);
        expect_nothing_left();
        return came;
    }
    traffic_play(&s);
    bool came = end_of_faults(n);
    if (n == 0) {
        traffic_learn();
    }
    traffic_check(true, NULL);
    /* Memory is back, and so is the server. */
    traffic_check_alive(&s);
    server_deinit(&s);
    expect_nothing_left();
    return came;
}

static void loop(bool (*run)(size_t n, bool after))
{
    run(0, false);
    for (int after = 0; after < 2; after++) {
        size_t n = 1;
        while (run(n, after)) {
            n++;
        }
        print_message("%lu allocations failed\n", (unsigned long)n - 1);
        assert_true(n > 5);
    }
}

static void test_server(void **state)
{
    (void)state;
    loop(serve);
    traffic_forget();
}

/* ---- compile, function, instance, invocations ---- */

static int make(isere_instance_t **instance)
{
    static const js_file_t files[] = {
        {"main.js", "import { a } from './a.js'\n"
                    "export const handler = (e) => a + e.path + e.rawBody"},
        {"a.js", "export const a = 'A'"},
        {NULL, NULL},
    };
    int error = js_compile(&f, files);
    if (!error) {
        error = isere_function_create(f.port, f.code, f.code_size, &f.config,
                                      &f.function, &f.fault);
    }
    if (!error) {
        error = isere_instance_create(f.port, f.function, instance, &f.fault);
    }
    return error;
}

static void invoke(isere_instance_t *instance, size_t n)
{
    isere_request_t request = {
        .method = isere_slice("POST"),
        .target = isere_slice("/x"),
        .body = isere_slice("body"),
    };
    isere_result_t result;
    int error = isere_instance_invoke(instance, &request, &result);
    if (error) {
        assert_true(n > 0);
        assert_int_equal(error, ISERE_ERR_NOMEM);
        return;
    }
    assert_null(result.error);
    assert_true(isere_slice_is(result.body, "A/xbody"));
}

static bool embed(size_t n, bool after)
{
    (void)js_setup(&f);
    isere_instance_t *instance = NULL;
    fail_from_now(n, after);
    int error = make(&instance);
    if (error) {
        assert_true(n > 0);
        assert_null(instance);
        assert_true(error == ISERE_ERR_NOMEM || error == ISERE_ERR_HANDLER);
        assert_true(f.fault.message[0] != 0 || error == ISERE_ERR_NOMEM);
    } else {
        for (int i = 0; i < 3; i++) {
            invoke(instance, n);
        }
    }
    bool came = end_of_faults(n);
    if (!error) {
        invoke(instance, 0);
    }
    isere_instance_destroy(instance);
    js_deinit(&f);
    expect_nothing_left();
    return came;
}

static void test_instance(void **state)
{
    (void)state;
    loop(embed);
}

static void test_no_randomness(void **state)
{
    (void)state;
    server_init(&s);
    assert_int_equal(server_start(&s, traffic_source), 0);
    isere_test_state()->random_fails = true;
    int c = sim_connect();
    for (int i = 0; i < 70; i++) {
        sim_send(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    sim_run(s.server, 10);
    assert_non_null(strstr(sim_received(c), "HTTP/1.1 500"));
    isere_test_state()->random_fails = false;
    traffic_check_alive(&s);
    server_deinit(&s);
    expect_nothing_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_instance),
        cmocka_unit_test(test_no_randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
