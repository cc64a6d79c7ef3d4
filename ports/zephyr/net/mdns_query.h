/* Questions for an IPv6 address by multicast DNS, and the answer of a device
 * that has none. Knows no Zephyr. */
#ifndef ISERE_ZEPHYR_MDNS_QUERY_H
#define ISERE_ZEPHYR_MDNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* With the longest name: a header, the name in full, a record of 15 bytes
     * and one of 16. */
    ISERE_MDNS_ANSWER_MAX = 12 + 1 + 63 + 7 + 15 + 16,
};

/* Whether a message is a query for the IPv6 address of NAME.local, in any
 * case of letters. Names of queries may not be compressed. */
bool isere__mdns_query_is_ipv6(const uint8_t *message, size_t size,
                               const char *name);

/* Writes the answer: NAME.local has an IPv4 address and nothing else (RFC 6762,
 * section 6.1). Returns its length. The name has at most 63 bytes. */
size_t isere__mdns_query_answer(const char *name, const uint8_t ipv4[4],
                                uint8_t answer[ISERE_MDNS_ANSWER_MAX]);

#endif
