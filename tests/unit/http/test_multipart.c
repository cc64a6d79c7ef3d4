#include "core/http/multipart.h"
#include "tests/unit/support/unit.h"

#define NAMED(name) "Content-Disposition: form-data; name=" name "\r\n"

/* Writes `name[@filename][:type]=content;` for each part, then `.` or `!`. */
static void read_all(const char *body, const char *boundary, char *out)
{
    isere_multipart_reader_t reader;
    isere_multipart_t part;
    int found;
    *out = 0;
    isere_multipart_begin(&reader, isere_slice(body), isere_slice(boundary));
    while ((found = isere_multipart_next(&reader, &part)) > 0) {
        strncat(out, part.name.ptr, part.name.len);
        if (part.filename.ptr) {
            strcat(out, "@");
            strncat(out, part.filename.ptr, part.filename.len);
        }
        if (part.type.ptr) {
            strcat(out, ":");
            strncat(out, part.type.ptr, part.type.len);
        }
        strcat(out, "=");
        strncat(out, body + part.start, part.size);
        strcat(out, ";");
    }
    strcat(out, found == 0 ? "." : "!");
}

static void reads_forms(void **state)
{
    static const char *const cases[][2] = {
        {"--b--", "."},
        {"--b--\r\n", "."},
        {"--b\r\n" NAMED("\"a\"") "\r\n1\r\n--b--\r\n", "a=1;."},
        {"--b\r\n" NAMED("a") "\r\n\r\n--b--", "a=;."},
        {"--b\r\n" NAMED("a") "\r\n--b\r\n" NAMED("c") "\r\n2\r\n--b--",
         "a=;c=2;."},
        {"--b\r\n" NAMED("\"f\"; filename=\"n.txt\"") "content-type:  x/y \r\n"
                                                      "X: z\r\n\r\n\r\n--\r\n"
                                                      "--c\r\n--b--",
         "f@n.txt:x/y=\r\n--\r\n--c;."},
        {"--b\r\n" NAMED("\"a%22\\\"\" ; filename=\"\"") "\r\n1\r\n--b--",
         "a%22\\\"@=1;."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char seen[256];
        read_all(cases[i][0], "b", seen);
        assert_string_equal(seen, cases[i][1]);
    }
}

static void refuses_what_is_malformed(void **state)
{
    static const char *const cases[] = {
        "",
        "--",
        "--b",
        "--b\r\n",
        "-b--\r\n",
        "\r\n--b--\r\n",
        "--b--x",
        "--b \r\n" NAMED("a") "\r\n1\r\n--b--",
        "--b\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Type: x/y\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        "--b\r\n" NAMED("\"a") "\r\n1\r\n--b--",
        "--b\r\n" NAMED("\"a\"x") "\r\n1\r\n--b--",
        "--b\r\n: x\r\n" NAMED("a") "\r\n1\r\n--b--",
        "--b\r\nno colon\r\n" NAMED("a") "\r\n1\r\n--b--",
        "--b\n" NAMED("a") "\n1\n--b--",
        "--b\r\n" NAMED("a") "\r\n1\r\n",
        "--b\r\n" NAMED("a") "\r\n1--b--",
        "--b\r\n" NAMED("a") "\r\n1\r\n--b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char seen[256];
        read_all(cases[i], "b", seen);
        if (seen[strlen(seen) - 1] != '!') {
            fail_msg("%s: %s", cases[i], seen);
        }
    }
}

static void refuses_boundaries_that_are_none(void **state)
{
    char boundary[ISERE_MULTIPART_BOUNDARY_MAX + 2];
    char body[sizeof(boundary) + 8];
    char seen[256];
    (void)state;
    read_all("----", "", seen);
    assert_string_equal(seen, "!");
    for (size_t len = sizeof(boundary) - 2; len < sizeof(boundary); len++) {
        memset(boundary, 'b', len);
        boundary[len] = 0;
        snprintf(body, sizeof(body), "--%s--", boundary);
        read_all(body, boundary, seen);
        assert_string_equal(seen,
                            len <= ISERE_MULTIPART_BOUNDARY_MAX ? "." : "!");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(refuses_boundaries_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
