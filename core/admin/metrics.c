/*
 * Metrics: a table of all of them, with where each value is read, and the text
 * format.
 *
 * A new metric is a line in the table. Names, units and types are a promise to
 * those who have dashboards and alarms on them: none is renamed. Times are
 * seconds, sizes bytes, counters end in _total, as Prometheus recommends
 * (https://prometheus.io/docs/practices/naming/).
 */
#include "core/admin/metrics.h"
#include <stddef.h>

typedef isere_metrics_position_t position_t;

/* What the values of a metric are: how many, and their labels. */
typedef enum form {
    FORM_NUMBER,
    FORM_SECONDS, /* of microseconds */
    FORM_VERSION, /* 1, the label has it */
    FORM_DEPLOYS, /* by result */
    FORM_ERRORS,  /* by kind */
    FORM_HISTOGRAM,
} form_t;

/* What is at the offset of a metric: of the process or of each function. */
typedef enum source {
    OF_PROCESS, /* uint64_t of isere_metrics_t */
    BY_LONG,    /* atomic_ulong of isere_stats_t */
    BY_UINT,    /* atomic_uint of it */
    BY_BOOL,    /* atomic_bool of it */
    BY_SIZE,    /* size_t of isere_metrics_function_t */
} source_t;

typedef struct metric {
    const char *name;
    const char *type;
    const char *help;
    form_t form;
    source_t source;
    size_t offset; /* of the first value; the others lie behind it */
} metric_t;

static unsigned count_of(form_t form)
{
    switch (form) {
    case FORM_DEPLOYS:
        return 2;
    case FORM_ERRORS:
        return ISERE_ERROR_KINDS;
    case FORM_HISTOGRAM:
        return ISERE_METRICS_VALUES;
    default:
        return 1;
    }
}

/* ---- reading ---- */

/* Relaxed: a value may be a moment old, and none of them is compared with
 * another. */
static uint64_t get(const atomic_ulong *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

/* The buckets add up, as the format wants it; then the sum and the count. The
 * count is the sum of the buckets, and not `requests`: a histogram has to
 * agree with itself while others count. */
static void read_durations(const isere_stats_t *stats, uint64_t *values)
{
    uint64_t total = 0;
    for (unsigned i = 0; i <= ISERE_STATS_BUCKETS; i++) {
        total += get(&stats->buckets[i]);
        values[i] = total;
    }
    values[ISERE_STATS_BUCKETS + 1] = isere_stats_duration_us(stats);
    values[ISERE_STATS_BUCKETS + 2] = total;
}

/* The values were copied when the answer began, so all pieces of it are of one
 * moment. */
static void read_process(const metric_t *metric, const isere_metrics_t *m,
                         uint64_t *values)
{
    if (metric->form == FORM_VERSION) {
        values[0] = 1;
    } else {
        memcpy(values, (const char *)m + metric->offset,
               count_of(metric->form) * sizeof(*values));
    }
}

/* From the live counters: a copy of them for all functions would be as large
 * as the answer. */
static void read_function(const metric_t *metric,
                          const isere_metrics_function_t *f, uint64_t *values)
{
    const void *at = (const char *)f->stats + metric->offset;
    if (metric->form == FORM_HISTOGRAM) {
        read_durations(f->stats, values);
    } else if (metric->source == BY_UINT) {
        values[0] =
            atomic_load_explicit((const atomic_uint *)at, memory_order_relaxed);
    } else if (metric->source == BY_BOOL) {
        values[0] =
            atomic_load_explicit((const atomic_bool *)at, memory_order_relaxed);
    } else if (metric->source == BY_SIZE) {
        at = (const char *)f + metric->offset;
        values[0] = *(const size_t *)at;
    } else {
        for (unsigned i = 0; i < count_of(metric->form); i++) {
            values[i] = get((const atomic_ulong *)at + i);
        }
    }
}

/* ---- the metrics ---- */

/* One macro for each struct that values are read from, so that a member of
 * another one does not compile. */
#define PROCESS(name, type, form, member, help)                                \
    {                                                                          \
        "isere_" name, type, help, form, OF_PROCESS,                           \
            offsetof(isere_metrics_t, member)                                  \
    }
#define STATS(name, type, form, source, member, help)                          \
    {                                                                          \
        "isere_" name, type, help, form, source,                               \
            offsetof(isere_stats_t, member)                                    \
    }
#define FUNCTION(name, type, form, member, help)                               \
    {                                                                          \
        "isere_" name, type, help, form, BY_SIZE,                              \
            offsetof(isere_metrics_function_t, member)                         \
    }

/* Two values of one metric. */
_Static_assert(offsetof(isere_metrics_t, deploys_failed) ==
                   offsetof(isere_metrics_t, deploys_ok) + sizeof(uint64_t),
               "deploys lie side by side");

static const metric_t table[] = {
    PROCESS("info", "gauge", FORM_VERSION, version, "The running version."),
    PROCESS("uptime_seconds", "gauge", FORM_SECONDS, uptime_us,
            "Time since the start."),
    PROCESS("connections", "gauge", FORM_NUMBER, connections,
            "Open connections."),
    PROCESS("functions", "gauge", FORM_NUMBER, functions,
            "Deployed functions."),
    PROCESS("buffer_bytes", "gauge", FORM_NUMBER, buffer_bytes,
            "Memory of the requests in progress."),
    PROCESS("buffer_limit_bytes", "gauge", FORM_NUMBER, buffer_limit,
            "Limit of isere_buffer_bytes."),
    PROCESS("buffer_refusals_total", "counter", FORM_NUMBER, buffer_refusals,
            "Requests refused because isere_buffer_bytes was at its limit."),
    PROCESS("deploys_total", "counter", FORM_DEPLOYS, deploys_ok,
            "Deploys, by result."),
    PROCESS("log_lines_total", "counter", FORM_NUMBER, log_lines,
            "Log lines of all functions."),
    PROCESS("log_lines_lost_total", "counter", FORM_NUMBER, log_lines_lost,
            "Log lines that readers missed because they were too slow."),
    PROCESS("restarts_total", "counter", FORM_NUMBER, restarts,
            "Restarts after faults that could not be contained."),
    PROCESS("images_made_total", "counter", FORM_NUMBER, images_made,
            "Images of heaps that were made in flash."),
    STATS("requests_total", "counter", FORM_NUMBER, BY_LONG, requests,
          "Requests that were answered, including errors."),
    STATS("errors_total", "counter", FORM_ERRORS, BY_LONG, errors,
          "Requests that ended with an error, by kind."),
    STATS("request_duration_seconds", "histogram", FORM_HISTOGRAM, BY_LONG,
          buckets, "Time until a request was answered."),
    STATS("instances", "gauge", FORM_NUMBER, BY_UINT, instances,
          "Instances that exist."),
    STATS("instance_hits_total", "counter", FORM_NUMBER, BY_LONG, hits,
          "Requests that found an instance ready."),
    STATS("instance_starts_total", "counter", FORM_NUMBER, BY_LONG, starts,
          "Instances that were created."),
    STATS("instance_restarts_total", "counter", FORM_NUMBER, BY_LONG, restarts,
          "Instances created again after they were discarded."),
    STATS("instance_loads_total", "counter", FORM_NUMBER, BY_LONG, loads,
          "Instances created from an image in flash, without an init phase."),
    STATS("restored_bytes_total", "counter", FORM_NUMBER, BY_LONG, restored,
          "Bytes of heaps that were restored."),
    STATS("heap_used_bytes", "gauge", FORM_NUMBER, BY_LONG, heap_used,
          "Heap of an instance after its init phase."),
    STATS("heap_peak_bytes", "gauge", FORM_NUMBER, BY_LONG, heap_peak,
          "The most heap that a request used."),
    FUNCTION("heap_limit_bytes", "gauge", FORM_NUMBER, memory_bytes,
             "Heap limit of an instance."),
    STATS("queue_length", "gauge", FORM_NUMBER, BY_UINT, queued,
          "Requests that wait for an instance."),
    STATS("crashes_total", "counter", FORM_NUMBER, BY_LONG, crashes,
          "Faults of the server while the function ran."),
    STATS("quarantined", "gauge", FORM_NUMBER, BY_BOOL, quarantined,
          "1 while the function is quarantined."),
};

enum { METRICS = sizeof(table) / sizeof(table[0]) };

/* ---- writing ---- */

static void put_head(isere_writer_t *text, const metric_t *metric)
{
    isere_writer_puts(text, "# HELP ");
    isere_writer_puts(text, metric->name);
    isere_writer_puts(text, " ");
    isere_writer_puts(text, metric->help);
    isere_writer_puts(text, "\n# TYPE ");
    isere_writer_puts(text, metric->name);
    isere_writer_puts(text, " ");
    isere_writer_puts(text, metric->type);
    isere_writer_puts(text, "\n");
}

/* A label after `before`, which is { or a comma. Backslash, quote and newline
 * are escaped: the built-in function's name is the program's choice. */
static void put_label(isere_writer_t *text, const char *before,
                      const char *name, isere_slice_t value)
{
    isere_writer_puts(text, before);
    isere_writer_puts(text, name);
    isere_writer_puts(text, "=\"");
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\\' || c == '"') {
            isere_writer_puts(text, "\\");
        }
        isere_writer_put(text, c == '\n' ? isere_slice("\\n")
                                         : isere_slice_of(&value.ptr[i], 1));
    }
    isere_writer_puts(text, "\"");
}

static void put_bound(isere_writer_t *text, unsigned bucket)
{
    isere_writer_puts(text, ",le=\"");
    if (bucket == ISERE_STATS_BUCKETS) {
        isere_writer_puts(text, "+Inf");
    } else {
        isere_writer_fixed(text, isere_stats_bounds_us[bucket], 6);
    }
    isere_writer_puts(text, "\"");
}

/* The labels of value `i`, with their braces if there are any. Only functions,
 * kinds of errors and bounds: nothing that a client can choose, as each new
 * value is a series that Prometheus keeps. */
static void put_labels(isere_writer_t *text, const metric_t *metric,
                       const char *version, const char *function, unsigned i)
{
    if (metric->form == FORM_VERSION) {
        put_label(text, "{", "version", isere_slice(version));
    } else if (metric->form == FORM_DEPLOYS) {
        put_label(text, "{", "result", isere_slice(i == 0 ? "ok" : "failed"));
    } else if (metric->source != OF_PROCESS) {
        put_label(text, "{", "function", isere_slice(function));
    } else {
        return;
    }
    if (metric->form == FORM_ERRORS) {
        put_label(text, ",", "kind",
                  isere_error_answer((isere_error_kind_t)i)->word);
    } else if (metric->form == FORM_HISTOGRAM && i <= ISERE_STATS_BUCKETS) {
        put_bound(text, i);
    }
    isere_writer_puts(text, "}");
}

static void put_sample(isere_writer_t *text, const metric_t *metric,
                       const char *version, const position_t *p)
{
    bool is_sum =
        metric->form == FORM_HISTOGRAM && p->value == ISERE_STATS_BUCKETS + 1;
    isere_writer_puts(text, metric->name);
    if (metric->form == FORM_HISTOGRAM) {
        isere_writer_puts(text, p->value <= ISERE_STATS_BUCKETS ? "_bucket"
                                : is_sum                        ? "_sum"
                                                                : "_count");
    }
    put_labels(text, metric, version, p->function, p->value);
    isere_writer_puts(text, " ");
    if (is_sum || metric->form == FORM_SECONDS) {
        isere_writer_fixed(text, p->values[p->value], 6);
    } else {
        isere_writer_number(text, p->values[p->value]);
    }
    isere_writer_puts(text, "\n");
}

/* ---- what comes next ---- */

/* The index of the first function whose name comes after `name`. By name and
 * not by index, as the functions may be others at the next piece, see
 * metrics.h. */
static size_t index_after(const isere_metrics_t *metrics, const char *name)
{
    size_t low = 0;
    size_t high = metrics->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(metrics->function(metrics->ctx, middle).name, name) > 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Reads the next values of a metric; false when there are none any more. */
static bool read_next(const isere_metrics_t *metrics, const metric_t *metric,
                      position_t *p)
{
    if (metric->source == OF_PROCESS) {
        if (p->count > 0) {
            return false;
        }
        read_process(metric, metrics, p->values);
    } else {
        size_t index = index_after(metrics, p->function);
        if (index >= metrics->count) {
            return false;
        }
        isere_metrics_function_t next = metrics->function(metrics->ctx, index);
        size_t len = strlen(next.name);
        if (len >= sizeof(p->function)) {
            len = sizeof(p->function) - 1;
        }
        memcpy(p->function, next.name, len);
        p->function[len] = 0;
        read_function(metric, &next, p->values);
    }
    p->count = count_of(metric->form);
    p->value = 0;
    return true;
}

/* Whole lines only: one that does not fit is taken back, and begins the next
 * piece. */
bool isere_metrics_write(const isere_metrics_t *metrics, position_t *position,
                         isere_writer_t *text)
{
    position_t *p = position;
    while (p->metric < METRICS) {
        const metric_t *metric = &table[p->metric];
        size_t start = text->len;
        if (p->begun && p->value == p->count &&
            !read_next(metrics, metric, p)) {
            *p = (position_t){.metric = p->metric + 1};
            continue;
        }
        if (p->begun) {
            put_sample(text, metric, metrics->version, p);
        } else {
            put_head(text, metric);
        }
        if (text->full) {
            isere_writer_back(text, start);
            text->full = true;
            return true;
        }
        p->value += p->begun;
        p->begun = true;
    }
    return false;
}
