/*
 * Executions are abandoned at any instruction, but for held sections. A timer
 * of real time with the same signal stands in for the slow one of the port,
 * so that the ten thousand jumps take seconds.
 */
#include "isere/error.h"
#include "ports/linux/exec.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A deadline that, with the grace period, lies `us` microseconds ahead. */
static uint64_t limit_in(uint64_t us)
{
    return now_us() + us - ISERE_EXEC_GRACE_US;
}

static timer_t start_ticks(long period_us)
{
    struct itimerspec spec = {{0, period_us * 1000}, {0, period_us * 1000}};
    struct sigevent event;
    timer_t timer;

    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = isere_exec_signal();
    event.sigev_notify_thread_id = gettid();
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &spec, NULL), 0);
    return timer;
}

static void spin_for(uint64_t us)
{
    uint64_t end = now_us() + us;
    while (now_us() < end) {
    }
}

/* ---- what is run ---- */

static void finish(void *arg)
{
    *(int *)arg += 1;
}

static void spin(void *arg)
{
    volatile uint64_t *count = arg;
    for (;;) {
        (*count)++;
    }
}

typedef struct work {
    isere_exec_t *exec;
    volatile long begun; /* held sections entered */
    volatile long ended; /* and left by their last statement */
    volatile int errno_broken;
    volatile int after_release;
} work_t;

static void hold_again_and_again(void *arg)
{
    work_t *w = arg;
    for (;;) {
        isere_exec_hold(w->exec);
        w->begun++;
        for (volatile int i = 0; i < 50; i++) {
        }
        w->ended++;
        isere_exec_release(w->exec);
    }
}

static void hold_past_deadline(void *arg)
{
    work_t *w = arg;
    isere_exec_hold(w->exec);
    w->begun++;
    spin_for(60000);
    w->ended++;
    isere_exec_release(w->exec);
    w->after_release = 1;
}

static void keep_errno(void *arg)
{
    work_t *w = arg;
    for (;;) {
        errno = 1234;
        for (volatile int i = 0; i < 1000; i++) {
        }
        if (errno != 1234) {
            w->errno_broken = 1;
        }
    }
}

/* ---- tests ---- */

static void test_finishes(void **state)
{
    isere_exec_t exec;
    int calls = 0;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(
            isere_exec_run(&exec, finish, &calls, now_us() + 1000000), 0);
    }
    assert_int_equal(isere_exec_run(&exec, finish, &calls, UINT64_MAX), 0);
    assert_int_equal(calls, 100001);
    /* Outside of a run these do nothing. */
    isere_exec_hold(&exec);
    isere_exec_release(&exec);
    isere_exec_deinit(&exec);
}

/* With the port's own timer: soon after the deadline, never before it. */
static void test_own_timer(void **state)
{
    isere_exec_t exec;
    volatile uint64_t count = 0;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    uint64_t begin = now_us();
    assert_int_equal(isere_exec_run(&exec, spin, (void *)&count, begin + 50000),
                     ISERE_ERR_TIMEOUT);
    uint64_t took = now_us() - begin;
    assert_true(count > 0);
    assert_true(took >= 50000 + ISERE_EXEC_GRACE_US);
    assert_true(took < 5000000); /* the machine may be busy */
    isere_exec_deinit(&exec);
}

static void test_ten_thousand(void **state)
{
    isere_exec_t exec;
    volatile uint64_t count = 0;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    timer_t ticks = start_ticks(30);
    for (int i = 0; i < 10000; i++) {
        uint64_t limit = limit_in((uint64_t)(i % 97));
        assert_int_equal(isere_exec_run(&exec, spin, (void *)&count, limit),
                         ISERE_ERR_TIMEOUT);
    }
    assert_true(count > 0);
    timer_delete(ticks);
    isere_exec_deinit(&exec);
}

static void *hold_thread(void *arg)
{
    isere_exec_t exec;
    work_t work = {.exec = &exec};
    long *wrong = arg;

    *wrong = isere_exec_init(&exec) != 0;
    timer_t ticks = start_ticks(30);
    for (int i = 0; i < 5000 && *wrong == 0; i++) {
        int error = isere_exec_run(&exec, hold_again_and_again, &work,
                                   limit_in((uint64_t)(i % 61)));
        if (error != ISERE_ERR_TIMEOUT || work.begun != work.ended) {
            *wrong = 1;
        }
    }
    *wrong += work.begun == 0;
    timer_delete(ticks);
    isere_exec_deinit(&exec);
    return NULL;
}

/* Two threads at once, each abandoned thousands of times, never in a section
 * that is held. */
static void test_held_in_two_threads(void **state)
{
    pthread_t threads[2];
    long wrong[2] = {0, 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, hold_thread, &wrong[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

static void test_acts_at_release(void **state)
{
    isere_exec_t exec;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    timer_t ticks = start_ticks(200);
    work_t work = {.exec = &exec};
    assert_int_equal(
        isere_exec_run(&exec, hold_past_deadline, &work, limit_in(1000)),
        ISERE_ERR_TIMEOUT);
    assert_int_equal(work.begun, 1);
    assert_int_equal(work.ended, 1);
    assert_int_equal(work.after_release, 0);
    /* It is forgotten by the next one. */
    int calls = 0;
    assert_int_equal(isere_exec_run(&exec, finish, &calls, now_us() + 1000000),
                     0);
    assert_int_equal(calls, 1);
    timer_delete(ticks);
    isere_exec_deinit(&exec);
}

static void test_keeps_errno(void **state)
{
    isere_exec_t exec;
    work_t work = {.exec = &exec};
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    timer_t ticks = start_ticks(30);
    assert_int_equal(isere_exec_run(&exec, keep_errno, &work, limit_in(30000)),
                     ISERE_ERR_TIMEOUT);
    assert_int_equal(work.errno_broken, 0);
    timer_delete(ticks);
    isere_exec_deinit(&exec);
}

typedef struct nested {
    isere_exec_t *exec;
    int inner;
} nested_t;

static void run_inside(void *arg)
{
    nested_t *n = arg;
    n->inner = isere_exec_run(n->exec, finish, &n->inner, 0);
    n->inner++;
}

static void test_run_inside_a_run(void **state)
{
    isere_exec_t exec;
    nested_t nested = {&exec, 0};
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    assert_int_equal(
        isere_exec_run(&exec, run_inside, &nested, now_us() + 1000000), 0);
    assert_int_equal(nested.inner, 1);
    isere_exec_deinit(&exec);
}

/* A late signal, when the port is gone, is nothing. */
static void test_stray_signals(void **state)
{
    isere_exec_t exec;
    int calls = 0;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    assert_int_equal(raise(isere_exec_signal()), 0);
    assert_int_equal(isere_exec_run(&exec, finish, &calls, UINT64_MAX), 0);
    isere_exec_deinit(&exec);
    memset(&exec, 0xff, sizeof(exec));
    assert_int_equal(raise(isere_exec_signal()), 0);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finishes),
        cmocka_unit_test(test_own_timer),
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_held_in_two_threads),
        cmocka_unit_test(test_acts_at_release),
        cmocka_unit_test(test_keeps_errno),
        cmocka_unit_test(test_run_inside_a_run),
        cmocka_unit_test(test_stray_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
