/* The event and context objects that a handler is called with. */
#ifndef ISERE_CORE_LAMBDA_EVENT_EVENT_H
#define ISERE_CORE_LAMBDA_EVENT_EVENT_H

#include "core/lambda/lambda.h"

/*
 * The event in a payload format, for the invocations to come: a plain object
 * with own, enumerable, writable properties, the values of which are made when
 * they are asked for. They come from the request of isere__event_begin; making
 * them calls no user code (JSON.parse revivers, setters on Object.prototype
 * and the like have no effect). JS_EXCEPTION when out of memory.
 */
JSValue isere__event_new(JSContext *ctx, isere_payload_t payload);

/*
 * The event of lambda->invocation, the caller's: lambda->event, or with
 * event_json that object (missing fields of the isère event are filled in;
 * functions with another payload format get it as it is). Neither request nor
 * event_json: the event of a `GET /`. JS_EXCEPTION with an exception pending
 * when out of memory, or when event_json is not a JSON object (SyntaxError or
 * TypeError).
 */
JSValue isere__event_begin(JSContext *ctx, isere_lambda_t *lambda);

/* The context object (getRemainingTimeInMillis asks isere_host_remaining_ms).
 * Lazy like the event. JS_EXCEPTION when out of memory. */
JSValue isere__context_new(JSContext *ctx);

/*
 * The done callback, which calls isere_host_complete or isere_host_fail:
 *   done()                        complete with undefined: 200, empty body
 *   done(error)                   fail, when `error` is an Error instance
 *   done(response)                complete with any other value
 *   done(null | undefined, r)     complete with r
 *   done(error, anything)         fail with the first argument, whatever it is
 * Returns undefined to the handler. JS_EXCEPTION when out of memory.
 */
JSValue isere__done_new(JSContext *ctx);

#endif
