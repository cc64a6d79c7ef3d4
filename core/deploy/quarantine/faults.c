/*
 * Crashes of functions: counts them, saves them in the store, and quarantines
 * functions.
 *
 * A server looks only at a flag of the function (isere_stats_t), which costs
 * its requests one load. The table behind it is under the registry's lock;
 * writing it to the store is not, as that takes milliseconds on flash. So a
 * change of the table is marked (`changed`), and the mark is taken away with
 * the copy that is written: a fault that comes meanwhile sets it again, and is
 * written later.
 */
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/deploy.h"
#include "core/deploy/kept/index.h"
#include "core/deploy/registry.h"
#include "core/isolate/function.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include <stdio.h>

/* ---- log lines ---- */

/* Not with the lock held: a tapped port takes it to keep the line. */
static void say(const isere_port_t *port, isere_log_level_t level,
                const char *name, const char *message)
{
    isere_log_record_t record = {
        .level = level,
        .function = isere_slice(name),
        .message = isere_slice(message),
    };
    isere_log(port, &record);
}

/* ---- what is served, with the lock held ---- */

typedef struct served {
    isere_deployment_t *deployment; /* NULL: it is broken */
    uint32_t version;
} served_t;

/* False for a name that is unknown: faults of functions that were removed
 * meanwhile are no fault of anything that is served. */
static bool find_served(isere_catalog_t *catalog, const char *name,
                        served_t *served)
{
    const isere_catalog_entry_t *entry = isere_catalog_find_any(catalog, name);
    if (entry) {
        *served = (served_t){entry->deployment, entry->version};
    }
    return entry != NULL;
}

/* A broken function has no statistics, so no flag: it gets no requests in any
 * case. */
static void set_flag(const served_t *served, bool quarantined)
{
    if (served->deployment) {
        atomic_store(&served->deployment->stats->quarantined, quarantined);
    }
}

/* ---- keeping them ---- */

/* A copy of the table as its blob has it, for writing it without the lock;
 * NULL without memory, or when nothing has changed. */
static uint8_t *encode(isere_registry_t *registry, size_t *size, int *error)
{
    const isere_port_t *port = &registry->port;
    isere_quarantine_t *q = &registry->quarantine;
    uint8_t *bytes = NULL;
    *error = 0;
    isere_registry_lock(registry);
    if (q->changed) {
        *size = isere_quarantine_size(q);
        bytes = isere_alloc(port, *size);
        *error = bytes ? 0 : ISERE_ERR_NOMEM;
    }
    if (bytes) {
        isere_quarantine_encode(q, bytes);
        *size = q->count > 0 ? *size : 0;
        q->changed = false;
    }
    isere_registry_unlock(registry);
    return bytes;
}

/* An empty table is no blob: most stores never see a fault. Blobs are replaced
 * as a whole, so a power cut leaves the old table or the new one. */
static int write_or_remove(isere_registry_t *registry, const uint8_t *bytes,
                           size_t size)
{
    const isere_blobs_t *blobs = registry->store.blobs;
    isere_slice_t part = isere_slice_of(bytes, size);
    if (size > 0) {
        return blobs->write(blobs->ctx, ISERE_QUARANTINE_NAME, &part, 1);
    }
    int error = blobs->remove(blobs->ctx, ISERE_QUARANTINE_NAME);
    return error == ISERE_ERR_NOENT ? 0 : error;
}

/* When it fails the table is marked as changed again: the next change of
 * anything in the store tries once more. Nothing else depends on it until a
 * restart. */
int isere__faults_save(isere_registry_t *registry, const isere_port_t *port)
{
    char text[96];
    size_t size = 0;
    int error;
    if (!registry->store.blobs) {
        return 0; /* they are remembered as long as the registry is there */
    }
    uint8_t *bytes = encode(registry, &size, &error);
    if (bytes) {
        error = write_or_remove(registry, bytes, size);
        isere_free(&registry->port, bytes);
    }
    if (error) {
        isere_registry_lock(registry);
        registry->quarantine.changed = true;
        isere_registry_unlock(registry);
        snprintf(text, sizeof(text),
                 "the crash records can't be written to the store: %s",
                 isere_strerror(error));
        if (port) {
            say(port, ISERE_LOG_WARN, "", text);
        }
    }
    return error;
}

/* A job; when it is not done (no port), isere_registry_destroy saves the
 * table. The flag goes first: a fault that is noted after it asks for another
 * job. */
static void save_job(void *arg, const isere_port_t *port)
{
    isere_registry_t *registry = arg;
    atomic_store(&registry->saving, false);
    if (port) {
        isere_port_t tapped = *port;
        isere_registry_tap(registry, &tapped);
        (void)isere__faults_save(registry, &tapped);
        isere__index_save(registry);
    }
}

/* At once where there is one thread, else as one job, however many faults come
 * at a time. */
static void save_soon(isere_registry_t *registry, const isere_port_t *port)
{
    const isere_registry_config_t *config = &registry->config;
    if (!config->run) {
        (void)isere__faults_save(registry, port);
        isere__index_save(registry);
    } else if (!atomic_exchange(&registry->saving, true) &&
               config->run(config->ctx, save_job, registry)) {
        atomic_store(&registry->saving, false); /* the jobs before it do it */
    }
}

/* One byte more than the longest blob is asked for, and would show that it is
 * too long. */
static int read_blob(isere_registry_t *registry, uint8_t *bytes)
{
    const isere_blobs_t *blobs = registry->store.blobs;
    return blobs->read(blobs->ctx, ISERE_QUARANTINE_NAME, 0, bytes,
                       ISERE_QUARANTINE_BLOB + 1);
}

/* Damage is no reason not to start. Nothing is quarantined then, and the error
 * says so: a function that still crashes will be quarantined again. */
void isere__faults_load(isere_registry_t *registry, const isere_port_t *port)
{
    const isere_port_t *own = &registry->port;
    if (!registry->store.blobs) {
        return;
    }
    uint8_t *bytes = isere_alloc(own, ISERE_QUARANTINE_BLOB + 1);
    int size = bytes ? read_blob(registry, bytes) : ISERE_ERR_NOMEM;
    const char *wrong = NULL;
    char text[160];
    if (size >= 0) {
        wrong =
            isere_quarantine_decode(&registry->quarantine, bytes, (size_t)size);
    } else if (size != ISERE_ERR_NOENT) {
        wrong = isere_strerror(size);
    }
    isere_free(own, bytes);
    if (wrong) {
        snprintf(text, sizeof(text),
                 "the crash records in the store can't be used, so no "
                 "function is quarantined: %s",
                 wrong);
        say(port, ISERE_LOG_ERROR, "", text);
    }
}

/* ---- what changes is forgotten ---- */

/* Whoever deploys another version has dealt with the crashes of the one
 * before; a version that is served again by a rollback begins anew, too. From
 * the end, since entries are removed on the way. */
void isere__faults_settle(isere_registry_t *registry, isere_catalog_t *next)
{
    isere_quarantine_t *q = &registry->quarantine;
    for (unsigned i = q->count; i > 0; i--) {
        const isere_quarantine_entry_t *entry = &q->entries[i - 1];
        served_t served = {NULL, 0};
        bool stays = find_served(next, entry->name, &served) &&
                     served.version == entry->version;
        set_flag(&served, stays && entry->quarantined);
        if (!stays) {
            isere_quarantine_forget(q, entry->name);
        }
    }
}

/* The flag is taken away only when the store knows it: a release that a
 * restart takes back would be a lie to whoever asked for it. The lock is not
 * held while the store is written, so the entry is put back if that fails, and
 * looked for again if it does not. */
int isere__faults_release(isere_registry_t *registry, const isere_port_t *port,
                          const char *name)
{
    isere_quarantine_t *q = &registry->quarantine;
    isere_quarantine_entry_t old = {.count = 0};
    served_t served = {NULL, 0};
    isere_registry_lock(registry);
    const isere_quarantine_entry_t *entry = isere_quarantine_find(q, name);
    if (entry) {
        old = *entry;
        isere_quarantine_forget(q, name);
    }
    isere_registry_unlock(registry);
    int error = old.count > 0 ? isere__faults_save(registry, port) : 0;
    isere_registry_lock(registry);
    if (error) {
        (void)isere_quarantine_put(q, &old);
    } else if (find_served(registry->catalog, name, &served)) {
        entry = isere_quarantine_find(q, name); /* there may be new ones */
        set_flag(&served, entry && entry->quarantined);
    }
    isere_registry_unlock(registry);
    return error;
}

/* For programs without the admin endpoint. A job has 1.8 KB, so it is not on
 * the stack. */
int isere_registry_release(isere_registry_t *registry, const isere_port_t *port,
                           const char *name)
{
    isere_port_t tapped = *port;
    isere_registry_tap(registry, &tapped);
    isere_job_t *job = isere_alloc(port, sizeof(*job));
    if (!job) {
        return ISERE_ERR_NOMEM;
    }
    memset(job, 0, sizeof(*job));
    job->registry = registry;
    isere_text_copy(job->name, sizeof(job->name), isere_slice(name));
    int error = isere__deploy_ready(job, &tapped);
    isere_free(port, job);
    return error ? error : isere__faults_release(registry, &tapped, name);
}

/* ---- faults ---- */

/* With the lock held: what isere_quarantine_report returns. A crash is counted
 * in any case; it counts against a version only if that one is still served. */
static int note(isere_registry_t *registry, const isere_fault_report_t *report,
                uint32_t *version)
{
    served_t served = {NULL, 0};
    if (!find_served(registry->catalog, report->name, &served)) {
        return 0;
    }
    if (served.deployment) {
        atomic_fetch_add(&served.deployment->stats->crashes, 1);
    }
    *version = report->version ? report->version : served.version;
    if (*version != served.version) {
        return 0; /* of one that is on its way out */
    }
    int result = isere_quarantine_report(&registry->quarantine, report->name,
                                         *version, report->where, report->at_s);
    if (result > 0) {
        set_flag(&served, true);
    }
    return result;
}

/* Without a store a line is the function's own, as those of its handler are:
 * its users know it by the name in its configuration, not by
 * ISERE_BUILT_IN_NAME. The catalog is held while its name is used, since the
 * lock can't be. */
static void say_of(isere_registry_t *registry, const isere_port_t *port,
                   isere_log_level_t level, const char *name, const char *text)
{
    isere_catalog_t *catalog = NULL;
    if (!registry->store.blobs) {
        isere_registry_lock(registry);
        catalog = registry->catalog;
        if (catalog) {
            atomic_fetch_add(&catalog->references, 1);
        }
        isere_registry_unlock(registry);
    }
    if (catalog && isere_catalog_is_lone(catalog)) {
        name = catalog->entries[0].deployment->function->config.name;
    }
    say(port, level, name, text);
    isere_catalog_release(catalog);
}

/* The same where there is no store: there no other version can be deployed,
 * and there is no command to release it, so the line says how it ends. */
static void say_lone(isere_registry_t *registry, const isere_port_t *port)
{
    unsigned long lasts_s = registry->config.quarantine_s;
    char text[128];
    int len = snprintf(text, sizeof(text),
                       "quarantined after too many crashes: all requests get "
                       "503 ");
    if (lasts_s > 0) {
        snprintf(text + len, sizeof(text) - (size_t)len, "for %lu s", lasts_s);
    } else {
        snprintf(text + len, sizeof(text) - (size_t)len,
                 "until the function or the server is replaced");
    }
    say_of(registry, port, ISERE_LOG_ERROR, ISERE_BUILT_IN_NAME, text);
}

static void say_outcome(isere_registry_t *registry, const isere_port_t *port,
                        const isere_fault_report_t *report, uint32_t version,
                        int result)
{
    const isere_registry_config_t *config = &registry->config;
    char text[256];
    if (result > 0 && !registry->store.blobs) {
        say_lone(registry, port);
    } else if (result > 0) {
        snprintf(text, sizeof(text),
                 "quarantined %s, version %lu: %u crashes within %lu s; "
                 "another version or `isere release %s` ends it",
                 report->name, (unsigned long)version, config->faults,
                 (unsigned long)config->fault_window_s, report->name);
        say(port, ISERE_LOG_ERROR, report->name, text);
    } else if (result < 0) {
        say_of(registry, port, ISERE_LOG_WARN, report->name,
               "not enough memory to record this crash");
    }
}

/* From the thread that the function ran on: the table at once, the log and the
 * store without the lock. */
bool isere_registry_report_fault(isere_registry_t *registry,
                                 const isere_port_t *port,
                                 const isere_fault_report_t *report)
{
    isere_port_t tapped = *port;
    uint32_t version = 0;
    isere_registry_tap(registry, &tapped);
    isere_registry_lock(registry);
    int result = note(registry, report, &version);
    bool changed = registry->quarantine.changed;
    isere_registry_unlock(registry);
    say_outcome(registry, &tapped, report, version, result);
    if (changed) {
        save_soon(registry, &tapped);
    }
    return isere_registry_is_quarantined(registry, report->name);
}

/* A quarantine that has a length ends with the first request after it, and
 * needs no timer. Its crashes are forgotten: the function gets as many new
 * ones as any other. */
bool isere_faults_refuse(isere_registry_t *registry, const isere_port_t *port,
                         const char *name)
{
    served_t served = {NULL, 0};
    int64_t now_s = isere_registry_clock_s(registry, port);
    isere_registry_lock(registry);
    bool over = isere_quarantine_is_over(&registry->quarantine, name, now_s);
    bool known = find_served(registry->catalog, name, &served);
    if (over) {
        isere_quarantine_forget(&registry->quarantine, name);
        set_flag(&served, false);
    }
    bool refuses = known && served.deployment &&
                   atomic_load(&served.deployment->stats->quarantined);
    isere_registry_unlock(registry);
    if (over) {
        isere_port_t tapped = *port;
        isere_registry_tap(registry, &tapped);
        say_of(registry, &tapped, ISERE_LOG_WARN, name,
               "the quarantine is over: the function is served again");
        save_soon(registry, &tapped);
    }
    return refuses;
}

bool isere_registry_is_quarantined(isere_registry_t *registry, const char *name)
{
    isere_registry_lock(registry);
    const isere_quarantine_entry_t *entry =
        isere_quarantine_find(&registry->quarantine, name);
    bool quarantined = entry && entry->quarantined;
    isere_registry_unlock(registry);
    return quarantined;
}

int64_t isere_registry_last_fault_s(isere_registry_t *registry)
{
    const isere_quarantine_t *q = &registry->quarantine;
    int64_t last = 0;
    isere_registry_lock(registry);
    for (unsigned i = 0; i < q->count; i++) {
        const isere_quarantine_entry_t *entry = &q->entries[i];
        int64_t at = entry->times[entry->count - 1];
        last = at > last ? at : last;
    }
    isere_registry_unlock(registry);
    return last;
}

/* The entry is copied, and its text made without the lock. */
bool isere__faults_describe(isere_registry_t *registry, const char *name,
                            char *text, size_t size)
{
    isere_quarantine_entry_t copy = {.quarantined = false};
    isere_registry_lock(registry);
    const isere_quarantine_entry_t *entry =
        isere_quarantine_find(&registry->quarantine, name);
    if (entry) {
        copy = *entry;
    }
    isere_registry_unlock(registry);
    text[0] = 0;
    if (copy.quarantined) {
        snprintf(text, size,
                 "quarantined after %u crashes within %lu s, the last one: %s",
                 registry->config.faults,
                 (unsigned long)registry->config.fault_window_s, copy.where);
    }
    return copy.quarantined;
}

/* ---- what ended the program before ---- */

/* Which version of a function will be served. There is no catalog yet to ask.
 */
static bool find_version(const isere_registry_t *registry, const char *name,
                         const isere_store_manifest_t *manifests, size_t count,
                         uint32_t *version)
{
    if (registry->built_in && strcmp(name, ISERE_BUILT_IN_NAME) == 0) {
        *version = registry->built_in->version;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(manifests[i].name, name) == 0) {
            *version = manifests[i].current;
            return true;
        }
    }
    return false;
}

/* Reports of a version that is not current are of a deploy that crashed before
 * its end: nothing of it was stored, so nothing can crash again. The table is
 * written before any function is loaded: that may end the program at once. */
void isere__faults_take(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifests, size_t count)
{
    const isere_registry_config_t *config = &registry->config;
    isere_fault_report_t report;
    while (config->next_fault && config->next_fault(config->ctx, &report)) {
        uint32_t version;
        if (!find_version(registry, report.name, manifests, count, &version) ||
            (report.version && report.version != version)) {
            continue;
        }
        int result =
            isere_quarantine_report(&registry->quarantine, report.name, version,
                                    report.where, report.at_s);
        say_outcome(registry, port, &report, version, result);
    }
    (void)isere__faults_save(registry, port);
}

bool isere__faults_keep_from(const isere_registry_t *registry, const char *name,
                             uint32_t version)
{
    const isere_quarantine_entry_t *entry =
        isere_quarantine_find(&registry->quarantine, name);
    return entry && entry->quarantined && entry->version == version;
}

void isere__faults_count(const isere_registry_t *registry, const char *name,
                         isere_stats_t *stats)
{
    const isere_registry_config_t *config = &registry->config;
    if (config->crashes) {
        atomic_store(&stats->crashes, config->crashes(config->ctx, name));
    }
}
