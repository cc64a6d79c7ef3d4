/* The compiler, for the core's own files. */
#ifndef ISERE_CORE_CODE_COMPILE_H
#define ISERE_CORE_CODE_COMPILE_H

#include "isere/isere.h"

/*
 * isere_compile within `timeout_ms` milliseconds of the port's clock, 0 for no
 * limit. A compilation that takes longer is abandoned (port.h) wherever it is,
 * also in the loader, which must only read then. That is ISERE_ERR_HANDLER with
 * a fault that says so. On a port that can't abandon there is no limit.
 * ISERE_ERR_LIMIT when the compiler's own memory is too small. With `no_source`
 * the bytecode lacks the text of functions, as it always does without
 * ISERE_FUNCTION_SOURCE. Thread: the port's.
 */
int isere_compile_within(const isere_port_t *port, const isere_loader_t *loader,
                         const char *main_name, const char *prefix,
                         uint32_t timeout_ms, bool no_source, void **code,
                         size_t *size, isere_fault_t *fault);

#endif
