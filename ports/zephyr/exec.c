/*
 * Executions run in a thread of their own, on a stack of their own, while the
 * caller waits: one for the server's thread, one for that of jobs (jobs.c).
 * When one is over its deadline its thread is aborted, wherever it is, and
 * created anew. Its priority is lower than its caller's: whenever the caller
 * runs, the execution stands still.
 */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>

#define STACK_SIZE ((CONFIG_ISERE_STACK + CONFIG_ISERE_STACK_RESERVE) * 1024)

/*
 * Shared by the two threads, without a lock: on one processor and with these
 * priorities the execution stands still whenever the caller looks. `running` is
 * set by the caller and cleared by the execution when it ends, `held` belongs
 * to the execution, `expired` is the caller's request to stop at the release.
 */
typedef struct execution {
    struct k_thread thread;
    k_thread_stack_t *stack;
    int priority;
    struct k_sem started;
    struct k_sem stopped;
    void (*volatile function)(void *arg);
    void *volatile argument;
    volatile bool running;
    volatile bool held;
    volatile bool expired;
} execution_t;

static K_THREAD_STACK_DEFINE(isere_exec_stack, STACK_SIZE);
#ifdef CONFIG_ISERE_JOBS
static K_THREAD_STACK_DEFINE(isere_jobs_exec_stack, STACK_SIZE);
#endif
static execution_t executions[] = {
    {.stack = isere_exec_stack},
#ifdef CONFIG_ISERE_JOBS
    {.stack = isere_jobs_exec_stack},
#endif
};

static execution_t *execution_of(const void *ctx)
{
    return &executions[isere__zephyr_thread_of(ctx)];
}

static void execute(void *arg, void *b, void *c)
{
    execution_t *x = arg;
    ARG_UNUSED(b);
    ARG_UNUSED(c);
    for (;;) {
        k_sem_take(&x->started, K_FOREVER);
        x->function(x->argument);
        x->running = false;
        k_sem_give(&x->stopped);
    }
}

static void make_thread(execution_t *x)
{
    k_thread_create(&x->thread, x->stack,
                    K_THREAD_STACK_SIZEOF(isere_exec_stack), execute, x, NULL,
                    NULL, x->priority, 0, K_NO_WAIT);
    k_thread_name_set(&x->thread,
                      x == executions ? "isere_exec" : "isere_jobs_exec");
}

void isere_zephyr_exec_init(void *ctx, int priority)
{
    execution_t *x = execution_of(ctx);
    x->priority = priority;
    k_sem_init(&x->started, 0, 1);
    k_sem_init(&x->stopped, 0, 1);
    make_thread(x);
}

void isere__zephyr_exec_priority(const void *ctx, int priority)
{
    execution_t *x = execution_of(ctx);
    x->priority = priority;
    k_thread_priority_set(&x->thread, priority);
}

bool isere__zephyr_exec_is(const void *ctx, const struct k_thread *thread)
{
    return &execution_of(ctx)->thread == thread;
}

/* Waits for the execution's end, or its deadline. False: it still runs. Only
 * the server's thread feeds the watchdog, and keeps the time. */
static bool wait_until(const void *ctx, execution_t *x, uint64_t deadline_us)
{
    for (;;) {
        uint64_t now = isere_zephyr_monotonic_us(NULL);
        uint64_t left = deadline_us > now ? deadline_us - now : 0;
        uint64_t slice = MIN(left, ISERE_ZEPHYR_FEED_US);
        if (!ctx) {
            isere_retained_tick(isere__zephyr_retained(), now);
        }
        if (k_sem_take(&x->stopped, K_USEC(slice)) == 0) {
            return true;
        }
        if (left == 0) {
            return false;
        }
        isere_zephyr_watchdog_feed();
    }
}

/* Over its deadline. A lock that the execution holds, and the caller of another
 * one waits for, lends it a higher priority: here it must stand still. Returns
 * whether it has come to its end all the same. */
static bool abandon(execution_t *x)
{
    k_sched_lock();
    bool held = x->held;
    bool ended = !x->running;
    if (held) {
        /* It holds something; it stops at the release. If that never comes,
         * nobody feeds the watchdog any more. */
        x->expired = true;
    } else if (!ended) {
        /* Whatever it was doing: all it changes is in its heap, which is given
         * up or restored. */
        k_thread_abort(&x->thread);
    }
    k_sched_unlock();
    if (held || ended) {
        k_sem_take(&x->stopped, K_FOREVER);
    }
    if (held) {
        k_thread_abort(&x->thread); /* it sleeps, or has just ended */
    }
    return ended;
}

int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    execution_t *x = execution_of(ctx);
    if (x->running) {
        fn(arg);
        return 0;
    }
    isere_zephyr_watchdog_feed(); /* many short ones may follow each other */
    x->function = fn;
    x->argument = arg;
    x->held = false;
    x->expired = false;
    x->running = true;
    k_sem_give(&x->started);
    uint64_t limit_us = deadline_us > UINT64_MAX - ISERE_ZEPHYR_GRACE_US
                            ? UINT64_MAX
                            : deadline_us + ISERE_ZEPHYR_GRACE_US;
    if (wait_until(ctx, x, limit_us) || abandon(x)) {
        return 0;
    }
    x->running = false;
    k_sem_reset(&x->started);
    k_sem_reset(&x->stopped);
    make_thread(x);
    return ISERE_ERR_TIMEOUT;
}

void isere_zephyr_exec_hold(void *ctx)
{
    execution_t *x = execution_of(ctx);
    x->held = x->running;
}

void isere_zephyr_exec_release(void *ctx)
{
    execution_t *x = execution_of(ctx);
    x->held = false;
    if (x->expired && k_current_get() == &x->thread) {
        k_sem_give(&x->stopped);
        k_sleep(K_FOREVER); /* the caller aborts this thread */
    }
}
