/*
 * Executions run in a thread of their own, on a stack of their own, while the
 * caller waits: one for the server's thread, one for that of jobs (jobs.c).
 * When one is over its deadline its thread is aborted, wherever it is, and
 * created anew. Its priority is lower than its caller's: whenever the caller
 * runs, the execution stands still.
 *
 * One handler at a time that takes long goes on beside the server's thread,
 * behind other handlers, but not without its share. Then the server borrows the
 * other execution while no job needs it; else it waits.
 */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>

#define STACK_SIZE ((CONFIG_ISERE_STACK + CONFIG_ISERE_STACK_RESERVE) * 1024)

/* How long the server waits for a handler before it serves others. */
#define ALONE_US 20000

/* How long the next handler waits for one that goes on beside, and how long
 * that one waits for others before. */
#define SHARE_US 5000
#define PAUSE_US 10000

/*
 * Shared by the two threads, without a lock: on one processor and with these
 * priorities the execution stands still whenever the caller looks. `running` is
 * set by the caller and cleared by the execution when it ends, `held` belongs
 * to the execution, `expired` is the caller's request to stop at the release.
 */
typedef struct execution {
    struct k_thread thread;
    k_thread_stack_t *stack;
    struct k_sem free; /* taken by whoever uses it */
    int priority;      /* for its own caller */
    bool lent;         /* the server has that of jobs */
    struct k_sem started;
    struct k_sem stopped;
    void (*volatile function)(void *arg);
    void *volatile argument;
    uint64_t limit_us;
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

/* What goes on beside the server's thread. */
static struct {
    execution_t *execution; /* NULL: nothing */
    int *result;
    uint64_t due_us; /* of its share */
} beside;

static execution_t *execution_of(const void *ctx)
{
    return &executions[isere__zephyr_thread_of(ctx)];
}

/* The one that the calling thread is, or NULL. */
static execution_t *current(void)
{
    const struct k_thread *thread = k_current_get();
    for (size_t i = 0; i < ARRAY_SIZE(executions); i++) {
        if (&executions[i].thread == thread) {
            return &executions[i];
        }
    }
    return NULL;
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
                    NULL, x->lent ? executions->priority : x->priority, 0,
                    K_NO_WAIT);
    k_thread_name_set(&x->thread,
                      x == executions ? "isere_exec" : "isere_jobs_exec");
}

void isere_zephyr_exec_init(void *ctx, int priority)
{
    execution_t *x = execution_of(ctx);
    x->priority = priority;
    k_sem_init(&x->free, 1, 1);
    k_sem_init(&x->started, 0, 1);
    k_sem_init(&x->stopped, 0, 1);
    make_thread(x);
}

void isere__zephyr_exec_priority(const void *ctx, int priority)
{
    execution_t *x = execution_of(ctx);
    x->priority = priority;
    if (!x->lent) {
        k_thread_priority_set(&x->thread, priority);
    }
}

bool isere__zephyr_exec_is(const void *ctx, const struct k_thread *thread)
{
    const execution_t *x = execution_of(ctx);
    return &x->thread == thread && !x->lent;
}

isere_retained_thread_t isere__zephyr_exec_thread(void)
{
    return beside.execution && current() == beside.execution
               ? ISERE_RETAINED_BESIDE
           : isere__zephyr_in_job() ? ISERE_RETAINED_JOBS
                                    : ISERE_RETAINED_SERVER;
}

/* Waits for the execution's end until then. False: it still runs. Only the
 * server's thread feeds the watchdog, and keeps the time. */
static bool wait_until(const void *ctx, execution_t *x, uint64_t until_us)
{
    for (;;) {
        uint64_t now = isere_zephyr_monotonic_us(NULL);
        uint64_t left = until_us > now ? until_us - now : 0;
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

/* Ends it, wherever it is. Returns 0 or ISERE_ERR_TIMEOUT. */
static int end_now(execution_t *x)
{
    if (abandon(x)) {
        return 0;
    }
    x->running = false;
    k_sem_reset(&x->started);
    k_sem_reset(&x->stopped);
    make_thread(x);
    return ISERE_ERR_TIMEOUT;
}

static void begin(execution_t *x, void (*fn)(void *arg), void *arg,
                  uint64_t deadline_us)
{
    isere_zephyr_watchdog_feed(); /* many short ones may follow each other */
    x->function = fn;
    x->argument = arg;
    x->held = false;
    x->expired = false;
    x->running = true;
    x->limit_us = deadline_us > UINT64_MAX - ISERE_ZEPHYR_GRACE_US
                      ? UINT64_MAX
                      : deadline_us + ISERE_ZEPHYR_GRACE_US;
    k_sem_give(&x->started);
}

/* ---- whose they are ---- */

static void give_back(execution_t *x)
{
    if (x->lent) {
        x->lent = false;
        k_thread_priority_set(&x->thread, x->priority);
    }
    k_sem_give(&x->free);
}

/* What ran beside has ended, or is ended. */
static void end_beside(int outcome)
{
    execution_t *x = beside.execution;
    *beside.result = outcome;
    beside.execution = NULL;
    isere_retained_leave(isere__zephyr_retained(), ISERE_RETAINED_BESIDE);
    if (!x->lent) {
        k_thread_priority_set(&x->thread, x->priority);
    }
    give_back(x);
}

/* Again before each that it must stay behind: a lock that it held when its
 * priority was changed has given it the one before. */
static void put_behind(void)
{
    k_thread_priority_set(&beside.execution->thread, executions->priority +
                                                         ISERE_ZEPHYR_BESIDE -
                                                         ISERE_ZEPHYR_EXEC);
}

/* Under load others would take all of the time. */
static void share(void)
{
    uint64_t now = isere_zephyr_monotonic_us(NULL);
    if (!beside.execution) {
        return;
    }
    put_behind();
    if (now < beside.due_us) {
        return;
    }
    if (wait_until(NULL, beside.execution, now + SHARE_US)) {
        end_beside(0);
        return;
    }
    put_behind();
    beside.due_us = isere_zephyr_monotonic_us(NULL) + PAUSE_US;
}

/* The server's own one, or that of jobs if none needs it. When both are in use,
 * the server waits for what runs beside: for its time limit at most. */
static execution_t *take_for_server(void)
{
    execution_t *own = executions;
    if (k_sem_take(&own->free, K_NO_WAIT) == 0) {
        return own;
    }
#ifdef CONFIG_ISERE_JOBS
    execution_t *other = &executions[1];
    if (k_sem_take(&other->free, K_NO_WAIT) == 0) {
        other->lent = true;
        k_thread_priority_set(&other->thread, own->priority);
        return other;
    }
#endif
    k_thread_priority_set(&own->thread, own->priority);
    end_beside(wait_until(NULL, own, own->limit_us) ? 0 : end_now(own));
    k_sem_take(&own->free, K_FOREVER);
    return own;
}

static execution_t *take(const void *ctx)
{
    if (!ctx) {
        return take_for_server();
    }
    k_sem_take(&execution_of(ctx)->free, K_FOREVER);
    return execution_of(ctx);
}

static void go_beside(execution_t *x, int *result)
{
    beside.execution = x;
    beside.result = result;
    put_behind();
    beside.due_us = isere_zephyr_monotonic_us(NULL) + PAUSE_US;
    *result = ISERE_ERR_AGAIN;
    isere_retained_move(isere__zephyr_retained(), ISERE_RETAINED_SERVER,
                        ISERE_RETAINED_BESIDE);
}

/* ---- for the port ---- */

int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    if (current()) {
        fn(arg);
        return 0;
    }
    execution_t *x = take(ctx);
    begin(x, fn, arg, deadline_us);
    int error = wait_until(ctx, x, x->limit_us) ? 0 : end_now(x);
    give_back(x);
    return error;
}

int isere_zephyr_exec_begin(void *ctx, void (*fn)(void *arg), void *arg,
                            uint64_t deadline_us, int *result)
{
    ARG_UNUSED(ctx); /* the server's */
    share();
    execution_t *x = take_for_server();
    begin(x, fn, arg, deadline_us);
    int error = 0;
    if (k_sem_take(&x->stopped, K_USEC(ALONE_US)) != 0) {
        if (!beside.execution) {
            go_beside(x, result);
            return ISERE_ERR_AGAIN;
        }
        error = wait_until(NULL, x, x->limit_us) ? 0 : end_now(x);
    }
    give_back(x);
    return error;
}
int isere_zephyr_exec_poll(void *ctx, int *result, bool stop)
{
    execution_t *x = beside.execution;
    ARG_UNUSED(ctx);
    if (!x || beside.result != result) {
        return *result;
    }
    if (k_sem_take(&x->stopped, K_NO_WAIT) == 0) {
        end_beside(0);
    } else if (stop || isere_zephyr_monotonic_us(NULL) >= x->limit_us) {
        /* If it holds something, it is waited for: ahead of all others. */
        k_thread_priority_set(&x->thread, executions->priority);
        end_beside(end_now(x));
    }
    return *result;
}

void isere_zephyr_exec_hold(void *ctx)
{
    execution_t *x = current();
    ARG_UNUSED(ctx);
    if (x) {
        x->held = true;
    }
}

void isere_zephyr_exec_release(void *ctx)
{
    execution_t *x = current();
    ARG_UNUSED(ctx);
    if (!x) {
        return;
    }
    x->held = false;
    if (x->expired) {
        k_sem_give(&x->stopped);
        k_sleep(K_FOREVER); /* the caller aborts this thread */
    }
}
