/*
 * Compiled code that is kept for the next start: it is taken when it is whole
 * and of this package, and in every other case the start compiles as before.
 */
#include "core/deploy/kept/kept.h"
#include "core/deploy/package/settings.h"
#include "core/deploy/registry.h"
#include "core/isere_config.h"
#include "core/isolate/function.h"
#include "core/store/record.h"
#include "core/util/encode/crc32.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* Of a blob: four numbers, the name, the SHA-256 in hexadecimal. */
enum { HEADER = 16 + 40 + 64 };

static stored_fixture_t p;
static sim_blobs_t kept;
static int compilers; /* heaps of a compiler, or of a parser of JSON, so far */

/* Those are large: they are not filled before, as others are. */
static void *map(void *ctx, size_t size)
{
    if (size < ISERE_COMPILE_MEMORY) {
        return isere_test_port()->heap_map(ctx, size);
    }
    compilers++;
    return calloc(1, size);
}

static void unmap(void *ctx, void *heap, size_t size)
{
    if (size < ISERE_COMPILE_MEMORY) {
        isere_test_port()->heap_unmap(ctx, heap, size);
    } else {
        free(heap);
    }
}

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    sim_blobs_init(&kept);
    p.port.heap_map = map;
    p.port.heap_unmap = unmap;
    p.config.kept = &kept.table;
    p.config.log_level = ISERE_LOG_DEBUG;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stored_deinit(&p);
    sim_blobs_clear(&kept);
    return isere_test_leaks();
}

/* ---- settings ---- */

static const char *const some_routes[] = {"GET /x/{id}", "$default"};
static const char *const some_env[] = {"A=1=2", "B="};

static const isere_settings_t full = {
    .routes = some_routes,
    .nroutes = 2,
    .env = some_env,
    .nenv = 2,
    .sources = 5,
    .memory = 1234567,
    .timeout_ms = 4321,
    .payload = ISERE_PAYLOAD_2_0,
    .handler = "other",
    .source = "0123cdef",
};

static void encode(const isere_settings_t *s, uint8_t out[512], size_t *size)
{
    *size = isere_settings_size(s);
    assert_true(*size <= 512);
    isere_settings_encode(s, out);
}

static void test_settings(void **state)
{
    uint8_t bytes[512];
    size_t size;
    isere_package_t *d;
    (void)state;
    encode(&full, bytes, &size);
    assert_int_equal(isere_settings_decode(&p.port, bytes, size, &d), 0);
    assert_int_equal(d->bytes, 5);
    assert_int_equal(d->nfiles, 0);
    assert_int_equal(d->nroutes, 2);
    assert_string_equal(d->routes[0], "GET /x/{id}");
    assert_string_equal(d->routes[1], "$default");
    assert_int_equal(d->nenv, 2);
    assert_string_equal(d->env[0], "A=1=2");
    assert_string_equal(d->env[1], "B=");
    assert_int_equal(d->memory, 1234567);
    assert_int_equal(d->timeout_ms, 4321);
    assert_true(d->has_payload);
    assert_int_equal(d->payload, ISERE_PAYLOAD_2_0);
    assert_int_equal(d->source.len, 8);
    assert_memory_equal(d->source.ptr, "0123cdef", 8);
    assert_string_equal(d->calls.handler.ptr, "other");
    isere_package_drop(&p.port, d);
    const isere_settings_t none = {.source = ""};
    encode(&none, bytes, &size);
    assert_int_equal(isere_settings_decode(&p.port, bytes, size, &d), 0);
    assert_int_equal(d->bytes + d->nroutes + d->nenv + d->source.len +
                         d->calls.handler.len,
                     0);
    assert_int_equal(d->memory + d->timeout_ms, 0);
    assert_int_equal(d->payload, ISERE_PAYLOAD_ISERE);
    isere_package_drop(&p.port, d);
}

/* Not even a right checksum makes them trusted. */
static void test_wrong_settings(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {
        {20, 3},                       /* a payload format that is none */
        {21, 3},                       /* a route that is a variable */
        {21, 1},                       /* a variable that is a route */
        {21, 65},                      /* too many routes */
        {22, 1},                       /* a text too many */
        {22, 3},                       /* a text too few */
        {22, 255},                     /* too many variables */
        {23, 0},                       /* a text without a use */
        {23, 2},                       /* no flag */
        {24, 0},                       /* half a fingerprint */
        {25, 'g'}, {31, 0}, {32, 'g'}, /* no canonical route */
        {36, 'x'},                     /* no route */
    };
    uint8_t bytes[512];
    size_t size;
    isere_package_t *d;
    (void)state;
    encode(&full, bytes, &size);
    for (size_t n = 0; n < size; n++) {
        assert_int_equal(isere_settings_decode(&p.port, bytes, n, &d),
                         ISERE_ERR_INVAL);
    }
    bytes[size] = 0;
    assert_int_equal(isere_settings_decode(&p.port, bytes, size + 1, &d),
                     ISERE_ERR_INVAL);
    encode(&full, bytes, &size);
    bytes[size - 2] = '.'; /* no name of an export */
    assert_int_equal(isere_settings_decode(&p.port, bytes, size, &d),
                     ISERE_ERR_INVAL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        encode(&full, bytes, &size);
        bytes[wrong[i].at] = wrong[i].value;
        if (isere_settings_decode(&p.port, bytes, size, &d) == 0) {
            fail_msg("byte %lu", (unsigned long)wrong[i].at);
        }
    }
}

/* ---- a whole server ---- */

#define ENV "\"env\":{\"A\":\"mine\"}"
#define PACKAGE                                                                \
    "{\"main\":\"a.js\",\"files\":{\"a.js\":\"import {x} from './b.js';"       \
    "export const handler = () => x + process.env.A + process.env.Z\","        \
    "\"b.js\":\"export const x = 'x'\"},\"routes\":[\"GET /one\"]," ENV        \
    ",\"memory\":131072,\"timeout\":50,\"payload\":\"2.0\","                   \
    "\"source\":\"0123abcd\"}"

static void call(const char *method, const char *path, const char *body,
                 int status, const char *part)
{
    int client = stored_call(method, path, "application/json", body);
    stored_expect(&p, client, status, part);
}

static void ask(const char *path, const char *part)
{
    stored_expect(&p, stored_get(path), 200, part);
}

static void stop(void)
{
    stored_stop(&p);
    sim_stop();
    sim_start();
    compilers = 0;
}

/* Starts, and says whether all was there without being compiled. */
static bool starts_without_compiling(void)
{
    stop();
    assert_int_equal(stored_start(&p), 0);
    return compilers == 0;
}

static void start_two(void)
{
    assert_int_equal(stored_start(&p), 0);
    call("PUT", "/v1/functions/one", PACKAGE, 201, "");
    assert_int_equal(
        stored_deploy(&p, "two", "export const handler = () => 'two'"), 201);
}

static void test_a_restart_does_not_compile(void **state)
{
    static const char *const z[] = {"Z=1", NULL};
    (void)state;
    p.config.defaults.env = z;
    start_two();
    for (int i = 0; i < 2; i++) {
        assert_true(starts_without_compiling());
        ask("/one", "xmine1");
        ask("/two/any", "two");
        call("GET", "/v1/logs?level=debug", "", 200,
             "functions ready: 2; from kept code: 2");
    }
}

/* A start keeps what it compiled, and without a place nothing is kept. */
static void test_who_keeps(void **state)
{
    (void)state;
    p.config.kept = NULL;
    start_two();
    assert_false(starts_without_compiling());
    assert_int_equal(sim_blobs_count(&kept), 0);
    p.config.kept = &kept.table;
    assert_false(starts_without_compiling());
    call("GET", "/v1/logs?level=debug", "", 200,
         "functions ready: 2; from kept code: 0");
    assert_int_equal(sim_blobs_count(&kept), 2);
    assert_true(starts_without_compiling());
    p.config.kept = NULL;
    assert_false(starts_without_compiling());
}

/* All that a client sees of it is the same, compiled or kept. */
static void test_it_is_described_as_before(void **state)
{
    static const char *const paths[] = {"/v1/functions/one",
                                        "/v1/functions/two"};
    char before[2][2048];
    (void)state;
    start_two();
    for (int i = 0; i < 4; i++) {
        if (i == 2) {
            assert_true(starts_without_compiling());
        }
        int client = stored_call("GET", paths[i % 2], "*/*", "");
        assert_int_equal(stored_ask(&p, client), 200);
        const char *body = strstr(sim_received(client), "\r\n\r\n");
        if (i < 2) {
            snprintf(before[i], sizeof(before[i]), "%s", body);
        } else {
            assert_string_equal(body, before[i % 2]);
        }
        sim_forget_received(client);
    }
}

static const isere_deployment_t *deployment(const char *name)
{
    return isere_catalog_find(p.registry->catalog, name)->deployment;
}

static void test_settings_are_as_before(void **state)
{
    (void)state;
    start_two();
    assert_true(starts_without_compiling());
    const isere_deployment_t *d = deployment("one");
    assert_int_equal(d->version, 1);
    assert_int_equal(d->bytes, 87 + 20);
    assert_string_equal(d->source, "0123abcd");
    assert_string_equal(d->main, "a.js");
    assert_int_equal(d->nroutes, 1);
    assert_string_equal(d->routes[0], "GET /one");
    assert_string_equal(d->env[0], "A=mine");
    assert_null(d->env[1]);
    assert_int_equal(d->function->config.memory_bytes, 131072);
    assert_int_equal(d->function->config.timeout_ms, 50);
    assert_int_equal(d->function->config.payload, ISERE_PAYLOAD_2_0);
    d = deployment("two");
    assert_int_equal(d->nroutes, 2);
    assert_string_equal(d->routes[1], "ANY /two/{path+}");
    assert_int_equal(d->function->config.memory_bytes,
                     p.config.defaults.memory_bytes);
}

/* ---- damage ---- */

static size_t size_of(const char *name)
{
    return sim_blobs_find(&kept, name)->size;
}

/* Whether it is loaded, where it is loaded; the rest of a start is not. */
static bool is_taken(const char *name, uint32_t version)
{
    isere_store_manifest_t manifest = {.current = version};
    isere_deployment_t *d = NULL;
    isere_fault_t fault;
    snprintf(manifest.name, sizeof(manifest.name), "%s", name);
    int error = isere__kept_load(p.registry, &p.port, &manifest, &d, &fault);
    assert_true((error == 0) == (d != NULL));
    isere_deployment_release(d);
    return error == 0;
}

static void test_every_damaged_bit(void **state)
{
    (void)state;
    start_two();
    uint8_t *bytes = sim_blobs_find(&kept, "one")->bytes;
    for (size_t i = 0; i < size_of("one"); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1u << bit);
            if (is_taken("one", 1)) {
                fail_msg("byte %lu", (unsigned long)i);
            }
            bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(is_taken("one", 1));
}

static void test_every_length(void **state)
{
    static uint8_t whole[8192];
    (void)state;
    start_two();
    size_t size = size_of("one");
    assert_true(size < sizeof(whole) - 3);
    memcpy(whole, sim_blobs_find(&kept, "one")->bytes, size);
    for (size_t n = 0; n <= size + 3; n++) {
        sim_blobs_put(&kept, "one", whole, n);
        assert_int_equal(is_taken("one", 1), n == size);
    }
}

/* Numbers that a right checksum makes no better. */
static void test_wrong_sizes(void **state)
{
    static const uint32_t wrong[] = {0,          1,          0x7fffffff,
                                     0x80000000, 0xfffffff0, 0xffffffff};
    (void)state;
    start_two();
    uint8_t *bytes = sim_blobs_find(&kept, "one")->bytes;
    uint8_t header[HEADER];
    memcpy(header, bytes, HEADER);
    for (size_t at = 8; at <= 12; at += 4) {
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            memcpy(bytes + at, &wrong[i], 4);
            assert_false(is_taken("one", 1));
            memcpy(bytes, header, HEADER);
        }
    }
    uint32_t settings, bundle;
    memcpy(&settings, bytes + 8, 4);
    memcpy(&bundle, bytes + 12, 4);
    settings--; /* the sum of both is right, the checksum is mended */
    bundle++;
    memcpy(bytes + 8, &settings, 4);
    memcpy(bytes + 12, &bundle, 4);
    uint32_t sum = isere_crc32(isere_crc32(0, bytes + 4, HEADER - 4),
                               bytes + HEADER, settings);
    memcpy(bytes, &sum, 4);
    assert_false(is_taken("one", 1));
}

static void test_another_version_or_package(void **state)
{
    (void)state;
    start_two();
    assert_false(is_taken("one", 2));
    assert_false(is_taken("three", 1));
    /* The same package is deployed again. */
    uint8_t copy[8192];
    size_t size = size_of("two");
    memcpy(copy, sim_blobs_find(&kept, "two")->bytes, size);
    stored_deploy(&p, "two", "export const handler = () => 'two'");
    assert_true(is_taken("two", 2));
    sim_blobs_put(&kept, "two", copy, size);
    assert_false(is_taken("two", 2));
    assert_true(is_taken("two", 1));
    /* One's blob as two's. */
    const sim_blob_t *one = sim_blobs_find(&kept, "one");
    size = one->size;
    memcpy(copy, one->bytes, size);
    sim_blobs_put(&kept, "two", copy, size);
    assert_false(is_taken("two", 1));
    /* The version's package is another one now. */
    uint8_t *record = sim_blobs_find(&p.blobs, "one.1")->bytes;
    for (size_t i = 0; i < ISERE_RECORD_SIZE; i++) {
        bool is_size = i >= 12 && i < 16; /* it is not looked at */
        record[i] ^= 1;
        assert_int_equal(is_taken("one", 1), is_size);
        record[i] ^= 1;
    }
    assert_true(is_taken("one", 1));
}

/* Any damage: the function is made anew, is the same, and is kept again. */
static void test_damage_is_made_good(void **state)
{
    static uint8_t whole[8192];
    (void)state;
    start_two();
    size_t size = size_of("one");
    memcpy(whole, sim_blobs_find(&kept, "one")->bytes, size);
    for (size_t i = 0; i < 2 * size; i += 1 + size / 10) {
        uint8_t bytes[sizeof(whole)];
        memcpy(bytes, whole, size);
        bytes[i % size] ^= 0x10;
        /* changed, or cut off there */
        sim_blobs_put(&kept, "one", bytes, i < size ? size : i - size);
        assert_false(starts_without_compiling());
        ask("/one", "xmineundefined");
        assert_int_equal(size_of("one"), size);
        assert_memory_equal(sim_blobs_find(&kept, "one")->bytes, whole, size);
    }
    sim_blobs_drop(&kept, "one");
    assert_false(starts_without_compiling());
    assert_true(starts_without_compiling());
}

/* What this program verified before is served on; who starts anew is told. */
static void test_a_damaged_package(void **state)
{
    (void)state;
    start_two();
    sim_blobs_find(&p.blobs, "two.1")->bytes[60] ^= 1;
    assert_true(starts_without_compiling());
    ask("/two", "two");
    call("GET", "/v1/functions/two/files", "", 500, "damaged");
    sim_blobs_clear(&kept);
    sim_blobs_init(&kept);
    assert_false(starts_without_compiling());
    call("GET", "/v1/functions/two", "", 200, "\"status\":\"broken\"");
    ask("/one", "xmine");
    assert_null(sim_blobs_find(&kept, "two"));
}

/* ---- changes ---- */

static void test_changes(void **state)
{
    (void)state;
    start_two();
    stored_deploy(&p, "two", "export const handler = () => 'second'");
    assert_true(starts_without_compiling());
    ask("/two", "second");
    call("POST", "/v1/functions/two/rollback", "", 200, "\"version\":1");
    assert_true(starts_without_compiling());
    ask("/two", "two");
    call("DELETE", "/v1/functions/two", "", 204, "");
    assert_int_equal(sim_blobs_count(&kept), 1);
    stored_deploy(&p, "two", "export const handler = () => 'other'");
    assert_true(starts_without_compiling());
    ask("/two", "other");
    call("GET", "/v1/functions/two", "", 200, "\"version\":1");
}

/* The number of a version comes again, and its old code is still there. */
static void test_the_same_number_of_another_package(void **state)
{
    static uint8_t old[8192];
    (void)state;
    start_two();
    size_t size = size_of("two");
    memcpy(old, sim_blobs_find(&kept, "two")->bytes, size);
    call("DELETE", "/v1/functions/two", "", 204, "");
    stored_deploy(&p, "two", "export const handler = () => 'other'");
    call("GET", "/v1/functions/two", "", 200, "\"version\":1");
    sim_blobs_put(&kept, "two", old, size);
    assert_false(starts_without_compiling());
    ask("/two", "other");
    assert_true(starts_without_compiling());
    ask("/two", "other");
}

/* No room for it is no reason to fail. */
static void test_no_room(void **state)
{
    (void)state;
    start_two();
    kept.capacity = kept.used;
    assert_int_equal(
        stored_deploy(&p, "six", "export const handler = () => 'six'"), 201);
    assert_int_equal(sim_blobs_count(&kept), 2);
    assert_false(starts_without_compiling());
    ask("/six", "six");
    ask("/one", "xmine");
}

/* What may have ended the program is not made ready, kept or not; when it is
 * released, it is, and is kept. */
static void test_a_quarantined_function(void **state)
{
    (void)state;
    start_two();
    const isere_fault_report_t report = {
        .name = "two", .where = "a test", .at_s = 5};
    for (int i = 0; i < 3; i++) {
        isere_registry_report_fault(p.registry, &p.port, &report);
    }
    assert_false(starts_without_compiling()); /* an empty module in its place */
    assert_true(deployment("two")->blank);
    assert_false(deployment("one")->blank);
    call("GET", "/v1/logs?level=debug", "", 200,
         "functions ready: 1; from kept code: 1");
    sim_blobs_drop(&kept, "two");
    assert_false(starts_without_compiling());
    assert_int_equal(sim_blobs_count(&kept), 1); /* nothing of what is blank */
    call("POST", "/v1/functions/two/release", "", 200, "");
    ask("/two", "two");
    assert_true(starts_without_compiling());
    ask("/two", "two");
}

/* Whatever fails once at a start: all is served; nothing is leaked. */
static void test_a_failing_read(void **state)
{
    (void)state;
    start_two();
    unsigned long from = kept.operations;
    assert_true(starts_without_compiling());
    unsigned long count = kept.operations - from;
    assert_true(count >= 8);
    for (unsigned long i = 1; i <= count; i++) {
        stop();
        kept.fault = SIM_BLOBS_FAIL;
        kept.fail_at = kept.operations + i;
        assert_int_equal(stored_start(&p), 0);
        ask("/one", "xmine");
        ask("/two", "two");
        sim_blobs_restart(&kept);
    }
    assert_true(starts_without_compiling());
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_settings),
        TEST(test_wrong_settings),
        TEST(test_a_restart_does_not_compile),
        TEST(test_who_keeps),
        TEST(test_it_is_described_as_before),
        TEST(test_settings_are_as_before),
        TEST(test_every_damaged_bit),
        TEST(test_every_length),
        TEST(test_wrong_sizes),
        TEST(test_another_version_or_package),
        TEST(test_damage_is_made_good),
        TEST(test_a_damaged_package),
        TEST(test_changes),
        TEST(test_the_same_number_of_another_package),
        TEST(test_no_room),
        TEST(test_a_quarantined_function),
        TEST(test_a_failing_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
