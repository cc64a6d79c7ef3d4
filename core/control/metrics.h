/*
 * Metrics in the Prometheus text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * Made in pieces: all samples of a metric stand together, so a position is a
 * metric and a function. Pure, but for reading relaxed atomics; any thread.
 */
#ifndef ISERE_CORE_CONTROL_METRICS_H
#define ISERE_CORE_CONTROL_METRICS_H

#include "core/control/stats.h"
#include "core/control/text.h"

/* A function to be reported. */
typedef struct isere_metrics_function {
    const char *name;
    const isere_stats_t *stats;
    size_t memory_bytes; /* its limit */
} isere_metrics_function_t;

typedef struct isere_metrics {
    /* Of the process. */
    const char *version;
    double uptime_s;
    unsigned connections;
    uint64_t log_lines;
    uint64_t log_lines_lost; /* to readers that were too slow */
    uint64_t deploys_ok;
    uint64_t deploys_failed;
    /* By function; how many, and one of them. */
    void *ctx;
    size_t count;
    isere_metrics_function_t (*function)(void *ctx, size_t index);
} isere_metrics_t;

/* Where a reader is: zero at first. */
typedef struct isere_metrics_position {
    unsigned metric;
    unsigned function; /* 0: the HELP and TYPE lines come first */
    bool done;
} isere_metrics_position_t;

/* Puts as many whole lines as fit (an empty text of 512 bytes always takes
 * one) and moves the position on. True while there is more. */
bool isere_metrics_write(const isere_metrics_t *metrics,
                         isere_metrics_position_t *position,
                         isere_text_t *text);

#endif
