/* Escapes in JSON strings, RFC 8259 section 7. Pure; any thread. */
#ifndef ISERE_CORE_UTIL_JSON_ESCAPE_H
#define ISERE_CORE_UTIL_JSON_ESCAPE_H

#include <stddef.h>

/* Writes a UTF-16 code unit as JSON.stringify escapes it, whether it has to be
 * or not. Returns how many bytes that takes: 2 or 6. */
static inline size_t isere_json_escape(unsigned unit, char *out)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "btn\0fr"; /* of 8 to 13 */
    out[0] = '\\';
    if (unit == '"' || unit == '\\') {
        out[1] = (char)unit;
        return 2;
    }
    if (unit >= 8 && unit <= 13 && letters[unit - 8]) {
        out[1] = letters[unit - 8];
        return 2;
    }
    out[1] = 'u';
    out[2] = hex[unit >> 12 & 15];
    out[3] = hex[unit >> 8 & 15];
    out[4] = hex[unit >> 4 & 15];
    out[5] = hex[unit & 15];
    return 6;
}

#endif
