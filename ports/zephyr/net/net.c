/* The network interface: static address, DHCP server, link state. */

#include "ports/zephyr/net/net.h"
#include "ports/zephyr/net/usb.h"
#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/dhcpv4_server.h>
#include <zephyr/net/ethernet.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_ip.h>
#include <zephyr/net/net_mgmt.h>

LOG_MODULE_REGISTER(isere_net, LOG_LEVEL_INF);

static void on_link(struct net_mgmt_event_callback *cb, uint64_t event,
                    struct net_if *iface)
{
    ARG_UNUSED(cb);
    ARG_UNUSED(iface);
    if (event == NET_EVENT_IF_UP) {
        LOG_INF("link up, %s", CONFIG_ISERE_NET_ADDRESS);
    } else if (event == NET_EVENT_IF_DOWN) {
        LOG_INF("link down");
    }
}

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

#ifdef CONFIG_ISERE_DHCP_SERVER
/* The pool follows the device's own address. */
static int start_dhcp(struct net_if *iface, const struct in_addr *address)
{
    struct in_addr first = {.s_addr = htonl(ntohl(address->s_addr) + 1)};
    return net_dhcpv4_server_start(iface, &first);
}
#else
static int start_dhcp(struct net_if *iface, const struct in_addr *address)
{
    ARG_UNUSED(iface);
    ARG_UNUSED(address);
    return 0;
}
#endif

int isere_net_init(void)
{
    static struct net_mgmt_event_callback link_events;
    /* There is one: USB, or the board's controller. */
    struct net_if *iface = net_if_get_first_by_type(&NET_L2_GET_NAME(ETHERNET));
    struct in_addr address;
    int error;
    if (iface == NULL) {
        LOG_ERR("no Ethernet interface");
        return -ENODEV;
    }
    error = set_address(iface, &address);
    if (error != 0) {
        LOG_ERR("address %s/%s, gateway '%s': error %d",
                CONFIG_ISERE_NET_ADDRESS, CONFIG_ISERE_NET_NETMASK,
                CONFIG_ISERE_NET_GATEWAY, error);
        return error;
    }
    /* Both contain the bits of their layer, which are meant to be the same.
     * NOLINTNEXTLINE(misc-redundant-expression) */
    const uint64_t events = NET_EVENT_IF_UP | NET_EVENT_IF_DOWN;
    ARG_UNUSED(events); /* on a board whose link is always up */
    net_mgmt_init_event_callback(&link_events, on_link, events);
    net_mgmt_add_event_callback(&link_events);
    /* That event came before anyone listened for it. */
    if (net_if_is_up(iface)) {
        on_link(&link_events, NET_EVENT_IF_UP, iface);
    }
    error = start_dhcp(iface, &address);
    if (error != 0) {
        LOG_ERR("DHCP server: error %d", error);
        return error;
    }
    return IS_ENABLED(CONFIG_ISERE_USB) ? isere_usb_init() : 0;
}
