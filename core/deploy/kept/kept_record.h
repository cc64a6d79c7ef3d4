/*
 * What compiled code is kept with, for a start that does not compile: what it
 * was made of, and the settings of its deployment.
 */
#ifndef ISERE_CORE_DEPLOY_KEPT_RECORD_H
#define ISERE_CORE_DEPLOY_KEPT_RECORD_H

#include "core/deploy/registry.h"
#include "core/isolate/function.h"

/* What it begins with: settings and bundle follow. It is read by the program
 * that wrote it, on the same machine, so it has the machine's byte order and
 * padding. */
typedef struct isere_kept_record {
    uint32_t sum; /* CRC-32 of the rest of it and of the settings; the bundle
                     has its own */
    uint32_t version;
    uint32_t settings_size;
    uint32_t bundle_size;
    char name[40];
    char sha256[64];
} isere_kept_record_t;

/* One without sizes and sum. Any thread. */
void isere__kept_record_begin(isere_kept_record_t *record, const char *name,
                              uint32_t version, const char *sha256);

/* Whether it is of the version and the package of the one that is wanted. Any
 * thread. */
bool isere__kept_record_matches(const isere_kept_record_t *record,
                                const isere_kept_record_t *wanted);

/* What its sum must be. Any thread. */
uint32_t isere__kept_record_sum(const isere_kept_record_t *record,
                                const void *settings);

/* Makes the record of a deployment. Returns its settings, of
 * record->settings_size bytes, the caller's; NULL when out of memory. Thread:
 * the port's. */
void *isere__kept_record_make(const isere_port_t *port,
                              const isere_deployment_t *deployment,
                              isere_kept_record_t *record);

/* Makes a deployment of settings and of the code in `wanted`, which is taken,
 * also when it fails. Returns what isere_settings_decode and
 * isere_deployment_create do. Thread: the port's. */
int isere__kept_record_restore(const isere_registry_t *registry,
                               const isere_port_t *port,
                               const isere_deployment_parts_t *wanted,
                               const uint8_t sha256[ISERE_SHA256_SIZE],
                               isere_slice_t settings,
                               isere_deployment_t **deployment,
                               isere_fault_t *fault);

#endif
