/*
 * What a server serves: a catalog, and the pools of its functions.
 *
 * A server holds one catalog at a time and sees only that: so a request meets
 * one version of everything. When another one is published, the server takes it
 * over before the next request. Pools are made when a function's first request
 * comes, and those whose deployment is not in the new catalog finish what they
 * run.
 */
#ifndef ISERE_CORE_SERVER_POOL_SERVING_H
#define ISERE_CORE_SERVER_POOL_SERVING_H

#include "core/server/pool/pool.h"

typedef struct isere_serving {
    isere_registry_t *registry;
    isere_port_t port;            /* the server's, where log lines are kept */
    isere_catalog_t *catalog;     /* held */
    isere_pool_t **pools;         /* of the catalog's entries, when used yet */
    const isere_function_t *lone; /* the only one; NULL when there are more */
    atomic_ulong generation;      /* of the catalog; ULONG_MAX: none any more */
    bool followed; /* to a new catalog in this turn; the rest is to be done */
} isere_serving_t;

int isere__serving_init(isere_server_t *server, isere_registry_t *registry);
void isere__serving_deinit(isere_server_t *server); /* the pools are gone */

/* Makes the pool of an entry of the catalog; NULL when out of memory. */
isere_pool_t *isere__serving_make_pool(isere_server_t *server,
                                       const isere_catalog_entry_t *entry);

/* Takes over another catalog. Returns 0, or ISERE_ERR_NOMEM: the old one is
 * served on, and the next turn tries again. */
int isere__serving_adopt(isere_server_t *server);

/* Destroys pools that are retired and idle. */
void isere__serving_drop_retired(isere_server_t *server);

#endif
