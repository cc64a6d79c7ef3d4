/*
 * Text output through a small buffer of the caller's, to a file descriptor,
 * which allocates nothing; or into memory. Thread: one at a time.
 */
#ifndef ISERE_PORTS_LINUX_OUT_H
#define ISERE_PORTS_LINUX_OUT_H

#include "isere/slice.h"

typedef struct isere_out {
    int fd; /* -1: into memory */
    char *buffer;
    size_t size; /* at least 16 */
    size_t used;
    bool failed;     /* a write failed; what came later was dropped */
    bool stalled;    /* ... because there was no room in time */
    int patience_ms; /* to wait for room in a pipe; -1: as long as it takes */
} isere_out_t;

/* Starts output to `fd`; both are borrowed. With patience_ms set afterwards, a
 * buffer of at most PIPE_BUF bytes never blocks for longer. */
void isere_out_init(isere_out_t *out, int fd, char *buffer, size_t size);

/* Starts output into memory that grows: the text is buffer[0..used), and
 * `buffer` is the caller's to free(), whatever failed. `failed` when memory
 * ends. */
void isere_out_memory(isere_out_t *out);

void isere_out_bytes(isere_out_t *out, const void *bytes, size_t len);
void isere_out_text(isere_out_t *out, const char *text);

/* Text of unknown origin on one line: controls (C0, C1, DEL, line and
 * paragraph separators) as \n, \t or \u001b, ill-formed UTF-8 as U+FFFD. */
void isere_out_escaped(isere_out_t *out, isere_slice_t text);

/* The same as a JSON string, with its quotes. */
void isere_out_json(isere_out_t *out, isere_slice_t text);

/* Writes what is buffered. False when that or an earlier write failed. In
 * memory there is nothing to write. */
bool isere_out_flush(isere_out_t *out);

#endif
