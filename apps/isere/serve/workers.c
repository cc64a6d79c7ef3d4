/* The threads that serve. Each has its own port, listener and server, so that
 * requests need no locks; what they share is the registry and the process's
 * limits. */
#include "apps/isere/serve/workers.h"
#include "apps/isere/load/program.h"
#include "apps/isere/serve/thread.h"
#include "isere/linux.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef enum worker_state {
    WORKER_STARTING,
    WORKER_SERVING,
    WORKER_ENDED, /* its server is there until the workers are stopped */
    WORKER_FAILED,
} worker_state_t;

typedef struct worker {
    isere_workers_t *all;
    pthread_t thread;
    isere_socket_t listener;
    isere_server_t *server;
    worker_state_t state;
    int error;
    bool server_asked; /* when it failed: the fault says why */
    isere_fault_t fault;
} worker_t;

struct isere_workers {
    const isere_args_t *args;
    isere_registry_t *registry;
    isere_admin_t *admin;             /* NULL: none */
    const isere_function_t *built_in; /* NULL: there is a store */
    const isere_port_t *own;          /* of the starting thread */
    isere_limits_t *limits;
    int ended_fd;
    pthread_mutex_t lock; /* guards all below, and states of workers */
    pthread_cond_t changed;
    bool stopping;
    unsigned started; /* threads to join */
    unsigned count;
    worker_t workers[];
};

/* ---- a worker's thread ---- */

static void set_state(worker_t *worker, worker_state_t state, int error)
{
    isere_workers_t *all = worker->all;
    pthread_mutex_lock(&all->lock);
    worker->state = state;
    worker->error = error;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

/* With the lock held. Nobody is still starting when `stopping` is set. */
static bool any_serving(const isere_workers_t *all)
{
    for (unsigned i = 0; i < all->started; i++) {
        if (all->workers[i].state == WORKER_SERVING) {
            return true;
        }
    }
    return false;
}

/* Other threads may ask the server to stop until they know that all are
 * stopping, and servers wake each other until all have ended. */
static void await_others(isere_workers_t *all)
{
    pthread_mutex_lock(&all->lock);
    while (!all->stopping || any_serving(all)) {
        pthread_cond_wait(&all->changed, &all->lock);
    }
    pthread_mutex_unlock(&all->lock);
}

static void serve(worker_t *worker)
{
    isere_workers_t *all = worker->all;
    const uint64_t one = 1;
    set_state(worker, WORKER_SERVING, 0);
    /* Until the server is stopped, or fails. */
    int error = isere_server_run(worker->server);
    /* Wakes main. It can't fail: the counter has 64 bits. */
    ssize_t put = write(all->ended_fd, &one, sizeof(one));
    (void)put;
    set_state(worker, WORKER_ENDED, error);
}

static void *worker_main(void *arg)
{
    worker_t *worker = arg;
    isere_workers_t *all = worker->all;
    isere_port_t port;
    int error = isere_program_port_init(&port, all->args);
    if (error != 0) {
        set_state(worker, WORKER_FAILED, error);
        return NULL;
    }
    worker->server_asked = true;
    error = isere_server_create(&port, all->limits, worker->listener,
                                all->registry, &worker->server);
    if (error == 0 && all->admin) {
        error = isere_admin_attach(all->admin, worker->server);
    }
    if (error == 0) {
        /* The first heap is made before the first connection is accepted: a
         * function that can't start ends the program with a message, not every
         * request with a 500. */
        error = isere_server_warm_up(worker->server, &worker->fault);
    }
    if (error == 0) {
        serve(worker);
    } else {
        set_state(worker, WORKER_FAILED, error);
    }
    if (worker->server) {
        await_others(all);
        isere_server_destroy(worker->server);
    }
    isere_linux_port_deinit(&port);
    return NULL;
}

/* ---- start ---- */

static isere_limits_t *create_limits(const isere_port_t *own,
                                     const isere_args_t *args)
{
    isere_limits_config_t config;
    /* One for the process: with more workers there must not be more
     * connections or memory. */
    isere_limits_config_init(&config);
    /* The table of options bounds each of them to its type. */
    config.max_head = (uint32_t)args->serve.max_head;
    config.max_body = (uint32_t)args->serve.max_body;
    config.max_buffer = (size_t)args->serve.buffer;
    config.header_timeout_ms = (uint32_t)args->serve.header_timeout;
    config.request_timeout_ms = (uint32_t)args->serve.request_timeout;
    config.idle_timeout_ms = (uint32_t)args->serve.idle_timeout;
    config.max_connections = (uint32_t)args->serve.max_connections;
    config.max_instances = (uint32_t)args->serve.instances;
    config.max_queue = (uint32_t)args->serve.queue;
    config.access_log = args->serve.access_log;
    return isere_limits_create(own, &config);
}

/* Reports what the one function did to servers before this one, except what is
 * older than a quarantine lasts. */
static void report_deaths(isere_workers_t *all)
{
    const isere_shared_t *shared = isere_shared();
    /* With a store the registry asks for faults itself, and remembers them. */
    unsigned count = all->built_in && shared ? shared->deaths_count : 0;
    uint32_t now_s =
        (uint32_t)(all->own->monotonic_us(all->own->ctx) / 1000000);
    for (unsigned i = count ? shared->forgotten : 0; i < count; i++) {
        const isere_death_t *death = &shared->deaths[i % ISERE_SHARED_DEATHS];
        isere_fault_report_t report = {
            .name = ISERE_BUILT_IN_NAME,
            .where = death->where,
            /* Of the monotonic clock: nobody sets it, and all processes
             * share it. */
            .at_s = death->monotonic_s,
        };
        if (i + ISERE_SHARED_DEATHS >= count &&
            now_s - death->monotonic_s < ISERE_WORKERS_QUARANTINE_S) {
            isere_registry_report_fault(all->registry, all->own, &report);
        }
    }
}

/* The listening socket belongs to the server from now on. */
static int start_thread(worker_t *worker, isere_listeners_t *listeners)
{
    isere_workers_t *all = worker->all;
    int error =
        isere_thread_start(&worker->thread, (size_t)all->args->settings.stack,
                           worker_main, worker);
    if (error == 0) {
        listeners->sockets[all->started++] = -1;
    }
    return error;
}

/* Names the function, as the log does for a crash while serving. */
static void name_crashed(const worker_t *worker, isere_fault_t *fault)
{
    const isere_function_t *function = worker->all->built_in;
    size_t len = strlen(fault->message);
    if (function && worker->error == ISERE_ERR_CRASH) {
        snprintf(fault->message + len, sizeof(fault->message) - len,
                 ", while %s started", isere_function_name(function));
    }
}

/* Waits until the worker serves, or says why it does not. */
static int await_start(worker_t *worker)
{
    isere_workers_t *all = worker->all;
    pthread_mutex_lock(&all->lock);
    while (worker->state == WORKER_STARTING) {
        pthread_cond_wait(&all->changed, &all->lock);
    }
    pthread_mutex_unlock(&all->lock);
    if (worker->state != WORKER_FAILED) {
        return 0;
    }
    if (worker->server_asked) {
        name_crashed(worker, &worker->fault);
        isere_program_print_fault(&worker->fault, worker->error);
    }
    return worker->error;
}

/* The first one alone: if the function fails to start, that is said once and
 * not by every worker. */
static int start_all(isere_workers_t *all, isere_listeners_t *listeners)
{
    int error = start_thread(&all->workers[0], listeners);
    if (error == 0) {
        error = await_start(&all->workers[0]);
    }
    for (unsigned i = 1; i < all->count && error == 0; i++) {
        error = start_thread(&all->workers[i], listeners);
    }
    for (unsigned i = 1; i < all->started && error == 0; i++) {
        error = await_start(&all->workers[i]);
    }
    return error;
}

/* What can fail is looked at by the caller, which then destroys all of it. */
static isere_workers_t *create(const isere_port_t *own,
                               const isere_args_t *args,
                               isere_registry_t *registry,
                               const isere_function_t *built_in,
                               isere_listeners_t *listeners)
{
    unsigned count = listeners->count;
    isere_workers_t *all = calloc(1, sizeof(*all) + count * sizeof(worker_t));
    if (!all) {
        return NULL;
    }
    all->args = args;
    all->registry = registry;
    all->built_in = built_in;
    all->own = own;
    all->count = count;
    /* A descriptor, since main waits for signals at the same time. */
    all->ended_fd = eventfd(0, EFD_CLOEXEC);
    all->limits = create_limits(own, args);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    for (unsigned i = 0; i < count; i++) {
        all->workers[i].all = all;
        all->workers[i].listener = listeners->sockets[i];
    }
    return all;
}

int isere_workers_start(const isere_port_t *own, const isere_args_t *args,
                        isere_registry_t *registry, isere_admin_t *admin,
                        const isere_function_t *built_in,
                        isere_listeners_t *listeners, isere_workers_t **workers)
{
    isere_workers_t *all = create(own, args, registry, built_in, listeners);
    int error = ISERE_ERR_NOMEM;
    if (!all || !all->limits || all->ended_fd < 0) {
        fputs("isere: not enough memory to start\n", stderr);
    } else {
        all->admin = admin;
        report_deaths(all);
        error = start_all(all, listeners);
    }
    if (error == 0) {
        *workers = all;
    } else if (all) {
        /* Also those that serve already: half a server is none. */
        isere_workers_stop(all);
        isere_workers_join(all);
        isere_workers_destroy(all);
    }
    return error;
}

/* ---- afterwards ---- */

int isere_workers_ended_fd(const isere_workers_t *workers)
{
    return workers->ended_fd;
}

void isere_workers_stop(isere_workers_t *workers)
{
    pthread_mutex_lock(&workers->lock);
    /* Called a second time it only waits. Each server is still there: its
     * thread destroys it only after `stopping` is set, for which it needs
     * the lock. */
    for (unsigned i = 0; i < workers->started && !workers->stopping; i++) {
        worker_t *worker = &workers->workers[i];
        while (worker->state == WORKER_STARTING) {
            pthread_cond_wait(&workers->changed, &workers->lock);
        }
        if (worker->state != WORKER_FAILED) {
            isere_server_stop(worker->server);
        }
    }
    workers->stopping = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

int isere_workers_join(isere_workers_t *workers)
{
    int error = 0;
    for (unsigned i = 0; i < workers->started; i++) {
        pthread_join(workers->workers[i].thread, NULL);
        /* The last of them: one reason is enough for a message. */
        if (workers->workers[i].error != 0) {
            error = workers->workers[i].error;
        }
    }
    return error;
}

void isere_workers_destroy(isere_workers_t *workers)
{
    isere_limits_destroy(workers->limits);
    if (workers->ended_fd >= 0) {
        close(workers->ended_fd);
    }
    pthread_mutex_destroy(&workers->lock);
    pthread_cond_destroy(&workers->changed);
    free(workers);
}
