/*
 * Runs the scripts tests/js/engine_*.test.js, which are about faults of the
 * engine, as modules in the init phase of an isolate. The other scripts of that
 * folder are about the APIs, whose C is tested here by other tests.
 */
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* What make-scripts wrote: names and texts, each ended by a NUL; assert.js
 * comes first. */
extern const unsigned char scripts_bin[];
extern const unsigned scripts_bin_size;

static const char *next(const char *text)
{
    return text + strlen(text) + 1;
}

static void run_script(const js_file_t *files)
{
    js_fixture_t f;
    js_init(&f, NULL);
    f.config.memory_bytes = 2 * 1024 * 1024;
    isere_test_state()->tick_us = 1;
    if (js_compile(&f, files) != 0) {
        fail_msg("%s: %s", files[0].name, f.fault.message);
    }
    isere_isolate_state_t state = js_start_compiled(&f);
    while (state == ISERE_ISOLATE_WAITING) {
        state = js_resume(&f);
    }
    /* Scripts need no handler. */
    if (state != ISERE_ISOLATE_READY &&
        !strstr(f.fault.message, "exports no handler")) {
        fail_msg("%s: %s\n%s", files[0].name, f.fault.message, f.fault.stack);
    }
    js_deinit(&f);
}

static void test_scripts_pass(void **state)
{
    (void)state;
    const char *end = (const char *)scripts_bin + scripts_bin_size;
    js_file_t assertions = {(const char *)scripts_bin, NULL};
    assertions.source = next(assertions.name);
    assert_string_equal(assertions.name, "assert.js");
    int count = 0;
    const char *at = next(assertions.source);
    while (at < end) {
        js_file_t files[] = {{at, next(at)}, assertions, {NULL, NULL}};
        run_script(files);
        at = next(files[0].source);
        count++;
    }
    assert_in_range(count, 1, 16);
}

int main(void)
{
    isere_test_port_reset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
