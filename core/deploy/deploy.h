/*
 * Changes of what is deployed: deploy, roll back, release, remove; and reading
 * the files of a function. Where a job comes from, and in which protocol, is
 * unknown here.
 *
 * Thread: the one that does the registry's jobs.
 */
#ifndef ISERE_CORE_DEPLOY_DEPLOY_H
#define ISERE_CORE_DEPLOY_DEPLOY_H

#include "core/deploy/registry.h"

typedef enum isere_job_kind {
    ISERE_JOB_DEPLOY,
    ISERE_JOB_REMOVE,
    ISERE_JOB_ROLLBACK,
    ISERE_JOB_RELEASE,
    ISERE_JOB_FILES,
} isere_job_kind_t;

/* How a job ended. Those from ISERE_OUTCOME_INVALID on are failures, which
 * changed nothing. */
typedef enum isere_job_outcome {
    ISERE_OUTCOME_NOT_DONE,    /* the program ends; it was never begun */
    ISERE_OUTCOME_DONE,        /* `text` describes the function, or is its files
                                */
    ISERE_OUTCOME_CREATED,     /* the same of a function that is new */
    ISERE_OUTCOME_REMOVED,     /* without a text */
    ISERE_OUTCOME_INVALID,     /* the package or its code */
    ISERE_OUTCOME_NO_FUNCTION, /* of that name */
    ISERE_OUTCOME_CONFLICT,    /* with what is deployed: a route is taken, there
                                  is no version before, or a stored version
                                  does not start any more */
    ISERE_OUTCOME_TOO_LARGE,   /* for the compiler's memory */
    ISERE_OUTCOME_CRASHED,     /* the package or its code crashed the engine */
    ISERE_OUTCOME_DAMAGED,     /* what is stored of the function */
    ISERE_OUTCOME_IO_ERROR,    /* the store can't be read or written */
    ISERE_OUTCOME_NO_MEMORY,   /* at the moment */
    ISERE_OUTCOME_STORE_FULL,
} isere_job_outcome_t;

/* A change of what is stored, or a look at it, and its outcome. */
typedef struct isere_job {
    isere_registry_t *registry;
    isere_job_kind_t kind;
    char name[ISERE_FUNCTION_NAME_MAX];
    isere_package_body_t body; /* of a deploy */
    /* Gives up memory, when that is short; NULL where it never is. */
    bool (*reclaim)(void *arg);
    void *reclaim_arg;
    /* The outcome: */
    isere_job_outcome_t outcome;
    char *text; /* JSON, in memory of the registry's port; NULL for none */
    size_t text_size;
    unsigned long generation; /* that the change is in; 0: none */
    isere_fault_t fault;
} isere_job_t;

/* Does it. Always sets an outcome; the text may be missing when out of memory.
 * A failure is in job->fault, too, for the log: the caller writes that. */
void isere_deploy_run(isere_job_t *job, const isere_port_t *port);

static inline bool isere_deploy_has_failed(const isere_job_t *job)
{
    return job->outcome >= ISERE_OUTCOME_INVALID;
}

/* Makes the function ready that was quarantined when it was loaded, and
 * publishes it. Returns 0, also when it was ready, or an error, with
 * job->fault where the function is the cause. */
int isere__deploy_ready(isere_job_t *job, const isere_port_t *port);

#endif
