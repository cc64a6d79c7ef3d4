/*
 * Tables of routes: which route takes a request, what that costs, conflicts,
 * and every allocation failing once.
 */
#include "core/route/route_internal.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Routes of the tests; the owner of each is its text. */
enum { CLAIMS_MAX = 32 };

static int reset(void **state)
{
    (void)state;
    isere_test_port_reset();
    return 0;
}

static int no_leaks(void **state)
{
    (void)state;
    assert_int_equal(isere_test_state()->live_blocks, 0);
    return 0;
}

/* Claims of texts separated by ", "; the claims point into `text`. */
static size_t claim_all(char *text, isere_route_claim_t *claims)
{
    size_t count = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        bool last = text[len] == '\0';
        text[len] = '\0';
        assert_true(count < CLAIMS_MAX);
        claims[count++] = (isere_route_claim_t){.text = text, .owner = text};
        text += last ? len : len + 2;
    }
    return count;
}

/* Matches in a table of `list`, and says what came of it:
 * "GET /a/{x} x=1", "none", or "allow GET, PUT". */
static void match_in(const char *list, const char *method, const char *path,
                     char *out, size_t size)
{
    char texts[512];
    isere_route_claim_t claims[CLAIMS_MAX];
    isere_routes_t *routes = NULL;
    isere_route_match_t match;
    size_t conflict[2];
    snprintf(texts, sizeof(texts), "%s", list);
    size_t count = claim_all(texts, claims);
    assert_int_equal(isere_routes_create(isere_test_port(), claims, count,
                                         &routes, conflict),
                     0);
    /* A block of exactly the path's size: the sanitizer sees reads beyond. */
    size_t len = strlen(path);
    char *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, path, len);
    int error = isere_routes_match(routes, isere_slice(method),
                                   isere_slice_of(copy, len), &match);
    if (error == ISERE_ERR_NOENT) {
        assert_null(match.owner);
        snprintf(out, size, "none");
    } else if (error == ISERE_ERR_INVAL) {
        assert_null(match.owner);
        snprintf(out, size, "allow %s", match.allow);
    } else {
        assert_int_equal(error, 0);
        assert_ptr_equal(match.owner, match.key);
        assert_string_equal(match.allow, "");
        size_t used = (size_t)snprintf(out, size, "%s", match.key);
        for (size_t i = 0; i < match.nparameters; i++) {
            const isere_path_parameter_t *p = &match.parameters[i];
            used += (size_t)snprintf(out + used, size - used, " %.*s=%.*s",
                                     (int)p->name.len, p->name.ptr,
                                     (int)p->value.len, p->value.ptr);
        }
    }
    free(copy);
    isere_routes_destroy(routes);
}

typedef struct case_t {
    const char *method;
    const char *path;
    const char *want;
} case_t;

static void check_cases(const char *routes, const case_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char out[512];
        match_in(routes, cases[i].method, cases[i].path, out, sizeof(out));
        if (strcmp(out, cases[i].want) != 0) {
            printf("%s %s in [%s]:\n", cases[i].method, cases[i].path, routes);
        }
        assert_string_equal(out, cases[i].want);
    }
}

/* Which route */

static void takes_the_most_specific(void **state)
{
    /* The table of API Gateway's documentation among them. */
    static const char routes[] =
        "GET /pets/dog/1, GET /pets/dog/{id}, GET /pets/{proxy+}, "
        "ANY /{proxy+}, ANY /pets/{kind}, POST /pets/{k}, POST /pets/cat";
    static const case_t cases[] = {
        {"GET", "/pets/dog/1", "GET /pets/dog/1"},
        {"GET", "/pets/dog/2", "GET /pets/dog/{id} id=2"},
        {"GET", "/pets/cat/1", "GET /pets/{proxy+} proxy=cat/1"},
        {"POST", "/test/5", "ANY /{proxy+} proxy=test/5"},
        {"GET", "/pets/cat", "ANY /pets/{kind} kind=cat"},
        {"POST", "/pets/cat", "POST /pets/cat"},
        {"POST", "/pets/cow", "POST /pets/{k} k=cow"},
        {"PUT", "/pets/cat", "ANY /pets/{kind} kind=cat"},
        {"PUT", "/pets/dog/1", "ANY /{proxy+} proxy=pets/dog/1"},
        {"GET", "/pets", "ANY /{proxy+} proxy=pets"},
        {"GET", "/", "none"},
    };
    (void)state;
    check_cases(routes, cases, COUNT(cases));
}

static void compares_from_the_left(void **state)
{
    static const case_t cases[] = {
        {"GET", "/a/b", "GET /a/{x} x=b"},
        {"GET", "/c/b", "GET /{y}/b y=c"},
        {"GET", "/a/b/c", "GET /a/{p+} p=b/c"},
        {"GET", "/z/b/c", "GET /{y}/b/c y=z"},
        {"GET", "/a/", "allow PUT"},
    };
    (void)state;
    check_cases("GET /{y}/b, GET /a/{x}, GET /a/{p+}, GET /{y}/b/c, PUT /{z}",
                cases, COUNT(cases));
}

static void goes_back_for_another_way(void **state)
{
    static const case_t cases[] = {
        {"GET", "/a/b/c/d", "GET /a/b/c/d"},
        {"GET", "/a/b/c/x", "GET /a/b/{c}/x c=c"},
        {"GET", "/a/b/c/y", "GET /a/{p+} p=b/c/y"},
        {"GET", "/b/b/c/y", "GET /{a}/b/c/y a=b"},
        {"GET", "/a/b/c/z", "GET /a/{p+} p=b/c/z"},
        {"GET", "/b/b/c/z", "GET /{p+} p=b/b/c/z"},
        {"POST", "/a/b/c/d", "POST /{a}/{b}/{c}/{d} a=a b=b c=c d=d"},
        {"PUT", "/a/b/c/d", "allow GET, HEAD, POST"},
        {"PUT", "/q/b", "allow GET, HEAD"},
    };
    (void)state;
    check_cases("GET /a/b/c/d, GET /a/b/{c}/x, GET /{a}/b/c/y, GET /a/{p+}, "
                "GET /{p+}, POST /{a}/{b}/{c}/{d}",
                cases, COUNT(cases));
}

static void knows_methods(void **state)
{
    static const case_t cases[] = {
        {"GET", "/x", "GET /x"},
        {"PUT", "/x", "ANY /x"},
        {"get", "/x", "ANY /x"}, /* methods have a case */
        {"GETS", "/x", "ANY /x"},
        {"GE", "/x", "ANY /x"},
        {"ANY", "/x", "ANY /x"},
        {"HEAD", "/y/1", "GET /y/{a} a=1"},
        {"get", "/y/1", "allow DELETE, GET, HEAD, PATCH, PUT"},
        {"", "/y/1", "allow DELETE, GET, HEAD, PATCH, PUT"},
        {"ANY", "/y/1", "allow DELETE, GET, HEAD, PATCH, PUT"},
        {"PUT", "/y/1", "PUT /{a}/{b} a=y b=1"},
        {"PATCH", "/y/1", "PATCH /{p+} p=y/1"},
        {"GET", "/z", "allow PATCH"},
        {"GET", "/", "none"},
    };
    (void)state;
    check_cases("GET /x, ANY /x, GET /y/{a}, PUT /{a}/{b}, GET /{a}/1, "
                "DELETE /y/1, PATCH /{p+}",
                cases, COUNT(cases));
}

/* RFC 9110 section 9.3.2. */
static void takes_head_for_get(void **state)
{
    static const case_t cases[] = {
        {"HEAD", "/a", "GET /a"},
        {"HEAD", "/b", "HEAD /b"},
        {"HEAD", "/c", "GET /c"},
        {"HEAD", "/d", "ANY /d"},
        {"HEAD", "/e", "allow POST"},
        {"HEAD", "/f", "GET /{x} x=f"}, /* the path decides first */
        {"HEAD", "/f/g", "GET /f/{x} x=g"},
        {"head", "/a", "allow GET, HEAD"},
        {"POST", "/b", "allow GET, HEAD"},
    };
    (void)state;
    check_cases("GET /a, GET /b, HEAD /b, ANY /c, GET /c, ANY /d", cases, 4);
    check_cases("GET /a, GET /b, HEAD /b, POST /e", cases + 4, 1);
    check_cases("POST /f, GET /{x}, GET /f/{x}, HEAD /{x}/g", cases + 5, 2);
    check_cases("GET /a, HEAD /b, GET /b", cases + 7, 2);
}

static void takes_what_is_left(void **state)
{
    static const case_t cases[] = {
        {"GET", "/x", "GET /x"},
        {"PUT", "/x", "$default"}, /* not 405 */
        {"GET", "/y", "$default"},
        {"GET", "/a/b", "ANY /a/{p+} p=b"},
        {"GET", "/a", "$default"},
        {"OPTIONS", "*", "$default"},
        {"CONNECT", "host:1", "$default"},
    };
    static const case_t without[] = {
        {"OPTIONS", "*", "none"},
        {"GET", "a", "none"},
    };
    (void)state;
    check_cases("$default, GET /x, ANY /a/{p+}", cases, COUNT(cases));
    check_cases("GET /x, ANY /{p+}, ANY /", without, COUNT(without));
}

static void ignores_a_trailing_slash(void **state)
{
    static const case_t cases[] = {
        {"GET", "/pets/", "GET /pets"},
        {"GET", "/pets", "GET /pets"},
        {"GET", "/pets/1/", "GET /pets/{id} id=1"},
        {"GET", "/pets//", "GET /pets/{id+} id=/"},
        {"GET", "/pets/1/2/", "GET /pets/{id+} id=1/2/"},
        {"GET", "/other/", "ANY /{all+} all=other/"},
        {"PUT", "/pets/", "ANY /{all+} all=pets/"},
        {"GET", "/", "GET /"},
        {"GET", "", "GET /"},
        {"GET", "//", "ANY /{all+} all=/"},
    };
    /* What function hello gets when it has no routes of its own. */
    static const case_t own[] = {
        {"GET", "/hello", "ANY /hello"},
        {"GET", "/hello/", "ANY /hello"},
        {"GET", "/hello/x/", "ANY /hello/{path+} path=x/"},
    };
    (void)state;
    check_cases("GET /, GET /pets, GET /pets/{id}, GET /pets/{id+}, "
                "ANY /{all+}",
                cases, COUNT(cases));
    check_cases("ANY /hello, ANY /hello/{path+}, ANY /{all+}", own, COUNT(own));
}

static void takes_paths_as_sent(void **state)
{
    static const case_t cases[] = {
        {"GET", "/a%2Fb", "GET /a%2Fb"},
        {"GET", "/%61%2fb", "GET /a%2Fb"},
        {"GET", "/a/b", "GET /{p+} p=a/b"},
        {"GET", "/c%2Fd", "GET /{x} x=c%2Fd"},
        {"GET", "/%7Bx%7D", "GET /%7Bx%7D"},
        {"GET", "/%A", "GET /{x} x=%A"},
        {"GET", "/%c3%a4", "GET /%C3%A4"},
        {"GET", "/..", "GET /{x} x=.."},
        {"GET", "/../a", "GET /{p+} p=../a"},
        {"GET", "/%2e%2e/a", "GET /{p+} p=%2e%2e/a"},
        {"GET", "//a", "GET /{p+} p=/a"},
        {"GET", "/a//b", "GET /{p+} p=a//b"},
        {"GET", "/A%2Fb", "GET /{x} x=A%2Fb"}, /* paths have a case */
        {"GET", "/+", "GET /{x} x=+"},
        {"GET", "/%20", "GET /%20"},
        {"GET", "/%", "GET /{x} x=%"},
        {"GET", "/%00", "GET /{x} x=%00"},
        {"GET", "/a%2Fb%00", "GET /{x} x=a%2Fb%00"},
        {"GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r",
         "GET /{p+} p=a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"},
    };
    (void)state;
    check_cases("GET /a%2Fb, GET /{x}, GET /{p+}, GET /%7Bx%7D, GET /%C3%A4, "
                "GET /%20",
                cases, COUNT(cases));
}

static void goes_as_deep_as_routes_may(void **state)
{
    static const case_t cases[] = {
        {"GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
         "GET /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"},
        {"GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/",
         "GET /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"},
        {"GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "none"},
        {"GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "none"},
        {"PUT", "/b/a/a/a/a/a/a/a/a/a/a/a/a/a/a/c/a",
         "PUT /b/a/a/a/a/a/a/a/a/a/a/a/a/a/a/{p+} p=c/a"},
        {"PUT", "/b/a/a/a/a/a/a/a/a/a/a/a/a/a/a//",
         "PUT /b/a/a/a/a/a/a/a/a/a/a/a/a/a/a/{p+} p=/"},
    };
    (void)state;
    check_cases("GET /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a, "
                "PUT /b/a/a/a/a/a/a/a/a/a/a/a/a/a/a/{p+}",
                cases, COUNT(cases));
}

static void allows_what_there_is_room_for(void **state)
{
    static const case_t cases[] = {
        {"GET", "/a",
         "allow AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, "
         "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC, HEAD, PUT"},
    };
    (void)state;
    char out[512];
    check_cases("PUT /a, CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC /a, HEAD /a, "
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /a",
                cases, COUNT(cases));
    match_in("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB /a, "
             "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC /a, "
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /a",
             "GET", "/a", out, sizeof(out));
    /* Two of the three, whole. */
    assert_int_equal(strlen(out), strlen("allow ") + 32 + 2 + 32);
}

/* Tables */

/* Builds a table of `list` and expects a conflict of claims a and b. */
static void assert_conflict(const char *list, size_t a, size_t b)
{
    char texts[512];
    isere_route_claim_t claims[CLAIMS_MAX];
    isere_routes_t *routes = NULL;
    size_t conflict[2] = {99, 99};
    snprintf(texts, sizeof(texts), "%s", list);
    size_t count = claim_all(texts, claims);
    assert_int_equal(isere_routes_create(isere_test_port(), claims, count,
                                         &routes, conflict),
                     ISERE_ERR_INUSE);
    assert_null(routes);
    assert_int_equal(conflict[0], a);
    assert_int_equal(conflict[1], b);
    assert_int_equal(isere_test_state()->live_blocks, 0);
}

static void finds_conflicts(void **state)
{
    char out[64];
    (void)state;
    assert_conflict("GET /a, PUT /a, GET /b, GET /a", 0, 3);
    assert_conflict("ANY /a, GET /a, ANY /a", 0, 2);
    assert_conflict("GET /x, GET /a/{x}, GET /a/{y}", 1, 2);
    assert_conflict("GET /a/{x}/b/{p+}, GET /a/{y}/b/{q+}", 0, 1);
    assert_conflict("GET /abc, GET /a%62c", 0, 1);
    assert_conflict("GET /a%2fb, GET /%61%2Fb", 0, 1);
    assert_conflict("$default, GET /a, $default", 0, 2);
    assert_conflict("GET /, GET /", 0, 1);
    /* None of these is one. */
    match_in("GET /, ANY /, GETA /a, GET /a, PUT /a, GETB /a, GET /a/{x}, PUT "
             "/a/{y}, "
             "GET /a/{x+}, GET /a/x, GET /a/%7Bx%7D, GET /a%2Fx, ANY /{x+}, "
             "$default, GET /A",
             "PUT", "/a/b", out, sizeof(out));
    assert_string_equal(out, "PUT /a/{y} y=b");
}

static void builds_an_empty_table(void **state)
{
    isere_routes_t *routes = NULL;
    isere_route_match_t match;
    size_t conflict[2];
    (void)state;
    assert_int_equal(
        isere_routes_create(isere_test_port(), NULL, 0, &routes, conflict), 0);
    assert_int_equal(isere_routes_match(routes, isere_slice("GET"),
                                        isere_slice("/a/b"), &match),
                     ISERE_ERR_NOENT);
    isere_routes_destroy(routes);
    isere_routes_destroy(NULL);
}

static void survives_every_failing_allocation(void **state)
{
    static const isere_route_claim_t claims[] = {
        {.text = "GET /a/b", .owner = NULL},
        {.text = "GET /a/c", .owner = NULL}, /* shares /a: the block is cut */
        {.text = "$default", .owner = NULL},
    };
    isere_test_state_t *port = isere_test_state();
    size_t conflict[2];
    isere_route_match_t match;
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        isere_routes_t *routes = NULL;
        isere_test_port_reset();
        port->fail_at = n;
        int error = isere_routes_create(isere_test_port(), claims,
                                        COUNT(claims), &routes, conflict);
        if (n == 1) {
            assert_int_equal(error, ISERE_ERR_NOMEM);
            assert_null(routes);
            assert_int_equal(port->live_blocks, 0);
            continue;
        }
        /* The second one makes the block smaller: it need not. */
        assert_int_equal(error, 0);
        assert_int_equal(port->allocations, 2);
        assert_int_equal(isere_routes_match(routes, isere_slice("GET"),
                                            isere_slice("/a/c"), &match),
                         0);
        assert_string_equal(match.key, "GET /a/c");
        assert_int_equal(port->allocations, 2);
        isere_routes_destroy(routes);
    }
}

/* A table of the routes that `count` functions get when they say nothing. */
static isere_routes_t *make_functions(size_t count, char (*texts)[32],
                                      isere_route_claim_t *claims)
{
    isere_routes_t *routes = NULL;
    size_t conflict[2];
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[2 * i], 32, "ANY /f%zu", i);
        snprintf(texts[2 * i + 1], 32, "ANY /f%zu/{path+}", i);
        claims[2 * i] = (isere_route_claim_t){texts[2 * i], texts[2 * i]};
        claims[2 * i + 1] =
            (isere_route_claim_t){texts[2 * i + 1], texts[2 * i]};
    }
    assert_int_equal(isere_routes_create(isere_test_port(), claims, 2 * count,
                                         &routes, conflict),
                     0);
    return routes;
}

/* Asks for each function once, and adds up what that cost. */
static isere__route_cost_t ask_functions(const isere_routes_t *routes,
                                         size_t count)
{
    isere__route_cost_t cost = {0, 0};
    for (size_t i = 0; i < count; i++) {
        char path[32];
        char key[32];
        isere_route_match_t match;
        snprintf(path, sizeof(path), "/f%zu/a", i);
        snprintf(key, sizeof(key), "ANY /f%zu/{path+}", i);
        assert_int_equal(isere_routes__match(routes, isere_slice("GET"),
                                             isere_slice(path), &match, &cost),
                         0);
        assert_string_equal(match.key, key);
    }
    return cost;
}

static void costs_the_same_with_many_functions(void **state)
{
    enum { MANY = 1000 };
    char(*texts)[32] = malloc(sizeof(char[2 * MANY][32]));
    isere_route_claim_t *claims = malloc(2 * MANY * sizeof(*claims));
    (void)state;
    assert_non_null(texts);
    assert_non_null(claims);
    for (size_t count = 1; count <= MANY; count *= 10) {
        isere_routes_t *routes = make_functions(count, texts, claims);
        isere__route_cost_t cost = ask_functions(routes, count);
        /* The root, /fN and its {path+}. */
        assert_int_equal(cost.nodes, 3 * count);
        /* Two look-ups each; a third of a collision each on the average. */
        assert_true(cost.probes <= 2 * count + 2 * count / 3 + 1);
        isere_routes_destroy(routes);
    }
    free(claims);
    free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_the_most_specific, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(compares_from_the_left, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(goes_back_for_another_way, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(knows_methods, reset, no_leaks),
        cmocka_unit_test_setup_teardown(takes_head_for_get, reset, no_leaks),
        cmocka_unit_test_setup_teardown(takes_what_is_left, reset, no_leaks),
        cmocka_unit_test_setup_teardown(ignores_a_trailing_slash, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(takes_paths_as_sent, reset, no_leaks),
        cmocka_unit_test_setup_teardown(goes_as_deep_as_routes_may, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(allows_what_there_is_room_for, reset,
                                        no_leaks),
        cmocka_unit_test_setup_teardown(finds_conflicts, reset, no_leaks),
        cmocka_unit_test_setup_teardown(builds_an_empty_table, reset, no_leaks),
        cmocka_unit_test_setup_teardown(survives_every_failing_allocation,
                                        reset, no_leaks),
        cmocka_unit_test_setup_teardown(costs_the_same_with_many_functions,
                                        reset, no_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
