/* Texts in fixed buffers. */
#include "core/util/text.h"

isere_slice_t isere_text_clip(isere_slice_t text, size_t max)
{
    if (text.len > max) {
        text.len = max;
        /* Not in front of a continuation byte (RFC 3629, section 3). */
        while (text.len > 0 &&
               ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

/* `size` counts the NUL, so it is never 0: size - 1 would be all of memory. */
size_t isere_text_copy(char *out, size_t size, isere_slice_t text)
{
    text = isere_text_clip(text, size - 1);
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
    out[text.len] = 0;
    return text.len;
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
