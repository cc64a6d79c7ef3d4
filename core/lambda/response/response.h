/*
 * A handler's response, normalised: what it returned or gave to done, checked
 * and reduced to a status, fields and bytes.
 */
#ifndef ISERE_CORE_LAMBDA_RESPONSE_RESPONSE_H
#define ISERE_CORE_LAMBDA_RESPONSE_RESPONSE_H

#include "core/isere_config.h"
#include "core/lambda/lambda.h"
#include "isere/slice.h"
#include "quickjs.h"
#include <stdint.h>

/* The name is a token, as the handler wrote it; the value holds no control
 * character but tab. */
typedef isere_field_t isere_response_field_t;

/* Fields that need no memory of their own. */
#define ISERE_FEW_RESPONSE_FIELDS 4

/* All slices point into the JavaScript heap (or to constants) and are valid
 * until the isolate is reset or isere_response_free. It must not be copied. */
typedef struct isere_response {
    int status; /* 200 to 599 */
    isere_slice_t body;
    bool body_is_text; /* UTF-8 text, rather than bytes (for invoke) */
    /* The default content type, already among the fields, was added. */
    bool default_type;
    uint16_t nfields;
    isere_response_field_t *fields;
    isere_response_field_t few[ISERE_FEW_RESPONSE_FIELDS];

    /* What holds the memory; for isere_response_free. */
    isere_response_field_t *many; /* fields, when they are not few */
    char *field_text;             /* names and values */
    const char *body_text;        /* of JS_ToCStringLen */
    char *body_bytes;             /* JSON, decoded base64, or a copy */
    JSValue body_owner;           /* the buffer or view with the body */
} isere_response_t;

/* Room for the reason of a malformed response. */
#define ISERE_RESPONSE_REASON_MAX 160

/*
 * Decodes `value` by the rules of docs/handler.md ("The response").
 * Content-Length, Transfer-Encoding, Connection, Date and Server of the
 * handler are checked and counted like any field, then dropped; a content
 * type is added where it names none and the response has a body (an empty
 * string is one, null and undefined are none). Runs user code (getters,
 * toJSON), which may throw; does not rely on builtins that the handler can
 * replace. Reads statusCode, headers, body, multiValueHeaders, cookies and
 * isBase64Encoded in this order, each once (the last three only of objects
 * that have one of the first three, be it undefined).
 *
 * `names` are those of the context. Returns 0; ISERE_ERR_HANDLER when
 * malformed, with a text for the log in `reason` and no exception pending;
 * ISERE_ERR_LIMIT, with the exception left pending, when it is one that the
 * caller must classify: an InternalError of the engine (memory, stack,
 * interrupt), or null, which the engine throws when there is no memory for an
 * error object (and which user code can throw, too: it is malformed then).
 * After a failure nothing of `response` needs to be freed.
 */
int isere_response_decode(JSContext *ctx, const isere_names_t *names,
                          JSValueConst value, isere_response_t *response,
                          char reason[ISERE_RESPONSE_REASON_MAX]);

/* The same for a Response that isere_fetch_take took; `streamed` is what its
 * stream gave (a Uint8Array), undefined when it is none. */
int isere_response_decode_answer(JSContext *ctx, const isere_names_t *names,
                                 JSValueConst answer, JSValueConst streamed,
                                 isere_response_t *response,
                                 char reason[ISERE_RESPONSE_REASON_MAX]);

/* Whether an exception that is pending is one that ISERE_ERR_LIMIT is for; else
 * it is taken into `reason`. Returns ISERE_ERR_LIMIT or ISERE_ERR_HANDLER. */
int isere_response_threw(JSContext *ctx, const char *while_doing,
                         char reason[ISERE_RESPONSE_REASON_MAX]);

/*
 * Copies a body that lies in a buffer of the handler. Needed where more of the
 * handler's code runs: it may write to the buffer, or transfer it to another
 * one, whose end frees the bytes. Returns 0, or ISERE_ERR_LIMIT with the
 * exception pending.
 */
int isere_response_detach(JSContext *ctx, isere_response_t *response);

/* Gives back what a response holds of the heap. Not needed before a reset. */
void isere_response_free(JSContext *ctx, isere_response_t *response);

#endif
