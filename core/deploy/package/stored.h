/* A package's text: in memory or, when it is too large for that, in flash. */
#ifndef ISERE_CORE_DEPLOY_PACKAGE_STORED_H
#define ISERE_CORE_DEPLOY_PACKAGE_STORED_H

#include "core/deploy/package/package.h"
#include "core/store/store.h"

typedef struct isere_stored {
    isere_slice_t text; /* with a NUL behind it */
    uint8_t sha256[ISERE_SHA256_SIZE];
    char *memory;                  /* where heaps lie, or NULL */
    size_t block;                  /* its size */
    isere_extent_writer_t *staged; /* or NULL */
} isere_stored_t;

/* Reads the text that the store has of a version. `extents` may be NULL.
 * Returns 0 with *stored, or an error of isere_store_read. Thread: the port's.
 */
int isere_stored_read(const isere_port_t *port, const isere_store_t *store,
                      isere_extents_t *extents, const char *name,
                      uint32_t version, isere_stored_t *stored);

/* Writes the normalised text of a package. Returns 0; ISERE_ERR_NOMEM or
 * ISERE_ERR_IO with fault->message. */
int isere_stored_write(const isere_port_t *port, const isere_package_t *package,
                       isere_extents_t *extents, isere_stored_t *stored,
                       isere_fault_t *fault);

/* Releases it. What is all zero is fine. */
void isere_stored_drop(const isere_port_t *port, isere_stored_t *stored);

#endif
