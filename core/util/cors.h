/*
 * Cross-origin requests (the Fetch standard's CORS protocol), answered as API
 * Gateway's HTTP APIs do: a function has a policy, and the server answers
 * preflights and adds the fields to answers.
 *
 * A policy is a text of six lines, some of them empty: origins, separated by a
 * space; methods, headers that clients may send, and headers that they may
 * read, each separated by ", " as in their fields; "true" when credentials may
 * be sent; how many seconds a preflight holds. Pure functions; any thread.
 */
#ifndef ISERE_CORE_UTIL_CORS_H
#define ISERE_CORE_UTIL_CORS_H

#include "core/util/writer.h"

enum {
    ISERE_CORS_MAX = 1024, /* bytes of a policy with its NUL */
    ISERE_CORS_FIELDS = 6, /* that isere_cors_fields writes at most */
    ISERE_CORS_AGE_MAX = 86400,
};

typedef enum isere_cors_part {
    ISERE_CORS_ORIGINS,
    ISERE_CORS_METHODS,
    ISERE_CORS_HEADERS,
    ISERE_CORS_EXPOSE,
    ISERE_CORS_CREDENTIALS,
    ISERE_CORS_AGE,
    ISERE_CORS_PARTS,
} isere_cors_part_t;

/* The name of a part as a member of a package's "cors". */
extern const char *const isere_cors_names[ISERE_CORS_PARTS];

/* NULL, or what is wrong with a policy and with which part of it: an English
 * text that goes behind "\"allowOrigins\": ". */
const char *isere_cors_problem(isere_slice_t policy, isere_cors_part_t *part);

/*
 * Reads a policy from its JSON object, the member "cors" of a package, and
 * writes it to `out` with a NUL. Returns NULL with *len; or what is wrong, and
 * in `where` with what: "", or ".maxAge".
 */
const char *isere_cors_read(const char *value, char *out, size_t room,
                            size_t *len, char where[64]);

/* One part of a policy without a problem; empty when it says nothing of it. */
isere_slice_t isere_cors_part(const char *policy, isere_cors_part_t part);

/* The fields that an answer to a request of that origin gets (none: a NULL
 * pointer), or that a preflight is answered with. Returns how many; they point
 * into the policy and to `origin`. */
size_t isere_cors_fields(const char *policy, isere_slice_t origin,
                         bool preflight,
                         isere_field_t fields[ISERE_CORS_FIELDS]);

/* The policy as the JSON object of a package. */
void isere_cors_put_json(isere_writer_t *text, const char *policy);

#endif
