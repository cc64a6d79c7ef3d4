/* Formats random bytes as a UUID: version and variant replace six of the
 * bits. */
#include "core/util/encode/uuid.h"
#include <string.h>

static void put_digits(const unsigned char *bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ISERE_UUID_BYTES; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 0x0f];
    }
}

void isere_uuid_format(const unsigned char random[ISERE_UUID_BYTES],
                       char out[ISERE_UUID_TEXT + 1])
{
    unsigned char bytes[ISERE_UUID_BYTES];
    char digits[2 * ISERE_UUID_BYTES];
    memcpy(bytes, random, sizeof(bytes));
    /* RFC 9562, section 5.4: 122 bits stay random, and lower case is what
     * section 4 asks producers for. */
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
    put_digits(bytes, digits);
    memcpy(out, digits, 8);
    memcpy(out + 9, digits + 8, 4);
    memcpy(out + 14, digits + 12, 4);
    memcpy(out + 19, digits + 16, 4);
    memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[36] = 0;
}
