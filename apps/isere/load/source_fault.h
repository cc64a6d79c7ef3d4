/* Faults in a function's source, for people, to stderr. Any thread. */
#ifndef ISERE_APPS_ISERE_LOAD_SOURCE_FAULT_H
#define ISERE_APPS_ISERE_LOAD_SOURCE_FAULT_H

#include "apps/isere/load/files.h"

/* "file:line:column: message", the line and a caret, the trace. The fault's
 * file is relative to the function's folder. */
void isere_source_fault_print(const isere_files_t *files,
                              const isere_fault_t *fault);

/* The same of a fault that was found here: its file begins with the folder. A
 * fault without a file is said as isere_program_print_fault does. */
void isere_source_fault_print_local(const isere_files_t *files,
                                    isere_fault_t *fault, int error);

#endif
