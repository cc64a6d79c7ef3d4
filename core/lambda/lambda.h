/*
 * What the invocations of an isolate need in its heap: the arguments that a
 * handler is called with and the property names of a response. Made once, when
 * the init phase has ended, and part of the snapshot, so that a request finds
 * it there.
 *
 * event and context are plain objects: own, enumerable, writable, configurable
 * properties without getters. But their values are made when they are first
 * asked for, from the invocation that runs then (JS_DefineLazyProperty). No
 * code of the init phase can reach them: they don't exist before it has ended.
 */
#ifndef ISERE_CORE_LAMBDA_LAMBDA_H
#define ISERE_CORE_LAMBDA_LAMBDA_H

#include "core/lambda/invocation.h"
#include "quickjs.h"

/* Property names that isère itself uses, as atoms. */
typedef enum isere_name {
    ISERE_NAME_STATUS_CODE,
    ISERE_NAME_HEADERS,
    ISERE_NAME_BODY,
    ISERE_NAME_MULTI_VALUE_HEADERS,
    ISERE_NAME_COOKIES,
    ISERE_NAME_IS_BASE64_ENCODED,
    ISERE_NAME_TO_JSON,
    ISERE_NAME_THEN,
    ISERE_NAME_QUERY_PARAMETERS,
    ISERE_NAME_PATH_PARAMETERS,
    ISERE_NAME_COUNT,
} isere_name_t;

typedef struct isere_names {
    JSAtom atoms[ISERE_NAME_COUNT];
} isere_names_t;

/* Interns the names. 0, or -1 when out of memory. */
int isere__lambda_names_init(JSContext *ctx, isere_names_t *names);
void isere__lambda_names_deinit(JSContext *ctx, isere_names_t *names);

/* What ctx.waitUntil was given. */
typedef struct isere_wait {
    struct isere_wait *next;
    JSValue promise;
} isere_wait_t;

/* Lies in the heap; isere_host_lambda finds it. */
typedef struct isere_lambda {
    const isere_function_info_t *function;
    const isere_invocation_t *invocation; /* the one that runs */
    isere_names_t names;
    JSValue event; /* in the form of the web: one that was given as JSON */
    JSValue context;
    JSValue done;        /* env of such a handler */
    isere_wait_t *waits; /* in the form of the web: still to be waited for */
    JSValue raw_body; /* shared by body and rawBody; undefined: not yet made */
    bool is_fetch;    /* the handler has the form of the web (fetch/fetch.h);
                         noted before isere_lambda_init */
} isere_lambda_t;

/* Makes all of it. 0, or -1 with an exception pending when out of memory. */
int isere_lambda_init(JSContext *ctx, isere_lambda_t *lambda,
                      const isere_function_info_t *function);

/*
 * Begins an invocation, borrowed until the heap is restored: args becomes
 * event, context and done (request, env and ctx where is_fetch), the caller's.
 * 0, or -1 with an exception pending when out of memory or event_json is not a
 * JSON object (SyntaxError or TypeError). Calls no user code.
 */
int isere_lambda_begin(JSContext *ctx, isere_lambda_t *lambda,
                       const isere_invocation_t *invocation, JSValue args[3]);

/* Makes event and context anew, where the heap of the last invocation is kept:
 * their values are that one's. 0, or -1 when out of memory. */
int isere_lambda_renew(JSContext *ctx, isere_lambda_t *lambda);

/* Gives back what it holds in the heap, for an owner that frees the runtime
 * instead of dropping its arena. */
void isere_lambda_deinit(JSContext *ctx, isere_lambda_t *lambda);

#endif
