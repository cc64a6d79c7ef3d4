/*
 * One invocation as plain C: what the host knows of the request before any
 * JavaScript runs. Borrowed by the isolate until it is reset.
 */
#ifndef ISERE_CORE_LAMBDA_INVOCATION_H
#define ISERE_CORE_LAMBDA_INVOCATION_H

#include "core/http/request.h"
#include "isere/isere.h"
#include <stdbool.h>
#include <stdint.h>

#define ISERE_REQUEST_ID_LEN 36

typedef struct isere_invocation {
    /* The request; NULL when event_json is given instead. */
    const isere_http_request_t *request;

    /* An event as JSON text (invoke): used as it is, missing fields of the
     * isère event filled in. Terminated by NUL behind its last byte. */
    isere_slice_t event_json;

    const char *source_ip; /* text; "" when unknown */
    const char *route_key; /* "$default", "GET /pets/{id}" */
    const isere_path_parameter_t *path_parameters;
    size_t npath_parameters;
    bool may_stream; /* the body of the answer may come as a stream */
    char request_id[ISERE_REQUEST_ID_LEN + 1]; /* a random UUID */
    int64_t received_us;                       /* wall clock */
    uint64_t deadline_us;                      /* monotonic */
} isere_invocation_t;

/* What stays the same for all invocations of a function. */
typedef struct isere_function_info {
    const char *name;
    const char *version;
    isere_payload_t payload;
    size_t memory_bytes; /* context.memoryLimitInMB */
} isere_function_info_t;

#endif
