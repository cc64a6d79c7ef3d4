/* Checks the names of environment variables. */
#include "core/util/names/env_name.h"

bool isere_env_name_is_valid(isere_slice_t name)
{
    /* Not isalpha(): that asks the C library's locale, and these must be the
     * same names on a server and on a device. */
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz_";
    static const char digits[] = "0123456789";
    for (size_t i = 0; i < name.len; i++) {
        if (!memchr(letters, name.ptr[i], sizeof(letters) - 1) &&
            (i == 0 || !memchr(digits, name.ptr[i], sizeof(digits) - 1))) {
            return false;
        }
    }
    return name.len > 0;
}
