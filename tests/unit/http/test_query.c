#include "core/http/query.h"
#include "tests/unit/support/unit.h"

static void add(char *out, isere_slice_t s, const char *after)
{
    strncat(out, s.ptr, s.len);
    strcat(out, after);
}

static void splits_queries(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a=1", "a:1;"},
        {"a=1&b=2", "a:1;b:2;"},
        {"a", "a:;"},
        {"a=", "a:;"},
        {"=1", ":1;"},
        {"=", ":;"},
        {"&&a=1&&&b&", "a:1;b:;"},
        {"a=1=2", "a:1=2;"},
        {"a=%26&b=%3D", "a:%26;b:%3D;"},
        {"&", ""},
        {"a=1;b=2", "a:1;b=2;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char seen[64] = "";
        isere_slice_t rest = isere_slice(cases[i][0]);
        isere_slice_t name;
        isere_slice_t value;
        while (isere_http_query_next(&rest, &name, &value)) {
            add(seen, name, ":");
            add(seen, value, ";");
        }
        assert_string_equal(seen, cases[i][1]);
        assert_int_equal(rest.len, 0);
    }
}

static void splits_cookies(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a=1", "a=1|"},
        {"a=1; b=2", "a=1|b=2|"},
        {"a=1;b=2;", "a=1|b=2|"},
        {" ; a=1 ;\t;b", "a=1|b|"},
        {"a=\"x y\"; b=c=d", "a=\"x y\"|b=c=d|"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char seen[64] = "";
        isere_slice_t rest = isere_slice(cases[i][0]);
        isere_slice_t cookie;
        while (isere_http_cookie_next(&rest, &cookie)) {
            add(seen, cookie, "|");
        }
        assert_string_equal(seen, cases[i][1]);
    }
}

static void takes_an_empty_slice_without_pointer(void **state)
{
    isere_slice_t rest = {NULL, 0};
    isere_slice_t name;
    (void)state;
    assert_false(isere_http_query_next(&rest, &name, &name));
    assert_false(isere_http_cookie_next(&rest, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_queries),
        cmocka_unit_test(splits_cookies),
        cmocka_unit_test(takes_an_empty_slice_without_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
