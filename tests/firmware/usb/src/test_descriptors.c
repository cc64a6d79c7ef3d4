/* What the device says about itself. */

#include "host.h"

#include <errno.h>
#include <string.h>
#include <zephyr/net/net_if.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/usb/class/usb_cdc.h>
#include <zephyr/ztest.h>

#define DESCRIPTORS_MAX 512
#define GET_NTB_PARAMETERS 0x80

/* A configuration's descriptors, each where it was found, or NULL. */
typedef struct found {
    const uint8_t *association;
    const uint8_t *interfaces[3]; /* control, data without and with endpoints */
    const uint8_t *header;
    const uint8_t *join; /* union */
    const uint8_t *ethernet;
    const uint8_t *ncm;
    const uint8_t *interrupt_in;
    const uint8_t *bulk_in;
    const uint8_t *bulk_out;
} found_t;

static uint8_t raw[DESCRIPTORS_MAX];

static uint16_t read_configuration(void)
{
    int len =
        host_request(USB_REQTYPE_DIR_TO_HOST << 7, USB_SREQ_GET_DESCRIPTOR,
                     USB_DESC_CONFIGURATION << 8, 0, raw, sizeof(raw));
    zassert_true(len >= (int)sizeof(struct usb_cfg_descriptor));
    zassert_equal(sys_get_le16(&raw[2]), len, "wTotalLength");
    return len;
}

static void note_endpoint(found_t *found, const uint8_t *d)
{
    bool in = d[2] & 0x80;
    const uint8_t **place = d[3] == USB_EP_TYPE_INTERRUPT ? &found->interrupt_in
                            : in                          ? &found->bulk_in
                                                          : &found->bulk_out;
    zassert_true(d[3] == USB_EP_TYPE_INTERRUPT || d[3] == USB_EP_TYPE_BULK);
    zassert_is_null(*place, "an endpoint too many");
    *place = d;
}

static void note(found_t *found, const uint8_t *d)
{
    static const uint8_t classes[] = {HEADER_FUNC_DESC, UNION_FUNC_DESC,
                                      ETHERNET_FUNC_DESC,
                                      ETHERNET_FUNC_DESC_NCM};
    const uint8_t **places[] = {&found->header, &found->join, &found->ethernet,
                                &found->ncm};
    switch (d[1]) {
    case USB_DESC_INTERFACE_ASSOC:
        found->association = d;
        break;
    case USB_DESC_INTERFACE:
        zassert_true(d[2] + d[3] < 3, "interface %u.%u", d[2], d[3]);
        found->interfaces[d[2] + d[3]] = d;
        break;
    case USB_DESC_CS_INTERFACE:
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
            if (d[2] == classes[i]) {
                *places[i] = d;
            }
        }
        break;
    case USB_DESC_ENDPOINT:
        note_endpoint(found, d);
        break;
    default:
        zassert_unreachable("descriptor of type %u", d[1]);
    }
}

static found_t find_descriptors(void)
{
    uint16_t len = read_configuration();
    found_t found = {0};
    for (size_t at = raw[0]; at < len; at += raw[at]) {
        zassert_true(raw[at] >= 3 && at + raw[at] <= len, "at %zu", at);
        note(&found, &raw[at]);
    }
    return found;
}

static void check_interface(const uint8_t *d, uint8_t number, uint8_t alternate,
                            uint8_t endpoints, uint8_t class)
{
    zassert_not_null(d, "interface %u.%u", number, alternate);
    zassert_equal(d[0], 9);
    zassert_equal(d[2], number);
    zassert_equal(d[3], alternate);
    zassert_equal(d[4], endpoints);
    zassert_equal(d[5], class);
    if (class == USB_BCC_CDC_DATA) {
        zassert_equal(d[6], 0, "a data interface has no subclass");
    }
}

ZTEST(usb, test_device)
{
    const struct usb_device_descriptor *d = &host_device()->dev_desc;
    char text[128];
    zassert_equal(d->bLength, 18);
    zassert_equal(d->bcdUSB, 0x0200);
    zassert_equal(d->idVendor, CONFIG_ISERE_USB_VID);
    zassert_equal(d->idProduct, CONFIG_ISERE_USB_PID);
    zassert_equal(d->bNumConfigurations, 1);
    /* "Look at the association descriptor": what Windows needs to see. */
    zassert_equal(d->bDeviceClass, 0xef);
    zassert_equal(d->bDeviceSubClass, 2);
    zassert_equal(d->bDeviceProtocol, 1);
    host_string(d->iManufacturer, text, sizeof(text));
    zassert_str_equal(text, CONFIG_ISERE_USB_MANUFACTURER);
    host_string(d->iProduct, text, sizeof(text));
    zassert_str_equal(text, CONFIG_ISERE_USB_PRODUCT);
    host_string(d->iSerialNumber, text, sizeof(text));
    zassert_str_equal(text, CHIP_ID_HEX);
}

ZTEST(usb, test_configuration)
{
    read_configuration();
    zassert_equal(raw[4], 2, "bNumInterfaces");
    zassert_equal(raw[5], 1, "bConfigurationValue");
    zassert_equal(raw[7], 0x80, "powered by the bus, no remote wake-up");
    zassert_equal(raw[8] * 2, CONFIG_ISERE_USB_MAX_POWER, "bMaxPower");
    zassert_equal(host_device()->state, USB_STATE_CONFIGURED);
}

ZTEST(usb, test_interfaces)
{
    found_t found = find_descriptors();
    bool ncm = IS_ENABLED(CONFIG_ISERE_USB_NCM);
    uint8_t subclass = ncm ? NCM_SUBCLASS : ECM_SUBCLASS;
    zassert_not_null(found.association);
    zassert_equal(found.association[2], 0, "bFirstInterface");
    zassert_equal(found.association[3], 2, "bInterfaceCount");
    zassert_equal(found.association[4], USB_BCC_CDC_CONTROL);
    zassert_equal(found.association[5], subclass);
    check_interface(found.interfaces[0], 0, 0, 1, USB_BCC_CDC_CONTROL);
    zassert_equal(found.interfaces[0][6], subclass);
    check_interface(found.interfaces[1], 1, 0, 0, USB_BCC_CDC_DATA);
    check_interface(found.interfaces[2], 1, 1, 2, USB_BCC_CDC_DATA);
    zassert_not_null(found.header);
    zassert_not_null(found.join);
    zassert_equal(found.join[3], 0, "bControlInterface");
    zassert_equal(found.join[4], 1, "bSubordinateInterface0");
    zassert_not_null(found.ethernet);
    zassert_equal(sys_get_le16(&found.ethernet[8]), FRAME_MAX);
    zassert_equal(found.ncm != NULL, ncm);
    if (ncm) {
        zassert_equal(sys_get_le16(&found.ncm[3]), 0x0100, "bcdNcmVersion");
    }
}

ZTEST(usb, test_endpoints)
{
    found_t found = find_descriptors();
    bool full_speed = host_device()->speed == USB_SPEED_SPEED_FS;
    uint16_t mps = full_speed ? 64 : 512;
    zassert_not_null(found.interrupt_in);
    zassert_not_null(found.bulk_in);
    zassert_not_null(found.bulk_out);
    zassert_true(found.interrupt_in[2] & 0x80);
    zassert_not_equal(found.interrupt_in[2], found.bulk_in[2]);
    zassert_equal(sys_get_le16(&found.bulk_in[4]), mps);
    zassert_equal(sys_get_le16(&found.bulk_out[4]), mps);
    /* In the order USB wants: endpoints behind their interface. */
    zassert_true(found.interfaces[0] < found.interrupt_in);
    zassert_true(found.interrupt_in < found.interfaces[1]);
    zassert_true(found.interfaces[2] < found.bulk_in);
    zassert_true(found.interfaces[2] < found.bulk_out);
}

ZTEST(usb, test_mac)
{
    found_t found = find_descriptors();
    const struct net_linkaddr *own = net_if_get_link_addr(net_if_get_default());
    uint8_t mac[6];
    char text[128];
    zassert_not_null(found.ethernet);
    host_string(found.ethernet[3], text, sizeof(text));
    zassert_equal(strlen(text), 12);
    zassert_equal(strspn(text, "0123456789ABCDEF"), 12, "%s", text);
    zassert_equal(hex2bin(text, 12, mac, sizeof(mac)), 6);
    zassert_equal(mac[0] & 3, 2, "local, and one machine's");
    zassert_true(strcmp(text, "020000000001") != 0, "not of this chip");
    zassert_equal(own->len, 6);
    zassert_equal(own->addr[0] & 3, 2);
    zassert_true(memcmp(own->addr, mac, 6) != 0);
    zassert_mem_equal(own->addr, mac, 5, "of the same chip");
}

ZTEST(usb, test_class_requests)
{
    uint8_t ntb[28];
    int len = host_request(0xa1, GET_NTB_PARAMETERS, 0, CONTROL_INTERFACE, ntb,
                           sizeof(ntb));
    if (IS_ENABLED(CONFIG_ISERE_USB_NCM)) {
        zassert_equal(len, 28, "%d", len);
        zassert_equal(sys_get_le16(&ntb[0]), 28, "wLength");
        zassert_equal(sys_get_le16(&ntb[2]) & 1, 1, "NTB-16");
        zassert_true(sys_get_le32(&ntb[4]) >= 2048, "dwNtbInMaxSize");
        zassert_true(sys_get_le32(&ntb[16]) >= 2048, "dwNtbOutMaxSize");
    } else {
        zassert_equal(len, -EPIPE, "%d", len);
    }
    zassert_ok(host_request(0x21, SET_ETHERNET_PACKET_FILTER, 0x0f,
                            CONTROL_INTERFACE, NULL, 0));
    zassert_equal(host_request(0x21, 0x7f, 0, CONTROL_INTERFACE, NULL, 0),
                  -EPIPE, "an unknown request");
}
