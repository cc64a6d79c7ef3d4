/*
 * Globals that are in JavaScript (js/web): bytecode in read-only memory, which
 * is read into a heap when a function touches one of them. Until then a global
 * costs the heap its name.
 *
 * They come in parts. A part is one function that returns what it has: globals,
 * and functions for the core and other parts, which a handler never sees.
 */
#ifndef ISERE_CORE_WEB_LAZY_LAZY_H
#define ISERE_CORE_WEB_LAZY_LAZY_H

#include "quickjs.h"
#include <stdbool.h>

typedef enum isere_lazy_part {
    ISERE_LAZY_BASE, /* what the others are given */
    ISERE_LAZY_EXCEPTION,
    ISERE_LAZY_EVENT,
    ISERE_LAZY_ABORT,
    ISERE_LAZY_MISC,
    ISERE_LAZY_MESSAGE,
    ISERE_LAZY_STREAMS_LIBRARY, /* web-streams-polyfill, as a function */
    ISERE_LAZY_STREAMS,
    ISERE_LAZY_COMPRESSION,
    ISERE_LAZY_BLOB,
    ISERE_LAZY_FORM_DATA,
    ISERE_LAZY_URL_PATTERN_LIBRARY, /* urlpattern-polyfill */
    ISERE_LAZY_URL_PATTERN,
    ISERE_LAZY_FETCH, /* in C: core/web/fetch */
    ISERE_LAZY_PARTS,
} isere_lazy_part_t;

/*
 * Calls a function of a part, which is loaded if need be. Borrows the
 * arguments. JS_EXCEPTION as JS_Call.
 */
JSValue isere_lazy_call(JSContext *ctx, isere_lazy_part_t part,
                        const char *name, int argc, JSValueConst *argv);

bool isere_lazy_is_loaded(JSContext *ctx, isere_lazy_part_t part);

/* Loads a part if need be, whatever became of its globals. 0, or -1 with an
 * exception pending. */
int isere_lazy_need(JSContext *ctx, isere_lazy_part_t part);

/* Whether a value is an object of the part's own class: what its function
 * `name` says, without running a handler's code. A part that is not loaded has
 * no objects. */
bool isere_lazy_is(JSContext *ctx, isere_lazy_part_t part, const char *name,
                   JSValueConst value);

/* Memory that loading the global of that name may take; 0: there is none. */
size_t isere_lazy_room(const char *name, size_t len);

/*
 * Loads the global of that name, if there is one. For names in a function's
 * code: what is loaded before that runs has the builtins as they were, and no
 * request pays for it. 0, or -1 with an exception pending.
 */
int isere_lazy_touch(JSContext *ctx, const char *name, size_t len);

#endif
