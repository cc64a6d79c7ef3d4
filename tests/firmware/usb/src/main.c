/* Starts our device and a host on one virtual bus. */

#include "host.h"
#include "ports/zephyr/net/net.h"

#include <string.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/ztest.h>

/* The virtual chip's identity. */
ssize_t z_impl_hwinfo_get_device_id(uint8_t *buffer, size_t length)
{
    size_t len = MIN(length, sizeof(CHIP_ID) - 1);
    memcpy(buffer, CHIP_ID, len);
    return len;
}

static void *start(void)
{
    host_start();
    zassert_ok(isere_net_init());
    k_msleep(500); /* the host enumerates it */
    return NULL;
}

static void before(void *fixture)
{
    host_attach();
}

ZTEST_SUITE(usb, NULL, start, before, NULL, NULL);
