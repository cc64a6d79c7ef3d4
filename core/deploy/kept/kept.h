/* What was compiled, kept for the next start. */
#ifndef ISERE_CORE_DEPLOY_KEPT_H
#define ISERE_CORE_DEPLOY_KEPT_H

#include "core/deploy/deployment.h"

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
 * nothing of what is blank. On the thread that does the registry's jobs,
 * as is the next one. */
void isere__kept_save(isere_registry_t *registry,
                      const isere_deployment_t *deployment);
void isere__kept_drop(isere_registry_t *registry, const char *name);

#endif
