/*
 * Timers, for the owner of an isolate: when to go on, and with what. All times
 * are monotonic microseconds.
 */
#ifndef ISERE_CORE_WEB_TIMERS_H
#define ISERE_CORE_WEB_TIMERS_H

#include "quickjs.h"
#include <stdbool.h>
#include <stdint.h>

/* When the next timer is due; UINT64_MAX when none is pending. */
uint64_t isere_timers_next(JSContext *ctx);

/* Whether a timer is pending that keeps the invocation going: those that were
 * unref'd do not. */
bool isere_timers_hold(JSContext *ctx);

/*
 * Calls the callback of the first timer that is due at `now_us`. Returns 1
 * after a call, 0 when none was due, -1 with the callback's exception
 * pending. Jobs are the caller's to run between calls.
 */
int isere_timers_fire(JSContext *ctx, uint64_t now_us);

/* Drops all pending timers and returns how many there were. */
unsigned isere_timers_clear(JSContext *ctx);

#endif
