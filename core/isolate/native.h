/*
 * Native modules: the C functions of include/isere/native.h as modules of the
 * engine. They are made in the isolate's heap in its init phase.
 */
#ifndef ISERE_CORE_ISOLATE_NATIVE_H
#define ISERE_CORE_ISOLATE_NATIVE_H

#include "isere/isere.h"
#include "isere/native.h"
#include "quickjs.h"

/*
 * Checks the tables: names as native.h says, no name twice, no function
 * without code. Returns 0, or ISERE_ERR_INVAL or
 * ISERE_ERR_LIMIT (too many functions) with *fault. NULL is fine. Any thread.
 */
int isere__native_check(const isere_native_module_t *const *modules,
                        isere_fault_t *fault);

/*
 * Makes the function's native module of that name ("isere:..."), for the
 * engine's loader call. NULL with an exception pending when there is none. The
 * heap must be marked as fragile. The isolate's thread.
 */
JSModuleDef *isere__native_load(JSContext *ctx, const char *name);

#endif
