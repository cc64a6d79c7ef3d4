/* From a request to a call, or why it is refused. Pure. */
#ifndef ISERE_CORE_ADMIN_CALL_H
#define ISERE_CORE_ADMIN_CALL_H

#include "core/http/request.h"
#include "core/util/names/function_name.h"
#include "isere/admin.h"

typedef enum isere_call_kind {
    ISERE_CALL_REFUSED,
    ISERE_CALL_HEALTH,
    ISERE_CALL_PAGE,
    ISERE_CALL_METRICS,
    ISERE_CALL_LOGS,
    ISERE_CALL_LIST,
    ISERE_CALL_DESCRIBE,
    ISERE_CALL_FILES,
    ISERE_CALL_DEPLOY,
    ISERE_CALL_REMOVE,
    ISERE_CALL_ROLLBACK,
    ISERE_CALL_RELEASE,
    ISERE_CALL_INVOKE,
} isere_call_kind_t;

typedef struct isere_call {
    isere_call_kind_t kind;
    char name[ISERE_FUNCTION_NAME_MAX]; /* of the function; "" for none */
    bool is_source;                     /* DEPLOY: the body is a module */
    bool follow;                        /* LOGS */
    isere_log_level_t level;            /* LOGS */
    /* REFUSED: */
    int status;
    const char *message; /* constant */
    const char *allow;   /* of the Allow field; NULL for none */
} isere_call_t;

/* Whether a path is the endpoint's. */
bool isere__call_is_path(isere_slice_t path);

/* Reads a request: what it asks for, and whether it may. `request` has its
 * head; the body is not looked at. */
void isere__call_read(const isere_admin_t *admin,
                      const isere_http_request_t *request, isere_call_t *call);

/* Whether both are the same, in a time that depends on `given` only. */
bool isere__call_token_equals(const char token[ISERE_TOKEN_LEN],
                              isere_slice_t given);

#endif
