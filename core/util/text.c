#include "core/util/text.h"

size_t isere_text_copy(char *out, size_t size, isere_slice_t text)
{
    size_t len = text.len;
    if (len > size - 1) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    if (len > 0) {
        memcpy(out, text.ptr, len);
    }
    out[len] = 0;
    return len;
}

const char *isere_text_find(isere_slice_t text, const char *part)
{
    size_t part_len = strlen(part);
    for (size_t i = 0; i + part_len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, part_len) == 0) {
            return text.ptr + i;
        }
    }
    return NULL;
}
