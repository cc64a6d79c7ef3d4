/*
 * Executions run in a thread of their own, on a stack of their own, while the
 * caller waits. When one is over its deadline the thread is aborted, wherever
 * it is, and created anew. Its priority is lower than the caller's: whenever
 * the caller runs, the execution stands still.
 */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>

#define STACK_SIZE ((CONFIG_ISERE_STACK + CONFIG_ISERE_STACK_RESERVE) * 1024)

static K_THREAD_STACK_DEFINE(isere_exec_stack, STACK_SIZE);
static struct k_thread thread;
static k_tid_t caller; /* who waits */

static K_SEM_DEFINE(started, 0, 1);
static K_SEM_DEFINE(stopped, 0, 1);

/*
 * Shared by the two threads, without a lock: on one processor and with these
 * priorities the execution stands still whenever the caller looks. `running` is
 * set by the caller and cleared by the execution when it ends, `held` belongs
 * to the execution, `expired` is the caller's request to stop at the release.
 */
static void (*volatile function)(void *arg);
static void *volatile argument;
static volatile bool running;
static volatile bool held;
static volatile bool expired;

static void execute(void *a, void *b, void *c)
{
    ARG_UNUSED(a);
    ARG_UNUSED(b);
    ARG_UNUSED(c);
    for (;;) {
        k_sem_take(&started, K_FOREVER);
        function(argument);
        running = false;
        k_sem_give(&stopped);
    }
}

static void make_thread(void)
{
    /* In Zephyr a higher number is a lower priority. */
    int priority = k_thread_priority_get(caller) + 1;
    k_thread_create(&thread, isere_exec_stack,
                    K_THREAD_STACK_SIZEOF(isere_exec_stack), execute, NULL,
                    NULL, NULL, priority, 0, K_NO_WAIT);
    k_thread_name_set(&thread, "isere_exec");
}

void isere_zephyr_exec_init(void)
{
    caller = k_current_get();
    make_thread();
}

/* Waits for the execution's end, or its deadline. False: it still runs. */
static bool wait_until(uint64_t deadline_us)
{
    for (;;) {
        uint64_t now = isere_zephyr_monotonic_us(NULL);
        isere_retained_tick(isere__zephyr_retained(), now);
        uint64_t left = deadline_us > now ? deadline_us - now : 0;
        uint64_t slice = MIN(left, ISERE_ZEPHYR_FEED_US);
        if (k_sem_take(&stopped, K_USEC(slice)) == 0) {
            return true;
        }
        if (left == 0) {
            return false;
        }
        isere_zephyr_watchdog_feed();
    }
}

int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    ARG_UNUSED(ctx);
    if (running) {
        fn(arg);
        return 0;
    }
    isere_zephyr_watchdog_feed(); /* many short ones may follow each other */
    function = fn;
    argument = arg;
    held = false;
    expired = false;
    running = true;
    k_sem_give(&started);
    uint64_t limit_us = deadline_us > UINT64_MAX - ISERE_ZEPHYR_GRACE_US
                            ? UINT64_MAX
                            : deadline_us + ISERE_ZEPHYR_GRACE_US;
    if (wait_until(limit_us)) {
        return 0;
    }
    if (held) {
        /* It holds something; it stops at the release. If that never comes,
         * nobody feeds the watchdog any more. */
        expired = true;
        k_sem_take(&stopped, K_FOREVER);
    } else if (!running) {
        k_sem_take(&stopped, K_FOREVER); /* it had just come to its end */
        return 0;
    }
    /* Whatever it was doing: all it changes is in its heap, which is given up
     * or restored. */
    k_thread_abort(&thread);
    running = false;
    k_sem_reset(&started);
    k_sem_reset(&stopped);
    make_thread();
    return ISERE_ERR_TIMEOUT;
}

void isere_zephyr_exec_hold(void *ctx)
{
    ARG_UNUSED(ctx);
    held = running;
}

void isere_zephyr_exec_release(void *ctx)
{
    ARG_UNUSED(ctx);
    held = false;
    if (expired && k_current_get() == &thread) {
        k_sem_give(&stopped);
        k_sleep(K_FOREVER); /* the caller aborts this thread */
    }
}
