/*
 * The threads that serve, each with its own port, listener and server.
 */
#ifndef ISERE_APPS_ISERE_SERVE_WORKERS_H
#define ISERE_APPS_ISERE_SERVE_WORKERS_H

#include "apps/isere/args/args.h"
#include "apps/isere/supervisor/listeners.h"
#include "isere/admin.h"

/* How long a function without a store, which nobody can release, is
 * quarantined. */
enum { ISERE_WORKERS_QUARANTINE_S = 60 };

typedef struct isere_workers isere_workers_t;

/*
 * Starts the workers, one for each listener, whose sockets become theirs, and
 * waits until all of them serve. `admin` may be NULL. `built_in` is the
 * registry's own function, or NULL when there is a store instead: what it did
 * to processes before this one is told to the registry first. The calling
 * thread's signal mask becomes theirs. Returns 0 with *workers, or ISERE_ERR_*
 * after saying on stderr what is wrong.
 */
int isere_workers_start(const isere_port_t *own, const isere_args_t *args,
                        isere_registry_t *registry, isere_admin_t *admin,
                        const isere_function_t *built_in,
                        isere_listeners_t *listeners,
                        isere_workers_t **workers);

/* A descriptor that becomes readable when a worker ended by itself. */
int isere_workers_ended_fd(const isere_workers_t *workers);

/*
 * Asks all to stop; join waits for that and returns 0, or the error that a
 * worker ended with; destroy releases what is left, when no other thread uses
 * it any more. The starting thread.
 */
void isere_workers_stop(isere_workers_t *workers);
int isere_workers_join(isere_workers_t *workers);
void isere_workers_destroy(isere_workers_t *workers);

#endif
