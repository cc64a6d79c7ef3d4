/* Reading a handler's response: which properties, in which order, and what an
 * object without any of them means. */
#include "core/lambda/response/response.h"
#include "core/code/js.h"
#include "core/lambda/response/response_decoder.h"
#include "core/util/text.h"
#include "core/web/fetch/response.h"
#include "isere/error.h"
#include <stdio.h>

#define NAME_SHOWN 40 /* bytes of a name in a reason */

/* Not snprintf with `text` as its format: it may hold a '%' some day. */
int isere__response_malformed(isere_decoder_t *d, const char *text,
                              isere_slice_t name)
{
    const char *place = strstr(text, "%s");
    int before = place ? (int)(place - text) : (int)strlen(text);
    name = isere_text_clip(name, NAME_SHOWN);
    snprintf(d->reason, ISERE_RESPONSE_REASON_MAX, "%.*s%.*s%s", before, text,
             place ? (int)name.len : 0, name.ptr ? name.ptr : "",
             place ? place + 2 : "");
    return ISERE_ERR_HANDLER;
}

/* A limit of the engine is not the response's fault: the caller decides. */
int isere__response_threw(isere_decoder_t *d, const char *while_doing)
{
    JSValue error = JS_GetException(d->ctx);
    if (isere_js_is_limit(d->ctx, error)) {
        if (JS_IsUninitialized(error)) {
            JS_ThrowOutOfMemory(d->ctx); /* see isere_js_settle */
        } else {
            JS_Throw(d->ctx, error);
        }
        return ISERE_ERR_LIMIT;
    }
    int len = snprintf(d->reason, ISERE_RESPONSE_REASON_MAX,
                       "%s threw: ", while_doing);
    isere_js_describe(d->ctx, error, d->reason + len,
                      ISERE_RESPONSE_REASON_MAX - (size_t)len);
    JS_FreeValue(d->ctx, error);
    return ISERE_ERR_HANDLER;
}

int isere_response_threw(JSContext *ctx, const char *while_doing,
                         char reason[ISERE_RESPONSE_REASON_MAX])
{
    isere_decoder_t d;
    d.ctx = ctx;
    d.reason = reason;
    return isere__response_threw(&d, while_doing);
}

static bool is_nothing(JSValueConst value)
{
    return JS_IsNull(value) || JS_IsUndefined(value);
}

/* The status code: an integer from 200 to 599, null or undefined for 200. 1xx
 * is refused: it would not end the exchange (RFC 9110 section 15.2). */
static int decode_status(isere_decoder_t *d, JSValueConst value)
{
    double number = 200;
    if (!is_nothing(value)) {
        if (!JS_IsNumber(value)) {
            return isere__response_malformed(d, "statusCode is not a number",
                                             isere_slice(""));
        }
        JS_ToFloat64(d->ctx, &number, value); /* a number: can't fail */
    }
    /* A comparison that is false for NaN, before any conversion. */
    if (!(number >= 200 && number <= 599) || number != (double)(int)number) {
        return isere__response_malformed(
            d, "statusCode is not an integer from 200 to 599", isere_slice(""));
    }
    d->response->status = (int)number;
    return 0;
}

/* Any value but true and false is refused: its meaning would be a guess. */
static int decode_base64_flag(isere_decoder_t *d, JSValueConst value,
                              bool *base64)
{
    *base64 = JS_IsBool(value) && JS_ToBool(d->ctx, value);
    if (!JS_IsBool(value) && !is_nothing(value)) {
        return isere__response_malformed(d, "isBase64Encoded is not a boolean",
                                         isere_slice(""));
    }
    return 0;
}

/* Reads a property, once. The exception is taken here, so that the reason can
 * name the property. */
static int get(isere_decoder_t *d, JSValueConst object, isere_name_t name,
               JSValue *value)
{
    static const char *const what[] = {
        [ISERE_NAME_STATUS_CODE] = "reading statusCode",
        [ISERE_NAME_HEADERS] = "reading headers",
        [ISERE_NAME_BODY] = "reading body",
        [ISERE_NAME_MULTI_VALUE_HEADERS] = "reading multiValueHeaders",
        [ISERE_NAME_COOKIES] = "reading cookies",
        [ISERE_NAME_IS_BASE64_ENCODED] = "reading isBase64Encoded",
    };
    *value = JS_GetProperty(d->ctx, object, d->names->atoms[name]);
    if (JS_IsException(*value)) {
        *value = JS_UNDEFINED;
        return isere__response_threw(d, what[name]);
    }
    return 0;
}

typedef int decode_fn(isere_decoder_t *d, JSValueConst value);

/* Reads a property and decodes it. The value is kept alive meanwhile: getters
 * of later properties may drop what it was read from. */
static int get_decoded(isere_decoder_t *d, JSValueConst object,
                       isere_name_t name, decode_fn *decode)
{
    JSValue value;
    int result = get(d, object, name, &value);
    if (result == 0) {
        result = decode(d, value);
    }
    JS_FreeValue(d->ctx, value);
    return result;
}

/* The properties that make an object a response. Held until the body is
 * decoded, which may lie in one of them. */
typedef struct parts {
    JSValue status;
    JSValue headers;
    JSValue body;
} parts_t;

/* Each property is read once: a getter could answer differently the next
 * time. */
static int read_parts(isere_decoder_t *d, JSValueConst object, parts_t *parts)
{
    int result = get(d, object, ISERE_NAME_STATUS_CODE, &parts->status);
    if (result == 0) {
        result = get(d, object, ISERE_NAME_HEADERS, &parts->headers);
    }
    if (result == 0) {
        result = get(d, object, ISERE_NAME_BODY, &parts->body);
    }
    return result;
}

static void free_parts(JSContext *ctx, parts_t *parts)
{
    JS_FreeValue(ctx, parts->status);
    JS_FreeValue(ctx, parts->headers);
    JS_FreeValue(ctx, parts->body);
}

/* Whether the object is a response: it has one of the parts, be it undefined
 * (`{ body: map.get(key) }`). Negative as isere__response_threw returns it. */
static int is_response(isere_decoder_t *d, JSValueConst object,
                       const parts_t *parts)
{
    static const isere_name_t names[] = {ISERE_NAME_STATUS_CODE,
                                         ISERE_NAME_HEADERS, ISERE_NAME_BODY};
    int has = !JS_IsUndefined(parts->status) ||
              !JS_IsUndefined(parts->headers) || !JS_IsUndefined(parts->body);
    for (int i = 0; i < 3 && has == 0; i++) {
        has = JS_HasProperty(d->ctx, object, d->names->atoms[names[i]]);
    }
    return has < 0 ? isere__response_threw(d, "reading the response") : has;
}

/* The order that response.h promises. Getters see it. */
static int decode_parts(isere_decoder_t *d, JSValueConst object,
                        const parts_t *parts)
{
    JSValue flag;
    bool base64;
    int result = decode_status(d, parts->status);
    if (result == 0) {
        result = isere__response_headers(d, parts->headers);
    }
    if (result == 0) {
        result = get_decoded(d, object, ISERE_NAME_MULTI_VALUE_HEADERS,
                             isere__response_multi_headers);
    }
    if (result == 0) {
        result =
            get_decoded(d, object, ISERE_NAME_COOKIES, isere__response_cookies);
    }
    if (result == 0) {
        isere__response_end_fields(d);
        result = get(d, object, ISERE_NAME_IS_BASE64_ENCODED, &flag);
    }
    if (result == 0) {
        result = decode_base64_flag(d, flag, &base64);
        JS_FreeValue(d->ctx, flag);
    }
    return result == 0 ? isere__response_body(d, parts->body, base64) : result;
}

/* An object without any part of a response is the body itself, as JSON. */
static int decode(isere_decoder_t *d, JSValueConst value)
{
    parts_t parts = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    if (!JS_IsObject(value)) {
        return isere__response_body(d, value, false);
    }
    int result = read_parts(d, value, &parts);
    if (result == 0) {
        result = is_response(d, value, &parts);
    }
    if (result == 0) {
        result = isere__response_body(d, value, false);
    } else if (result > 0) {
        result = decode_parts(d, value, &parts);
    }
    free_parts(d->ctx, &parts);
    return result;
}

/* No code of the handler runs. A content type is among the fields if there is
 * to be one. */
static int decode_answer(isere_decoder_t *d, JSValueConst answer)
{
    const isere_fetch_response_t *response = isere_fetch_response_of(answer);
    const isere_header_t *header = response->list->first;
    int result = 0;
    d->response->status = response->status;
    if (response->status == 0) {
        return isere__response_malformed(
            d, "the Response is Response.error(), which can't be sent",
            isere_slice(""));
    }
    for (; header && result == 0; header = header->next) {
        result =
            isere__response_field(d, isere_header_name(header), header->value);
    }
    if (result == 0) {
        isere__response_end_fields(d);
        d->has_type = true;
        result = isere__response_body(d, d->streamed, false);
    }
    return result;
}

typedef int read_fn(isere_decoder_t *d, JSValueConst value);

static int decode_by(JSContext *ctx, const isere_names_t *names,
                     JSValueConst value, JSValueConst streamed,
                     isere_response_t *response,
                     char reason[ISERE_RESPONSE_REASON_MAX], read_fn *read)
{
    isere_decoder_t d;
    /* Not the arrays: they are large and filled before they are read. */
    d.ctx = ctx;
    d.names = names;
    d.response = response;
    d.reason = reason;
    d.text_len = d.text_cap = 0;
    d.capacity = ISERE_FEW_RESPONSE_FIELDS;
    d.first_multi = 0;
    d.given = 0;
    d.has_type = false;
    d.streamed = streamed;
    response->status = 200;
    response->body = isere_slice_of(NULL, 0);
    response->body_is_text = false;
    response->default_type = false;
    response->nfields = 0;
    response->fields = response->few;
    response->many = NULL;
    response->field_text = NULL;
    response->body_text = NULL;
    response->body_bytes = NULL;
    response->body_owner = JS_UNDEFINED;
    reason[0] = '\0';
    int result = read(&d, value);
    /* A getter may have run out of memory without the engine saying so. */
    if (result == 0 && JS_HasException(ctx)) {
        result = ISERE_ERR_LIMIT; /* see isere_js_settle */
    }
    if (result != 0) {
        isere_response_free(ctx, response);
    }
    return result;
}

int isere_response_decode(JSContext *ctx, const isere_names_t *names,
                          JSValueConst value, isere_response_t *response,
                          char reason[ISERE_RESPONSE_REASON_MAX])
{
    return decode_by(ctx, names, value, JS_UNDEFINED, response, reason, decode);
}

int isere_response_decode_answer(JSContext *ctx, const isere_names_t *names,
                                 JSValueConst answer, JSValueConst streamed,
                                 isere_response_t *response,
                                 char reason[ISERE_RESPONSE_REASON_MAX])
{
    isere_body_t *content =
        isere__body_content(&isere_fetch_response_of(answer)->body);
    JSValueConst body =
        JS_IsUndefined(streamed) && content ? content->data : streamed;
    return decode_by(ctx, names, answer, body, response, reason, decode_answer);
}

void isere_response_free(JSContext *ctx, isere_response_t *response)
{
    js_free(ctx, response->many);
    js_free(ctx, response->field_text);
    js_free(ctx, response->body_bytes);
    if (response->body_text) {
        JS_FreeCString(ctx, response->body_text);
    }
    JS_FreeValue(ctx, response->body_owner);
    response->many = NULL;
    response->field_text = response->body_bytes = NULL;
    response->body_text = NULL;
    response->body_owner = JS_UNDEFINED;
}
