/* The host at the other end of the virtual bus, as the tests need it. */
#ifndef ISERE_TEST_USB_HOST_H
#define ISERE_TEST_USB_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zephyr/usb/usb_ch9.h>

#include "usbh_device.h"

#define CONTROL_INTERFACE 0
#define DATA_INTERFACE 1
#define FRAME_MAX 1514

/* What the device's chip calls itself. */
#define CHIP_ID "\xe6\x61\x38\x52\x83\x4f\x71\x2c"
#define CHIP_ID_HEX "E6613852834F712C"

/* Powers the bus and waits until the device is there. */
void host_start(void);

/* Resets the bus and enumerates the device again. */
void host_attach(void);

struct usb_device *host_device(void);

/* Signals to the device that the bus sleeps, or goes on. */
void host_suspend(void);
void host_resume(void);

/*
 * One request on the control endpoint. `data`, of `len` bytes, is what is sent
 * or where what is received is put. Returns the bytes moved, or the negative
 * error: -EPIPE if the device refused.
 */
int host_request(uint8_t type, uint8_t request, uint16_t value, uint16_t index,
                 void *data, uint16_t len);

/* SET_INTERFACE of the data interface: 0 off, 1 on. */
void host_set_data(uint8_t alternate);

/* String descriptor as ASCII with a NUL. */
void host_string(uint8_t index, char *text, size_t size);

/* One transfer on a bulk endpoint. The bytes moved, or -ETIMEDOUT. */
int host_bulk_out(const void *data, size_t len);
int host_bulk_in(void *data, size_t size, int timeout_ms);

/* Longest block on the bus that holds one frame. */
#define BLOCK_MAX 2048

/*
 * Wraps a frame as CDC-ECM (not at all) or CDC-NCM want it. Returns the length
 * of the block.
 */
size_t host_wrap(uint8_t block[BLOCK_MAX], const void *frame, size_t len);

/* One Ethernet frame each way. */
void host_send_frame(const void *frame, size_t len);
int host_receive_frame(void *frame, size_t size, int timeout_ms);

#endif
