/* The rule for names of handlers: identifiers of ASCII. Others could be
 * exported, but a typing error is more likely than one of those. */
#include "core/util/names/export_name.h"

bool isere_export_name_is_valid(isere_slice_t name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '$';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.len > 0 && name.len < ISERE_EXPORT_NAME_MAX;
}
