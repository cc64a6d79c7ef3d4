/*
 * The id of a request: in its answer, in the log, and what its handler sees.
 */
#ifndef ISERE_CORE_SERVER_REQUEST_ID_H
#define ISERE_CORE_SERVER_REQUEST_ID_H

#include "core/lambda/invocation.h"
#include "core/server/server.h"

/*
 * Writes a random UUID (RFC 9562 section 5.4) with its NUL. False when the port
 * has no random bytes; `id` is an empty text then: no id is better than one
 * that is not unique. Thread: the server's.
 */
bool isere__request_id_make(isere_server_t *server,
                            char id[ISERE_REQUEST_ID_LEN + 1]);

/* The exchange's id, which is made when it is asked for first; empty where
 * isere__request_id_make fails. Valid as long as the exchange. */
isere_slice_t isere__request_id(isere_server_t *server, isere_exchange_t *x);

#endif
