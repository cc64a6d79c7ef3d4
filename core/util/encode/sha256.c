/* SHA-256, written from FIPS 180-4; the names are those of the standard. */
#include "core/util/encode/sha256.h"
#include <string.h>

/* The first 32 bits of the fractions of the cube roots of the first 64 primes,
 * FIPS 180-4, 4.2.2. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* `bits` is never 0: a shift by 32 is undefined. */
static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

/* Big-endian, on any processor: FIPS 180-4, 3.1. */
static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void store(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

/* The word of step i >= 16. The schedule is kept as a ring of 16 words: 256
 * bytes of a small stack are worth the masks. */
static uint32_t next_word(uint32_t w[16], unsigned i)
{
    uint32_t a = w[(i + 1) & 15], b = w[(i + 14) & 15];
    w[i & 15] += (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[(i + 9) & 15] +
                 (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    return w[i & 15];
}

/* FIPS 180-4, 6.2.2, step by step: s[0] to s[7] are a to h. It is used on a few
 * KB, so no step is unrolled. */
static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[16], s[8];
    memcpy(s, state, sizeof(s));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t word =
            i < 16 ? (w[i] = load(block + (size_t)4 * i)) : next_word(w, i);
        uint32_t t1 = s[7] +
                      (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + word;
        uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

void isere_sha256_begin(isere_sha256_t *hash)
{
    /* The first 32 bits of the fractions of the square roots of the first 8
     * primes, 5.3.3. */
    static const uint32_t start[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    memcpy(hash->state, start, sizeof(start));
    hash->length = 0;
}

void isere_sha256_add(isere_sha256_t *hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    while (size > 0) {
        size_t used = (size_t)(hash->length % sizeof(hash->block));
        size_t n = sizeof(hash->block) - used;
        if (n > size) {
            n = size;
        }
        /* Whole blocks are copied too: that costs little beside compressing
         * them, and saves a second way through this loop. */
        memcpy(hash->block + used, p, n);
        if (used + n == sizeof(hash->block)) {
            compress(hash->state, hash->block);
        }
        hash->length += n;
        p += n;
        size -= n;
    }
}

void isere_sha256_end(isere_sha256_t *hash, uint8_t out[ISERE_SHA256_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    /* Taken now: the padding is counted as well. */
    uint64_t bits = hash->length * 8;
    uint8_t length[8];
    /* One bit, then zeros up to the last 8 bytes of a block, which are the
     * length (FIPS 180-4, 5.1.1). With 56 bytes or more used, that is the
     * next block. */
    size_t used = (size_t)(hash->length % 64);
    store(length, (uint32_t)(bits >> 32));
    store(length + 4, (uint32_t)bits);
    isere_sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
    isere_sha256_add(hash, length, sizeof(length));
    for (unsigned i = 0; i < 8; i++) {
        store(out + (size_t)4 * i, hash->state[i]);
    }
}

void isere_sha256_of(const void *bytes, size_t size,
                     uint8_t out[ISERE_SHA256_SIZE])
{
    isere_sha256_t hash;
    isere_sha256_begin(&hash);
    isere_sha256_add(&hash, bytes, size);
    isere_sha256_end(&hash, out);
}

void isere_sha256_hex(const uint8_t sum[ISERE_SHA256_SIZE], char out[65])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < ISERE_SHA256_SIZE; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[64] = '\0';
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void isere_sha256_parse(const char text[65], uint8_t sum[ISERE_SHA256_SIZE])
{
    for (unsigned i = 0; i < ISERE_SHA256_SIZE; i++) {
        sum[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
}
