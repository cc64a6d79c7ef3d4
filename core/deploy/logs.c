/* The ring of recent log lines: how records are stored in it, and how they are
 * read as JSON. */
#include "core/deploy/logs.h"

/* What stands before the texts of a record; copied in and out with memcpy,
 * since a record may begin anywhere and a device faults on words that are not
 * aligned. */
typedef struct header {
    uint64_t seq;
    int64_t wall_us;
    uint32_t message_len;
    uint8_t level;
    uint8_t function_len;
    uint8_t request_id_len;
} header_t;

static header_t header_at(const isere_logs_t *logs, size_t offset)
{
    header_t header;
    memcpy(&header, logs->ring + offset, sizeof(header));
    return header;
}

static size_t record_size(const header_t *header)
{
    return sizeof(*header) + header->function_len + header->request_id_len +
           header->message_len;
}

/* The offset of the record after this one, which is not the last. Records
 * never wrap: behind the last one before `limit` comes the one at the start. */
static size_t next_record(const isere_logs_t *logs, size_t offset)
{
    header_t header = header_at(logs, offset);
    offset += record_size(&header);
    return offset == logs->limit ? 0 : offset;
}

void isere_logs_init(isere_logs_t *logs, char *ring, size_t size)
{
    *logs = (isere_logs_t){
        .ring = ring, .size = size, .first_seq = 1, .next_seq = 1};
}

/* ---- writing ---- */

/* An empty ring begins at its start again, which leaves the longest piece
 * free. When the oldest record was the last before `limit`, the next one is at
 * the start, and there is one piece again. */
static void drop_oldest(isere_logs_t *logs)
{
    size_t next = next_record(logs, logs->first);
    logs->first_seq++;
    if (logs->first_seq == logs->next_seq) {
        logs->first = 0;
        logs->end = 0;
        logs->limit = 0;
        return;
    }
    if (next < logs->first) {
        logs->limit = 0;
    }
    logs->first = next;
}

/* Makes room for a record; its offset. It ends, since a record takes at most
 * about a quarter of the ring, and an empty ring has room for that:
 * isere_logs_add cuts messages, and names are short. */
static size_t make_room(isere_logs_t *logs, size_t size)
{
    for (;;) {
        /* Between the newest and the oldest, or behind the newest. */
        size_t bound = logs->limit > 0 ? logs->first : logs->size;
        if (size <= bound - logs->end) {
            return logs->end;
        }
        if (logs->limit == 0 && size <= logs->first) {
            logs->limit = logs->end;
            logs->end = 0;
            return 0;
        }
        drop_oldest(logs);
    }
}

/* A name cut to fit; the readers' texts have a NUL, records don't. */
static uint8_t name_length(isere_slice_t name, size_t max)
{
    return (uint8_t)(name.len < max ? name.len : max - 1);
}

/* The program chooses the name of a built-in function, so it may hold
 * anything. What would need escaping is replaced here, once, and not in each
 * line that is read. */
static char *put_name(char *out, isere_slice_t name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool fine = c > 0x20 && c < 0x7f && c != '"' && c != '\\';
        *out++ = fine ? (char)c : '?';
    }
    return out;
}

/* Never waits and never fails: a slow reader loses lines, not the handler its
 * time. A message is cut so that one line can't push out all the others. */
void isere_logs_add(isere_logs_t *logs, const isere_log_record_t *record,
                    int64_t wall_us)
{
    static const isere_slice_t ellipsis = ISERE_SLICE("...");
    size_t len = record->message.len;
    bool cut = len > logs->size / 4;
    header_t header = {
        .seq = logs->next_seq,
        .wall_us = wall_us,
        .level = (uint8_t)((unsigned)record->level < ISERE_LOG_DEBUG
                               ? record->level
                               : ISERE_LOG_DEBUG),
        .function_len = name_length(record->function, ISERE_FUNCTION_NAME_MAX),
        .request_id_len =
            name_length(record->request_id, ISERE_LOGS_REQUEST_ID_MAX),
    };
    if (cut) {
        len = isere_writer_cut(record->message, logs->size / 4 - ellipsis.len);
        logs->cut++;
    }
    header.message_len = (uint32_t)(len + (cut ? ellipsis.len : 0));
    size_t offset = make_room(logs, record_size(&header));
    char *out = logs->ring + offset;
    memcpy(out, &header, sizeof(header));
    out += sizeof(header);
    out = put_name(out, record->function, header.function_len);
    out = put_name(out, record->request_id, header.request_id_len);
    if (len > 0) {
        memcpy(out, record->message.ptr, len);
    }
    if (cut) {
        memcpy(out + len, ellipsis.ptr, ellipsis.len);
    }
    logs->end = offset + record_size(&header);
    logs->next_seq++;
}

/* ---- reading ---- */

/* A record as it is read: its texts are in the ring. */
typedef struct line {
    header_t header;
    isere_slice_t function;
    isere_slice_t request_id;
    isere_slice_t message;
} line_t;

/* How a line is put; with `cut` its message takes what room is left. */
typedef void put_line_fn(isere_writer_t *text, const line_t *line, bool cut);

static line_t line_at(const isere_logs_t *logs, size_t offset)
{
    line_t line = {.header = header_at(logs, offset)};
    const char *p = logs->ring + offset + sizeof(line.header);
    line.function = isere_slice_of(p, line.header.function_len);
    p += line.function.len;
    line.request_id = isere_slice_of(p, line.header.request_id_len);
    p += line.request_id.len;
    line.message = isere_slice_of(p, line.header.message_len);
    return line;
}

/* The offset of the reader's next line, which is in the ring. A reader goes on
 * where it was, if that record was not overwritten: records are counted, so
 * `known_seq` tells. Else it walks from the oldest one. */
static size_t find(const isere_logs_t *logs, const isere_logs_reader_t *reader)
{
    uint64_t seq = logs->first_seq;
    size_t offset = logs->first;
    if (reader->known_seq >= seq && reader->known_seq <= reader->seq) {
        seq = reader->known_seq;
        offset = reader->known;
    }
    for (; seq < reader->seq; seq++) {
        offset = next_record(logs, offset);
    }
    return offset;
}

/* Counts what the reader missed. One at the start (seq 0) missed nothing that
 * it could have asked for; a follower was too slow for it, which metrics show.
 */
static void catch_up(isere_logs_t *logs, isere_logs_reader_t *reader,
                     bool is_follower)
{
    if (reader->seq < logs->first_seq) {
        uint64_t missed = logs->first_seq - reader->seq;
        if (reader->seq > 0) {
            reader->lost += missed;
            logs->lost += is_follower ? missed : 0;
        }
        reader->seq = logs->first_seq;
    }
}

static bool matches(const isere_logs_reader_t *reader, const line_t *line)
{
    return line->header.level <= (unsigned)reader->level &&
           (!reader->function[0] ||
            isere_slice_is(line->function, reader->function)) &&
           (!reader->request_id[0] ||
            isere_slice_is(line->request_id, reader->request_id));
}

/* The members that both forms have, and the end of the object. */
static void put_level_and_time(isere_writer_t *text, const header_t *header)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    isere_writer_puts(text, "\"time\":\"");
    isere_writer_time(text, header->wall_us);
    isere_writer_puts(text, "\",\"level\":\"");
    isere_writer_puts(text, levels[header->level]);
    isere_writer_puts(text, "\"");
}

static void put_message(isere_writer_t *text, isere_slice_t message,
                        const char *end, bool cut)
{
    isere_writer_puts(text, ",\"message\":");
    if (cut) {
        isere_writer_json_cut(text, message, strlen(end));
    } else {
        isere_writer_json(text, message);
    }
    isere_writer_puts(text, end);
}

/* A name has nothing to escape: put_name saw to it. */
static void put_named(isere_writer_t *text, const char *before,
                      isere_slice_t name)
{
    if (name.len > 0) {
        isere_writer_puts(text, before);
        isere_writer_put(text, name);
        isere_writer_puts(text, "\"");
    }
}

static void put_ndjson(isere_writer_t *text, const line_t *line, bool cut)
{
    isere_writer_puts(text, "{\"seq\":");
    isere_writer_number(text, line->header.seq);
    isere_writer_puts(text, ",");
    put_level_and_time(text, &line->header);
    put_named(text, ",\"function\":\"", line->function);
    put_named(text, ",\"requestId\":\"", line->request_id);
    put_message(text, line->message, "}\n", cut);
}

static void put_element(isere_writer_t *text, const line_t *line, bool cut)
{
    isere_writer_puts(text, "{");
    put_level_and_time(text, &line->header);
    put_message(text, line->message, "}", cut);
}

/* Puts a line after `before`, whole, or cut when there is nothing to send
 * first. False when it does not fit: then the text is as it was, but full. */
static bool put_whole(isere_writer_t *text, const line_t *line,
                      put_line_fn *put, const char *before)
{
    size_t start = text->len;
    isere_writer_puts(text, before);
    put(text, line, false);
    if (text->full && start == 0) {
        isere_writer_back(text, start);
        isere_writer_puts(text, before);
        put(text, line, true);
    }
    if (text->full) {
        isere_writer_back(text, start);
        text->full = true;
        return false;
    }
    return true;
}

/* Says how many lines are missing at this place. It stays due while it does
 * not fit. */
static bool put_lost(isere_writer_t *text, isere_logs_reader_t *reader)
{
    size_t start = text->len;
    isere_writer_puts(text, "{\"lost\":");
    isere_writer_number(text, reader->lost);
    isere_writer_puts(text, "}\n");
    if (text->full) {
        isere_writer_back(text, start);
        text->full = true;
        return false;
    }
    reader->lost = 0;
    return true;
}

/* Puts all lines that match and fit; *first is NULL for NDJSON. The reader
 * moves on with each line that is put or does not match, so that a full text
 * ends between two lines. */
static bool read_lines(isere_logs_t *logs, isere_logs_reader_t *reader,
                       isere_writer_t *text, bool *first)
{
    put_line_fn *put = first ? put_element : put_ndjson;
    catch_up(logs, reader, !first);
    if (!first && reader->lost > 0 && !put_lost(text, reader)) {
        return true;
    }
    if (reader->seq >= logs->next_seq) {
        return false;
    }
    for (size_t offset = find(logs, reader);;) {
        line_t line = line_at(logs, offset);
        if (matches(reader, &line)) {
            if (!put_whole(text, &line, put, first && !*first ? "," : "")) {
                return true;
            }
            if (first) {
                *first = false;
            }
        }
        reader->known_seq = reader->seq++;
        reader->known = offset;
        if (reader->seq == logs->next_seq) {
            return false;
        }
        offset = next_record(logs, offset);
    }
}

bool isere_logs_read(isere_logs_t *logs, isere_logs_reader_t *reader,
                     isere_writer_t *text)
{
    return read_lines(logs, reader, text, NULL);
}

bool isere_logs_read_array(isere_logs_t *logs, isere_logs_reader_t *reader,
                           isere_writer_t *text, bool *first)
{
    return read_lines(logs, reader, text, first);
}
