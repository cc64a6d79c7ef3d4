/*
 * The recent log lines of all functions, in a ring of fixed size, which clients
 * read. A reader that is too slow loses lines and is told how many; writing
 * never waits for a reader.
 *
 * The ring holds records of the size they need, each in one piece: what does
 * not fit the end of the ring begins again at its start. A new one overwrites
 * the oldest. JSON is made when a line is read.
 *
 * Threads: the caller locks (isere_registry_t does); the functions themselves
 * are pure.
 */
#ifndef ISERE_CORE_DEPLOY_LOGS_H
#define ISERE_CORE_DEPLOY_LOGS_H

#include "core/util/names/function_name.h"
#include "core/util/writer.h"
#include "isere/port.h"

#define ISERE_LOGS_REQUEST_ID_MAX 37 /* a UUID, with its NUL */

typedef struct isere_logs {
    char *ring; /* the caller's */
    size_t size;
    size_t first;       /* offset of the oldest record */
    size_t end;         /* where the next one may begin */
    size_t limit;       /* where the records before offset 0 end; 0: the ring
                           has not begun again behind the oldest record */
    uint64_t first_seq; /* of the oldest record */
    uint64_t next_seq;  /* of the next line; from 1: one more than there were */
    uint64_t cut;       /* lines too long for the ring, which were cut */
    uint64_t lost;      /* lines that readers were too slow for, of all */
} isere_logs_t;

/* `ring`: any alignment, `size` at least 1024; it has to stay. */
void isere_logs_init(isere_logs_t *logs, char *ring, size_t size);

/*
 * Appends a line, at the price of the oldest ones. A message is cut to a
 * quarter of the ring, at a character, and then ends with "...". Of the
 * function and the request id as much is kept as a reader can ask for, with
 * "?" for what would need to be escaped.
 */
void isere_logs_add(isere_logs_t *logs, const isere_log_record_t *record,
                    int64_t wall_us);

/* What a reader wants, and where it is. All zero: every error from the oldest
 * line on. */
typedef struct isere_logs_reader {
    uint64_t seq;  /* of the next line; 0: the oldest; logs->next_seq: only
                      what comes */
    uint64_t lost; /* lines that were gone before it came, not told yet: of
                      all levels and functions, which is not known any
                      more */
    isere_log_level_t level;                    /* this and worse */
    char function[ISERE_FUNCTION_NAME_MAX];     /* "" for all */
    char request_id[ISERE_LOGS_REQUEST_ID_MAX]; /* "" for all */
    /* Where a record is that was read, so that the next one is found without
     * a search; seq 0: none. */
    uint64_t known_seq;
    size_t known;
} isere_logs_reader_t;

/*
 * Puts the next lines that match as NDJSON, as many as fit whole, and moves the
 * reader on. {"lost":N} is put where lines are missing. A line that does not
 * fit an empty text of at least 256 bytes is put with its message cut. True
 * when there may be more (the text is full); false when the reader has seen
 * everything.
 */
bool isere_logs_read(isere_logs_t *logs, isere_logs_reader_t *reader,
                     isere_writer_t *text);

/* The same as elements of a JSON array, {"time","level","message"} with commas
 * in between (for invoke); *first is true before the first element. What was
 * lost is not put, but counted in reader->lost; it is not in logs->lost, as
 * this reader was not too slow for it. */
bool isere_logs_read_array(isere_logs_t *logs, isere_logs_reader_t *reader,
                           isere_writer_t *text, bool *first);

#endif
