/* Percent-coding of paths and queries. */
#include "core/util/encode/percent.h"
#include <string.h>

/* The value of a hexadecimal digit in either case (RFC 3986, section 2.1),
 * -1 for any other character. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* The text never grows, so `out` may be `text`. %00 is decoded like any
 * other: callers go by the length, and no C string may be made of the result
 * unchecked. A % without two digits stands for itself, as the WHATWG has it. */
size_t isere_percent_decode(const char *text, size_t len, bool plus_is_space,
                            char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%' && len - i > 2) {
            int high = hex_value(text[i + 1]);
            int low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        }
        out[n++] = c;
    }
    return n;
}

/* RFC 3986, section 2.3. strchr would find its own NUL. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

/* Three times as long at worst. Capital digits are the form that RFC 3986,
 * section 2.1, asks producers for. */
size_t isere_percent_encode(const char *text, size_t len, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_unreserved(text[i])) {
            out[n++] = text[i];
            continue;
        }
        unsigned char c = (unsigned char)text[i];
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    return n;
}
