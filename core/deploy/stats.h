/*
 * What is counted of a function, by all servers of a process: one object for
 * each name, whatever its version. All are relaxed atomics: any thread.
 *
 * Counters are unsigned long, since atomics of 64 bits are calls of a library
 * on 32-bit processors, which many toolchains do not have. There they wrap
 * after 2^32, which Prometheus takes for a restart. Only the sum of durations,
 * which would wrap every 71 minutes, has a second word.
 */
#ifndef ISERE_CORE_DEPLOY_STATS_H
#define ISERE_CORE_DEPLOY_STATS_H

#include "core/lambda/response/error_answer.h"
#include <stdatomic.h>
#include <stdint.h>

/* Upper bounds of the histogram of durations, in microseconds; one more bucket
 * has everything beyond. */
#define ISERE_STATS_BUCKETS 12
extern const uint32_t isere_stats_bounds_us[ISERE_STATS_BUCKETS];

/* Zero at first. */
typedef struct isere_stats {
    atomic_uint references; /* of deployments */
    atomic_ulong requests;  /* answered, errors among them */
    atomic_ulong errors[ISERE_ERROR_KINDS];
    atomic_ulong buckets[ISERE_STATS_BUCKETS + 1]; /* not cumulative */
    atomic_ulong duration_us;       /* sum: its last 32 or 64 bits */
    atomic_ulong duration_overflow; /* how often those were full */
    atomic_uint instances;
    atomic_uint queued;      /* requests that wait for one */
    atomic_ulong hits;       /* requests that found an instance ready */
    atomic_ulong starts;     /* instances made */
    atomic_ulong restarts;   /* of those, made again after being given up */
    atomic_ulong loads;      /* of those, made from an image in flash */
    atomic_ulong restored;   /* bytes of heaps that were put back */
    atomic_uint given_up;    /* instances given up and not made again yet */
    atomic_ulong heap_used;  /* bytes, of an instance after its init phase */
    atomic_ulong heap_peak;  /* bytes, the most of any request since start */
    atomic_ulong crashes;    /* faults of ours while it ran */
    atomic_bool quarantined; /* its requests are refused */
} isere_stats_t;

/* Counts a request that was answered: `kind` negative, or an
 * isere_error_kind_t. `peak` in bytes, 0 when unknown. Any thread. */
void isere_stats_count(isere_stats_t *stats, int kind, uint64_t duration_us,
                       size_t peak);

/*
 * The sum of all durations in microseconds. Where unsigned long has 32 bits
 * and other threads count, a moment before a carry may be seen, as 71 minutes
 * less. Any thread.
 */
uint64_t isere_stats_duration_us(const isere_stats_t *stats);

#endif
