/*
 * Faults (isere.h) as text: what is known without an engine. js.h and
 * inspect.h make them of what JavaScript threw.
 */
#ifndef ISERE_CORE_HEAP_FAULT_H
#define ISERE_CORE_HEAP_FAULT_H

#include "isere/isere.h"

/* A fault with a message and no place. */
void isere_fault_set(isere_fault_t *fault, const char *message);

/* Appends a hint to the message, if it fits. */
void isere_fault_hint(isere_fault_t *fault, const char *hint);

/* Takes the message, the stack and the place of its first line from
 * "message\n    at ...\n    at ...". */
void isere_fault_take_text(isere_fault_t *fault, isere_slice_t text);

/* Takes the place from a line of a stack, "    at name (file:line:column)" or
 * "    at file:line:column". Without one the fault stays as it is. */
void isere_fault_take_place(isere_fault_t *fault, isere_slice_t line);

/* Writes `what` and, behind it, the port's words for the fault that it has just
 * contained, if it has any. The port's thread. */
void isere_fault_describe_crash(const isere_port_t *port, const char *what,
                                char *text, size_t size);

#endif
