/*
 * Functions that crash, on a server with a store: which are quarantined, for
 * how long, and what a crash costs.
 */
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/registry.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define ONE "export const handler = () => 'one'"

/* ---- a server ---- */

static stored_fixture_t p;

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return stored_teardown(&p);
}

static void ask(const char *path, int status, const char *part)
{
    stored_expect(&p, stored_get(path), status, part);
}

static void call(const char *method, const char *path, int status,
                 const char *part)
{
    stored_expect(&p, stored_call(method, path, "application/json", ""), status,
                  part);
}

static bool fault(const char *name, uint32_t version)
{
    isere_fault_report_t one = {
        .name = name,
        .version = version,
        .where = "SIGSEGV at address 0x10",
        .at_s = 1000,
    };
    return isere_registry_report_fault(p.registry, &p.port, &one);
}

static void quarantine(const char *name)
{
    assert_false(fault(name, 0));
    assert_false(fault(name, 0));
    assert_true(fault(name, 0));
}

static void start_two(void)
{
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "one", ONE), 201);
    assert_int_equal(stored_deploy(&p, "two", ONE), 201);
}

static void test_a_quarantined_function(void **state)
{
    (void)state;
    start_two();
    ask("/one", 200, "one");
    quarantine("one");
    ask("/one", 503, "Isere-Error: quarantined\r\n");
    ask("/two", 200, "one");
    call("POST", "/v1/functions/one/invoke", 503, "Isere-Error: quarantined");
    call("GET", "/v1/functions/one", 200,
         "\"status\":\"quarantined\",\"message\":\"quarantined after 3 crashes "
         "within 60 s, the last one: SIGSEGV at address 0x10\",\"sha256\"");
    call("GET", "/v1/functions", 200, "\"status\":\"ok\",\"message\":\"\"");
    call("GET", "/metrics", 200, "isere_quarantined{function=\"one\"} 1\n");
    call("GET", "/metrics", 200, "isere_quarantined{function=\"two\"} 0\n");
    call("GET", "/metrics", 200, "isere_crashes_total{function=\"one\"} 3\n");
    call("GET", "/metrics", 200,
         "isere_errors_total{function=\"one\",kind=\"quarantined\"} 2\n");
    call("GET", "/v1/logs", 200,
         "quarantined one, version 1: 3 crashes within 60 s; another version "
         "or `isere release one` ends it");
}

static void test_it_survives_a_restart(void **state)
{
    (void)state;
    start_two();
    assert_false(fault("one", 0));
    stored_restart(&p);
    assert_false(fault("one", 0));
    stored_restart(&p);
    assert_true(fault("one", 0));
    ask("/one", 503, "quarantined");
    stored_restart(&p);
    ask("/one", 503, "quarantined");
    ask("/two", 200, "one");
}

static void test_a_release_ends_it(void **state)
{
    (void)state;
    start_two();
    quarantine("one");
    call("POST", "/v1/functions/one/release", 200, "\"version\":1");
    ask("/one", 200, "one");
    assert_null(sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME));
    call("POST", "/v1/functions/one/release", 200, "\"version\":1");
    call("POST", "/v1/functions/none/release", 404, "no function");
    stored_restart(&p);
    ask("/one", 200, "one");
    quarantine("one"); /* the old crashes were forgotten */
}

static unsigned faults_left;
static const char *faults_of;
static uint32_t faults_version;

static bool give_fault(void *ctx, isere_fault_report_t *report)
{
    (void)ctx;
    *report = (isere_fault_report_t){
        .name = faults_of,
        .version = faults_version,
        .where = "the server died: SIGSEGV",
        .at_s = 1000,
    };
    return faults_left > 0 && faults_left-- > 0;
}

static unsigned long give_crashes(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "one") == 0 ? 7 : 0;
}

static void restart_after(unsigned count, const char *name, uint32_t version)
{
    faults_left = count;
    faults_of = name;
    faults_version = version;
    p.config.next_fault = give_fault;
    p.config.crashes = give_crashes;
    stored_restart(&p);
    assert_int_equal(faults_left, 0);
}

static bool is_blank(const char *name)
{
    return isere_catalog_find(p.registry->catalog, name)->deployment->blank;
}

/* What ended the program is counted before anything is compiled, and kept
 * before that, too. */
static void test_faults_of_before(void **state)
{
    (void)state;
    start_two();
    restart_after(2, "one", 1);
    assert_non_null(sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME));
    assert_false(is_blank("one"));
    ask("/one", 200, "one");
    restart_after(1, "one", 0);
    assert_true(is_blank("one"));
    assert_false(is_blank("two"));
    ask("/one", 503, "quarantined");
    ask("/two", 200, "one");
    call("GET", "/metrics", 200, "isere_crashes_total{function=\"one\"} 7\n");
    call("GET", "/metrics", 200, "isere_crashes_total{function=\"two\"} 0\n");
    call("GET", "/v1/functions/one", 200, "\"main\":\"one.js\"");
    call("GET", "/v1/functions/one/files", 200, "'one'");
    call("POST", "/v1/functions/one/release", 200, "\"released\":true");
    assert_false(is_blank("one"));
    ask("/one", 200, "one");
    restart_after(3, "one", 1);
    assert_int_equal(isere_registry_release(p.registry, &p.port, "one"), 0);
    assert_false(is_blank("one"));
    ask("/one", 200, "one");
    assert_int_equal(isere_registry_release(p.registry, &p.port, "none"), 0);
}

/* Versions that are not served, functions that are gone. */
static void test_faults_of_others_before(void **state)
{
    (void)state;
    start_two();
    restart_after(9, "one", 2);
    restart_after(9, "three", 1);
    assert_false(is_blank("one"));
    assert_null(sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME));
    ask("/one", 200, "one");
}

/* A release that fails leaves it quarantined. */
static void test_a_release_that_fails(void **state)
{
    (void)state;
    start_two();
    restart_after(3, "one", 1);
    sim_blob_t *blob = sim_blobs_find(&p.blobs, "one.1");
    blob->bytes[blob->size - 2] ^= 1;
    call("POST", "/v1/functions/one/release", 500, "damaged");
    assert_int_equal(isere_registry_release(p.registry, &p.port, "one"),
                     ISERE_ERR_INVAL);
    ask("/one", 503, "quarantined");
    blob->bytes[blob->size - 2] ^= 1;
    call("POST", "/v1/functions/one/release", 200, "\"version\":1");
    ask("/one", 200, "one");
}

static int load_built_in(void *ctx, const char *name, isere_slice_t *source)
{
    (void)name;
    *source = isere_slice(ctx);
    return 0;
}

static void compile_built_in(char *source, isere_function_t **function,
                             void **code)
{
    const isere_loader_t loader = {source, load_built_in};
    isere_function_config_t config = p.config.defaults;
    static isere_fault_t fault;
    size_t size;
    assert_int_equal(
        isere_compile(&p.port, &loader, "a.js", "", code, &size, &fault), 0);
    assert_int_equal(
        isere_function_create(&p.port, *code, size, &config, function, &fault),
        0);
}

/* The function that is part of the program. */
static void test_the_built_in_one(void **state)
{
    isere_function_t *first, *second;
    char one[] = ONE, two[] = "export const handler = () => 'two'";
    void *codes[2];
    (void)state;
    compile_built_in(one, &first, &codes[0]);
    compile_built_in(two, &second, &codes[1]);
    p.config.built_in = first;
    start_two();
    ask("/", 200, "one");
    quarantine(ISERE_BUILT_IN_NAME);
    ask("/", 503, "quarantined");
    ask("/one", 200, "one");
    stored_restart(&p);
    ask("/", 503, "quarantined");
    call("POST", "/v1/functions/$built-in/release", 200, "$built-in");
    ask("/", 200, "one");
    call("POST", "/v1/functions/$built-in/rollback", 400, "");
    call("DELETE", "/v1/functions/$built-in", 400, "");
    quarantine(ISERE_BUILT_IN_NAME);
    p.config.built_in = second;
    stored_restart(&p);
    ask("/", 200, "two");
    assert_null(sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME));
    stored_stop(&p);
    isere_function_destroy(first);
    isere_function_destroy(second);
    isere_free(&p.port, codes[0]);
    isere_free(&p.port, codes[1]);
}

static void test_another_version_ends_it(void **state)
{
    (void)state;
    start_two();
    quarantine("one");
    assert_int_equal(stored_deploy(&p, "one", ONE), 200);
    ask("/one", 200, "one");
    stored_restart(&p);
    ask("/one", 200, "one");
    quarantine("one");
    call("POST", "/v1/functions/one/rollback", 200, "\"version\":1");
    ask("/one", 200, "one");
    quarantine("one");
    call("DELETE", "/v1/functions/one", 204, "");
    assert_int_equal(stored_deploy(&p, "one", ONE), 201);
    ask("/one", 200, "one");
}

static void test_a_deploy_of_another_function_does_not(void **state)
{
    (void)state;
    start_two();
    quarantine("one");
    assert_int_equal(stored_deploy(&p, "two", ONE), 200);
    ask("/one", 503, "quarantined");
    stored_restart(&p);
    ask("/one", 503, "quarantined");
}

static void test_versions_that_are_gone_do_not_count(void **state)
{
    (void)state;
    start_two();
    assert_int_equal(stored_deploy(&p, "one", ONE), 200);
    for (int i = 0; i < 5; i++) {
        assert_false(fault("one", 1));
        assert_false(fault("unknown", 0));
    }
    ask("/one", 200, "one");
    call("GET", "/metrics", 200, "isere_crashes_total{function=\"one\"} 5\n");
}

static void test_damage_means_nobody(void **state)
{
    (void)state;
    start_two();
    quarantine("one");
    sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME)->bytes[20] ^= 1;
    stored_restart(&p);
    ask("/one", 200, "one");
    call("GET", "/v1/logs", 200,
         "the crash records in the store can't be used");
}

static void test_a_store_that_is_full(void **state)
{
    (void)state;
    start_two();
    p.blobs.fault = SIM_BLOBS_FULL;
    p.blobs.fail_at = p.blobs.operations + 1;
    assert_false(fault("two", 0));
    p.blobs.fail_at = 0;
    call("GET", "/v1/logs", 200, "can't be written to the store");
    quarantine("one"); /* which keeps the other's, too */
    p.blobs.fail_at = p.blobs.operations + 1;
    call("POST", "/v1/functions/one/release", 507, "nothing was changed");
    p.blobs.fail_at = 0;
    ask("/one", 503, "quarantined");
    stored_restart(&p);
    ask("/one", 503, "quarantined");
    assert_false(fault("two", 0));
    assert_true(fault("two", 0));
}

static int refuse_work(void *ctx, isere_registry_job_fn *work, void *arg)
{
    (void)ctx;
    (void)work;
    (void)arg;
    return ISERE_ERR_LIMIT;
}

static void test_what_no_job_kept_is_kept_at_the_end(void **state)
{
    (void)state;
    start_two();
    p.config.run = refuse_work;
    stored_restart(&p);
    quarantine("one");
    assert_null(sim_blobs_find(&p.blobs, ISERE_QUARANTINE_NAME));
    p.config.run = NULL;
    stored_restart(&p);
    ask("/one", 503, "quarantined");
}

static void test_who_waits_is_answered(void **state)
{
    (void)state;
    p.limits_config.max_instances = 1;
    assert_int_equal(stored_start(&p), 0);
    stored_deploy(&p, "one",
                  "export const handler = async () => {"
                  " await new Promise(r => setTimeout(r, 100)); return 1 }");
    int first = stored_get("/one"), second = stored_get("/one");
    sim_run(p.server, 1);
    quarantine("one");
    sim_run(p.server, 200);
    assert_int_equal(stored_status(first), 200); /* it ran already */
    assert_int_equal(stored_status(second), 503);
    assert_non_null(strstr(sim_received(second), "quarantined"));
}

/* ---- faults that the port contained ---- */

static unsigned long entered; /* executions so far */
static unsigned long crash_from, crash_to;

/* Some executions end at a fault, without having done what they were to. */
static int crashing_run(void *ctx, void (*fn)(void *arg), void *arg,
                        uint64_t deadline_us)
{
    entered++;
    return entered >= crash_from && entered < crash_to
               ? ISERE_ERR_CRASH
               : isere_test_port()->exec_run(ctx, fn, arg, deadline_us);
}

static void tell_fault(void *ctx, char *text, size_t size)
{
    (void)ctx;
    snprintf(text, size, "SIGSEGV at address 0x99");
}

static void crash_next(unsigned long count)
{
    crash_from = entered + 1;
    crash_to = crash_from + count;
}

static int setup_crashes(void **state)
{
    setup(state);
    p.port.exec_run = crashing_run;
    p.port.exec_fault = tell_fault;
    crash_from = crash_to = 0;
    return 0;
}

static void test_a_crash_costs_one_request(void **state)
{
    (void)state;
    start_two();
    ask("/one", 200, "one");
    for (int i = 0; i < 3; i++) {
        ask("/one", 200, "one"); /* in the instance that took its place */
        crash_next(1);
        ask("/one", 500, "Isere-Error: crash\r\n");
        ask("/two", 200, "one");
    }
    ask("/one", 503, "quarantined");
    ask("/two", 200, "one");
    call("GET", "/v1/functions/one", 200,
         "the last one: crashed: SIGSEGV at address 0x99");
    call("GET", "/v1/logs", 200,
         "\"crashed: SIGSEGV at address 0x99, while one ran\"");
    call("GET", "/metrics", 200, "isere_instances{function=\"one\"} 0\n");
    call("GET", "/metrics", 200,
         "isere_errors_total{function=\"one\",kind=\"crash\"} 3\n");
}

static void test_a_direct_invocation_that_crashes(void **state)
{
    (void)state;
    start_two();
    call("POST", "/v1/functions/one/invoke", 200, "\"error\":null");
    crash_next(1);
    call("POST", "/v1/functions/one/invoke", 200,
         "\"error\":\"crash\",\"message\":\"crashed: SIGSEGV at");
    call("POST", "/v1/functions/one/invoke", 200, "\"error\":null");
}

/* Reading the code into a heap and the init phase, of each instance. */
static void test_instances_that_crash(void **state)
{
    (void)state;
    start_two();
    for (unsigned long i = 0; i < 3; i++) {
        crash_next(1);
        crash_from += i % 2;
        crash_to += i % 2;
        ask("/one", 500, "Isere-Error: crash\r\n");
    }
    ask("/one", 503, "quarantined");
    ask("/two", 200, "one");
    call("GET", "/v1/logs", 200,
         "the init phase crashed: SIGSEGV at address 0x99");
}

static int deploy_package(const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/v1/functions/%s", name);
    int client =
        stored_call("PUT", path, "application/json",
                    "{\"main\":\"a.js\",\"files\":{\"a.js\":\"" ONE "\"}}");
    int status = stored_ask(&p, client);
    sim_forget_received(client);
    return status;
}

static int deploy_source(const char *name)
{
    return stored_deploy(&p, name, ONE);
}

/* At each step of a deploy, of which there are at least so many. */
static void crash_each_step(int (*deploy)(const char *name),
                            unsigned long least)
{
    unsigned long before = entered;
    assert_int_equal(deploy("two"), 200);
    unsigned long steps = entered - before;
    assert_true(steps >= least);
    for (unsigned long i = 0; i < steps; i++) {
        crash_next(1);
        crash_from += i;
        crash_to += i;
        assert_int_equal(deploy("one"), 500);
    }
    ask("/one", 200, "one");
    call("GET", "/v1/functions/one", 200, "\"version\":1");
}

static void test_a_deploy_that_crashes(void **state)
{
    (void)state;
    start_two();
    crash_each_step(deploy_source, 4);
    crash_each_step(deploy_package, 4); /* no engine reads JSON */
}

static int load_one(void *ctx, const char *name, isere_slice_t *source)
{
    (void)ctx;
    (void)name;
    *source = isere_slice(ONE);
    return 0;
}

static void compile_one(void **code, size_t *size)
{
    const isere_loader_t loader = {NULL, load_one};
    isere_fault_t fault;
    assert_int_equal(isere_compile(isere_test_port(), &loader, "one.js", "",
                                   code, size, &fault),
                     0);
}

static void test_an_instance_goes_on_after_a_crash(void **state)
{
    isere_function_config_t config;
    isere_function_t *function;
    isere_instance_t *instance;
    isere_fault_t fault;
    isere_result_t result;
    const isere_request_t request = {.target = ISERE_SLICE("/")};
    void *code;
    size_t size;
    (void)state;
    isere_function_config_init(&config);
    config.memory_bytes = p.config.defaults.memory_bytes;
    compile_one(&code, &size);
    assert_int_equal(
        isere_function_create(&p.port, code, size, &config, &function, &fault),
        0);
    crash_next(1);
    assert_int_equal(
        isere_instance_create(&p.port, function, &instance, &fault),
        ISERE_ERR_CRASH);
    assert_int_equal(
        isere_instance_create(&p.port, function, &instance, &fault), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
        assert_int_equal(result.status, 200);
        crash_next(1);
        assert_int_equal(isere_instance_invoke(instance, &request, &result), 0);
        assert_int_equal(result.status, 500);
        assert_string_equal(result.error, "crash");
        assert_string_equal(result.reason, "crashed: SIGSEGV at address 0x99");
        crash_next(1); /* while it is replaced */
        assert_int_equal(isere_instance_invoke(instance, &request, &result),
                         ISERE_ERR_CRASH);
    }
    isere_instance_destroy(instance);
    isere_function_destroy(function);
    isere_free(isere_test_port(), code);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_quarantined_function, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_it_survives_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_release_that_fails, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_faults_of_others_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_faults_of_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_ends_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_built_in_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_version_ends_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_a_deploy_of_another_function_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_versions_that_are_gone_do_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_means_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_store_that_is_full, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_what_no_job_kept_is_kept_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_waits_is_answered, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_crash_costs_one_request,
                                        setup_crashes, teardown),
        cmocka_unit_test_setup_teardown(test_a_direct_invocation_that_crashes,
                                        setup_crashes, teardown),
        cmocka_unit_test_setup_teardown(test_instances_that_crash,
                                        setup_crashes, teardown),
        cmocka_unit_test_setup_teardown(test_a_deploy_that_crashes,
                                        setup_crashes, teardown),
        cmocka_unit_test_setup_teardown(test_an_instance_goes_on_after_a_crash,
                                        setup_crashes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
