/*
 * Brings the network up: address, DHCP server, log of the link, USB. Builds
 * without an IP stack of their own (CONFIG_ISERE_NET=n) have nothing to do.
 */
#ifndef ISERE_PORTS_ZEPHYR_NET_NET_H
#define ISERE_PORTS_ZEPHYR_NET_NET_H

#ifdef CONFIG_ISERE_NET

/*
 * Configures the first Ethernet interface from CONFIG_ISERE_NET_*, then
 * attaches the device to USB if that is where the interface is
 * (CONFIG_ISERE_USB). Call once; the link may come up later. 0, or a negative
 * errno: the configuration is wrong, or there is no interface.
 */
int isere_net_init(void);

#else

static inline int isere_net_init(void)
{
    return 0;
}

#endif
#endif
