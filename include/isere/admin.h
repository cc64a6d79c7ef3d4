/*
 * The admin API: HTTP calls below /_isere/ that deploy, watch and remove
 * functions (docs/api.md), with metrics, log lines and the dashboard.
 *
 *     isere_registry_create(&port, &blobs, &config, &registry);
 *     isere_admin_create(&port, registry, &admin_config, &admin);
 *     isere_server_create(&port, limits, listener, registry, &server);
 *     isere_admin_attach(admin, server);
 *
 * One object belongs to all servers of a registry. It is made before and
 * destroyed after them.
 */
#ifndef ISERE_ADMIN_H
#define ISERE_ADMIN_H

#include "isere/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ISERE_TOKEN_LEN 64 /* hexadecimal digits: 32 random bytes */

typedef struct isere_admin_config {
    /* What requests must send as `Authorization: Bearer`: ISERE_TOKEN_LEN
     * digits. Copied. */
    const char *token;
    /* Names that a Host field may have, besides addresses and localhost; ended
     * by NULL. Borrowed. NULL for none. */
    const char *const *host_names;
} isere_admin_config_t;

typedef struct isere_admin isere_admin_t;

/* `port` lends its memory functions. Returns 0 with *admin; ISERE_ERR_NOMEM;
 * ISERE_ERR_INVAL for an invalid token. */
int isere_admin_create(const isere_port_t *port, isere_registry_t *registry,
                       const isere_admin_config_t *config,
                       isere_admin_t **admin);

/* Releases it, when its servers are gone. NULL is fine. */
void isere_admin_destroy(isere_admin_t *admin);

/* Lets the server answer requests below /_isere/; otherwise functions get them.
 * Call it before run, on the server's thread. Returns 0 or ISERE_ERR_NOMEM. */
int isere_admin_attach(isere_admin_t *admin, isere_server_t *server);

#ifdef __cplusplus
}
#endif

#endif
