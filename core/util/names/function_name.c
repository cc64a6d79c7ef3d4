/* Names of functions. */
#include "core/util/names/function_name.h"

/* No capitals: a name is a file's too, and some file systems take A and a
 * for the same. No dot: it parts name and version in the store. No slash:
 * names are segments of the paths of the management. */
static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool isere_function_name_is_valid(isere_slice_t name)
{
    if (name.len < 1 || name.len >= ISERE_FUNCTION_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.ptr[i])) {
            return false;
        }
    }
    return true;
}
