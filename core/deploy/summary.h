/* What is said about functions, as JSON. */
#ifndef ISERE_CORE_DEPLOY_SUMMARY_H
#define ISERE_CORE_DEPLOY_SUMMARY_H

#include "core/deploy/registry.h"
#include "core/util/writer.h"

/* Has `put` write a text of any length, from the beginning again when it did
 * not fit. The caller's, released with isere_free; NULL when out of
 * memory. */
char *isere_summary_text(const isere_port_t *port,
                         void (*put)(isere_writer_t *text, const void *arg),
                         const void *arg, size_t *size);

/* What is answered to a change. */
typedef struct isere_summary {
    const isere_deployment_t *deployment;
    const isere_deployment_t *replaced; /* NULL: nothing that is another */
    bool kept_env;        /* its variables are those of the version before */
    const bool *released; /* NULL: not asked for; else whether it
                             was quarantined */
} isere_summary_t;

/* {"name",...} of a deployment, the answer to a deploy, a rollback and a
 * release. */
void isere_summary_put(isere_writer_t *text, const isere_summary_t *summary);

/* The same of an entry, with its status and limits: what lists and
 * descriptions consist of. */
void isere_summary_put_entry(isere_writer_t *text, isere_registry_t *registry,
                             const isere_catalog_entry_t *entry);

#endif
