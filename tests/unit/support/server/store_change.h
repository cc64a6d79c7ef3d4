/* Changes of a store, planned and carried out at once: *manifest is the
 * function then, or not touched. They return the first error. */
#ifndef ISERE_TESTS_STORE_CHANGE_H
#define ISERE_TESTS_STORE_CHANGE_H

#include "core/store/store.h"

/* isere_store_open, without its list; 0 or the error. */
int store_open(isere_store_t *store, const isere_port_t *port,
               const isere_blobs_t *blobs);

/* Keeps a text as the next version. */
int store_put(const isere_store_t *store, const char *name, const char *text,
              isere_store_manifest_t *manifest);

/* Goes back to the version before. */
int store_rollback(const isere_store_t *store, const char *name,
                   isere_store_manifest_t *manifest);

#endif
