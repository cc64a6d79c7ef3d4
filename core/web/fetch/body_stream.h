/*
 * The stream of a body that is there as a whole, until somebody reads it.
 *
 * `new Response(response.body, response)` is how frameworks change an answer,
 * and no code of theirs ever reads that stream. So `body` gives an object that
 * is a ReadableStream for whoever looks at it: with the first method that is
 * called, or when ReadableStream is asked for, the library is loaded, and all
 * these objects become streams of it. Until then they cost their content and no
 * library. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_BODY_STREAM_H
#define ISERE_CORE_WEB_FETCH_BODY_STREAM_H

#include "core/web/fetch/body.h"

/* An object with this content, which it takes. JS_EXCEPTION when out of memory:
 * nothing was taken then. */
JSValue isere__body_stream_new(JSContext *ctx, const isere_body_t *content);

/* What such an object holds, borrowed; NULL for other values, and when it has
 * become a stream of the library. */
isere_body_t *isere__body_stream_content(JSValueConst value);

/* Whether it is one of these, whatever it has become. */
bool isere__body_stream_is(JSValueConst value);

/* The library was loaded: all become streams of it. 0, or -1 with an exception
 * pending. */
int isere__body_stream_adopt(JSContext *ctx);

void isere__body_stream_register(void);
int isere__body_stream_register_in(JSRuntime *rt);

/* Makes their prototype. 0, or -1 with an exception pending. */
int isere__body_stream_define(JSContext *ctx);

#endif
