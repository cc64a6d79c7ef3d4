/*
 * Ethernet over USB: descriptors, identity, and what the network has to know
 * about the bus. Zephyr's class drivers (CDC-ECM, CDC-NCM) move the frames.
 */

#include "ports/zephyr/net/usb.h"
#include "ports/zephyr/net/mac.h"
#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/ethernet.h>
#include <zephyr/net/net_if.h>

/* usbd_msg.h compares an unsigned enum with 0. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
#include <zephyr/usb/usbd.h>
#pragma GCC diagnostic pop

LOG_MODULE_REGISTER(isere_usb, LOG_LEVEL_INF);

#ifdef CONFIG_ISERE_USB_ECM
#define CLASS_NODE DT_COMPAT_GET_ANY_STATUS_OKAY(zephyr_cdc_ecm_ethernet)
#define CLASS_NAME "cdc_ecm_0"
#else
#define CLASS_NODE DT_COMPAT_GET_ANY_STATUS_OKAY(zephyr_cdc_ncm_ethernet)
#define CLASS_NAME "cdc_ncm_0"
#endif

/* The function is alone in its configuration: control is 0, data is 1. */
#define DATA_INTERFACE 1
#define DATA_OFF 0 /* its alternate setting without endpoints */
#define DATA_ON 1  /* the one with a bulk endpoint each way */

#define MAC_TEXT_SIZE (2 * NET_ETH_ADDR_LEN + 1)

USBD_DEVICE_DEFINE(device, DEVICE_DT_GET(DT_NODELABEL(zephyr_udc0)),
                   CONFIG_ISERE_USB_VID, CONFIG_ISERE_USB_PID);

USBD_DESC_LANG_DEFINE(language);
USBD_DESC_MANUFACTURER_DEFINE(manufacturer, CONFIG_ISERE_USB_MANUFACTURER);
USBD_DESC_PRODUCT_DEFINE(product, CONFIG_ISERE_USB_PRODUCT);
USBD_DESC_SERIAL_NUMBER_DEFINE(serial_number);

/*
 * No remote wake-up: a server has nothing to wake a host for, and a host that
 * can't count on it leaves the device awake while its interface is up.
 */
USBD_CONFIGURATION_DEFINE(full_speed, 0, CONFIG_ISERE_USB_MAX_POWER / 2, NULL);
#if USBD_SUPPORTS_HIGH_SPEED
USBD_CONFIGURATION_DEFINE(high_speed, 0, CONFIG_ISERE_USB_MAX_POWER / 2, NULL);
#endif

static struct usbd_class_data *ethernet;

/* The host's MAC address as the class hands it over: 12 hex digits. */
static char host_mac[MAC_TEXT_SIZE];
static struct usbd_desc_node host_mac_string = {
    .str = {.utype = USBD_DUT_STRING_INTERFACE, .ascii7 = true},
    .ptr = host_mac,
    .bLength = USB_STRING_DESCRIPTOR_LENGTH(host_mac),
    .bDescriptorType = USB_DESC_STRING,
};

/*
 * Zephyr tells its class driver about alternate settings, but not that a reset
 * of the bus or a new configuration ended them. The driver would go on: ask for
 * frames from an endpoint that is closed, and then never again. Nor does it
 * look for a suspended bus before it sends, and waits for ever for the end of a
 * transfer that was refused. So it is told here, on the thread that serves the
 * bus, before that thread does anything else. (After a pause CDC-ECM logs that
 * it failed to start receiving: it had never stopped.)
 */
static void set_data(int alternate)
{
    ethernet->api->update(ethernet, DATA_INTERFACE, alternate);
}

/* CDC-ECM sets the carrier with its alternate setting, CDC-NCM never does. */
static void set_link(bool up)
{
    struct net_if *iface = net_if_lookup_by_dev(DEVICE_DT_GET(CLASS_NODE));
    if (!up) {
        net_if_carrier_off(iface);
    } else if (IS_ENABLED(CONFIG_ISERE_USB_NCM)) {
        net_if_carrier_on(iface);
    }
}

static void on_message(struct usbd_context *const ctx,
                       const struct usbd_msg *const msg)
{
    switch (msg->type) {
    case USBD_MSG_SUSPEND:
        LOG_INF("suspended");
        set_data(DATA_OFF);
        set_link(false);
        break;
    case USBD_MSG_RESUME:
        LOG_INF("resumed");
        if (ctx->ch9_data.alternate[DATA_INTERFACE] == DATA_ON) {
            set_data(DATA_ON);
            set_link(true);
        }
        break;
    case USBD_MSG_RESET:
        set_data(DATA_OFF);
        set_link(false);
        break;
    case USBD_MSG_CONFIGURATION:
        LOG_INF("configuration %d", msg->status);
        set_data(DATA_OFF);
        set_link(msg->status != 0);
        break;
    case USBD_MSG_UDC_ERROR:
    case USBD_MSG_STACK_ERROR:
        LOG_WRN("%s: %d", usbd_msg_type_string(msg->type), msg->status);
        break;
    default:
        break;
    }
}

/* The last byte parts the host's address from the device's own. */
static void make_macs(uint8_t mac[NET_ETH_ADDR_LEN])
{
    mac[5] = 0x01;
    for (size_t i = 0; i < NET_ETH_ADDR_LEN; i++) {
        snprintk(&host_mac[2 * i], sizeof(host_mac) - 2 * i, "%02X", mac[i]);
    }
    mac[5] = 0x02;
}

/*
 * Puts the host's address of this chip before that of the devicetree. The
 * first descriptor of an index counts.
 */
static void set_host_mac(void)
{
    struct usbd_desc_node *node;
    SYS_DLIST_FOR_EACH_CONTAINER(&device.descriptors, node, node)
    {
        if (node->bDescriptorType == USB_DESC_STRING &&
            node->str.utype == USBD_DUT_STRING_INTERFACE) {
            host_mac_string.str.idx = node->str.idx;
            sys_dlist_insert(&node->node, &host_mac_string.node);
            return;
        }
    }
}

/* Without an identity of the chip: no serial number, addresses as built. */
static int set_identity(void)
{
    struct net_if *iface = net_if_lookup_by_dev(DEVICE_DT_GET(CLASS_NODE));
    uint8_t mac[NET_ETH_ADDR_LEN];
    if (isere_mac_from_chip(mac) != 0) {
        LOG_WRN("the chip has no identity: no serial number");
        return 0;
    }
    make_macs(mac);
    /* The address of a running interface can't be changed. */
    net_if_down(iface);
    int error =
        net_if_set_link_addr(iface, mac, sizeof(mac), NET_LINK_ETHERNET);
    net_if_up(iface);
    return error == 0 ? usbd_add_descriptor(&device, &serial_number) : error;
}

static int add_configuration(enum usbd_speed speed,
                             struct usbd_config_node *configuration)
{
    int error = usbd_add_configuration(&device, speed, configuration);
    if (error == 0) {
        error = usbd_register_class(&device, CLASS_NAME, speed, 1);
    }
    return error;
}

static int describe(void)
{
    int error = usbd_add_descriptor(&device, &language);
    if (error == 0) {
        error = usbd_add_descriptor(&device, &manufacturer);
    }
    if (error == 0) {
        error = usbd_add_descriptor(&device, &product);
    }
    if (error == 0) {
        error = set_identity();
    }
#if USBD_SUPPORTS_HIGH_SPEED
    if (error == 0) {
        error = add_configuration(USBD_SPEED_HS, &high_speed);
    }
#endif
    if (error == 0) {
        error = add_configuration(USBD_SPEED_FS, &full_speed);
    }
    return error;
}

/*
 * The data interface has no subclass (CDC 1.2, 4.6; ECM 1.2, table 4), but
 * Zephyr's CDC-ECM gives it that of the control interface, and hosts that go by
 * it don't find the data interface every time (Zephyr issue 103447).
 */
static void correct_descriptors(struct usbd_class_data *class,
                                enum usbd_speed speed)
{
    const struct usb_desc_header **list = class->api->get_desc(class, speed);
    for (; (*list)->bLength != 0; list++) {
        struct usb_if_descriptor *iface = (struct usb_if_descriptor *)*list;
        if (iface->bDescriptorType == USB_DESC_INTERFACE &&
            iface->bInterfaceClass == USB_BCC_CDC_DATA) {
            iface->bInterfaceSubClass = 0;
        }
    }
}

static void find_class(void)
{
    STRUCT_SECTION_FOREACH_ALTERNATE(usbd_class_fs, usbd_class_node, node)
    {
        if (strcmp(node->c_data->name, CLASS_NAME) == 0) {
            ethernet = node->c_data;
        }
    }
    correct_descriptors(ethernet, USBD_SPEED_FS);
#if USBD_SUPPORTS_HIGH_SPEED
    correct_descriptors(ethernet, USBD_SPEED_HS);
#endif
}

int isere_usb_init(void)
{
    int error;
    find_class();
    error = describe();
    set_link(false);
    if (error == 0) {
        error = usbd_msg_register_cb(&device, on_message);
    }
    if (error == 0) {
        error = usbd_init(&device);
    }
    if (error == 0) {
        if (host_mac[0] != '\0') {
            set_host_mac();
        }
        error = usbd_enable(&device);
    }
    if (error != 0) {
        LOG_ERR("USB: error %d", error);
    }
    return error;
}
