/* Names of functions: parts of routes, of blobs and of files. Pure functions;
 * any thread. */
#ifndef ISERE_CORE_UTIL_NAMES_FUNCTION_NAME_H
#define ISERE_CORE_UTIL_NAMES_FUNCTION_NAME_H

#include "isere/slice.h"

#define ISERE_FUNCTION_NAME_MAX 33 /* bytes, with a NUL */

/* The rule, for messages. */
#define ISERE_FUNCTION_NAME_RULE "1 to 32 of a-z, 0-9 and -"

/* Whether it is [a-z0-9-]{1,32}. */
bool isere_function_name_is_valid(isere_slice_t name);

#endif
