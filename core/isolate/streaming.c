/* Answers whose body is a stream of the handler: its chunks are asked for one
 * at a time, when the client has taken the one before, and copied. What is in
 * the heap is written within exec_run only; what the server reads of it, while
 * nothing runs. */
#include "core/code/js.h"
#include "core/isolate/isolate_internal.h"
#include "core/web/fetch/response.h"
#include "core/web/lazy/lazy.h"
#include "core/web/timers.h"
#include "core/web/web.h"
#include <string.h>

void isere__streaming_init(isere_streaming_t *s)
{
    memset(s, 0, sizeof(*s));
    s->reader = JS_UNDEFINED;
    s->next = JS_UNDEFINED;
}

void isere__streaming_free(JSContext *ctx, isere_streaming_t *s)
{
    JS_FreeValue(ctx, s->reader);
    JS_FreeValue(ctx, s->next);
    js_free(ctx, s->chunk);
    isere__streaming_init(s);
}

int isere__streaming_open(isere_isolate_t *isolate, JSValueConst response)
{
    JSContext *ctx = isolate->heap.ctx;
    JSValueConst stream = isere_fetch_response_of(response)->body.data;
    isere_streaming_t *s = &isolate->realm->streaming;
    JSValue reader =
        isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "reader", 1, &stream);
    if (JS_IsException(reader)) {
        return -1;
    }
    s->reader = reader;
    return 0;
}

/* ---- within exec_run ---- */

static void fail(isere_isolate_t *isolate, JSValueConst thrown)
{
    isolate->outflow.state = ISERE_STREAM_FAILED;
    isolate->error = isere_error_answer(ISERE_ERROR_EXCEPTION);
    isere__invoke_fail_late(isolate, thrown);
}

static void fail_exception(isere_isolate_t *isolate)
{
    JSValue thrown = JS_GetException(isolate->heap.ctx);
    fail(isolate, thrown);
    JS_FreeValue(isolate->heap.ctx, thrown);
}

/* A copy: the handler may write to the chunk, or give its buffer away, while it
 * is being sent. */
static int copy_chunk(JSContext *ctx, isere_streaming_t *s, JSValueConst value)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (isere__intrinsics_kind(in, value) !=
        ISERE_KIND_TYPED_ARRAY + JS_TYPED_ARRAY_UINT8) {
        JS_ThrowTypeError(
            ctx, "a stream of a body must give chunks that are Uint8Array");
        return -1;
    }
    if (isere__web_bytes_if_any(ctx, value, &bytes, &len) < 0) {
        return -1;
    }
    js_free(ctx, s->chunk);
    s->len = s->at = 0;
    s->chunk = js_malloc(ctx, len + 1);
    if (!s->chunk) {
        return -1;
    }
    if (len > 0) {
        memcpy(s->chunk, bytes, len);
    }
    s->len = len;
    return 0;
}

static void cancel(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    JSValueConst reader = isolate->realm->streaming.reader;
    JSValue done = isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "drop", 1, &reader);
    if (JS_IsException(done)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    JS_FreeValue(ctx, done);
    isere__invoke_run_jobs(isolate);
}

/* What a read gave: { done, value }, own properties of the library's. */
static void take(isere_isolate_t *isolate, JSValueConst result)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_streaming_t *s = &isolate->realm->streaming;
    JSValue done = isere_js_own(ctx, result, "done");
    JSValue value = isere_js_own(ctx, result, "value");
    if (JS_IsException(done) || JS_IsException(value)) {
        fail_exception(isolate);
    } else if (JS_ToBool(ctx, done) > 0) {
        isolate->outflow.state = ISERE_STREAM_ENDED;
    } else if (copy_chunk(ctx, s, value) < 0) {
        fail_exception(isolate);
        cancel(isolate);
    }
    JS_FreeValue(ctx, done);
    JS_FreeValue(ctx, value);
}

/* Asks for the next chunk, if that was not done yet. Returns its promise,
 * borrowed; JS_UNDEFINED when the stream has failed. */
static JSValueConst ask(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_streaming_t *s = &isolate->realm->streaming;
    if (JS_IsObject(s->next)) {
        return s->next;
    }
    JSValueConst reader = s->reader;
    JSValue next = isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "pull", 1, &reader);
    if (JS_IsException(next)) {
        fail_exception(isolate);
        return JS_UNDEFINED;
    }
    s->next = next;
    return next;
}

/* Nothing is left to run: does it wait for something? */
static void check_pending(isere_isolate_t *isolate)
{
    if (isere_timers_next(isolate->heap.ctx) == UINT64_MAX) {
        isolate->outflow.state = ISERE_STREAM_FAILED;
        isolate->error = isere_error_answer(ISERE_ERROR_EXCEPTION);
        isere__invoke_fail(isolate, ISERE_ERROR_EXCEPTION,
                           "nothing is left that could give the rest of the "
                           "stream (no timer is pending)");
    }
}

/* One chunk, if it is there. An empty one is none. */
static bool step(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_streaming_t *s = &isolate->realm->streaming;
    JSValueConst next = ask(isolate);
    if (JS_IsUndefined(next)) {
        return false;
    }
    isere__invoke_run_jobs(isolate);
    JSPromiseStateEnum state = JS_PromiseState(ctx, next);
    if (isolate->stop.interrupted) {
        return false;
    }
    if (state == JS_PROMISE_PENDING) {
        check_pending(isolate);
        return false;
    }
    JSValue result = JS_PromiseResult(ctx, next);
    JS_FreeValue(ctx, s->next);
    s->next = JS_UNDEFINED;
    if (state == JS_PROMISE_REJECTED) {
        fail(isolate, result);
    } else {
        take(isolate, result);
    }
    JS_FreeValue(ctx, result);
    return isolate->outflow.state == ISERE_STREAM_OPEN && s->at == s->len;
}

void isere__streaming_go_on(isere_isolate_t *isolate)
{
    const isere_streaming_t *s = &isolate->realm->streaming;
    isolate->outflow.due = false;
    if (isolate->outflow.state != ISERE_STREAM_OPEN) {
        return;
    }
    if (isolate->outflow.dropped) {
        isolate->outflow.state = ISERE_STREAM_ENDED;
        cancel(isolate);
        return;
    }
    /* Not ahead of the client. */
    if (s->at < s->len || !isolate->outflow.wanted) {
        return;
    }
    while (step(isolate)) {
    }
    isolate->outflow.wanted = s->at == s->len;
}

/* ---- the server's side ---- */

isere_stream_state_t isere_isolate_stream(const isere_isolate_t *isolate)
{
    return isolate->outflow.state;
}

/* Memory of the heap, which nothing writes to meanwhile. */
size_t isere_isolate_read(isere_isolate_t *isolate, char *buf, size_t size)
{
    if (isolate->stop.beside || isolate->outflow.state != ISERE_STREAM_OPEN) {
        return 0;
    }
    isere_streaming_t *s = &isolate->realm->streaming;
    size_t len = s->len - s->at < size ? s->len - s->at : size;
    if (len == 0) {
        if (!isolate->outflow.wanted) {
            isolate->outflow.wanted = true;
            isolate->outflow.due = true;
        }
        return 0;
    }
    memcpy(buf, s->chunk + s->at, len);
    s->at += len;
    return len;
}

void isere_isolate_drop_stream(isere_isolate_t *isolate)
{
    isolate->outflow.dropped = true;
    isolate->outflow.due = true;
}
