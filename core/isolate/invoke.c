/* One invocation: calls the handler, waits for its promise and timers, and
 * takes the answer. Whether there is an answer is a flag in the heap
 * (`answered`), read after any end, early ones included. */
#include "core/code/js.h"
#include "core/heap/fault.h"
#include "core/isolate/isolate_internal.h"
#include "core/lambda/fetch/fetch.h"
#include "core/lambda/lambda.h"
#include "core/util/text.h"
#include "core/web/inspect/inspect.h"
#include "core/web/timers.h"
#include "core/web/web.h"
#include <stdatomic.h>
#include <stdio.h>

/* ---- answers ---- */

/* The first answer wins; false for all others. */
static bool claim_answer(isere_realm_t *realm)
{
    if (realm->answering) {
        return false;
    }
    realm->answering = true;
    return true;
}

/* The answer counts from here on, even if the code that gave it is abandoned
 * later. The fence keeps the compiler from setting the flag before the rest: an
 * abandoned execution is like a signal that never returns. */
static void publish_answer(isere_realm_t *realm)
{
    atomic_signal_fence(memory_order_seq_cst);
    realm->answered = true;
}

static void set_error(isere_isolate_t *isolate, isere_error_kind_t kind,
                      isere_slice_t reason)
{
    isolate->realm->response = NULL;
    isolate->error = isere_error_answer(kind);
    isere_text_copy(isolate->reason, sizeof(isolate->reason), reason);
    publish_answer(isolate->realm);
}

void isere__invoke_fail(isere_isolate_t *isolate, isere_error_kind_t kind,
                        const char *reason)
{
    /* A decoding that was cut off (answering, but not answered) fails too. */
    if (isolate->realm->answered) {
        isere__isolate_logf(isolate, ISERE_LOG_ERROR, "after the answer: %s",
                            reason);
        return;
    }
    isolate->realm->answering = true;
    isere__isolate_logf(isolate, ISERE_LOG_ERROR, "%s", reason);
    set_error(isolate, kind, isere_slice(reason));
}

static bool message_is(JSContext *ctx, JSValueConst thrown, const char *text)
{
    JSValue message = isere_js_own(ctx, thrown, "message");
    size_t len;
    const char *found = JS_ToCStringLen(ctx, &len, message);
    bool same = found && isere_slice_is(isere_slice_of(found, len), text);
    if (found) {
        JS_FreeCString(ctx, found);
    } else {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    JS_FreeValue(ctx, message);
    return same;
}

/* What the engine throws where it has no memory for an error object: null, or
 * nothing at all. */
static bool is_bare(JSValueConst thrown)
{
    return JS_IsNull(thrown) || JS_IsUninitialized(thrown);
}

/* In this order: a function that is stopped at its deadline often throws
 * something else on its way out, and code that runs out of memory throws
 * anything. */
static isere_error_kind_t classify(isere_isolate_t *isolate,
                                   JSValueConst thrown, uint32_t failed)
{
    JSContext *ctx = isolate->heap.ctx;
    if (isolate->stop.interrupted) {
        return ISERE_ERROR_TIMEOUT;
    }
    if (failed > 0 && is_bare(thrown)) {
        return ISERE_ERROR_MEMORY;
    }
    /* Not only an InternalError: JSON.parse throws it as a SyntaxError. */
    if (JS_IsError(ctx, thrown) && message_is(ctx, thrown, "stack overflow")) {
        return ISERE_ERROR_STACK;
    }
    /* The message says so in several ways, or there was no memory for it. */
    return failed > 0 && JS_IsObject(thrown) && isere_js_is_limit(ctx, thrown)
               ? ISERE_ERROR_MEMORY
               : ISERE_ERROR_EXCEPTION;
}

static const char *kind_text(isere_error_kind_t kind)
{
    switch (kind) {
    case ISERE_ERROR_MEMORY:
        return "memory limit hit: ";
    case ISERE_ERROR_STACK:
        return "stack limit hit: ";
    case ISERE_ERROR_TIMEOUT:
        return "time limit passed: ";
    case ISERE_ERROR_MALFORMED:
        return "malformed response: ";
    default:
        return "";
    }
}

/* One line of the log; without memory for that, the error alone. The hint goes
 * behind the message, which is the first line of the text. */
static void log_described(isere_isolate_t *isolate, isere_slice_t front,
                          isere_slice_t text, size_t first, const char *hint)
{
    JSContext *ctx = isolate->heap.ctx;
    size_t extra = strlen(hint);
    char *line = js_malloc(ctx, front.len + text.len + extra);
    if (!line) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        isere__isolate_log(isolate, ISERE_LOG_ERROR, text);
        return;
    }
    memcpy(line, front.ptr, front.len);
    memcpy(line + front.len, text.ptr, first);
    memcpy(line + front.len + first, hint, extra);
    memcpy(line + front.len + first + extra, text.ptr + first,
           text.len - first);
    isere__isolate_log(isolate, ISERE_LOG_ERROR,
                       isere_slice_of(line, front.len + text.len + extra));
}

/* "prefix kind: error with its stack" to the log; the reason is its first
 * line. */
static void describe(isere_isolate_t *isolate, isere_error_kind_t kind,
                     JSValueConst thrown, bool late, char *reason, size_t size)
{
    JSContext *ctx = isolate->heap.ctx;
    const char *prefix = late ? "after the answer: " : "";
    const char *what = kind_text(kind);
    if (kind == ISERE_ERROR_EXCEPTION && !JS_IsError(ctx, thrown)) {
        what = "threw a value that is not an Error: ";
    }
    size_t len;
    bool bare = kind == ISERE_ERROR_MEMORY && is_bare(thrown);
    char *text = bare ? NULL : isere_inspect_text(ctx, thrown, &len);
    if (!text) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        snprintf(reason, size, "%s%sno memory for details", prefix, what);
        isere__isolate_log(isolate, ISERE_LOG_ERROR, isere_slice(reason));
        return;
    }
    const char *end = memchr(text, '\n', len);
    size_t first = end ? (size_t)(end - text) : len;
    int front = snprintf(reason, size, "%s%s", prefix, what);
    const char *hint = isere_inspect_hint(isere_slice_of(text, first));
    log_described(isolate, isere_slice_of(reason, (size_t)front),
                  isere_slice_of(text, len), first, hint);
    front += (int)isere_text_copy(reason + front, size - (size_t)front,
                                  isere_slice_of(text, first));
    isere_text_copy(reason + front, size - (size_t)front, isere_slice(hint));
}

/* A thrown value ends the invocation, or is only logged when it has its
 * answer. */
static void fail_thrown(isere_isolate_t *isolate, JSValueConst thrown)
{
    uint32_t failed = isolate->heap.arena->failed;
    char reason[sizeof(isolate->reason)];
    isere_arena_release_reserve(isolate->heap.arena);
    isere_error_kind_t kind = classify(isolate, thrown, failed);
    bool late = isolate->realm->answered;
    describe(isolate, kind, thrown, late, reason, sizeof(reason));
    if (!late) {
        isolate->realm->answering = true;
        set_error(isolate, kind, isere_slice(reason));
    }
}

void isere__invoke_fail_late(isere_isolate_t *isolate, JSValueConst thrown)
{
    fail_thrown(isolate, thrown);
}

static void fail_exception(isere_isolate_t *isolate)
{
    JSValue thrown = JS_GetException(isolate->heap.ctx);
    fail_thrown(isolate, thrown);
    JS_FreeValue(isolate->heap.ctx, thrown);
}

void isere__invoke_fail_with(JSContext *ctx, JSValueConst thrown)
{
    isere_realm_t *realm = isere__isolate_realm(ctx);
    if (realm->isolate->invoking && claim_answer(realm)) {
        fail_thrown(realm->isolate, thrown);
    }
}

/* A pending null is the engine's when memory ran out; otherwise a getter of
 * the response threw it, and is at fault. */
static bool take_thrown_null(isere_isolate_t *isolate,
                             char reason[ISERE_RESPONSE_REASON_MAX])
{
    JSContext *ctx = isolate->heap.ctx;
    JSValue thrown = JS_GetException(ctx);
    if (JS_IsNull(thrown) && isolate->heap.arena->failed == 0) {
        snprintf(reason, ISERE_RESPONSE_REASON_MAX, "reading it threw null");
        return true;
    }
    JS_Throw(ctx, thrown);
    return false;
}

/* Reads the answer. Once it is given nothing may change it, but code goes on
 * after done, and so do jobs that are waiting. */
static int decode(isere_isolate_t *isolate, JSValueConst value, bool goes_on,
                  isere_response_t *response,
                  char reason[ISERE_RESPONSE_REASON_MAX])
{
    JSContext *ctx = isolate->heap.ctx;
    const isere_realm_t *realm = isolate->realm;
    const isere_names_t *names = &realm->lambda.names;
    bool collected = JS_IsObject(realm->collected);
    int error =
        realm->lambda.is_fetch
            ? isere_response_decode_answer(
                  ctx, names, collected ? realm->collected : value,
                  collected ? value : JS_UNDEFINED, response, reason)
            : isere_response_decode(ctx, names, value, response, reason);
    if (error == 0 && (goes_on || JS_IsJobPending(isolate->heap.rt))) {
        error = isere_response_detach(ctx, response);
    }
    return error;
}

static void fail_response(isere_isolate_t *isolate, int error,
                          char reason[ISERE_RESPONSE_REASON_MAX])
{
    if (error == ISERE_ERR_LIMIT && !take_thrown_null(isolate, reason)) {
        fail_exception(isolate);
        return;
    }
    char line[ISERE_RESPONSE_REASON_MAX + 32];
    snprintf(line, sizeof(line), "%s%s", kind_text(ISERE_ERROR_MALFORMED),
             reason);
    isere__invoke_fail(isolate, ISERE_ERROR_MALFORMED, line);
}

static void complete(JSContext *ctx, JSValueConst value, bool goes_on)
{
    isere_realm_t *realm = isere__isolate_realm(ctx);
    isere_isolate_t *isolate = realm->isolate;
    char reason[ISERE_RESPONSE_REASON_MAX];
    if (!isolate->invoking || !claim_answer(realm)) {
        return;
    }
    isere_response_t *response = js_malloc(ctx, sizeof(*response));
    int error = response ? decode(isolate, value, goes_on, response, reason)
                         : ISERE_ERR_LIMIT;
    if (error) {
        fail_response(isolate, error, reason);
    } else {
        realm->response = response;
        publish_answer(realm);
    }
}

/* Only the head is decoded: the body comes later. */
static void begin_stream(isere_isolate_t *isolate, JSValueConst value)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    char reason[ISERE_RESPONSE_REASON_MAX];
    realm->answering = true;
    isere_response_t *response = js_malloc(ctx, sizeof(*response));
    int error =
        response
            ? isere_response_decode_answer(ctx, &realm->lambda.names, value,
                                           JS_NULL, response, reason)
            : ISERE_ERR_LIMIT;
    if (!error && isere__streaming_open(isolate, value) < 0) {
        error = isere_response_threw(ctx, "reading the stream", reason);
    }
    if (error) {
        fail_response(isolate, error, reason);
        return;
    }
    JS_FreeValue(ctx, realm->promise);
    realm->promise = JS_UNDEFINED;
    realm->response = response;
    isolate->outflow.state = ISERE_STREAM_OPEN;
    publish_answer(realm);
}

/* The body as a whole is awaited, as the handler's promise was. */
static void collect(isere_isolate_t *isolate, JSValueConst value)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    JSValue all = isere_fetch_collect(ctx, value);
    if (JS_IsException(all)) {
        fail_exception(isolate);
        return;
    }
    JS_FreeValue(ctx, realm->promise);
    realm->promise = all;
    realm->collected = JS_DupValue(ctx, value);
}

/* What a handler in the form of the web gave. */
static void take_response(isere_isolate_t *isolate, JSValueConst value)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    char reason[ISERE_RESPONSE_REASON_MAX];
    if (realm->answering) {
        return;
    }
    int taken = isere_fetch_take(ctx, value);
    if (taken > 0) {
        complete(ctx, value, false);
    } else if (taken == 0 && isolate->invocation.may_stream) {
        begin_stream(isolate, value);
    } else if (taken == 0) {
        collect(isolate, value);
    } else {
        realm->answering = true;
        if (taken == ISERE_ERR_HANDLER) {
            snprintf(reason, sizeof(reason), "fetch gave no Response");
        } else {
            taken = isere_response_threw(ctx, "taking the Response", reason);
        }
        fail_response(isolate, taken, reason);
    }
}

/* undefined is no answer of a handler that may still call done. */
static void take_result(isere_isolate_t *isolate, JSValueConst result)
{
    const isere_realm_t *realm = isolate->realm;
    if (realm->lambda.is_fetch && !JS_IsObject(realm->collected)) {
        take_response(isolate, result);
    } else if (!JS_IsUndefined(result)) {
        complete(isolate->heap.ctx, result, false);
    }
}

void isere__invoke_complete(JSContext *ctx, JSValueConst value)
{
    complete(ctx, value, true);
}

/* ---- running ---- */

/*
 * Takes what the handler returned, as the first step of `await` would: a
 * promise is looked at, a thenable is resolved through a new promise, anything
 * else is the answer at once. undefined is no answer: the handler may still
 * call done. Takes ownership.
 */
static void adopt(isere_isolate_t *isolate, JSValue result)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    if (!JS_IsObject(result)) {
        take_result(isolate, result);
        JS_FreeValue(ctx, result);
        return;
    }
    /* Other objects give -1, in an enum that may have no sign. */
    unsigned state = (unsigned)JS_PromiseState(ctx, result);
    if (state <= JS_PROMISE_REJECTED) {
        realm->promise = result;
        return;
    }
    /* An object with a `then` method is awaited as `await` would. */
    JSValue then =
        JS_GetProperty(ctx, result, realm->lambda.names.atoms[ISERE_NAME_THEN]);
    bool thenable = JS_IsFunction(ctx, then);
    bool thrown = JS_IsException(then);
    JS_FreeValue(ctx, then);
    if (thrown) {
        fail_exception(isolate);
    } else if (!thenable) {
        take_result(isolate, result);
    } else {
        JSValue resolving[2];
        realm->promise = JS_NewPromiseCapability(ctx, resolving);
        JSValue done = JS_IsException(realm->promise)
                           ? JS_EXCEPTION
                           : JS_Call(ctx, resolving[0], JS_UNDEFINED, 1,
                                     (JSValueConst *)&result);
        if (JS_IsException(done)) {
            realm->promise = JS_UNDEFINED;
            fail_exception(isolate);
        }
    }
    JS_FreeValue(ctx, result);
}

/* The handler returned a promise: true when that gave an answer, which
 * undefined is not. */
static bool take_promise(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    JSValue result;
    switch (JS_PromiseState(ctx, realm->promise)) {
    case JS_PROMISE_REJECTED:
        result = JS_PromiseResult(ctx, realm->promise);
        fail_thrown(isolate, result);
        break;
    case JS_PROMISE_FULFILLED:
        result = JS_PromiseResult(ctx, realm->promise);
        take_result(isolate, result);
        break;
    default:
        return false;
    }
    JS_FreeValue(ctx, result);
    return realm->answered;
}

/* Either the handler's fault, or the engine had no memory for a reaction to a
 * promise, and lost it. */
static void fail_unsettled(isere_isolate_t *isolate)
{
    if (isolate->heap.arena->failed > 0) {
        isere__invoke_fail(isolate, ISERE_ERROR_MEMORY,
                           "memory limit hit: a promise could not be settled");
        return;
    }
    isere__invoke_fail(
        isolate, ISERE_ERROR_EXCEPTION,
        "the handler's promise never settles: nothing is left that "
        "could resolve it (no timer is pending, done was not called)");
}

/* Runs jobs to the end. A job that throws (queueMicrotask) fails the
 * invocation like a throwing timer. */
static void run_jobs(isere_isolate_t *isolate)
{
    while (!isere__isolate_run_jobs(isolate)) {
        fail_exception(isolate);
        if (isolate->stop.interrupted) {
            return;
        }
    }
}

void isere__invoke_run_jobs(isere_isolate_t *isolate)
{
    run_jobs(isolate);
}

/* A body that is a stream may have been read to its end by jobs, which come
 * once the handler's promise has been taken. */
static void take_promises(isere_isolate_t *isolate)
{
    while (!take_promise(isolate) && JS_IsJobPending(isolate->heap.rt) &&
           !isolate->stop.interrupted) {
        run_jobs(isolate);
    }
}

/* Nothing is left to run: is there an answer, or something to wait for? */
static void settle(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    bool promised = JS_IsObject(realm->promise);
    if (isolate->stop.interrupted) {
        /* The code that was stopped in an async function rejected it with
         * the place where it was. No more code may run. */
        if (promised && !realm->answered &&
            JS_PromiseState(ctx, realm->promise) == JS_PROMISE_REJECTED) {
            take_promise(isolate);
        }
        return;
    }
    if (promised && (!realm->answered || JS_PromiseState(ctx, realm->promise) ==
                                             JS_PROMISE_REJECTED)) {
        take_promises(isolate);
    }
    if (realm->answered) {
        isere__rejections_report(isolate);
        if (isere__linger(isolate)) {
            isolate->state = ISERE_ISOLATE_WAITING;
        }
        return;
    }
    /* A promise may be settled by a timer that nothing else waits for. */
    bool pending =
        promised && JS_PromiseState(ctx, realm->promise) == JS_PROMISE_PENDING;
    if (isere_timers_hold(ctx) ||
        (pending && isere_timers_next(ctx) != UINT64_MAX)) {
        isolate->state = ISERE_ISOLATE_WAITING;
        return;
    }
    if (pending) {
        fail_unsettled(isolate);
    } else {
        complete(ctx, JS_UNDEFINED, false);
    }
    isere__rejections_report(isolate);
}

/* Within exec_run: may be left at any instruction. */
static void run_begin(void *arg)
{
    isere_isolate_t *isolate = arg;
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    JSValue *args = realm->args;
    if (isere_lambda_begin(ctx, &realm->lambda, &isolate->invocation, args)) {
        fail_exception(isolate);
        return;
    }
    JSValue result = JS_Call(ctx, realm->handler, realm->handler_this, 3,
                             (JSValueConst *)args);
    if (JS_IsException(result)) {
        fail_exception(isolate);
    } else {
        adopt(isolate, result);
    }
    run_jobs(isolate);
    settle(isolate);
}

/* Timers that are due, one after the other, each with its microtasks, until
 * there is an answer (HTML, "run steps after a timeout"). */
static void run_resume(void *arg)
{
    isere_isolate_t *isolate = arg;
    isere_realm_t *realm = isolate->realm;
    JSContext *ctx = isolate->heap.ctx;
    uint64_t now = isere_host_monotonic_us(ctx);
    int fired;
    while ((!realm->answered || isolate->outflow.lingers) &&
           !isolate->stop.interrupted &&
           (fired = isere_timers_fire(ctx, now)) != 0) {
        if (fired < 0) {
            fail_exception(isolate);
        }
        run_jobs(isolate);
        if (JS_IsObject(realm->promise)) {
            take_promise(isolate);
        }
    }
    if (!isolate->stop.interrupted) {
        isere__streaming_go_on(isolate);
    }
    settle(isolate);
}

/* ---- outside the engine ---- */

static void fail_deadline(isere_isolate_t *isolate, const char *where)
{
    uint64_t now = isolate->port->monotonic_us(isolate->port->ctx);
    uint64_t ms = (now - isolate->started_us) / 1000;
    char reason[128];
    snprintf(reason, sizeof(reason), "time limit passed after %lu ms %s",
             (unsigned long)ms, where);
    isere__invoke_fail(isolate, ISERE_ERROR_TIMEOUT, reason);
}

/* An invocation that is over gives no more of its stream. */
static void end_stream(isere_isolate_t *isolate)
{
    if (isolate->outflow.state == ISERE_STREAM_OPEN) {
        isolate->outflow.state = ISERE_STREAM_FAILED;
        if (!isolate->error) {
            isolate->error = isere_error_answer(isolate->stop.exhausted
                                                    ? ISERE_ERROR_MEMORY
                                                    : ISERE_ERROR_TIMEOUT);
        }
    }
}

/* Nothing in the heap is looked at, not even whether there was an answer. */
static void end_crashed(isere_isolate_t *isolate)
{
    char line[sizeof(isolate->reason) + ISERE_BUNDLE_NAME_MAX + 16];
    isere_fault_describe_crash(isolate->port, "crashed", isolate->reason,
                               sizeof(isolate->reason));
    snprintf(line, sizeof(line), "%s, while %s ran", isolate->reason,
             isolate->function->config.name);
    isere__isolate_log(isolate, ISERE_LOG_ERROR, isere_slice(line));
    isolate->error = isere_error_answer(ISERE_ERROR_CRASH);
    isolate->state = ISERE_ISOLATE_COMPLETE;
    end_stream(isolate);
}

/* The flags say how the engine was left; `answered` wins over all but a crash,
 * since the answer was complete when it was set. */
void isere__invoke_end(isere_isolate_t *isolate)
{
    if (isolate->stop.crashed) {
        end_crashed(isolate);
        return;
    }
    if (isolate->stop.interrupted && !isolate->realm->answered) {
        fail_deadline(isolate, isolate->stop.abandoned
                                   ? "inside a built-in function"
                                   : "in promise jobs");
    } else if (isolate->stop.exhausted) {
        isere__invoke_fail(isolate, ISERE_ERROR_MEMORY,
                           "memory limit hit while compiling code");
    } else if (isolate->stop.abandoned) {
        isere__isolate_logf(isolate, ISERE_LOG_ERROR,
                            "after the answer: time limit passed");
    }
    const isere_stop_t *stop = &isolate->stop;
    bool stopped = stop->interrupted || stop->abandoned || stop->exhausted;
    if (isolate->realm->answered && (stopped || !isolate->outflow.lingers)) {
        isolate->state = ISERE_ISOLATE_COMPLETE;
        end_stream(isolate);
    }
}

void isere__invoke_begin(isere_isolate_t *isolate)
{
    if (isere__isolate_enter(isolate, run_begin)) {
        isere__invoke_end(isolate);
    }
}

void isere__invoke_resume(isere_isolate_t *isolate)
{
    const isere_port_t *port = isolate->port;
    uint64_t now = port->monotonic_us(port->ctx);
    uint64_t due = isere_timers_next(isolate->heap.ctx);
    if (now >= isolate->deadline_us) {
        if (due >= isolate->deadline_us) {
            fail_deadline(isolate, isolate->outflow.state == ISERE_STREAM_OPEN
                                       ? "while its stream was sent"
                                       : "while waiting for a timer");
            isolate->outflow.lingers = false;
            isere__invoke_end(isolate);
            return;
        }
        /* Its timer was due in time, but another request had the thread. It
         * gets the time that it had left then. */
        isolate->deadline_us = now + (isolate->deadline_us - due);
    }
    if (isere__isolate_enter(isolate, run_resume)) {
        isere__invoke_end(isolate);
    }
}
