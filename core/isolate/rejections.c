/* Promises that were rejected unhandled (ECMA-262,
 * HostPromiseRejectionTracker). Whether code handles one later is known only
 * when the invocation ends, so they are kept in a list in the heap until
 * then. */
#include "core/isolate/isolate_internal.h"
#include "core/web/inspect/inspect.h"

/* Both are referenced: the promise is compared by its address later, which must
 * not be used again meanwhile. */
static void add(JSContext *ctx, isere_realm_t *realm, JSValueConst promise,
                JSValueConst reason)
{
    isere_rejection_t *r = js_malloc(ctx, sizeof(*r));
    if (!r) {
        /* No memory to remember it for the log: then it is not logged. */
        JS_FreeValue(ctx, JS_GetException(ctx));
        return;
    }
    r->promise = JS_DupValue(ctx, promise);
    r->reason = JS_DupValue(ctx, reason);
    r->next = realm->rejections;
    realm->rejections = r;
}

/* A walk: few promises are rejected without a handler, and fewer are handled
 * later. */
static void forget(JSContext *ctx, isere_realm_t *realm, JSValueConst promise)
{
    isere_rejection_t **link = &realm->rejections;
    while (*link) {
        isere_rejection_t *r = *link;
        if (JS_VALUE_GET_PTR(r->promise) == JS_VALUE_GET_PTR(promise)) {
            *link = r->next;
            JS_FreeValue(ctx, r->promise);
            JS_FreeValue(ctx, r->reason);
            js_free(ctx, r);
            return;
        }
        link = &r->next;
    }
}

static void track(JSContext *ctx, JSValueConst promise, JSValueConst reason,
                  JS_BOOL is_handled, void *opaque)
{
    (void)opaque;
    if (is_handled) {
        forget(ctx, isere__isolate_realm(ctx), promise);
    } else {
        add(ctx, isere__isolate_realm(ctx), promise, reason);
    }
}

void isere__rejections_install(isere_isolate_t *isolate)
{
    JS_SetHostPromiseRejectionTracker(isolate->heap.rt, track, NULL);
}

static bool is_awaited(const isere_realm_t *realm, const isere_rejection_t *r)
{
    return JS_IsObject(realm->promise) &&
           JS_VALUE_GET_PTR(realm->promise) == JS_VALUE_GET_PTR(r->promise);
}

static void report(isere_isolate_t *isolate, JSValueConst reason)
{
    JSContext *ctx = isolate->heap.ctx;
    size_t len;
    char *text = isere_inspect_text(ctx, reason, &len);
    if (!text) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        isere__isolate_logf(isolate, ISERE_LOG_ERROR, "unhandled rejection");
        return;
    }
    char *line = js_malloc(ctx, len + 32);
    if (line) {
        static const char prefix[] = "unhandled rejection: ";
        memcpy(line, prefix, sizeof(prefix) - 1);
        memcpy(line + sizeof(prefix) - 1, text, len);
        isere__isolate_log(isolate, ISERE_LOG_ERROR,
                           isere_slice_of(line, sizeof(prefix) - 1 + len));
        js_free(ctx, line);
    }
    js_free(ctx, text);
}

/* Logged, not fatal as in Node: the client has its answer, or gets one. */
void isere__rejections_report(isere_isolate_t *isolate)
{
    JSContext *ctx = isolate->heap.ctx;
    isere_realm_t *realm = isolate->realm;
    while (realm->rejections) {
        isere_rejection_t *r = realm->rejections;
        realm->rejections = r->next;
        if (!is_awaited(realm, r)) { /* else it is the handler's failure */
            report(isolate, r->reason);
        }
        JS_FreeValue(ctx, r->promise);
        JS_FreeValue(ctx, r->reason);
        js_free(ctx, r);
    }
}
