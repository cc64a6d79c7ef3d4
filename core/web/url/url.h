/*
 * The classes URL and URLSearchParams: what their two files share, and the
 * registration for web.c. All state lies in the JavaScript heap; nothing here
 * uses core/web/host.h. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_URL_URL_H
#define ISERE_CORE_WEB_URL_URL_H

#include "core/web/url/url_params.h"
#include "core/web/url/url_parser.h"
#include "quickjs.h"

/* The part of it that belongs to URLSearchParams, and its installation. */
void isere__url_search_params_register(void);
int isere__url_search_params_install(JSContext *ctx, JSValueConst global);

/* What a URL object holds. */
typedef struct isere_url_object {
    isere_url_t url;
    JSValue params; /* its searchParams once asked for, else undefined */
} isere_url_object_t;

/*
 * What a URLSearchParams object holds. The owner is not a reference: a URL
 * that is freed clears it, and by then no code can see the URL any more.
 */
typedef struct isere_url_params_object {
    isere_url_params_t list;
    isere_url_object_t *owner; /* the URL it belongs to, or NULL */
} isere_url_params_object_t;

/* A new URLSearchParams object for a URL, holding the pairs of its query. */
JSValue isere__url_search_params_new(JSContext *ctx, isere_url_object_t *owner);

/* What the value holds if it is a URL or URLSearchParams object, else NULL. */
isere_url_object_t *isere__url_of(JSValueConst value);
isere_url_params_object_t *isere__url_search_params_of(JSValueConst value);

/* Memory of the heap; for finalizers by the runtime. */
isere_url_memory_t isere__url_memory(JSContext *ctx);
isere_url_memory_t isere__url_memory_rt(JSRuntime *rt);

/* Throws what an error of the layer below means: TypeError for
 * ISERE_ERR_INVAL; memory errors have thrown already. Returns JS_EXCEPTION. */
JSValue isere__url_throw(JSContext *ctx, int error);

/* A string argument as well-formed UTF-8 (USVString). */
typedef struct isere_url_string {
    isere_slice_t text;
    const char *cstring; /* what QuickJS handed out */
    char *repaired;      /* a copy without lone surrogates, or NULL */
} isere_url_string_t;

/* Converts a value. 0, or -1 with an exception pending. */
int isere__url_string_get(JSContext *ctx, JSValueConst value,
                          isere_url_string_t *string);
void isere__url_string_free(JSContext *ctx, isere_url_string_t *string);

/* A JavaScript string of a slice. */
JSValue isere__url_new_string(JSContext *ctx, isere_slice_t text);

/* A value as a URL without a base, in its normal form (href), the caller's;
 * with a TypeError for what is none. *has_credentials, where that is not NULL,
 * says whether it has a user name or a password. */
JSValue isere__url_normalise(JSContext *ctx, JSValueConst value,
                             bool *has_credentials);

#endif
