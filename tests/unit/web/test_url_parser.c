/*
 * The URL parser without JavaScript: results, offsets, reads within bounds,
 * every allocation failing once, and time and memory that grow linearly.
 */
#include "core/web/url/url_normal.h"
#include "core/web/url/url_params.h"
#include "core/web/url/url_parser.h"
#include "tests/unit/support/unit.h"

/* Memory that counts, and fails at the allocation it is told to. */
typedef struct counter {
    long blocks;  /* in use */
    long fail_at; /* 0: never; 1: the next allocation */
    size_t largest;
} counter_t;

static void *resize(void *ctx, void *ptr, size_t size)
{
    counter_t *counter = ctx;
    if (size == 0) {
        counter->blocks -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (counter->fail_at > 0 && --counter->fail_at == 0) {
        return NULL;
    }
    counter->largest = size > counter->largest ? size : counter->largest;
    counter->blocks += ptr == NULL;
    return realloc(ptr, size);
}

static counter_t counter;
static const isere_url_memory_t memory = {resize, &counter};

static int reset(void **state)
{
    (void)state;
    memset(&counter, 0, sizeof(counter));
    return 0;
}

/* Parses from a block of exactly the text's size, so that a sanitizer sees a
 * read beyond it. */
static int parse(const char *text, const isere_url_t *base, isere_url_t *url)
{
    size_t len = strlen(text);
    char *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, text, len);
    int error = isere__url_parse(&memory, isere_slice_of(copy, len), base, url);
    free(copy);
    return error;
}

static void assert_slice(isere_slice_t slice, const char *text)
{
    if (!isere_slice_is(slice, text)) {
        fail_msg("\"%.*s\" is not \"%s\"", (int)slice.len, slice.ptr, text);
    }
}

static void parts(void **state)
{
    isere_url_t url;
    isere_slice_t scheme;
    isere_slice_t host;
    (void)state;
    assert_int_equal(
        parse(" HTTPS://us er:p:w@EXAMPLE.com:08443/a/./b\t?q=\"#f g ", NULL,
              &url),
        0);
    assert_slice(isere__url_href(&url),
                 "https://us%20er:p%3Aw@example.com:8443/a/b?q=%22#f%20g");
    assert_slice(isere__url_protocol(&url), "https:");
    assert_slice(isere__url_username(&url), "us%20er");
    assert_slice(isere__url_password(&url), "p%3Aw");
    assert_slice(isere__url_host(&url), "example.com:8443");
    assert_slice(isere__url_hostname(&url), "example.com");
    assert_slice(isere__url_port(&url), "8443");
    assert_slice(isere__url_pathname(&url), "/a/b");
    assert_slice(isere__url_search(&url), "?q=%22");
    assert_slice(isere__url_hash(&url), "#f%20g");
    assert_true(isere__url_origin(&url, &scheme, &host));
    assert_slice(scheme, "https:");
    assert_slice(host, "example.com:8443");
    isere__url_free(&memory, &url);
    assert_int_equal(counter.blocks, 0);
}

static void empty_parts(void **state)
{
    isere_url_t url;
    isere_slice_t ignored;
    (void)state;
    assert_int_equal(parse("foo:?#", NULL, &url), 0);
    assert_slice(isere__url_href(&url), "foo:?#");
    assert_slice(isere__url_username(&url), "");
    assert_slice(isere__url_password(&url), "");
    assert_slice(isere__url_host(&url), "");
    assert_slice(isere__url_port(&url), "");
    assert_slice(isere__url_pathname(&url), "");
    assert_slice(isere__url_search(&url), "");
    assert_slice(isere__url_hash(&url), "");
    assert_false(isere__url_origin(&url, &ignored, &ignored));
    isere__url_free(&memory, &url);
}

static void results(void **state)
{
    static const struct {
        const char *base;
        const char *input;
        const char *href; /* NULL: no URL */
    } cases[] = {
        {NULL, "", NULL},
        {NULL, "no scheme", NULL},
        {NULL, "http://", NULL},
        {NULL, "http://\xc3\xa9/", NULL},
        {NULL, "http://%C3%A9/", NULL},
        {NULL, "http://a%00b/", NULL},
        {NULL, "http://xn--mnchen-3ya.DE/", "http://xn--mnchen-3ya.de/"},
        {NULL, "foo://\xc3\xa9/", "foo://%C3%A9/"},
        {NULL, "http://0x7f.1/", "http://127.0.0.1/"},
        {NULL, "http://4294967295/", "http://255.255.255.255/"},
        {NULL, "http://4294967296/", NULL},
        {NULL, "http://1.2.3.4.5/", NULL},
        {NULL, "http://1.2.3.256/", NULL},
        {NULL, "http://1.2.256.4/", NULL},
        {NULL, "http://09/", NULL},
        {NULL, "http://99999999999999999999999999/", NULL},
        {NULL, "http://[::1.2.3.4]/", "http://[::102:304]/"},
        {NULL, "http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"},
        {NULL, "http://[1:2:3:4:5:6:7::]/", "http://[1:2:3:4:5:6:7:0]/"},
        {NULL, "http://[1:2:3:4:5:6::7:8]/", NULL},
        {NULL, "http://[1:2:3:4:5:6:7:8:9]/", NULL},
        {NULL, "http://[1:2:3:4:5:6:7:1.2.3.4]/", NULL},
        {NULL, "http://[::1.2.3.04]/", NULL},
        {NULL, "http://[::1.2.3]/", NULL},
        {NULL, "http://[::12345]/", NULL},
        {NULL, "http://[:]/", NULL},
        {NULL, "http://[]/", NULL},
        {NULL, "http://[::1/", NULL},
        {NULL, "file:///C|/../..", "file:///C:/"},
        {NULL, "file://localhost/x", "file:///x"},
        {NULL, "foo:/..//x", "foo:/.//x"},
        {NULL, "data:a  ?b", "data:a %20?b"},
        {"http://a/b/c?d#e", "", "http://a/b/c?d"},
        {"http://a/b/c?d#e", "#f", "http://a/b/c?d#f"},
        {"http://a/b/c?d#e", "?", "http://a/b/c?"},
        {"http://a/b/c?d#e", "../../x", "http://a/x"},
        {"http://a/b/c?d#e", "//x", "http://x/"},
        {"http://a/b/c?d#e", "http:x", "http://a/b/x"},
        {"foo:/.//x", "y", "foo:/.//y"},
        {"foo:/.//x", "#y", "foo:/.//x#y"},
        {"foo:x", "y", NULL},
        {"foo:x?y", "#z", "foo:x?y#z"},
        {"file:///C:/a/b", "/x", "file:///C:/x"},
        {"file:///C:/a/b", "D|/x", "file:///D:/x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        isere_url_t base = {.href = NULL};
        isere_url_t url = {.href = NULL};
        if (cases[i].base) {
            assert_int_equal(parse(cases[i].base, NULL, &base), 0);
        }
        int error = parse(cases[i].input, base.href ? &base : NULL, &url);
        if (cases[i].href) {
            assert_int_equal(error, 0);
            assert_slice(isere__url_href(&url), cases[i].href);
        } else {
            if (error != ISERE_ERR_INVAL) {
                fail_msg("%s parses", cases[i].input);
            }
        }
        isere__url_free(&memory, &url);
        isere__url_free(&memory, &base);
    }
    assert_int_equal(counter.blocks, 0);
}

typedef int setter_t(const isere_url_memory_t *, isere_url_t *, isere_slice_t);

static const struct {
    const char *url;
    setter_t *setter;
    const char *value;
    const char *href;
} changes[] = {
    {"http://h:443/x", isere__url_set_protocol, "HTTPS:x", "https://h/x"},
    {"http://h/", isere__url_set_protocol, "foo", "http://h/"},
    {"http://u@h/", isere__url_set_protocol, "file", "http://u@h/"},
    {"http://h/", isere__url_set_username, "\t@", "http://%09%40@h/"},
    {"http://u:p@h/", isere__url_set_username, "", "http://:p@h/"},
    {"http://u:p@h/", isere__url_set_password, "", "http://u@h/"},
    {"file://h/", isere__url_set_password, "x", "file://h/"},
    {"http://u@h:1/p?q", isere__url_set_host, "x:2/y", "http://u@x:2/p?q"},
    {"http://h:1/", isere__url_set_host, "x:99999", "http://x:1/"},
    {"http://h/", isere__url_set_host, "", "http://h/"},
    {"foo:/.//x", isere__url_set_host, "h", "foo://h//x"},
    {"file://h/x", isere__url_set_host, "localhost", "file:///x"},
    {"http://h:1/", isere__url_set_hostname, "x:2", "http://h:1/"},
    {"http://h:1/", isere__url_set_hostname, "[::2]", "http://[::2]:1/"},
    {"http://h/", isere__url_set_port, "81x", "http://h:81/"},
    {"http://h:1/", isere__url_set_port, "80", "http://h/"},
    {"http://h:1/", isere__url_set_port, "", "http://h/"},
    {"http://h:1/", isere__url_set_port, "65536", "http://h:1/"},
    {"http://h/x?q#f", isere__url_set_pathname, "a/../b?#",
     "http://h/b%3F%23?q#f"},
    {"foo:/x", isere__url_set_pathname, "//y", "foo:/.//y"},
    {"foo:/x", isere__url_set_pathname, "", "foo:/"},
    {"foo:x", isere__url_set_pathname, "y", "foo:x"},
    {"http://h/?q#f", isere__url_set_search, "?a'#\n", "http://h/?a%27%23#f"},
    {"http://h/?q#f", isere__url_set_search, "", "http://h/#f"},
    {"http://h/?q#f", isere__url_set_search, "?", "http://h/?#f"},
    {"http://h/#f", isere__url_set_hash, "#a b", "http://h/#a%20b"},
    {"http://h/#f", isere__url_set_hash, "", "http://h/"},
};

static void setters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        isere_url_t url;
        assert_int_equal(parse(changes[i].url, NULL, &url), 0);
        assert_int_equal(
            changes[i].setter(&memory, &url, isere_slice(changes[i].value)), 0);
        assert_slice(isere__url_href(&url), changes[i].href);
        isere__url_free(&memory, &url);
    }
    assert_int_equal(counter.blocks, 0);
}

/* Every setter with its n-th allocation failing, for every n: the URL stays
 * as it was, nothing is lost. */
static void setters_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        isere_slice_t value = isere_slice(changes[i].value);
        int error = ISERE_ERR_NOMEM;
        for (long n = 1; error; n++) {
            isere_url_t url;
            assert_int_equal(parse(changes[i].url, NULL, &url), 0);
            counter.fail_at = n;
            error = changes[i].setter(&memory, &url, value);
            counter.fail_at = 0;
            if (error) {
                assert_int_equal(error, ISERE_ERR_NOMEM);
                assert_slice(isere__url_href(&url), changes[i].url);
            }
            isere__url_free(&memory, &url);
            assert_int_equal(counter.blocks, 0);
            assert_true(n < 20);
        }
    }
}

static void parse_without_memory(void **state)
{
    static const char *const inputs[] = {
        "http://[::1]:81/\t a/../b?x y#z w", "foo:/..//\x01\x01\x01\x01\x01",
        "//1.2.3.4/%2e", "#\x01\x01\x01\x01\x01\x01", "file://localhost/c|"};
    isere_url_t base;
    (void)state;
    assert_int_equal(parse("http://base/path?query", NULL, &base), 0);
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        isere_url_t url;
        int error = ISERE_ERR_NOMEM;
        for (long n = 1; error; n++) {
            counter.fail_at = n;
            error = parse(inputs[i], &base, &url);
            counter.fail_at = 0;
            assert_true(error == 0 || error == ISERE_ERR_NOMEM);
            assert_int_equal(counter.blocks, error ? 1 : 2);
        }
        isere__url_free(&memory, &url);
    }
    isere__url_free(&memory, &base);
}

/* Inputs made of one piece repeated: quadratic code would take minutes. */
static void long_inputs(void **state)
{
    static const char *const pieces[] = {
        "../", "a/../", "@", ":", "a@", "/", "\\", "?", "#",  "%2e%2e/",
        ".",   "1.",    "[", "]", "\t", " ", "x",  "'", "0x", "\xff"};
    const size_t size = 2000000;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t n = strlen(pieces[i]);
        isere_url_t url;
        memcpy(text, "http://h/", 9);
        for (size_t at = 9; at < size; at++) {
            text[at] = pieces[i][(at - 9) % n];
        }
        counter.largest = 0;
        if (isere__url_parse(&memory, isere_slice_of(text, size), NULL, &url) ==
            0) {
            isere__url_free(&memory, &url);
        }
        memcpy(text, "foo://a/x", 7);
        memmove(text + 7, text + 9, size - 9);
        if (isere__url_parse(&memory, isere_slice_of(text, size - 2), NULL,
                             &url) == 0) {
            isere__url_free(&memory, &url);
        }
        assert_true(counter.largest < 6 * size);
    }
    free(text);
    assert_int_equal(counter.blocks, 0);
}

/* The list behind URLSearchParams */

static void assert_list(const isere_url_params_t *list, const char *expected)
{
    char *text;
    size_t len;
    assert_int_equal(isere__url_params_serialise(&memory, list, &text, &len),
                     0);
    assert_slice(isere_slice_of(text, len), expected);
    resize(&counter, text, 0);
}

static void params(void **state)
{
    isere_url_params_t list = {.pairs = NULL};
    isere_slice_t name = ISERE_SLICE("b");
    isere_slice_t value = ISERE_SLICE("2");
    (void)state;
    assert_int_equal(
        isere__url_params_parse(
            &memory, &list, isere_slice("b=1&&a+%2B=%zz&b=2&c&=%ff%f0%9f&b=3")),
        0);
    assert_int_equal(list.count, 6);
    assert_list(&list, "b=1&a+%2B=%25zz&b=2&c=&=%EF%BF%BD%EF%BF%BD&b=3");
    assert_int_equal(isere__url_params_find(&list, 1, name), 2);
    isere__url_params_remove(&memory, &list, 0, name, &value);
    assert_int_equal(isere__url_params_sort(&memory, &list), 0);
    assert_list(&list, "=%EF%BF%BD%EF%BF%BD&a+%2B=%25zz&b=1&b=3&c=");
    assert_int_equal(isere__url_params_replace(&memory, &list, 2, value), 0);
    isere__url_params_remove(&memory, &list, 3, name, NULL);
    assert_list(&list, "=%EF%BF%BD%EF%BF%BD&a+%2B=%25zz&b=2&c=");
    isere__url_params_clear(&memory, &list);
    assert_int_equal(counter.blocks, 0);
}

static void params_without_memory(void **state)
{
    int error = ISERE_ERR_NOMEM;
    (void)state;
    for (long n = 1; error; n++) {
        isere_url_params_t list = {.pairs = NULL};
        char *text = NULL;
        size_t len;
        counter.fail_at = n;
        error = isere__url_params_parse(&memory, &list,
                                        isere_slice("b=\xff&a=%41&c=3&d"));
        error = error ? error : isere__url_params_sort(&memory, &list);
        error = error ? error
                      : isere__url_params_replace(&memory, &list, 0,
                                                  isere_slice("x"));
        error = error
                    ? error
                    : isere__url_params_serialise(&memory, &list, &text, &len);
        counter.fail_at = 0;
        assert_true(error == 0 || error == ISERE_ERR_NOMEM);
        resize(&counter, text, 0);
        isere__url_params_clear(&memory, &list);
        assert_int_equal(counter.blocks, 0);
    }
}

/* What is in its normal form for certain is what the parser gives; the usual
 * URLs are. Pieces are put together at random, with a fixed seed. */
static const char *piece(uint32_t *seed, const char *const *pieces, size_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return pieces[(*seed >> 8) % n];
}

#define PIECE(pieces) piece(&seed, pieces, sizeof(pieces) / sizeof(*(pieces)))

static void normal_urls(void **state)
{
    static const char *const hosts[] = {
        "a",     "ab", ".",   "1",    "01",    "255",  "256",     "0x1f",
        "xn--",  "A",  "-",   "b.c",  "1.2.3", "4.5.", "%61",     "_",
        "[::1]", "",   "com", "10.0", "0.1",   "e9",   "\xc3\xa9"};
    static const char *const ports[] = {
        "", "", ":80", ":8080", ":", ":080", ":65536", ":65535", ":x"};
    static const char *const paths[] = {
        "/",    "a",    "B",  "..", ".",  "%2e", "%2E", "%",   "%zz",
        "'",    "\"",   "\\", "|",  "^",  "~",   "@",   ":",   "(1)",
        ";a=b", "\xe9", "[",  "/a", "//", "/..", "/.",  "/.a", "/%41"};
    static const char *const queries[] = {
        "a=b", "a", "b",  "c",   "&",   "?",  "'", "\"",   "%27",
        "[",   "`", "\\", "/..", "c+d", "{}", "^", "\xe9", ""};
    uint32_t seed = 1;
    int certain = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char host[64];
        char path[64];
        char query[64];
        char text[256];
        (void)snprintf(host, sizeof(host), "%s%s%s%s", PIECE(hosts),
                       PIECE(hosts), PIECE(hosts), PIECE(ports));
        (void)snprintf(path, sizeof(path), "/%s%s%s", PIECE(paths),
                       PIECE(paths), PIECE(paths));
        (void)snprintf(query, sizeof(query), "%s%s", PIECE(queries),
                       PIECE(queries));
        if (!isere__url_is_normal(isere_slice(host), isere_slice(path),
                                  isere_slice(query))) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "http://%s%s%s%s", host, path,
                       *query ? "?" : "", query);
        isere_url_t url;
        assert_int_equal(parse(text, NULL, &url), 0);
        assert_slice(isere__url_href(&url), text);
        isere__url_free(&memory, &url);
        certain++;
    }
    assert_true(certain > 100); /* the compiler orders the arguments above */
    assert_true(isere__url_is_normal(isere_slice("192.168.7.1:8080"),
                                     isere_slice("/a/b.c/d%20e"),
                                     isere_slice("x=1&y=%C3%BC")));
    assert_true(isere__url_is_normal(isere_slice("api.example.com"),
                                     isere_slice("/"), isere_slice("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parts, reset),
        cmocka_unit_test_setup(empty_parts, reset),
        cmocka_unit_test_setup(results, reset),
        cmocka_unit_test_setup(setters, reset),
        cmocka_unit_test_setup(setters_without_memory, reset),
        cmocka_unit_test_setup(parse_without_memory, reset),
        cmocka_unit_test_setup(long_inputs, reset),
        cmocka_unit_test_setup(params, reset),
        cmocka_unit_test_setup(params_without_memory, reset),
        cmocka_unit_test_setup(normal_urls, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
