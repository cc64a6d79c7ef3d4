/*
 * What is made of functions, in flash (config.flash): their code, which is used
 * where it lies, and the images of their heaps.
 *
 * Code is an extent with the function's name, an image one of its version. What
 * is there is taken only when it was made of exactly the package that the store
 * has, by this build; else it is made again, and without room the function runs
 * from memory. Nothing here does anything where there is no flash.
 *
 * Thread: the one that does the registry's jobs, which is the only one that
 * serves.
 */
#ifndef ISERE_CORE_DEPLOY_FLASHED_H
#define ISERE_CORE_DEPLOY_FLASHED_H

#include "core/deploy/registry.h"

/* What takes the code of a deployment that is being compiled. */
typedef struct isere_flashed_sink {
    isere_compile_sink_t sink;
    isere_registry_t *registry;
    const char *name;
    isere_extent_writer_t *writer;
} isere_flashed_sink_t;

/* Prepares the sink for the deployment's parts, or returns NULL without a
 * writer. All is borrowed. */
isere_compile_sink_t *isere__flashed_sink(isere_flashed_sink_t *sink,
                                          isere_registry_t *registry,
                                          const char *name,
                                          isere_extent_writer_t *writer);

/*
 * Makes the deployment of a function's current version of the code in flash.
 * Returns 0, or an error when there is none that is good. *fault is of no use.
 */
int isere__flashed_load(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifest,
                        isere_deployment_t **deployment, isere_fault_t *fault);

/*
 * Completes what the sink took of a deployment that nobody has seen yet. The
 * code counts when the writer is committed by isere__flashed_commit. Where the
 * sink took nothing, the log says that the code is in memory.
 */
void isere__flashed_stage(const isere_port_t *port,
                          isere_deployment_t *deployment,
                          isere_extent_writer_t *writer);

/* Makes the code of a deployment that is served count, and removes what was
 * made of other versions of the function. */
void isere__flashed_commit(isere_registry_t *registry,
                           isere_deployment_t *deployment,
                           isere_extent_writer_t *writer);

/* Removes all that was made of a function. */
void isere__flashed_drop(isere_registry_t *registry, const char *name);

/* Removes what was made of functions that the catalog does not have. */
void isere__flashed_tidy(isere_registry_t *registry, isere_catalog_t *catalog);

/*
 * Makes the image of a deployment, which runs its init phase, unless the flash
 * has it. Returns 0 when the init phase is good, with or without an image; else
 * an error of isere_deployment_check with *fault; ISERE_ERR_INVAL when there
 * can be no image here, and the init phase was not run to its end.
 */
int isere__flashed_try(isere_registry_t *registry, const isere_port_t *port,
                       isere_deployment_t *deployment, isere_fault_t *fault);

/*
 * The image that an instance of the deployment is to be made from, or NULL.
 * When there is none, or what the flash has is damaged, one is made, at most
 * once after each start. *fault is of no use.
 */
const isere_flash_image_t *isere_flashed_image(isere_registry_t *registry,
                                               const isere_port_t *port,
                                               isere_deployment_t *deployment,
                                               isere_fault_t *fault);

#endif
