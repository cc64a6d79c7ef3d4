/*
 * Writing text in pieces: the one place that knows how strings become JSON. A
 * writer fills a buffer of fixed size. When something does not fit, it either
 * notes that, so that the caller can go back to the last place where the text
 * was complete, send it, and go on later; or it hands on what is there and goes
 * on at once (isere_writer_stream). Pure; any thread.
 */
#ifndef ISERE_CORE_UTIL_WRITER_H
#define ISERE_CORE_UTIL_WRITER_H

#include "isere/slice.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct isere_writer {
    char *buf; /* the caller's */
    size_t size;
    size_t len; /* never more than size; no NUL behind it */
    bool full;  /* something did not fit: then nothing more is put */
    /* Takes the text so far, so that there is room again; NULL: there is none.
     */
    void (*take)(void *arg, isere_slice_t text);
    void *arg;
} isere_writer_t;

static inline isere_writer_t isere_writer_begin(char *buf, size_t size)
{
    return (isere_writer_t){.buf = buf, .size = size};
}

/* A text of any length, which goes to `take` a buffer at a time. The rest goes
 * there with isere_writer_flush. */
static inline isere_writer_t
isere_writer_stream(char *buf, size_t size,
                    void (*take)(void *arg, isere_slice_t text), void *arg)
{
    return (isere_writer_t){.buf = buf, .size = size, .take = take, .arg = arg};
}

void isere_writer_flush(isere_writer_t *text);

/* Back to `len`, which the text had before: what was put since is gone. */
static inline void isere_writer_back(isere_writer_t *text, size_t len)
{
    text->len = len;
    text->full = false;
}

/* Each puts all it is given, or nothing when it does not fit whole. */
void isere_writer_put(isere_writer_t *text, isere_slice_t bytes);
void isere_writer_puts(isere_writer_t *text, const char *string);
/* Like printf, for short pieces: more than 127 bytes are cut there. Numbers
 * that may have 64 bits or a fraction are put with the functions below, since
 * not every device's printf knows them. */
void isere_writer_printf(isere_writer_t *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A decimal number. */
void isere_writer_number(isere_writer_t *text, uint64_t value);
/* value / 10^decimals (at most 19), without zeros at the end: 1234567 with 6
 * decimals is 1.234567, and 1500000 is 1.5. */
void isere_writer_fixed(isere_writer_t *text, uint64_t value,
                        unsigned decimals);
/* Base64 with padding. */
void isere_writer_base64(isere_writer_t *text, isere_slice_t bytes);
/* 2026-11-27T18:00:00.000Z, of microseconds since 1970 UTC. Times outside the
 * years 0 to 9999 are moved to the nearest one inside. */
void isere_writer_time(isere_writer_t *text, int64_t wall_us);

/*
 * A JSON string with its quotes. Control characters are escaped, and bytes
 * that are not UTF-8 become U+FFFD, as a decoder of the WHATWG replaces them.
 * When it does not fit, a part of it may have been put.
 */
void isere_writer_json(isere_writer_t *text, isere_slice_t string);

/* The same for readers of lines and for terminals: DEL, C1 controls and the
 * separators of lines and paragraphs are escaped as well. */
void isere_writer_json_line(isere_writer_t *text, isere_slice_t string);

/* Text of unknown origin on one line, for people: what isere_writer_json_line
 * escapes, but for '"' and '\\'; no quotes around it. */
void isere_writer_line(isere_writer_t *text, isere_slice_t string);

/* The string of isere_writer_json, but one that leaves less than `room` bytes
 * after it is cut between characters and ends with "...". Needs `room` + 5
 * bytes. */
void isere_writer_json_cut(isere_writer_t *text, isere_slice_t string,
                           size_t room);

/*
 * The length of `text` cut to at most `max` bytes, between characters where it
 * is UTF-8.
 */
size_t isere_writer_cut(isere_slice_t text, size_t max);

#endif
