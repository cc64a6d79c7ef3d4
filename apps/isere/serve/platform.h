/* What `isere serve` serves: a registry and what that needs. With --store it is
 * the store, a token and a deployer. */
#ifndef ISERE_APPS_ISERE_SERVE_PLATFORM_H
#define ISERE_APPS_ISERE_SERVE_PLATFORM_H

#include "apps/isere/args/args.h"
#include "apps/isere/serve/deployer.h"
#include "isere/admin.h"

#include <pthread.h>

typedef struct isere_platform_files {
    pthread_mutex_t lock; /* of a registry without a deployer */
    isere_blobs_t blobs;
    isere_deployer_t *deployer;
    isere_registry_t *registry;
    isere_admin_t *admin; /* NULL without a store */
    isere_blobs_t kept;
    bool has_blobs, has_kept;
} isere_platform_files_t;

/* Opens all that args->serve.store names. 0, or ISERE_ERR_* after saying on
 * stderr what is wrong. `port`: of the calling thread, which closes it, too. */
int isere_platform_open(const isere_port_t *port, const isere_args_t *args,
                        isere_platform_files_t *platform);

/* The same for one function and nothing else. */
int isere_platform_open_one(const isere_port_t *port,
                            const isere_function_t *function,
                            isere_platform_files_t *platform);

/* When its servers are gone and the deployer has been stopped. */
void isere_platform_close(isere_platform_files_t *platform);

#endif
