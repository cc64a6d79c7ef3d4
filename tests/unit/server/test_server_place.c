/*
 * More clients than connections: those that have nothing to do give way, and
 * those that are busy take turns with the ones that wait.
 */
#include "core/server/connection/place.h"
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define HALF "GET /half HTTP/1.1\r\nHo"

enum { MOST = 3, PLACE_MS = ISERE_PLACE_US / 1000 };

static const char source[] =
    "export const handler = async (e) => {\n"
    "  if (e.path === '/later') await new Promise(r => setTimeout(r, 2500))\n"
    "  return '<' + e.path + '>'\n"
    "}\n";

static server_fixture_t s;

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    s.limits_config.max_connections = MOST;
    server_must_start(&s, source);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

static void fill(const char *sent)
{
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(sim_ask(sent), i);
    }
    sim_run(s.server, 10);
}

static bool is_closed(int client)
{
    return sim_net()->clients[client].closed;
}

/* The one that has been idle longest, and it alone. */
static void test_an_idle_one_gives_way(void **state)
{
    (void)state;
    fill(GET("/a"));
    sim_run(s.server, 400);
    sim_send(0, GET("/b"));
    sim_send(2, GET("/b"));
    sim_run(s.server, PLACE_MS);
    int c = sim_ask(GET("/new"));
    sim_run(s.server, 10);
    sim_expect(c, "</new>");
    assert_true(is_closed(1));
    assert_false(is_closed(0) || is_closed(2));
}

/* Nobody is closed who may be about to send. The new one waits, no longer. */
static void test_not_at_once(void **state)
{
    (void)state;
    fill(GET("/a"));
    int c = sim_ask(GET("/new"));
    sim_run(s.server, PLACE_MS - 100);
    sim_expect_nothing(c);
    assert_false(is_closed(0) || is_closed(1) || is_closed(2));
    sim_run(s.server, 200);
    sim_expect(c, "</new>");
    assert_int_equal(is_closed(0) + is_closed(1) + is_closed(2), 1);
}

static void test_one_that_never_sent_gives_way(void **state)
{
    (void)state;
    fill("");
    sim_run(s.server, PLACE_MS);
    int c = sim_ask(GET("/new"));
    sim_run(s.server, 10);
    sim_expect(c, "</new>");
    assert_int_equal(is_closed(0) + is_closed(1) + is_closed(2), 1);
}

static void test_half_a_request_gives_way(void **state)
{
    (void)state;
    fill(HALF);
    sim_run(s.server, PLACE_MS);
    int c = sim_ask(GET("/new"));
    sim_run(s.server, 10);
    sim_expect(c, "</new>");
    int gone = is_closed(0) ? 0 : is_closed(1) ? 1 : 2;
    sim_expect(gone, "HTTP/1.1 408");
    sim_expect(gone, "Connection: close");
    assert_int_equal(is_closed(0) + is_closed(1) + is_closed(2), 1);
    /* With nobody waiting, the others have the time that they always had. */
    int other = gone == 0 ? 1 : 0;
    sim_send(other, "st: x\r\n\r\n");
    sim_run(s.server, 10);
    sim_expect(other, "</half>");
}

static void test_idle_ones_go_before_half_requests(void **state)
{
    (void)state;
    assert_int_equal(sim_ask(HALF), 0);
    sim_run(s.server, PLACE_MS);
    assert_int_equal(sim_ask(GET("/a")), 1);
    assert_int_equal(sim_ask(HALF), 2);
    sim_run(s.server, PLACE_MS);
    int c = sim_ask(GET("/new"));
    sim_run(s.server, 10);
    sim_expect(c, "</new>");
    assert_true(is_closed(1));
}

/* What came while the server was busy is looked at first. */
static void test_what_has_come_in_time_counts(void **state)
{
    (void)state;
    fill(GET("/a"));
    isere_test_state()->monotonic_us += 2 * ISERE_PLACE_US;
    int c = sim_ask(GET("/new"));
    for (int i = 0; i < MOST; i++) {
        sim_forget_received(i);
        sim_send(i, GET("/b"));
    }
    sim_run(s.server, 10);
    for (int i = 0; i < MOST; i++) {
        sim_expect(i, "</b>");
    }
    sim_run(s.server, 2 * PLACE_MS);
    sim_expect(c, "</new>");
}

static void test_a_running_one_does_not(void **state)
{
    (void)state;
    fill(GET("/later"));
    int c = sim_ask(GET("/new"));
    sim_run(s.server, 2 * PLACE_MS);
    sim_expect_nothing(c);
    assert_false(is_closed(0) || is_closed(1) || is_closed(2));
    sim_run(s.server, 2000);
    for (int i = 0; i < MOST; i++) {
        sim_expect(i, "</later>");
    }
    sim_expect(c, "</new>");
}

static bool ends(int client)
{
    return strstr(sim_received(client), "Connection: close") != NULL;
}

/* All have something to do; `ms` pass. */
static void keep_busy(int ms)
{
    for (; ms > 0; ms -= 100) {
        for (int i = 0; i < MOST; i++) {
            sim_forget_received(i);
            sim_send(i, GET("/b"));
        }
        sim_run(s.server, 100);
    }
}

/* While somebody waits, answers are the last of their connections: but not at
 * once, since a place may be free soon. */
static void test_busy_ones_take_turns(void **state)
{
    (void)state;
    fill(GET("/a"));
    int c = sim_ask(GET("/new"));
    keep_busy(PLACE_MS - 200);
    sim_expect_nothing(c);
    for (int i = 0; i < MOST; i++) {
        sim_expect(i, "</b>");
        assert_false(ends(i));
    }
    for (int i = 0; i < 4 && !ends(0); i++) {
        keep_busy(100);
    }
    for (int i = 0; i < MOST; i++) {
        assert_true(ends(i));
        sim_net()->clients[i].finished = true;
    }
    sim_run(s.server, 50);
    sim_expect(c, "</new>");
    assert_false(ends(c));
    int next = sim_ask(GET("/next"));
    sim_run(s.server, 50);
    sim_expect(next, "</next>");
    assert_false(ends(next));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_idle_one_gives_way),
        TEST(test_not_at_once),
        TEST(test_one_that_never_sent_gives_way),
        TEST(test_half_a_request_gives_way),
        TEST(test_idle_ones_go_before_half_requests),
        TEST(test_what_has_come_in_time_counts),
        TEST(test_a_running_one_does_not),
        TEST(test_busy_ones_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
