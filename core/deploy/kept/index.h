/*
 * The index of the store: an extent with what a start would read of each
 * function's manifest and version, so that it opens none of their blobs.
 *
 * It is of one state of the store (isere_blobs_t.state) and is taken in no
 * other, so it can't say anything else than the manifests do. It is written
 * after each change; where it is missing, damaged or of another state, the
 * start reads the manifests and writes it. docs/store.md has its bytes.
 *
 * Thread: the one that does the registry's jobs.
 */
#ifndef ISERE_CORE_DEPLOY_INDEX_H
#define ISERE_CORE_DEPLOY_INDEX_H

#include "core/deploy/registry.h"

#define ISERE_INDEX_NAME ".index"              /* no function has it */
#define ISERE_INDEX_MAGIC UINT32_C(0x31584969) /* "iIX1" */

typedef struct isere_index_entry {
    char name[40]; /* padded with zeros */
    uint32_t current;
    uint32_t previous; /* 0: none */
    uint8_t sha256[ISERE_SHA256_SIZE];
} isere_index_entry_t;

typedef struct isere_index {
    uint32_t magic;
    uint32_t count;
    uint64_t state;                /* of the blobs */
    isere_index_entry_t entries[]; /* sorted by name */
} isere_index_t;

/* The bytes as an index, when they are one of that state; else NULL. They are
 * aligned like an index. Any thread. */
const isere_index_t *isere__index_check(const void *bytes, size_t size,
                                        uint64_t state);

/* That of the store as it is now, in flash; NULL when there is none. */
const isere_index_t *isere__index_find(isere_registry_t *registry);

/* As isere_store_open. `last` of a manifest is 0: no start needs it. */
int isere__index_list(const isere_index_t *index, const isere_port_t *port,
                      isere_store_manifest_t **manifests);

/* As isere_store_sha256, of the current version: from registry->index when
 * there is one. */
int isere__index_sha256(const isere_registry_t *registry,
                        const isere_store_manifest_t *manifest,
                        uint8_t sha256[ISERE_SHA256_SIZE]);

/* Writes it, unless the flash has that of the store as it is. There is none
 * where something is damaged or left over, which each start has to look at, and
 * none without room: starts take longer then. */
void isere__index_save(isere_registry_t *registry);

#endif
