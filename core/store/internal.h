/*
 * What the files of core/store share.
 *
 *   record.c    the bytes of manifests and of what precedes a package
 *   name.c      names of blobs
 *   manifest.c  reading and writing a function's manifest
 *   version.c   reading and verifying a version's package
 *   store.c     keeping, rolling back, removing
 *   tidy.c      opening, listing
 */
#ifndef ISERE_CORE_STORE_INTERNAL_H
#define ISERE_CORE_STORE_INTERNAL_H

#include "core/store/store.h"

/* ---- name.c ---- */

/* The blob of a version. `name` must be valid. */
void isere__name_of_blob(const char *name, uint32_t version,
                         char out[ISERE_BLOB_NAME_MAX]);

/*
 * What a blob is: *version is 0 for a manifest, `name` its function. False when
 * it is neither a manifest nor a version: then it is none of the store's.
 */
bool isere__name_parse_blob(const char *blob,
                            char name[ISERE_FUNCTION_NAME_MAX],
                            uint32_t *version);

/* ---- store.c ---- */

/* Logs what is wrong with a function. */
void isere__store_report(const isere_store_t *store, isere_log_level_t level,
                         const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- manifest.c ---- */

/*
 * Reads a manifest: 0, ISERE_ERR_NOENT, ISERE_ERR_IO or ISERE_ERR_INVAL.
 * *manifest has the name in any case, and no versions unless it returns 0.
 */
int isere__manifest_load(const isere_store_t *store, const char *name,
                         isere_store_manifest_t *manifest);

/* The same; damage is logged. */
int isere__manifest_load_loudly(const isere_store_t *store, const char *name,
                                isere_store_manifest_t *manifest);

/* For a manifest whose current version is not there: takes its versions away,
 * logs that it is damaged where it is `loud`, and returns ISERE_ERR_INVAL. */
int isere__manifest_misses_version(const isere_store_t *store,
                                   isere_store_manifest_t *manifest, bool loud);

/* Writes a manifest; what `write` of the blobs returns. */
int isere__manifest_write(const isere_store_t *store,
                          const isere_store_manifest_t *manifest);

/* ---- version.c ---- */

/* Reads up to `size` bytes, fewer only at the end. How many, or the error. */
long isere__version_read_bytes(const isere_store_t *store, const char *blob,
                               size_t offset, void *buf, size_t size);

/*
 * Whether a version's package is whole: 0, ISERE_ERR_NOENT (it is not there),
 * ISERE_ERR_INVAL (damaged) or ISERE_ERR_IO. Needs no memory for the package.
 * `loud`: logs damage.
 */
int isere__version_verify(const isere_store_t *store, const char *name,
                          uint32_t version, bool loud);

/* ---- tidy.c ---- */

/*
 * Removes versions that no manifest refers to: those of one function, or
 * (`only` NULL) of all. What can't be removed is logged, and tried again when
 * the store is opened. Where a manifest is damaged or can't be read, nothing is
 * removed. Returns 0, ISERE_ERR_IO (no list) or ISERE_ERR_NOMEM.
 */
int isere__tidy_sweep(const isere_store_t *store, const char *only);

#endif
