/*
 * Stealing: while a handler keeps a server busy, another one of the process
 * that has nothing to do takes over connections whose next request waits there.
 *
 * All that a server has is used by its own thread only, with one exception,
 * for which it has a gate. It stands OPEN while the server runs a handler and
 * touches nothing but that handler's isolate; then another server may make it
 * TAKEN, and has the connections, timers and events of this one to itself until
 * it opens the gate again. Afterwards the owner SHUTs it, and waits for that
 * while it is taken: for a few system calls at most.
 *
 * Every change of the gate that hands something over is a release, every one
 * that receives it an acquire: so nothing is ever used by two at once.
 */
#ifndef ISERE_CORE_SERVER_POOL_STEAL_H
#define ISERE_CORE_SERVER_POOL_STEAL_H

#include "isere/isere.h"
#include <stdatomic.h>

enum { ISERE_STEAL_MOST = 4 }; /* connections taken over at once */

/* After a request that took so long, the next one might, too: for some time
 * nothing is held, and other servers look whether they can help. */
#define ISERE_STEAL_SLOW_US ((uint64_t)1000)
#define ISERE_STEAL_HURRY_US ((uint64_t)1000 * 1000)
#define ISERE_STEAL_POLL_US ((uint64_t)500)

enum {
    ISERE_GATE_SHUT,  /* the server's own thread uses it */
    ISERE_GATE_OPEN,  /* it runs a handler: another one may take it */
    ISERE_GATE_TAKEN, /* another one uses it */
};

typedef struct isere_steal {
    atomic_int gate;
    atomic_bool dozing;      /* it waits for events, and could help */
    uint64_t hurry_until_us; /* see ISERE_STEAL_SLOW_US */
} isere_steal_t;

/* A request took long. */
void isere__steal_note_slow(isere_server_t *server);

/* Lets others help while a handler runs; true when it must be shut again. */
bool isere__steal_open(isere_server_t *server);
void isere__steal_shut(isere_server_t *server);

/* Whether another server may need help, and this one can. */
bool isere__steal_is_wanted(const isere_server_t *server);

/* Takes over some connections of another server, if one needs help. */
void isere__steal_take(isere_server_t *server);

#endif
