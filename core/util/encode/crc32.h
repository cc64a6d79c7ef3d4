/* CRC-32 (ISO-HDLC, as in gzip): finds damage, not malice. Any thread. */
#ifndef ISERE_CORE_UTIL_ENCODE_CRC32_H
#define ISERE_CORE_UTIL_ENCODE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `len` more bytes behind those of `crc`; start with 0. */
uint32_t isere_crc32(uint32_t crc, const void *bytes, size_t len);

#endif
