/* Ethernet over USB: the device that the host sees. */
#ifndef ISERE_PORTS_ZEPHYR_NET_USB_H
#define ISERE_PORTS_ZEPHYR_NET_USB_H

/*
 * Attaches the device to the bus, with CDC-ECM or CDC-NCM as Kconfig says.
 * isere_net_init calls it, last: the host asks for an address at once. 0, or a
 * negative errno.
 */
int isere_usb_init(void);

#endif
