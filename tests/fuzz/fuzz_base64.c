/* What decodes, encodes and decodes to the same; what is encoded decodes. */
#include "core/util/encode/base64.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check_round_trip(const uint8_t *bytes, size_t len)
{
    size_t encoded_len = ISERE_BASE64_ENCODED(len);
    char *encoded = malloc(encoded_len + 1);
    uint8_t *decoded = malloc(ISERE_BASE64_DECODED(encoded_len));
    check(isere_base64_encode(bytes, len, encoded) == encoded_len);
    check(isere_base64_decode(encoded, encoded_len, decoded) == (long)len);
    check(len == 0 || memcmp(decoded, bytes, len) == 0);
    free(encoded);
    free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *decoded = malloc(ISERE_BASE64_DECODED(size));
    long len = isere_base64_decode((const char *)data, size, decoded);
    check(len >= -1 && (len < 0 || (size_t)len <= ISERE_BASE64_DECODED(size)));
    if (len >= 0) {
        check_round_trip(decoded, (size_t)len);
    }
    check_round_trip(data, size);
    free(decoded);
    return 0;
}
