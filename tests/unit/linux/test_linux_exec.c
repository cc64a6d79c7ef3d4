/*
 * Executions are abandoned at any instruction, but for held sections. A timer
 * of real time with the same signal stands in for the slow one of the port,
 * so that the ten thousand jumps take seconds.
 */
#include "isere/error.h"
#include "ports/linux/exec.h"
#include "tests/unit/linux/ticks.h"
#include "tests/unit/support/unit.h"
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
    timer_t timer;
    ticks_create(&timer);
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

static void look_twice(void *arg)
{
    volatile int *looks = arg;
    raise(isere_exec_signal());
    *looks = 1;
    raise(isere_exec_signal());
    *looks = 2;
}

/* A run that had no processor until its grace was over has the time between two
 * looks for ending by itself. */
static void test_one_look_is_not_enough(void **state)
{
    isere_exec_t exec;
    volatile int looks = 0;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    /* The timer may have a look, too, if rarely. */
    for (int i = 0; i < 10 && looks != 1; i++) {
        looks = 0;
        assert_int_equal(isere_exec_run(&exec, look_twice, (void *)&looks,
                                        now_us() - 1000000),
                         ISERE_ERR_TIMEOUT);
    }
    assert_int_equal(looks, 1);
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

/* ---- faults ---- */

/* What the compiler does not see through. */
static void *hide(uintptr_t address)
{
    volatile uintptr_t hidden = address;
    return (void *)hidden; /* NOLINT: that is what these tests are about */
}

static void read_low(void *arg)
{
    (void)arg;
    (void)*(volatile char *)hide(0x10);
}

/* Not an address at all: the kernel does not name it. */
static void read_nowhere(void *arg)
{
    (void)arg;
#if UINTPTR_MAX > 0xffffffff
    (void)*(volatile char *)hide(0x5a5a5a5a5a5a5a5a);
#else
    (void)*(volatile char *)hide(0x10);
#endif
}

static void call_low(void *arg)
{
    void (*volatile low)(void) = (void (*)(void))hide(0x20);
    (void)arg;
    low();
}

static void copy_from_low(void *arg)
{
    memcpy(arg, hide(0x30), 4);
}

static void illegal(void *arg)
{
    (void)arg;
    __builtin_trap();
}

__attribute__((unused)) static void divide(void *arg)
{
    volatile uintptr_t by = (uintptr_t)hide(0);
    (void)arg;
    by = 7 / by;
}

static void fail_assertion(void *arg)
{
    (void)arg;
    abort();
}

static void read_past_a_file(void *arg)
{
    (void)*(volatile char *)arg;
}

static int recurse(volatile char *above)
{
    int (*volatile again)(volatile char *above) = recurse;
    volatile char here[512];
    here[0] = above ? *above : 0;
    return again(here) + here[0];
}

static void use_all_stack(void *arg)
{
    *(volatile int *)arg = recurse(NULL);
}

static void *page_past_a_file(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    assert_true(page != MAP_FAILED);
    return page;
}

static void expect_contained(isere_exec_t *exec, void (*fn)(void *arg),
                             void *arg, const char *text)
{
    char said[128];
    int calls = 0;
    assert_int_equal(isere_exec_run(exec, fn, arg, UINT64_MAX),
                     ISERE_ERR_CRASH);
    isere_exec_describe(exec, said, sizeof(said));
    if (!strstr(said, text)) {
        fail_msg("%s is not in: %s", text, said);
    }
    assert_int_equal(isere_exec_run(exec, finish, &calls, UINT64_MAX), 0);
    assert_int_equal(calls, 1);
}

static void test_faults_are_contained(void **state)
{
    isere_exec_t exec;
    int value = 0;
    void *page = page_past_a_file();
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    for (int i = 0; i < 100; i++) {
        expect_contained(&exec, read_low, NULL,
                         "SIGSEGV at address 0x10, code test_linux_exec+0x");
        expect_contained(&exec, read_nowhere, NULL, "SIGSEGV at a");
        expect_contained(
            &exec, call_low, NULL,
            "SIGSEGV at address 0x20, code 0x20, outside any file");
        expect_contained(&exec, copy_from_low, &value,
                         "SIGSEGV at address 0x30");
        expect_contained(&exec, illegal, NULL, "SIGILL");
        expect_contained(&exec, fail_assertion, NULL,
                         "SIGABRT (an assertion failed)");
        expect_contained(&exec, read_past_a_file, page, "SIGBUS");
#if (defined(__i386__) || defined(__x86_64__)) && !defined(__SANITIZE_ADDRESS__)
        expect_contained(&exec, divide, NULL, "SIGFPE");
#endif
    }
    munmap(page, 4096);
    isere_exec_deinit(&exec);
}

static void *overflow_thread(void *arg)
{
    isere_exec_t exec;
    int value = 0;
    assert_int_equal(isere_exec_init(&exec), 0);
    for (int i = 0; i < 20; i++) {
        expect_contained(&exec, use_all_stack, &value, "SIGSEGV at address");
    }
    isere_exec_deinit(&exec);
    return arg;
}

static void test_the_end_of_the_stack(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    (void)state;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)256 * 1024);
    assert_int_equal(
        pthread_create(&thread, &attributes, overflow_thread, NULL), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

/* After a fault all signals arrive as before, the time limit's too. */
static void test_time_goes_on_after_a_fault(void **state)
{
    isere_exec_t exec;
    volatile uint64_t count = 0;
    sigset_t before, after;
    (void)state;
    assert_int_equal(isere_exec_init(&exec), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    expect_contained(&exec, read_low, NULL, "SIGSEGV");
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < _NSIG; i++) {
        assert_int_equal(sigismember(&before, i), sigismember(&after, i));
    }
    assert_int_equal(
        isere_exec_run(&exec, spin, (void *)&count, limit_in(1000)),
        ISERE_ERR_TIMEOUT);
    isere_exec_deinit(&exec);
}

static void *fault_thread(void *arg)
{
    isere_exec_t exec;
    long *wrong = arg;
    *wrong = isere_exec_init(&exec) != 0;
    timer_t ticks = start_ticks(30);
    volatile uint64_t count = 0;
    for (int i = 0; i < 3000 && *wrong == 0; i++) {
        int crashed = isere_exec_run(&exec, read_low, NULL, UINT64_MAX);
        int late = isere_exec_run(&exec, spin, (void *)&count,
                                  limit_in((uint64_t)(i % 61)));
        *wrong += crashed != ISERE_ERR_CRASH || late != ISERE_ERR_TIMEOUT;
    }
    timer_delete(ticks);
    isere_exec_deinit(&exec);
    return NULL;
}

static void test_faults_in_two_threads(void **state)
{
    pthread_t threads[2];
    long wrong[2] = {0, 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, fault_thread, &wrong[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

/* ---- what is not contained ---- */

static isere_exec_t *doomed;

static void fault_while_held(void *arg)
{
    isere_exec_hold(doomed);
    read_low(arg);
}

static void be_killed(void *arg)
{
    (void)arg;
    kill(getpid(), SIGSEGV);
    for (;;) {
    }
}

static void abort_while_held(void *arg)
{
    isere_exec_hold(doomed);
    fail_assertion(arg);
}

static void run_nothing(void *arg)
{
    (void)arg;
}

/* The signal that ends a process which runs `inside`, then `outside`. */
static int die(void (*inside)(void *arg), void (*outside)(void *arg))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        isere_exec_t exec;
        for (int i = 1; i < SIGRTMIN; i++) {
            signal(i, SIG_DFL); /* without the test program's */
        }
        if (isere_exec_init(&exec) == 0) {
            doomed = &exec;
            (void)isere_exec_run(&exec, inside, NULL, UINT64_MAX);
            outside(NULL);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_what_ends_the_program(void **state)
{
    (void)state;
    assert_int_equal(die(run_nothing, run_nothing), 0);
    assert_int_equal(die(read_low, run_nothing), 0);
    assert_int_equal(die(run_nothing, read_low), SIGSEGV);
    assert_int_equal(die(run_nothing, illegal), SIGILL);
    assert_int_equal(die(run_nothing, fail_assertion), SIGABRT);
    assert_int_equal(die(fault_while_held, run_nothing), SIGSEGV);
    assert_int_equal(die(abort_while_held, run_nothing), SIGABRT);
    assert_int_equal(die(be_killed, run_nothing), SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finishes),
        cmocka_unit_test(test_own_timer),
        cmocka_unit_test(test_one_look_is_not_enough),
        cmocka_unit_test(test_ten_thousand),
        cmocka_unit_test(test_held_in_two_threads),
        cmocka_unit_test(test_acts_at_release),
        cmocka_unit_test(test_keeps_errno),
        cmocka_unit_test(test_run_inside_a_run),
        cmocka_unit_test(test_stray_signals),
        cmocka_unit_test(test_faults_are_contained),
        cmocka_unit_test(test_the_end_of_the_stack),
        cmocka_unit_test(test_time_goes_on_after_a_fault),
        cmocka_unit_test(test_faults_in_two_threads),
        cmocka_unit_test(test_what_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
