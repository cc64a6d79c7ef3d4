/*
 * Catalogs: functions by name, and the routes that lead to them.
 *
 * A catalog never changes once it is published, so servers read theirs without
 * a lock; a change makes a copy. Copies are cheap: an entry is a name and a
 * counted reference to a deployment. Only the thread that does the registry's
 * jobs makes catalogs, so no change is lost to another that began from the
 * same one.
 */
#include "core/deploy/kept/flashed.h"
#include "core/deploy/kept/kept.h"
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/registry.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include <stdio.h>

/* ---- statistics outlive versions ---- */

static isere_stats_t *make_stats(const isere_port_t *port)
{
    isere_stats_t *stats = isere_alloc(port, sizeof(*stats));
    if (stats) {
        memset(stats, 0, sizeof(*stats));
    }
    return stats;
}

/* Those of the function that has the deployment's name, or new ones. They
 * belong to the name and not to a version: a deploy must not set counters
 * back, since Prometheus takes a smaller value for a restart. The last
 * deployment that goes frees them. */
static int give_stats(isere_catalog_t *present, isere_deployment_t *d)
{
    const isere_catalog_entry_t *entry =
        present ? isere_catalog_find(present, d->name) : NULL;
    isere_stats_t *stats = entry && entry->deployment ? entry->deployment->stats
                                                      : make_stats(&d->port);
    if (!stats) {
        return ISERE_ERR_NOMEM;
    }
    atomic_fetch_add(&stats->references, 1);
    d->stats = stats;
    return 0;
}

/* ---- one catalog ---- */

/* Without entries, but with the built-in function, if there is one. That has
 * the place behind the others, which is always there: so every loop may go up
 * to `count`, and finds an empty entry where there is no built-in function. */
static isere_catalog_t *create(isere_registry_t *registry,
                               isere_deployment_t *built_in, size_t count)
{
    const isere_port_t *port = &registry->port;
    size_t size =
        sizeof(isere_catalog_t) + (count + 1) * sizeof(isere_catalog_entry_t);
    isere_catalog_t *catalog = isere_alloc(port, size);
    if (!catalog) {
        return NULL;
    }
    memset(catalog, 0, size);
    atomic_init(&catalog->references, 1);
    catalog->port = *port;
    catalog->count = count;
    if (built_in) {
        catalog->has_built_in = true;
        catalog->entries[count].deployment = isere_deployment_hold(built_in);
        catalog->entries[count].version = built_in->version;
    }
    return catalog;
}

void isere_catalog_release(isere_catalog_t *catalog)
{
    if (!catalog || atomic_fetch_sub(&catalog->references, 1) > 1) {
        return;
    }
    /* The block that is freed last holds the port. */
    isere_port_t port = catalog->port;
    for (size_t i = 0; i <= catalog->count; i++) {
        isere_deployment_release(catalog->entries[i].deployment);
    }
    isere_routes_destroy(catalog->routes);
    isere_free(&port, catalog);
}

/* Entries are in the order of strcmp, as the store lists them and
 * isere__catalog_change keeps them. The built-in function is not among them:
 * "$" is in no name that can be deployed. */
isere_catalog_entry_t *isere_catalog_find(isere_catalog_t *catalog,
                                          const char *name)
{
    size_t low = 0, high = catalog->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, catalog->entries[middle].name);
        if (order == 0) {
            return &catalog->entries[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

isere_catalog_entry_t *isere_catalog_find_any(isere_catalog_t *catalog,
                                              const char *name)
{
    return catalog->has_built_in && strcmp(name, ISERE_BUILT_IN_NAME) == 0
               ? &catalog->entries[catalog->count]
               : isere_catalog_find(catalog, name);
}

/* At least as many as there will be claims: one allocation instead of one for
 * each function. */
static size_t count_routes(const isere_catalog_t *catalog)
{
    size_t count = 1; /* for the built-in function */
    for (size_t i = 0; i < catalog->count; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        count += d ? d->nroutes : 0;
    }
    return count;
}

static bool is_default(const char *route)
{
    return strcmp(route, "$default") == 0;
}

/* All claims; the built-in function's only where nobody else makes it, so that
 * a deployed function may take over what the program answers by default. */
static size_t fill_claims(isere_catalog_t *catalog, isere_route_claim_t *claims)
{
    size_t n = 0;
    bool has_default = !catalog->has_built_in;
    for (size_t i = 0; i < catalog->count; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        for (size_t j = 0; d && j < d->nroutes; j++) {
            has_default |= is_default(d->routes[j]);
            claims[n].text = d->routes[j];
            claims[n++].owner = &catalog->entries[i];
        }
    }
    if (!has_default) {
        claims[n].text = "$default";
        claims[n++].owner = &catalog->entries[catalog->count];
    }
    return n;
}

/* Returns 0, ISERE_ERR_NOMEM, or ISERE_ERR_INUSE with both claims. The claims
 * themselves are needed here only; their texts are the deployments', which the
 * catalog holds. */
static int make_routes(isere_catalog_t *catalog,
                       isere_route_claim_t conflict[2])
{
    const isere_port_t *port = &catalog->port;
    if (isere_catalog_is_lone(catalog)) {
        return 0; /* isere_catalog_match needs none */
    }
    isere_route_claim_t *claims =
        isere_alloc(port, count_routes(catalog) * sizeof(*claims));
    size_t which[2];
    if (!claims) {
        return ISERE_ERR_NOMEM;
    }
    size_t count = fill_claims(catalog, claims);
    int error =
        isere_routes_create(port, claims, count, &catalog->routes, which);
    if (error == ISERE_ERR_INUSE) {
        conflict[0] = claims[which[0]];
        conflict[1] = claims[which[1]];
    }
    isere_free(port, claims);
    return error;
}

/* ---- changing it ---- */

static void copy_entry(isere_catalog_entry_t *to,
                       const isere_catalog_entry_t *from)
{
    *to = *from;
    isere_deployment_hold(to->deployment);
}

static void set_entry(isere_catalog_entry_t *entry, isere_deployment_t *d)
{
    memset(entry, 0, sizeof(*entry));
    entry->deployment = isere_deployment_hold(d);
    isere_text_copy(entry->name, sizeof(entry->name), isere_slice(d->name));
    entry->version = d->version;
}

/* Says which other function has the route: the author of the new one may not
 * know it. Both may also be the same function, since two routes can mean the
 * same path. */
static void describe_conflict(const isere_route_claim_t conflict[2],
                              const char *name, isere_fault_t *fault)
{
    const isere_catalog_entry_t *first = conflict[0].owner;
    const isere_route_claim_t *theirs =
        strcmp(first->name, name) == 0 ? &conflict[1] : &conflict[0];
    const isere_catalog_entry_t *other = theirs->owner;
    snprintf(fault->message, sizeof(fault->message),
             strcmp(other->name, name) == 0
                 ? "the route %s is listed twice"
                 : "the route %s belongs to the function %s",
             theirs->text, other->name);
}

/* One pass over the sorted entries: the deployment takes the place of its
 * name, and the entry that had the name is left out. Everything that can fail
 * is done here, routes and statistics too, so that publishing the catalog
 * can't fail. */
int isere__catalog_change(isere_registry_t *registry, const char *name,
                          isere_deployment_t *deployment,
                          isere_catalog_t **next, isere_fault_t *fault)
{
    isere_catalog_t *now = registry->catalog; /* only this thread changes it */
    bool is_there = isere_catalog_find(now, name) != NULL;
    isere_route_claim_t conflict[2];
    isere_catalog_t *catalog =
        create(registry, registry->built_in,
               now->count + (deployment != NULL) - is_there);
    if (!catalog ||
        (deployment && !deployment->stats && give_stats(now, deployment))) {
        isere_catalog_release(catalog);
        return ISERE_ERR_NOMEM;
    }
    size_t n = 0;
    bool placed = !deployment;
    for (size_t i = 0; i < now->count; i++) {
        const isere_catalog_entry_t *entry = &now->entries[i];
        if (!placed && strcmp(name, entry->name) <= 0) {
            set_entry(&catalog->entries[n++], deployment);
            placed = true;
        }
        if (strcmp(name, entry->name) != 0) {
            copy_entry(&catalog->entries[n++], entry);
        }
    }
    if (!placed) {
        set_entry(&catalog->entries[n], deployment);
    }
    int error = make_routes(catalog, conflict);
    if (error) {
        if (error == ISERE_ERR_INUSE) {
            describe_conflict(conflict, name, fault);
        }
        isere_catalog_release(catalog);
        return error;
    }
    *next = catalog;
    return 0;
}

int isere__catalog_with_built_in(isere_registry_t *registry,
                                 isere_deployment_t *built_in,
                                 isere_catalog_t **next)
{
    isere_catalog_t *now = registry->catalog; /* only this thread changes it */
    isere_route_claim_t conflict[2];
    isere_catalog_t *catalog = create(registry, built_in, now->count);
    if (!catalog) {
        return ISERE_ERR_NOMEM;
    }
    for (size_t i = 0; i < now->count; i++) {
        copy_entry(&catalog->entries[i], &now->entries[i]);
    }
    int error = make_routes(catalog, conflict);
    if (error) {
        isere_catalog_release(catalog);
        return error;
    }
    *next = catalog;
    return 0;
}

/* ---- the first one ---- */

static void log_broken(const isere_port_t *port,
                       const isere_catalog_entry_t *entry)
{
    char text[sizeof(entry->name) + sizeof(entry->message) + 40];
    snprintf(text, sizeof(text), "the function %s is not served: %s",
             entry->name, entry->message);
    isere_log_record_t record = {
        .level = ISERE_LOG_ERROR,
        .function = isere_slice(entry->name),
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

/* It is kept as it is in the store, for its author to look at. */
static void set_broken(const isere_port_t *port, isere_catalog_entry_t *entry,
                       const char *message)
{
    isere_deployment_release(entry->deployment);
    entry->deployment = NULL;
    isere_text_copy(entry->message, sizeof(entry->message),
                    isere_slice(message));
    log_broken(port, entry);
}

/* From its source; one that is blank is not to run. Version 0 stands for a
 * manifest that can't be read, and so does ISERE_ERR_INVAL without a message:
 * neither is the author's fault. */
static int compile_entry(isere_registry_t *registry, const isere_port_t *port,
                         const isere_store_manifest_t *manifest, bool blank,
                         isere_compile_sink_t *sink,
                         isere_deployment_t **deployment, isere_fault_t *fault)
{
    const isere_deployment_parts_t parts = {
        .name = manifest->name,
        .version = manifest->current,
        .previous = manifest->previous,
        .config = &registry->config.defaults,
        .extents = registry->extents,
        .sink = blank ? NULL : sink,
        .blank = blank,
    };
    int error = manifest->current
                    ? isere_deployment_load(port, &registry->store, &parts,
                                            deployment, fault)
                    : ISERE_ERR_INVAL;
    if (error == ISERE_ERR_INVAL && !fault->message[0]) {
        isere_text_copy(fault->message, sizeof(fault->message),
                        isere_slice("its stored data is damaged"));
    }
    return error;
}

/* The same; its code goes to flash, where there is any, and is kept. */
static int compile_and_keep(isere_registry_t *registry,
                            const isere_port_t *port,
                            const isere_store_manifest_t *manifest, bool blank,
                            isere_deployment_t **deployment,
                            isere_fault_t *fault)
{
    isere_flashed_sink_t sink;
    isere_extent_writer_t *writer = isere_registry_has_flash(registry)
                                        ? isere_alloc(port, sizeof(*writer))
                                        : NULL;
    int error = compile_entry(
        registry, port, manifest, blank,
        isere__flashed_sink(&sink, registry, manifest->name, writer),
        deployment, fault);
    if (!error && writer) {
        isere__flashed_stage(port, *deployment, writer);
        isere__flashed_commit(registry, *deployment, writer);
    }
    if (!error) {
        isere__kept_save(registry, *deployment);
    }
    if (writer) {
        isere_extents_abort(writer);
        isere_free(port, writer);
    }
    return error;
}

static int load_kept(isere_registry_t *registry, const isere_port_t *port,
                     const isere_store_manifest_t *manifest,
                     isere_deployment_t **deployment, isere_fault_t *fault)
{
    return isere_registry_has_flash(registry)
               ? isere__flashed_load(registry, port, manifest, deployment,
                                     fault)
               : isere__kept_load(registry, port, manifest, deployment, fault);
}

/* What is kept is tried first, since it needs no compiler. One that is
 * quarantined gets neither: its code may be what ended the program, so it is
 * loaded blank, and compiled when its quarantine ends (isere__deploy_ready). */
static int load_entry(isere_registry_t *registry, const isere_port_t *port,
                      const isere_store_manifest_t *manifest,
                      isere_catalog_entry_t *entry, isere_fault_t *fault)
{
    bool blank =
        isere__faults_keep_from(registry, manifest->name, manifest->current);
    isere_text_copy(entry->name, sizeof(entry->name),
                    isere_slice(manifest->name));
    entry->version = manifest->current;
    int error =
        blank ? ISERE_ERR_NOENT
              : load_kept(registry, port, manifest, &entry->deployment, fault);
    memset(fault, 0, sizeof(*fault));
    if (error) {
        error = compile_and_keep(registry, port, manifest, blank,
                                 &entry->deployment, fault);
    }
    if (!error && !isere__registry_has_reserve(registry, fault)) {
        error = ISERE_ERR_LIMIT;
    }
    if (!error) {
        error = give_stats(NULL, entry->deployment);
    }
    if (!error) {
        isere__faults_count(registry, manifest->name, entry->deployment->stats);
    }
    if (error && !fault->message[0]) {
        isere_text_copy(fault->message, sizeof(fault->message),
                        isere_slice(isere_strerror(error)));
    }
    return error;
}

/* Conflicts can't come from deploying, which refuses them, but from a store
 * that was copied together; then the function whose name is later gives way.
 * Each round breaks one entry, so this ends. */
static int settle_routes(const isere_port_t *port, isere_catalog_t *catalog)
{
    isere_route_claim_t conflict[2];
    int error = make_routes(catalog, conflict);
    while (error == ISERE_ERR_INUSE) {
        isere_catalog_entry_t *later = conflict[0].owner > conflict[1].owner
                                           ? conflict[0].owner
                                           : conflict[1].owner;
        set_broken(port, later, "another function has one of its routes");
        error = make_routes(catalog, conflict);
    }
    return error;
}

/* Where code is kept: whether that works is seen nowhere else. It is a debug
 * line since it tells of no fault. */
static void log_ready(const isere_registry_t *registry,
                      const isere_port_t *port, const isere_catalog_t *catalog)
{
    char text[96];
    unsigned long ready = 0;
    if (!registry->config.kept) {
        return;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        ready += d && !d->blank;
    }
    snprintf(text, sizeof(text), "functions ready: %lu; from kept code: %lu",
             ready, (unsigned long)registry->kept_loaded);
    isere_log_record_t record = {
        .level = ISERE_LOG_DEBUG,
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

/* A function that can't be loaded does not keep the others from being served:
 * its entry is broken, with the reason. Only lack of memory for the catalog
 * itself is an error. Crashes of the run before are counted before anything is
 * loaded, since loading may crash again; so a function that crashes every
 * start is quarantined after a few of them, and not loaded. */
int isere__catalog_load(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifests, size_t count)
{
    /* A fault has 1.7 KB: too much for the stack of a device. */
    isere_fault_t *fault = isere_alloc(port, sizeof(*fault));
    isere_catalog_t *catalog =
        fault ? create(registry, registry->built_in, count) : NULL;
    int error = catalog ? 0 : ISERE_ERR_NOMEM;
    if (!error) {
        isere__faults_take(registry, port, manifests, count);
    }
    for (size_t i = 0; i < count && !error; i++) {
        isere_catalog_entry_t *entry = &catalog->entries[i];
        if (load_entry(registry, port, &manifests[i], entry, fault)) {
            set_broken(port, entry, fault->message);
        }
    }
    isere_free(port, fault);
    error = error ? error : settle_routes(port, catalog);
    if (error) {
        isere_catalog_release(catalog);
        return error;
    }
    log_ready(registry, port, catalog);
    isere__flashed_tidy(registry, catalog);
    isere__registry_publish(registry, catalog);
    return 0;
}
