/* JSON of a server, read by the engine. The parser is the one that handlers
 * use, fuzzed and patched; a second one in C would be more code to attack. */
#include "apps/isere/client/reply.h"
#include "isere/error.h"
#include <stdlib.h>

#define MEMORY ((size_t)128 << 20) /* taken as it is needed */
#define STACK ((size_t)256 << 10)

int isere_reply_init(isere_reply_t *reply, const isere_port_t *port)
{
    memset(reply, 0, sizeof(*reply));
    reply->value = JS_UNDEFINED;
    return isere_engine_init(&reply->heap, port, MEMORY, STACK);
}

static void release_texts(isere_reply_t *reply)
{
    for (size_t i = 0; i < reply->ntexts; i++) {
        JS_FreeCString(reply->heap.ctx, reply->texts[i]);
    }
    reply->ntexts = 0;
}

/* The heap goes as a whole: values in it need not be released. */
void isere_reply_deinit(isere_reply_t *reply)
{
    free(reply->texts);
    reply->texts = NULL;
    isere_heap_deinit(&reply->heap);
}

static void parse(void *arg)
{
    isere_reply_t *reply = arg;
    JSContext *ctx = reply->heap.ctx;
    /* The stack limit counts from here: main may have called us from any
     * depth. */
    JS_UpdateStackTop(reply->heap.rt);
    release_texts(reply);
    JS_FreeValue(ctx, reply->value);
    reply->value =
        JS_ParseJSON(ctx, reply->parsing.ptr, reply->parsing.len, "<answer>");
    reply->failed = JS_IsException(reply->value);
    if (reply->failed) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        reply->value = JS_UNDEFINED;
    }
}

bool isere_reply_parse(isere_reply_t *reply, isere_slice_t text)
{
    reply->parsing = text;
    return isere_heap_run(&reply->heap, parse, reply) && !reply->failed &&
           JS_IsObject(reply->value) &&
           /* Every response of the admin API is an object. */
           JS_IsArray(reply->heap.ctx, reply->value) == 0;
}

/* JSON.parse makes plain properties only: reading one runs no code, and the
 * object keeps the value alive. */
static JSValueConst borrowed(JSContext *ctx, JSValue value)
{
    if (JS_IsException(value)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return JS_UNDEFINED;
    }
    JS_FreeValue(ctx, value);
    return value;
}

JSValueConst isere_reply_member(isere_reply_t *reply, JSValueConst value,
                                const char *name)
{
    JSContext *ctx = reply->heap.ctx;
    return JS_IsObject(value)
               ? borrowed(ctx, JS_GetPropertyStr(ctx, value, name))
               : JS_UNDEFINED;
}

JSValueConst isere_reply_element(isere_reply_t *reply, JSValueConst value,
                                 uint32_t index)
{
    JSContext *ctx = reply->heap.ctx;
    return JS_IsObject(value)
               ? borrowed(ctx, JS_GetPropertyUint32(ctx, value, index))
               : JS_UNDEFINED;
}

uint32_t isere_reply_count(isere_reply_t *reply, JSValueConst value)
{
    JSContext *ctx = reply->heap.ctx;
    uint32_t count = 0;
    /* Not a server's "length" of some other object. */
    if (JS_IsArray(ctx, value) != 1 ||
        JS_ToUint32(ctx, &count, isere_reply_member(reply, value, "length"))) {
        return 0;
    }
    return count;
}

/* Remembers a text, to release it later. */
static isere_slice_t keep(isere_reply_t *reply, const char *text, size_t len)
{
    JSContext *ctx = reply->heap.ctx;
    if (!text) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return isere_slice(NULL);
    }
    if (reply->ntexts == reply->room) {
        size_t room = reply->room ? 2 * reply->room : 64;
        const char **texts =
            /* The texts are released with the reply; callers use dozens at
             * most. */
            realloc((void *)reply->texts, room * sizeof(*texts));
        if (!texts) {
            JS_FreeCString(ctx, text);
            return isere_slice(NULL);
        }
        reply->texts = texts;
        reply->room = room;
    }
    reply->texts[reply->ntexts++] = text;
    return isere_slice_of(text, len);
}

/* Only strings: 42 as a name would be a server's mistake, not to be hidden. */
isere_slice_t isere_reply_as_text(isere_reply_t *reply, JSValueConst value)
{
    size_t len = 0;
    if (!JS_IsString(value)) {
        return isere_slice(NULL);
    }
    const char *text = JS_ToCStringLen(reply->heap.ctx, &len, value);
    return keep(reply, text, len);
}

isere_slice_t isere_reply_text(isere_reply_t *reply, JSValueConst value,
                               const char *name)
{
    return isere_reply_as_text(reply, isere_reply_member(reply, value, name));
}

uint64_t isere_reply_number(isere_reply_t *reply, JSValueConst value,
                            const char *name)
{
    JSValueConst member = isere_reply_member(reply, value, name);
    double number = 0;
    if (!JS_IsNumber(member) ||
        JS_ToFloat64(reply->heap.ctx, &number, member) || !(number >= 0) ||
        /* Beyond 2^53 a double is no longer exact. `!(>= 0)` also catches
         * NaN. */
        number > 9007199254740992.0) {
        return 0;
    }
    return (uint64_t)number;
}

/* As the engine writes it: numbers and escapes may look different from what the
 * server sent. */
isere_slice_t isere_reply_json(isere_reply_t *reply, JSValueConst value)
{
    JSContext *ctx = reply->heap.ctx;
    JSValue text = JS_JSONStringify(ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    isere_slice_t json = isere_slice(NULL);
    if (JS_IsException(text)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return json;
    }
    json = isere_reply_as_text(reply, text);
    JS_FreeValue(ctx, text);
    return json;
}
