/*
 * What a deployment is besides its code, as bytes: kept with the code, so that
 * it can be made of both without its package being read.
 */
#ifndef ISERE_CORE_DEPLOY_PACKAGE_SETTINGS_H
#define ISERE_CORE_DEPLOY_PACKAGE_SETTINGS_H

#include "core/deploy/package/package.h"

typedef struct isere_settings {
    const char *const *routes;
    size_t nroutes;
    const char *const *env; /* NAME=VALUE, the package's */
    size_t nenv;
    uint64_t sources; /* how long they are together */
    uint64_t memory;
    uint32_t timeout_ms;
    isere_payload_t payload;
    const char *handler; /* NULL: not given */
    const char *cors;    /* the same */
    const char *source;  /* ISERE_PACKAGE_SOURCE_LEN bytes, or empty */
} isere_settings_t;

/* How many bytes isere_settings_encode writes. Any thread. */
size_t isere_settings_size(const isere_settings_t *settings);

/* Writes them. At most ISERE_PACKAGE_ROUTES_MAX routes, and so many variables
 * as a package may have. Any thread. */
void isere_settings_encode(const isere_settings_t *settings, uint8_t *out);

/*
 * Reads them, and trusts none. Returns 0 with *package, which has neither main,
 * files nor text and is released with isere_package_drop; ISERE_ERR_INVAL when
 * no package says that; ISERE_ERR_NOMEM. Thread: the port's.
 */
int isere_settings_decode(const isere_port_t *port, const void *bytes,
                          size_t size, isere_package_t **package);

#endif
