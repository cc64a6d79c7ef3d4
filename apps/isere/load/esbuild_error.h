/* What esbuild prints when it fails, as a fault. Pure; any thread. */
#ifndef ISERE_APPS_ISERE_LOAD_ESBUILD_ERROR_H
#define ISERE_APPS_ISERE_LOAD_ESBUILD_ERROR_H

#include "isere/isere.h"

/*
 * Fills *fault with the first error of `text`: its place, its message with what
 * to do about it, and as its stack the line with a mark below, and where the
 * other errors are. `folder` is put before the files' names.
 */
void isere_esbuild_error(const char *text, const char *folder,
                         isere_fault_t *fault);

#endif
