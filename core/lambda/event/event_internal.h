/*
 * The event formats, one file each; event.c chooses.
 */
#ifndef ISERE_CORE_LAMBDA_EVENT_EVENT_INTERNAL_H
#define ISERE_CORE_LAMBDA_EVENT_EVENT_INTERNAL_H

#include "core/lambda/event/event.h"
#include "core/lambda/event/lazy.h"

/* API Gateway's proxy event, payload format version 1.0. */
extern const isere_lazy_t isere__event_v1[];

/* API Gateway's HTTP API event, payload format version 2.0: all that it can
 * have. */
extern const isere_lazy_t isere__event_v2[];

/* Takes away what the event of this invocation does not have. 0, or -1 when
 * out of memory. */
int isere__event_v2_begin(JSContext *ctx, const isere_lambda_t *lambda);

/* The event given as JSON. JS_EXCEPTION with the exception pending when
 * out of memory, or with a SyntaxError or TypeError. */
JSValue isere__event_from_json(JSContext *ctx,
                               const isere_function_info_t *function,
                               const isere_invocation_t *invocation);

#endif
