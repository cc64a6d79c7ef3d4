/*
 * A place for a new client when there are as many connections as there may be.
 *
 * A connection that has had nothing to do for ISERE_PLACE_US gives way: first
 * one that is idle (RFC 9112 section 9.5 lets a server close it at any time),
 * then one whose client has begun a request and hardly sends any more of it.
 * Until then the new client waits in the system's backlog.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_PLACE_H
#define ISERE_CORE_SERVER_CONNECTION_PLACE_H

#include "core/server/connection/connection.h"

#define ISERE_PLACE_US ((uint64_t)1000 * 1000)

/* Which connection of the server is to give way; NULL: none is. */
isere_connection_t *isere__place_find(const isere_server_t *server);

/* Whether this one may have to: it is looked at again after what has come in
 * time was received. */
bool isere__place_is_free(const isere_connection_t *c);

/* Ends it: with 408 where a request has begun. */
void isere__place_clear(isere_connection_t *c);

#endif
