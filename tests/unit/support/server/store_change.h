/* Changes of a store, planned and carried out at once: *manifest is the
 * function then, or not touched. They return the first error. */
#ifndef ISERE_TESTS_STORE_CHANGE_H
#define ISERE_TESTS_STORE_CHANGE_H

#include "core/store/store.h"

/* Keeps a text as the next version. */
int store_put(const isere_store_t *store, const char *name, const char *text,
              isere_store_manifest_t *manifest);

/* Goes back to the version before. */
int store_rollback(const isere_store_t *store, const char *name,
                   isere_store_manifest_t *manifest);

#endif
