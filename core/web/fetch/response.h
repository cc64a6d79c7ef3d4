/*
 * The class Response (Fetch section 5.5). Thread: the one that runs the
 * context.
 */
#ifndef ISERE_CORE_WEB_FETCH_RESPONSE_H
#define ISERE_CORE_WEB_FETCH_RESPONSE_H

#include "core/web/fetch/body.h"
#include "core/web/fetch/header_list.h"

/* What a Response object holds. */
typedef struct isere_fetch_response {
    isere_header_list_t *list;
    JSValue headers;     /* the Headers object, once asked for */
    JSValue status_text; /* a string, or undefined for none */
    isere_body_t body;
    uint16_t status;
    bool is_error; /* Response.error() */
} isere_fetch_response_t;

/* What the value holds if it is a Response, else NULL. */
isere_fetch_response_t *isere_fetch_response_of(JSValueConst value);

void isere__fetch_response_register(void);
int isere__fetch_response_register_in(JSRuntime *rt);

/* Adds the class to an object. 0, or -1 with an exception pending. */
int isere__fetch_response_define(JSContext *ctx, JSValueConst object);

#endif
