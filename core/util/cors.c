/* Cross-origin requests: checking policies, and the fields of answers. */
#include "core/util/cors.h"

const char *const isere_cors_names[ISERE_CORS_PARTS] = {
    "allowOrigins",  "allowMethods",     "allowHeaders",
    "exposeHeaders", "allowCredentials", "maxAge",
};

/* ---- parts and items ---- */

isere_slice_t isere_cors_part(const char *policy, isere_cors_part_t part)
{
    for (int i = 0; i < (int)part; i++) {
        policy += strcspn(policy, "\n");
        policy += *policy == '\n';
    }
    return isere_slice_of(policy, strcspn(policy, "\n"));
}

/* Takes the next item off the front of a list. */
static isere_slice_t take_item(isere_slice_t *list, isere_cors_part_t part)
{
    size_t gap = part == ISERE_CORS_ORIGINS ? 1 : 2;
    size_t len = 0;
    while (len < list->len && list->ptr[len] != (gap == 1 ? ' ' : ',')) {
        len++;
    }
    isere_slice_t item = isere_slice_of(list->ptr, len);
    size_t used = len + gap < list->len ? len + gap : list->len;
    *list = isere_slice_of(list->ptr + used, list->len - used);
    return item;
}

/* ---- checking ---- */

static bool begins(isere_slice_t text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.ptr, with, len) == 0;
}

/* An asterisk, alone or behind a scheme, or what browsers send: no path,
 * no upper case, nothing that would need escaping. */
static bool is_origin(isere_slice_t text)
{
    size_t scheme = begins(text, "https://")  ? 8
                    : begins(text, "http://") ? 7
                                              : 0;
    if (isere_slice_is(text, "*")) {
        return true;
    }
    if (scheme == 0 || scheme == text.len) {
        return false;
    }
    isere_slice_t host = isere_slice_of(text.ptr + scheme, text.len - scheme);
    if (isere_slice_is(host, "*")) {
        return true;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    (c != '\0' && strchr("-._:[]", c));
        if (!fine) {
            return false;
        }
    }
    return true;
}

/* RFC 9110 section 5.6.2: what methods and names of headers are made of. */
static bool is_token(isere_slice_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c >= '0' && c <= '9') ||
                    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
        if (!fine) {
            return false;
        }
    }
    return text.len > 0;
}

/* Items with exactly one separator between two. */
static bool is_list(isere_slice_t list, isere_cors_part_t part)
{
    const char *separator = part == ISERE_CORS_ORIGINS ? " " : ", ";
    while (list.len > 0) {
        isere_slice_t before = list;
        isere_slice_t item = take_item(&list, part);
        isere_slice_t rest =
            isere_slice_of(item.ptr + item.len, before.len - item.len);
        bool fine =
            part == ISERE_CORS_ORIGINS ? is_origin(item) : is_token(item);
        if (item.len == 0 || !fine ||
            (rest.len > 0 && (list.len == 0 || !begins(rest, separator)))) {
            return false;
        }
    }
    return true;
}

static bool allows_all(isere_slice_t origins)
{
    while (origins.len > 0) {
        if (isere_slice_is(take_item(&origins, ISERE_CORS_ORIGINS), "*")) {
            return true;
        }
    }
    return false;
}

static bool is_age(isere_slice_t text)
{
    uint32_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || text.len > 5) {
            return false;
        }
        seconds = seconds * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    return seconds <= ISERE_CORS_AGE_MAX &&
           (text.len < 2 || text.ptr[0] != '0');
}

/* One part by itself. */
static const char *part_problem(isere_slice_t text, isere_cors_part_t part)
{
    switch (part) {
    case ISERE_CORS_ORIGINS:
        return text.len > 0 && is_list(text, part)
                   ? NULL
                   : "must be origins, as https://example.com (in lower case, "
                     "without a path), https://* or *";
    case ISERE_CORS_CREDENTIALS:
        return text.len == 0 || isere_slice_is(text, "true")
                   ? NULL
                   : "must be true or false";
    case ISERE_CORS_AGE:
        return is_age(text) ? NULL : "must be from 0 to 86400 seconds";
    case ISERE_CORS_METHODS:
        return is_list(text, part) ? NULL : "must be methods, or *";
    default:
        return is_list(text, part) ? NULL : "must be names of headers, or *";
    }
}

const char *isere_cors_problem(isere_slice_t policy, isere_cors_part_t *part)
{
    size_t lines = 1;
    for (size_t i = 0; i < policy.len; i++) {
        lines += policy.ptr[i] == '\n';
    }
    *part = ISERE_CORS_ORIGINS;
    if (policy.len >= ISERE_CORS_MAX || lines != ISERE_CORS_PARTS) {
        return "is too long, all members together";
    }
    for (int i = 0; i < ISERE_CORS_PARTS; i++) {
        *part = (isere_cors_part_t)i;
        const char *problem =
            part_problem(isere_cors_part(policy.ptr, *part), *part);
        if (problem) {
            return problem;
        }
    }
    *part = ISERE_CORS_CREDENTIALS;
    return isere_cors_part(policy.ptr, ISERE_CORS_CREDENTIALS).len > 0 &&
                   allows_all(isere_cors_part(policy.ptr, ISERE_CORS_ORIGINS))
               ? "can't be true for all origins (*): no browser accepts that"
               : NULL;
}

/* ---- answering ---- */

static bool matches(isere_slice_t allowed, isere_slice_t origin)
{
    if (allowed.len > 1 && allowed.ptr[allowed.len - 1] == '*') {
        return origin.len >= allowed.len &&
               memcmp(origin.ptr, allowed.ptr, allowed.len - 1) == 0;
    }
    return allowed.len == origin.len &&
           memcmp(allowed.ptr, origin.ptr, origin.len) == 0;
}

static bool is_allowed(isere_slice_t origins, isere_slice_t origin)
{
    while (origin.len > 0 && origins.len > 0) {
        if (matches(take_item(&origins, ISERE_CORS_ORIGINS), origin)) {
            return true;
        }
    }
    return false;
}

static void add(isere_field_t *fields, size_t *n, const char *name,
                isere_slice_t value)
{
    if (value.len > 0) {
        fields[*n].name = isere_slice(name);
        fields[(*n)++].value = value;
    }
}

/* Caches must not give one origin's answer to another, so what depends on the
 * origin says so, also where there was none. */
size_t isere_cors_fields(const char *policy, isere_slice_t origin,
                         bool preflight,
                         isere_field_t fields[ISERE_CORS_FIELDS])
{
    isere_slice_t origins = isere_cors_part(policy, ISERE_CORS_ORIGINS);
    bool all = allows_all(origins);
    size_t n = 0;
    if (!all) {
        add(fields, &n, "Vary", isere_slice("Origin"));
    }
    if (origin.len == 0 || (!all && !is_allowed(origins, origin))) {
        return n;
    }
    add(fields, &n, "Access-Control-Allow-Origin",
        all ? isere_slice("*") : origin);
    add(fields, &n, "Access-Control-Allow-Credentials",
        isere_cors_part(policy, ISERE_CORS_CREDENTIALS));
    if (!preflight) {
        add(fields, &n, "Access-Control-Expose-Headers",
            isere_cors_part(policy, ISERE_CORS_EXPOSE));
        return n;
    }
    add(fields, &n, "Access-Control-Allow-Methods",
        isere_cors_part(policy, ISERE_CORS_METHODS));
    add(fields, &n, "Access-Control-Allow-Headers",
        isere_cors_part(policy, ISERE_CORS_HEADERS));
    add(fields, &n, "Access-Control-Max-Age",
        isere_cors_part(policy, ISERE_CORS_AGE));
    return n;
}

/* ---- as JSON ---- */

static void put_array(isere_writer_t *text, isere_slice_t list,
                      isere_cors_part_t part)
{
    const char *before = "[";
    while (list.len > 0) {
        isere_writer_puts(text, before);
        isere_writer_json(text, take_item(&list, part));
        before = ",";
    }
    isere_writer_puts(text, "]");
}

void isere_cors_put_json(isere_writer_t *text, const char *policy)
{
    const char *before = "{";
    for (int i = 0; i < ISERE_CORS_PARTS; i++) {
        isere_cors_part_t part = (isere_cors_part_t)i;
        isere_slice_t value = isere_cors_part(policy, part);
        if (value.len == 0) {
            continue;
        }
        isere_writer_puts(text, before);
        isere_writer_json(text, isere_slice(isere_cors_names[i]));
        isere_writer_puts(text, ":");
        if (part < ISERE_CORS_CREDENTIALS) {
            put_array(text, value, part);
        } else {
            isere_writer_put(text, value);
        }
        before = ",";
    }
    isere_writer_puts(text, "}");
}
