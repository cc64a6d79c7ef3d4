/*
 * Some of every traffic, played to a server on the network in memory: what the
 * fault loops repeat. The first run, without a fault, says what is right.
 */
#ifndef ISERE_TESTS_TRAFFIC_H
#define ISERE_TESTS_TRAFFIC_H

#include "tests/unit/support/server/server_fixture.h"

/* The handler that the traffic is for. */
extern const char traffic_source[];

/* Plays the traffic until everything has happened that will. */
void traffic_play(server_fixture_t *s);

/* Keeps what each client received as what is right. */
void traffic_learn(void);
void traffic_forget(void);

/*
 * Compares what the clients received. Each answer must be the right one or,
 * with `errors`, a 500 or 503 in its place; the last ones may be missing.
 * Clients for which `must_be_whole` is true must have all of them.
 */
void traffic_check(bool errors, bool (*must_be_whole)(int client));

/* Whether they are the same answers, but for their dates and request ids. */
bool traffic_same(isere_slice_t a, isere_slice_t b);

/* One more client, which must get its answer. */
void traffic_check_alive(server_fixture_t *s);

#endif
