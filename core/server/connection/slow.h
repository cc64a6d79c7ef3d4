/*
 * Slow clients. A client that sends slowly must not hold up the rest: while
 * more than three quarters of the budget are in use (limits.h), those that send
 * less than ISERE_PACE bytes in ISERE_PACE_US get 503. Else a client that sends
 * fast would get it. Each server checks its own connections, every
 * ISERE_SLOW_LOOK_US; one that was seen to be slow is refused when it still is
 * the next time, since a server that was busy with a handler has not yet
 * received what came meanwhile.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_SLOW_H
#define ISERE_CORE_SERVER_CONNECTION_SLOW_H

#include "core/server/connection/connection.h"

#define ISERE_SLOW_LOOK_US ((uint64_t)200 * 1000)

typedef struct isere_relief {
    isere_timer_node_t timer;
    uint64_t looked_us;     /* when slow clients were looked for last */
    uint64_t logged_us;     /* when refusals were logged */
    unsigned long unlogged; /* refusals since then */
    bool short_of_memory;   /* since they were looked for */
} isere_relief_t;

/* Refuses clients that are slow, but for `c`: now, when the timer is due, and
 * when it must be set. */
void isere__slow_relieve(isere_server_t *server, const isere_connection_t *c,
                         bool memory);
void isere__slow_due(isere_server_t *server);
void isere__slow_turn(isere_server_t *server);

#endif
