/*
 * One request: whose it is, which pool, waiting, running, answering. This is
 * what the loop calls with what connections return.
 */
#ifndef ISERE_CORE_SERVER_REQUEST_H
#define ISERE_CORE_SERVER_REQUEST_H

#include "core/server/pool/pool.h"

enum {
    ISERE_REQUEST_TURN = 16, /* of one connection, before others come; and that
                                leave the queue in one turn */
    ISERE_REQUEST_RANDOM = 1024,
};

/* Random bytes for ids, fetched in larger portions to pay for fewer calls. */
typedef struct isere_random {
    unsigned char bytes[ISERE_REQUEST_RANDOM];
    size_t left;
} isere_random_t;

void isere__request_init(isere_server_t *server);

/* Takes requests while there are any, their answers are not piling up, and
 * others have not waited long enough. */
void isere__request_take(isere_connection_t *c);

/* The same, and sends their answers: to be called after anything changed. */
void isere_request_advance(isere_connection_t *c);

/* It waited too long for an instance. */
void isere__request_expired(isere_connection_t *c);

/* Invokes a function directly: `direct` is the exchange's from now on, and its
 * `done` gets the outcome, unless an error answer comes before. */
void isere_request_invoke(isere_connection_t *c,
                          const isere_catalog_entry_t *entry,
                          isere_direct_t *direct);

/* Streams that wait for more to send are asked again. */
void isere_request_wake_streams(isere_server_t *server);

/* What a new catalog leaves to be done: requests that wait for functions that
 * are gone, pools that are done. */
void isere__request_follow(isere_server_t *server);

/* Gives free slots to requests that wait. */
void isere__request_serve_queues(isere_server_t *server);

/* Whether one waits only for the next turn. */
bool isere__request_could_serve(const isere_server_t *server);

#endif
