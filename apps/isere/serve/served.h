/* What `isere serve` serves: a registry and what that needs. With --store it is
 * the store, a token and a jobs. */
#ifndef ISERE_APPS_ISERE_SERVE_SERVED_H
#define ISERE_APPS_ISERE_SERVE_SERVED_H

#include "apps/isere/args/args.h"
#include "apps/isere/serve/jobs.h"
#include "isere/admin.h"

#include <pthread.h>

typedef struct isere_served {
    pthread_mutex_t lock; /* of a registry without a jobs */
    isere_blobs_t blobs;
    isere_jobs_t *jobs;
    isere_registry_t *registry;
    isere_admin_t *admin; /* NULL without a store */
    isere_blobs_t kept;
    bool has_blobs, has_kept;
} isere_served_t;

/* Opens all that args->serve.store names. 0, or ISERE_ERR_* after saying on
 * stderr what is wrong. `port`: of the calling thread, which closes it, too. */
int isere_served_open(const isere_port_t *port, const isere_args_t *args,
                      isere_served_t *served);

/* The same for one function and nothing else. */
int isere_served_open_one(const isere_port_t *port,
                          const isere_function_t *function,
                          isere_served_t *served);

/* When its servers are gone and the jobs has been stopped. */
void isere_served_close(isere_served_t *served);

#endif
