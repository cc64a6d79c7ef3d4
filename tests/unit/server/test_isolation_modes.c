/* What --isolation none and fresh do, against which the default is measured. */
#include "core/isolate/isolate_internal.h"
#include "core/server/server.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static server_fixture_t s;

static const char counting[] =
    "let count = 0, born = performance.now();\n"
    "export const handler = async (event, context, done) => {\n"
    "  count++;\n"
    "  setInterval(() => { count += 100 }, 1);\n"
    "  if (event.path === '/throw') throw new Error('no');\n"
    "  if (event.path === '/reject') Promise.reject(new Error('lost'));\n"
    "  if (event.path === '/done') { done({ body: '<' + count + '>' });\n"
    "    return new Promise(() => {}) }\n"
    "  return { headers: { a: [1, 2] }, body: { s: '<' + count + '>' } } }\n";

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

static void start(isere_isolation_t isolation)
{
    s.js.config.isolation = isolation;
    server_must_start(&s, counting);
}

static void expect(const char *path, const char *part)
{
    static int c = -1;
    char request[64];
    if (c < 0 || !sim_net()->clients[c].used || sim_is_closed(c)) {
        c = sim_connect();
    }
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
             path);
    sim_forget_received(c);
    sim_send(c, request);
    sim_run(s.server, 5);
    if (!strstr(sim_received(c), part)) {
        fail_msg("got %s, not %s", sim_received(c), part);
    }
}

static void test_by_default_no_request_sees_another(void **state)
{
    (void)state;
    start(ISERE_ISOLATION_SNAPSHOT);
    for (int i = 0; i < 3; i++) {
        expect("/", "<1>");
        expect("/done", "<1>");
    }
}

/* Timers of an answered request are cancelled here, too. */
static void test_none_goes_on_in_the_same_heap(void **state)
{
    (void)state;
    start(ISERE_ISOLATION_NONE);
    expect("/", "<1>");
    expect("/done", "<2>");
    expect("/reject", "<3>");
    expect("/", "<4>");
    expect("/throw", "500"); /* what failed is restored after all */
    expect("/", "<1>");
}

static void test_none_keeps_no_garbage(void **state)
{
    (void)state;
    start(ISERE_ISOLATION_NONE);
    isere_isolate_t *isolate = s.server->pools.first->slots->isolate;
    uint32_t before = 0;
    for (int i = 0; i < 600; i++) {
        expect("/", "<");
        expect("/reject", "<");
        expect("/done", "<");
        if (i == 10 || i == 599) {
            JS_RunGC(isolate->heap.rt);
            before = before ? before : isolate->heap.arena->used;
        }
    }
    /* But for the digits of the counter. */
    assert_in_range(isolate->heap.arena->used, before - 256, before + 256);
}

static void test_fresh_has_an_init_phase_of_its_own(void **state)
{
    (void)state;
    start(ISERE_ISOLATION_FRESH);
    assert_null(s.server->pools.first->slots->isolate->snapshot);
    for (int i = 0; i < 3; i++) {
        expect("/", "<1>");
        assert_int_equal(s.server->pools.first->count, 0);
        expect("/throw", "500");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_by_default_no_request_sees_another),
        TEST(test_none_goes_on_in_the_same_heap),
        TEST(test_none_keeps_no_garbage),
        TEST(test_fresh_has_an_init_phase_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
