/*
 * Any log records in, read in pieces of any size by a reader of any pace:
 * every line is JSON, none is too long, and each line was either read or is
 * among the lost ones.
 */
#include "core/deploy/logs.h"
#include "tests/unit/support/json_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the input still has. */
typedef struct input {
    const uint8_t *p;
    size_t left;
} input_t;

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

static unsigned take(input_t *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->p++;
}

/* Bytes of the input; as many as it has, `max` at most. */
static isere_slice_t take_slice(input_t *in, size_t max)
{
    size_t len = max < in->left ? max : in->left;
    isere_slice_t slice = isere_slice_of(in->p, len);
    in->p += len;
    in->left -= len;
    return slice;
}

/* Reads a piece; how many lines it has, with those it says were lost. */
static uint64_t read_piece(isere_logs_t *logs, isere_logs_reader_t *reader,
                           size_t size, bool *more)
{
    static const char lost[] = "{\"lost\":";
    char *buf = malloc(size);
    isere_writer_t text = isere_writer_begin(buf, size);
    uint64_t lines = 0;
    *more = isere_logs_read(logs, reader, &text);
    check(text.len > 0 || !*more);
    for (const char *p = buf; p < buf + text.len;) {
        const char *end = memchr(p, '\n', (size_t)(buf + text.len - p));
        check(end && isere_json_check(p, (size_t)(end - p)));
        if ((size_t)(end - p) > sizeof(lost) &&
            memcmp(p, lost, sizeof(lost) - 1) == 0) {
            lines += strtoull(p + sizeof(lost) - 1, NULL, 10);
        } else {
            lines++;
        }
        p = end + 1;
    }
    free(buf);
    return lines;
}

/* The same as an array, by another reader. */
static void read_array(isere_logs_t *logs, size_t size)
{
    isere_logs_reader_t reader = {.level = ISERE_LOG_DEBUG};
    char *all = malloc(64 * 1024);
    size_t len = 1;
    bool first = true;
    bool more = true;
    all[0] = '[';
    while (more) {
        char *buf = malloc(size);
        isere_writer_t text = isere_writer_begin(buf, size);
        more = isere_logs_read_array(logs, &reader, &text, &first);
        check(text.len > 0 || !more);
        check(len + text.len < 64 * 1024);
        if (text.len > 0) {
            memcpy(all + len, buf, text.len);
        }
        len += text.len;
        free(buf);
    }
    all[len++] = ']';
    check(isere_json_check(all, len));
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input_t in = {data, size};
    size_t ring_size = 1024 + take(&in);
    size_t piece = 256 + 4 * take(&in);
    unsigned pace = 1 + take(&in) % 32;
    char *ring = malloc(ring_size);
    isere_logs_t logs;
    isere_logs_reader_t reader = {.seq = 1, .level = ISERE_LOG_DEBUG};
    uint64_t got = 0;
    bool more;
    isere_logs_init(&logs, ring, ring_size);
    while (in.left > 0) {
        isere_log_record_t record = {.level = (isere_log_level_t)take(&in)};
        record.function = take_slice(&in, take(&in) % 40);
        record.request_id = take_slice(&in, take(&in) % 40);
        record.message = take_slice(&in, 2 * take(&in));
        unsigned shift = take(&in) % 64;
        uint64_t wall_us = (uint64_t)take(&in) << shift;
        isere_logs_add(&logs, &record, (int64_t)wall_us);
        if (logs.next_seq % pace == 0) {
            got += read_piece(&logs, &reader, piece, &more);
        }
    }
    read_array(&logs, piece);
    do {
        got += read_piece(&logs, &reader, piece, &more);
    } while (more);
    check(reader.lost == 0 && got == logs.next_seq - 1);
    free(ring);
    return 0;
}
