/* A thread with a queue of jobs. There is only one, so changes of the store are
 * made one after the other; serving never waits for it. */
#include "apps/isere/serve/jobs.h"
#include "apps/isere/load/program.h"
#include "apps/isere/serve/thread.h"
#include "isere/linux.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* More than 16 changes at a time are refused with 503: whoever sends so many
 * does not wait for answers. */
enum { QUEUE = 16, PATIENCE_S = 1 };

typedef struct job {
    isere_registry_job_fn *work;
    void *arg;
} job_t;

struct isere_jobs {
    const isere_args_t *args;
    pthread_t thread;
    pthread_mutex_t registry; /* what the registry locks */
    pthread_mutex_t lock;     /* guards all below */
    pthread_cond_t changed;
    job_t queue[QUEUE]; /* a ring */
    unsigned first, count;
    bool working, stopping, joined;
    bool started; /* or failed to */
    int error;
};

/* Waits for the next job; false at the end. */
static bool take(isere_jobs_t *d, job_t *job)
{
    bool found;
    pthread_mutex_lock(&d->lock);
    /* isere_jobs_stop may wait for this. */
    d->working = false;
    pthread_cond_broadcast(&d->changed);
    while (d->count == 0 && !d->stopping) {
        pthread_cond_wait(&d->changed, &d->lock);
    }
    found = !d->stopping;
    if (found) {
        *job = d->queue[d->first];
        d->first = (d->first + 1) % QUEUE;
        d->count--;
        d->working = true;
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static void *jobs_main(void *arg)
{
    isere_jobs_t *d = arg;
    isere_port_t port;
    job_t job;
    /* A port belongs to one thread. */
    int error = isere_program_port_init(&port, d->args);
    pthread_mutex_lock(&d->lock);
    d->started = true;
    d->error = error;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    if (error == 0) {
        while (take(d, &job)) {
            job.work(job.arg, &port);
        }
        isere_linux_port_deinit(&port);
    }
    return NULL;
}

int isere_jobs_start(const isere_args_t *args, isere_jobs_t **jobs)
{
    isere_jobs_t *d = calloc(1, sizeof(*d));
    int error = ISERE_ERR_NOMEM;
    if (!d) {
        fputs("isere: not enough memory to start\n", stderr);
        return error;
    }
    d->args = args;
    pthread_mutex_init(&d->registry, NULL);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    error = isere_thread_start(&d->thread, (size_t)args->settings.stack,
                               jobs_main, d);
    if (error == 0) {
        pthread_mutex_lock(&d->lock);
        while (!d->started) {
            pthread_cond_wait(&d->changed, &d->lock);
        }
        /* The thread's port may have failed. The caller should know that now,
         * not at the first deployment. */
        error = d->error;
        pthread_mutex_unlock(&d->lock);
        if (error != 0) {
            pthread_join(d->thread, NULL);
        }
    }
    if (error != 0) {
        isere_jobs_destroy(d);
        return error;
    }
    *jobs = d;
    return 0;
}

/* ---- for the registry ---- */

/* Called by workers, with requests waiting: it never blocks on a job. */
static int run(void *ctx, isere_registry_job_fn *work, void *arg)
{
    isere_jobs_t *d = ctx;
    int error = ISERE_ERR_LIMIT;
    pthread_mutex_lock(&d->lock);
    /* A full queue becomes a 503. */
    if (d->count < QUEUE && !d->stopping) {
        d->queue[(d->first + d->count++) % QUEUE] = (job_t){work, arg};
        pthread_cond_broadcast(&d->changed);
        error = 0;
    }
    pthread_mutex_unlock(&d->lock);
    return error;
}

static void lock(void *ctx)
{
    isere_jobs_t *d = ctx;
    pthread_mutex_lock(&d->registry);
}

static void unlock(void *ctx)
{
    isere_jobs_t *d = ctx;
    pthread_mutex_unlock(&d->registry);
}

void isere_jobs_configure(isere_jobs_t *jobs, isere_registry_config_t *config)
{
    config->run = run;
    config->lock = lock;
    config->unlock = unlock;
    config->ctx = jobs;
}

/* ---- the end ---- */

/* Jobs in the queue are dropped at the end. Their owners are told (with a NULL
 * port) outside the lock, since they may try to add another one. */
static void drop_queue(isere_jobs_t *d)
{
    job_t jobs[QUEUE];
    unsigned count;
    pthread_mutex_lock(&d->lock);
    for (count = 0; d->count > 0; count++) {
        jobs[count] = d->queue[d->first];
        d->first = (d->first + 1) % QUEUE;
        d->count--;
    }
    pthread_mutex_unlock(&d->lock);
    for (unsigned i = 0; i < count; i++) {
        jobs[i].work(jobs[i].arg, NULL);
    }
}

bool isere_jobs_stop(isere_jobs_t *jobs)
{
    bool working;
    struct timespec until;
    /* The clock of pthread_cond_timedwait (POSIX). If it is set meanwhile,
     * the wait is longer or shorter, and nothing worse. */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->changed);
    /* The job may be writing to the store, which is worth waiting for. Only an
     * init phase takes long. */
    while (jobs->working &&
           pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until) == 0) {
    }
    working = jobs->working;
    pthread_mutex_unlock(&jobs->lock);
    drop_queue(jobs);
    /* A thread in an init phase is left alone: it can't be ended from here.
     * The caller frees nothing that it uses, and exits. */
    if (!working && !jobs->joined) {
        pthread_join(jobs->thread, NULL);
        jobs->joined = true;
    }
    return !working;
}

/* After isere_jobs_stop, or when the thread never started. */
void isere_jobs_destroy(isere_jobs_t *jobs)
{
    drop_queue(jobs);
    pthread_mutex_destroy(&jobs->registry);
    pthread_mutex_destroy(&jobs->lock);
    pthread_cond_destroy(&jobs->changed);
    free(jobs);
}
