/* Compression for js/web/compression.js, by the port: its state lies in the
 * heap, in the bytes of an ArrayBuffer that no handler sees. */
#include "isere/compression.h"
#include "core/web/lazy/lazy_internal.h"
#include "core/web/web.h"

/* Bytes of a chunk that is made. */
enum { CHUNK = 16384 };

typedef struct stream {
    const isere_compression_t *port;
    isere_compression_memory_t memory;
    bool ended; /* the state was released */
    bool over;  /* the end of what is decompressed was seen */
    uint64_t state[];
} stream_t;

static void *alloc(void *heap, size_t size)
{
    return js_malloc_rt(heap, size);
}

static void release(void *heap, void *block)
{
    js_free_rt(heap, block);
}

static void end(stream_t *stream)
{
    if (!stream->ended) {
        stream->ended = true;
        stream->port->end(stream->state);
    }
}

static void free_stream(JSRuntime *rt, void *opaque, void *bytes)
{
    (void)opaque;
    end(bytes);
    js_free_rt(rt, bytes);
}

/* open(FORMAT, DECOMPRESS): FORMAT is an isere_compression_format_t. */
static JSValue open_stream(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    const isere_compression_t *port = isere_host_compression(ctx);
    uint32_t format = 0;
    (void)self;
    (void)argc;
    if (!port) {
        return isere__web_throw_dom(
            ctx, "NotSupportedError",
            "this server was built without compression");
    }
    JS_ToUint32(ctx, &format, argv[0]);
    size_t size = sizeof(stream_t) + port->state_size;
    stream_t *stream = js_malloc(ctx, size);
    if (!stream) {
        return JS_EXCEPTION;
    }
    *stream = (stream_t){
        .port = port,
        .memory = {JS_GetRuntime(ctx), alloc, release},
    };
    if (port->begin(stream->state, (isere_compression_format_t)format,
                    JS_ToBool(ctx, argv[1]), &stream->memory) < 0) {
        js_free(ctx, stream);
        return JS_ThrowOutOfMemory(ctx);
    }
    JSValue object = JS_NewArrayBuffer(ctx, (uint8_t *)stream, size,
                                       free_stream, NULL, false);
    if (JS_IsException(object)) {
        free_stream(JS_GetRuntime(ctx), NULL, stream);
    }
    return object;
}

static stream_t *stream_of(JSContext *ctx, JSValueConst object)
{
    size_t size;
    return (stream_t *)JS_GetArrayBuffer(ctx, &size, object);
}

/* close(STREAM): its memory, of which a compression has a quarter of a
 * megabyte. */
static JSValue close_stream(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv)
{
    stream_t *stream = stream_of(ctx, argv[0]);
    (void)self;
    (void)argc;
    if (stream) {
        end(stream);
    }
    return JS_UNDEFINED;
}

static int append_chunk(JSContext *ctx, JSValueConst list, uint32_t *count,
                        const uint8_t *bytes, size_t len)
{
    JSValue arguments[3] = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    arguments[0] = JS_NewArrayBufferCopy(ctx, bytes, len);
    JSValue chunk =
        JS_IsException(arguments[0])
            ? JS_EXCEPTION
            : JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    if (JS_IsException(chunk)) {
        return -1;
    }
    return JS_DefinePropertyValueUint32(ctx, list, (*count)++, chunk,
                                        JS_PROP_C_W_E);
}

/* All that a part of the input makes, as chunks in a list. 0 or 1 as the port's
 * step, or -1 with an exception pending. */
static int run(JSContext *ctx, stream_t *stream, isere_compression_io_t *io,
               bool last, uint8_t *room, JSValueConst list)
{
    uint32_t count = 0;
    int result = 0;
    do {
        io->out = room;
        io->out_len = CHUNK;
        result = stream->port->step(stream->state, io, last);
        if (result == ISERE_ERR_NOMEM) {
            JS_ThrowOutOfMemory(ctx);
            return -1;
        }
        if (result < 0) {
            JS_ThrowTypeError(ctx, "the compressed data is malformed");
            return -1;
        }
        if (io->out_len < CHUNK &&
            append_chunk(ctx, list, &count, room, CHUNK - io->out_len) < 0) {
            return -1;
        }
    } while (result == 0 && (io->in_len > 0 || io->out_len == 0));
    return result;
}

/* step(STREAM, BYTES, LAST): the chunks that this makes; undefined when BYTES
 * are no bytes. */
static JSValue step(JSContext *ctx, JSValueConst self, int argc,
                    JSValueConst *argv)
{
    static const uint8_t nothing[1];
    static const char behind[] =
        "there is more behind the end of the compressed data";
    stream_t *stream = stream_of(ctx, argv[0]);
    isere_compression_io_t io = {.in = nothing};
    bool last = JS_ToBool(ctx, argv[2]);
    uint8_t *bytes = NULL;
    (void)self;
    (void)argc;
    if (!stream || stream->ended) {
        return JS_ThrowTypeError(ctx, "the stream is closed");
    }
    if (!last) {
        int found = isere__web_bytes_if_any(ctx, argv[1], &bytes, &io.in_len);
        if (found <= 0) {
            return found < 0 ? JS_EXCEPTION : JS_UNDEFINED;
        }
        io.in = bytes ? bytes : nothing;
    }
    JSValue list = JS_NewArray(ctx);
    uint8_t *room = JS_IsException(list) ? NULL : js_malloc(ctx, CHUNK);
    int result = !room          ? -1
                 : stream->over ? 1
                                : run(ctx, stream, &io, last, room, list);
    js_free(ctx, room);
    if (result > 0 && io.in_len > 0) {
        JS_ThrowTypeError(ctx, "%s", behind);
        result = -1;
    }
    if (result < 0) {
        JS_FreeValue(ctx, list);
        return JS_EXCEPTION;
    }
    stream->over = result > 0;
    return list;
}

/* isOver(STREAM): whether the end was seen. Input that is left behind it was
 * found by step. */
static JSValue is_over(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv)
{
    const stream_t *stream = stream_of(ctx, argv[0]);
    (void)self;
    (void)argc;
    return JS_NewBool(ctx, stream && stream->over);
}

JSValue isere__lazy_compression(JSContext *ctx)
{
    static const JSCFunctionListEntry members[] = {
        JS_CFUNC_DEF("open", 2, open_stream),
        JS_CFUNC_DEF("step", 3, step),
        JS_CFUNC_DEF("isOver", 1, is_over),
        JS_CFUNC_DEF("close", 1, close_stream),
    };
    JSValue object = JS_NewObjectProto(ctx, JS_NULL);
    if (!JS_IsException(object)) {
        JS_SetPropertyFunctionList(ctx, object, members,
                                   sizeof(members) / sizeof(*members));
    }
    return object;
}
