/* The body of a response: text, bytes or JSON. It stays where it is in the heap
 * wherever possible. */
#include "core/code/js.h"
#include "core/code/json.h"
#include "core/lambda/response/response_decoder.h"
#include "core/util/encode/base64.h"
#include "core/web/web.h"
#include "isere/error.h"

/* Adds the content type that a kind of body has by default. */
static int add_type(isere_decoder_t *d, const char *type)
{
    isere_response_t *response = d->response;
    if (d->has_type) {
        return 0;
    }
    int result = isere__response_reserve_field(d);
    if (result != 0) {
        return result;
    }
    response->default_type = true;
    response->fields[response->nfields].name = isere_slice("Content-Type");
    response->fields[response->nfields].value = isere_slice(type);
    response->nfields++;
    return 0;
}

/*
 * Replaces lone surrogates, which QuickJS writes as three bytes ED A0..BF xx,
 * by U+FFFD, three bytes as well. Text of ASCII may be the string itself, but
 * it has none; all other text is a copy made for the caller.
 */
static void repair_surrogates(const char *text, size_t len)
{
    unsigned char *p = (unsigned char *)(uintptr_t)text;
    for (size_t i = 0; i + 2 < len; i++) {
        if (p[i] == 0xED && p[i + 1] >= 0xA0) {
            memcpy(p + i, "\xEF\xBF\xBD", 3);
            i += 2;
        }
    }
}

/* Body text; the response keeps the memory. */
static int text_body(isere_decoder_t *d, JSValueConst string)
{
    isere_response_t *response = d->response;
    size_t len;
    response->body_text = JS_ToCStringLen(d->ctx, &len, string);
    if (!response->body_text) {
        return isere__response_threw(d, "the body");
    }
    repair_surrogates(response->body_text, len);
    response->body = isere_slice_of(response->body_text, len);
    response->body_is_text = true;
    return 0;
}

/* undefined, functions and symbols have no JSON form: JSON.stringify gives
 * undefined. */
static int json_body(isere_decoder_t *d, JSValueConst value)
{
    JSValue json = JS_JSONStringify(d->ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    if (JS_IsException(json)) {
        return isere__response_threw(d, "JSON.stringify of the body");
    }
    if (!JS_IsString(json)) {
        JS_FreeValue(d->ctx, json);
        return isere__response_malformed(d, "the body has no JSON form",
                                         isere_slice(""));
    }
    int result = text_body(d, json);
    JS_FreeValue(d->ctx, json);
    return result == 0 ? add_type(d, "application/json") : result;
}

/* The same for values that can be written without running code. Sets *done to
 * false for others: nothing has been done then. */
static int plain_json_body(isere_decoder_t *d, JSValueConst value, bool *done)
{
    isere_response_t *response = d->response;
    isere_js_text_t text = isere_js_text_begin(d->ctx);
    isere_json_t written =
        isere_json_write(&text, d->names->atoms[ISERE_NAME_TO_JSON], value);
    if (written != ISERE_JSON_WRITTEN) {
        isere_js_text_free(&text);
        *done = written == ISERE_JSON_FAILED;
        return *done ? isere__response_threw(d, "JSON of the body") : 0;
    }
    *done = true;
    response->body_bytes = text.ptr;
    response->body = isere_slice_of(text.ptr, text.len);
    response->body_is_text = true;
    return add_type(d, "application/json");
}

/* What kind of object holds bytes. */
typedef enum bytes_kind {
    NO_BYTES,
    BUFFER,
    TYPED_ARRAY,
} bytes_kind_t;

/*
 * Finds out by the class of the object, which user code can't change. QuickJS
 * has no question for it that does not throw, so classes are compared with
 * those of fresh objects; plain ones, the usual case, are told at once.
 * Returns 0 or -1 with an exception pending.
 */
static int classify_bytes(JSContext *ctx, JSValueConst value,
                          bytes_kind_t *kind)
{
    JSClassID class_id = JS_GetClassID(value);
    JSValue global = JS_GetGlobalObject(ctx);
    bool plain = class_id == JS_GetClassID(global);
    JSValueConst no_elements = JS_NewInt32(ctx, 0);
    *kind = NO_BYTES;
    JS_FreeValue(ctx, global);
    if (plain) {
        return 0;
    }
    JSValue shared = JS_NewArrayBuffer(ctx, NULL, 0, NULL, NULL, true);
    JSValue array =
        JS_NewTypedArray(ctx, 1, &no_elements, JS_TYPED_ARRAY_UINT8C);
    JSValue buffer = JS_IsException(array)
                         ? JS_EXCEPTION
                         : JS_GetTypedArrayBuffer(ctx, array, NULL, NULL, NULL);
    int result = JS_IsException(shared) || JS_IsException(buffer) ? -1 : 0;
    if (result == 0) {
        JSClassID first = JS_GetClassID(array);
        if (class_id == JS_GetClassID(buffer) ||
            class_id == JS_GetClassID(shared)) {
            *kind = BUFFER;
        } else if (class_id >= first &&
                   class_id <= first + JS_TYPED_ARRAY_FLOAT64) {
            *kind = TYPED_ARRAY;
        }
    }
    JS_FreeValue(ctx, buffer);
    JS_FreeValue(ctx, array);
    JS_FreeValue(ctx, shared);
    return result;
}

/* The bytes of a buffer or typed array, where they are; the response keeps
 * the buffer alive. */
static int bytes_body(isere_decoder_t *d, JSValueConst value, bool view)
{
    JSContext *ctx = d->ctx;
    size_t offset = 0;
    size_t len = 0;
    size_t size;
    JSValue buffer =
        view ? JS_GetTypedArrayBuffer(ctx, value, &offset, &len, NULL)
             : JS_DupValue(ctx, value);
    if (JS_IsException(buffer)) {
        return isere__response_threw(d, "reading the body's bytes");
    }
    d->response->body_owner = buffer;
    uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, buffer);
    if (!bytes && JS_HasException(ctx)) {
        return isere__response_threw(d, "reading the body's bytes");
    }
    if (!view) {
        len = size;
    }
    /* A buffer may have shrunk under its view. */
    if (offset > size || len > size - offset) {
        return isere__response_malformed(d, "the body lies outside its buffer",
                                         isere_slice(""));
    }
    d->response->body = isere_slice_of(bytes ? bytes + offset : NULL, len);
    return add_type(d, "application/octet-stream");
}

/* The bytes of a DataView, the one kind of buffer or view that is left; *done
 * is false for other values. The view keeps its buffer alive. */
static int view_body(isere_decoder_t *d, JSValueConst value, bool *done)
{
    uint8_t *bytes;
    size_t len;
    int found = isere_web_bytes(d->ctx, value, &bytes, &len);
    *done = found != 0;
    if (found < 0) {
        return isere__response_threw(d, "reading the body's bytes");
    }
    if (found == 0) {
        return 0;
    }
    d->response->body_owner = JS_DupValue(d->ctx, value);
    d->response->body = isere_slice_of(bytes, len);
    return add_type(d, "application/octet-stream");
}

/* One byte more: an empty body has a block of its own, too, and NULL means that
 * memory ran out. */
int isere_response_detach(JSContext *ctx, isere_response_t *response)
{
    isere_slice_t body = response->body;
    if (!JS_IsObject(response->body_owner)) {
        return 0;
    }
    response->body_bytes = js_malloc(ctx, body.len + 1);
    if (!response->body_bytes) {
        return ISERE_ERR_LIMIT;
    }
    if (body.len > 0) {
        memcpy(response->body_bytes, body.ptr, body.len);
    }
    response->body = isere_slice_of(response->body_bytes, body.len);
    JS_FreeValue(ctx, response->body_owner);
    response->body_owner = JS_UNDEFINED;
    return 0;
}

/* Decoded into a buffer of the heap, at three quarters of the text's size. */
static int base64_body(isere_decoder_t *d, JSValueConst string)
{
    isere_response_t *response = d->response;
    size_t len;
    if (!JS_IsString(string)) {
        return isere__response_malformed(
            d, "isBase64Encoded is true, but the body is not a string",
            isere_slice(""));
    }
    const char *text = JS_ToCStringLen(d->ctx, &len, string);
    if (!text) {
        return isere__response_threw(d, "the body");
    }
    response->body_bytes = js_malloc(d->ctx, ISERE_BASE64_DECODED(len));
    long decoded = response->body_bytes
                       ? isere_base64_decode(text, len, response->body_bytes)
                       : 0;
    JS_FreeCString(d->ctx, text);
    if (!response->body_bytes) {
        return isere__response_threw(d, "the body");
    }
    if (decoded < 0) {
        return isere__response_malformed(
            d, "isBase64Encoded is true, but the body is not base64",
            isere_slice(""));
    }
    response->body = isere_slice_of(response->body_bytes, (size_t)decoded);
    return add_type(d, "application/octet-stream");
}

/* JSON without running code is tried first: most bodies are plain objects, and
 * for others it stops at once. */
int isere__response_body(isere_decoder_t *d, JSValueConst body, bool base64)
{
    bytes_kind_t kind = NO_BYTES;
    bool done;
    if (JS_IsNull(body) || JS_IsUndefined(body)) {
        return 0;
    }
    if (base64) {
        return base64_body(d, body);
    }
    if (JS_IsString(body)) {
        int result = add_type(d, "text/plain; charset=utf-8");
        return result == 0 ? text_body(d, body) : result;
    }
    int result = plain_json_body(d, body, &done);
    if (done) {
        return result;
    }
    if (JS_IsObject(body) && classify_bytes(d->ctx, body, &kind) < 0) {
        return isere__response_threw(d, "the body");
    }
    if (kind != NO_BYTES) {
        return bytes_body(d, body, kind == TYPED_ARRAY);
    }
    result = view_body(d, body, &done);
    return done ? result : json_body(d, body);
}
