#include "core/util/uuid.h"

void isere_uuid_format(const unsigned char random[ISERE_UUID_BYTES],
                       char out[ISERE_UUID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ISERE_UUID_BYTES; i++) {
        unsigned char byte = random[i];
        if (i == 6) {
            byte = (unsigned char)((byte & 0x0f) | 0x40); /* version 4 */
        } else if (i == 8) {
            byte = (unsigned char)((byte & 0x3f) | 0x80); /* variant 10 */
        }
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 0x0f];
    }
    *out = 0;
}
