/*
 * What the globals of core/web may use of the world outside the JavaScript
 * heap. They use nothing else of it: no port, no isolate, no C library call
 * that allocates, locks or blocks.
 *
 * The reason: an execution that is over its deadline may be abandoned at any
 * instruction, and the heap restored from its snapshot afterwards. Whatever
 * lies inside the heap needs no care, so state belongs there (js_malloc, or
 * class opaques allocated with it). These functions hold the execution while
 * they touch anything else.
 *
 * Thread: the one that runs the isolate.
 */
#ifndef ISERE_CORE_WEB_HOST_H
#define ISERE_CORE_WEB_HOST_H

#include "core/http/request.h"
#include "isere/port.h"
#include "quickjs.h"
#include <stdbool.h>

/*
 * Logs one line on behalf of the running function and request (or of the init
 * phase). The message is copied or written before this returns.
 */
void isere_host_log(JSContext *ctx, isere_log_level_t level,
                    isere_slice_t message);

/* Fills `buf` with cryptographically strong bytes. 0 or ISERE_ERR_IO. */
int isere_host_random(JSContext *ctx, void *buf, size_t len);

/* A fast pseudo-random number in [0, 1), never replayed from a snapshot. */
double isere_host_random_double(JSContext *ctx);

/* Clocks of the port: monotonic since an arbitrary zero, and since 1970. */
uint64_t isere_host_monotonic_us(JSContext *ctx);
int64_t isere_host_wall_us(JSContext *ctx);

/* Monotonic time at which this isolate's init phase began. */
uint64_t isere_host_time_origin_us(JSContext *ctx);

/*
 * The TZif file of a time zone, by the port's time_zone, whose errors it
 * returns; ISERE_ERR_INVAL also when the port has no such function, and
 * ISERE_ERR_NOENT for an invalid name, for which the port is not asked.
 */
int isere_host_time_zone(JSContext *ctx, isere_slice_t name, void *buf,
                         size_t size);

/* The port's compression, or NULL. */
const isere_compression_t *isere_host_compression(JSContext *ctx);

/* Milliseconds until the running invocation's deadline, 0 when it passed. */
uint32_t isere_host_remaining_ms(JSContext *ctx);

/* The `index`-th NAME=VALUE of the function's environment, NULL past the
 * last. Borrowed, constant for the isolate's life. */
const char *isere_host_env(JSContext *ctx, size_t index);

/* The HTTP request of the running invocation; NULL when it has none. Valid as
 * long as the invocation runs. */
const isere_http_request_t *isere_host_request(JSContext *ctx);

/*
 * Completes the running invocation with `value` as handler's response, or
 * with `error` as a thrown one, unless it is complete already (then nothing
 * happens). Borrows the value.
 */
void isere_host_complete(JSContext *ctx, JSValueConst value);
void isere_host_fail(JSContext *ctx, JSValueConst error);

/* Whether the engine does what it can't go on with when out of memory: then the
 * execution ends there, as in its compiler. */
void isere_host_fragile(JSContext *ctx, bool fragile);

/* Per-isolate state of core/web, allocated in the heap; see web.h. */
struct isere_web_state;
struct isere_web_state *isere_host_web_state(JSContext *ctx);

/* That of core/lambda; see lambda.h. */
struct isere_lambda;
struct isere_lambda *isere_host_lambda(JSContext *ctx);

#endif
