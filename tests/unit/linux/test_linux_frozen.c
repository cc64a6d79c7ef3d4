/*
 * The frozen part of a heap on Linux: it is write-protected, a write to it is a
 * fault of the function, and requests do without one, whatever they do to what
 * the init phase made.
 */
#include "core/isolate/isolate_internal.h"
#include "isere/linux.h"
#include "ports/linux/fault.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/unit.h"
#include <signal.h>

enum { PAGE = 4096 };

static isere_port_t port;
static js_fixture_t f;

static int setup(void **state)
{
    isere_linux_config_t config;
    (void)state;
    isere_linux_config_init(&config);
    config.log_level = ISERE_LOG_ERROR;
    assert_int_equal(isere_linux_port_init(&port, &config), 0);
    js_init(&f, &port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    isere_linux_port_deinit(&port);
    return 0;
}

static void test_a_large_part_is_frozen(void **state)
{
    (void)state;
    js_must_start(&f, "export const handler = () => 'ok'");
    const isere_frozen_t *frozen = &f.isolate->heap.frozen;
    size_t restored = isere_snapshot_size(f.isolate->snapshot);
    print_message("%lu bytes are restored, %lu are frozen\n",
                  (unsigned long)restored, (unsigned long)frozen->size);
    assert_true(frozen->size > restored / 2);
    assert_int_equal((uintptr_t)frozen->start % PAGE, 0);
    assert_int_equal(isere_isolate_heap_size(f.isolate),
                     restored + frozen->size);
    js_expect_body(&f, "/", "ok");
}

static void write_to(void *arg)
{
    volatile unsigned char *byte = arg;
    *byte = *byte;
}

static int write_in_a_run(char *byte)
{
    return port.exec_run(port.ctx, write_to, byte, UINT64_MAX);
}

static void test_a_write_is_a_fault(void **state)
{
    (void)state;
    js_must_start(&f, "export const handler = () => 'ok'");
    char *start = f.isolate->heap.frozen.start;
    size_t size = f.isolate->heap.frozen.size;
    signal(SIGSEGV, SIG_DFL); /* in place of the test program's */
    assert_int_equal(isere_fault_catch_all(), 0);
    for (size_t at = 0; at < size; at += PAGE / 2) {
        assert_int_equal(write_in_a_run(start + at), ISERE_ERR_CRASH);
    }
    assert_int_equal(write_in_a_run(start + size - 1), ISERE_ERR_CRASH);
    assert_int_equal(write_in_a_run(start - 1), 0);
    js_expect_body(&f, "/", "ok");
}

/* The engine's own tables grow, and shrink back, in front of what is frozen. */
static void test_names_and_shapes_by_the_thousand(void **state)
{
    (void)state;
    f.config.memory_bytes = 16 * 1024 * 1024;
    js_must_start(
        &f,
        "const make = (n, prefix) => { const bag = {}\n"
        "  for (let i = 0; i < n; i++) bag[prefix + i] = i; return bag }\n"
        "const early = make(1500, 'early')\n"
        "const chain = (n) => { const all = [{}]\n"
        "  for (let i = 1; i < n; i++) { const o = Object.create(all[i - 1])\n"
        "    o['p' + i % 9] = i; all.push(o) } return all }\n"
        "const shapes = chain(400)\n"
        "export const handler = () => {\n"
        "  const late = make(9000, 'late')\n"
        "  for (let i = 0; i < 9000; i += 2) delete late['late' + i]\n"
        "  for (let i = 0; i < 1500; i += 3) delete early['early' + i]\n"
        "  const more = chain(3000)\n"
        "  for (const o of shapes) o.added = 1\n"
        "  let sum = 0\n"
        "  for (const k in early) sum += early[k]\n"
        "  for (const k in late) sum += late[k]\n"
        "  for (const o of [...shapes, ...more]) sum += o.added ?? o.p1 ?? 0\n"
        "  return [sum, Object.keys(make(1500, 'early')).length].join()\n"
        "}\n");
    char first[64];
    assert_int_equal(js_invoke(&f, "/"), ISERE_ISOLATE_COMPLETE);
    assert_null(isere_isolate_error(f.isolate));
    isere_slice_t body = isere_isolate_response(f.isolate)->body;
    snprintf(first, sizeof(first), "%.*s", (int)body.len, body.ptr);
    isere_isolate_reset(f.isolate);
    for (int i = 0; i < 5; i++) {
        js_expect_body(&f, "/", first);
    }
}

/* What is frozen refers to objects that are not, which live by that alone. */
static void test_garbage_is_collected_around_it(void **state)
{
    (void)state;
    js_must_start(
        &f, "const tag = (parts) => parts\n"
            "const once = () => tag`a${1}b`\n"
            "once()\n"
            "const object = Object.create({ inherited: 'yes' })\n"
            "Object.defineProperty(object, 'own', { value: 1 })\n"
            "export const handler = (event) => {\n"
            "  const proto = Object.getPrototypeOf(object)\n"
            "  Object.setPrototypeOf(object, null)\n"
            "  for (let i = 0; i < 60000; i++) { const o = { f: () => o } }\n"
            "  const { inherited } = Object.create(proto)\n"
            "  return once().join() + once().raw.length + inherited\n"
            "}\n");
    for (int i = 0; i < 5; i++) {
        js_expect_body(&f, "/", "a,b2yes");
    }
    JS_RunGC(f.isolate->heap.rt);
    js_expect_body(&f, "/", "a,b2yes");
    isere_isolate_reset(f.isolate);
}

/* Heaps that are not isolated are frozen as well. */
static void test_without_isolation(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        f.config.isolation = i ? ISERE_ISOLATION_FRESH : ISERE_ISOLATION_NONE;
        js_must_start(&f, "const made = { a: 1 }; let n = 0\n"
                          "export const handler = () => {\n"
                          "  for (let i = 0; i < 2000; i++) made['x' + i] = i\n"
                          "  for (const k in made) delete made[k]\n"
                          "  return 'ok' + n++ * 0\n"
                          "}\n");
        assert_non_null(f.isolate->heap.frozen.start);
        for (int request = 0; request < (i ? 1 : 50); request++) {
            assert_int_equal(js_invoke(&f, "/"), ISERE_ISOLATE_COMPLETE);
            assert_null(isere_isolate_error(f.isolate));
            if (!i) {
                isere_isolate_reset(f.isolate);
            }
        }
        js_deinit(&f);
        js_init(&f, &port);
    }
}

/* What can't be protected is restored. */
static void test_a_port_that_protects_nothing(void **state)
{
    (void)state;
    js_must_start(&f, "export const handler = () => 'ok'");
    size_t all = isere_isolate_heap_size(f.isolate);
    js_deinit(&f);
    js_init(&f, &port);
    port.heap_freeze = NULL;
    js_must_start(&f, "export const handler = () => 'ok'");
    assert_null(f.isolate->heap.frozen.start);
    size_t restored = isere_snapshot_size(f.isolate->snapshot);
    assert_in_range(restored, all - 2 * PAGE, all);
    assert_int_equal(isere_isolate_heap_size(f.isolate), restored);
    js_expect_body(&f, "/", "ok");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_large_part_is_frozen),
        TEST(test_a_write_is_a_fault),
        TEST(test_names_and_shapes_by_the_thousand),
        TEST(test_garbage_is_collected_around_it),
        TEST(test_without_isolation),
        TEST(test_a_port_that_protects_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
