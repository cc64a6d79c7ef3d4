/*
 * The catalog: functions by name, and the routes that lead to them. It never
 * changes once it is published; servers take it over when they see that there
 * is a new one.
 */
#ifndef ISERE_CORE_DEPLOY_CATALOG_H
#define ISERE_CORE_DEPLOY_CATALOG_H

#include "core/deploy/deployment.h"
#include "core/route/route.h"

typedef struct isere_catalog_entry {
    isere_deployment_t *deployment; /* held; NULL when it is broken */
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t version;  /* of a broken one; 0: not even that is known */
    char message[128]; /* why it is broken */
} isere_catalog_entry_t;

typedef struct isere_catalog {
    atomic_uint references;
    isere_port_t port; /* for its memory functions */
    unsigned long generation;
    isere_routes_t *routes;          /* owners are entries; NULL: there is only
                                        the built-in function */
    size_t count;                    /* without the built-in function */
    bool has_built_in;               /* it is entries[count] */
    isere_catalog_entry_t entries[]; /* sorted by name */
} isere_catalog_t;

void isere_catalog_release(isere_catalog_t *catalog);

/* The entry of that name, without the built-in function; NULL when there is
 * none. */
isere_catalog_entry_t *isere_catalog_find(isere_catalog_t *catalog,
                                          const char *name);

/* The same, and the built-in function as ISERE_BUILT_IN_NAME. */
isere_catalog_entry_t *isere_catalog_find_any(isere_catalog_t *catalog,
                                              const char *name);

/* Whether the built-in function is the only one. */
static inline bool isere_catalog_is_lone(const isere_catalog_t *catalog)
{
    return catalog->count == 0 && catalog->has_built_in;
}

/* The entry that a request is for, as match->owner; see isere_routes_match.
 * Where there are no routes it is the only one: at once, since a device with
 * one function asks this for each request. */
static inline int isere_catalog_match(isere_catalog_t *catalog,
                                      isere_slice_t method, isere_slice_t path,
                                      isere_route_match_t *match)
{
    if (catalog->routes) {
        return isere_routes_match(catalog->routes, method, path, match);
    }
    match->owner = &catalog->entries[0];
    match->key = "$default";
    match->nparameters = 0;
    return 0;
}

/* ---- making one; on the thread that changes what is served ---- */

/* Reads the store's functions into the first catalog. */
int isere__catalog_load(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifests, size_t count);

/*
 * Makes a catalog like the present one, but with `deployment` (held from then
 * on) in the place of what has its name, or, if that is NULL, without `name`.
 * Returns 0 with *next, which isere__registry_publish takes; ISERE_ERR_INUSE
 * with fault->message when another function has one of its routes;
 * ISERE_ERR_NOMEM.
 */
int isere__catalog_change(isere_registry_t *registry, const char *name,
                          isere_deployment_t *deployment,
                          isere_catalog_t **next, isere_fault_t *fault);

/* The same with another built-in function. */
int isere__catalog_with_built_in(isere_registry_t *registry,
                                 isere_deployment_t *built_in,
                                 isere_catalog_t **next);

#endif
