/*
 * Walks over what a handler gives where Web IDL wants a sequence: an object's
 * own iterator, whose code is the handler's and may throw anywhere. Thread: the
 * one that runs the context.
 */
#ifndef ISERE_CORE_WEB_ITERATE_H
#define ISERE_CORE_WEB_ITERATE_H

#include "quickjs.h"

/* An iterator record (ECMA-262 section 7.4.1). */
typedef struct isere_iteration {
    JSValue object;
    JSValue next;
} isere_iteration_t;

/* The iterator method of an object, the caller's; JS_UNDEFINED when it has
 * none, JS_EXCEPTION when it is no function. */
JSValue isere__iterate_method(JSContext *ctx, JSValueConst object);

/* Begins to iterate. 0, or -1 with an exception pending: nothing is to be
 * closed then. */
int isere__iterate_open(JSContext *ctx, JSValueConst object,
                        JSValueConst method, isere_iteration_t *it);

/* 1 with the next value in *value (the caller's), 0 at the end, -1 with an
 * exception pending. */
int isere__iterate_step(JSContext *ctx, isere_iteration_t *it, JSValue *value);

void isere__iterate_close(JSContext *ctx, isere_iteration_t *it);

/* The two members of a pair as strings, the caller's. 0, or -1 with an
 * exception pending: a TypeError with that message unless it has exactly two.
 */
int isere__iterate_pair(JSContext *ctx, JSValueConst pair, const char *message,
                        JSValue members[2]);

/* Whether an object has an own enumerable property of that name, which getters
 * may have changed since the names were listed (Web IDL's record). -1 with an
 * exception pending. */
int isere__iterate_has_property(JSContext *ctx, JSValueConst object,
                                JSAtom name);

/* The entry [name, value] of an iterator. Takes both, which may be
 * JS_EXCEPTION: so is the entry then. */
JSValue isere__iterate_new_entry(JSContext *ctx, JSValue name, JSValue value);

#endif
