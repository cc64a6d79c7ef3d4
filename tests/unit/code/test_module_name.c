/* Import specifiers: what they resolve to, and that none leads outside. */
#include "core/code/module_name.h"
#include "isere/error.h"
#include "tests/unit/support/unit.h"

typedef struct name_case {
    const char *root, *base, *specifier;
    const char *name; /* NULL: an error */
    int error;
} name_case_t;

static const name_case_t cases[] = {
    {"", "main.js", "./a.js", "a.js", 0},
    {"", "main.js", "./lib/a.js", "lib/a.js", 0},
    {"", "lib/main.js", "./a.js", "lib/a.js", 0},
    {"", "lib/main.js", "../a.js", "a.js", 0},
    {"", "a/b/c.js", "../../d.js", "d.js", 0},
    {"", "a/b/c.js", "./../x/./y.js", "a/x/y.js", 0},
    {"", "main.js", ".//a//b.js", "a/b.js", 0},
    {"", "main.js", "./a/../b.js", "b.js", 0},
    {"", "main.js", "./...js", "...js", 0},
    {"", "main.js", "./.hidden", ".hidden", 0},
    {"", "main.js", "./a", "a", 0},
    {"js/", "js/main.js", "./a.js", "js/a.js", 0},
    {"js/", "js/lib/b.js", "../a.js", "js/a.js", 0},
    {"", "main.js", "../a.js", NULL, ISERE_ERR_NOENT},
    {"", "lib/main.js", "../../a.js", NULL, ISERE_ERR_NOENT},
    {"", "main.js", "./lib/../../a.js", NULL, ISERE_ERR_NOENT},
    {"js/", "js/main.js", "../js/a.js", NULL, ISERE_ERR_NOENT},
    {"js/", "js/lib/b.js", "../../a.js", NULL, ISERE_ERR_NOENT},
    {"js/lib/", "js/lib/b.js", "../a.js", NULL, ISERE_ERR_NOENT},
    {"js/", "main.js", "./a.js", NULL, ISERE_ERR_NOENT},
    {"", "main.js", "a.js", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "/a.js", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "/etc/passwd", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "http://x/a.js", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "", NULL, ISERE_ERR_INVAL},
    {"", "main.js", ".", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "..", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "./", NULL, ISERE_ERR_INVAL},
    {"", "main.js", "./lib/", NULL, ISERE_ERR_INVAL},
    {"", "main.js", ".hidden", NULL, ISERE_ERR_INVAL},
    {"", "main.js", ".\\a.js", NULL, ISERE_ERR_INVAL},
    {"", "a/b/c.js", "./..", NULL, ISERE_ERR_INVAL},
    {"", "a/b/c.js", "../", NULL, ISERE_ERR_INVAL},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const name_case_t *c = &cases[i];
        char out[64];
        int error = isere_module_name_resolve(c->root, c->base, c->specifier,
                                              out, sizeof(out));
        if (error != c->error || (!error && strcmp(out, c->name) != 0)) {
            fail_msg("%s in %s: %d %s", c->specifier, c->base, error,
                     error ? "" : out);
        }
    }
}

/* Nothing is written past the buffer, however small it is. */
static void test_every_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const name_case_t *c = &cases[i];
        for (size_t size = 1; size < 40; size++) {
            char out[64];
            memset(out, 0x7e, sizeof(out));
            int error = isere_module_name_resolve(c->root, c->base,
                                                  c->specifier, out, size);
            for (size_t k = size; k < sizeof(out); k++) {
                assert_int_equal(out[k], 0x7e);
            }
            if (error == 0) {
                assert_string_equal(out, c->name);
            } else if (error != ISERE_ERR_LIMIT) {
                assert_int_equal(error, c->error);
            }
        }
    }
}

/* Whatever the specifier is made of, a name that comes out lies below the
 * root and has no part "." or ".." and no empty one. */
static void test_random_specifiers(void **state)
{
    (void)state;
    static const char *const parts[] = {".", "..", "/", "a", "b.js", "//", ""};
    uint32_t seed = 7;
    for (int i = 0; i < 200000; i++) {
        char specifier[64] = "";
        char out[64];
        for (int k = 0; k < 8; k++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(specifier, parts[(seed >> 16) % 7]);
        }
        if (isere_module_name_resolve("js/", "js/x/y.js", specifier, out,
                                      sizeof(out))) {
            continue;
        }
        char padded[80] = "/";
        strcat(padded, out);
        strcat(padded, "/");
        assert_int_equal(strncmp(out, "js/", 3), 0);
        assert_null(strstr(padded, "//"));
        assert_null(strstr(padded, "/./"));
        assert_null(strstr(padded, "/../"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_random_specifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
