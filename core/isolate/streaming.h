/*
 * An answer whose body is a stream of the handler. Thread: the isolate's.
 */
#ifndef ISERE_CORE_ISOLATE_STREAMING_H
#define ISERE_CORE_ISOLATE_STREAMING_H

#include "core/isolate/isolate.h"
#include "quickjs.h"

/* What of it is in the heap. */
typedef struct isere_streaming {
    JSValue reader; /* undefined: there is none */
    JSValue next;   /* a promise of a chunk, or undefined */
    char *chunk;    /* a copy of the one that is being sent */
    size_t len;
    size_t at; /* what of it was taken */
} isere_streaming_t;

/* ... and outside of it: an invocation that has its answer. */
typedef struct isere_outflow {
    bool lingers; /* and goes on: for this, or for ctx.waitUntil */
    isere_stream_state_t state;
    bool wanted;  /* the next chunk was asked for */
    bool due;     /* ... since the isolate went on last */
    bool dropped; /* nobody reads it any more */
} isere_outflow_t;

void isere__streaming_init(isere_streaming_t *s);
void isere__streaming_free(JSContext *ctx, isere_streaming_t *s);

/* Within exec_run, as are the next two. Takes the stream of a Response, which
 * can't be read by others then: 0, or -1 with an exception pending. */
int isere__streaming_open(struct isere_isolate *isolate, JSValueConst response);

/* Goes on with it, if it is open: gets the next chunk where that is wanted, or
 * tells the handler that nobody reads it. */
void isere__streaming_go_on(struct isere_isolate *isolate);

#endif
