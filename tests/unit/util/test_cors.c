/* Policies for other origins: which are taken, and what answers get. */
#include "core/util/cors.h"
#include "tests/unit/support/unit.h"
#include <stdio.h>

static const char *problem_of(const char *policy, isere_cors_part_t *part)
{
    return isere_cors_problem(isere_slice(policy), part);
}

static void test_policies(void **state)
{
    (void)state;
    static const char *const fine[] = {
        "*\n\n\n\n\n",
        "https://*\n*\n*\n*\ntrue\n0",
        "https://a.b http://localhost:3000 http://[::1]:80\nGET, PUT\nX-A, "
        "*\nx\ntrue\n86400",
    };
    static const struct {
        const char *policy;
        isere_cors_part_t part;
    } wrong[] = {
        {"\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"*", ISERE_CORS_ORIGINS},
        {"*\n\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"a.b\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"https://\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"https://a.b/\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"https://A.b\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"https://*.b\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"*  *\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"* \n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"null\n\n\n\n\n", ISERE_CORS_ORIGINS},
        {"*\nGET,PUT\n\n\n\n", ISERE_CORS_METHODS},
        {"*\nGET, \n\n\n\n", ISERE_CORS_METHODS},
        {"*\nGET,\n\n\n\n", ISERE_CORS_METHODS},
        {"*\n, GET\n\n\n\n", ISERE_CORS_METHODS},
        {"*\n\nX A\n\n\n", ISERE_CORS_HEADERS},
        {"*\n\n\nX\r\n\n", ISERE_CORS_EXPOSE},
        {"https://a\n\n\n\nfalse\n", ISERE_CORS_CREDENTIALS},
        {"*\n\n\n\ntrue\n", ISERE_CORS_CREDENTIALS},
        {"https://a *\n\n\n\ntrue\n", ISERE_CORS_CREDENTIALS},
        {"*\n\n\n\n\n86401", ISERE_CORS_AGE},
        {"*\n\n\n\n\n4294967297", ISERE_CORS_AGE},
        {"*\n\n\n\n\n01", ISERE_CORS_AGE},
        {"*\n\n\n\n\n-1", ISERE_CORS_AGE},
    };
    isere_cors_part_t part;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        assert_null(problem_of(fine[i], &part));
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!problem_of(wrong[i].policy, &part)) {
            fail_msg("policy %lu", (unsigned long)i);
        }
        assert_int_equal(part, wrong[i].part);
    }
    char text[ISERE_CORS_MAX + 64];
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://", 8);
    strcpy(text + ISERE_CORS_MAX - 6, "\n\n\n\n\n");
    assert_int_equal(strlen(text), ISERE_CORS_MAX - 1);
    assert_null(problem_of(text, &part));
    strcpy(text + ISERE_CORS_MAX - 5, "\n\n\n\n\n");
    text[ISERE_CORS_MAX - 6] = 'a';
    assert_non_null(problem_of(text, &part));
}

/* The fields as they would stand in an answer. */
static void expect_fields(const char *policy, const char *origin,
                          bool preflight, const char *expected)
{
    isere_field_t fields[ISERE_CORS_FIELDS];
    char text[512] = "";
    size_t count = isere_cors_fields(
        policy, origin ? isere_slice(origin) : isere_slice_of(NULL, 0),
        preflight, fields);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%.*s: %.*s\n",
                 (int)fields[i].name.len, fields[i].name.ptr,
                 (int)fields[i].value.len, fields[i].value.ptr);
    }
    assert_string_equal(text, expected);
}

static void test_fields(void **state)
{
    (void)state;
    static const char all[] = "*\nPUT\n\nX-A, X-B\n\n0";
    static const char some[] =
        "https://a.b https://a:8443\n*\nX-A\n\ntrue\n600";
    expect_fields(all, NULL, false, "");
    expect_fields(all, "https://x", false,
                  "Access-Control-Allow-Origin: *\n"
                  "Access-Control-Expose-Headers: X-A, X-B\n");
    expect_fields(all, "null", true,
                  "Access-Control-Allow-Origin: *\n"
                  "Access-Control-Allow-Methods: PUT\n"
                  "Access-Control-Max-Age: 0\n");
    expect_fields(some, NULL, false, "Vary: Origin\n");
    expect_fields(some, "https://a", false, "Vary: Origin\n");
    expect_fields(some, "https://a.b.c", true, "Vary: Origin\n");
    expect_fields(some, "", true, "Vary: Origin\n");
    expect_fields(some, "https://a:8443", false,
                  "Vary: Origin\n"
                  "Access-Control-Allow-Origin: https://a:8443\n"
                  "Access-Control-Allow-Credentials: true\n");
    expect_fields(some, "https://a.b", true,
                  "Vary: Origin\n"
                  "Access-Control-Allow-Origin: https://a.b\n"
                  "Access-Control-Allow-Credentials: true\n"
                  "Access-Control-Allow-Methods: *\n"
                  "Access-Control-Allow-Headers: X-A\n"
                  "Access-Control-Max-Age: 600\n");
    expect_fields("https://*\n\n\n\n\n", "https://x.y", false,
                  "Vary: Origin\nAccess-Control-Allow-Origin: https://x.y\n");
    expect_fields("https://*\n\n\n\n\n", "http://x.y", false, "Vary: Origin\n");
    expect_fields("https://*\n\n\n\n\n", "https://", false, "Vary: Origin\n");
}

static void test_json(void **state)
{
    (void)state;
    char text[256];
    isere_writer_t w = isere_writer_begin(text, sizeof(text) - 1);
    isere_cors_put_json(&w, "https://a http://b\nGET, PUT\n\nX\ntrue\n0");
    text[w.len] = '\0';
    assert_string_equal(
        text, "{\"allowOrigins\":[\"https://a\",\"http://b\"],"
              "\"allowMethods\":[\"GET\",\"PUT\"],\"exposeHeaders\":[\"X\"],"
              "\"allowCredentials\":true,\"maxAge\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
