/* The network interface: its addresses, static or from a DHCP server, the DHCP
 * server of its own, link state. */

#include "ports/zephyr/net/net.h"
#include "ports/zephyr/net/mac.h"
#include "ports/zephyr/net/usb.h"
#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/dhcpv4.h>
#include <zephyr/net/dhcpv4_server.h>
#include <zephyr/net/ethernet.h>
#include <zephyr/net/ethernet_mgmt.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_ip.h>
#include <zephyr/net/net_mgmt.h>

LOG_MODULE_REGISTER(isere_net, LOG_LEVEL_INF);

/* 32 bits up to Zephyr 4.1, 64 since. */
typedef __typeof__(((struct net_mgmt_event_callback *)0)->event_mask) event_t;

static void on_link(struct net_mgmt_event_callback *cb, event_t event,
                    struct net_if *iface)
{
    ARG_UNUSED(cb);
    ARG_UNUSED(iface);
    if (event == NET_EVENT_IF_UP) {
        LOG_INF("link up, %s", IS_ENABLED(CONFIG_ISERE_DHCP_CLIENT)
                                   ? "asking for an address"
                                   : CONFIG_ISERE_NET_ADDRESS);
    } else if (event == NET_EVENT_IF_DOWN) {
        LOG_INF("link down");
    }
}

#ifdef CONFIG_ISERE_DHCP_CLIENT

static void on_bound(struct net_mgmt_event_callback *cb, event_t event,
                     struct net_if *iface)
{
    char text[NET_IPV4_ADDR_LEN];
    const struct in_addr *address =
        net_if_ipv4_get_global_addr(iface, NET_ADDR_PREFERRED);
    ARG_UNUSED(cb);
    ARG_UNUSED(event);
    if (address != NULL) {
        LOG_INF("address %s, by DHCP",
                net_addr_ntop(AF_INET, address, text, sizeof(text)));
    }
}

/* Zephyr's client asks when the link comes up, and again when it comes back. */
static int start_addresses(struct net_if *iface)
{
    static struct net_mgmt_event_callback bound;
    net_mgmt_init_event_callback(&bound, on_bound, NET_EVENT_IPV4_DHCP_BOUND);
    net_mgmt_add_event_callback(&bound);
    net_dhcpv4_start(iface);
    return 0;
}

#else

/* The address is fixed: with USB the device is the only one that could give
 * addresses. */
static int set_address(struct net_if *iface, struct in_addr *address)
{
    struct in_addr netmask;
    struct in_addr gateway;
    if (net_addr_pton(AF_INET, CONFIG_ISERE_NET_ADDRESS, address) != 0 ||
        net_addr_pton(AF_INET, CONFIG_ISERE_NET_NETMASK, &netmask) != 0) {
        return -EINVAL;
    }
    if (net_if_ipv4_addr_add(iface, address, NET_ADDR_MANUAL, 0) == NULL) {
        return -ENOMEM;
    }
    if (!net_if_ipv4_set_netmask_by_addr(iface, address, &netmask)) {
        return -EINVAL;
    }
    if (sizeof(CONFIG_ISERE_NET_GATEWAY) > 1) {
        if (net_addr_pton(AF_INET, CONFIG_ISERE_NET_GATEWAY, &gateway) != 0) {
            return -EINVAL;
        }
        net_if_ipv4_set_gw(iface, &gateway);
    }
    return 0;
}

/* The pool of the DHCP server follows the device's own address. */
static int start_addresses(struct net_if *iface)
{
    struct in_addr address;
    int error = set_address(iface, &address);
    if (error != 0) {
        LOG_ERR("address %s/%s, gateway '%s': error %d",
                CONFIG_ISERE_NET_ADDRESS, CONFIG_ISERE_NET_NETMASK,
                CONFIG_ISERE_NET_GATEWAY, error);
        return error;
    }
#ifdef CONFIG_ISERE_DHCP_SERVER
    struct in_addr first = {.s_addr = htonl(ntohl(address.s_addr) + 1)};
    error = net_dhcpv4_server_start(iface, &first);
    if (error != 0) {
        LOG_ERR("DHCP server: error %d", error);
    }
#endif
    return error;
}

#endif

/* The devicetree's address is the same on every board of a kind. USB has its
 * own way: its host has an address, too. */
static void set_mac(struct net_if *iface)
{
#ifdef CONFIG_ETH_W5500
    struct ethernet_req_params request;
    if (isere_mac_from_chip(request.mac_address.addr) != 0) {
        LOG_WRN("the chip has no identity: MAC address as built");
        return;
    }
    /* That of a running interface can't be changed. */
    net_if_down(iface);
    int error = net_mgmt(NET_REQUEST_ETHERNET_SET_MAC_ADDRESS, iface, &request,
                         sizeof(request));
    net_if_up(iface);
    if (error != 0) {
        LOG_WRN("MAC address: error %d", error);
    }
#else
    ARG_UNUSED(iface);
#endif
}

int isere_net_init(void)
{
    static struct net_mgmt_event_callback link_events;
    /* There is one: USB, or the board's controller. */
    struct net_if *iface = net_if_get_first_by_type(&NET_L2_GET_NAME(ETHERNET));
    if (iface == NULL) {
        LOG_ERR("no Ethernet interface");
        return -ENODEV;
    }
    set_mac(iface);
    /* Both contain the bits of their layer, which are meant to be the same.
     * NOLINTNEXTLINE(misc-redundant-expression) */
    const event_t events = NET_EVENT_IF_UP | NET_EVENT_IF_DOWN;
    ARG_UNUSED(events); /* on a board whose link is always up */
    net_mgmt_init_event_callback(&link_events, on_link, events);
    net_mgmt_add_event_callback(&link_events);
    /* That event came before anyone listened for it. */
    if (net_if_is_up(iface)) {
        on_link(&link_events, NET_EVENT_IF_UP, iface);
    }
    int error = start_addresses(iface);
    if (error != 0) {
        return error;
    }
    return IS_ENABLED(CONFIG_ISERE_USB) ? isere_usb_init() : 0;
}
