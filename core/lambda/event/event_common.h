/*
 * What the event formats share: building plain objects, and the parts of a
 * request as JavaScript values. Nothing here calls user code: properties are
 * defined, never set, and looked up on the object itself only.
 */
#ifndef ISERE_CORE_LAMBDA_EVENT_EVENT_COMMON_H
#define ISERE_CORE_LAMBDA_EVENT_EVENT_COMMON_H

#include "core/code/js_text.h"
#include "core/lambda/invocation.h"
#include "quickjs.h"

/*
 * A plain object under construction. After the first failure puts only free
 * their values, so that callers check once, at isere__event_object_end.
 */
typedef struct isere_object {
    JSContext *ctx;
    JSValue value;
    bool failed;
} isere_object_t;

isere_object_t isere__event_object_begin(JSContext *ctx);

/* Defines an own property, replacing one of that name. Takes the value; one
 * that is JS_EXCEPTION makes the object fail. */
void isere__event_object_put(isere_object_t *object, const char *name,
                             JSValue value);
void isere__event_object_put_atom(isere_object_t *object, JSAtom name,
                                  JSValue value);

/* The object, or JS_EXCEPTION with the exception pending. */
JSValue isere__event_object_end(isere_object_t *object);

/* The same for arrays; the index is counted here. */
typedef struct isere_list {
    JSContext *ctx;
    JSValue value;
    uint32_t length;
    bool failed;
} isere_list_t;

isere_list_t isere__event_list_begin(JSContext *ctx);
void isere__event_list_add(isere_list_t *list, JSValue value);
JSValue isere__event_list_end(isere_list_t *list);

/* The string of percent-decoded bytes; ill-formed UTF-8 becomes U+FFFD. */
JSValue isere__event_text_decoded(isere_js_text_t *text, isere_slice_t encoded,
                                  bool plus_is_space);

/* How repeated fields and parameters become one value. */
typedef enum isere_merge {
    ISERE_MERGE_LAST,        /* the last one wins (1.0) */
    ISERE_MERGE_COMMA,       /* joined with ","  (2.0; parameters) */
    ISERE_MERGE_COMMA_SPACE, /* joined with ", " */
} isere_merge_t;

/* The fields as an object with names in lower case; Cookie fields are joined
 * with "; " whatever `merge` says. With LAST the last of a name wins, and names
 * are as the first was sent. */
JSValue isere__event_headers(JSContext *ctx,
                             const isere_http_request_t *request,
                             isere_merge_t merge);

/* The fields as an object of arrays, names as the first of each was sent. */
JSValue isere__event_multi_headers(JSContext *ctx,
                                   const isere_http_request_t *request);

/* The cookies of all Cookie fields; whether there is one. */
JSValue isere__event_cookies(JSContext *ctx,
                             const isere_http_request_t *request);
bool isere__event_has_cookies(const isere_http_request_t *request);

/* The decoded parameters of a query string (without '?'), one value each or
 * as arrays; JS_NULL when there is none. */
JSValue isere__event_query(JSContext *ctx, isere_slice_t query,
                           isere_merge_t merge);
JSValue isere__event_multi_query(JSContext *ctx, isere_slice_t query);

/* The decoded path parameters; JS_NULL when there is none. */
JSValue isere__event_path_parameters(JSContext *ctx,
                                     const isere_invocation_t *invocation);

/* The body as text, or as base64 when it is not UTF-8; JS_NULL when there is
 * none. */
JSValue isere__event_raw_body(JSContext *ctx,
                              const isere_http_request_t *request);

/*
 * The value of a JSON text that is an object or array, `text` itself where it
 * is anything else. Takes `text`, a string.
 */
JSValue isere__event_parse_body(JSContext *ctx, JSValue text);

/* Whether the request's content type is JSON or not given, and its body, if
 * it is JSON, an object or array. */
bool isere__event_is_structured(const isere_http_request_t *request);

/* The host of the Host field without its port, and its first label (the
 * whole of an address). */
isere_slice_t isere__event_domain(const isere_http_request_t *request);
isere_slice_t isere__event_domain_prefix(isere_slice_t domain);

#define ISERE_EVENT_TIME_LEN 26

/* "dd/Mon/yyyy:HH:mm:ss +0000" and a NUL. */
void isere__event_time(int64_t unix_us, char out[ISERE_EVENT_TIME_LEN + 1]);

#endif
