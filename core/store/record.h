/*
 * The bytes of the store's blobs, which docs/store.md describes. Whoever reads
 * them trusts none: a medium may be damaged, or changed by somebody else.
 *
 * Pure functions; any thread.
 */
#ifndef ISERE_CORE_STORE_RECORD_H
#define ISERE_CORE_STORE_RECORD_H

#include "core/store/store.h"

#define ISERE_STORE_FORMAT 1 /* the version of both formats */

enum {
    ISERE_MANIFEST_SIZE = 24, /* of a manifest blob, all of it */
    ISERE_RECORD_SIZE = 48,   /* of what precedes a package */
};

/* Writes the numbers of a manifest. */
void isere__record_encode_manifest(const isere_store_manifest_t *manifest,
                                   uint8_t out[ISERE_MANIFEST_SIZE]);

/* Reads them (the name is left alone). Returns NULL, or what is wrong, a
 * constant text. */
const char *isere__record_decode_manifest(const uint8_t *bytes, size_t size,
                                          isere_store_manifest_t *manifest);

/* Writes what precedes a package. */
void isere__record_encode_version(uint32_t version, uint32_t size,
                                  const uint8_t sha256[ISERE_SHA256_SIZE],
                                  uint8_t out[ISERE_RECORD_SIZE]);

/*
 * Reads what precedes the package of `version`: its size, as the header has
 * it, and where in `bytes` its checksum is. Returns NULL, or what is wrong, a
 * constant text.
 */
const char *isere__record_decode_version(const uint8_t *bytes, size_t size,
                                         uint32_t version,
                                         uint32_t *package_size,
                                         const uint8_t **sha256);

#endif
