/*
 * Names of modules: paths below the function's folder, with '/' and without
 * "." and ".." parts.
 */
#ifndef ISERE_CORE_CODE_MODULE_NAME_H
#define ISERE_CORE_CODE_MODULE_NAME_H

#include <stddef.h>

/*
 * Resolves the import specifier `specifier` found in module `base` to a name
 * in `out` (`size` bytes with its NUL). All names begin with `root`, which is
 * "" or ends with '/'. Returns 0, or a negative ISERE_ERR_* code: INVAL for a
 * specifier that is not relative, NOENT for one that leads outside of the
 * root, LIMIT when the name does not fit. Any thread.
 */
int isere_module_name_resolve(const char *root, const char *base,
                              const char *specifier, char *out, size_t size);

/*
 * What kind of specifier this is: 1 for one that begins with "isere:" and
 * names a native module (1 to 32 of a-z, 0-9, '-' and '_'), ISERE_ERR_INVAL
 * for one that begins so and names none, 0 for all others. Any thread.
 */
int isere_module_name_native(const char *specifier);

/* Room that every module name fits into, with its NUL. */
#define ISERE_MODULE_NAME_MAX 256

#endif
