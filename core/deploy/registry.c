/*
 * The registry: creating it, its lock, publishing catalogs, and its log lines.
 *
 * The lock is held for short times only: a pointer and a counter, a log line,
 * a look at the quarantine. Compiling, init phases and the store are outside
 * of it. It is not recursive, so nothing that logs to a tapped port may be
 * called with it held.
 */
#include "core/deploy/registry.h"
#include "core/deploy/kept/flashed.h"
#include "core/deploy/kept/index.h"
#include "core/deploy/quarantine/faults.h"
#include "core/isolate/function.h"
#include "core/util/encode/crc32.h"
#include "core/util/log.h"
#include "core/util/names/units.h"
#include <stdio.h>

void isere_registry_config_init(isere_registry_config_t *config)
{
    memset(config, 0, sizeof(*config));
    isere_function_config_init(&config->defaults);
    config->memory_min = (size_t)256 * 1024;
    config->memory_max = config->defaults.memory_bytes;
    config->timeout_max_ms = 24u * 3600 * 1000;
    config->sizes.package = 128 * 1024;
    config->sizes.file = 64 * 1024;
    config->log_bytes = (size_t)64 * 1024;
    config->log_level = ISERE_LOG_INFO;
    config->faults = 3;
    config->fault_window_s = 60;
}

/* A program with one thread has no lock, and its functions are NULL. */
void isere_registry_lock(isere_registry_t *registry)
{
    if (registry->config.lock) {
        registry->config.lock(registry->config.ctx);
    }
}

void isere_registry_unlock(isere_registry_t *registry)
{
    if (registry->config.unlock) {
        registry->config.unlock(registry->config.ctx);
    }
}

/* ---- log lines ---- */

/* With the lock held: isere_server_destroy takes a server out of those that
 * are woken with the same lock, so none is woken that is gone. */
static void wake_servers(isere_registry_t *registry)
{
    if (registry->wake) {
        registry->wake(registry->wake_ctx);
    }
}

void isere_registry_on_change(isere_registry_t *registry,
                              void (*wake)(void *ctx), void *ctx)
{
    isere_registry_lock(registry);
    registry->wake = wake;
    registry->wake_ctx = ctx;
    isere_registry_unlock(registry);
}

/* Any thread. The time is taken with the lock held, so that the lines of the
 * ring are in the order of their times. Servers are woken only while a client
 * follows the log: else each line would cost each of them a turn. */
static void tap(void *ctx, const isere_log_record_t *record)
{
    isere_registry_t *registry = ctx;
    if (record->level > registry->config.log_level) {
        return;
    }
    isere_registry_lock(registry);
    isere_logs_add(&registry->logs, record,
                   registry->port.wall_us(registry->port.ctx));
    atomic_store(&registry->log_seq, registry->logs.next_seq);
    if (atomic_load(&registry->followers) > 0) {
        wake_servers(registry);
    }
    isere_registry_unlock(registry);
}

bool isere_registry_keeps_logs(const isere_registry_t *registry)
{
    return registry->logs.ring != NULL;
}

void isere_registry_tap(isere_registry_t *registry, isere_port_t *port)
{
    if (isere_registry_keeps_logs(registry)) {
        port->tap = tap;
        port->tap_ctx = registry;
    }
}

/* Reports in the store are compared with those of the run before, so they have
 * the wall clock's time. Without a store nothing outlives the program, and a
 * wall clock that is set must not end or begin a quarantine. */
int64_t isere_registry_clock_s(const isere_registry_t *registry,
                               const isere_port_t *port)
{
    return registry->store.blobs
               ? port->wall_us(port->ctx) / 1000000
               : (int64_t)(port->monotonic_us(port->ctx) / 1000000);
}

/* A server asks this in each turn, so without the lock: a line that is missed
 * now is seen in the turn that it wakes. */
unsigned long isere_registry_log_seq(const isere_registry_t *registry)
{
    return atomic_load_explicit(&registry->log_seq, memory_order_relaxed);
}

void isere_registry_follow_log(isere_registry_t *registry, int change)
{
    atomic_fetch_add(&registry->followers, (unsigned)change);
}

void isere_registry_read_log(isere_registry_t *registry,
                             isere_logs_reader_t *reader, isere_writer_t *text)
{
    isere_registry_lock(registry);
    (void)isere_logs_read(&registry->logs, reader, text);
    isere_registry_unlock(registry);
}

void isere_registry_read_log_array(isere_registry_t *registry,
                                   isere_logs_reader_t *reader,
                                   isere_writer_t *text, bool *first)
{
    isere_registry_lock(registry);
    (void)isere_logs_read_array(&registry->logs, reader, text, first);
    isere_registry_unlock(registry);
}

/* ---- for servers and the admin API ---- */

const isere_port_t *isere_registry_port(const isere_registry_t *registry)
{
    return &registry->port;
}

uint64_t isere_registry_started_us(const isere_registry_t *registry)
{
    return registry->started_us;
}

bool isere_registry_has_thread(const isere_registry_t *registry)
{
    return registry->config.run != NULL;
}

int isere_registry_run(isere_registry_t *registry, isere_registry_job_fn *job,
                       void *arg)
{
    return registry->config.run(registry->config.ctx, job, arg);
}

/* Counts of one process; those of the log are taken together, so that no more
 * lines are lost than there were. */
void isere_registry_get_counts(isere_registry_t *registry,
                               isere_registry_counts_t *counts)
{
    *counts = (isere_registry_counts_t){
        .deploys_ok = atomic_load(&registry->deploys_ok),
        .deploys_failed = atomic_load(&registry->deploys_failed),
        .images_made = atomic_load(&registry->images_made),
        .restarts = registry->config.restarts,
    };
    isere_registry_lock(registry);
    counts->log_lines = registry->logs.next_seq - 1;
    counts->log_lines_lost = registry->logs.lost;
    isere_registry_unlock(registry);
}

/* ---- memory ---- */

/* By taking it for a moment: what is free in pieces helps nobody. */
bool isere__registry_has_reserve(const isere_registry_t *registry,
                                 isere_fault_t *fault)
{
    size_t bytes = registry->config.reserve_bytes;
    char size[ISERE_UNITS_TEXT_MAX];
    void *block = bytes > 0 ? isere_alloc(&registry->port, bytes) : NULL;
    if (bytes == 0 || block) {
        isere_free(&registry->port, block);
        return true;
    }
    memset(fault, 0, sizeof(*fault));
    snprintf(fault->message, sizeof(fault->message),
             "the memory for functions is full: the last %s are kept for "
             "requests and for the admin API",
             isere_units_format_size(bytes, size));
    return false;
}

/* ---- catalogs change hands ---- */

/* The lock keeps the catalog from being released between reading the pointer
 * and counting the reference. */
isere_catalog_t *isere_registry_catalog(isere_registry_t *registry)
{
    isere_registry_lock(registry);
    isere_catalog_t *catalog = registry->catalog;
    atomic_fetch_add(&catalog->references, 1);
    isere_registry_unlock(registry);
    return catalog;
}

/* In this order: crashes of versions that are not served any more are
 * forgotten, then the catalog is there, then its generation, which servers
 * compare without the lock and read as a promise that the catalog is there.
 * The old one is released without the lock, as that may destroy functions. */
unsigned long isere__registry_publish(isere_registry_t *registry,
                                      isere_catalog_t *next)
{
    isere_registry_lock(registry);
    isere_catalog_t *old = registry->catalog;
    isere__faults_settle(registry, next);
    next->generation = old ? old->generation + 1 : 1;
    registry->catalog = next;
    atomic_store(&registry->generation, next->generation);
    wake_servers(registry);
    isere_registry_unlock(registry);
    isere_catalog_release(old);
    return next->generation;
}

size_t isere_registry_count(isere_registry_t *registry)
{
    isere_catalog_t *catalog = isere_registry_catalog(registry);
    size_t count = catalog->count;
    isere_catalog_release(catalog);
    return count;
}

/* ---- the built-in function ---- */

/* In the shape of a deployment, so that all that serves knows one kind of
 * function. Its name can't be that of a deployed one. `stats`: those that it
 * goes on with; NULL: new ones. */
static isere_deployment_t *make_built_in(isere_registry_t *registry,
                                         const isere_function_t *function,
                                         uint32_t version, isere_stats_t *stats)
{
    static const char *const none[] = {NULL};
    isere_port_t *port = &registry->port;
    isere_deployment_t *d = isere_alloc(port, sizeof(*d));
    if (!stats && d) {
        stats = isere_alloc(port, sizeof(*stats));
        if (stats) {
            memset(stats, 0, sizeof(*stats));
            isere__faults_count(registry, ISERE_BUILT_IN_NAME, stats);
        }
    }
    if (!d || !stats) {
        isere_free(port, d);
        return NULL;
    }
    memset(d, 0, sizeof(*d));
    atomic_init(&d->references, 1);
    atomic_fetch_add(&stats->references, 1);
    d->port = *port;
    memcpy(d->name, ISERE_BUILT_IN_NAME, sizeof(ISERE_BUILT_IN_NAME));
    d->version = version;
    d->main = "";
    d->routes = none;
    d->env = none;
    d->stats = stats;
    /* Nobody destroys it through this: it is the program's. */
    d->function = (isere_function_t *)function;
    return d;
}

/* Crashes are kept in the store by version, and the built-in function has no
 * version there: the checksum of its code is one, so another function after a
 * restart is another version. Without a store all begins anew, and nothing
 * needs to be read for that. */
static uint32_t first_version(const isere_registry_t *registry)
{
    const isere_function_t *function = registry->config.built_in;
    return registry->store.blobs
               ? isere_crc32(0, function->bundle.bytes, function->bundle.size)
               : 1;
}

/* The new version is one more than the old one, and never 0, which means "the
 * one that is served" in reports. `released` is set last: a function that was
 * not taken over stays the caller's. */
int isere__registry_put_built_in(isere_registry_t *registry,
                                 const isere_function_t *function,
                                 isere_released_fn *released, void *arg)
{
    isere_deployment_t *old = registry->built_in;
    isere_catalog_t *next;
    uint32_t version = old && old->version + 1 ? old->version + 1 : 1;
    isere_deployment_t *d =
        make_built_in(registry, function, version, old ? old->stats : NULL);
    int error =
        d ? isere__catalog_with_built_in(registry, d, &next) : ISERE_ERR_NOMEM;
    if (error) {
        isere_deployment_release(d);
        return error;
    }
    d->released = released;
    d->released_arg = arg;
    registry->built_in = d;
    isere__registry_publish(registry, next);
    isere_deployment_release(old);
    return 0;
}

/* Its init phase is run for its outcome only: the servers make their own
 * instances. */
int isere_registry_set_built_in(isere_registry_t *registry,
                                const isere_port_t *port,
                                const isere_function_t *function,
                                isere_released_fn *released, void *arg,
                                isere_fault_t *fault)
{
    isere_instance_t *instance;
    int error = isere_instance_create(port, function, &instance, fault);
    if (error) {
        return error;
    }
    isere_instance_destroy(instance);
    return isere__registry_put_built_in(registry, function, released, arg);
}

int isere_registry_try_built_in(isere_registry_t *registry,
                                const isere_port_t *port, isere_fault_t *fault)
{
    isere_deployment_t *d = registry->built_in;
    int error = isere__flashed_try(registry, port, d, fault);
    return error == ISERE_ERR_INVAL ? isere_deployment_check(port, d, fault)
                                    : error;
}

/* ---- life ---- */

/* Without a ring no log lines are kept, and ports are not tapped. */
static int make_ring(isere_registry_t *registry)
{
    size_t size = registry->config.log_bytes;
    char *ring = size > 0 ? isere_alloc(&registry->port, size) : NULL;
    if (size > 0 && !ring) {
        return ISERE_ERR_NOMEM;
    }
    isere_logs_init(&registry->logs, ring, size);
    atomic_init(&registry->log_seq, registry->logs.next_seq);
    return 0;
}

/* A flash that can't be used is one that is not there: what would lie in it can
 * be made again, and lies in memory then. */
static int open_extents(isere_registry_t *registry, const isere_port_t *port)
{
    const isere_flash_t *flash = registry->config.flash;
    isere_extents_t *extents =
        flash ? isere_alloc(&registry->port, sizeof(*extents)) : NULL;
    if (flash && !extents) {
        return ISERE_ERR_NOMEM;
    }
    int error = flash ? isere_extents_open(extents, flash) : 0;
    if (error) {
        const isere_log_record_t record = {
            .level = ISERE_LOG_ERROR,
            .message = isere_slice(
                "the flash for what is made of functions can't be used"),
        };
        isere_log(port, &record);
        isere_free(&registry->port, extents);
        extents = NULL;
    }
    registry->extents = extents;
    return 0;
}

/* As isere_store_open. An index that is of the store as it is tells that there
 * is nothing to tidy up, and what a start would read. Where there was none it
 * is made now, since a start without it opens as many files as making it. */
static int open_store(isere_registry_t *registry, const isere_blobs_t *blobs,
                      isere_store_manifest_t **manifests)
{
    const isere_port_t *port = &registry->port;
    registry->store = (isere_store_t){port, blobs};
    registry->index = isere__index_find(registry);
    if (registry->index) {
        return isere__index_list(registry->index, port, manifests);
    }
    int count = isere_store_open(&registry->store, port, blobs, manifests);
    if (count >= 0) {
        isere__index_save(registry);
        registry->index = isere__index_find(registry);
    }
    return count;
}

/* The crashes are read before the catalog is made, since they decide which
 * functions are not loaded, and written again after it: loading forgets those
 * of versions that are gone. If that write fails, the store still has the old
 * ones. */
static int init(isere_registry_t *registry, const isere_port_t *port,
                const isere_blobs_t *blobs)
{
    isere_store_manifest_t *manifests = NULL;
    int count = 0;
    int error = make_ring(registry);
    isere_port_t tapped = *port;
    isere_registry_tap(registry, &tapped);
    if (!error) {
        error = open_extents(registry, &tapped);
    }
    if (!error && blobs) {
        count = open_store(registry, blobs, &manifests);
        error = count < 0 ? count : 0;
    }
    if (!error && registry->config.built_in) {
        registry->built_in = make_built_in(registry, registry->config.built_in,
                                           first_version(registry), NULL);
        error = registry->built_in ? 0 : ISERE_ERR_NOMEM;
    }
    if (!error) {
        isere__faults_load(registry, &tapped);
        error =
            isere__catalog_load(registry, &tapped, manifests, (size_t)count);
    }
    isere_free(&registry->port, manifests);
    bool is_indexed = registry->index && !registry->quarantine.changed;
    registry->index = NULL;
    if (!error) {
        (void)isere__faults_save(registry, &tapped);
    }
    if (!error && !is_indexed) {
        isere__index_save(registry);
    }
    return error;
}

/* A smaller ring than 1024 bytes could not hold one line with its names. */
int isere_registry_create(const isere_port_t *port, const isere_blobs_t *blobs,
                          const isere_registry_config_t *config,
                          isere_registry_t **registry)
{
    bool has_ring = config->log_bytes > 0;
    if (has_ring && config->log_bytes < 1024) {
        return ISERE_ERR_INVAL;
    }
    isere_registry_t *c = isere_alloc(port, sizeof(*c));
    if (!c) {
        return ISERE_ERR_NOMEM;
    }
    memset(c, 0, sizeof(*c));
    c->port = *port;
    c->config = *config;
    c->started_us = port->monotonic_us(port->ctx);
    isere_quarantine_init(&c->quarantine, &c->port, config->faults,
                          config->fault_window_s);
    c->quarantine.lasts_s = config->quarantine_s;
    int error = init(c, port, blobs);
    if (error) {
        isere_registry_destroy(c);
        return error;
    }
    *registry = c;
    return 0;
}

/* One function on a device: no ring, which is memory, and the function's own
 * limits, which also say how long a stop may take. */
void isere_registry_config_init_one(isere_registry_config_t *config,
                                    const isere_function_t *function)
{
    isere_registry_config_init(config);
    config->built_in = function;
    config->defaults = function->config;
    config->log_bytes = 0;
}

int isere_registry_create_one(const isere_port_t *port,
                              const isere_function_t *function,
                              isere_registry_t **registry)
{
    isere_registry_config_t config;
    isere_registry_config_init_one(&config, function);
    return isere_registry_create(port, NULL, &config, registry);
}

/* Servers, and the thread that does jobs, are gone by now, so no lock is
 * needed. The catalog holds a reference to the built-in function, too, and the
 * last of the two calls `released`. */
void isere_registry_destroy(isere_registry_t *registry)
{
    if (!registry) {
        return;
    }
    isere_port_t port = registry->port;
    if (registry->store.blobs) { /* what no job came to do */
        (void)isere__faults_save(registry, NULL);
    }
    isere_catalog_release(registry->catalog);
    isere_deployment_release(registry->built_in);
    isere_quarantine_deinit(&registry->quarantine);
    isere_free(&port, registry->extents);
    isere_free(&port, registry->logs.ring);
    isere_free(&port, registry);
}
