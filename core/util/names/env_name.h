/* Names of environment variables. Pure functions; any thread. */
#ifndef ISERE_CORE_UTIL_NAMES_ENV_NAME_H
#define ISERE_CORE_UTIL_NAMES_ENV_NAME_H

#include "isere/slice.h"

/* Whether it is what a shell would take for a name: letters, digits and '_',
 * no digit first. */
bool isere_env_name_is_valid(isere_slice_t name);

#endif
