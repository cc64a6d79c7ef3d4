/* Reads the member "cors" of packages and of isere.json: API Gateway's object,
 * as the six lines of a policy. */
#include "core/util/cors.h"
#include "core/util/json_read.h"
#include <stdio.h>

enum { NAME = 24 }; /* longer than the name of any part */

typedef struct reader {
    const char *values[ISERE_CORS_PARTS]; /* NULL: not given */
    char *out;
    size_t room;
    size_t len;
    char *where;
} reader_t;

static const char *fail(reader_t *r, int part, const char *problem)
{
    snprintf(r->where, 64, ".%s", isere_cors_names[part]);
    return problem;
}

/* Cut to what fits, with a NUL: what is cut equals no name. */
static void copy_name(const char *string, char name[NAME])
{
    isere_json_text_t text = isere_json_text(string);
    size_t len = 0, n;
    while (len + 4 < NAME &&
           (n = isere_json_text_next(&text, name + len, NAME - 1 - len)) > 0) {
        len += n;
    }
    name[len] = '\0';
}

/* Of two with the same name the last one counts. */
static const char *find_values(reader_t *r, const char *value)
{
    isere_json_each_t each = {.at = value};
    char name[NAME];
    if (*value != '{') {
        return "must be an object: {\"allowOrigins\": "
               "[\"https://example.com\"]}";
    }
    while (isere_json_next(&each)) {
        int part = 0;
        copy_name(each.name, name);
        while (part < ISERE_CORS_PARTS &&
               strcmp(name, isere_cors_names[part]) != 0) {
            part++;
        }
        if (part == ISERE_CORS_PARTS) {
            return "has a member that is none of allowOrigins, allowMethods, "
                   "allowHeaders, exposeHeaders, allowCredentials and maxAge";
        }
        r->values[part] = each.value;
    }
    return r->values[ISERE_CORS_ORIGINS]
               ? NULL
               : fail(r, ISERE_CORS_ORIGINS, "is missing");
}

static bool put(reader_t *r, const char *bytes, size_t len)
{
    if (len > r->room - r->len) {
        return false;
    }
    memcpy(r->out + r->len, bytes, len);
    r->len += len;
    return true;
}

static const char too_long[] = "is too long, all members together";

/* A newline in it would begin another part. */
static const char *put_item(reader_t *r, int part, const char *string)
{
    isere_json_text_t text = isere_json_text(string);
    char piece[64];
    size_t n;
    while ((n = isere_json_text_next(&text, piece, sizeof(piece))) > 0) {
        if (memchr(piece, '\n', n) || memchr(piece, 0, n)) {
            return fail(r, part, "must not have control characters");
        }
        if (!put(r, piece, n)) {
            return fail(r, part, too_long);
        }
    }
    return NULL;
}

static const char *put_array(reader_t *r, int part, const char *value)
{
    isere_json_each_t each = {.at = value};
    const char *separator = part == ISERE_CORS_ORIGINS ? " " : ", ";
    bool first = true;
    if (*value != '[') {
        return fail(r, part, "must be an array of strings");
    }
    while (isere_json_next(&each)) {
        if (*each.value != '"' || isere_json_text_len(each.value) == 0) {
            return fail(r, part, "must be an array of strings");
        }
        if (!first && !put(r, separator, strlen(separator))) {
            return fail(r, part, too_long);
        }
        const char *problem = put_item(r, part, each.value);
        if (problem) {
            return problem;
        }
        first = false;
    }
    return NULL;
}

/* "false" is what is not said; numbers are written anew, as 6e2 is 600. */
static const char *put_scalar(reader_t *r, int part, const char *value)
{
    char digits[24] = "";
    uint64_t seconds;
    if (part == ISERE_CORS_CREDENTIALS) {
        if (*value != 't' && *value != 'f') {
            return fail(r, part, "must be true or false");
        }
        snprintf(digits, sizeof(digits), "%s", *value == 't' ? "true" : "");
    } else {
        bool number = *value == '-' || (*value >= '0' && *value <= '9');
        if (!number || !isere_json_amount(value, &seconds) ||
            seconds > ISERE_CORS_AGE_MAX) {
            return fail(r, part, "must be from 0 to 86400 seconds");
        }
        snprintf(digits, sizeof(digits), "%lu", (unsigned long)seconds);
    }
    return put(r, digits, strlen(digits)) ? NULL : fail(r, part, too_long);
}

static const char *put_part(reader_t *r, int part)
{
    const char *value = r->values[part];
    if (part > 0 && !put(r, "\n", 1)) {
        return fail(r, part, too_long);
    }
    if (!value) {
        return NULL;
    }
    return part < ISERE_CORS_CREDENTIALS ? put_array(r, part, value)
                                         : put_scalar(r, part, value);
}

const char *isere_cors_read(const char *value, char *out, size_t room,
                            size_t *len, char where[64])
{
    reader_t r = {.out = out, .room = room, .where = where};
    isere_cors_part_t part;
    where[0] = '\0';
    const char *problem = find_values(&r, value);
    for (int i = 0; i < ISERE_CORS_PARTS && !problem; i++) {
        problem = put_part(&r, i);
    }
    if (!problem && !put(&r, "", 1)) {
        problem = fail(&r, ISERE_CORS_ORIGINS, too_long);
    }
    r.len -= !problem; /* without the NUL */
    if (!problem) {
        problem = isere_cors_problem(isere_slice_of(out, r.len), &part);
        problem = problem ? fail(&r, (int)part, problem) : NULL;
    }
    *len = r.len;
    return problem;
}
