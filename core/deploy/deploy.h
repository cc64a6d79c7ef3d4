/* Changes of what is deployed: deploy, roll back, release, remove; and reading
 * the files of a function. On the thread that does the registry's jobs. */
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

/* A change of what is stored, or a look at it, and its outcome. */
typedef struct isere_job {
    isere_registry_t *registry;
    isere_job_kind_t kind;
    char name[ISERE_FUNCTION_NAME_MAX];
    bool is_source;
    isere_slice_t body;
    /* Gives up memory, when that is short; NULL where it never is. */
    bool (*reclaim)(void *arg);
    void *reclaim_arg;
    /* The outcome: */
    int status; /* as HTTP has them: 2xx is done */
    char *text; /* JSON, in memory of the registry's port; NULL for none */
    size_t text_size;
    unsigned long generation; /* that the change is in; 0: none */
    isere_fault_t fault;
} isere_job_t;

/* Does it. Always sets a status; the text may be missing when out of memory. */
void isere_deploy_run(isere_job_t *job, const isere_port_t *port);

/* Makes the function ready that was quarantined when it was loaded, and
 * publishes it. Returns 0, also when it was ready, or an error, with
 * job->fault where the function is the cause. */
int isere__deploy_ready(isere_job_t *job, const isere_port_t *port);

#endif
