/* What reading and writing bundles share; docs/bytecode.md explains it. */
#ifndef ISERE_CORE_CODE_BUNDLE_FORMAT_H
#define ISERE_CORE_CODE_BUNDLE_FORMAT_H

#include "core/util/encode/crc32.h"
#include <stddef.h>
#include <stdint.h>

/*
 * All numbers are little-endian.
 *
 *   0  magic        8 bytes: 0x89 "isere" 0x0d 0x0a
 *   8  version      u16
 *  10  modules      u16
 *  12  engine       u32, CRC-32 of ISERE_BUNDLE_ENGINE
 *  16  size         u32, of the whole bundle
 *  20  checksum     u32, CRC-32 of all bytes from 24
 *  24  root length  u16, with its NUL
 *  26  settings     u16, how many
 *  28  code length  u32
 *  32  root, padded to 4
 *      for each module: name length u32 (with its NUL), name padded to 4
 *      for each setting: kind u32, length u32, value padded to 4
 *      code, padded to 4
 */
enum {
    ISERE_BUNDLE_VERSION = 2,
    ISERE_BUNDLE_AT_VERSION = 8,
    ISERE_BUNDLE_AT_MODULES = 10,
    ISERE_BUNDLE_AT_ENGINE = 12,
    ISERE_BUNDLE_AT_SIZE = 16,
    ISERE_BUNDLE_AT_CHECKSUM = 20,
    ISERE_BUNDLE_AT_ROOT_LEN = 24,
    ISERE_BUNDLE_AT_SETTINGS = 26,
    ISERE_BUNDLE_AT_CODE_LEN = 28,
    ISERE_BUNDLE_HEADER = 32,
    ISERE_BUNDLE_TEXT_MAX = 1024, /* of a root or a module's name */
    ISERE_BUNDLE_TIMEOUT_MAX = 24 * 3600 * 1000,
};

/* Settings stand in this order, each at most once. */
enum {
    ISERE_SETTING_NAME = 1,
    ISERE_SETTING_ENV = 2,
    ISERE_SETTING_PAYLOAD = 3,
    ISERE_SETTING_TIMEOUT = 4,
    ISERE_SETTING_HANDLER = 5,
};

/* Bytecode fits exactly one engine build; the suffix counts our patches that
 * change what bytecode means. */
#define ISERE_BUNDLE_ENGINE "quickjs-2025-04-26+1"

static inline size_t isere__bundle_pad4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

static inline uint32_t isere__bundle_engine_id(void)
{
    return isere_crc32(0, ISERE_BUNDLE_ENGINE, sizeof(ISERE_BUNDLE_ENGINE) - 1);
}

static inline uint32_t isere__bundle_checksum(const uint8_t *bytes, size_t size)
{
    return isere_crc32(0, bytes + ISERE_BUNDLE_AT_ROOT_LEN,
                       size - ISERE_BUNDLE_AT_ROOT_LEN);
}

#endif
