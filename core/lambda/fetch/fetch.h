/*
 * Handlers in the form of the web: `export default { fetch(request, env, ctx)
 * }`. Request and Response are in core/web/fetch.
 */
#ifndef ISERE_CORE_LAMBDA_FETCH_FETCH_H
#define ISERE_CORE_LAMBDA_FETCH_FETCH_H

#include "core/lambda/lambda.h"

/* Loads all that such a handler needs. At the end of the init phase. 0, or -1
 * with an exception pending. */
int isere_fetch_prepare(JSContext *ctx);

/* env: the function's environment; and ctx, whose values are those of the
 * invocation that runs. The caller's; JS_EXCEPTION when out of memory. */
JSValue isere__fetch_new_env(JSContext *ctx);
JSValue isere__fetch_new_context(JSContext *ctx);

/* The request of the invocation that runs; of one with event_json, `event` is
 * that (borrowed), else undefined. JS_EXCEPTION with an exception pending. */
JSValue isere__fetch_request(JSContext *ctx, JSValueConst event);

/* Whether a promise that ctx.waitUntil was given is pending. */
bool isere_fetch_is_waiting(JSContext *ctx);

/* Forgets what ctx.waitUntil was given. */
void isere__fetch_free_waits(JSContext *ctx, isere_lambda_t *lambda);

/*
 * Looks at what a handler gave, and takes its body: 1 when it is a Response
 * whose body is there, 0 when it is a stream; ISERE_ERR_HANDLER when it is no
 * Response; -1 with an exception pending when its body was used. Runs no code
 * of the handler.
 */
int isere_fetch_take(JSContext *ctx, JSValueConst value);

/* A promise of all bytes of a stream that was taken. Runs code of the stream.
 */
JSValue isere_fetch_collect(JSContext *ctx, JSValueConst value);

#endif
