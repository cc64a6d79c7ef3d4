#include "host.h"

#include <errno.h>
#include <string.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/usb/usbh.h>
#include <zephyr/ztest.h>

#include "usbh_ch9.h"

#define TIMEOUT_MS 2000

USBH_CONTROLLER_DEFINE(host, DEVICE_DT_GET(DT_NODELABEL(zephyr_uhc0)));

static K_SEM_DEFINE(bulk_done, 0, 1);
static uint16_t ntb_sequence; /* since the data interface was set up */

void host_start(void)
{
    zassert_ok(usbh_init(&host));
    zassert_ok(usbh_enable(&host));
    zassert_ok(uhc_bus_reset(host.dev));
    zassert_ok(uhc_bus_resume(host.dev));
    zassert_ok(uhc_sof_enable(host.dev));
}

struct usb_device *host_device(void)
{
    struct usb_device *device = usbh_device_get_any(&host);
    zassert_not_null(device, "no device on the bus");
    return device;
}

void host_attach(void)
{
    struct usb_device *device = host_device();
    /* The host stack has no reset of a device it knows. */
    device->addr = 0;
    device->actual_cfg = 0;
    device->state = USB_STATE_DEFAULT;
    memset(device->ifaces, 0, sizeof(device->ifaces));
    memset(device->ep_in, 0, sizeof(device->ep_in));
    memset(device->ep_out, 0, sizeof(device->ep_out));
    zassert_ok(usbh_device_init(device));
}

void host_suspend(void)
{
    zassert_ok(uhc_bus_suspend(host.dev));
    k_msleep(20);
}

void host_resume(void)
{
    zassert_ok(uhc_bus_resume(host.dev));
    k_msleep(20);
}

int host_request(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
                 void *data, uint16_t len)
{
    struct usb_device *device = host_device();
    struct net_buf *buf = NULL;
    bool in = type & (USB_REQTYPE_DIR_TO_HOST << 7);
    int result;
    if (len > 0) {
        buf = usbh_xfer_buf_alloc(device, len);
        zassert_not_null(buf);
        if (!in) {
            net_buf_add_mem(buf, data, len);
        }
    }
    zassert_ok(k_mutex_lock(&device->mutex, K_MSEC(TIMEOUT_MS)));
    result = usbh_req_setup(device, type, request, value, index, len, buf);
    k_mutex_unlock(&device->mutex);
    if (result == 0 && buf != NULL && in) {
        result = buf->len;
        memcpy(data, buf->data, buf->len);
    } else if (result == 0) {
        result = len;
    }
    if (buf != NULL) {
        usbh_xfer_buf_free(device, buf);
    }
    return result;
}

void host_set_data(uint8_t alternate)
{
    zassert_ok(usbh_device_interface_set(host_device(), DATA_INTERFACE,
                                         alternate, false));
    ntb_sequence = 0;
    k_msleep(20);
}

void host_string(uint8_t index, char *text, size_t size)
{
    uint8_t raw[255];
    int len =
        host_request(USB_REQTYPE_DIR_TO_HOST << 7, USB_SREQ_GET_DESCRIPTOR,
                     USB_DESC_STRING << 8 | index, 0x0409, raw, sizeof(raw));
    size_t n = 0;
    zassert_true(len >= 2, "string %u: %d", index, len);
    zassert_equal(raw[0], len);
    zassert_equal(raw[1], USB_DESC_STRING);
    for (int i = 2; i < len; i += 2) {
        zassert_equal(raw[i + 1], 0, "string %u is not ASCII", index);
        zassert_true(n + 1 < size);
        text[n++] = (char)raw[i];
    }
    text[n] = '\0';
}

static int on_bulk(struct usb_device *const device,
                   struct uhc_transfer *const transfer)
{
    if (transfer->err == -ECONNRESET) { /* withdrawn: nobody waits */
        usbh_xfer_buf_free(device, transfer->buf);
        return usbh_xfer_free(device, transfer);
    }
    k_sem_give(&bulk_done);
    return 0;
}

/* Moves what is in `buf`, or fills it. Takes `buf`. Returns as host_bulk_in. */
static int bulk(uint8_t endpoint, struct net_buf *buf, void *data,
                int timeout_ms)
{
    struct usb_device *device = host_device();
    struct uhc_transfer *transfer =
        usbh_xfer_alloc(device, endpoint, on_bulk, NULL);
    int result;
    zassert_not_null(transfer);
    k_sem_reset(&bulk_done);
    zassert_ok(usbh_xfer_buf_add(device, transfer, buf));
    zassert_ok(usbh_xfer_enqueue(device, transfer));
    if (k_sem_take(&bulk_done, K_MSEC(timeout_ms)) != 0) {
        zassert_ok(usbh_xfer_dequeue(device, transfer));
        k_msleep(5);
        return -ETIMEDOUT;
    }
    result = transfer->err;
    if (result == 0) {
        result = buf->len;
        if (data != NULL) {
            memcpy(data, buf->data, buf->len);
        }
    }
    usbh_xfer_free(device, transfer);
    usbh_xfer_buf_free(device, buf);
    return result;
}

static uint8_t find_endpoint(const struct usb_host_ep *endpoints)
{
    for (int i = 1; i < 16; i++) {
        if (endpoints[i].desc != NULL &&
            endpoints[i].desc->bmAttributes == USB_EP_TYPE_BULK) {
            return endpoints[i].desc->bEndpointAddress;
        }
    }
    zassert_unreachable("no bulk endpoint");
    return 0;
}

int host_bulk_out(const void *data, size_t len)
{
    struct net_buf *buf = usbh_xfer_buf_alloc(host_device(), MAX(len, 1));
    zassert_not_null(buf);
    net_buf_add_mem(buf, data, len);
    return bulk(find_endpoint(host_device()->ep_out), buf, NULL, TIMEOUT_MS);
}

int host_bulk_in(void *data, size_t size, int timeout_ms)
{
    struct net_buf *buf = usbh_xfer_buf_alloc(host_device(), size);
    zassert_not_null(buf);
    return bulk(find_endpoint(host_device()->ep_in), buf, data, timeout_ms);
}

void host_send_frame(const void *frame, size_t len)
{
    uint8_t block[BLOCK_MAX];
    size_t total = host_wrap(block, frame, len);
    zassert_true(host_bulk_out(block, total) >= 0);
    if (total % host_device()->ep_out[1].desc->wMaxPacketSize == 0) {
        zassert_true(host_bulk_out(NULL, 0) >= 0); /* the end of the block */
    }
}

#ifdef CONFIG_ISERE_USB_ECM

size_t host_wrap(uint8_t block[BLOCK_MAX], const void *frame, size_t len)
{
    memcpy(block, frame, len);
    return len;
}

int host_receive_frame(void *frame, size_t size, int timeout_ms)
{
    return host_bulk_in(frame, size, timeout_ms);
}

#else

/* NTB-16: a header of 12 bytes, a table of 16, the frame behind them. */
size_t host_wrap(uint8_t block[BLOCK_MAX], const void *frame, size_t len)
{
    static const uint8_t head[] = {'N', 'C', 'M', 'H', 12, 0};
    memset(block, 0, 28);
    memcpy(block, head, sizeof(head));
    sys_put_le16(ntb_sequence++, &block[6]);
    sys_put_le16(28 + len, &block[8]);
    sys_put_le16(12, &block[10]);
    memcpy(&block[12], "NCM0", 4);
    sys_put_le16(16, &block[16]);
    sys_put_le16(28, &block[20]);
    sys_put_le16(len, &block[22]);
    memcpy(&block[28], frame, len);
    return 28 + len;
}

int host_receive_frame(void *frame, size_t size, int timeout_ms)
{
    uint8_t ntb[BLOCK_MAX];
    int len = host_bulk_in(ntb, sizeof(ntb), timeout_ms);
    uint16_t table, start, frame_len;
    if (len < 0) {
        return len;
    }
    zassert_true(len >= 28);
    zassert_mem_equal(ntb, "NCMH", 4);
    zassert_equal(sys_get_le16(&ntb[4]), 12, "length of the header");
    zassert_equal(sys_get_le16(&ntb[8]), len, "length of the block");
    table = sys_get_le16(&ntb[10]);
    zassert_true(table % 4 == 0 && table + 16 <= len);
    zassert_mem_equal(&ntb[table], "NCM0", 4);
    start = sys_get_le16(&ntb[table + 8]);
    frame_len = sys_get_le16(&ntb[table + 10]);
    zassert_true(start + frame_len <= len && frame_len <= size);
    zassert_equal(sys_get_le32(&ntb[table + 12]), 0, "end of the table");
    memcpy(frame, &ntb[start], frame_len);
    return frame_len;
}

#endif
