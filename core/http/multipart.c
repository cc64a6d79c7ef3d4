/* multipart/form-data cut into its parts: RFC 7578, and what browsers send. */
#include "core/http/multipart.h"
#include "core/util/ascii.h"
#include <string.h>

/* ---- delimiters ---- */

/* Whether "--boundary" stands at an offset. */
static bool has_dash_boundary(const isere_multipart_reader_t *r, size_t at)
{
    size_t len = r->boundary.len;
    return r->body.len - at >= len + 2 && r->body.ptr[at] == '-' &&
           r->body.ptr[at + 1] == '-' &&
           memcmp(r->body.ptr + at + 2, r->boundary.ptr, len) == 0;
}

static bool has_crlf(isere_slice_t text, size_t at)
{
    return text.len - at >= 2 && text.ptr[at] == '\r' &&
           text.ptr[at + 1] == '\n';
}

/* Where the next CR LF "--boundary" begins; the body's size when there is none.
 */
static size_t find_delimiter(const isere_multipart_reader_t *r, size_t from)
{
    size_t len = r->body.len;
    for (size_t at = from; at < len; at++) {
        const char *cr = memchr(r->body.ptr + at, '\r', len - at);
        if (!cr) {
            return len;
        }
        at = (size_t)(cr - r->body.ptr);
        if (has_crlf(r->body, at) && has_dash_boundary(r, at + 2)) {
            return at;
        }
    }
    return len;
}

/* ---- the fields of a part ---- */

/* A line without its CR LF. False when it has no end. */
static bool take_line(isere_multipart_reader_t *r, isere_slice_t *line)
{
    const char *from = r->body.ptr + r->at;
    size_t left = r->body.len - r->at;
    const char *end = left ? memchr(from, '\n', left) : NULL;
    if (!end || end == from || end[-1] != '\r') {
        return false;
    }
    *line = isere_slice_of(from, (size_t)(end - from) - 1);
    r->at += line->len + 2;
    return !memchr(line->ptr, 0, line->len) &&
           !memchr(line->ptr, '\r', line->len);
}

static bool is_name(isere_slice_t text, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < text.len && i < len; i++) {
        if (isere_ascii_lower(text.ptr[i]) != name[i]) {
            return false;
        }
    }
    return text.len == len;
}

static isere_slice_t trim(isere_slice_t text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text = isere_slice_of(text.ptr + 1, text.len - 1);
    }
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Takes what is in front of a character off a text, which has all if the
 * character is not in it. */
static isere_slice_t take_until(isere_slice_t *rest, char stop)
{
    const char *at = rest->len ? memchr(rest->ptr, stop, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->ptr) : rest->len;
    isere_slice_t part = isere_slice_of(rest->ptr, len);
    *rest = isere_slice_of(rest->ptr + len, rest->len - len);
    return part;
}

/* A parameter's value: a quoted string, in which browsers escape the quote as
 * %22 and others as \", or a token. */
static bool take_value(isere_slice_t *rest, isere_slice_t *value)
{
    if (rest->len == 0 || *rest->ptr != '"') {
        *value = trim(take_until(rest, ';'));
        return true;
    }
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] != '"') {
        end += rest->ptr[end] == '\\' && end + 1 < rest->len &&
                       rest->ptr[end + 1] == '"'
                   ? 2
                   : 1;
    }
    if (end >= rest->len) {
        return false;
    }
    *value = isere_slice_of(rest->ptr + 1, end - 1);
    *rest = trim(isere_slice_of(rest->ptr + end + 1, rest->len - end - 1));
    return true;
}

/* Content-Disposition: form-data; name="..."; filename="..." */
static bool read_disposition(isere_slice_t value, isere_multipart_t *part)
{
    isere_slice_t rest = value;
    if (!is_name(trim(take_until(&rest, ';')), "form-data")) {
        return false;
    }
    while (rest.len > 0 && *rest.ptr == ';') {
        isere_slice_t text;
        rest = trim(isere_slice_of(rest.ptr + 1, rest.len - 1));
        isere_slice_t name = trim(take_until(&rest, '='));
        if (rest.len == 0) {
            return false;
        }
        rest = trim(isere_slice_of(rest.ptr + 1, rest.len - 1));
        if (!take_value(&rest, &text)) {
            return false;
        }
        if (is_name(name, "name")) {
            part->name = text;
        } else if (is_name(name, "filename")) {
            part->filename = text;
        }
    }
    return rest.len == 0 && part->name.ptr;
}

static bool read_field(isere_slice_t line, isere_multipart_t *part)
{
    isere_slice_t value = line;
    isere_slice_t name = take_until(&value, ':');
    if (name.len == 0 || value.len == 0) {
        return false;
    }
    value = trim(isere_slice_of(value.ptr + 1, value.len - 1));
    if (is_name(name, "content-disposition")) {
        return read_disposition(value, part);
    }
    if (is_name(name, "content-type")) {
        part->type = value;
    }
    return true;
}

/* ---- reading ---- */

void isere_multipart_begin(isere_multipart_reader_t *reader, isere_slice_t body,
                           isere_slice_t boundary)
{
    *reader = (isere_multipart_reader_t){.body = body, .boundary = boundary};
    reader->failed = boundary.len == 0 ||
                     boundary.len > ISERE_MULTIPART_BOUNDARY_MAX ||
                     !has_dash_boundary(reader, 0);
    reader->at = reader->failed ? 0 : boundary.len + 2;
}

static int fail(isere_multipart_reader_t *reader)
{
    reader->failed = true;
    return -1;
}

/* Only a line end may follow the last delimiter. */
static bool is_end(const isere_multipart_reader_t *r)
{
    size_t left = r->body.len - r->at;
    const char *at = r->body.ptr + r->at;
    return (left == 2 || (left == 4 && has_crlf(r->body, r->at + 2))) &&
           at[0] == '-' && at[1] == '-';
}

int isere_multipart_next(isere_multipart_reader_t *r, isere_multipart_t *part)
{
    isere_slice_t line;
    *part = (isere_multipart_t){0};
    if (r->failed) {
        return -1;
    }
    if (is_end(r)) {
        return 0;
    }
    if (!has_crlf(r->body, r->at)) {
        return fail(r);
    }
    r->at += 2;
    for (;;) {
        if (!take_line(r, &line)) {
            return fail(r);
        }
        if (line.len == 0) {
            break;
        }
        if (!read_field(line, part)) {
            return fail(r);
        }
    }
    if (!part->name.ptr) {
        return fail(r);
    }
    part->start = r->at;
    /* The line end in front of the delimiter may be that of the empty line. */
    size_t end = find_delimiter(r, r->at - 2);
    if (end == r->body.len) {
        return fail(r);
    }
    part->size = end > part->start ? end - part->start : 0;
    r->at = end + 4 + r->boundary.len;
    return 1;
}
