/*
 * The threads that serve, each with its own port, listener and server.
 */
#ifndef ISERE_APPS_ISERE_SERVE_WORKERS_H
#define ISERE_APPS_ISERE_SERVE_WORKERS_H

#include "apps/isere/args/args.h"
#include "apps/isere/supervisor/listeners.h"
#include "isere/registry.h"

typedef struct isere_workers isere_workers_t;

/*
 * Starts the workers with the function, or with all those of `registry` (the
 * other one is NULL), one for each listener, whose sockets become theirs, and
 * waits until all of them serve. The calling thread's signal mask becomes
 * theirs. Returns 0 with *workers, or ISERE_ERR_* after saying on stderr what
 * is wrong.
 */
int isere_workers_start(const isere_port_t *own, const isere_args_t *args,
                        const isere_function_t *function,
                        isere_registry_t *registry,
                        isere_listeners_t *listeners,
                        isere_workers_t **workers);

unsigned isere_workers_count(const isere_workers_t *workers);

/* A descriptor that becomes readable when a worker ended by itself. */
int isere_workers_ended_fd(const isere_workers_t *workers);

/*
 * Calls isere_server_replace for every worker; `replaced` is called for each
 * (also for one where the call failed), unless they stop before. Returns 0, or
 * ISERE_ERR_CLOSED when they are stopping. Any thread.
 */
int isere_workers_replace(isere_workers_t *workers,
                          const isere_function_t *function,
                          isere_replaced_fn *replaced, void *arg);

/*
 * Asks all to stop; join waits for that and returns 0, or the error that a
 * worker ended with; destroy releases what is left, when no other thread uses
 * it any more. The starting thread.
 */
void isere_workers_stop(isere_workers_t *workers);
int isere_workers_join(isere_workers_t *workers);
void isere_workers_destroy(isere_workers_t *workers);

#endif
