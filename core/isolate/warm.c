/*
 * The end of an invocation that leaves its heap to the next one: what engines
 * without isolation do. It serves to measure the price of a restore, so it does
 * all that such an engine would: values are freed, and garbage collected when
 * the engine thinks that it is time.
 */
#include "core/isolate/isolate_internal.h"
#include "core/web/timers.h"

static void free_value(JSContext *ctx, JSValue *value)
{
    JS_FreeValue(ctx, *value);
    *value = JS_UNDEFINED;
}

bool isere__warm_keep(isere_isolate_t *isolate)
{
    isere_realm_t *realm = isolate->realm;
    JSContext *ctx = isolate->heap.ctx;
    /* What failed may have left anything half done. */
    if (isolate->function->config.isolation != ISERE_ISOLATION_NONE ||
        isolate->state != ISERE_ISOLATE_COMPLETE || isolate->error ||
        isolate->stop.interrupted || isolate->stop.abandoned ||
        isolate->stop.exhausted) {
        return false;
    }
    isere_timers_clear(ctx);
    isere_response_free(ctx, realm->response);
    js_free(ctx, realm->response);
    realm->response = NULL;
    for (int i = 0; i < 3; i++) {
        free_value(ctx, &realm->args[i]);
    }
    free_value(ctx, &realm->promise);
    realm->answering = false;
    realm->answered = false;
    free_value(ctx, &realm->collected);
    isere__streaming_free(ctx, &realm->streaming);
    return isere_lambda_renew(ctx, &realm->lambda) == 0;
}
