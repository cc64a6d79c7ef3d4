/*
 * Questions by multicast DNS: nothing is read behind a message, and what is
 * said of it does not depend on what lies there.
 */
#include "ports/zephyr/net/mdns_query.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of its exact size, so that the sanitizer sees a byte too many. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    /* The shortest: a header, isere.local, a type and a class. */
    if (isere__mdns_query_is_ipv6(copy, size, "isere") && size < 12 + 13 + 4) {
        abort();
    }
    free(copy);
    return 0;
}
