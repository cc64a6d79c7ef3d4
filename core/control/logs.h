/*
 * The recent log lines of all functions, in a ring of fixed size, for
 * GET /_isere/v1/logs. Whoever reads too slowly loses lines and is told how
 * many; writing never waits for a reader.
 *
 * Threads: the caller locks (isere_control_t does); the functions themselves
 * are pure.
 */
#ifndef ISERE_CORE_CONTROL_LOGS_H
#define ISERE_CORE_CONTROL_LOGS_H

#include "core/control/text.h"
#include "isere/port.h"

typedef struct isere_logs {
    char *ring; /* the caller's */
    size_t size;
    size_t first; /* offset of the oldest record */
    size_t used;
    uint64_t first_seq; /* of the oldest record */
    uint64_t next_seq;  /* of the next line; from 1 */
    uint64_t cut;       /* lines too long for the ring, which were cut */
} isere_logs_t;

/* `size` at least 1024. */
void isere_logs_init(isere_logs_t *logs, char *ring, size_t size);

/* Appends a line, at the price of the oldest ones. A message is cut to a
 * quarter of the ring (at a character). */
void isere_logs_add(isere_logs_t *logs, const isere_log_record_t *record,
                    int64_t wall_us);

/* What a reader wants, and where it is. */
typedef struct isere_logs_reader {
    uint64_t seq;  /* of the next line; 0: the oldest */
    uint64_t lost; /* lines that were gone before it came, not told yet */
    isere_log_level_t level; /* this and worse */
    char function[33];       /* "" for all */
    char request_id[37];     /* "" for all */
} isere_logs_reader_t;

/*
 * Puts the next lines that match as NDJSON, as many as fit whole, and moves the
 * reader on. {"lost":N} is put where lines are missing. A line that does not
 * fit an empty text of at least 256 bytes is put with its message cut. True
 * when there may be more (the text is full); false when the reader has seen
 * everything.
 */
bool isere_logs_read(const isere_logs_t *logs, isere_logs_reader_t *reader,
                     isere_text_t *text);

/* The same as elements of a JSON array, {"time","level","message"} with commas
 * in between (for invoke); *first is true before the first element. */
bool isere_logs_read_array(const isere_logs_t *logs,
                           isere_logs_reader_t *reader, isere_text_t *text,
                           bool *first);

#endif
