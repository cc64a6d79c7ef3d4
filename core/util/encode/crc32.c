/* CRC-32 with 8 KB of tables, or with 64 bytes where flash is scarce
 * (ISERE_FAST_CRC). */
#include "core/util/encode/crc32.h"
#include "core/isere_config.h"

#if ISERE_FAST_CRC

/* Eight bytes at a time ("slicing by 8": Kounavis and Berry, "Novel Table
 * Lookup-Based Algorithms for High-Performance CRC Generation", 2008). Entry
 * i of table k is the checksum of the byte i with k bytes of zero behind it.
 * Checksums are linear: an entry is the exclusive or of those of the bits of
 * i, so only these eight are written here. */
#define BIT(i, bit, value) (((i) >> (bit)) % 2 != 0 ? (value) : 0)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                       \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^               \
     BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^ BIT(i, 7, h))
#define E4(i, ...)                                                             \
    ENTRY((i), __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__),                      \
        ENTRY((i) + 2, __VA_ARGS__), ENTRY((i) + 3, __VA_ARGS__)
#define E16(i, ...)                                                            \
    E4((i), __VA_ARGS__), E4((i) + 4, __VA_ARGS__), E4((i) + 8, __VA_ARGS__),  \
        E4((i) + 12, __VA_ARGS__)
#define E64(i, ...)                                                            \
    E16((i), __VA_ARGS__), E16((i) + 16, __VA_ARGS__),                         \
        E16((i) + 32, __VA_ARGS__), E16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                             \
    {                                                                          \
        E64(0, __VA_ARGS__), E64(64, __VA_ARGS__), E64(128, __VA_ARGS__),      \
            E64(192, __VA_ARGS__)                                              \
    }

static const uint32_t tables[8][256] = {
    TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064,
          0x3b6e20c8, 0x76dc4190, 0xedb88320),
    TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251,
          0x958424a2, 0xf0794f05, 0x3b83984b),
    TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370,
          0x384d46e0, 0x709a8dc0, 0xe1351b80),
    TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f,
          0xa032af3e, 0x9b14583d, 0xed59b63b),
    TABLE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782,
          0xc1c12f04, 0x58f35849, 0xb1e6b092),
    TABLE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b,
          0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    TABLE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce,
          0xcfbd399c, 0x440b7579, 0x8816eaf2),
    TABLE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b,
          0xf9766256, 0x299dc2ed, 0x533b85da),
};

/* By bytes, so that a checksum is the same on a big-endian machine, and at
 * any address. Compilers make one load of it where they may. */
static uint32_t get32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

uint32_t isere_crc32(uint32_t crc, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8) {
        uint32_t a = crc ^ get32(p), b = get32(p + 4);
        crc = tables[7][a & 255] ^ tables[6][a >> 8 & 255] ^
              tables[5][a >> 16 & 255] ^ tables[4][a >> 24] ^
              tables[3][b & 255] ^ tables[2][b >> 8 & 255] ^
              tables[1][b >> 16 & 255] ^ tables[0][b >> 24];
    }
    for (; len > 0; p++, len--) {
        crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
    }
    return ~crc;
}

#else

/* One entry for four bits: 64 bytes of table are enough for a checksum that
 * is only taken when code is loaded. */
static const uint32_t table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t isere_crc32(uint32_t crc, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc = (crc >> 4) ^ table[(crc ^ p[i]) & 15];
        crc = (crc >> 4) ^ table[(crc ^ (p[i] >> 4)) & 15];
    }
    return ~crc;
}

#endif
