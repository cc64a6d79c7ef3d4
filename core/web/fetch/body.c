/* Bodies of Request and Response: what they are made from, and being read. */
#include "core/web/fetch/body.h"
#include "core/http/request.h"
#include "core/util/ascii.h"
#include "core/web/fetch/body_stream.h"
#include "core/web/lazy/lazy.h"
#include "core/web/url/url.h"
#include "core/web/web.h"
#include <string.h>

void isere__body_init(isere_body_t *body)
{
    body->data = JS_UNDEFINED;
    body->kind = ISERE_BODY_NONE;
    body->used = false;
}

void isere__body_set_text(isere_body_t *body, JSValue text)
{
    body->data = text;
    body->kind = ISERE_BODY_TEXT;
    body->used = false;
}

void isere__body_free(JSRuntime *rt, isere_body_t *body)
{
    JS_FreeValueRT(rt, body->data);
}

void isere__body_mark(JSRuntime *rt, const isere_body_t *body,
                      JS_MarkFunc *mark_func)
{
    JS_MarkValue(rt, body->data, mark_func);
}

/* ---- what a body is made from ---- */

/* A string with lone surrogates replaced; takes `string`. */
static JSValue well_formed(JSContext *ctx, JSValue string)
{
    isere_url_string_t text;
    if (JS_IsException(string) || isere__url_string_get(ctx, string, &text)) {
        JS_FreeValue(ctx, string);
        return JS_EXCEPTION;
    }
    if (text.repaired) {
        JS_FreeValue(ctx, string);
        string = isere__url_new_string(ctx, text.text);
    }
    isere__url_string_free(ctx, &text);
    return string;
}

static JSValue new_bytes(JSContext *ctx, const void *bytes, size_t len)
{
    JSValue arguments[3] = {
        JS_NewArrayBufferCopy(ctx, bytes ? bytes : "", bytes ? len : 0),
        JS_UNDEFINED, JS_UNDEFINED};
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    JSValue array = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    return array;
}

/* One call of a part with one argument, which is borrowed. */
static JSValue call(JSContext *ctx, isere_lazy_part_t part, const char *name,
                    JSValueConst argument)
{
    return isere_lazy_call(ctx, part, name, 1, &argument);
}

static bool ask(JSContext *ctx, isere_lazy_part_t part, const char *name,
                JSValueConst argument)
{
    return isere_lazy_is(ctx, part, name, argument);
}

static int set(isere_body_t *body, isere_body_kind_t kind, JSValue data)
{
    if (JS_IsException(data)) {
        isere__body_init(body);
        return -1;
    }
    body->kind = kind;
    body->data = data;
    body->used = false;
    return 0;
}

static int extract_blob(JSContext *ctx, JSValueConst blob, isere_body_t *body,
                        JSValue *type)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    JSValue held = call(ctx, ISERE_LAZY_BLOB, "bytesOf", blob);
    JSValue name = JS_IsException(held)
                       ? held
                       : call(ctx, ISERE_LAZY_BLOB, "typeOf", blob);
    int error = JS_IsException(name) ||
                        isere__web_bytes_if_any(ctx, held, &bytes, &len) < 0
                    ? -1
                    : set(body, ISERE_BODY_BYTES, new_bytes(ctx, bytes, len));
    JS_FreeValue(ctx, held);
    if (error < 0) {
        JS_FreeValue(ctx, name);
        return -1;
    }
    size_t name_len = 0;
    const char *text = JS_ToCStringLen(ctx, &name_len, name);
    JS_FreeCString(ctx, text);
    if (text && name_len > 0) {
        *type = name;
        return 0;
    }
    JS_FreeValue(ctx, name);
    return text ? 0 : -1;
}

static int extract_form(JSContext *ctx, JSValueConst form, isere_body_t *body,
                        JSValue *type)
{
    JSValue blob = call(ctx, ISERE_LAZY_FORM_DATA, "write", form);
    int error = JS_IsException(blob) ? -1 : extract_blob(ctx, blob, body, type);
    JS_FreeValue(ctx, blob);
    return error;
}

static int extract_params(JSContext *ctx, isere_url_params_object_t *params,
                          isere_body_t *body, JSValue *type)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_slice_t text;
    char *serialised;
    int error = isere__url_params_serialise(&memory, &params->list, &serialised,
                                            &text.len);
    if (error) {
        isere__url_throw(ctx, error);
        return -1;
    }
    text.ptr = serialised;
    error = set(body, ISERE_BODY_TEXT, isere__url_new_string(ctx, text));
    js_free(ctx, serialised);
    *type =
        JS_NewString(ctx, "application/x-www-form-urlencoded;charset=UTF-8");
    return error;
}

/* Whether a stream was read from, and whether somebody has it to read from. */
static bool is_disturbed(JSContext *ctx, JSValueConst stream)
{
    const isere_body_t *content = isere__body_stream_content(stream);
    return content ? content->used
                   : ask(ctx, ISERE_LAZY_STREAMS, "isDisturbed", stream);
}

static bool is_locked(JSContext *ctx, JSValueConst stream)
{
    return !isere__body_stream_content(stream) &&
           ask(ctx, ISERE_LAZY_STREAMS, "isLocked", stream);
}

static int extract_stream(JSContext *ctx, JSValueConst stream,
                          isere_body_t *body)
{
    if (is_disturbed(ctx, stream) || is_locked(ctx, stream)) {
        JS_ThrowTypeError(ctx, "the stream is locked or was read from");
        return -1;
    }
    return set(body, ISERE_BODY_STREAM, JS_DupValue(ctx, stream));
}

/* By what an object is, without running its code; -2 for what is to become a
 * string. */
static int extract_object(JSContext *ctx, JSValueConst value,
                          isere_body_t *body, JSValue *type)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int found = isere__web_bytes_if_any(ctx, value, &bytes, &len);
    if (found != 0) {
        return found < 0
                   ? -1
                   : set(body, ISERE_BODY_BYTES, new_bytes(ctx, bytes, len));
    }
    isere_url_params_object_t *params = isere__url_search_params_of(value);
    if (params) {
        return extract_params(ctx, params, body, type);
    }
    if (ask(ctx, ISERE_LAZY_BLOB, "isBlob", value)) {
        return extract_blob(ctx, value, body, type);
    }
    if (ask(ctx, ISERE_LAZY_FORM_DATA, "isFormData", value)) {
        return extract_form(ctx, value, body, type);
    }
    if (isere__body_stream_content(value) ||
        ask(ctx, ISERE_LAZY_STREAMS, "isStream", value)) {
        return extract_stream(ctx, value, body);
    }
    return -2;
}

int isere__body_extract(JSContext *ctx, JSValueConst value, isere_body_t *body,
                        JSValue *type)
{
    int error = JS_IsObject(value)
                    ? (*type = JS_NULL, extract_object(ctx, value, body, type))
                    : -2;
    if (error == -2) {
        error = set(body, ISERE_BODY_TEXT,
                    well_formed(ctx, JS_ToString(ctx, value)));
        *type = error ? JS_NULL : JS_NewString(ctx, "text/plain;charset=UTF-8");
    }
    if (error == 0 && JS_IsException(*type)) {
        isere__body_free(JS_GetRuntime(ctx), body);
        error = -1;
    }
    if (error) {
        isere__body_init(body);
    }
    return error;
}

/* ---- streams ---- */

isere_body_t *isere__body_content(isere_body_t *body)
{
    return body->kind == ISERE_BODY_STREAM
               ? isere__body_stream_content(body->data)
               : body;
}

bool isere__body_is_used(JSContext *ctx, const isere_body_t *body)
{
    return body->used ||
           (body->kind == ISERE_BODY_STREAM && is_disturbed(ctx, body->data));
}

int isere__body_check_usable(JSContext *ctx, const isere_body_t *body)
{
    if (isere__body_is_used(ctx, body) ||
        (body->kind == ISERE_BODY_STREAM && is_locked(ctx, body->data))) {
        JS_ThrowTypeError(ctx,
                          "the body was read already, or its stream is locked");
        return -1;
    }
    return 0;
}

static isere_slice_t incoming(JSContext *ctx)
{
    const isere_http_request_t *request = isere_host_request(ctx);
    return request ? isere_http_slice(request, request->body)
                   : isere_slice_of(NULL, 0);
}

/* A Uint8Array of its own. */
JSValue isere__body_bytes(JSContext *ctx, const isere_body_t *content)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (content->kind == ISERE_BODY_TEXT) {
        return isere__text_encode(ctx, content->data);
    }
    if (content->kind == ISERE_BODY_INCOMING) {
        isere_slice_t text = incoming(ctx);
        return new_bytes(ctx, text.ptr, text.len);
    }
    if (content->kind == ISERE_BODY_BYTES &&
        isere__web_bytes_if_any(ctx, content->data, &bytes, &len) < 0) {
        return JS_EXCEPTION;
    }
    return new_bytes(ctx, bytes, len);
}

/* Where the library is there already, one of its own. One that was read has a
 * stream that is closed. */
static JSValue new_stream(JSContext *ctx, isere_body_t *body)
{
    if (!isere_lazy_is_loaded(ctx, ISERE_LAZY_STREAMS)) {
        JSValue object = isere__body_stream_new(ctx, body);
        if (!JS_IsException(object)) {
            body->data = JS_UNDEFINED;
        }
        return object;
    }
    JSValue bytes =
        body->used ? new_bytes(ctx, NULL, 0) : isere__body_bytes(ctx, body);
    JSValue arguments[2] = {bytes, JS_NewBool(ctx, body->used)};
    JSValue stream = JS_IsException(bytes)
                         ? bytes
                         : isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "fromBody",
                                           2, (JSValueConst *)arguments);
    JS_FreeValue(ctx, bytes);
    return stream;
}

JSValue isere__body_stream(JSContext *ctx, isere_body_t *body)
{
    if (body->kind == ISERE_BODY_NONE) {
        return JS_NULL;
    }
    if (body->kind != ISERE_BODY_STREAM) {
        JSValue stream = new_stream(ctx, body);
        if (JS_IsException(stream)) {
            return stream;
        }
        JS_FreeValue(ctx, body->data);
        body->data = stream;
        body->kind = ISERE_BODY_STREAM;
    }
    return JS_DupValue(ctx, body->data);
}

JSValue isere__body_read_all(JSContext *ctx, isere_body_t *body)
{
    return call(ctx, ISERE_LAZY_STREAMS, "readAll", body->data);
}

/* The stream that a body has become is not that of its clone, nor the body's
 * any more, and nobody can read it. */
static void copy_content(JSContext *ctx, isere_body_t *content,
                         isere_body_t *copy)
{
    copy->kind = content->kind;
    copy->data = JS_DupValue(ctx, content->data);
    copy->used = false;
}

int isere__body_clone(JSContext *ctx, isere_body_t *body, isere_body_t *copy)
{
    isere__body_init(copy);
    if (isere__body_check_usable(ctx, body) < 0) {
        return -1;
    }
    isere_body_t *content = isere__body_content(body);
    if (content) {
        copy_content(ctx, content, copy);
        if (content != body) {
            JSValue stream = body->data;
            copy_content(ctx, content, body);
            content->used = true;
            JS_FreeValue(ctx, stream);
        }
        return 0;
    }
    JSValue both = call(ctx, ISERE_LAZY_STREAMS, "tee", body->data);
    JSValue first =
        JS_IsException(both) ? both : JS_GetPropertyUint32(ctx, both, 0);
    JSValue second = JS_IsException(first) ? JS_EXCEPTION
                                           : JS_GetPropertyUint32(ctx, both, 1);
    JS_FreeValue(ctx, both);
    if (JS_IsException(second)) {
        JS_FreeValue(ctx, first);
        return -1;
    }
    JS_FreeValue(ctx, body->data);
    body->data = first;
    copy->kind = ISERE_BODY_STREAM;
    copy->data = second;
    return 0;
}

int isere__body_hand_over(JSContext *ctx, isere_body_t *body,
                          isere_body_t *other)
{
    isere__body_init(other);
    if (isere__body_check_usable(ctx, body) < 0) {
        return -1;
    }
    isere_body_t *content = isere__body_content(body);
    if (content) {
        copy_content(ctx, content, other);
        content->used = content->kind != ISERE_BODY_NONE;
        return 0;
    }
    if (set(other, ISERE_BODY_STREAM,
            call(ctx, ISERE_LAZY_STREAMS, "handOver", body->data)) < 0) {
        return -1;
    }
    body->used = true;
    return 0;
}

/* ---- being read ---- */

/* "UTF-8 decode" of what is held; of a string, without a byte order mark. */
static JSValue to_text(JSContext *ctx, const isere_body_t *body)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (body->kind == ISERE_BODY_INCOMING) {
        isere_slice_t text = incoming(ctx);
        return isere__text_decode(ctx, (const uint8_t *)text.ptr, text.len);
    }
    if (body->kind == ISERE_BODY_TEXT) {
        const char *text = JS_ToCStringLen(ctx, &len, body->data);
        bool marked = text && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
        JSValue result = !text    ? JS_EXCEPTION
                         : marked ? JS_NewStringLen(ctx, text + 3, len - 3)
                                  : JS_DupValue(ctx, body->data);
        JS_FreeCString(ctx, text);
        return result;
    }
    return isere__web_bytes_if_any(ctx, body->data, &bytes, &len) < 0
               ? JS_EXCEPTION
               : isere__text_decode(ctx, bytes, len);
}

static JSValue to_json(JSContext *ctx, const isere_body_t *body)
{
    size_t len;
    JSValue string = to_text(ctx, body);
    const char *text =
        JS_IsException(string) ? NULL : JS_ToCStringLen(ctx, &len, string);
    JSValue value =
        text ? JS_ParseJSON(ctx, text, len, "<body>") : JS_EXCEPTION;
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, string);
    return value;
}

/* The type of a Blob: in lower case, but for its parameters. */
static JSValue blob_type(JSContext *ctx, JSValueConst type)
{
    size_t len = 0;
    const char *text =
        JS_IsNull(type) ? NULL : JS_ToCStringLen(ctx, &len, type);
    if (!text) {
        return JS_IsNull(type) ? JS_NewString(ctx, "") : JS_EXCEPTION;
    }
    char *lower = js_malloc(ctx, len + 1);
    bool parameters = false;
    for (size_t i = 0; lower && i < len; i++) {
        parameters = parameters || text[i] == ';';
        lower[i] = parameters ? text[i] : isere_ascii_lower(text[i]);
    }
    JSValue result = lower ? JS_NewStringLen(ctx, lower, len) : JS_EXCEPTION;
    js_free(ctx, lower);
    JS_FreeCString(ctx, text);
    return result;
}

/* Calls a part with the bytes and a content type; takes `type`. */
static JSValue with_type(JSContext *ctx, isere_lazy_part_t part,
                         const char *name, const isere_body_t *body,
                         JSValue type)
{
    JSValue arguments[2] = {JS_IsException(type) ? JS_EXCEPTION
                                                 : isere__body_bytes(ctx, body),
                            type};
    JSValue result =
        JS_IsException(arguments[0])
            ? JS_EXCEPTION
            : isere_lazy_call(ctx, part, name, 2, (JSValueConst *)arguments);
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, type);
    return result;
}

static JSValue convert(JSContext *ctx, const isere_body_t *body,
                       isere_body_form_t form, JSValueConst type)
{
    JSValue bytes;
    JSValue buffer;
    switch (form) {
    case ISERE_BODY_AS_TEXT:
        return to_text(ctx, body);
    case ISERE_BODY_AS_JSON:
        return to_json(ctx, body);
    case ISERE_BODY_AS_BYTES:
        return isere__body_bytes(ctx, body);
    case ISERE_BODY_AS_ARRAY_BUFFER:
        bytes = isere__body_bytes(ctx, body);
        buffer = JS_IsException(bytes)
                     ? bytes
                     : JS_GetTypedArrayBuffer(ctx, bytes, NULL, NULL, NULL);
        JS_FreeValue(ctx, bytes);
        return buffer;
    case ISERE_BODY_AS_BLOB:
        return with_type(ctx, ISERE_LAZY_BLOB, "make", body,
                         blob_type(ctx, type));
    default:
        return with_type(ctx, ISERE_LAZY_FORM_DATA, "parse", body,
                         JS_IsNull(type) ? JS_NewString(ctx, "")
                                         : JS_DupValue(ctx, type));
    }
}

/* All that a stream gave, in the form that was asked for. */
static JSValue finish(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv, int magic, JSValue *data)
{
    isere_body_t all = {.data = argv[0], .kind = ISERE_BODY_BYTES};
    (void)self;
    (void)argc;
    return convert(ctx, &all, (isere_body_form_t)magic, data[0]);
}

static JSValue consume_stream(JSContext *ctx, isere_body_t *body,
                              isere_body_form_t form, JSValueConst type)
{
    JSValue arguments[2] = {
        JS_DupValue(ctx, body->data),
        JS_NewCFunctionData(ctx, finish, 1, (int)form, 1, &type)};
    JSValue promise = JS_EXCEPTION;
    if (!JS_IsException(arguments[1])) {
        promise = isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "readThen", 2,
                                  (JSValueConst *)arguments);
    }
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    return promise;
}

/* A promise that is settled: takes the value, or what was thrown. Without
 * memory for an error there is none for a promise. */
static JSValue settled(JSContext *ctx, JSValue value)
{
    JSValue resolving[2];
    bool rejected = JS_IsException(value);
    if (rejected) {
        value = JS_GetException(ctx);
        if (JS_IsNull(value) || JS_IsUninitialized(value)) {
            return JS_Throw(ctx, value);
        }
    }
    JSValue promise = JS_NewPromiseCapability(ctx, resolving);
    if (JS_IsException(promise)) {
        JS_FreeValue(ctx, value);
        return promise;
    }
    JSValue done = JS_Call(ctx, resolving[rejected], JS_UNDEFINED, 1,
                           (JSValueConst *)&value);
    JS_FreeValue(ctx, resolving[0]);
    JS_FreeValue(ctx, resolving[1]);
    JS_FreeValue(ctx, value);
    if (JS_IsException(done)) {
        JS_FreeValue(ctx, promise);
        return done;
    }
    JS_FreeValue(ctx, done);
    return promise;
}

JSValue isere__body_consume(JSContext *ctx, isere_body_t *body,
                            isere_body_form_t form, JSValueConst type)
{
    if (!body || JS_IsException(type) ||
        isere__body_check_usable(ctx, body) < 0) {
        return settled(ctx, JS_EXCEPTION);
    }
    isere_body_t *content = isere__body_content(body);
    if (!content) {
        return consume_stream(ctx, body, form, type);
    }
    content->used = content->kind != ISERE_BODY_NONE;
    return settled(ctx, convert(ctx, content, form, type));
}
