/*
 * The class Request (Fetch section 5.4). Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_REQUEST_H
#define ISERE_CORE_WEB_FETCH_REQUEST_H

#include "core/web/fetch/body.h"
#include "core/web/fetch/header_list.h"

/* Members that are one of a few words: their number in the list of
 * request_options.c. */
typedef enum isere_request_option {
    ISERE_REQUEST_CACHE,
    ISERE_REQUEST_CREDENTIALS,
    ISERE_REQUEST_MODE,
    ISERE_REQUEST_REDIRECT,
    ISERE_REQUEST_REFERRER_POLICY,
    ISERE_REQUEST_PRIORITY,
    ISERE_REQUEST_OPTIONS,
} isere_request_option_t;

/* What a Request object holds. What is undefined or NULL is that of the request
 * that runs, read when it is asked for. */
typedef struct isere_fetch_request {
    JSValue method;
    JSValue url;
    isere_header_list_t *list;
    JSValue headers; /* the Headers object, once asked for */
    isere_body_t body;
    JSValue signal;    /* once asked for */
    JSValue follows;   /* the signal that it depends on */
    JSValue integrity; /* a string, or undefined for none */
    uint8_t options[ISERE_REQUEST_OPTIONS];
    bool keepalive;
    bool no_referrer;
} isere_fetch_request_t;

/* The request that runs, as an object. */
JSValue isere_fetch_request_incoming(JSContext *ctx);

/* A Request of parts, all borrowed: a method, a URL, what Headers are made
 * from, and a body (JS_NULL: none). */
JSValue isere_fetch_request_new(JSContext *ctx, JSValueConst method,
                                JSValueConst url, JSValueConst headers,
                                JSValueConst body);

/* What the value holds if it is a Request, else NULL. */
isere_fetch_request_t *isere_fetch_request_of(JSValueConst value);

/* An object with the defaults of all members; undefined and NULL for the rest.
 */
JSValue isere__fetch_request_object(JSContext *ctx, JSValueConst target,
                                    isere_fetch_request_t **request);

/* The members that are made when they are asked for, as new references, and the
 * list, borrowed. JS_EXCEPTION or NULL with an exception pending. */
JSValue isere__fetch_request_method(JSContext *ctx,
                                    isere_fetch_request_t *request);
JSValue isere__fetch_request_url(JSContext *ctx,
                                 isere_fetch_request_t *request);
JSValue isere__fetch_request_signal(JSContext *ctx,
                                    isere_fetch_request_t *request);
isere_header_list_t *isere__fetch_request_list(JSContext *ctx,
                                               isere_fetch_request_t *request);

/* request_init.c: the constructor. */
JSValue isere__fetch_request_construct(JSContext *ctx, JSValueConst target,
                                       int argc, JSValueConst *argv);

/* request_options.c: the word of an option, and its number: -1 with a TypeError
 * pending when it is none of them. */
const char *isere__fetch_request_word(isere_request_option_t option,
                                      unsigned number);
int isere__fetch_request_number(JSContext *ctx, isere_request_option_t option,
                                JSValueConst value);

/* The numbers of what is not said, and of some words. */
enum {
    ISERE_CACHE_ONLY_IF_CACHED = 5,
    ISERE_CREDENTIALS_SAME_ORIGIN = 1,
    ISERE_MODE_SAME_ORIGIN = 0,
    ISERE_MODE_NO_CORS = 1,
    ISERE_MODE_CORS = 2,
    ISERE_MODE_NAVIGATE = 3,
};

void isere__fetch_request_register(void);
int isere__fetch_request_register_in(JSRuntime *rt);

/* Adds the class to an object. 0, or -1 with an exception pending. */
int isere__fetch_request_define(JSContext *ctx, JSValueConst object);

#endif
