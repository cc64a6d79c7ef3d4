/*
 * The files of a function as they are stored, read piece by piece: for a
 * device, whose memory has no room for all of them.
 *
 * Thread: the one that does the registry's jobs.
 */
#ifndef ISERE_CORE_DEPLOY_FILES_H
#define ISERE_CORE_DEPLOY_FILES_H

#include "core/deploy/registry.h"

typedef struct isere_files_reader {
    const isere_registry_t *registry;
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t version;
    size_t at;
    size_t size;
} isere_files_reader_t;

/* Finds the current version, and verifies it. Returns 0, or an error of
 * isere_store_read. */
int isere_deploy_open_files(isere_files_reader_t *reader,
                            const isere_registry_t *registry, const char *name);

/* The next bytes: how many, or ISERE_ERR_CLOSED at the end. ISERE_ERR_IO when
 * they can't be had: the version may be gone by now. */
int isere_deploy_read_files(isere_files_reader_t *reader, char *buf,
                            size_t size);

#endif
