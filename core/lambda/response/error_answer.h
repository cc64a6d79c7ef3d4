/*
 * The constant answers to everything that goes wrong: status, Isere-Error
 * word and JSON body. They reveal nothing internal; the log has the reason.
 */
#ifndef ISERE_CORE_LAMBDA_RESPONSE_ERROR_ANSWER_H
#define ISERE_CORE_LAMBDA_RESPONSE_ERROR_ANSWER_H

#include "isere/slice.h"

typedef enum isere_error_kind {
    /* the handler's, docs/handler.md "What goes wrong" */
    ISERE_ERROR_EXCEPTION,
    ISERE_ERROR_MEMORY,
    ISERE_ERROR_STACK,
    ISERE_ERROR_TIMEOUT,
    ISERE_ERROR_MALFORMED,
    ISERE_ERROR_BUSY,
    ISERE_ERROR_CRASH,       /* a fault of ours, contained */
    ISERE_ERROR_QUARANTINED, /* too many of them */
    ISERE_ERROR_KINDS,
} isere_error_kind_t;

typedef struct isere_error_answer {
    int status;
    isere_slice_t word;        /* of the Isere-Error field; empty: no field */
    isere_slice_t body;        /* {"message":"..."}, application/json */
    isere_slice_t retry_after; /* of the Retry-After field; empty: no field */
} isere_error_answer_t;

/* The answer to a handler's failure or a full queue. Constant, never NULL;
 * any thread. */
const isere_error_answer_t *isere_error_answer(isere_error_kind_t kind);

/* The answer to a request that the server has no memory for. Constant; any
 * thread. */
const isere_error_answer_t *isere_error_answer_no_memory(void);

/* Which one isere_error_answer gave. */
isere_error_kind_t isere_error_answer_kind(const isere_error_answer_t *answer);

/*
 * The answer to a request that never reached a handler: `status` 400 and up
 * as the parser and the limits give it (an unknown one gets a generic text).
 * The status is copied, the slices are constant; any thread.
 */
isere_error_answer_t isere_error_answer_http(int status);

#endif
