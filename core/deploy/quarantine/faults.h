/* Functions that faulted: noting the faults, keeping them in the store, and
 * which functions are quarantined. */
#ifndef ISERE_CORE_DEPLOY_QUARANTINE_FAULTS_H
#define ISERE_CORE_DEPLOY_QUARANTINE_FAULTS_H

#include "core/deploy/catalog.h"

/* Reads what is kept of faults: before the first catalog is published. Damage
 * is logged, and no function is quarantined then. */
void isere__faults_load(isere_registry_t *registry, const isere_port_t *port);

/* Counts what ended the program before, of versions that are current: when it
 * is known which those are, and before any is made ready. */
void isere__faults_take(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifests, size_t count);

/* Whether that version is quarantined. Before the first catalog is published.
 */
bool isere__faults_keep_from(const isere_registry_t *registry, const char *name,
                             uint32_t version);

/* Sets how often a function has crashed so far. */
void isere__faults_count(const isere_registry_t *registry, const char *name,
                         isere_stats_t *stats);

/* With the lock held: forgets faults of versions that `next` does not serve. */
void isere__faults_settle(isere_registry_t *registry, isere_catalog_t *next);

/* Writes what is kept, if it has changed. Returns 0 or an error of the blobs,
 * which was logged, unless there is no port. On the thread that does the
 * registry's jobs. */
int isere__faults_save(isere_registry_t *registry, const isere_port_t *port);

/* Ends a quarantine, and forgets all faults of the function. Returns 0, or an
 * error of the blobs: then nothing has changed. The same thread. */
int isere__faults_release(isere_registry_t *registry, const isere_port_t *port,
                          const char *name);

/* Whether a function that is flagged as quarantined (isere_stats_t) still is:
 * config.quarantine_s may have passed. `port` is the calling thread's; any
 * thread. */
bool isere_faults_refuse(isere_registry_t *registry, const isere_port_t *port,
                         const char *name);

/* Whether a function is quarantined, and why: text of `size` bytes, "" when it
 * is not. Any thread. */
bool isere__faults_describe(isere_registry_t *registry, const char *name,
                            char *text, size_t size);

#endif
