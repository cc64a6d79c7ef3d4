/*
 * Executions abandoned while they call native functions all the time: each
 * call that began has ended, and the heap is pristine afterwards.
 *
 * As in test_abandon.c, a timer of real time takes the place of the port's slow
 * one. ISERE_TEST_LONG=1 makes it many more.
 */
#include "core/isolate/isolate_internal.h"
#include "isere/linux.h"
#include "ports/linux/exec.h"
#include "tests/unit/linux/ticks.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/unit.h"
#include <signal.h>
#include <time.h>
#include <unistd.h>

static js_fixture_t f;
static isere_port_t linux_port;
static isere_port_t port;
static timer_t ticks;
static bool abandoning;
static unsigned long abandoned;

/* ---- the port ---- */

static void tick_in(long us, long every_us)
{
    struct itimerspec spec = {{0, every_us * 1000}, {0, us * 1000}};
    timer_settime(ticks, 0, &spec, NULL);
}

static int exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                    uint64_t deadline_us)
{
    if (!abandoning) {
        return linux_port.exec_run(ctx, fn, arg, deadline_us);
    }
    tick_in(20 + rand() % 500, 50);
    int error = linux_port.exec_run(ctx, fn, arg, 0);
    tick_in(0, 0);
    abandoned += error != 0;
    return error;
}

static void no_log(void *ctx, const isere_log_record_t *record)
{
    (void)ctx;
    (void)record;
}

/* ---- the module ---- */

/* What the function changes; an abandonment half way would show. */
static struct {
    volatile unsigned long begun;
    volatile unsigned long ended;
    unsigned char copy[64];
} device;

static void work(isere_native_call_t *call, void *ctx)
{
    uint8_t *bytes;
    size_t len;
    (void)ctx;
    device.begun++;
    for (volatile int i = rand() % 2000; i > 0; i--) {
    }
    if (isere_native_bytes(call, 0, &bytes, &len)) {
        memcpy(device.copy, bytes, len < 64 ? len : 64);
    }
    isere_native_return_bytes(call, device.copy, sizeof(device.copy));
    device.ended++;
}

static void sleep_long(isere_native_call_t *call, void *ctx)
{
    struct timespec now;
    uint64_t end;
    (void)ctx;
    device.begun++;
    clock_gettime(CLOCK_MONOTONIC, &now);
    end = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 700;
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 <
             end);
    assert_int_equal(isere_native_remaining_ms(call), 0);
    device.ended++;
}

static const isere_native_function_t functions[] = {
    {"work", work}, {"sleep", sleep_long}, {NULL, NULL}};
static const isere_native_module_t module = {"isere:device", functions, NULL};
static const isere_native_module_t *const modules[] = {&module, NULL};

static int setup(void **state)
{
    (void)state;
    assert_int_equal(isere_linux_port_init(&linux_port, NULL), 0);
    port = linux_port;
    port.exec_run = exec_run;
    port.log = no_log;
    ticks_create(&ticks);
    memset(&device, 0, sizeof(device));
    js_init(&f, &port);
    f.config.modules = modules;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    timer_delete(ticks);
    isere_linux_port_deinit(&linux_port);
    return 0;
}

static void start(void)
{
    if (js_start(&f,
                 "import { work, sleep } from 'isere:device'\n"
                 "const bytes = new Uint8Array(64)\n"
                 "export const handler = (e) => {\n"
                 "  if (e.path === '/ok') return 'ok' + work(bytes).length\n"
                 "  if (e.path === '/sleep') { sleep(); return 'slept' }\n"
                 "  for (let i = 0; ; i++) bytes.set(work(bytes.fill(i)))"
                 "}") != ISERE_ISOLATE_READY) {
        fail_msg("not ready: %s", f.fault.message);
    }
}

static void test_no_call_is_abandoned_half_way(void **state)
{
    (void)state;
    unsigned long count = test_is_long() ? 100000 : 3000;
    js_pristine_t pristine;
    start();
    js_pristine_take(&pristine, &f);
    abandoned = 0;
    while (abandoned < count) {
        abandoning = true;
        js_invoke(&f, "/");
        abandoning = false;
        assert_int_equal(device.begun, device.ended);
        js_take_error(&f, "timeout");
        js_pristine_expect(&pristine, &f, abandoned % 64 == 0);
        js_expect_body(&f, "/ok", "ok64");
    }
    print_message("%lu abandoned in %lu calls\n", abandoned, device.ended);
    js_pristine_free(&pristine);
}

/* It holds up its own deadline, by the documented price. */
static void test_a_long_call_ends_and_then_its_time_is_over(void **state)
{
    (void)state;
    f.config.timeout_ms = 50;
    start();
    js_expect_error(&f, "/sleep", "timeout");
    assert_int_equal(device.begun, 1);
    assert_int_equal(device.ended, 1);
    js_expect_body(&f, "/ok", "ok64");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_no_call_is_abandoned_half_way),
        TEST(test_a_long_call_ends_and_then_its_time_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
