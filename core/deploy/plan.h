/*
 * A plan: what a change of one function will be. The next version, the version
 * before it, the package's SHA-256 and the next catalog are worked out once,
 * without anything that others see; then the plan is committed, or dropped.
 *
 *     isere_plan_deploy(&plan, ...);    what the store will have
 *     isere_plan_compile(&plan, ...);   the deployment; may be tried again
 *     isere_plan_place(&plan, ...);     the catalog
 *     isere_plan_commit(&plan);
 *     isere_plan_drop(&plan);           in any case
 *
 * What fails changes nothing: the store is the last thing that may fail.
 *
 * Thread: the one that does the registry's jobs, where one plan is made after
 * the other.
 */
#ifndef ISERE_CORE_DEPLOY_PLAN_H
#define ISERE_CORE_DEPLOY_PLAN_H

#include "core/deploy/package/stored.h"
#include "core/deploy/registry.h"

typedef enum isere_plan_kind {
    ISERE_PLAN_DEPLOY,
    ISERE_PLAN_ROLLBACK,
    ISERE_PLAN_FILL, /* a version that is served gets its code */
    ISERE_PLAN_REMOVE,
} isere_plan_kind_t;

typedef struct isere_plan {
    isere_plan_kind_t kind;
    isere_registry_t *registry;
    const isere_port_t *port;
    isere_store_plan_t store; /* `after` has the version and the one before */
    isere_deployment_t *deployment; /* held; NULL: not made, or REMOVE */
    isere_catalog_t *next;          /* NULL: not made, or published */
    /* DEPLOY: the normalised package, which the store is to keep. */
    isere_stored_t text;
    bool kept_env; /* DEPLOY: it has those of the version before */
    isere_extent_writer_t *code; /* of the deployment, in flash; NULL: none */
    unsigned long generation;    /* that it was published in; 0: not yet */
} isere_plan_t;

/*
 * Each begins a plan for the function `name`; `port` is borrowed until it is
 * dropped. Returns 0 or what the store does; then, too, the plan may be
 * dropped.
 */
int isere_plan_deploy(isere_plan_t *plan, isere_registry_t *registry,
                      const isere_port_t *port, const char *name);

/* ISERE_ERR_NOENT: there is no such function, or (plan->store.before.current)
 * it has no version before. */
int isere_plan_rollback(isere_plan_t *plan, isere_registry_t *registry,
                        const isere_port_t *port, const char *name);

/* For a blank deployment that is served. Can't fail. */
void isere_plan_fill(isere_plan_t *plan, isere_registry_t *registry,
                     const isere_port_t *port, const isere_deployment_t *blank);

/* Can't fail. */
void isere_plan_remove(isere_plan_t *plan, isere_registry_t *registry,
                       const isere_port_t *port, const char *name);

/*
 * DEPLOY: makes the deployment of what was sent, and runs its init phase.
 * Returns 0, or an error of isere_package_read, isere_deployment_create or
 * isere_deployment_check with *fault: then nothing is left of it in memory, and
 * it may be tried again.
 */
int isere_plan_compile(isere_plan_t *plan, const isere_package_body_t *body,
                       isere_fault_t *fault);

/* The same for ROLLBACK and FILL, of what the store has of the version; also
 * an error of the store, with no message. */
int isere_plan_load(isere_plan_t *plan, isere_fault_t *fault);

/* Makes the next catalog. Returns 0, ISERE_ERR_INUSE with fault->message when
 * another function has one of the routes, ISERE_ERR_LIMIT with fault->message
 * when too little memory would be left, ISERE_ERR_NOMEM. */
int isere_plan_place(isere_plan_t *plan, isere_fault_t *fault);

/* Changes the store, and publishes the catalog. Returns 0, or an error of the
 * store: then nothing has changed. */
int isere_plan_commit(isere_plan_t *plan);

/* Releases what the plan holds. */
void isere_plan_drop(isere_plan_t *plan);

#endif
