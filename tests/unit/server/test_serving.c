/*
 * A server for many functions: deployments between requests, shares of the
 * instances, and what happens when memory, the network or the store fails.
 */
#include "core/server/server.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define SLOW "await new Promise(r => setTimeout(r, 100));"

static stored_fixture_t p;
static size_t most_heaps; /* arenas and snapshots that there is memory for */

static void *limited_map(void *ctx, size_t size)
{
    return isere_test_state()->live_heaps >= most_heaps
               ? NULL
               : isere_test_port()->heap_map(ctx, size);
}

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    p.port.heap_map = limited_map;
    most_heaps = SIZE_MAX;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return stored_teardown(&p);
}

static void assert_answer(int client, int status, const char *part)
{
    const char *text = sim_received(client);
    assert_int_equal(stored_status(client), status);
    if (!strstr(text, part)) {
        fail_msg("%s is not in: %s", part, text);
    }
}

static void ask(const char *path, int status, const char *part)
{
    stored_expect(&p, stored_get(path), status, part);
}

static void call(const char *method, const char *path, const char *body,
                 int status, const char *part)
{
    int client = stored_call(method, path, "application/json", body);
    stored_expect(&p, client, status, part);
}

/* What metrics say; the name with its labels. */
static unsigned long metric(const char *name)
{
    unsigned long value = 0;
    char line[96];
    int client = stored_call("GET", "/metrics", "text/plain", "");
    stored_ask(&p, client);
    snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(sim_received(client), line);
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(line), "%lu", &value), 1);
    sim_forget_received(client);
    return value;
}

/* ---- deploying ---- */

static void test_deploy_call_roll_back_remove(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    ask("/one", 404, "Isere-Error: route");
    assert_int_equal(
        stored_deploy(&p, "one", "export const handler = () => 'first'"), 201);
    ask("/one", 200, "first");
    assert_int_equal(
        stored_deploy(&p, "one", "export const handler = () => 'second'"), 200);
    ask("/one/x", 200, "second");
    call("POST", "/v1/functions/one/rollback", "", 200, "\"version\":1");
    ask("/one", 200, "first");
    call("POST", "/v1/functions/one/rollback", "", 409, "no version before");
    assert_int_equal(
        stored_deploy(&p, "one", "export const handler = () => 'third'"), 200);
    call("GET", "/v1/functions/one", "", 200, "\"version\":3,\"previous\":1");
    call("DELETE", "/v1/functions/one", "", 204, "");
    ask("/one", 404, "Isere-Error: route");
}

static void test_a_failed_deploy_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "export const handler = () => {",
        "export const nothing = 1",
        "throw new Error('init'); export const handler = () => 1",
        "const a = []; for (;;) a.push('x'.repeat(1000));"
        "export const handler = () => 1",
        "await new Promise(() => {}); export const handler = () => 1",
        "import { x } from './missing.js'; export const handler = () => x",
    };
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(
        stored_deploy(&p, "one", "export const handler = () => 'good'"), 201);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = stored_deploy(&p, "one", bad[i]);
        if (status != 400) {
            fail_msg("%d for: %s", status, bad[i]);
        }
        ask("/one", 200, "good");
    }
    call("GET", "/v1/functions/one", "", 200, "\"version\":1");
}

/* The message names the route as the other function has it. */
static void test_a_route_belongs_to_one_function(void **state)
{
    static const char package[] =
        "{\"main\":\"a.js\",\"routes\":[\"GET /x/{%s}\"],\"files\":"
        "{\"a.js\":\"export const handler = () => 1\"}}";
    char body[256];
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    snprintf(body, sizeof(body), package, "id");
    call("PUT", "/v1/functions/m", body, 201, "");
    snprintf(body, sizeof(body), package, "other");
    call("PUT", "/v1/functions/a", body, 409,
         "GET /x/{id} belongs to the function m");
    call("PUT", "/v1/functions/z", body, 409,
         "GET /x/{id} belongs to the function m");
}

static void test_functions_survive_a_restart(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one", "export const handler = () => 'one'");
    stored_deploy(&p, "two", "export const handler = () => 'two'");
    stored_stop(&p);
    sim_stop();
    sim_start();
    sim_blobs_put(&p.blobs, "two", "damaged", 7);
    assert_int_equal(stored_start(&p), 0);
    ask("/one", 200, "one");
    ask("/two", 404, "Isere-Error: route");
    call("GET", "/v1/functions/two", "", 200, "\"status\":\"broken\"");
    call("POST", "/v1/functions/two/rollback", "", 500, "damaged");
    call("GET", "/v1/functions/two/files", "", 500, "damaged");
    assert_int_equal(
        stored_deploy(&p, "two", "export const handler = () => 'again'"), 200);
    ask("/two", 200, "again");
    call("GET", "/v1/functions/two", "", 200, "\"version\":2");
    call("DELETE", "/v1/functions/two", "", 204, "");
    ask("/two", 404, "Isere-Error: route");
}

/* What its author can do, as docs/store.md has it. */
static void test_a_missing_version_is_got_over(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    for (int i = 0; i < 2; i++) {
        stored_deploy(&p, "one", "export const handler = () => 'one'");
        stored_deploy(&p, "two", "export const handler = () => 'two'");
    }
    stored_stop(&p);
    sim_stop();
    sim_start();
    sim_blobs_drop(&p.blobs, "one.2");
    sim_blobs_drop(&p.blobs, "two.2");
    assert_int_equal(stored_start(&p), 0);
    call("GET", "/v1/functions/one", "", 200, "\"status\":\"broken\"");
    call("POST", "/v1/functions/one/rollback", "", 200, "\"version\":1");
    ask("/one", 200, "one");
    assert_int_equal(
        stored_deploy(&p, "two", "export const handler = () => 'three'"), 200);
    ask("/two", 200, "three");
    call("POST", "/v1/functions/two/rollback", "", 200, "\"version\":1");
    ask("/two", 200, "two");
}

/* A request that waits is in the old version to its end, and values of its
 * event that nobody has asked for yet are those of its route. */
static void test_a_request_stays_in_its_version(void **state)
{
    static const char deploy[] =
        "{\"main\":\"a.js\",\"routes\":[\"GET /%s/{id}\"],\"files\":{\"a.js\":"
        "\"export const handler = async (e, c) => { " SLOW
        " return [c.functionVersion, e.pathParameters.id,"
        " e.requestContext.routeKey].join() }\"}}";
    char body[512];
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    snprintf(body, sizeof(body), deploy, "old");
    call("PUT", "/v1/functions/one", body, 201, "");
    int before = stored_get("/old/7");
    sim_run(p.server, 10);
    snprintf(body, sizeof(body), deploy, "new");
    call("PUT", "/v1/functions/one", body, 200, "");
    int after = stored_get("/new/8");
    ask("/old/7", 404, "Isere-Error: route");
    sim_run(p.server, 200);
    assert_answer(before, 200, "1,7,GET /old/{id}");
    assert_answer(after, 200, "2,8,GET /new/{id}");
}

/* Those that wait for an instance get the new version, or learn that there is
 * none any more. */
static void test_requests_in_the_queue(void **state)
{
    static const char source[] =
        "export const handler = async (e, c) => { " SLOW
        " return 'version ' + c.functionVersion }";
    (void)state;
    p.limits_config.max_instances = 1;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one", source);
    int running = stored_get("/one");
    sim_run(p.server, 1);
    int waiting = stored_get("/one");
    sim_run(p.server, 1);
    assert_int_equal(stored_deploy(&p, "one", source), 200);
    sim_run(p.server, 500);
    assert_answer(running, 200, "version 1");
    assert_answer(waiting, 200, "version 2");
    running = stored_get("/one");
    sim_run(p.server, 1);
    waiting = stored_get("/one");
    sim_run(p.server, 1);
    call("DELETE", "/v1/functions/one", "", 204, "");
    sim_run(p.server, 500);
    assert_answer(running, 200, "version 2");
    assert_answer(waiting, 404, "Isere-Error: route");
}

/* ---- shares ---- */

static void deploy_names(const char *source, int count)
{
    for (int i = 0; i < count; i++) {
        char name[2] = {(char)('a' + i), 0};
        assert_int_equal(stored_deploy(&p, name, source), 201);
    }
}

static void ask_name(int i, int status)
{
    char path[3] = {'/', (char)('a' + i), 0};
    ask(path, status, "");
}

/* Two places, four functions: who was used last keeps its place. */
static void test_instances_are_built_again(void **state)
{
    (void)state;
    p.limits_config.max_instances = 2;
    assert_int_equal(stored_start(&p), 0);
    deploy_names("export const handler = () => 'x'", 4);
    ask_name(0, 200);
    ask_name(1, 200);
    ask_name(0, 200);
    ask_name(2, 200); /* takes that of b */
    ask_name(0, 200);
    assert_int_equal(metric("isere_instance_starts_total{function=\"a\"}"), 1);
    assert_int_equal(metric("isere_instance_hits_total{function=\"a\"}"), 2);
    ask_name(1, 200); /* takes that of c */
    assert_int_equal(metric("isere_instance_restarts_total{function=\"b\"}"),
                     1);
    assert_int_equal(metric("isere_instances{function=\"a\"}"), 1);
    assert_int_equal(metric("isere_instances{function=\"c\"}"), 0);
}

/* The same when memory is what there is too little of. */
static void test_memory_goes_to_who_is_asked(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    deploy_names("export const handler = async () => { " SLOW " return 1 }", 3);
    most_heaps = 2; /* one instance */
    for (int i = 0; i < 3; i++) {
        char path[3] = {'/', (char)('a' + i), 0};
        int client = stored_get(path);
        sim_run(p.server, 200);
        assert_int_equal(stored_status(client), 200);
        sim_forget_received(client);
    }
    /* While one runs, another function's request waits for its memory. */
    int first = stored_get("/a");
    sim_run(p.server, 1);
    int second = stored_get("/b");
    sim_run(p.server, 50);
    assert_int_equal(stored_status(second), 0);
    sim_run(p.server, 300);
    assert_int_equal(stored_status(first), 200);
    assert_int_equal(stored_status(second), 200);
    /* A deploy makes room, too: it takes the compiler's heap and two copies of
     * the package. */
    most_heaps = 4;
    assert_int_equal(stored_deploy(&p, "d", "export const handler = () => 'd'"),
                     201);
}

/* A function whose requests all wait leaves others their first instance. */
static void test_a_crowd_leaves_room(void **state)
{
    int crowd[6];
    (void)state;
    p.limits_config.max_instances = 2;
    p.limits_config.max_queue = 4;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "slow",
                  "export const handler = async () => { " SLOW " return 's' }");
    stored_deploy(&p, "fast", "export const handler = () => 'f'");
    for (int i = 0; i < 6; i++) {
        crowd[i] = stored_get("/slow");
    }
    sim_run(p.server, 10);
    ask("/fast", 200, "f");
    /* One runs, two wait (half of the queue), the others were refused. */
    sim_run(p.server, 1000);
    int served = 0;
    for (int i = 0; i < 6; i++) {
        served += stored_status(crowd[i]) == 200;
        assert_true(stored_status(crowd[i]) == 200 ||
                    stored_status(crowd[i]) == 503);
    }
    assert_int_equal(served, 3);
    assert_int_equal(
        metric("isere_errors_total{function=\"slow\",kind=\"busy\"}"), 3);
}

/* ---- streams ---- */

static void test_logs_are_followed(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one",
                  "export const handler = (e) => { console.log(e.path) }");
    int all = stored_call("GET", "/v1/logs?follow=1", "text/plain", "");
    int other =
        stored_call("GET", "/v1/logs?follow=1&function=two", "text/plain", "");
    sim_run(p.server, 1);
    assert_answer(all, 200, "deployed one, version 1");
    ask("/one/first", 200, "");
    ask("/one/second", 200, "");
    assert_answer(all, 200, "/one/first");
    assert_answer(all, 200, "/one/second");
    assert_answer(other, 200, "chunked");
    assert_null(strstr(sim_received(other), "/one/"));
    isere_server_stop(p.server);
    sim_run_to_stop(p.server, 100);
    assert_true(sim_is_closed(all));
    assert_non_null(strstr(sim_received(all), "\r\n0\r\n\r\n"));
}

/* Nobody waits for a reader: it is told what it has missed. */
static void test_a_slow_reader_loses_lines(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one",
                  "export const handler = (e) => {"
                  " for (let i = 0; i < 200; i++)"
                  " console.log(`line ${i} of ${e.path}`) }");
    int client = stored_call("GET", "/v1/logs?follow=1", "text/plain", "");
    sim_run(p.server, 1);
    sim_net()->clients[client].window = 0;
    ask("/one/x", 200, "");
    sim_net()->clients[client].window = SIZE_MAX;
    sim_run(p.server, 1);
    assert_answer(client, 200, "{\"lost\":");
    assert_answer(client, 200, "line 199 of /one/x");
    assert_true(metric("isere_log_lines_lost_total") > 0);
}

static void test_streams_and_pipelines(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one", "export const handler = () => 'behind'");
    int client = sim_connect();
    sim_send(client, "GET /_isere/metrics HTTP/1.1\r\n" AUTHORITY "\r\n"
                     "HEAD /_isere/metrics HTTP/1.1\r\n" AUTHORITY "\r\n"
                     "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    sim_run(p.server, 1);
    const char *text = sim_received(client);
    const char *end = strstr(text, "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_non_null(end);
    assert_non_null(strstr(end, "\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(end, "behind"));
    /* What came before chunks ends with the connection. */
    client = sim_connect();
    sim_send(client, "GET /_isere/metrics HTTP/1.0\r\n" AUTHORITY "\r\n");
    sim_run(p.server, 1);
    assert_answer(client, 200, "isere_uptime_seconds");
    assert_null(strstr(sim_received(client), "chunked"));
    assert_null(strstr(sim_received(client), "Content-Length"));
    assert_true(sim_net()->clients[client].shut);
}

static void test_a_silent_stream_shows_that_it_is_there(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    int client = stored_call("GET", "/v1/logs?follow=1", "text/plain", "");
    sim_run(p.server, 40 * 1000);
    assert_answer(client, 200, "\r\n0001\r\n\n\r\n0001\r\n\n\r\n");
    assert_false(sim_is_closed(client));
}

static void test_direct_invocations(void **state)
{
    (void)state;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one",
                  "export const handler = (e) => { console.warn('seen');"
                  " if (e.bad) throw new Error('why'); return { body: e.x,"
                  " headers: { A: ['1', '2'] } } }");
    call("POST", "/v1/functions/one/invoke", "{\"x\":\"y\"}", 200,
         "{\"result\":{\"statusCode\":200,\"headers\":{\"A\":[\"1\",\"2\"]");
    call("POST", "/v1/functions/one/invoke", "{\"x\":\"y\"}", 200,
         "\"level\":\"warn\",\"message\":\"seen\"}],\"durationMs\":");
    call("POST", "/v1/functions/one/invoke", "{\"bad\":1}", 200,
         "\"error\":\"exception\",\"message\":\"Error: why");
    call("POST", "/v1/functions/one/invoke", "[1]", 400, "not a JSON object");
    call("POST", "/v1/functions/one/invoke", "{\"x\":", 400,
         "not a JSON object");
    call("POST", "/v1/functions/two/invoke", "{}", 404, "no function");
}

/* ---- faults ---- */

static const char *const tour[][3] = {
    {"PUT", "/v1/functions/one",
     "export const handler = (e) => { console.log('x'); return 'one' }"},
    {"PUT", "/v1/functions/one",
     "export const handler = (e) => { console.log('y'); return 'two' }"},
    {"GET", "/v1/functions", ""},
    {"GET", "/v1/functions/one/files", ""},
    {"POST", "/v1/functions/one/invoke", "{}"},
    {"GET", "/v1/logs", ""},
    {"GET", "/metrics", ""},
    {"GET", "/", ""},
    {"POST", "/v1/functions/one/rollback", ""},
    {"DELETE", "/v1/functions/one", ""},
};

/* All calls, whatever comes of them. */
static void take_tour(void)
{
    for (size_t i = 0; i < sizeof(tour) / sizeof(tour[0]); i++) {
        int client =
            stored_call(tour[i][0], tour[i][1], "text/javascript", tour[i][2]);
        int function = stored_get("/one");
        sim_run(p.server, 1);
        sim_forget_received(client);
        sim_forget_received(function);
    }
}

static bool tour_without_memory(size_t fail_at)
{
    isere_test_state_t *state = isere_test_state();
    assert_int_equal(setup(NULL), 0);
    state->fail_at = fail_at;
    if (stored_start(&p) == 0) {
        take_tour();
    }
    bool ended = state->allocations < fail_at;
    state->fail_at = 0;
    if (p.server) {
        /* Whatever failed, all is well with what comes next. */
        int status =
            stored_deploy(&p, "later", "export const handler = () => 'ok'");
        assert_int_equal(status, 201);
        ask("/later", 200, "ok");
    }
    assert_int_equal(teardown(NULL), 0);
    return ended;
}

static void test_every_allocation_may_fail(void **state)
{
    size_t n = 1;
    (void)state;
    teardown(NULL);
    while (!tour_without_memory(n)) {
        n += test_is_long() ? 1 : 17;
    }
    assert_true(n > 100);
    setup(NULL);
}

static void test_every_network_operation_may_fail(void **state)
{
    (void)state;
    teardown(NULL);
    for (int kind = 0; kind < SIM_FAULT_KINDS; kind++) {
        unsigned long n = 0, calls;
        do {
            n += test_is_long() ? 1 : 41;
            assert_int_equal(setup(NULL), 0);
            sim_net()->fault = (sim_fault_t)kind;
            sim_net()->fail_at = n;
            assert_int_equal(stored_start(&p), 0);
            take_tour();
            calls = sim_net()->calls;
            assert_int_equal(teardown(NULL), 0);
        } while (n <= calls);
    }
    setup(NULL);
}

/* Every operation of the store fails once, in every way. Afterwards the
 * function is one of its versions, the same in memory and in the store. */
static void test_every_store_operation_may_fail(void **state)
{
    (void)state;
    teardown(NULL);
    for (int kind = 0; kind < SIM_BLOBS_FAULTS; kind++) {
        unsigned long n = 0, operations;
        do {
            n += test_is_long() ? 1 : 5;
            assert_int_equal(setup(NULL), 0);
            assert_int_equal(stored_start(&p), 0);
            p.blobs.operations = 0;
            p.blobs.fault = (sim_blobs_fault_t)kind;
            p.blobs.fail_at = n;
            take_tour();
            operations = p.blobs.operations;
            stored_stop(&p);
            sim_stop();
            sim_start();
            sim_blobs_restart(&p.blobs);
            assert_int_equal(stored_start(&p), 0);
            int client = stored_get("/one");
            stored_ask(&p, client);
            assert_true(stored_status(client) == 404 ||
                        (stored_status(client) == 200 &&
                         (strstr(sim_received(client), "one") ||
                          strstr(sim_received(client), "two"))));
            assert_int_equal(teardown(NULL), 0);
        } while (n <= operations);
    }
    setup(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_deploy_call_roll_back_remove),
        TEST(test_a_failed_deploy_changes_nothing),
        TEST(test_a_route_belongs_to_one_function),
        TEST(test_functions_survive_a_restart),
        TEST(test_a_missing_version_is_got_over),
        TEST(test_a_request_stays_in_its_version),
        TEST(test_requests_in_the_queue),
        TEST(test_instances_are_built_again),
        TEST(test_memory_goes_to_who_is_asked),
        TEST(test_a_crowd_leaves_room),
        TEST(test_logs_are_followed),
        TEST(test_a_slow_reader_loses_lines),
        TEST(test_streams_and_pipelines),
        TEST(test_a_silent_stream_shows_that_it_is_there),
        TEST(test_direct_invocations),
        TEST(test_every_allocation_may_fail),
        TEST(test_every_network_operation_may_fail),
        TEST(test_every_store_operation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
