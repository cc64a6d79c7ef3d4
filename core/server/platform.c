/*
 * Many functions: which pool a request belongs to.
 *
 * A server holds one catalog at a time and sees only that: so a request meets
 * one version of everything. When another one is published, the server takes it
 * over before the next request. Pools are made when a function's first request
 * comes, and those whose deployment is not in the new catalog finish what they
 * run.
 */
#include "core/server/internal.h"

/* ---- pools ---- */

static isere_pool_t *pool_of(isere_server_t *server, size_t index)
{
    isere_platform_t *p = &server->platform;
    isere_pool_t *pool = p->pools[index];
    if (!pool) {
        pool =
            isere__pool_create(server, p->catalog->entries[index].deployment);
        p->pools[index] = pool;
    }
    return pool;
}

isere_pool_t *isere__platform_built_in(isere_server_t *server, int *error)
{
    const isere_catalog_t *catalog = server->platform.catalog;
    *error = 0;
    if (!catalog->has_built_in) {
        return NULL;
    }
    isere_pool_t *pool = pool_of(server, catalog->count);
    *error = pool ? 0 : ISERE_ERR_NOMEM;
    return pool;
}

isere_pool_t *isere__platform_pool(isere_server_t *server, const char *name,
                                   int *status)
{
    isere_catalog_t *catalog = server->platform.catalog;
    const isere_catalog_entry_t *entry = isere_catalog_find(catalog, name);
    if (!entry || !entry->deployment) {
        *status = 404;
        return NULL;
    }
    *status = 503;
    return pool_of(server, (size_t)(entry - catalog->entries));
}

/* ---- routing ---- */

static void answer_unrouted(isere_connection_t *c, int error)
{
    static const isere_slice_t json = ISERE_SLICE("application/json");
    isere_field_t fields[3] = {
        {isere_slice("Content-Type"), json},
        {isere_slice("Isere-Error"), isere_slice("route")},
    };
    bool answered;
    if (error == ISERE_ERR_NOENT) {
        answered = isere__answer_text(
            c, 404, fields, 2,
            isere_slice("{\"message\":\"No function has this path.\"}"));
    } else {
        fields[2].name = isere_slice("Allow");
        fields[2].value = isere_slice(c->exchange->route.allow);
        answered = isere__answer_text(
            c, 405, fields, 3,
            isere_slice("{\"message\":\"No function has this method here.\"}"));
    }
    isere__exchange_finish(c, answered);
}

/* A route that takes every method is not meant for tunnels. */
static bool names_connect(const isere_exchange_t *x)
{
    static const char connect[] = "CONNECT ";
    return strncmp(x->route.key, connect, sizeof(connect) - 1) == 0;
}

/* Finds the route, or answers that there is none, and false. */
static inline bool find_route(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    x->request.base = c->in.data + c->in.start;
    int error =
        isere_catalog_match(c->server->platform.catalog,
                            isere_http_slice(&x->request, x->request.method),
                            isere_http_path(&x->request), &x->route);
    if (x->parser.is_connect && (error || !names_connect(x))) {
        isere__exchange_refuse(c, 501);
        return false;
    }
    if (error) {
        answer_unrouted(c, error);
    }
    return error == 0;
}

bool isere__platform_refuse(isere_connection_t *c)
{
    return !find_route(c);
}

void isere__platform_route(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = c->exchange;
    if (!find_route(c)) {
        return;
    }
    const isere_catalog_entry_t *entry = x->route.owner;
    isere_pool_t *pool =
        pool_of(server, (size_t)(entry - server->platform.catalog->entries));
    if (pool) {
        isere__exchange_enter(c, pool);
    } else {
        isere__exchange_busy(c);
    }
}

/* ---- shares ---- */

/* Half of all instances are for functions that have none, as far as there are
 * any: so none of them waits for another's requests to end. */
unsigned isere__platform_reserve(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    const isere_catalog_t *catalog = server->platform.catalog;
    unsigned most = server->limits->max_instances / 2;
    unsigned without = 0;
    if (atomic_load(&pool->stats->instances) == 0) {
        return 0;
    }
    for (size_t i = 0; i < catalog->count && without < most; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        without += d && atomic_load(&d->stats->instances) == 0;
    }
    return without;
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

/* Where a deployment is in a catalog; -1 when it is not there. */
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
    isere_platform_t *p = &server->platform;
    size_t old_count =
        p->catalog ? p->catalog->count + p->catalog->has_built_in : 0;
    for (size_t i = 0; i < old_count; i++) {
        isere_pool_t *pool = p->pools[i];
        long place = pool ? place_of(next, pool->deployment) : -1;
        if (place >= 0) {
            pools[place] = pool;
        } else if (pool) {
            isere__pool_retire(pool);
        }
    }
}

/* Requests that wait for a version that is gone look for their function
 * again. */
static void requeue(isere_server_t *server)
{
    for (isere_pool_t *pool = server->pools; pool; pool = pool->next) {
        while (pool->retired && pool->queue_first) {
            isere_connection_t *c = pool->queue_first;
            isere__exchange_unqueue(c);
            isere__exchange_start(c);
            isere__connection_advance(c);
        }
    }
}

/* Without memory the old one is served on; the next turn tries again. */
static void adopt(isere_server_t *server)
{
    isere_platform_t *p = &server->platform;
    const isere_port_t *port = server->port;
    isere_catalog_t *next = isere_registry_catalog(p->registry);
    isere_pool_t **pools = make_pools(server, next->count + next->has_built_in);
    if (!pools) {
        isere_catalog_release(next);
        return;
    }
    move_pools(server, next, pools);
    isere_free(port, p->pools);
    isere_catalog_release(p->catalog);
    p->pools = pools;
    p->catalog = next;
    atomic_store(&p->generation, next->generation);
}

void isere__platform_catch_up(isere_server_t *server)
{
    adopt(server);
    server->platform.followed = true; /* the turn's end does the rest */
}

static void destroy_retired(isere_server_t *server)
{
    isere_pool_t *pool = server->pools;
    while (pool) {
        isere_pool_t *next = pool->next;
        if (pool->retired && pool->count == 0) {
            isere__pool_destroy(pool);
        }
        pool = next;
    }
}

void isere__platform_turn(isere_server_t *server)
{
    isere_platform_t *p = &server->platform;
    isere__platform_follow(server);
    while (p->followed) {
        p->followed = false;
        requeue(server);
    }
    if (p->retiring > 0) {
        destroy_retired(server);
    }
    if (p->jobs || p->followers) {
        isere__plane_turn(server);
    }
}

/* ---- life ---- */

static void wake_group(void *ctx)
{
    isere__group_wake(ctx, NULL);
}

int isere__platform_init(isere_server_t *server, isere_registry_t *registry)
{
    isere_platform_t *p = &server->platform;
    p->registry = registry;
    if (isere_registry_keeps_logs(registry)) {
        p->port = *server->port;
        isere_registry_tap(registry, &p->port);
        server->port = &p->port;
    }
    isere_registry_on_change(registry, wake_group, server->group);
    adopt(server);
    return p->catalog ? 0 : ISERE_ERR_NOMEM;
}

/* The pools are gone. */
void isere__platform_deinit(isere_server_t *server)
{
    isere_platform_t *p = &server->platform;
    isere__plane_deinit(server);
    isere_free(server->port, p->pools);
    isere_catalog_release(p->catalog);
}
