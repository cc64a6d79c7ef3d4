/* The bytes of blobs, in little-endian order on every machine, so that a medium
 * can move from a device to a PC. docs/store.md has them in tables. */
#include "core/store/record.h"
#include "core/util/encode/crc32.h"

/* The first byte is not ASCII: no text begins like this. */
static const uint8_t manifest_magic[4] = {0x89, 'i', 's', 'H'};
static const uint8_t record_magic[4] = {0x89, 'i', 's', 'V'};

/* Where things are; docs/store.md. */
enum {
    AT_FORMAT = 4, /* of both */
    AT_ZERO = 6,   /* of both */
    MANIFEST_AT_CURRENT = 8,
    MANIFEST_AT_PREVIOUS = 12,
    MANIFEST_AT_LAST = 16,
    MANIFEST_AT_CHECKSUM = 20,
    RECORD_AT_VERSION = 8,
    RECORD_AT_SIZE = 12,
    RECORD_AT_SHA256 = 16,
};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

static uint32_t get16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | get16(p + 2) << 16;
}

static void encode_start(uint8_t *out, const uint8_t magic[4])
{
    memcpy(out, magic, 4);
    put16(out + AT_FORMAT, ISERE_STORE_FORMAT);
    put16(out + AT_ZERO, 0);
}

/* What both begin with. A format of a later program is refused, not guessed:
 * rewriting it would lose what this one does not know. */
static const char *check_start(const uint8_t *bytes, size_t size, size_t least,
                               const uint8_t magic[4])
{
    if (size < least) {
        return "it is cut off";
    }
    if (memcmp(bytes, magic, 4) != 0) {
        return "it does not begin with the magic bytes";
    }
    if (get16(bytes + AT_FORMAT) != ISERE_STORE_FORMAT) {
        return "its format version is not supported";
    }
    if (get16(bytes + AT_ZERO) != 0) {
        return "bytes that must be zero are not";
    }
    return NULL;
}

/* ---- manifests ---- */

void isere__record_encode_manifest(const isere_store_manifest_t *manifest,
                                   uint8_t out[ISERE_MANIFEST_SIZE])
{
    encode_start(out, manifest_magic);
    put32(out + MANIFEST_AT_CURRENT, manifest->current);
    put32(out + MANIFEST_AT_PREVIOUS, manifest->previous);
    put32(out + MANIFEST_AT_LAST, manifest->last);
    put32(out + MANIFEST_AT_CHECKSUM,
          isere_crc32(0, out, MANIFEST_AT_CHECKSUM));
}

/* The checksum finds damage, no malice, and no mistakes of ours. So the
 * numbers are checked as well. */
static bool numbers_agree(const isere_store_manifest_t *manifest)
{
    return manifest->current != 0 && manifest->previous != manifest->current &&
           manifest->last >= manifest->current &&
           manifest->last >= manifest->previous;
}

/* Longer ones are refused, too: nothing of ours writes them. */
const char *isere__record_decode_manifest(const uint8_t *bytes, size_t size,
                                          isere_store_manifest_t *manifest)
{
    const char *wrong =
        check_start(bytes, size, ISERE_MANIFEST_SIZE, manifest_magic);
    if (wrong) {
        return wrong;
    }
    if (size > ISERE_MANIFEST_SIZE) {
        return "it is too long";
    }
    if (get32(bytes + MANIFEST_AT_CHECKSUM) !=
        isere_crc32(0, bytes, MANIFEST_AT_CHECKSUM)) {
        return "its checksum does not match";
    }
    manifest->current = get32(bytes + MANIFEST_AT_CURRENT);
    manifest->previous = get32(bytes + MANIFEST_AT_PREVIOUS);
    manifest->last = get32(bytes + MANIFEST_AT_LAST);
    return numbers_agree(manifest) ? NULL
                                   : "its versions contradict each other";
}

/* ---- versions ---- */

void isere__record_encode_version(uint32_t version, uint32_t size,
                                  const uint8_t sha256[ISERE_SHA256_SIZE],
                                  uint8_t out[ISERE_RECORD_SIZE])
{
    encode_start(out, record_magic);
    put32(out + RECORD_AT_VERSION, version);
    put32(out + RECORD_AT_SIZE, size);
    /* No checksum of the header: a wrong size or digest can't match the
     * package, and a wrong version is not that of the blob's name. */
    memcpy(out + RECORD_AT_SHA256, sha256, ISERE_SHA256_SIZE);
}

const char *isere__record_decode_version(const uint8_t *bytes, size_t size,
                                         uint32_t version,
                                         uint32_t *package_size,
                                         const uint8_t **sha256)
{
    const char *wrong =
        check_start(bytes, size, ISERE_RECORD_SIZE, record_magic);
    if (wrong) {
        return wrong;
    }
    if (get32(bytes + RECORD_AT_VERSION) != version) {
        return "it belongs to another version";
    }
    *package_size = get32(bytes + RECORD_AT_SIZE);
    *sha256 = bytes + RECORD_AT_SHA256;
    return NULL;
}
