/*
 * The event formats, one file each; event.c chooses. All return JS_EXCEPTION
 * with the exception pending when memory ends.
 */
#ifndef ISERE_CORE_LAMBDA_EVENT_INTERNAL_H
#define ISERE_CORE_LAMBDA_EVENT_INTERNAL_H

#include "core/lambda/event.h"

/* API Gateway's proxy event, payload format version 1.0. */
JSValue isere_event_v1(JSContext *ctx, const isere_function_info_t *function,
                       const isere_invocation_t *invocation);

/* API Gateway's HTTP API event, payload format version 2.0. */
JSValue isere_event_v2(JSContext *ctx, const isere_function_info_t *function,
                       const isere_invocation_t *invocation);

/* The event given as JSON; also a SyntaxError or TypeError. */
JSValue isere_event_from_json(JSContext *ctx,
                              const isere_function_info_t *function,
                              const isere_invocation_t *invocation);

#endif
