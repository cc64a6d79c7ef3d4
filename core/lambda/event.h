/* The event and context objects that a handler is called with. */
#ifndef ISERE_CORE_LAMBDA_EVENT_H
#define ISERE_CORE_LAMBDA_EVENT_H

#include "core/lambda/invocation.h"
#include "quickjs.h"

/*
 * The event of an invocation in the payload format of its function: a plain
 * object with own, enumerable, writable properties. Reads the request, calls
 * no user code (JSON.parse revivers, setters on Object.prototype and the like
 * have no effect). JS_EXCEPTION with an exception pending when memory ends, or
 * when event_json is not a JSON object (SyntaxError or TypeError).
 *
 * With event_json, missing fields of the isère event are filled in; functions
 * with another payload format get the object as it is. Neither request nor
 * event_json: the event of a `GET /`.
 */
JSValue isere_event_new(JSContext *ctx, const isere_function_info_t *function,
                        const isere_invocation_t *invocation);

/* The context object (getRemainingTimeInMillis asks isere_host_remaining_ms).
 * JS_EXCEPTION when memory ends. */
JSValue isere_context_new(JSContext *ctx, const isere_function_info_t *function,
                          const isere_invocation_t *invocation);

/*
 * The done callback, which calls isere_host_complete or isere_host_fail:
 *   done()                        complete with undefined: 200, empty body
 *   done(error)                   fail, when `error` is an Error instance
 *   done(response)                complete with any other value
 *   done(null | undefined, r)     complete with r
 *   done(error, anything)         fail with the first argument, whatever it is
 * Returns undefined to the handler. JS_EXCEPTION when memory ends.
 */
JSValue isere_done_new(JSContext *ctx);

#endif
