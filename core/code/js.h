/*
 * Telling the engine's limit errors from those of the code it runs, and
 * looking at values without running any.
 */
#ifndef ISERE_CORE_CODE_JS_H
#define ISERE_CORE_CODE_JS_H

#include "isere/isere.h"
#include "quickjs.h"

/*
 * Whether a thrown value is the engine's: an InternalError (out of memory,
 * stack overflow, interrupted), or null, which the engine throws when not
 * even the memory for an error object is left. Calls no user code, does not
 * go by names that a handler can change. Leaves no exception pending.
 */
bool isere_js_is_limit(JSContext *ctx, JSValueConst thrown);

/*
 * Makes "failed" and "exception pending" the same thing. When out of memory the
 * engine now and then reports failure without an exception (a new atom) or
 * goes on with one pending. Takes and returns `value`, a fresh one: in both
 * cases it becomes JS_EXCEPTION.
 */
JSValue isere_js_settle(JSContext *ctx, JSValue value);

/*
 * The value of an own data property, JS_UNDEFINED when there is none (or an
 * accessor). The caller frees it. Calls no user code unless it is a proxy.
 * JS_EXCEPTION when out of memory.
 */
JSValue isere_js_own(JSContext *ctx, JSValueConst object, const char *name);

/*
 * Writes a text for the log about a thrown value, at most size - 1 bytes of
 * UTF-8 and a NUL: the message, and where it was thrown. Calls no user code,
 * leaves no exception pending.
 */
void isere_js_describe(JSContext *ctx, JSValueConst thrown, char *out,
                       size_t size);

/* Frees what JS_GetOwnPropertyNames gave. */
void isere_js_free_names(JSContext *ctx, JSPropertyEnum *names, uint32_t count);

/*
 * Fills a fault from a value thrown in a context without isere's globals, where
 * no user code has run: the compiler's. isere_inspect_fault is for all others.
 */
void isere_js_fault(JSContext *ctx, JSValueConst thrown, isere_fault_t *fault);

#endif
