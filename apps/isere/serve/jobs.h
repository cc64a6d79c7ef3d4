/*
 * The thread that does the registry's jobs: compiling, init phases, the
 * store. One job after the other, while the workers serve.
 */
#ifndef ISERE_APPS_ISERE_SERVE_JOBS_H
#define ISERE_APPS_ISERE_SERVE_JOBS_H

#include "apps/isere/args/args.h"
#include "isere/registry.h"

typedef struct isere_jobs isere_jobs_t;

/* Starts the thread. 0, or ISERE_ERR_* after saying on stderr what is wrong. */
int isere_jobs_start(const isere_args_t *args, isere_jobs_t **jobs);

/* Gives a registry this thread for its work, and a lock. */
void isere_jobs_configure(isere_jobs_t *jobs, isere_registry_config_t *config);

/*
 * Ends the thread, unless it is in the middle of a job; jobs that wait are not
 * begun. Returns false when it is in one: the thread then goes on using what it
 * was given, and only the end of the process ends it.
 */
bool isere_jobs_stop(isere_jobs_t *jobs);

/* After a stop that returned true, when the servers are gone, but before the
 * registry is. */
void isere_jobs_destroy(isere_jobs_t *jobs);

#endif
