/*
 * The thread that does the registry's jobs: compiling, init phases, writing to
 * flash. It has the port's table with another `ctx`, an execution of its own,
 * and shares the processor with the executions of requests: in turn it is ahead
 * of them and behind them. The server's own thread is always ahead.
 *
 * (Zephyr's time slices would not do: one begins anew with each thread that
 * wakes up in the midst of it.)
 */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>

/* How long a request waits at most for a job that computes. */
#define TURN K_MSEC(5)

enum { QUEUE = 4 }; /* more changes at a time are refused */

typedef struct job {
    isere_registry_job_fn *work;
    void *arg;
} job_t;

static K_THREAD_STACK_DEFINE(isere_jobs_stack, CONFIG_ISERE_JOBS_STACK);
static struct k_thread thread;
static isere_port_t port;
static int server_priority;
static bool started;
static bool ahead; /* of the executions of requests */

K_MSGQ_DEFINE(isere_jobs_queue, sizeof(job_t), QUEUE, sizeof(void *));
static K_MUTEX_DEFINE(working);
static K_MUTEX_DEFINE(registry);

bool isere__zephyr_in_job(void)
{
    const struct k_thread *current = k_current_get();
    return current == &thread || isere__zephyr_exec_is(&thread, current);
}

/* ---- turns ---- */

/* The thread before its execution, so that the one which waits is ahead of the
 * other one at any time. A lock that one of them holds may have lent it the
 * server's priority, and take it for its own until the next turn. */
static void set_priorities(void)
{
    int own = server_priority +
              (ahead ? ISERE_ZEPHYR_JOB_AHEAD : ISERE_ZEPHYR_JOB_BEHIND);
    if (ahead) {
        k_thread_priority_set(&thread, own);
        isere__zephyr_exec_priority(&thread, own + 1);
    } else {
        isere__zephyr_exec_priority(&thread, own + 1);
        k_thread_priority_set(&thread, own);
    }
}

static void change_turns(struct k_timer *timer)
{
    ARG_UNUSED(timer);
    ahead = !ahead;
    set_priorities();
}

static K_TIMER_DEFINE(turns, change_turns, NULL);

/* ---- the thread ---- */

/* Timers of an init phase; nobody else wakes this thread. */
static int wait_for_time(void *ctx, isere_poll_event_t *events, int max,
                         uint64_t timeout_us)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(events);
    ARG_UNUSED(max);
    k_sleep(K_USEC(MIN(timeout_us, ISERE_ZEPHYR_FEED_US)));
    return 0;
}

static void wake_nobody(void *ctx)
{
    ARG_UNUSED(ctx);
}

static void work(void *a, void *b, void *c)
{
    job_t job;
    ARG_UNUSED(a);
    ARG_UNUSED(b);
    ARG_UNUSED(c);
    isere_zephyr_exec_init(&thread,
                           server_priority + ISERE_ZEPHYR_JOB_BEHIND + 1);
    for (;;) {
        k_msgq_get(&isere_jobs_queue, &job, K_FOREVER);
        k_mutex_lock(&working, K_FOREVER);
        k_timer_start(&turns, TURN, TURN);
        job.work(job.arg, &port);
        k_timer_stop(&turns);
        k_mutex_unlock(&working);
    }
}

void isere__zephyr_jobs_start(const isere_port_t *server)
{
    port = *server;
    port.ctx = &thread;
    port.exec_begin = NULL; /* its thread has nobody else to serve */
    port.exec_poll = NULL;
    port.poll_wait = wait_for_time;
    port.poll_wake = wake_nobody;
    server_priority = k_thread_priority_get(k_current_get());
    k_thread_create(&thread, isere_jobs_stack,
                    K_THREAD_STACK_SIZEOF(isere_jobs_stack), work, NULL, NULL,
                    NULL, server_priority + ISERE_ZEPHYR_JOB_BEHIND, 0,
                    K_NO_WAIT);
    k_thread_name_set(&thread, "isere_jobs");
    started = true;
}

void isere__zephyr_jobs_stop(void)
{
    job_t job;
    started = false;
    while (k_msgq_get(&isere_jobs_queue, &job, K_NO_WAIT) == 0) {
        job.work(job.arg, NULL);
    }
    k_mutex_lock(&working, K_FOREVER); /* for good */
}

/* ---- for the registry ---- */

static int run(void *ctx, isere_registry_job_fn *job, void *arg)
{
    const job_t entry = {job, arg};
    ARG_UNUSED(ctx);
    return started && k_msgq_put(&isere_jobs_queue, &entry, K_NO_WAIT) == 0
               ? 0
               : ISERE_ERR_LIMIT;
}

static void lock(void *ctx)
{
    ARG_UNUSED(ctx);
    k_mutex_lock(&registry, K_FOREVER);
}

static void unlock(void *ctx)
{
    ARG_UNUSED(ctx);
    k_mutex_unlock(&registry);
}

static void lend(void *ctx, unsigned instances)
{
    ARG_UNUSED(ctx);
    isere__zephyr_memory_lend(instances);
}

void isere__zephyr_jobs_configure(isere_registry_config_t *config)
{
    config->run = run;
    config->lock = lock;
    config->unlock = unlock;
    config->lend = lend;
}
