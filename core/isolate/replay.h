/*
 * The world as an init phase sees it whose heap becomes an image: clocks and
 * randomness that are the same each time it is run, so that the heap is, too.
 */
#ifndef ISERE_CORE_ISOLATE_REPLAY_H
#define ISERE_CORE_ISOLATE_REPLAY_H

#include "isere/port.h"
#include <stdbool.h>

typedef struct isere_replay {
    uint8_t seed[32];      /* from the port's randomness */
    uint32_t drawn;        /* blocks of random bytes that were taken */
    int64_t wall_us;       /* when it begins */
    uint64_t monotonic_us; /* the same moment */
    uint64_t elapsed_us;
    bool quiet; /* nothing is logged: it was said before */
} isere_replay_t;

/* Takes a seed and the time from the port. Returns 0 or ISERE_ERR_IO. */
int isere__replay_begin(isere_replay_t *replay, const isere_port_t *port);

/* Back to the beginning. */
void isere__replay_again(isere_replay_t *replay);

/* The clocks. Time passes a little with each reading, so that code that waits
 * for it ends. */
uint64_t isere__replay_monotonic_us(isere_replay_t *replay);
int64_t isere__replay_wall_us(isere_replay_t *replay);

/* Goes to a time of the monotonic clock, if that is still to come. */
void isere__replay_wait(isere_replay_t *replay, uint64_t monotonic_us);

/* As strong as the seed: SHA-256 of it and a counter. */
void isere__replay_random(isere_replay_t *replay, void *buf, size_t size);

#endif
