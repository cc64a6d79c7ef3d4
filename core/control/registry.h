/*
 * The registry: the store, and what is served of it.
 *
 *   control.c  life of the object, the lock, log lines
 *   catalog.c  what is served: functions and their routes
 *   deploy.c   deploying, rolling back, removing: changes to store and catalog
 *   kept.c     what was compiled, kept for the next start
 *   answer.c   what it says about functions, as JSON
 *   faults.c   functions that faulted, and the quarantine of some
 *   quarantine.c  the table of them
 *   call.c     from a request to a call of the control plane, or a refusal
 *   page.c     the dashboard
 *
 * Threads: a catalog never changes once it is published. Deployments happen one
 * after the other, on the thread that does the control plane's work; servers
 * take the catalog over when they see that there is a new one.
 */
#ifndef ISERE_CORE_CONTROL_REGISTRY_H
#define ISERE_CORE_CONTROL_REGISTRY_H

#include "core/control/deployment.h"
#include "core/control/logs.h"
#include "core/control/quarantine.h"
#include "core/http/request.h"
#include "core/route/route.h"
#include "isere/registry.h"

/* ---- What is served ---- */

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

/* ---- The object ---- */

struct isere_registry {
    isere_port_t port; /* for its memory functions */
    isere_registry_config_t config;
    char token[ISERE_TOKEN_LEN + 1];
    isere_store_t store;
    uint64_t started_us;          /* when it was created, monotonic */
    isere_catalog_t *catalog;     /* under the lock */
    atomic_ulong generation;      /* of that catalog */
    isere_deployment_t *built_in; /* of config.built_in */
    isere_logs_t logs;            /* under the lock */
    atomic_ulong log_seq;         /* the next line's */
    atomic_uint followers;        /* of the log, in all servers */
    atomic_ulong deploys_ok;
    atomic_ulong deploys_failed;
    size_t kept_loaded; /* functions that the start did not compile */
    isere_quarantine_t quarantine; /* under the lock */
    atomic_bool saving;            /* ... and will be written by a job */
    void (*wake)(void *ctx);       /* under the lock; wakes all servers */
    void *wake_ctx;
};

void isere_registry_lock(isere_registry_t *registry);
void isere_registry_unlock(isere_registry_t *registry);

/* From now on `wake` is called, with the lock held, when there is a new catalog
 * or a log line that somebody waits for. */
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

/* ---- Catalogs ---- */

/* Reads the whole store into the first catalog. */
int isere__catalog_load(isere_registry_t *registry, const isere_port_t *port);

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

/* Publishes a catalog: servers take it over in their next turn. Returns its
 * generation. */
unsigned long isere__registry_publish(isere_registry_t *registry,
                                      isere_catalog_t *next);

/* ---- Kept code ---- */

/*
 * Makes the deployment of a function's current version of what config.kept has.
 * Returns 0, or an error when nothing whole is there that was made of exactly
 * the package that the store has of this version: then it is to be compiled.
 * *fault is of no use. While the first catalog is made.
 */
int isere__kept_load(isere_registry_t *registry, const isere_port_t *port,
                     const isere_store_manifest_t *manifest,
                     isere_deployment_t **deployment, isere_fault_t *fault);

/* Keeps it in the place of what was kept of the function, if there is room;
 * nothing of what is blank. On the thread that does the control plane's work,
 * as is the next one. */
void isere__kept_save(isere_registry_t *registry,
                      const isere_deployment_t *deployment);
void isere__kept_drop(isere_registry_t *registry, const char *name);

/* ---- Faults ---- */

/* Reads what is kept of faults: before the first catalog is published. Damage
 * is logged, and nobody is quarantined then. */
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
 * control plane's work. */
int isere__faults_save(isere_registry_t *registry, const isere_port_t *port);

/* Ends a quarantine, and forgets all faults of the function. Returns 0, or an
 * error of the blobs: then nothing has changed. The same thread. */
int isere__faults_release(isere_registry_t *registry, const isere_port_t *port,
                          const char *name);

/* Whether a function that is flagged as quarantined (isere_stats_t) still is:
 * config.quarantine_s may have passed. `port` is the calling thread's; any
 * thread. */
bool isere_registry_refuses(isere_registry_t *registry,
                            const isere_port_t *port, const char *name);

/* Whether a function is quarantined, and why: text of `size` bytes, "" when it
 * is not. Any thread. */
bool isere__faults_describe(isere_registry_t *registry, const char *name,
                            char *text, size_t size);

/* ---- Calls ---- */

typedef enum isere_call_kind {
    ISERE_CALL_REFUSED,
    ISERE_CALL_HEALTH,
    ISERE_CALL_PAGE,
    ISERE_CALL_METRICS,
    ISERE_CALL_LOGS,
    ISERE_CALL_LIST,
    ISERE_CALL_DESCRIBE,
    ISERE_CALL_FILES,
    ISERE_CALL_DEPLOY,
    ISERE_CALL_REMOVE,
    ISERE_CALL_ROLLBACK,
    ISERE_CALL_RELEASE,
    ISERE_CALL_INVOKE,
} isere_call_kind_t;

typedef struct isere_call {
    isere_call_kind_t kind;
    char name[ISERE_FUNCTION_NAME_MAX]; /* of the function; "" for none */
    bool is_source;                     /* DEPLOY: the body is a module */
    bool follow;                        /* LOGS */
    isere_log_level_t level;            /* LOGS */
    /* REFUSED: */
    int status;
    const char *message; /* constant */
    const char *allow;   /* of the Allow field; NULL for none */
} isere_call_t;

/* Whether a path is the control plane's. */
bool isere_call_is_control(isere_slice_t path);

/* Reads a request to the control plane: what it asks for, and whether it may.
 * `request` has its head; the body is not looked at. Pure. */
void isere_call_read(const isere_registry_t *registry,
                     const isere_http_request_t *request, isere_call_t *call);

/* Whether both are the same, in a time that depends on `given` only. */
bool isere_token_equals(const char token[ISERE_TOKEN_LEN], isere_slice_t given);

/* ---- Work ---- */

/* A call that changes or reads the store, and its outcome. */
typedef struct isere_work {
    isere_registry_t *registry;
    isere_call_kind_t kind; /* DEPLOY, REMOVE, ROLLBACK, RELEASE or FILES */
    char name[ISERE_FUNCTION_NAME_MAX];
    bool is_source;
    isere_slice_t body;
    /* Gives up memory, when that is short; NULL where it never is. */
    bool (*reclaim)(void *arg);
    void *reclaim_arg;
    /* The outcome: */
    int status;
    char *text; /* JSON, in memory of the control's port; NULL for none */
    size_t text_size;
    unsigned long generation; /* that the change is in; 0: none */
    isere_fault_t fault;
} isere_work_t;

/* Does it. Always sets a status; the text may be missing when out of memory. */
void isere__control_work(isere_work_t *work, const isere_port_t *port);

/* Makes the function ready that was quarantined when it was loaded, and
 * publishes it. Returns 0, also when it was ready, or an error, with
 * work->fault where the function is the cause. */
int isere__control_ready(isere_work_t *work, const isere_port_t *port);

/* Has `put` write a text of any length, from the beginning again when it did
 * not fit. The caller's, released with isere_free; NULL when out of
 * memory. */
char *isere__control_text(const isere_port_t *port,
                          void (*put)(isere_writer_t *text, const void *arg),
                          const void *arg, size_t *size);

/* What is answered to a change. */
typedef struct isere_summary {
    const isere_deployment_t *deployment;
    const isere_deployment_t *replaced; /* NULL: nothing that is another */
    const bool *released;               /* NULL: not asked for; else whether it
                                           was quarantined */
} isere_summary_t;

/* {"name",...} of a deployment, as PUT, rollback and release answer it. */
void isere__control_put_summary(isere_writer_t *text,
                                const isere_summary_t *summary);

/* The same as list and describe have it. */
void isere__control_put_entry(isere_writer_t *text, isere_registry_t *registry,
                              const isere_catalog_entry_t *entry);

/* ---- The dashboard ---- */

/* One page, compressed with gzip. */
typedef struct isere_page {
    isere_slice_t bytes;
    isere_slice_t policy; /* of the Content-Security-Policy field */
    isere_slice_t tag;    /* of the ETag field, with its quotes */
} isere_page_t;

extern const isere_page_t isere_page;

#endif
