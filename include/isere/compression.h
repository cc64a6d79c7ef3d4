/*
 * Compression, for ports that have it: deflate (RFC 1951) alone or in one of
 * two wrappers. All memory is the JavaScript heap's, so that nothing is left of
 * a stream when its execution was abandoned.
 */
#ifndef ISERE_COMPRESSION_H
#define ISERE_COMPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum isere_compression_format {
    ISERE_COMPRESSION_DEFLATE, /* with zlib's header (RFC 1950) */
    ISERE_COMPRESSION_DEFLATE_RAW,
    ISERE_COMPRESSION_GZIP, /* RFC 1952 */
} isere_compression_format_t;

/* Memory of a heap: alloc returns NULL when there is no more. */
typedef struct isere_compression_memory {
    void *heap;
    void *(*alloc)(void *heap, size_t size);
    void (*release)(void *heap, void *block);
} isere_compression_memory_t;

/* Bytes to read and room to write to; a step moves both forward. */
typedef struct isere_compression_io {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
} isere_compression_io_t;

typedef struct isere_compression {
    size_t state_size; /* of the state's memory, aligned for any type */

    /* Fills a state; `memory` must stay. 0 or ISERE_ERR_NOMEM. */
    int (*begin)(void *state, isere_compression_format_t format,
                 bool decompress, const isere_compression_memory_t *memory);

    /*
     * Reads and writes as far as it gets; with `last` there is no input behind
     * that of `io`. 0: it waits for input or for room; 1: the stream is at its
     * end, whatever input is left; ISERE_ERR_INVAL: the input is malformed;
     * ISERE_ERR_NOMEM.
     */
    int (*step)(void *state, isere_compression_io_t *io, bool last);

    /* Releases what the state holds, but not itself. */
    void (*end)(void *state);
} isere_compression_t;

#ifdef __cplusplus
}
#endif

#endif
