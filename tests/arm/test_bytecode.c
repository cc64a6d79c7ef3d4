/* Bytecode written by the host's `isere build` is read and run here. */
#include "core/code/bundle.h"
#include "tests/unit/support/js/in_place.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

extern const unsigned char handler_bin[];
extern const unsigned handler_bin_size;

static void test_bytecode_of_the_host_runs(void **state)
{
    (void)state;
    js_fixture_t f;
    js_init(&f, NULL);
    assert_int_equal(isere_function_create(f.port, handler_bin,
                                           handler_bin_size, &f.config,
                                           &f.function, &f.fault),
                     0);
    f.isolate = isere_isolate_create(f.port, f.function);
    assert_non_null(f.isolate);
    assert_int_equal(isere_isolate_start(f.isolate, &f.fault),
                     ISERE_ISOLATE_READY);
    /* Where the linker put it, with the code: not a byte is copied. */
    assert_true(js_pointers_into(&f, handler_bin, handler_bin_size) >= 2);
    assert_false(js_has_copy(&f, handler_bin, handler_bin_size));
    for (int i = 0; i < 3; i++) {
        js_expect_body(
            &f, "/device",
            "{\"label\":\"written on the host\",\"path\":\"/device\","
            "\"numbers\":[0,-1,2147483648,1.5,-0.1,1e+300,null,"
            "123456789012345],\"big\":\"1208925819614629174706177\","
            "\"wide\":\"snow \xe2\x98\x83 and \xf0\x9f\x98\x80\","
            "\"total\":30,\"word\":\"\xc3\x89t\xc3\xa9\",\"text\":\"42:13\"}");
    }
    js_deinit(&f);
}

/* The other way round: what this machine compiles is the same, byte for byte,
 * so a device and a laptop can tell by checksum whether they run the same. */
static int load(void *ctx, const char *name, isere_slice_t *source)
{
    (void)ctx;
    (void)name;
    *source = isere_slice("export const handler = () => [1.5, 'x', /a+/u]");
    return 0;
}

static void test_both_pointer_sizes_write_the_same(void **state)
{
    (void)state;
    extern const unsigned char small_bin[];
    extern const unsigned small_bin_size;
    isere_loader_t loader = {NULL, load};
    isere_fault_t fault;
    void *code;
    size_t size;
    assert_int_equal(isere_compile(isere_test_port(), &loader, "small.js", "",
                                   &code, &size, &fault),
                     0);
    /* `isere build` writes the function's name, too. */
    isere_bundle_settings_t settings = {.name = "small"};
    void *named;
    assert_int_equal(
        isere_bundle_rewrite(isere_test_port(), code, &settings, &named, &size),
        0);
    assert_int_equal(size, small_bin_size);
    assert_memory_equal(named, small_bin, size);
    isere_free(isere_test_port(), named);
    isere_free(isere_test_port(), code);
}

int main(void)
{
    isere_test_port_reset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytecode_of_the_host_runs),
        cmocka_unit_test(test_both_pointer_sizes_write_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
