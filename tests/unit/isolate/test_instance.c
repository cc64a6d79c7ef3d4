/* Direct invocations: what a program may ask for, and what it gets told. */
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static js_fixture_t f;
static isere_instance_t *instance;

static int setup(void **state)
{
    (void)state;
    static const js_file_t files[] = {
        {"main.js", "export const handler = (e) => {"
                    "  if (e.path === '/throw') throw new Error('boom');"
                    "  return e.method + ' ' + e.path + '?' + e.query + ' ' +"
                    "    e.headers['x-a'] + ' ' + e.rawBody }"},
        {NULL, NULL}};
    (void)js_setup(&f);
    return js_compile(&f, files) ||
           isere_function_create(f.port, f.code, f.code_size, &f.config,
                                 &f.function, &f.fault) ||
           isere_instance_create(f.port, f.function, &instance, &f.fault);
}

static int teardown(void **state)
{
    (void)state;
    isere_instance_destroy(instance);
    return js_teardown(&f);
}

static void expect(const isere_request_t *request, const char *body)
{
    isere_result_t result;
    assert_int_equal(isere_instance_invoke(instance, request, &result), 0);
    assert_null(result.error);
    assert_string_equal(result.reason, "");
    assert_true(isere_slice_is(result.body, body));
}

static void test_members_left_out_mean_a_plain_get(void **state)
{
    (void)state;
    isere_request_t request = {0};
    expect(&request, "GET /? undefined null");
}

static void test_all_members_reach_the_handler(void **state)
{
    (void)state;
    isere_field_t field = {ISERE_SLICE("X-A"), ISERE_SLICE("1")};
    isere_request_t request = {.method = ISERE_SLICE("PUT"),
                               .target = ISERE_SLICE("/p?q=1"),
                               .fields = &field,
                               .nfields = 1,
                               .body = ISERE_SLICE("text\r\n\0x")};
    isere_result_t result;
    assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
    assert_memory_equal(result.body.ptr, "PUT /p?q=1 1 text\r\n\0x", 21);
}

static void test_an_error_is_told_and_forgotten(void **state)
{
    (void)state;
    isere_request_t request = {.target = ISERE_SLICE("/throw")};
    isere_result_t result;
    assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
    assert_int_equal(result.status, 500);
    assert_string_equal(result.error, "exception");
    assert_string_equal(result.reason, "Error: boom");
    test_members_left_out_mean_a_plain_get(NULL);
}

static void refuse(isere_request_t request)
{
    isere_result_t result;
    assert_int_equal(isere_instance_invoke(instance, &request, &result),
                     ISERE_ERR_INVAL);
}

static void test_nothing_ends_the_line_it_is_written_to(void **state)
{
    (void)state;
    static const isere_field_t bad[] = {
        {ISERE_SLICE("X-A"), ISERE_SLICE("1\r\nX-Evil: 2")},
        {ISERE_SLICE("X-A"), ISERE_SLICE("1\n2")},
        {ISERE_SLICE("X-A"), ISERE_SLICE("1\0")},
        {ISERE_SLICE("X-A: b"), ISERE_SLICE("1")},
        {ISERE_SLICE(""), ISERE_SLICE("1")},
        {ISERE_SLICE("X A"), ISERE_SLICE("1")},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        refuse((isere_request_t){.fields = &bad[i], .nfields = 1});
    }
    refuse((isere_request_t){
        .target = ISERE_SLICE("/a HTTP/1.1\r\nX-Evil: 1\r\nY:")});
    refuse((isere_request_t){.target = ISERE_SLICE("/a b")});
    refuse((isere_request_t){.target = ISERE_SLICE("a")});
    refuse((isere_request_t){.method = ISERE_SLICE("GET /x HTTP/1.1\r\n")});
    test_members_left_out_mean_a_plain_get(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_members_left_out_mean_a_plain_get),
        TEST(test_all_members_reach_the_handler),
        TEST(test_an_error_is_told_and_forgotten),
        TEST(test_nothing_ends_the_line_it_is_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
