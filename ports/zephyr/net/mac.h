/* MAC addresses for interfaces that have none of their own. */
#ifndef ISERE_PORTS_ZEPHYR_NET_MAC_H
#define ISERE_PORTS_ZEPHYR_NET_MAC_H

#include <stdint.h>
#include <zephyr/net/ethernet.h>

/*
 * A locally administered address from the chip's identity: the same at every
 * start, different on every board. Its last byte is the caller's: 0 here. 0, or
 * a negative errno: the chip has no identity.
 */
int isere_mac_from_chip(uint8_t mac[NET_ETH_ADDR_LEN]);

#endif
