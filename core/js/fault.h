/*
 * From a JavaScript exception to what its author must know.
 */
#ifndef ISERE_CORE_JS_FAULT_H
#define ISERE_CORE_JS_FAULT_H

#include "isere/isere.h"
#include "quickjs.h"

/* A fault with a message and no place. */
void isere_fault_set(isere_fault_t *fault, const char *message);

/*
 * Fills a fault from a thrown value: "Name: message", the stack, and the
 * place of its first line. Calls no user code and leaves no exception
 * pending. The heap's thread.
 */
void isere_fault_from(JSContext *ctx, JSValueConst thrown,
                      isere_fault_t *fault);

/* The same in a context without isère's globals, where no user code has run:
 * the compiler's. */
void isere_fault_from_engine(JSContext *ctx, JSValueConst thrown,
                             isere_fault_t *fault);

/* Appends a hint to the message, if it fits. */
void isere_fault_hint(isere_fault_t *fault, const char *hint);

#endif
