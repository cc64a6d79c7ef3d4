/*
 * What is counted of a function, by all servers of a process: one object for
 * each name, whatever its version. Counters are relaxed atomics: any thread.
 */
#ifndef ISERE_CORE_CONTROL_STATS_H
#define ISERE_CORE_CONTROL_STATS_H

#include "core/lambda/error_answer.h"
#include <stdatomic.h>
#include <stdint.h>

/* Upper bounds of the histogram of durations, in microseconds; one more bucket
 * has everything beyond. */
#define ISERE_STATS_BUCKETS 12
extern const uint32_t isere_stats_bounds_us[ISERE_STATS_BUCKETS];

typedef struct isere_stats {
    atomic_uint references; /* of deployments */
    atomic_ullong requests; /* answered, errors among them */
    atomic_ullong errors[ISERE_ERROR_KINDS];
    atomic_ullong buckets[ISERE_STATS_BUCKETS + 1]; /* not cumulative */
    atomic_ullong duration_us;                      /* sum */
    atomic_uint instances;
    atomic_uint busy;        /* instances with a request */
    atomic_uint queued;      /* requests that wait for one */
    atomic_ullong hits;      /* requests that found an instance ready */
    atomic_ullong starts;    /* instances made */
    atomic_ullong restarts;  /* of those, made again after being given up */
    atomic_uint given_up;    /* instances given up and not made again yet */
    atomic_ullong heap_used; /* bytes, of an instance after its init phase */
    atomic_ullong heap_peak; /* bytes, the most of any request since start */
} isere_stats_t;

/* Counts a request that was answered: `kind` negative, or an
 * isere_error_kind_t. `peak` in bytes, 0 when unknown. */
void isere_stats_count(isere_stats_t *stats, int kind, uint64_t duration_us,
                       size_t peak);

#endif
