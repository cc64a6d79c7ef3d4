#include "tests/unit/support/server/answers.h"
#include "core/util/text.h"
#include <stdlib.h>

int answers_status(isere_slice_t answer)
{
    return answer.len > 12 ? atoi(answer.ptr + 9) : 0;
}

static size_t body_length(isere_slice_t head)
{
    const char *field = isere_text_find(head, "\r\nContent-Length: ");
    int status = answers_status(head);
    if (!field || status == 204 || status == 304 || status == 100) {
        return 0;
    }
    return (size_t)strtoul(field + 18, NULL, 10);
}

bool answers_next(isere_slice_t *rest, isere_slice_t *answer)
{
    const char *end = isere_text_find(*rest, "\r\n\r\n");
    if (!end) {
        return false;
    }
    isere_slice_t head =
        isere_slice_of(rest->ptr, (size_t)(end + 4 - rest->ptr));
    size_t body = body_length(head);
    if (body > rest->len - head.len) {
        return false;
    }
    *answer = isere_slice_of(head.ptr, head.len + body);
    rest->ptr += answer->len;
    rest->len -= answer->len;
    return true;
}
