/*
 * File names in a package: relative paths, the same on every system.
 *
 * They come from a client, stand in messages and stack traces, and are written
 * as files by clients that fetch a package. So a name must not lead out of a
 * folder, and must mean the same with any path separator.
 */
#include "core/deploy/package/package.h"
#include "core/util/utf8.h"

static bool is_dots(const char *segment, size_t len)
{
    return (len == 1 && segment[0] == '.') ||
           (len == 2 && segment[0] == '.' && segment[1] == '.');
}

/* A leading, doubled or trailing "/" makes an empty part. */
static const char *segments_problem(isere_slice_t name)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.ptr[i] != '/') {
            continue;
        }
        if (i == start) {
            return i == 0 ? "must be a relative path"
                          : "has an empty part: '/' stands between two names";
        }
        if (is_dots(name.ptr + start, i - start)) {
            return "must not have '.' or '..' as a part";
        }
        start = i + 1;
    }
    return NULL;
}

const char *isere__package_file_name_problem(isere_slice_t name)
{
    if (name.len == 0) {
        return "is empty";
    }
    if (name.len > ISERE_PACKAGE_FILE_NAME_MAX) {
        return "is longer than 159 bytes";
    }
    if (!isere_utf8_valid(name.ptr, name.len)) {
        /* JSON can say half of a surrogate pair, which the engine writes as
         * three bytes. */
        return "contains a lone surrogate";
    }
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return "has a control character";
        }
        if (c == '\\') {
            return "has a '\\': parts are separated by '/'";
        }
    }
    /* An import of it would look like one of a native module. */
    static const char native[] = "isere:";
    if (name.len >= sizeof(native) - 1 &&
        memcmp(name.ptr, native, sizeof(native) - 1) == 0) {
        return "must not begin with 'isere:', as native modules do";
    }
    return segments_problem(name);
}
