/*
 * multipart/form-data: the first line is the boundary, the rest the body.
 * Whatever the bytes, parts lie in the body, one behind the other, and no part
 * has a delimiter in it.
 */
#include "core/http/multipart.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_inside(isere_slice_t body, isere_slice_t text)
{
    require(!text.ptr || (text.ptr >= body.ptr &&
                          text.ptr + text.len <= body.ptr + body.len));
}

static void check_content(isere_slice_t content, isere_slice_t boundary)
{
    for (size_t i = 0; i + 4 + boundary.len <= content.len; i++) {
        require(memcmp(content.ptr + i, "\r\n--", 4) != 0 ||
                memcmp(content.ptr + i + 4, boundary.ptr, boundary.len) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t head = line ? (size_t)(line - data) : size;
    size_t rest = line ? size - head - 1 : 0;
    /* Of exactly their sizes, so that the sanitizer sees a byte too many. */
    char *boundary = malloc(head + 1);
    char *body = malloc(rest ? rest : 1);
    require(boundary && body);
    memcpy(boundary, data, head);
    if (rest) {
        memcpy(body, line + 1, rest);
    }
    isere_slice_t whole = isere_slice_of(body, rest);
    isere_multipart_reader_t reader;
    isere_multipart_t part;
    isere_multipart_begin(&reader, whole, isere_slice_of(boundary, head));
    size_t from = 0;
    int found;
    while ((found = isere_multipart_next(&reader, &part)) > 0) {
        require(part.name.ptr && part.start >= from && part.start <= rest &&
                part.size <= rest - part.start);
        from = part.start + part.size;
        check_inside(whole, part.name);
        check_inside(whole, part.filename);
        check_inside(whole, part.type);
        check_content(isere_slice_of(body + part.start, part.size),
                      isere_slice_of(boundary, head));
    }
    require(isere_multipart_next(&reader, &part) == found);
    free(boundary);
    free(body);
    return 0;
}
