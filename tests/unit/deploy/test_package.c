/* Packages of functions: what they are normalised to, what is refused and
 * with which words, and what hostile ones do. */
#include "core/deploy/package/stored.h"
#include "tests/unit/support/lazy_heaps.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static isere_package_limits_t limits = {
    .memory_min = 256 * 1024,
    .memory_max = 64 * 1024 * 1024,
    .timeout_max_ms = 60000,
};

static isere_port_t port;
static isere_stored_t stored;
static const char *text;
static size_t size;
static isere_fault_t fault;

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    port = *isere_test_port();
    lazy_heaps(&port);
    text = NULL;
    size = 0;
    memset(&fault, 0x55, sizeof(fault));
    return 0;
}

static void forget(void)
{
    isere_stored_drop(&port, &stored);
    text = NULL;
}

static int teardown(void **state)
{
    (void)state;
    forget();
    return isere_test_leaks();
}

/* What is known about the text is true. */
static void check_text(const isere_package_t *package)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    size_t bytes = 0;
    isere_sha256_of(text, size, sum);
    assert_memory_equal(package->sha256, sum, sizeof(sum));
    for (size_t i = 0; i < package->nfiles; i++) {
        bytes += package->files[i].source.len;
    }
    assert_int_equal(package->bytes, bytes);
}

static int normalise(isere_slice_t body, bool is_source)
{
    const isere_package_body_t sent = {body, is_source, false};
    isere_package_t *package = NULL;
    forget();
    int error =
        is_source
            ? isere_package_read_source(&port, "hello", &sent, &package, &fault)
            : isere_package_read(&port, body, &limits, &package, &fault);
    if (!error) {
        error =
            isere_stored_write(&port, package, limits.extents, &stored, &fault);
    }
    if (error) {
        text = NULL;
        assert_true(fault.message[0] != 0);
    } else {
        text = stored.text.ptr;
        size = stored.text.len;
        assert_int_equal(size, package->text_size);
        assert_int_equal(strlen(fault.message), 0);
        assert_int_equal(text[size], 0);
        check_text(package);
    }
    isere_package_drop(&port, package);
    return error;
}

static void expect(const char *body, const char *wanted)
{
    if (normalise(isere_slice(body), false)) {
        fail_msg("%s: %s", body, fault.message);
    }
    assert_string_equal(text, wanted);
    assert_int_equal(size, strlen(wanted));
    /* It is what it normalises to. */
    if (normalise(isere_slice(wanted), false)) {
        fail_msg("%s: %s", wanted, fault.message);
    }
    assert_string_equal(text, wanted);
}

static void refuse(const char *body, const char *message)
{
    assert_int_equal(normalise(isere_slice(body), false), ISERE_ERR_INVAL);
    assert_string_equal(fault.message, message);
    assert_string_equal(fault.file, "");
}

/* ---- what is right ---- */

#define A "\"main\":\"a.js\",\"files\":{\"a.js\":\"\"}"

static void test_members_come_in_one_order(void **state)
{
    (void)state;
    expect(" {\"payload\" : \"2.0\", \"timeout\":\"3s\",\n \"memory\":\"16M\","
           "\"env\":{\"B\":\"\",\"A\":\"x=y\"},"
           "\"routes\":[\"GET /b\",\"GET /a\"],"
           "\"files\":{\"b.js\":\"2\",\"a.js\":\"1\"}, \"main\":\"a.js\" }\n",
           "{\"main\":\"a.js\",\"files\":{\"b.js\":\"2\",\"a.js\":\"1\"},"
           "\"routes\":[\"GET /b\",\"GET /a\"],"
           "\"env\":{\"B\":\"\",\"A\":\"x=y\"},"
           "\"memory\":16777216,\"timeout\":3000,\"payload\":\"2.0\"}");
}

static void test_only_what_was_given(void **state)
{
    (void)state;
    expect("{" A "}", "{" A "}");
    expect("{" A ",\"routes\":[],\"env\":{}}", "{" A "}");
    expect("{" A ",\"payload\":\"isere\"}", "{" A ",\"payload\":\"isere\"}");
    expect("{" A ",\"payload\":\"1.0\"}", "{" A ",\"payload\":\"1.0\"}");
    expect("{\"source\":\"0123cdef\"," A "}",
           "{" A ",\"source\":\"0123cdef\"}");
}

static void test_amounts(void **state)
{
    (void)state;
    expect("{" A ",\"memory\":262144}", "{" A ",\"memory\":262144}");
    expect("{" A ",\"memory\":262144.0}", "{" A ",\"memory\":262144}");
    expect("{" A ",\"memory\":\"64m\"}", "{" A ",\"memory\":67108864}");
    expect("{" A ",\"timeout\":1}", "{" A ",\"timeout\":1}");
    expect("{" A ",\"timeout\":6e4}", "{" A ",\"timeout\":60000}");
    expect("{" A ",\"timeout\":\"1m\"}", "{" A ",\"timeout\":60000}");
}

static void test_texts_are_written_in_one_way(void **state)
{
    (void)state;
    expect("{\"main\":\"a\",\"files\":{\"a\":\"\\u00e9\\/\\ud83d\\ude00"
           "\\u0000\\u001F\\u007f\\t\\n\\\"\\\\\\u2028\"}}",
           "{\"main\":\"a\",\"files\":{\"a\":\"\xc3\xa9/\xf0\x9f\x98\x80"
           "\\u0000\\u001f\x7f\\t\\n\\\"\\\\\xe2\x80\xa8\"}}");
}

static void test_a_source_is_the_one_module(void **state)
{
    (void)state;
    const char source[] = "export const handler = () => \"\xc3\xa9\"\n\0//";
    assert_int_equal(
        normalise(isere_slice_of(source, sizeof(source) - 1), true), 0);
    assert_string_equal(text, "{\"main\":\"hello.js\",\"files\":{\"hello.js\":"
                              "\"export const handler = () => "
                              "\\\"\xc3\xa9\\\"\\n\\u0000//\"}}");
    assert_int_equal(normalise(isere_slice_of(NULL, 0), true), 0);
    assert_string_equal(
        text, "{\"main\":\"hello.js\",\"files\":{\"hello.js\":\"\"}}");
    assert_int_equal(normalise(isere_slice("\xff"), true), ISERE_ERR_INVAL);
    assert_string_equal(fault.message, "the source is not UTF-8");
}

static void test_the_last_of_equal_members_counts(void **state)
{
    (void)state;
    expect("{" A ",\"main\":\"b\",\"files\":{\"b\":\"1\",\"b\":\"2\"}}",
           "{\"main\":\"b\",\"files\":{\"b\":\"2\"}}");
}

/* Names that mean something to objects are names. */
static void test_names_of_prototypes(void **state)
{
    (void)state;
    expect("{\"main\":\"__proto__\",\"files\":{\"__proto__\":\"1\","
           "\"constructor\":\"2\",\"toString\":\"3\",\"length\":\"4\"},"
           "\"env\":{\"__proto__\":\"5\",\"constructor\":\"6\"}}",
           "{\"main\":\"__proto__\",\"files\":{\"__proto__\":\"1\","
           "\"constructor\":\"2\",\"toString\":\"3\",\"length\":\"4\"},"
           "\"env\":{\"__proto__\":\"5\",\"constructor\":\"6\"}}");
    refuse("{\"__proto__\":{" A "}}",
           "\"__proto__\": is unknown: a package has main, files, "
           "routes, env, memory, timeout, payload, source, handler and cors");
    refuse("{\"main\":\"constructor\",\"files\":{\"a\":\"\"}}",
           "\"main\": \"constructor\": is not in \"files\"");
    refuse("{\"main\":\"a\",\"files\":{\"__proto__\":{\"a\":\"\"}}}",
           "\"files\": \"__proto__\": must be a string");
}

/* ---- what is wrong ---- */

static void test_json_errors_have_a_place(void **state)
{
    (void)state;
    refuse("", "the package is not JSON: Unexpected end of JSON input");
    refuse("{\n  \"main\": x}", "the package is not JSON: unexpected token: "
                                "'x'");
    assert_int_equal(fault.line, 2);
    assert_int_equal(fault.column, 11);
    assert_int_equal(normalise(isere_slice("{" A ",}"), false),
                     ISERE_ERR_INVAL);
    assert_int_equal(normalise(isere_slice("{" A "}x"), false),
                     ISERE_ERR_INVAL);
    assert_int_equal(
        normalise(isere_slice_of("{" A "}\0", sizeof("{" A "}")), false),
        ISERE_ERR_INVAL);
    refuse("{\"main\":\"\xed\xa0\x80\"}", "the package is not UTF-8");
    refuse("[]", "the package must be a JSON object");
    refuse("null", "the package must be a JSON object");
    refuse("\"main\"", "the package must be a JSON object");
}

static void test_members_that_are_not_right(void **state)
{
    (void)state;
    refuse("{}", "\"main\": is missing");
    refuse("{\"main\":\"a\"}", "\"files\": is missing");
    refuse("{\"files\":{\"a\":\"\"}}", "\"main\": is missing");
    refuse("{\"main\":1,\"files\":{}}", "\"main\": must be a string");
    refuse("{\"main\":\"a\",\"files\":{}}",
           "\"main\": \"a\": is not in \"files\"");
    refuse("{\"main\":\"a\",\"files\":[\"a\"]}",
           "\"files\": must be an object: {\"NAME\": \"SOURCE\"}");
    refuse("{\"main\":\"a\",\"files\":{\"a\":null}}",
           "\"files\": \"a\": must be a string");
    refuse("{" A ",\"Memory\":1}",
           "\"Memory\": is unknown: a package has main, files, "
           "routes, env, memory, timeout, payload, source, handler and cors");
    static const char *const sources[] = {
        "\"\"",           "\"0123cde\"",    "\"0123cdef0\"",
        "\"0123CDEF\"",   "\"/home/me\"",   "12345678",
        "null",           "[\"0123cdef\"]", "\"0123\\u0000def\"",
        "\"0123cde\\n\"",
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        char json[128];
        snprintf(json, sizeof(json), "{" A ",\"source\":%s}", sources[i]);
        refuse(json, "\"source\": must be 8 hexadecimal digits in lower case");
    }
    refuse("{" A ",\"payload\":1.0}",
           "\"payload\": must be \"isere\", \"1.0\" or \"2.0\"");
    refuse("{" A ",\"payload\":\"1\"}",
           "\"payload\": must be \"isere\", \"1.0\" or \"2.0\"");
}

static void test_routes_that_are_not_right(void **state)
{
    (void)state;
    refuse("{" A ",\"routes\":\"GET /\"}",
           "\"routes\": must be an array: [\"GET /path\"]");
    refuse("{" A ",\"routes\":{\"0\":\"GET /\"}}",
           "\"routes\": must be an array: [\"GET /path\"]");
    refuse("{" A ",\"routes\":null}",
           "\"routes\": must be an array: [\"GET /path\"]");
    refuse("{" A ",\"routes\":[\"GET /a\",5]}",
           "\"routes\"[1]: must be a string");
    refuse("{" A ",\"routes\":[\"GET /a\",\"GET /b\",\"GET /a\"]}",
           "\"routes\"[2]: repeats \"routes\"[0]");
    assert_int_equal(
        normalise(isere_slice("{" A ",\"routes\":[\"GET /a\",\"\"]}"), false),
        ISERE_ERR_INVAL);
    assert_ptr_equal(strstr(fault.message, "\"routes\"[1]: "), fault.message);
}

static void test_variables_that_are_not_right(void **state)
{
    (void)state;
    refuse("{" A ",\"env\":[]}",
           "\"env\": must be an object: {\"NAME\": \"VALUE\"}");
    refuse("{" A ",\"env\":{\"A\":1}}", "\"env\": \"A\": must be a string");
    refuse("{" A ",\"env\":{\"A\":\"1\\u00002\"}}",
           "\"env\": \"A\": must not contain a NUL character");
    static const char *const names[] = {
        "", "1A", "A=", "A B", "\\u0000", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char body[128];
        char message[256];
        snprintf(body, sizeof(body), "{" A ",\"env\":{\"%s\":\"\"}}", names[i]);
        snprintf(message, sizeof(message),
                 "\"env\": \"%s\": must be letters, digits and '_', "
                 "and not begin with a digit",
                 names[i]);
        refuse(body, message);
    }
}

static void test_amounts_that_are_not_right(void **state)
{
    (void)state;
    static const char *const memory[] = {"-1", "1.5",  "true",  "null",
                                         "[]", "\"\"", "\"x\"", "\"-1M\""};
    static const char *const timeout[] = {"-1", "0.5", "\"3000\"", "\"\"",
                                          "{}"};
    static const char *const less[] = {
        "0",     "262143", "67108865", "1e30",
        "1e400", "\"1K\"", "\"65M\"",  "\"99999999999999999999\""};
    static const char *const times[] = {"0",     "60001",  "4294967297",
                                        "1e300", "\"0s\"", "\"61s\""};
    char body[128];
    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        snprintf(body, sizeof(body), "{" A ",\"memory\":%s}", memory[i]);
        refuse(body, "\"memory\": must be a whole number of bytes, or a size "
                     "such as \"512K\" or \"16M\"");
    }
    for (size_t i = 0; i < sizeof(timeout) / sizeof(timeout[0]); i++) {
        snprintf(body, sizeof(body), "{" A ",\"timeout\":%s}", timeout[i]);
        refuse(body, "\"timeout\": must be a whole number of milliseconds, or "
                     "a time such as \"500ms\" or \"3s\"");
    }
    for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
        snprintf(body, sizeof(body), "{" A ",\"memory\":%s}", less[i]);
        refuse(body, "\"memory\": must be from 256K to 64M");
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        snprintf(body, sizeof(body), "{" A ",\"timeout\":%s}", times[i]);
        refuse(body, "\"timeout\": must be from 1ms to 1m");
    }
}

static void test_half_a_pair_is_refused(void **state)
{
    (void)state;
    static const char message[] = "contains a lone surrogate, which is not a "
                                  "character";
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "\"files\": \"a\": %s", message);
    refuse("{\"main\":\"a\",\"files\":{\"a\":\"x\\ud800y\"}}", wanted);
    refuse("{\"main\":\"a\",\"files\":{\"a\":\"\\ude00\\ud83d\"}}", wanted);
    snprintf(wanted, sizeof(wanted), "\"env\": \"A\": %s", message);
    refuse("{" A ",\"env\":{\"A\":\"\\ud800\"}}", wanted);
    refuse("{\"main\":\"a\",\"files\":{\"\\udfff\":\"\"}}",
           "\"files\": \"\xef\xbf\xbd\": the name contains a lone "
           "surrogate");
}

/* ---- names of files ---- */

static const char *problem_of(const char *name)
{
    return isere__package_file_name_problem(isere_slice(name));
}

static void test_names_of_files(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",       "a.js",   "lib/a.js", "...",     "..a",
        ".hidden", "a b.js", "\xc3\xa4", "a/.../b", "isere",
    };
    static const char *const bad[] = {
        "/a.js", "/",     "a/",      "a//b",    "..",     "../a.js", "a/../b",
        "a/..",  ".",     "./a.js",  "a/./b",   "a\\b",   "..\\a",   "C:\\a",
        "a\nb",  "a\x7f", "\x1b[2J", "isere:a", "isere:", "",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_null(problem_of(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(problem_of(bad[i]));
    }
    assert_non_null(
        isere__package_file_name_problem(isere_slice_of("a\0b", 3)));
    char name[ISERE_PACKAGE_FILE_NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = 0;
    assert_string_equal(problem_of(name), "is longer than 159 bytes");
    name[sizeof(name) - 2] = 0;
    assert_null(problem_of(name));
}

static void test_names_in_messages_are_cut_and_escaped(void **state)
{
    (void)state;
    refuse("{\"main\":\"a\",\"files\":{\"../x\":\"\"}}",
           "\"files\": \"../x\": the name must not have '.' or '..' as a part");
    refuse("{\"main\":\"a\",\"files\":{\"/etc/passwd\":\"\"}}",
           "\"files\": \"/etc/passwd\": the name must be a relative path");
    refuse("{\"main\":\"a\",\"files\":{\"\\u001b[2J\\u0000\":\"\"}}",
           "\"files\": \"\\u001b[2J\\u0000\": the name has a control "
           "character");
    char body[1024];
    snprintf(body, sizeof(body), "{\"main\":\"a\",\"files\":{\"%0300d\":\"\"}}",
             0);
    refuse(body, "\"files\": \"000000000000000000000000000000000000000000000000"
                 "\" (cut): the name is longer than 159 bytes");
}

/* ---- how many ---- */

/* `count` members or items, made by `format` from their number. */
static char *many(const char *start, const char *format, int count,
                  const char *end)
{
    size_t room = strlen(start) + strlen(end) + (size_t)count * 32 + 1;
    char *body = malloc(room);
    assert_non_null(body);
    size_t len = (size_t)snprintf(body, room, "%s", start);
    for (int i = 0; i < count; i++) {
        char item[32];
        char *to = item;
        if (i > 0) {
            *to++ = ',';
        }
        /* One %d in each format. */
        const char *hole = strstr(format, "%d");
        snprintf(to, sizeof(item) - 1, "%.*s%d%s", (int)(hole - format), format,
                 i, hole + 2);
        len += (size_t)snprintf(body + len, room - len, "%s", item);
    }
    snprintf(body + len, room - len, "%s", end);
    return body;
}

static void check_many(const char *start, const char *format, const char *end,
                       const char *message)
{
    char *body = many(start, format, 64, end);
    if (normalise(isere_slice(body), false)) {
        fail_msg("%s", fault.message);
    }
    free(body);
    for (int count = 65; count <= 50000; count = count == 65 ? 50000 : 50001) {
        body = many(start, format, count, end);
        refuse(body, message);
        free(body);
    }
}

static void test_how_many(void **state)
{
    (void)state;
    check_many("{\"main\":\"f0\",\"files\":{", "\"f%d\":\"\"", "}}",
               "\"files\": has more than 64");
    check_many("{" A ",\"env\":{", "\"V%d\":\"\"", "}}",
               "\"env\": has more than 64");
    check_many("{" A ",\"routes\":[", "\"GET /r%d\"", "]}",
               "\"routes\": has more than 64");
}

/* ---- bombs ---- */

static char *repeat(const char *start, const char *unit, size_t count,
                    const char *end)
{
    size_t len = strlen(unit);
    char *body = malloc(strlen(start) + len * count + strlen(end) + 1);
    assert_non_null(body);
    char *p = body + sprintf(body, "%s", start);
    for (size_t i = 0; i < count; i++) {
        memcpy(p, unit, len);
        p += len;
    }
    memcpy(p, end, strlen(end) + 1);
    return body;
}

static void refuse_bomb(const char *start, const char *unit, size_t count,
                        const char *end, int error, const char *message)
{
    char *body = repeat(start, unit, count, end);
    assert_int_equal(normalise(isere_slice(body), false), error);
    assert_string_equal(fault.message, message);
    free(body);
}

static void test_bombs(void **state)
{
    (void)state;
    static const char deep[] = "the package is not JSON: it is nested too "
                               "deeply";
    refuse_bomb("", "[", 100000, "", ISERE_ERR_INVAL, deep);
    refuse_bomb("", "[", 1000000, "", ISERE_ERR_INVAL, deep);
    refuse_bomb("", "{\"a\":", 100000, "", ISERE_ERR_INVAL, deep);
    refuse_bomb("{\"files\":", "[", 200, "", ISERE_ERR_INVAL,
                "the package is not JSON: Unexpected end of JSON input");
    refuse_bomb("{\"memory\":", "9", 1000000, "}", ISERE_ERR_INVAL,
                "\"memory\": must be from 256K to 64M");
    refuse_bomb("{\"timeout\":0.", "0", 1000000, "1}", ISERE_ERR_INVAL,
                "\"timeout\": must be from 1ms to 1m");
    refuse_bomb("{\"routes\":[\"", "a", 1000000, "\"]}", ISERE_ERR_INVAL,
                "\"routes\"[0]: a route is a method and a path, as in GET "
                "/pets, or $default");
    refuse_bomb(
        "{\"", "a", 1000000, "\":1}", ISERE_ERR_INVAL,
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" (cut): is "
        "unknown: a package has main, files, routes, env, "
        "memory, timeout, payload, source, handler and cors");
    /* Of what is not looked at nothing is kept. */
    refuse_bomb("{\"files\":[", "[[[]]],", 1000000, "0]}", ISERE_ERR_INVAL,
                "\"files\": must be an object: {\"NAME\": \"SOURCE\"}");
    refuse_bomb("{\"files\":{", "\"a\":[],", 200000, "\"a\":{}}}",
                ISERE_ERR_INVAL, "\"files\": \"a\": must be a string");
}

static void test_a_large_source_is_none(void **state)
{
    (void)state;
    char *body = repeat("{\"main\":\"a\",\"files\":{\"a\":\"",
                        "\\u00e9\\n\xe2\x82\xac", 200000, "\"}}");
    assert_int_equal(normalise(isere_slice(body), false), 0);
    assert_int_equal(size, strlen("{\"main\":\"a\",\"files\":{\"a\":\"\"}}") +
                               (size_t)200000 * 7);
    free(body);
    body = repeat("", "\x01", 1000000, "");
    assert_int_equal(normalise(isere_slice(body), true), 0);
    assert_int_equal(
        size, strlen("{\"main\":\"hello.js\",\"files\":{\"hello.js\":\"\"}}") +
                  (size_t)6000000);
    free(body);
}

/* ---- in flash ---- */

enum { SECTORS = 64, LONG = 20000 };

static nor_t nor;
static isere_extents_t extents;

static void begin_flash(void)
{
    nor_init(&nor, SECTORS, 256);
    assert_int_equal(isere_extents_open(&extents, &nor.table), 0);
    limits.extents = &extents;
    nor_power_on(&nor, 0, NOR_BEFORE);
}

static void end_flash(void)
{
    forget();
    nor_deinit(&nor);
    limits.extents = NULL;
    limits.file_max = 0;
}

/* Two files of which one is long; released with free. */
static char *long_package(void)
{
    return repeat("{\"main\":\"a\",\"env\":{\"V\":\"1\"},\"files\":{\"b\":"
                  "\"x\",\"a\":\"",
                  "\\u00e9\\n\xe2\x82\xac/\\\"", LONG / 10, "\"}}");
}

/* It comes out as it does in memory, and nothing stays in flash. */
static void test_a_long_package_lies_in_flash(void **state)
{
    (void)state;
    char *body = long_package();
    assert_int_equal(normalise(isere_slice(body), false), 0);
    char *wanted = malloc(size + 1);
    memcpy(wanted, text, size + 1);
    begin_flash();
    size_t room = isere_extents_room(&extents);
    assert_int_equal(normalise(isere_slice(body), false), 0);
    assert_string_equal(text, wanted);
    assert_true(text > (char *)nor.bytes &&
                text < (char *)nor.bytes + SECTORS * NOR_SECTOR);
    assert_true(nor.erases > 0);
    forget();
    assert_int_equal(isere_extents_room(&extents), room);
    /* A short one needs no flash. */
    nor_power_on(&nor, 0, NOR_BEFORE);
    expect("{" A "}", "{" A "}");
    assert_int_equal(nor.writes, 0);
    free(wanted);
    free(body);
    end_flash();
}

static void test_sources_have_a_nul(void **state)
{
    (void)state;
    isere_package_t *package;
    char *body = long_package();
    begin_flash();
    assert_int_equal(
        isere_package_read(&port, isere_slice(body), &limits, &package, &fault),
        0);
    assert_true(package->has_nuls);
    assert_int_equal(package->nfiles, 2);
    for (size_t i = 0; i < package->nfiles; i++) {
        isere_slice_t source = package->files[i].source;
        assert_int_equal(source.ptr[source.len], 0);
        assert_int_equal(strlen(source.ptr), source.len);
    }
    assert_string_equal(package->env[0], "V=1");
    isere_package_drop(&port, package);
    free(body);
    end_flash();
}

static void test_a_file_may_be_too_long(void **state)
{
    (void)state;
    char *body = long_package();
    begin_flash();
    limits.file_max = (size_t)LONG / 10 * 8;
    assert_int_equal(normalise(isere_slice(body), false), 0);
    limits.file_max--;
    refuse(body, "\"files\": \"a\": may have at most 15999");
    free(body);
    end_flash();
}

/* Whatever operation fails, it says so, and all room is there again. */
static void test_flash_that_fails(void **state)
{
    (void)state;
    char *body = long_package();
    begin_flash();
    size_t room = isere_extents_room(&extents);
    int error;
    int at = 0;
    do {
        nor_power_on(&nor, ++at, NOR_HALF);
        error = normalise(isere_slice(body), false);
        assert_true(error == 0 || error == ISERE_ERR_IO);
        if (error) {
            assert_string_equal(fault.message, "the flash can't be written");
        }
        nor_power_on(&nor, 0, NOR_BEFORE);
        forget();
        assert_int_equal(isere_extents_room(&extents), room);
    } while (error);
    assert_true(at > LONG / 256);
    limits.extents = NULL;
    isere_extent_writer_t all;
    assert_int_equal(isere_extents_begin(&extents, "all", room, &all), 0);
    limits.extents = &extents;
    assert_int_equal(normalise(isere_slice(body), false), ISERE_ERR_NOMEM);
    assert_string_equal(fault.message, "no room in flash for the package");
    free(body);
    end_flash();
}

/* ---- without memory ---- */

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    static const char body[] = "{" A ",\"env\":{\"A\":\"1\"}}";
    for (int is_source = 0; is_source < 2; is_source++) {
        size_t n = 0;
        int error;
        do {
            setup(NULL);
            isere_test_state()->fail_at = ++n;
            error = normalise(isere_slice(body), is_source);
            assert_true(error == 0 || error == ISERE_ERR_NOMEM);
            if (error) {
                assert_int_equal(isere_test_state()->live_blocks, 0);
            }
        } while (error);
        assert_int_equal(n, is_source ? 3 : 4);
        forget();
    }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_members_come_in_one_order),
        TEST(test_only_what_was_given),
        TEST(test_amounts),
        TEST(test_texts_are_written_in_one_way),
        TEST(test_a_source_is_the_one_module),
        TEST(test_the_last_of_equal_members_counts),
        TEST(test_names_of_prototypes),
        TEST(test_json_errors_have_a_place),
        TEST(test_members_that_are_not_right),
        TEST(test_routes_that_are_not_right),
        TEST(test_variables_that_are_not_right),
        TEST(test_amounts_that_are_not_right),
        TEST(test_half_a_pair_is_refused),
        TEST(test_names_of_files),
        TEST(test_names_in_messages_are_cut_and_escaped),
        TEST(test_how_many),
        TEST(test_bombs),
        TEST(test_a_large_source_is_none),
        TEST(test_a_long_package_lies_in_flash),
        TEST(test_sources_have_a_nul),
        TEST(test_a_file_may_be_too_long),
        TEST(test_flash_that_fails),
        TEST(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
