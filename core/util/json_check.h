/* Checks JSON texts (RFC 8259). Pure; any thread. */
#ifndef ISERE_CORE_UTIL_JSON_CHECK_H
#define ISERE_CORE_UTIL_JSON_CHECK_H

#include "isere/slice.h"

/* Where and why a text is not what it should be. */
typedef struct isere_json_error {
    const char *message; /* constant; NULL when nothing is wrong */
    int line;            /* from 1 */
    int column;          /* from 1, in bytes */
    const char *at;      /* the place */
} isere_json_error_t;

/* One of the messages. */
extern const char isere_json_too_deep[];

/* Whether the text is one JSON value; *error says why not. */
bool isere_json_check_value(isere_slice_t text, isere_json_error_t *error);

/* Whether the text is one JSON object; *error says why not. */
bool isere_json_check_object(isere_slice_t text, isere_json_error_t *error);

#endif
