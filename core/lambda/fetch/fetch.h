/*
 * Handlers in the form of the web: `export default { fetch(request, env, ctx)
 * }`. Request and Response are in JavaScript (js/web/fetch.js), and ask for
 * what they need of the invocation that runs.
 */
#ifndef ISERE_CORE_LAMBDA_FETCH_FETCH_H
#define ISERE_CORE_LAMBDA_FETCH_FETCH_H

#include "core/lambda/lambda.h"

/* Loads all that such a handler needs, and makes `env`. At the end of the init
 * phase. 0, or -1 with an exception pending. */
int isere_fetch_prepare(JSContext *ctx);

/* The arguments: request, env and ctx, the caller's; of an invocation with
 * event_json, `event` is that (borrowed), else undefined. 0, or -1 with an
 * exception pending. */
int isere__fetch_begin(JSContext *ctx, JSValueConst event, JSValue args[3]);

/* Whether a promise that ctx.waitUntil was given is pending. */
bool isere_fetch_is_waiting(JSContext *ctx);

/*
 * What is to be sent for what the handler gave, for
 * isere_response_decode_parts; a promise of that when the body is a stream;
 * undefined when it is no Response. JS_EXCEPTION when its body was used. Runs
 * no code of the handler but that of its stream.
 */
JSValue isere_fetch_answer(JSContext *ctx, JSValueConst value);

#endif
