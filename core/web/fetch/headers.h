/*
 * The class Headers (Fetch section 5.1): what it shares with Request and
 * Response. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_HEADERS_H
#define ISERE_CORE_WEB_FETCH_HEADERS_H

#include "core/web/fetch/header_list.h"

/* The list of a Headers object, borrowed; NULL for other values. */
isere_header_list_t *isere__headers_of(JSValueConst value);

/* A Headers object that shares the list. */
JSValue isere__headers_new(JSContext *ctx, isere_header_list_t *list);

/* The object that stands in *object, made when it is asked for first, as a new
 * reference. */
JSValue isere__headers_get(JSContext *ctx, isere_header_list_t *list,
                           JSValue *object);

/* Adds what `init` has (a HeadersInit): everything is read before anything is
 * added. 0, or -1 with an exception pending. */
int isere__headers_fill(JSContext *ctx, isere_header_list_t *list,
                        JSValueConst init);

/* Adds a field after checking it. 0, or -1 with a TypeError pending. */
int isere__headers_append(JSContext *ctx, isere_header_list_t *list,
                          JSValueConst name, JSValueConst value);

/* A name as text, checked: 0, or -1 with a TypeError pending. Freed with
 * JS_FreeCString(name->ptr). */
int isere__headers_name(JSContext *ctx, JSValueConst value,
                        isere_slice_t *name);

/* What Headers.prototype.entries was at first: whether a function is that. */
bool isere__headers_is_entries(JSContext *ctx, JSValueConst function);

void isere__headers_register(void);
int isere__headers_register_in(JSRuntime *rt);

/* Adds the class to an object. 0, or -1 with an exception pending. */
int isere__headers_define(JSContext *ctx, JSValueConst object);

#endif
