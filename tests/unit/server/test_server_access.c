/* The access log of a server: what its lines say, and that there are none by
 * default. */
#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static const char slow[] = "export const handler = async (event) => {\n"
                           "  if (event.path === '/slow') await new Promise(r "
                           "=> setTimeout(r, 100));\n"
                           "  return 'four' }\n";

static server_fixture_t s;

static int setup(void **state)
{
    (void)state;
    server_init(&s);
    s.limits_config.access_log = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return server_teardown(&s);
}

/* The line without the client's address. */
static void expect_line(const char *text)
{
    const char *line = strchr(isere_test_state()->log, '"');
    assert_non_null(line);
    assert_string_equal(line, text);
    assert_int_equal(isere_test_state()->log_level, ISERE_LOG_INFO);
}

static void test_a_line_each(void **state)
{
    (void)state;
    server_must_start(&s, slow);
    size_t before = isere_test_state()->log_lines;
    int c = sim_ask(GET("/a?b"));
    sim_run(s.server, 0);
    sim_expect(c, "four");
    assert_int_equal(isere_test_state()->log_lines, before + 1);
    expect_line("\"GET /a?b HTTP/1.1\" 200 4 0ms");
    sim_send(c, "GET /slow HTTP/1.0\r\nUser-Agent: a\"b\r\n\r\n");
    sim_run(s.server, 200);
    expect_line("\"GET /slow HTTP/1.0\" 200 4 100ms \"a\\\"b\"");
    c = sim_ask("GET / HTTP/1.1\r\n\r\n");
    sim_run(s.server, 0);
    sim_expect(c, "HTTP/1.1 400");
    assert_non_null(strstr(isere_test_state()->log, "\"-\" 400 "));
    assert_int_equal(isere_test_state()->log_lines, before + 3);
}

static void test_a_client_that_leaves(void **state)
{
    (void)state;
    server_must_start(&s, slow);
    int c = sim_ask(GET("/slow"));
    sim_run(s.server, 50);
    sim_net()->clients[c].reset = true;
    sim_run(s.server, 200);
    expect_line("\"GET /slow HTTP/1.1\" - 0 50ms aborted");
}

/* The answer is written where the request was received. */
static void test_without_memory_for_the_answer(void **state)
{
    (void)state;
    server_must_start(&s, slow);
    isere_test_state_t *test = isere_test_state();
    int c = sim_ask("GET / HTTP/1.1\r\n");
    sim_run(s.server, 0);
    test->fail_at = test->allocations + 1;
    test->fail_after = true;
    sim_send(c, "Host: x\r\n\r\n");
    sim_run(s.server, 0);
    test->fail_at = 0;
    test->fail_after = false;
    sim_expect(c, "HTTP/1.1 500");
    assert_non_null(strstr(test->log, "\"-\" 500 "));
}

static void test_off_by_default(void **state)
{
    (void)state;
    isere_limits_config_init(&s.limits_config);
    server_must_start(&s, slow);
    size_t before = isere_test_state()->log_lines;
    int c = sim_ask(GET("/a"));
    sim_run(s.server, 0);
    sim_expect(c, "four");
    assert_int_equal(isere_test_state()->log_lines, before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_line_each),
        TEST(test_a_client_that_leaves),
        TEST(test_without_memory_for_the_answer),
        TEST(test_off_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
