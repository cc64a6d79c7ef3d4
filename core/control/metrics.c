#include "core/control/metrics.h"

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

typedef struct metric {
    const char *name;
    const char *type;
    const char *help;
    form_t form;
    /* Reads the values: one of the two. */
    void (*of_process)(const isere_metrics_t *metrics, uint64_t *values);
    void (*of_function)(const isere_metrics_function_t *function,
                        uint64_t *values);
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

static uint64_t get(const atomic_ulong *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static uint64_t get_uint(const atomic_uint *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void read_version(const isere_metrics_t *m, uint64_t *values)
{
    (void)m;
    values[0] = 1;
}

static void read_uptime(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->uptime_us;
}

static void read_connections(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->connections;
}

static void read_functions(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->functions;
}

static void read_buffer(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->buffer_bytes;
}

static void read_buffer_limit(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->buffer_limit;
}

static void read_buffer_refusals(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->buffer_refusals;
}

static void read_log_lines(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->log_lines;
}

static void read_log_lines_lost(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->log_lines_lost;
}

static void read_deploys(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->deploys_ok;
    values[1] = m->deploys_failed;
}

static void read_server_restarts(const isere_metrics_t *m, uint64_t *values)
{
    values[0] = m->restarts;
}

static void read_requests(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->requests);
}

static void read_errors(const isere_metrics_function_t *f, uint64_t *values)
{
    for (unsigned i = 0; i < ISERE_ERROR_KINDS; i++) {
        values[i] = get(&f->stats->errors[i]);
    }
}

/* The buckets add up, as the format wants it; then the sum and the count. */
static void read_durations(const isere_metrics_function_t *f, uint64_t *values)
{
    uint64_t total = 0;
    for (unsigned i = 0; i <= ISERE_STATS_BUCKETS; i++) {
        total += get(&f->stats->buckets[i]);
        values[i] = total;
    }
    values[ISERE_STATS_BUCKETS + 1] = isere_stats_duration_us(f->stats);
    values[ISERE_STATS_BUCKETS + 2] = total;
}

static void read_instances(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get_uint(&f->stats->instances);
}

static void read_hits(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->hits);
}

static void read_starts(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->starts);
}

static void read_restarts(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->restarts);
}

static void read_heap_used(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->heap_used);
}

static void read_heap_peak(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->heap_peak);
}

static void read_heap_limit(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = f->memory_bytes;
}

static void read_crashes(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get(&f->stats->crashes);
}

static void read_quarantined(const isere_metrics_function_t *f,
                             uint64_t *values)
{
    values[0] =
        atomic_load_explicit(&f->stats->quarantined, memory_order_relaxed);
}

static void read_queue(const isere_metrics_function_t *f, uint64_t *values)
{
    values[0] = get_uint(&f->stats->queued);
}

/* ---- the metrics ---- */

#define OF_PROCESS(name, type, form, read, help)                               \
    {                                                                          \
        "isere_" name, type, help, form, read, NULL                            \
    }
#define BY_FUNCTION(name, type, form, read, help)                              \
    {                                                                          \
        "isere_" name, type, help, form, NULL, read                            \
    }

static const metric_t table[] = {
    OF_PROCESS("info", "gauge", FORM_VERSION, read_version,
               "The version that runs."),
    OF_PROCESS("uptime_seconds", "gauge", FORM_SECONDS, read_uptime,
               "Time since the start."),
    OF_PROCESS("connections", "gauge", FORM_NUMBER, read_connections,
               "Open connections."),
    OF_PROCESS("functions", "gauge", FORM_NUMBER, read_functions,
               "Functions that are deployed."),
    OF_PROCESS("buffer_bytes", "gauge", FORM_NUMBER, read_buffer,
               "Memory of requests that are received or under way."),
    OF_PROCESS("buffer_limit_bytes", "gauge", FORM_NUMBER, read_buffer_limit,
               "Limit of isere_buffer_bytes."),
    OF_PROCESS("buffer_refusals_total", "counter", FORM_NUMBER,
               read_buffer_refusals,
               "Requests refused because isere_buffer_bytes was at its limit."),
    OF_PROCESS("deploys_total", "counter", FORM_DEPLOYS, read_deploys,
               "Deploys, by result."),
    OF_PROCESS("log_lines_total", "counter", FORM_NUMBER, read_log_lines,
               "Log lines of all functions."),
    OF_PROCESS("log_lines_lost_total", "counter", FORM_NUMBER,
               read_log_lines_lost,
               "Log lines that readers missed because they were too slow."),
    OF_PROCESS("restarts_total", "counter", FORM_NUMBER, read_server_restarts,
               "Restarts after faults that could not be contained."),
    BY_FUNCTION("requests_total", "counter", FORM_NUMBER, read_requests,
                "Requests that were answered, errors among them."),
    BY_FUNCTION("errors_total", "counter", FORM_ERRORS, read_errors,
                "Requests that ended with an error, by kind."),
    BY_FUNCTION("request_duration_seconds", "histogram", FORM_HISTOGRAM,
                read_durations, "Time until a request was answered."),
    BY_FUNCTION("instances", "gauge", FORM_NUMBER, read_instances,
                "Instances that are kept."),
    BY_FUNCTION("instance_hits_total", "counter", FORM_NUMBER, read_hits,
                "Requests that found an instance ready."),
    BY_FUNCTION("instance_starts_total", "counter", FORM_NUMBER, read_starts,
                "Instances that were made."),
    BY_FUNCTION("instance_restarts_total", "counter", FORM_NUMBER,
                read_restarts,
                "Instances made again after they had been given up."),
    BY_FUNCTION("heap_used_bytes", "gauge", FORM_NUMBER, read_heap_used,
                "Heap of an instance after its init phase."),
    BY_FUNCTION("heap_peak_bytes", "gauge", FORM_NUMBER, read_heap_peak,
                "The most heap that a request used."),
    BY_FUNCTION("heap_limit_bytes", "gauge", FORM_NUMBER, read_heap_limit,
                "Heap that an instance may have."),
    BY_FUNCTION("queue_length", "gauge", FORM_NUMBER, read_queue,
                "Requests that wait for an instance."),
    BY_FUNCTION("crashes_total", "counter", FORM_NUMBER, read_crashes,
                "Faults of the server while the function ran."),
    BY_FUNCTION("quarantined", "gauge", FORM_NUMBER, read_quarantined,
                "1 while it is not served because of its crashes."),
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

/* A label after `before`, which is { or a comma. */
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

/* The labels of value `i`, with their braces if there are any. */
static void put_labels(isere_writer_t *text, const metric_t *metric,
                       const char *version, const char *function, unsigned i)
{
    if (metric->form == FORM_VERSION) {
        put_label(text, "{", "version", isere_slice(version));
    } else if (metric->form == FORM_DEPLOYS) {
        put_label(text, "{", "result", isere_slice(i == 0 ? "ok" : "failed"));
    } else if (metric->of_function) {
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

/* The index of the first function whose name comes after `name`. */
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
    if (metric->of_process) {
        if (p->count > 0) {
            return false;
        }
        metric->of_process(metrics, p->values);
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
        metric->of_function(&next, p->values);
    }
    p->count = count_of(metric->form);
    p->value = 0;
    return true;
}

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
