/* Requests that wait for an instance of their function. */
#ifndef ISERE_CORE_SERVER_POOL_QUEUE_H
#define ISERE_CORE_SERVER_POOL_QUEUE_H

#include "core/server/pool/pool.h"

/* Whether one more of the pool's requests may wait. */
bool isere__queue_has_room(const isere_pool_t *pool);

/* The request waits from now on; false when there is no room. */
bool isere__queue_put(isere_connection_t *c, isere_pool_t *pool);

/* Takes a request out, if it waits. */
void isere__queue_remove(isere_connection_t *c);

/* Takes the first one out. */
isere_connection_t *isere__queue_take(isere_pool_t *pool);

#endif
