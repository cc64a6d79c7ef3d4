/* Names of blobs: NAME for a manifest, NAME.V for a version. */
#include "core/store/internal.h"

void isere__name_of_blob(const char *name, uint32_t version,
                         char out[ISERE_BLOB_NAME_MAX])
{
    char digits[10]; /* of a 32-bit number, from the last one */
    size_t len = strlen(name), ndigits = 0;
    memcpy(out, name, len);
    out[len++] = '.';
    for (; version > 0; version /= 10) {
        digits[ndigits++] = (char)('0' + version % 10);
    }
    while (ndigits > 0) {
        out[len++] = digits[--ndigits];
    }
    out[len] = '\0';
}

/* A number as we write it: no zeros in front, not beyond 32 bits, so that no
 * two blobs are the same version. 0: not one. */
static uint32_t parse_version(const char *text)
{
    uint64_t version = 0;
    if (*text == '0') {
        return 0;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        version = version * 10 + (uint64_t)(*text - '0');
        /* At each digit, so that 64 bits can't wrap either, however long the
         * name of a stranger's file is. */
        if (version > UINT32_MAX) {
            return 0;
        }
    }
    return (uint32_t)version;
}

bool isere__name_parse_blob(const char *blob,
                            char name[ISERE_FUNCTION_NAME_MAX],
                            uint32_t *version)
{
    const char *dot = strchr(blob, '.');
    isere_slice_t text =
        isere_slice_of(blob, dot ? (size_t)(dot - blob) : strlen(blob));
    /* What is not named like ours is not ours: users may keep files beside
     * it, and a sweep must never remove those. */
    if (!isere_function_name_is_valid(text)) {
        return false;
    }
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    *version = dot ? parse_version(dot + 1) : 0;
    return !dot || *version > 0;
}
