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

/* Throws a TypeError and returns -1 when fewer arguments came than needed. */
int isere__url_check_args(JSContext *ctx, int argc, int needed);

/*
 * An object of the class with the prototype that `new_target` asks for, or
 * the class's own for undefined.
 */
JSValue isere__url_new_object(JSContext *ctx, JSValueConst new_target,
                              JSClassID class_id);

/* Adds a class: its constructor with static and prototype members. 0 or -1. */
typedef struct isere_url_class {
    JSClassID id;
    const JSClassDef *def;
    JSCFunction *constructor;
    int length; /* of the constructor */
    const JSCFunctionListEntry *members;
    int member_count;
    const JSCFunctionListEntry *statics;
    int static_count;
} isere_url_class_t;

int isere__url_define_class(JSContext *ctx, JSValueConst global,
                            const isere_url_class_t *class);

/* Entries of function lists as Web IDL wants them: enumerable. */
#define ISERE_URL_METHOD(name, length, function, magic)                        \
    {                                                                          \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, magic, .u = {                       \
            .func = {length,                                                   \
                     JS_CFUNC_generic_magic,                                   \
                     {.generic_magic = function}}                              \
        }                                                                      \
    }
#define ISERE_URL_ACCESSOR(name, getter_, setter_, magic)                      \
    {                                                                          \
        name, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE, JS_DEF_CGETSET_MAGIC, \
            magic, .u = {                                                      \
                .getset = {.get = {.getter_magic = getter_},                   \
                           .set = {.setter_magic = setter_}}                   \
            }                                                                  \
    }

#endif
