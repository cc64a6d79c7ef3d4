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

/* A module that was not found, and what to say when it is needed. */
typedef void isere_esbuild_error_missing_t(void *ctx, isere_slice_t name,
                                           const char *message);

/*
 * Calls `each` for every module that was not found, unless something else is
 * wrong too: an import of the user's own, or one in a package that this can't
 * do without. Then it calls nothing.
 */
void isere_esbuild_error_each_missing(const char *text,
                                      isere_esbuild_error_missing_t *each,
                                      void *ctx);

#endif
