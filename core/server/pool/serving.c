/* The catalog that a server serves, its pools, and the change to a new catalog.
 * */
#include "core/server/pool/serving.h"
#include "core/server/server.h"
#include <limits.h>

/* With the first request of its function: a store may have many that nobody
 * calls. */
isere_pool_t *isere__serving_make_pool(isere_server_t *server,
                                       const isere_catalog_entry_t *entry)
{
    isere_serving_t *s = &server->serving;
    isere_pool_t *pool = isere__pool_create(server, entry->deployment);
    s->pools[entry - s->catalog->entries] = pool;
    return pool;
}

/* ---- taking over a catalog ---- */

static isere_pool_t **make_pools(isere_server_t *server, size_t count)
{
    const isere_port_t *port = server->port;
    size_t size = (count + 1) * sizeof(isere_pool_t *);
    isere_pool_t **pools = isere_alloc(port, size);
    if (pools) {
        memset(pools, 0, size);
    }
    return pools;
}

/* Where a deployment is in a catalog; -1 when it is not there, which it is not
 * either when its name leads to another version. */
static long place_of(isere_catalog_t *catalog, const isere_deployment_t *d)
{
    const isere_catalog_entry_t *entry = isere_catalog_find(catalog, d->name);
    if (!entry && catalog->has_built_in) {
        entry = &catalog->entries[catalog->count];
    }
    return entry && entry->deployment == d ? (long)(entry - catalog->entries)
                                           : -1;
}

/* Pools of deployments that stay are kept, the others retire. */
static void move_pools(isere_server_t *server, isere_catalog_t *next,
                       isere_pool_t **pools)
{
    isere_serving_t *s = &server->serving;
    size_t old_count =
        s->catalog ? s->catalog->count + s->catalog->has_built_in : 0;
    for (size_t i = 0; i < old_count; i++) {
        isere_pool_t *pool = s->pools[i];
        long place = pool ? place_of(next, pool->deployment) : -1;
        if (place >= 0) {
            pools[place] = pool;
        } else if (pool) {
            isere__pool_retire(pool);
        }
    }
}

/* Without memory the old one is served on; the next turn tries again. */
int isere__serving_adopt(isere_server_t *server)
{
    isere_serving_t *s = &server->serving;
    const isere_port_t *port = server->port;
    isere_catalog_t *next = isere_registry_catalog(s->registry);
    isere_pool_t **pools = make_pools(server, next->count + next->has_built_in);
    if (!pools) {
        isere_catalog_release(next);
        return ISERE_ERR_NOMEM;
    }
    move_pools(server, next, pools);
    isere_free(port, s->pools);
    isere_catalog_release(s->catalog);
    s->pools = pools;
    s->catalog = next;
    s->lone = isere_catalog_is_lone(next)
                  ? next->entries[0].deployment->function
                  : NULL;
    atomic_store(&s->generation, next->generation);
    return 0;
}

/* At the end of a turn, when no caller further up uses a pool. */
void isere__serving_drop_retired(isere_server_t *server)
{
    isere_pool_t *pool = server->pools.first;
    while (pool) {
        isere_pool_t *next = pool->next;
        if (pool->retired && pool->count == 0) {
            isere__pool_destroy(pool);
        }
        pool = next;
    }
}

/* ---- life ---- */

static void wake_all(void *ctx)
{
    isere__limits_wake(ctx, NULL);
}

int isere__serving_init(isere_server_t *server, isere_registry_t *registry)
{
    isere_serving_t *s = &server->serving;
    s->registry = registry;
    if (isere_registry_keeps_logs(registry)) {
        s->port = *server->port;
        isere_registry_tap(registry, &s->port);
        server->port = &s->port;
    }
    isere_registry_on_change(registry, wake_all, server->limits);
    return isere__serving_adopt(server);
}

/* The pools are gone. */
void isere__serving_deinit(isere_server_t *server)
{
    isere_serving_t *s = &server->serving;
    isere_free(server->port, s->pools);
    isere_catalog_release(s->catalog);
}
