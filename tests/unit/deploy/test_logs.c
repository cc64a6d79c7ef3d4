/* The ring of log lines, and its readers. */
#include "core/deploy/logs.h"
#include "tests/unit/support/json_check.h"
#include "tests/unit/support/unit.h"

enum { RING = 1024, SMALLEST_TEXT = 256 };
#define NOON INT64_C(1795780800000000)

static const char id_a[] = "0d9f4bb0-0000-4000-8000-00000000000a";
static const char id_b[] = "0d9f4bb0-0000-4000-8000-00000000000b";

static char ring[4 * RING];

static void add(isere_logs_t *logs, isere_log_level_t level,
                const char *function, const char *id, const char *message)
{
    isere_log_record_t record = {
        .level = level,
        .function = isere_slice(function),
        .request_id = isere_slice(id),
        .message = isere_slice(message),
    };
    isere_logs_add(logs, &record, NOON);
}

static isere_logs_reader_t everything(void)
{
    return (isere_logs_reader_t){.level = ISERE_LOG_DEBUG};
}

/* All that a reader gets, in pieces of `size`, as a NUL-terminated text that
 * is overwritten by the next call. */
static const char *read_all(isere_logs_t *logs, isere_logs_reader_t *reader,
                            size_t size)
{
    static char all[64 * 1024];
    size_t len = 0;
    bool more = true;
    while (more) {
        char *buf = malloc(size); /* so that a sanitizer sees the end */
        isere_writer_t text = isere_writer_begin(buf, size);
        more = isere_logs_read(logs, reader, &text);
        assert_true(!more || text.len > 0);
        assert_true(text.len == 0 || buf[text.len - 1] == '\n');
        assert_true(len + text.len < sizeof(all));
        if (text.len > 0) {
            memcpy(all + len, buf, text.len);
        }
        len += text.len;
        free(buf);
    }
    all[len] = 0;
    return all;
}

static void check_lines(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        assert_true(isere_json_check(text, len));
        text += len + 1;
    }
}

#define LINE(seq, level, names, message)                                       \
    "{\"seq\":" seq                                                            \
    ",\"time\":\"2026-11-27T12:00:00.000Z\",\"level\":\"" level "\"" names     \
    ",\"message\":\"" message "\"}\n"

static void test_lines(void **state)
{
    (void)state;
    isere_logs_t logs;
    isere_logs_reader_t reader = everything();
    isere_logs_init(&logs, ring, RING);
    assert_string_equal(read_all(&logs, &reader, 256), "");
    add(&logs, ISERE_LOG_INFO, "hello", id_a, "one");
    add(&logs, ISERE_LOG_ERROR, "", "", "two\n\"three\"");
    assert_string_equal(
        read_all(&logs, &reader, 256),
        LINE("1", "info",
             ",\"function\":\"hello\",\"requestId\":\"0d9f4bb0-0000-4000-8000-"
             "00000000000a\"",
             "one") LINE("2", "error", "", "two\\n\\\"three\\\""));
    assert_string_equal(read_all(&logs, &reader, 256), "");
    add(&logs, ISERE_LOG_DEBUG, "b", "", "");
    assert_string_equal(read_all(&logs, &reader, 256),
                        LINE("3", "debug", ",\"function\":\"b\"", ""));
    /* Only what comes. */
    reader = everything();
    reader.seq = logs.next_seq;
    add(&logs, ISERE_LOG_WARN, "", id_b, "new");
    assert_string_equal(read_all(&logs, &reader, 256),
                        LINE("4", "warn",
                             ",\"requestId\":\"0d9f4bb0-0000-4000-8000-"
                             "00000000000b\"",
                             "new"));
}

static void test_filters(void **state)
{
    (void)state;
    static const struct {
        isere_log_level_t level;
        const char *function;
        const char *id;
        const char *wanted; /* the messages */
    } cases[] = {
        {ISERE_LOG_DEBUG, "", "", "abcdef"}, {ISERE_LOG_INFO, "", "", "abde"},
        {ISERE_LOG_WARN, "", "", "ab"},      {ISERE_LOG_ERROR, "", "", "a"},
        {ISERE_LOG_DEBUG, "one", "", "acd"}, {ISERE_LOG_INFO, "one", "", "ad"},
        {ISERE_LOG_DEBUG, "on", "", ""},     {ISERE_LOG_DEBUG, "", "x", "ae"},
        {ISERE_LOG_DEBUG, "two", "x", "e"},
    };
    isere_logs_t logs;
    isere_logs_init(&logs, ring, RING);
    add(&logs, ISERE_LOG_ERROR, "one", "x", "a");
    add(&logs, ISERE_LOG_WARN, "two", "y", "b");
    add(&logs, ISERE_LOG_DEBUG, "one", "", "c");
    add(&logs, ISERE_LOG_INFO, "one", "xx", "d");
    add(&logs, ISERE_LOG_INFO, "two", "x", "e");
    add(&logs, ISERE_LOG_DEBUG, "", "", "f");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        isere_logs_reader_t reader = {.level = cases[i].level};
        char got[16] = "";
        snprintf(reader.function, sizeof(reader.function), "%s",
                 cases[i].function);
        snprintf(reader.request_id, sizeof(reader.request_id), "%s",
                 cases[i].id);
        for (const char *p = read_all(&logs, &reader, 512);
             (p = strstr(p, "\"message\":\"")) != NULL;) {
            p += strlen("\"message\":\"");
            strncat(got, p, 1);
        }
        assert_string_equal(got, cases[i].wanted);
        assert_true(reader.seq == logs.next_seq);
    }
}

/* Names that can't be in a store, or not in JSON. */
static void test_odd_names(void **state)
{
    (void)state;
    isere_logs_t logs;
    isere_logs_reader_t reader = everything();
    char name[100];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    isere_logs_init(&logs, ring, RING);
    add(&logs, (isere_log_level_t)77, name, name, "long");
    add(&logs, ISERE_LOG_INFO, "a\"\\ \n\xc3\xa8z", "", "odd");
    assert_string_equal(
        read_all(&logs, &reader, 256),
        LINE("1", "debug",
             ",\"function\":\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\",\"requestId\":"
             "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\"",
             "long") LINE("2", "info", ",\"function\":\"a??????z\"", "odd"));
}

/* Every size of pieces gives the same text, once a line fits. */
static void test_every_size(void **state)
{
    (void)state;
    isere_logs_t logs;
    char message[161];
    char wanted[16 * 1024];
    isere_logs_init(&logs, ring, sizeof(ring));
    memset(message, 0, sizeof(message));
    for (size_t i = 0; i < 20; i++) {
        memset(message, 'a' + (int)i, i * 8);
        add(&logs, (isere_log_level_t)(i % 4), i % 3 ? "hello" : "",
            i % 2 ? id_a : "", message);
    }
    isere_logs_reader_t reader = everything();
    snprintf(wanted, sizeof(wanted), "%s",
             read_all(&logs, &reader, sizeof(wanted)));
    check_lines(wanted);
    assert_null(strstr(wanted, "lost"));
    for (size_t size = 340; size < 1400; size++) {
        reader = everything();
        assert_string_equal(read_all(&logs, &reader, size), wanted);
    }
    /* Smaller ones cut lines, and lose none. */
    for (size_t size = SMALLEST_TEXT; size < 340; size++) {
        reader = everything();
        const char *text = read_all(&logs, &reader, size);
        size_t lines = 0;
        check_lines(text);
        for (; (text = strchr(text, '\n')) != NULL; text++) {
            lines++;
        }
        assert_int_equal(lines, 20);
    }
}

/* The longest of everything fits the smallest text, cut. */
static void test_smallest_text(void **state)
{
    (void)state;
    isere_logs_t logs;
    isere_logs_reader_t reader = everything();
    char name[ISERE_FUNCTION_NAME_MAX];
    char message[RING];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    memset(message, 1, sizeof(message) - 1); /* six bytes each, in JSON */
    message[sizeof(message) - 1] = 0;
    isere_logs_init(&logs, ring, RING);
    logs.first_seq = UINT64_MAX - 3;
    logs.next_seq = UINT64_MAX - 3;
    add(&logs, ISERE_LOG_ERROR, name, id_a, message);
    const char *text = read_all(&logs, &reader, SMALLEST_TEXT);
    check_lines(text);
    assert_non_null(strstr(text, "\\u0001...\"}\n"));
    assert_true(strlen(text) > SMALLEST_TEXT - 6);
    assert_int_equal(logs.cut, 1);
}

static void test_long_messages(void **state)
{
    (void)state;
    isere_logs_t logs;
    isere_logs_reader_t reader = everything();
    char message[3 * RING];
    char *p = message;
    /* Euro signs: of three bytes, which 253 is no multiple of. */
    while (p + 3 < message + sizeof(message)) {
        memcpy(p, "\xe2\x82\xac", 3);
        p += 3;
    }
    *p = 0;
    isere_logs_init(&logs, ring, RING);
    add(&logs, ISERE_LOG_INFO, "", "", message);
    const char *text = read_all(&logs, &reader, 1024);
    check_lines(text);
    const char *begin = strstr(text, "\"message\":\"") + 11;
    assert_int_equal(strspn(begin, "\xe2\x82\xac"), 252);
    assert_string_equal(begin + 252, "...\"}\n");
    assert_int_equal(logs.cut, 1);
    message[RING / 4] = 0;
    add(&logs, ISERE_LOG_INFO, "", "", message);
    assert_int_equal(logs.cut, 1); /* fits exactly */
}

/* What is in the ring, checked against a plain list of the same lines: sizes
 * that make the ring begin again at every offset. */
static void test_wrap_around(void **state)
{
    (void)state;
    for (size_t size = RING; size < RING + 64; size++) {
        for (size_t step = 0; step < 5; step++) {
            isere_logs_t logs;
            char *own = malloc(size);
            char message[256];
            isere_logs_reader_t follower = everything();
            isere_logs_init(&logs, own, size);
            for (unsigned i = 1; i <= 60; i++) {
                size_t len = (i * 37 + step * 53) % 250;
                memset(message, 'a' + (int)(i % 26), len);
                message[len] = 0;
                add(&logs, ISERE_LOG_INFO, i % 2 ? "f" : "", "", message);
                char wanted[400];
                snprintf(wanted, sizeof(wanted),
                         "{\"seq\":%u,\"time\":\"2026-11-27T12:00:00.000Z\","
                         "\"level\":\"info\"%s,\"message\":\"%s\"}\n",
                         i, i % 2 ? ",\"function\":\"f\"" : "", message);
                assert_string_equal(read_all(&logs, &follower, 512), wanted);
                /* From the oldest on: all that should be there, in order. */
                isere_logs_reader_t reader = everything();
                const char *text = read_all(&logs, &reader, 4096);
                uint64_t seq = logs.first_seq;
                while (*text) {
                    char start[32];
                    int n = snprintf(start, sizeof(start), "{\"seq\":%lu,",
                                     (unsigned long)seq++);
                    assert_int_equal(strncmp(text, start, (size_t)n), 0);
                    text += strcspn(text, "\n") + 1;
                }
                assert_int_equal(seq, i + 1);
            }
            /* Records of up to 300 bytes: no more than that is wasted. */
            assert_true(logs.next_seq - logs.first_seq >= 3);
            assert_true(follower.lost == 0 && logs.lost == 0);
            free(own);
        }
    }
}

/* Adds up "lost" and lines of a text; every line is valid. */
static void count(const char *text, unsigned long *lines, unsigned long *lost)
{
    check_lines(text);
    while (*text) {
        if (strncmp(text, "{\"lost\":", 8) == 0) {
            *lost += strtoul(text + 8, NULL, 10);
        } else {
            ++*lines;
        }
        text += strcspn(text, "\n") + 1;
    }
}

/* A reader that reads after every n lines gets each line, or is told. */
static void test_slow_readers(void **state)
{
    (void)state;
    for (unsigned pace = 1; pace < 60; pace++) {
        isere_logs_t logs;
        isere_logs_reader_t reader = everything();
        unsigned long lines = 0;
        unsigned long lost = 0;
        reader.seq = 1;
        isere_logs_init(&logs, ring, RING);
        for (unsigned i = 1; i <= 300; i++) {
            add(&logs, ISERE_LOG_INFO, "hello", id_a, "a line");
            if (i % pace == 0) {
                char buf[SMALLEST_TEXT]; /* one line at a time */
                isere_writer_t text = isere_writer_begin(buf, sizeof(buf) - 1);
                isere_logs_read(&logs, &reader, &text);
                buf[text.len] = 0;
                count(buf, &lines, &lost);
            }
        }
        count(read_all(&logs, &reader, 512), &lines, &lost);
        assert_int_equal(lines + lost, 300);
        assert_int_equal(logs.lost, lost);
        assert_true(pace > 1 || lost == 0);
        assert_true(pace < 20 || lost > 0);
    }
}

/* Lines that go while a reader is between two pieces. */
static void test_lost_in_between(void **state)
{
    (void)state;
    isere_logs_t logs;
    isere_logs_reader_t reader = everything();
    char buf[SMALLEST_TEXT];
    isere_logs_init(&logs, ring, RING);
    for (int i = 0; i < 4; i++) {
        add(&logs, ISERE_LOG_INFO, "hello", id_a, "before");
    }
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    assert_true(isere_logs_read(&logs, &reader, &text));
    uint64_t read = reader.seq - 1;
    assert_in_range(read, 1, 3);
    for (int i = 0; i < 1000; i++) {
        add(&logs, ISERE_LOG_DEBUG, "", "", "after");
    }
    char wanted[40];
    int n = snprintf(wanted, sizeof(wanted), "{\"lost\":%lu}\n{\"seq\":%lu,",
                     (unsigned long)(logs.first_seq - 1 - read),
                     (unsigned long)logs.first_seq);
    assert_memory_equal(read_all(&logs, &reader, 512), wanted, (size_t)n);
    assert_int_equal(reader.lost, 0);
    /* From far ahead of the newest line: nothing, until it is there. */
    reader.seq = logs.next_seq + 1;
    assert_string_equal(read_all(&logs, &reader, 512), "");
    add(&logs, ISERE_LOG_INFO, "", "", "x");
    assert_string_equal(read_all(&logs, &reader, 512), "");
    add(&logs, ISERE_LOG_INFO, "", "", "y");
    assert_non_null(strstr(read_all(&logs, &reader, 512), "\"y\""));
}

/* The elements of an array are the same in pieces of every size. */
static void test_array(void **state)
{
    (void)state;
    static const char wanted[] =
        "{\"time\":\"2026-11-27T12:00:00.000Z\",\"level\":\"info\",\"message\":"
        "\"one\"},{\"time\":\"2026-11-27T12:00:00.000Z\",\"level\":\"error\","
        "\"message\":\"\\u0001\"},{\"time\":\"2026-11-27T12:00:00.000Z\","
        "\"level\":\"warn\",\"message\":\"three\"}";
    isere_logs_t logs;
    isere_logs_init(&logs, ring, RING);
    add(&logs, ISERE_LOG_INFO, "hello", id_a, "one");
    add(&logs, ISERE_LOG_INFO, "hello", id_b, "not this one");
    add(&logs, ISERE_LOG_ERROR, "hello", id_a, "\x01");
    add(&logs, ISERE_LOG_WARN, "hello", id_a, "three");
    for (size_t size = SMALLEST_TEXT; size < 400; size++) {
        isere_logs_reader_t reader = everything();
        char all[512];
        size_t len = 0;
        bool first = true;
        bool more = true;
        memcpy(reader.request_id, id_a, sizeof(id_a));
        while (more) {
            char buf[400];
            isere_writer_t text = isere_writer_begin(buf, size);
            more = isere_logs_read_array(&logs, &reader, &text, &first);
            memcpy(all + len, buf, text.len);
            len += text.len;
        }
        assert_int_equal(len, strlen(wanted));
        assert_memory_equal(all, wanted, len);
    }
    for (int i = 0; i < 40; i++) {
        add(&logs, ISERE_LOG_INFO, "hello", id_b, "a flood");
    }
    isere_logs_reader_t reader = everything();
    char buf[1024];
    bool first = true;
    isere_writer_t text = isere_writer_begin(buf, sizeof(buf));
    reader.seq = 1;
    memcpy(reader.request_id, id_a, sizeof(id_a));
    assert_false(isere_logs_read_array(&logs, &reader, &text, &first));
    assert_int_equal(text.len, 0);
    assert_true(first && reader.lost == logs.first_seq - 1);
    assert_int_equal(logs.lost, 0); /* nobody was too slow */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_smallest_text),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_wrap_around),
        cmocka_unit_test(test_slow_readers),
        cmocka_unit_test(test_lost_in_between),
        cmocka_unit_test(test_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
