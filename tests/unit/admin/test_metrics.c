/* What is counted, and the metrics made of it. */
#include "core/admin/metrics.h"
#include "tests/unit/support/unit.h"
#include <limits.h>

enum { FUNCTIONS = 5, SMALLEST_TEXT = 512 };

static isere_stats_t stats[FUNCTIONS];
/* The longest name, and others before and behind it. */
static const char *const names[FUNCTIONS] = {
    "a", "abcdefgh-abcdefgh-abcdefgh-12345", "b", "default", "zz"};

/* A list of functions that tests change: indexes of `names`. */
typedef struct list {
    size_t count;
    size_t indexes[FUNCTIONS];
} list_t;

static isere_metrics_function_t function_of(void *ctx, size_t index)
{
    const list_t *list = ctx;
    assert_true(index < list->count);
    size_t i = list->indexes[index];
    return (isere_metrics_function_t){names[i], &stats[i], 262144};
}

static isere_metrics_t metrics_of(list_t *list)
{
    return (isere_metrics_t){
        .version = "0.1.0",
        .uptime_us = 12300000,
        .connections = 3,
        .functions = (unsigned)list->count,
        .log_lines = 1000,
        .log_lines_lost = 20,
        .deploys_ok = 7,
        .deploys_failed = 2,
        .ctx = list,
        .count = list->count,
        .function = function_of,
    };
}

static list_t all_functions(void)
{
    return (list_t){FUNCTIONS, {0, 1, 2, 3, 4}};
}

static int clear(void **state)
{
    (void)state;
    memset(stats, 0, sizeof(stats));
    return 0;
}

/* Writes one piece to `out`; true while there is more. */
static bool piece(const isere_metrics_t *metrics,
                  isere_metrics_position_t *position, size_t size, char *out)
{
    char *buf = malloc(size); /* so that a sanitizer sees the end */
    isere_writer_t text = isere_writer_begin(buf, size);
    bool more = isere_metrics_write(metrics, position, &text);
    assert_true(!more || text.len > 0);
    assert_true(text.len == 0 || buf[text.len - 1] == '\n');
    if (text.len > 0) {
        memcpy(out, buf, text.len);
    }
    out[text.len] = 0;
    free(buf);
    return more;
}

static void write_all(list_t *list, size_t size, char *out)
{
    isere_metrics_t metrics = metrics_of(list);
    isere_metrics_position_t position = {0};
    while (piece(&metrics, &position, size, out)) {
        out += strlen(out);
    }
}

static char text[128 * 1024];
static char other[128 * 1024];

static void expect_line(const char *line)
{
    size_t len = strlen(line);
    for (const char *p = text; (p = strstr(p, line)) != NULL; p++) {
        if ((p == text || p[-1] == '\n') && p[len] == '\n') {
            return;
        }
    }
    fail_msg("no line '%s'", line);
}

static void test_of_process(void **state)
{
    (void)state;
    list_t none = {0};
    write_all(&none, sizeof(text), text);
    static const char begins[] =
        "# HELP isere_info The running version.\n"
        "# TYPE isere_info gauge\n"
        "isere_info{version=\"0.1.0\"} 1\n"
        "# HELP isere_uptime_seconds Time since the start.\n"
        "# TYPE isere_uptime_seconds gauge\n"
        "isere_uptime_seconds 12.3\n";
    assert_memory_equal(text, begins, strlen(begins));
    expect_line("isere_connections 3");
    expect_line("isere_functions 0");
    expect_line("isere_deploys_total{result=\"ok\"} 7");
    expect_line("isere_deploys_total{result=\"failed\"} 2");
    expect_line("isere_log_lines_total 1000");
    expect_line("isere_log_lines_lost_total 20");
    expect_line("# TYPE isere_request_duration_seconds histogram");
    assert_null(strstr(text, "function="));
}

static void test_by_function(void **state)
{
    (void)state;
    list_t list = {1, {3}};
    isere_stats_t *s = &stats[3];
    isere_stats_count(s, -1, 100, 5000);
    isere_stats_count(s, -1, 101, 4000);
    isere_stats_count(s, ISERE_ERROR_TIMEOUT, 3000000, 0);
    isere_stats_count(s, ISERE_ERROR_BUSY, 10000001, 0);
    isere_stats_count(s, ISERE_ERROR_KINDS, 0, 0);
    atomic_store(&s->instances, 4);
    atomic_store(&s->queued, 6);
    atomic_store(&s->hits, 8);
    atomic_store(&s->starts, 9);
    atomic_store(&s->restarts, 1);
    atomic_store(&s->heap_used, 1234);
    write_all(&list, sizeof(text), text);
    expect_line("isere_functions 1");
    expect_line("isere_requests_total{function=\"default\"} 5");
    expect_line("isere_errors_total{function=\"default\",kind=\"timeout\"} 1");
    expect_line("isere_errors_total{function=\"default\",kind=\"busy\"} 1");
    expect_line("isere_errors_total{function=\"default\",kind=\"memory\"} 0");
    static const char histogram[] =
        "# TYPE isere_request_duration_seconds histogram\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "0001\"} 2\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "00025\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "0005\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "001\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "0025\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "005\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "01\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0."
        "025\"} 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0.1\"}"
        " 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"0.5\"}"
        " 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"2.5\"}"
        " 3\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"10\"} "
        "4\n"
        "isere_request_duration_seconds_bucket{function=\"default\",le=\"+"
        "Inf\"} 5\n"
        "isere_request_duration_seconds_sum{function=\"default\"} 13.000202\n"
        "isere_request_duration_seconds_count{function=\"default\"} 5\n"
        "# HELP ";
    const char *found = strstr(text, "# TYPE isere_request_duration");
    assert_non_null(found);
    assert_memory_equal(found, histogram, strlen(histogram));
    expect_line("isere_instances{function=\"default\"} 4");
    expect_line("isere_queue_length{function=\"default\"} 6");
    expect_line("isere_instance_hits_total{function=\"default\"} 8");
    expect_line("isere_instance_starts_total{function=\"default\"} 9");
    expect_line("isere_instance_restarts_total{function=\"default\"} 1");
    expect_line("isere_heap_used_bytes{function=\"default\"} 1234");
    expect_line("isere_heap_peak_bytes{function=\"default\"} 5000");
    expect_line("isere_heap_limit_bytes{function=\"default\"} 262144");
}

/* The sum goes on beyond what an unsigned long holds on a device. */
static void test_long_durations(void **state)
{
    (void)state;
    uint64_t sum = 0;
    for (int i = 0; i < 5; i++) {
        isere_stats_count(&stats[0], -1, 3000000000u, 0);
        sum += 3000000000u;
        assert_true(isere_stats_duration_us(&stats[0]) == sum);
    }
    memset(stats, 0, sizeof(stats));
    isere_stats_count(&stats[0], -1, UINT64_MAX, 0);
    assert_true(isere_stats_duration_us(&stats[0]) == ULONG_MAX);
}

static void test_labels_are_escaped(void **state)
{
    (void)state;
    list_t none = {0};
    isere_metrics_t metrics = metrics_of(&none);
    isere_metrics_position_t position = {0};
    metrics.version = "1\\2\"3\n4";
    assert_false(piece(&metrics, &position, sizeof(text), text));
    expect_line("isere_info{version=\"1\\\\2\\\"3\\n4\"} 1");
    /* At the end it stays there. */
    assert_false(piece(&metrics, &position, sizeof(text), text));
    assert_string_equal(text, "");
}

/* The largest numbers in the longest lines, in pieces of every size. */
static void test_every_size(void **state)
{
    (void)state;
    list_t list = all_functions();
    for (size_t i = 0; i < FUNCTIONS; i++) {
        memset(&stats[i], 0xff, sizeof(stats[i]));
    }
    write_all(&list, sizeof(text), text);
    for (size_t size = SMALLEST_TEXT; size < 768; size++) {
        write_all(&list, size, other);
        assert_string_equal(other, text);
    }
    write_all(&list, SMALLEST_TEXT / 2, other);
    assert_string_equal(other, text); /* the promise has room */
}

/* Counts lines that begin with `start` in `all`. */
static unsigned lines_with(const char *all, const char *start)
{
    unsigned count = 0;
    size_t len = strlen(start);
    for (const char *p = all; *p; p += strcspn(p, "\n") + 1) {
        count += strncmp(p, start, len) == 0;
    }
    return count;
}

/* Each metric's lines stand together, each has its HELP and TYPE once, and
 * each series is there once. */
static void check_order(const char *all)
{
    char family[64] = "";
    char start[256];
    for (const char *p = all; *p; p += strcspn(p, "\n") + 1) {
        if (strncmp(p, "# HELP ", 7) == 0) {
            size_t len = strcspn(p + 7, " ");
            snprintf(family, sizeof(family), "%.*s", (int)len, p + 7);
            snprintf(start, sizeof(start), "# HELP %s ", family);
            assert_int_equal(lines_with(all, start), 1);
        } else if (*p == '#') {
            assert_int_equal(strncmp(p + 7, family, strlen(family)), 0);
        } else {
            assert_int_equal(strncmp(p, family, strlen(family)), 0);
            snprintf(start, sizeof(start), "%.*s ", (int)strcspn(p, " "), p);
            assert_int_equal(lines_with(all, start), 1);
        }
    }
}

/* Writes all in pieces, the functions becoming others before piece `when`,
 * while they are counted. */
static void write_changing(list_t list, const list_t *next, unsigned when)
{
    isere_metrics_position_t position = {0};
    char *out = text;
    bool more = true;
    for (unsigned i = 0; more; i++) {
        if (i == when) {
            list = *next;
        }
        for (size_t f = 0; f < FUNCTIONS; f++) {
            isere_stats_count(&stats[f], -1, i * 1000, 0);
        }
        isere_metrics_t metrics = metrics_of(&list);
        more = piece(&metrics, &position, 256, out);
        out += strlen(out);
    }
}

/* Functions that stay are whole, those that come or go are there or not. */
static void test_changes_in_between(void **state)
{
    (void)state;
    static const list_t lists[] = {
        {0, {0}}, {1, {4}}, {3, {0, 2, 4}}, {5, {0, 1, 2, 3, 4}}, {2, {1, 3}}};
    static const char name[] = "isere_request_duration_seconds";
    for (unsigned i = 0; i < 25 * 5; i++) {
        const list_t *from = &lists[i % 5];
        const list_t *to = &lists[i / 5 % 5];
        char series[64];
        /* The whole takes some 90 pieces. */
        write_changing(*from, to, i / 25 * 27 + i % 27);
        check_order(text);
        assert_int_equal(lines_with(text, "# TYPE "), 27);
        snprintf(series, sizeof(series), "%s_count", name);
        unsigned counts = lines_with(text, series);
        snprintf(series, sizeof(series), "%s_bucket", name);
        assert_int_equal(lines_with(text, series), 13 * counts);
        snprintf(series, sizeof(series), "%s_sum", name);
        assert_int_equal(lines_with(text, series), counts);
        /* The last of all, in three of the lists. */
        if (from->indexes[from->count - (from->count > 0)] == 4 &&
            to->indexes[to->count - (to->count > 0)] == 4) {
            assert_int_equal(
                lines_with(text, "isere_quarantined{function=\"zz\"}"), 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_of_process, clear),
        cmocka_unit_test_setup(test_by_function, clear),
        cmocka_unit_test_setup(test_long_durations, clear),
        cmocka_unit_test_setup(test_labels_are_escaped, clear),
        cmocka_unit_test_setup(test_every_size, clear),
        cmocka_unit_test_setup(test_changes_in_between, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
