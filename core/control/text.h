/*
 * Writing text in pieces: answers of the control plane are made while they are
 * sent, never whole. A writer fills a buffer of fixed size and notes when
 * something did not fit; the caller then sends what was complete and goes on
 * with the rest later. Pure; any thread.
 */
#ifndef ISERE_CORE_CONTROL_TEXT_H
#define ISERE_CORE_CONTROL_TEXT_H

#include "isere/slice.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct isere_text {
    char *buf;
    size_t size;
    size_t len; /* never more than size */
    bool full;  /* something did not fit: then nothing more is put */
} isere_text_t;

static inline isere_text_t isere_text_begin(char *buf, size_t size)
{
    return (isere_text_t){.buf = buf, .size = size};
}

void isere_text_put(isere_text_t *text, isere_slice_t bytes);
void isere_text_puts(isere_text_t *text, const char *string);
/* Like printf, for short pieces (up to 128 bytes). */
void isere_text_printf(isere_text_t *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void isere_text_json(isere_text_t *text, isere_slice_t string);
/* 2026-11-27T18:00:00.000Z, of microseconds since 1970 UTC. */
void isere_text_time(isere_text_t *text, int64_t wall_us);

#endif
