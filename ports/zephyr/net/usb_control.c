/*
 * Requests on the control endpoint that Zephyr's USB stack answers wrongly,
 * corrected on their way to it. The linker puts the functions here in the place
 * of the stack's (cmake/usb.cmake), which they call.
 */

#include <zephyr/drivers/usb/udc.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/usb/usb_ch9.h>

enum {
    /* More than any answer of ours. The stack takes a buffer of the length
     * that is asked for, and refuses what is longer than all its buffers;
     * hosts may ask for up to 65535 bytes, and get what there is. */
    MAX_ANSWER = 512,
    NO_REQUEST = 2, /* reserved by USB 2.0, table 9-4 */
};

void __real_udc_ctrl_update_stage(const struct device *device,
                                  struct net_buf *buffer);
void __wrap_udc_ctrl_update_stage(const struct device *device,
                                  struct net_buf *buffer);
int __real_udc_ep_clear_halt(const struct device *device, uint8_t endpoint);
int __wrap_udc_ep_clear_halt(const struct device *device, uint8_t endpoint);

static void correct_setup(struct usb_setup_packet *setup)
{
    if (USB_REQTYPE_GET_DIR(setup->bmRequestType) == USB_REQTYPE_DIR_TO_HOST &&
        sys_le16_to_cpu(setup->wLength) > MAX_ANSWER) {
        setup->wLength = sys_cpu_to_le16(MAX_ANSWER);
    }
    /* Acknowledged by the stack, although the configuration does not offer it
     * (USB 2.0, 9.4.9: a request error). */
    if (setup->bmRequestType == USB_REQTYPE_RECIPIENT_DEVICE &&
        setup->bRequest == USB_SREQ_SET_FEATURE &&
        sys_le16_to_cpu(setup->wValue) == USB_SFS_REMOTE_WAKEUP) {
        setup->bRequest = NO_REQUEST;
    }
}

/* A controller's driver calls this first for each SETUP packet. */
void __wrap_udc_ctrl_update_stage(const struct device *device,
                                  struct net_buf *buffer)
{
    if (udc_get_buf_info(buffer)->setup) {
        correct_setup((struct usb_setup_packet *)buffer->data);
    }
    __real_udc_ctrl_update_stage(device, buffer);
}

/*
 * The RP2350's driver starts the transfer that waits on an endpoint a second
 * time when its halt is cleared, fails, and gives the buffer back while the
 * controller still has it: nothing is sent any more until a reset. Hosts clear
 * halts before they use an endpoint first. So what waits is cancelled before;
 * its frame is lost, as any frame may be.
 */
int __wrap_udc_ep_clear_halt(const struct device *device, uint8_t endpoint)
{
    if (USB_EP_DIR_IS_IN(endpoint)) {
        udc_ep_dequeue(device, endpoint);
    }
    return __real_udc_ep_clear_halt(device, endpoint);
}
