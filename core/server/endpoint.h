/*
 * The interface through which the server calls HTTP management, which stands
 * above it. The server knows it by these functions alone, and calls them on its
 * own thread.
 */
#ifndef ISERE_CORE_SERVER_ENDPOINT_H
#define ISERE_CORE_SERVER_ENDPOINT_H

#include "core/server/connection/connection.h"

typedef struct isere_endpoint {
    /* Whether the path is the endpoint's, and no function's. */
    bool (*wants)(isere_slice_t path);
    /* Answers a request whose body is still to come, and true; false when the
     * body is needed. */
    bool (*judge)(void *ctx, isere_connection_t *c);
    /* Answers a complete request, now or later. */
    void (*start)(void *ctx, isere_connection_t *c);
    /* At the end of each turn of the server's loop. */
    void (*turn)(void *ctx);
    /* The server goes. Its connections are closed already. */
    void (*detach)(void *ctx);
} isere_endpoint_t;

/* That of a server. */
typedef struct isere_attached {
    const isere_endpoint_t *functions; /* NULL: none */
    void *ctx;
} isere_attached_t;

#endif
