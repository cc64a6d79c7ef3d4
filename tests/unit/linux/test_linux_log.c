/* Log records: one line each, whatever they hold. */
#include "isere/linux.h"
#include "tests/unit/support/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define RECORD(l, m)                                                           \
    {                                                                          \
        .level = (l), .message = isere_slice_of(m, sizeof(m) - 1)              \
    }

typedef struct sink {
    isere_port_t port;
    int fds[2];
    char text[1 << 17];
} sink_t;

static void open_sink_with(sink_t *sink, isere_linux_config_t config)
{
    assert_int_equal(pipe(sink->fds), 0);
    fcntl(sink->fds[1], F_SETPIPE_SZ, 1 << 20);
    config.log_fd = sink->fds[1];
    assert_int_equal(isere_linux_port_init(&sink->port, &config), 0);
}

static void open_sink(sink_t *sink, isere_log_format_t format,
                      isere_log_level_t level)
{
    isere_linux_config_t config;
    isere_linux_config_init(&config);
    config.log_format = format;
    config.log_level = level;
    open_sink_with(sink, config);
}

static const char *close_sink(sink_t *sink)
{
    size_t used = 0;
    ssize_t n;
    isere_linux_port_deinit(&sink->port);
    close(sink->fds[1]);
    while ((n = read(sink->fds[0], sink->text + used,
                     sizeof(sink->text) - 1 - used)) > 0) {
        used += (size_t)n;
    }
    sink->text[used] = '\0';
    close(sink->fds[0]);
    return sink->text;
}

static sink_t sink; /* too large for the stack */

static void put(isere_log_record_t record)
{
    sink.port.log(sink.port.ctx, &record);
}

/* 2026-11-22T19:00:00.000Z */
static void assert_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == 'd') {
            assert_in_range(text[i], '0', '9');
        } else {
            assert_int_equal(text[i], form[i]);
        }
    }
}

static void test_text(void **state)
{
    (void)state;
    open_sink(&sink, ISERE_LOG_TEXT, ISERE_LOG_DEBUG);
    put((isere_log_record_t){.level = ISERE_LOG_INFO,
                             .function = isere_slice("handler"),
                             .request_id = isere_slice("id-1"),
                             .message = isere_slice("hello \"w\\orld\"")});
    put((isere_log_record_t)RECORD(ISERE_LOG_WARN, "no id"));
    put((isere_log_record_t)RECORD(ISERE_LOG_ERROR, ""));
    put((isere_log_record_t)RECORD(ISERE_LOG_DEBUG, "d"));
    const char *text = close_sink(&sink);
    assert_time(text);
    assert_string_equal(strtok((char *)(uintptr_t)text, "\n") + 24,
                        " INFO  [id-1] hello \"w\\orld\"");
    assert_string_equal(strtok(NULL, "\n") + 24, " WARN  no id");
    assert_string_equal(strtok(NULL, "\n") + 24, " ERROR ");
    assert_string_equal(strtok(NULL, "\n") + 24, " DEBUG d");
    assert_null(strtok(NULL, "\n"));
}

static void test_text_of_many_functions(void **state)
{
    isere_linux_config_t config;
    (void)state;
    isere_linux_config_init(&config);
    config.log_functions = true;
    open_sink_with(&sink, config);
    put((isere_log_record_t){.level = ISERE_LOG_INFO,
                             .function = isere_slice("pets"),
                             .request_id = isere_slice("id-1"),
                             .message = isere_slice("hello")});
    put((isere_log_record_t)RECORD(ISERE_LOG_WARN, "of none"));
    const char *text = close_sink(&sink);
    assert_string_equal(strtok((char *)(uintptr_t)text, "\n") + 24,
                        " INFO  pets [id-1] hello");
    assert_string_equal(strtok(NULL, "\n") + 24, " WARN  of none");
}

static void test_controls_and_utf8(void **state)
{
    (void)state;
    open_sink(&sink, ISERE_LOG_TEXT, ISERE_LOG_INFO);
    put((isere_log_record_t)RECORD(
        ISERE_LOG_INFO,
        "a\nb\r\t\b\f\v\0\x1b[31m\x7f\xc2\x9b\xe2\x80\xa8 é € 😀 \xff\xc3("));
    const char *text = close_sink(&sink);
    assert_string_equal(
        text + 24, " INFO  a\\nb\\r\\t\\b\\f\\u000b\\u0000\\u001b[31m\\u007f"
                   "\\u009b\\u2028 é € 😀 \xef\xbf\xbd\xef\xbf\xbd(\n");
}

static void test_json(void **state)
{
    (void)state;
    open_sink(&sink, ISERE_LOG_JSON, ISERE_LOG_INFO);
    put((isere_log_record_t){.level = ISERE_LOG_WARN,
                             .function = isere_slice("f"),
                             .request_id = isere_slice("id"),
                             .message =
                                 isere_slice("q\" b\\ n\n e\x1b é\xff")});
    const char *text = close_sink(&sink);
    assert_memory_equal(text, "{\"time\":\"", 9);
    assert_time(text + 9);
    assert_string_equal(text + 9 + 24,
                        "\",\"level\":\"warn\",\"function\":\"f\","
                        "\"requestId\":\"id\",\"message\":"
                        "\"q\\\" b\\\\ n\\n e\\u001b é\xef\xbf\xbd\"}\n");
    open_sink(&sink, ISERE_LOG_JSON, ISERE_LOG_INFO);
    put((isere_log_record_t)RECORD(ISERE_LOG_INFO, "x"));
    text = close_sink(&sink);
    assert_string_equal(text + 9 + 24,
                        "\",\"level\":\"info\",\"message\":\"x\"}\n");
}

static void test_level(void **state)
{
    (void)state;
    open_sink(&sink, ISERE_LOG_TEXT, ISERE_LOG_WARN);
    put((isere_log_record_t)RECORD(ISERE_LOG_DEBUG, "debug"));
    put((isere_log_record_t)RECORD(ISERE_LOG_INFO, "info"));
    put((isere_log_record_t)RECORD(ISERE_LOG_WARN, "warn"));
    put((isere_log_record_t)RECORD(ISERE_LOG_ERROR, "error"));
    const char *text = close_sink(&sink);
    assert_null(strstr(text, "debug"));
    assert_null(strstr(text, "info"));
    assert_non_null(strstr(text, "WARN  warn\n"));
    assert_non_null(strstr(text, "ERROR error\n"));
}

/* ---- long records of two threads stay apart ---- */

#define LONG 20000
#define EACH 20

static void *log_long(void *arg)
{
    static char letters[2][LONG];
    const char *letter = arg;
    char *text = letters[*letter - 'a'];
    isere_linux_config_t config = {.log_level = ISERE_LOG_INFO};
    isere_port_t port;
    memset(text, *letter, LONG);
    config.log_fd = sink.fds[1];
    if (isere_linux_port_init(&port, &config) != 0) {
        return arg; /* anything but NULL */
    }
    for (int i = 0; i < EACH; i++) {
        isere_log_record_t record = {.level = ISERE_LOG_INFO,
                                     .message = isere_slice_of(text, LONG)};
        port.log(port.ctx, &record);
    }
    isere_linux_port_deinit(&port);
    return NULL;
}

static void check_long_lines(FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    int lines = 0;
    while (getline(&line, &size, in) > 0) {
        const char *message = line + 24 + 7;
        assert_int_equal(strlen(line), 24 + 7 + LONG + 1);
        assert_int_equal(strspn(message, message[0] == 'a' ? "a" : "b"), LONG);
        lines++;
    }
    assert_int_equal(lines, 2 * EACH);
    free(line);
}

static void test_long_records(void **state)
{
    pthread_t threads[2];
    void *failed;
    (void)state;
    assert_int_equal(pipe(sink.fds), 0);
    fcntl(sink.fds[1], F_SETPIPE_SZ, 1 << 20);
    pthread_create(&threads[0], NULL, log_long, (void *)(uintptr_t) "a");
    pthread_create(&threads[1], NULL, log_long, (void *)(uintptr_t) "b");
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    close(sink.fds[1]);
    FILE *in = fdopen(sink.fds[0], "r");
    check_long_lines(in);
    fclose(in);
}

/* Nobody reads, or there is no such descriptor: the program goes on. */
static void test_lost(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    open_sink(&sink, ISERE_LOG_TEXT, ISERE_LOG_INFO);
    close(sink.fds[0]);
    errno = 77;
    put((isere_log_record_t)RECORD(ISERE_LOG_INFO, "into the void"));
    assert_int_equal(errno, 77);
    close(sink.fds[1]);
    put((isere_log_record_t)RECORD(ISERE_LOG_INFO, "closed"));
    assert_int_equal(errno, 77);
    isere_linux_port_deinit(&sink.port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_many_functions),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_long_records),
        cmocka_unit_test(test_controls_and_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
