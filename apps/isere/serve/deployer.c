#include "apps/isere/serve/deployer.h"
#include "apps/isere/load/program.h"
#include "apps/isere/serve/thread.h"
#include "isere/linux.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { QUEUE = 16, PATIENCE_S = 1 };

typedef struct piece {
    isere_registry_job_fn *work;
    void *arg;
} piece_t;

struct isere_deployer {
    const isere_args_t *args;
    pthread_t thread;
    pthread_mutex_t registry; /* what the registry locks */
    pthread_mutex_t lock;     /* guards all below */
    pthread_cond_t changed;
    piece_t queue[QUEUE]; /* a ring */
    unsigned first, count;
    bool working, stopping, joined;
    bool started; /* or failed to */
    int error;
};

/* Waits for the next piece; false at the end. */
static bool take(isere_deployer_t *d, piece_t *piece)
{
    bool found;
    pthread_mutex_lock(&d->lock);
    d->working = false;
    pthread_cond_broadcast(&d->changed);
    while (d->count == 0 && !d->stopping) {
        pthread_cond_wait(&d->changed, &d->lock);
    }
    found = !d->stopping;
    if (found) {
        *piece = d->queue[d->first];
        d->first = (d->first + 1) % QUEUE;
        d->count--;
        d->working = true;
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static void *deployer_main(void *arg)
{
    isere_deployer_t *d = arg;
    isere_port_t port;
    piece_t piece;
    int error = isere_program_port_init(&port, d->args);
    pthread_mutex_lock(&d->lock);
    d->started = true;
    d->error = error;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    if (error == 0) {
        while (take(d, &piece)) {
            piece.work(piece.arg, &port);
        }
        isere_linux_port_deinit(&port);
    }
    return NULL;
}

int isere_deployer_start(const isere_args_t *args, isere_deployer_t **deployer)
{
    isere_deployer_t *d = calloc(1, sizeof(*d));
    int error = ISERE_ERR_NOMEM;
    if (!d) {
        fputs("isere: not enough memory to start\n", stderr);
        return error;
    }
    d->args = args;
    pthread_mutex_init(&d->registry, NULL);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    error =
        isere_thread_start(&d->thread, (size_t)args->stack, deployer_main, d);
    if (error == 0) {
        pthread_mutex_lock(&d->lock);
        while (!d->started) {
            pthread_cond_wait(&d->changed, &d->lock);
        }
        error = d->error;
        pthread_mutex_unlock(&d->lock);
        if (error != 0) {
            pthread_join(d->thread, NULL);
        }
    }
    if (error != 0) {
        isere_deployer_destroy(d);
        return error;
    }
    *deployer = d;
    return 0;
}

/* ---- for the registry ---- */

static int run(void *ctx, isere_registry_job_fn *work, void *arg)
{
    isere_deployer_t *d = ctx;
    int error = ISERE_ERR_LIMIT;
    pthread_mutex_lock(&d->lock);
    if (d->count < QUEUE && !d->stopping) {
        d->queue[(d->first + d->count++) % QUEUE] = (piece_t){work, arg};
        pthread_cond_broadcast(&d->changed);
        error = 0;
    }
    pthread_mutex_unlock(&d->lock);
    return error;
}

static void lock(void *ctx)
{
    isere_deployer_t *d = ctx;
    pthread_mutex_lock(&d->registry);
}

static void unlock(void *ctx)
{
    isere_deployer_t *d = ctx;
    pthread_mutex_unlock(&d->registry);
}

void isere_deployer_configure(isere_deployer_t *deployer,
                              isere_registry_config_t *config)
{
    config->run = run;
    config->lock = lock;
    config->unlock = unlock;
    config->ctx = deployer;
}

/* ---- the end ---- */

/* What waits will not be done any more. Its owners hear of it outside of the
 * lock: they may have more to be done, which is refused. */
static void drop_queue(isere_deployer_t *d)
{
    piece_t pieces[QUEUE];
    unsigned count;
    pthread_mutex_lock(&d->lock);
    for (count = 0; d->count > 0; count++) {
        pieces[count] = d->queue[d->first];
        d->first = (d->first + 1) % QUEUE;
        d->count--;
    }
    pthread_mutex_unlock(&d->lock);
    for (unsigned i = 0; i < count; i++) {
        pieces[i].work(pieces[i].arg, NULL);
    }
}

bool isere_deployer_stop(isere_deployer_t *deployer)
{
    bool working;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&deployer->lock);
    deployer->stopping = true;
    pthread_cond_broadcast(&deployer->changed);
    /* It may be writing to the store; only an init phase takes long. */
    while (deployer->working &&
           pthread_cond_timedwait(&deployer->changed, &deployer->lock,
                                  &until) == 0) {
    }
    working = deployer->working;
    pthread_mutex_unlock(&deployer->lock);
    drop_queue(deployer);
    if (!working && !deployer->joined) {
        pthread_join(deployer->thread, NULL);
        deployer->joined = true;
    }
    return !working;
}

void isere_deployer_destroy(isere_deployer_t *deployer)
{
    drop_queue(deployer);
    pthread_mutex_destroy(&deployer->registry);
    pthread_mutex_destroy(&deployer->lock);
    pthread_cond_destroy(&deployer->changed);
    free(deployer);
}
