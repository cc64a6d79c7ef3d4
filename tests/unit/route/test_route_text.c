/* Texts of routes: what is one and what is not. */
#include "core/route/route.h"
#include "tests/unit/support/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void accepts_and_makes_canonical(void **state)
{
    static const char *const cases[][2] = {
        {"GET /v1/pets:batch/a*/:/:1", "GET /v1/pets:batch/a*/:/:1"},
        {"GET /", "GET /"},
        {"$default", "$default"},
        {"get /pets", "GET /pets"},
        {"AnY   /Pets/{petId}/", "ANY /Pets/{petId}"},
        {"ANY /files/{path+}", "ANY /files/{path+}"},
        {"ANY /files/{path+}/", "ANY /files/{path+}"},
        {"ANY /{proxy+}", "ANY /{proxy+}"},
        {"PROPFIND /a-b_c.d~e", "PROPFIND /a-b_c.d~e"},
        {"GET /a%2Fb/%c3%A4", "GET /a%2Fb/%c3%A4"},
        {"GET /!$&'()*+,;=:@", "GET /!$&'()*+,;=:@"},
        {"GET /...", "GET /..."},
        {"GET /$default", "GET /$default"},
        {"GET /{A.b_c-9}", "GET /{A.b_c-9}"},
        {"GET /isere/_isere", "GET /isere/_isere"},
        {"GET /{_isere}", "GET /{_isere}"},
        {"GET /1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/",
         "GET /1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g"},
        {"GET /{a}/{b}/{c}/{aa}", "GET /{a}/{b}/{c}/{aa}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char canonical[ISERE_ROUTE_TEXT_MAX];
        const char *reason = "";
        int error =
            isere_route_check(isere_slice(cases[i][0]), canonical, &reason);
        assert_string_equal(reason, "");
        assert_int_equal(error, 0);
        assert_string_equal(canonical, cases[i][1]);
    }
}

static void assert_refused(isere_slice_t text, const char *part)
{
    char canonical[ISERE_ROUTE_TEXT_MAX];
    const char *reason = NULL;
    assert_int_equal(isere_route_check(text, canonical, &reason),
                     ISERE_ERR_INVAL);
    if (!strstr(reason, part)) {
        printf("%.*s: %s\n", (int)text.len, text.ptr, reason);
    }
    assert_non_null(strstr(reason, part));
}

static void refuses_and_says_why(void **state)
{
    static const char *const cases[][2] = {
        {"GET /:id", "written /{name}, not /:name"},
        {"GET /a/:id/b", "written /{name}, not /:name"},
        {"GET /a/*", "written /{name+}, not /*"},
        {"GET /**", "written /{name+}, not /*"},
        {"", "a method and a path"},
        {"GET", "a method and a path"},
        {"/pets", "a method and a path"},
        {"GET/pets", "a method and a path"},
        {" GET /pets", "a method and a path"},
        {"GET\t/pets", "a method and a path"},
        {"M-SEARCH /", "a method and a path"},
        {"$Default", "a method and a path"},
        {"$default ", "a method and a path"},
        {"GET ", "begin with /"},
        {"GET pets", "begin with /"},
        {"ANY $default", "begin with /"},
        {"GET http://host/pets", "begin with /"},
        {"GET *", "begin with /"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG /", "longer than 32"},
        {"GET //", "two slashes"},
        {"GET //pets", "two slashes"},
        {"GET /pets//", "two slashes"},
        {"GET /pets//1", "two slashes"},
        {"GET /.", ". or .."},
        {"GET /a/../b", ". or .."},
        {"GET /a/%2e%2E", ". or .."},
        {"GET /a/.%2e/b", ". or .."},
        {"GET /a?b=c", "a query"},
        {"GET /a#b", "a query"},
        {"GET /a b", "percent-encoded"},
        {"GET /a ", "percent-encoded"},
        {"GET /a\x01", "percent-encoded"},
        {"GET /\xc3\xa4", "percent-encoded"},
        {"GET /a\\b", "percent-encoded"},
        {"GET /<a>", "percent-encoded"},
        {"GET /%", "two hexadecimal"},
        {"GET /a%4", "two hexadecimal"},
        {"GET /a%4/1", "two hexadecimal"},
        {"GET /%zz", "two hexadecimal"},
        {"GET /{}", "no name"},
        {"GET /{+}", "no name"},
        {"GET /{a", "whole segment"},
        {"GET /a}", "whole segment"},
        {"GET /{", "whole segment"},
        {"GET /}", "whole segment"},
        {"GET /{a}b", "whole segment"},
        {"GET /a{b}", "whole segment"},
        {"GET /{a}{b}", "only letters"},
        {"GET /{a b}", "only letters"},
        {"GET /{a++}", "only letters"},
        {"GET /{a+b}", "only letters"},
        {"GET /{a*}", "only letters"},
        {"GET /{a/b}", "whole segment"},
        {"GET /{\xc3\xa4}", "only letters"},
        {"GET /{a+}/b", "must be the last"},
        {"GET /{a+}/{b+}", "must be the last"},
        {"GET /{a}/{a}", "the same name"},
        {"GET /{a}/b/{c}/{a+}", "the same name"},
        {"GET /_isere", "reserved"},
        {"ANY /_isere/v1/{x+}", "reserved"},
        {"ANY /_isereX", "reserved"},
        {"ANY /%5fi%73ere/v1", "reserved"},
        {"GET /1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", "16 segments"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_refused(isere_slice(cases[i][0]), cases[i][1]);
    }
    assert_refused(isere_slice_of("GET /a\0b", 8), "percent-encoded");
    assert_refused(isere_slice_of(NULL, 0), "a method and a path");
}

/* "GET /aaa...", `len` bytes in all, with a NUL behind. */
static void make_long(char *text, size_t len)
{
    memset(text, 'a', len);
    memcpy(text, "GET /", 5);
    text[len] = '\0';
}

static void keeps_the_limits(void **state)
{
    char text[400];
    char canonical[ISERE_ROUTE_TEXT_MAX];
    const char *reason = NULL;
    (void)state;
    make_long(text, 255);
    assert_int_equal(isere_route_check(isere_slice(text), canonical, &reason),
                     0);
    assert_string_equal(canonical, text);
    make_long(text, 256);
    assert_refused(isere_slice(text), "longer than 255");
    text[255] = '/'; /* which is not kept */
    assert_int_equal(isere_route_check(isere_slice(text), canonical, &reason),
                     0);
    assert_int_equal(strlen(canonical), 255);
    snprintf(text, sizeof(text), "GET /{%064d}", 1);
    assert_int_equal(isere_route_check(isere_slice(text), canonical, &reason),
                     0);
    snprintf(text, sizeof(text), "GET /{%065d+}", 1);
    assert_refused(isere_slice(text), "longer than 64");
    strcpy(text, "GET ");
    for (size_t i = 0; i < ISERE_MAX_PATH_PARAMETERS; i++) {
        snprintf(text + strlen(text), 8, "/{p%02u}", (unsigned)i);
    }
    assert_int_equal(isere_route_check(isere_slice(text), canonical, &reason),
                     0);
    strcat(text, "/{more}");
    assert_refused(isere_slice(text), "parameters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_makes_canonical),
        cmocka_unit_test(refuses_and_says_why),
        cmocka_unit_test(keeps_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
