/* The event loop: accepting, events, timers, stopping. */
#ifndef ISERE_CORE_SERVER_LOOP_H
#define ISERE_CORE_SERVER_LOOP_H

#include "core/server/connection/connection.h"
#include <stdatomic.h>

enum { ISERE_LOOP_ACCEPTS = 64 }; /* taken from the listener at once */

#define ISERE_LOOP_REAP_US ((uint64_t)10 * 1000 * 1000) /* idle instances */
#define ISERE_LOOP_RETRY_US ((uint64_t)20 * 1000)       /* accept again */
/* Answers may wait for each other: sending them in one go is cheaper, as the
 * receivers are woken once and not in between. But no longer than this, and
 * only those that fit into the first size of a buffer. */
#define ISERE_LOOP_HOLD_US ((uint64_t)500)

/* What a timer node is part of. */
enum {
    ISERE_TIMER_CONNECTION,
    ISERE_TIMER_SLOT,
    ISERE_TIMER_ACCEPT,
    ISERE_TIMER_REAP,
    ISERE_TIMER_RELIEVE,
};

typedef struct isere_accept {
    isere_socket_t listener;
    isere_timer_node_t timer;
    bool on;               /* the listener is polled */
    uint64_t waited_since; /* by a client for a place; 0: none waits */
    bool crowded;          /* for long: answers end connections */
} isere_accept_t;

/* Those of this turn. With the gate open, a thief takes some out. */
typedef struct isere_events {
    isere_poll_event_t list[ISERE_EVENTS];
    int next; /* to be handled */
    int count;
} isere_events_t;

/* Connections whose answers are sent at the turn's end. */
typedef struct isere_held {
    isere_connection_t *list[ISERE_EVENTS];
    unsigned count;
    uint64_t since_us;
} isere_held_t;

typedef struct isere_stopping {
    atomic_bool requested; /* by any thread */
    bool begun;
    bool destroying; /* no other server is to be woken any more */
    uint64_t end_us; /* when stopping ends in any case */
} isere_stopping_t;

/* Handles an event of a connection, and sends the answers that were held. For
 * the loop itself, and for tests. */
void isere__loop_event(isere_connection_t *c, unsigned events);
void isere__loop_send_held(isere_server_t *server);

#endif
