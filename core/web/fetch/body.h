/*
 * Bodies of Request and Response (Fetch section 5.3, "Body"). A body is part of
 * the object's own memory. What only some bodies need, streams, Blobs and
 * forms, is in JavaScript (js/web) and loaded when it is needed. Thread: the
 * one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_BODY_H
#define ISERE_CORE_WEB_FETCH_BODY_H

#include "isere/slice.h"
#include "quickjs.h"
#include <stdbool.h>

typedef enum isere_body_kind {
    ISERE_BODY_NONE,
    ISERE_BODY_TEXT,     /* a well-formed string */
    ISERE_BODY_BYTES,    /* a Uint8Array that nobody else has */
    ISERE_BODY_STREAM,   /* a ReadableStream; also of a body whose stream
                            somebody asked for */
    ISERE_BODY_INCOMING, /* the bytes of the request that runs */
} isere_body_kind_t;

typedef struct isere_body {
    JSValue data; /* owned; undefined where there is none */
    isere_body_kind_t kind;
    bool used;
} isere_body_t;

/* No body. */
void isere__body_init(isere_body_t *body);

void isere__body_free(JSRuntime *rt, isere_body_t *body);
void isere__body_mark(JSRuntime *rt, const isere_body_t *body,
                      JS_MarkFunc *mark_func);

/*
 * "Extract a body" from a value, which is neither null nor undefined: *body is
 * overwritten, *type becomes the content type that goes with it (the caller's,
 * JS_NULL for none). 0, or -1 with an exception pending and nothing to free.
 */
int isere__body_extract(JSContext *ctx, JSValueConst value, isere_body_t *body,
                        JSValue *type);

/* A body of a string that is well-formed, which it takes. */
void isere__body_set_text(isere_body_t *body, JSValue text);

/* Whether it was read ("disturbed"). */
bool isere__body_is_used(JSContext *ctx, const isere_body_t *body);

/* 0, or -1 with a TypeError pending: it was read, or its stream is locked. */
int isere__body_check_usable(JSContext *ctx, const isere_body_t *body);

/* Makes *copy a copy. 0, or -1 with an exception pending. */
int isere__body_clone(JSContext *ctx, isere_body_t *body, isere_body_t *copy);

/* Makes *other what is left of it; it is used from then on. 0, or -1. */
int isere__body_hand_over(JSContext *ctx, isere_body_t *body,
                          isere_body_t *other);

/* What is there as a whole: of a body, or of the stream that it has become and
 * that nobody has read. NULL: only its stream has it. */
isere_body_t *isere__body_content(isere_body_t *body);

/* All of a content as a Uint8Array of its own. */
JSValue isere__body_bytes(JSContext *ctx, const isere_body_t *content);

/* Its stream, made if need be, the caller's; JS_NULL for no body. */
JSValue isere__body_stream(JSContext *ctx, isere_body_t *body);

/* A promise of all bytes of a body that is a stream, as a Uint8Array. */
JSValue isere__body_read_all(JSContext *ctx, isere_body_t *body);

/* What can be asked for. */
typedef enum isere_body_form {
    ISERE_BODY_AS_ARRAY_BUFFER,
    ISERE_BODY_AS_BLOB,
    ISERE_BODY_AS_BYTES,
    ISERE_BODY_AS_FORM_DATA,
    ISERE_BODY_AS_JSON,
    ISERE_BODY_AS_TEXT,
} isere_body_form_t;

/* A promise of the body in that form. `body` is NULL where `this` was another
 * object: an exception is pending then, with which the promise is rejected.
 * `type`: the object's content type, borrowed; JS_NULL for none. */
JSValue isere__body_consume(JSContext *ctx, isere_body_t *body,
                            isere_body_form_t form, JSValueConst type);

/* The six methods, for lists of members. */
#define ISERE_BODY_METHODS(function)                                           \
    ISERE_CLASS_METHOD("arrayBuffer", 0, function,                             \
                       ISERE_BODY_AS_ARRAY_BUFFER),                            \
        ISERE_CLASS_METHOD("blob", 0, function, ISERE_BODY_AS_BLOB),           \
        ISERE_CLASS_METHOD("bytes", 0, function, ISERE_BODY_AS_BYTES),         \
        ISERE_CLASS_METHOD("formData", 0, function, ISERE_BODY_AS_FORM_DATA),  \
        ISERE_CLASS_METHOD("json", 0, function, ISERE_BODY_AS_JSON),           \
        ISERE_CLASS_METHOD("text", 0, function, ISERE_BODY_AS_TEXT)

#endif
