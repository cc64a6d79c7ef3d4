/*
 * multipart/form-data (RFC 7578), cut into its parts where it lies. What is not
 * exactly right is refused: a part that one reader takes otherwise than another
 * is how forms are smuggled.
 */
#ifndef ISERE_CORE_HTTP_MULTIPART_H
#define ISERE_CORE_HTTP_MULTIPART_H

#include "isere/slice.h"

enum { ISERE_MULTIPART_BOUNDARY_MAX = 70 }; /* RFC 2046 section 5.1.1 */

typedef struct isere_multipart_reader {
    isere_slice_t body;
    isere_slice_t boundary;
    size_t at; /* behind a delimiter's boundary */
    bool failed;
} isere_multipart_reader_t;

/* Texts are as sent: `%22`, `%0D` and `%0A` stand for a quote and line ends.
 * ptr is NULL when there is none. */
typedef struct isere_multipart {
    isere_slice_t name;
    isere_slice_t filename;
    isere_slice_t type;
    size_t start; /* of the content in the body */
    size_t size;
} isere_multipart_t;

/* Begins to read; both slices are borrowed. */
void isere_multipart_begin(isere_multipart_reader_t *reader, isere_slice_t body,
                           isere_slice_t boundary);

/* The next part: 1, 0 behind the last one, -1 when the body is malformed. */
int isere_multipart_next(isere_multipart_reader_t *reader,
                         isere_multipart_t *part);

#endif
