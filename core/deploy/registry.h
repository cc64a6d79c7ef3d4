/*
 * The registry: what a process serves, and the store behind it.
 *
 * It knows no HTTP and no server: isere_registry_on_change wakes the servers
 * when there is a new catalog, and they take it over.
 *
 * Threads: a catalog never changes once it is published. Changes happen one
 * after the other, on the thread that does the registry's jobs.
 */
#ifndef ISERE_CORE_DEPLOY_REGISTRY_H
#define ISERE_CORE_DEPLOY_REGISTRY_H

#include "core/deploy/catalog.h"
#include "core/deploy/logs.h"
#include "core/deploy/quarantine/quarantine.h"
#include "core/flash/extents.h"
#include "isere/registry.h"

struct isere_registry {
    isere_port_t port; /* for its memory functions */
    isere_registry_config_t config;
    isere_store_t store;
    const struct isere_index *index; /* of the store, while the first catalog is
                                        made; NULL: its manifests are read */
    isere_extents_t *extents;     /* of config.flash; NULL: none. The thread of
                                     jobs */
    uint64_t started_us;          /* when it was created, monotonic */
    isere_catalog_t *catalog;     /* under the lock */
    atomic_ulong generation;      /* of that catalog */
    isere_deployment_t *built_in; /* of config.built_in */
    isere_logs_t logs;            /* under the lock */
    atomic_ulong log_seq;         /* the next line's */
    atomic_uint followers;        /* of the log, in all servers */
    atomic_ulong deploys_ok;
    atomic_ulong deploys_failed;
    size_t kept_loaded;       /* functions that the start did not compile */
    atomic_ulong images_made; /* of heaps, in flash */
    isere_quarantine_t quarantine; /* under the lock */
    atomic_bool saving;            /* ... and will be written by a job */
    void (*wake)(void *ctx);       /* under the lock; wakes all servers */
    void *wake_ctx;
};

void isere_registry_lock(isere_registry_t *registry);
void isere_registry_unlock(isere_registry_t *registry);

/* From now on `wake` is called, with the lock held, when there is a new catalog
 * or a log line while a stream follows the log. */
void isere_registry_on_change(isere_registry_t *registry,
                              void (*wake)(void *ctx), void *ctx);

/* The catalog as it is now; the caller releases it. Any thread. */
isere_catalog_t *isere_registry_catalog(isere_registry_t *registry);

/* Whether log lines are kept; see isere_registry_tap. */
bool isere_registry_keeps_logs(const isere_registry_t *registry);

/* Seconds of the clock that reports of faults have: with a store the wall's,
 * which goes on across restarts, else the monotonic one. */
int64_t isere_registry_clock_s(const isere_registry_t *registry,
                               const isere_port_t *port);

/*
 * Makes `function` the built-in one, without a trial run; the rest as
 * isere_registry_set_built_in.
 */
int isere__registry_put_built_in(isere_registry_t *registry,
                                 const isere_function_t *function,
                                 isere_released_fn *released, void *arg);

/* Whether there is the memory, in one block, that functions leave to the rest
 * (config.reserve_bytes). False with fault->message. */
bool isere__registry_has_reserve(const isere_registry_t *registry,
                                 isere_fault_t *fault);

/* Publishes a catalog: servers take it over in their next turn. Returns its
 * generation. */
unsigned long isere__registry_publish(isere_registry_t *registry,
                                      isere_catalog_t *next);

/* ---- for servers and the admin API ---- */

/* Memory that is freed on any thread. */
const isere_port_t *isere_registry_port(const isere_registry_t *registry);

/* Whether packages go past memory, to flash. */
static inline bool isere_registry_has_flash(const isere_registry_t *registry)
{
    return registry->extents != NULL;
}

/* When it was created, monotonic. */
uint64_t isere_registry_started_us(const isere_registry_t *registry);

/* Whether jobs are done on a thread of their own, and handing one over: see
 * config.run. */
bool isere_registry_has_thread(const isere_registry_t *registry);
int isere_registry_run(isere_registry_t *registry, isere_registry_job_fn *job,
                       void *arg);

typedef struct isere_registry_counts {
    uint64_t log_lines;
    uint64_t log_lines_lost;
    unsigned long deploys_ok;
    unsigned long deploys_failed;
    unsigned long images_made;
    uint32_t restarts;
} isere_registry_counts_t;

void isere_registry_get_counts(isere_registry_t *registry,
                               isere_registry_counts_t *counts);

/* The number of the next log line. Any thread. */
unsigned long isere_registry_log_seq(const isere_registry_t *registry);

/* One more (or less) stream that follows the log: while there are any, log
 * lines wake the servers. Any thread. */
void isere_registry_follow_log(isere_registry_t *registry, int change);

/* isere_logs_read and isere_logs_read_array, with the lock. Any thread. */
void isere_registry_read_log(isere_registry_t *registry,
                             isere_logs_reader_t *reader, isere_writer_t *text);
void isere_registry_read_log_array(isere_registry_t *registry,
                                   isere_logs_reader_t *reader,
                                   isere_writer_t *text, bool *first);

#endif
