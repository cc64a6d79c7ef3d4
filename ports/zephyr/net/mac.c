/* MAC addresses from the chip's identity, by which hosts and DHCP servers know
 * the board again. */

#include "ports/zephyr/net/mac.h"
#include <errno.h>
#include <string.h>
#include <zephyr/drivers/hwinfo.h>

/* Of any length: it is hashed. */
#define CHIP_ID_MAX 16

int isere_mac_from_chip(uint8_t mac[NET_ETH_ADDR_LEN])
{
    uint8_t id[CHIP_ID_MAX];
    ssize_t len = hwinfo_get_device_id(id, sizeof(id));
    uint32_t hash = 2166136261U; /* FNV-1a */
    if (len <= 0) {
        return len < 0 ? (int)len : -ENODATA;
    }
    for (ssize_t i = 0; i < len; i++) {
        hash = (hash ^ id[i]) * 16777619U;
    }
    mac[0] = 0x02;
    memcpy(&mac[1], &hash, sizeof(hash));
    mac[5] = 0;
    return 0;
}
