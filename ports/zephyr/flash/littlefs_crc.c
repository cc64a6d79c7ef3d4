/* The checksum of littlefs (its lfs_util.c), by our own CRC-32, which is some
 * three times as fast: littlefs checks all of a folder for each file that is
 * opened. */
#include "core/util/encode/crc32.h"
#include <lfs_util.h>

/* The same polynomial, without the inversions before and after. */
uint32_t lfs_crc(uint32_t crc, const void *buffer, size_t size)
{
    return ~isere_crc32(~crc, buffer, size);
}
