/* An invocation that goes on after its answer, for ctx.waitUntil or because its
 * body is a stream: the server
 * may send the answer meanwhile, and use the request's memory for the next one.
 */
#include "core/isolate/isolate_internal.h"
#include "core/lambda/fetch/fetch.h"
#include "core/web/timers.h"
#include <string.h>

/* The end of what the request's spans cover. */
static size_t request_size(const isere_http_request_t *request)
{
    const isere_span_t spans[] = {request->method,    request->target,
                                  request->path,      request->query,
                                  request->authority, request->body};
    size_t size = 0;
    for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
        size_t end = (size_t)spans[i].off + spans[i].len;
        size = end > size ? end : size;
    }
    for (unsigned i = 0; i < request->nfields; i++) {
        const isere_http_field_t *field = &request->fields[i];
        size_t end = (size_t)field->value.off + field->value.len;
        size = end > size ? end : size;
        end = (size_t)field->name.off + field->name.len;
        size = end > size ? end : size;
    }
    return size;
}

static const isere_http_request_t *
copy_request(JSContext *ctx, const isere_http_request_t *request)
{
    size_t size = request_size(request);
    isere_http_request_t *copy = js_malloc(ctx, sizeof(*copy));
    char *base = js_malloc(ctx, size + 1);
    if (!copy || !base) {
        return NULL;
    }
    *copy = *request;
    if (size > 0) {
        memcpy(base, request->base, size);
    }
    copy->base = base;
    return copy;
}

static int copy_slice(JSContext *ctx, isere_slice_t *slice)
{
    char *copy = js_malloc(ctx, slice->len + 1);
    if (!copy) {
        return -1;
    }
    if (slice->len > 0) {
        memcpy(copy, slice->ptr, slice->len);
    }
    slice->ptr = copy;
    return 0;
}

static int copy_parameters(JSContext *ctx, isere_invocation_t *invocation)
{
    size_t size =
        invocation->npath_parameters * sizeof(*invocation->path_parameters);
    if (size == 0) {
        return 0;
    }
    isere_path_parameter_t *copy = js_malloc(ctx, size);
    if (!copy) {
        return -1;
    }
    memcpy(copy, invocation->path_parameters, size);
    invocation->path_parameters = copy;
    for (size_t i = 0; i < invocation->npath_parameters; i++) {
        if (copy_slice(ctx, &copy[i].name) || copy_slice(ctx, &copy[i].value)) {
            return -1;
        }
    }
    return 0;
}

/* All that the invocation borrows, into the heap: the restore frees it. */
static int copy_invocation(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_invocation_t *invocation = &isolate->invocation;
    if (invocation->request) {
        invocation->request = copy_request(ctx, invocation->request);
        if (!invocation->request) {
            return -1;
        }
    }
    /* A Request has nothing of these. */
    invocation->event_json = isere_slice_of(NULL, 0);
    invocation->source_ip = "";
    invocation->route_key = "";
    return copy_parameters(ctx, invocation);
}

bool isere__linger(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    const isere_realm_t *realm = isolate->realm;
    bool began = isolate->outflow.lingers;
    isolate->outflow.lingers =
        isolate->outflow.state == ISERE_STREAM_OPEN ||
        (realm->lambda.is_fetch && isere_timers_next(ctx) != UINT64_MAX &&
         isere_fetch_is_waiting(ctx));
    if (!isolate->outflow.lingers || began) {
        return isolate->outflow.lingers;
    }
    if ((realm->response && isere_response_detach(ctx, realm->response)) ||
        copy_invocation(isolate)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        isere__isolate_logf(isolate, ISERE_LOG_ERROR,
                            "after the answer: no memory to wait for what "
                            "waitUntil was given, or to send a stream");
        isolate->error = isolate->outflow.state == ISERE_STREAM_OPEN
                             ? isere_error_answer(ISERE_ERROR_MEMORY)
                             : NULL;
        isolate->outflow.lingers = false;
    }
    return isolate->outflow.lingers;
}
