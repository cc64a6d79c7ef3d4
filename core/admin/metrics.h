/*
 * Metrics in the Prometheus text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * Made in pieces: all samples of a metric stand together, so a position is a
 * metric and a function. The functions may change between two pieces: each
 * sample is of a function that was there, and those that stay are all there,
 * once. What is read of one function for one metric is read at once, so that
 * a histogram agrees with itself.
 *
 * Pure, but for reading relaxed atomics; any thread.
 */
#ifndef ISERE_CORE_ADMIN_METRICS_H
#define ISERE_CORE_ADMIN_METRICS_H

#include "core/deploy/stats.h"
#include "core/util/names/function_name.h"
#include "core/util/writer.h"

/* A function to be reported. */
typedef struct isere_metrics_function {
    const char *name; /* at most 32 bytes */
    const isere_stats_t *stats;
    size_t memory_bytes; /* its limit */
} isere_metrics_function_t;

typedef struct isere_metrics {
    /* Of the process. */
    const char *version;
    uint64_t uptime_us;
    uint64_t connections;
    uint64_t functions;    /* that are deployed */
    uint64_t buffer_bytes; /* of requests under way */
    uint64_t buffer_limit;
    uint64_t buffer_refusals;
    uint64_t log_lines;
    uint64_t log_lines_lost; /* to readers that were too slow */
    uint64_t deploys_ok;
    uint64_t deploys_failed;
    uint64_t images_made;
    uint64_t restarts; /* of the program, after faults */
    /* By function: how many, and one of them, in the order of their names as
     * strcmp has it. They must not change during a call. */
    void *ctx;
    size_t count;
    isere_metrics_function_t (*function)(void *ctx, size_t index);
} isere_metrics_t;

/* A histogram has its buckets, the sum and the count. */
#define ISERE_METRICS_VALUES (ISERE_STATS_BUCKETS + 3)

/* Where a reader is, and what it has not put yet: zero at first. */
typedef struct isere_metrics_position {
    unsigned metric;
    bool begun;     /* its HELP and TYPE lines were put */
    unsigned value; /* of values[], the next one */
    unsigned count; /* of values[]; 0: none was read yet */
    char function[ISERE_FUNCTION_NAME_MAX]; /* whose values they are; "": of the
                                               process */
    uint64_t values[ISERE_METRICS_VALUES];
} isere_metrics_position_t;

/* Puts as many whole lines as fit (an empty text of 512 bytes always takes
 * one) and moves the position on. True while there is more. */
bool isere_metrics_write(const isere_metrics_t *metrics,
                         isere_metrics_position_t *position,
                         isere_writer_t *text);

#endif
