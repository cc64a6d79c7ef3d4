/* Names of exports that may be a handler. Pure; any thread. */
#ifndef ISERE_CORE_UTIL_NAMES_EXPORT_NAME_H
#define ISERE_CORE_UTIL_NAMES_EXPORT_NAME_H

#include "isere/slice.h"
#include <stdbool.h>

#define ISERE_EXPORT_NAME_MAX 65 /* with the NUL */
#define ISERE_EXPORT_NAME_RULE                                                 \
    "letters, digits, '_' and '$', at most 64, no digit first"

bool isere_export_name_is_valid(isere_slice_t name);

#endif
