/* SHA-256, FIPS 180-4. Pure functions; any thread. */
#ifndef ISERE_CORE_UTIL_ENCODE_SHA256_H
#define ISERE_CORE_UTIL_ENCODE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define ISERE_SHA256_SIZE 32

typedef struct isere_sha256 {
    uint32_t state[8];
    uint64_t length; /* in bytes */
    uint8_t block[64];
} isere_sha256_t;

void isere_sha256_begin(isere_sha256_t *hash);
void isere_sha256_add(isere_sha256_t *hash, const void *bytes, size_t size);
void isere_sha256_end(isere_sha256_t *hash, uint8_t out[ISERE_SHA256_SIZE]);

/* All at once. */
void isere_sha256_of(const void *bytes, size_t size,
                     uint8_t out[ISERE_SHA256_SIZE]);

/* As 64 lower-case hexadecimal digits and a NUL. */
void isere_sha256_hex(const uint8_t sum[ISERE_SHA256_SIZE], char out[65]);

/* The sum of such a text. */
void isere_sha256_parse(const char text[65], uint8_t sum[ISERE_SHA256_SIZE]);

#endif
