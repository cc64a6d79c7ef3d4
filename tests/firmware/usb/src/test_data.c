/* Frames through the device, and what stops and starts them. */

#include "host.h"

#include <errno.h>
#include <string.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/socket.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/ztest.h>

#define ARP_LEN 42
#define HEADERS 42 /* Ethernet, IPv4, ICMP */
#define REPLY_MS 300

static const uint8_t host_mac[6] = {2, 1, 2, 3, 4, 5};
static const uint8_t host_ip[4] = {192, 168, 7, 2};
static const uint8_t device_ip[4] = {192, 168, 7, 1};

static void begin_frame(uint8_t *frame, const uint8_t *to, uint16_t type)
{
    memcpy(frame, to, 6);
    memcpy(&frame[6], host_mac, 6);
    sys_put_be16(type, &frame[12]);
}

static void make_arp_request(uint8_t frame[ARP_LEN])
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
    memset(frame, 0, ARP_LEN);
    begin_frame(frame, (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 0x0806);
    memcpy(&frame[14], head, sizeof(head));
    memcpy(&frame[22], host_mac, 6);
    memcpy(&frame[28], host_ip, 4);
    memcpy(&frame[38], device_ip, 4);
}

/* Reads past what the device sends of its own accord. */
static int receive(uint16_t type, uint8_t *frame)
{
    int64_t end = k_uptime_get() + REPLY_MS;
    int len;
    do {
        len = host_receive_frame(frame, FRAME_MAX, REPLY_MS);
        if (len >= 14 && sys_get_be16(&frame[12]) == type) {
            return len;
        }
    } while (k_uptime_get() < end);
    return -ETIMEDOUT;
}

/* A host always reads; a device that can't send stops receiving in the end. */
static void drain(void)
{
    uint8_t frame[FRAME_MAX];
    while (host_receive_frame(frame, sizeof(frame), 20) >= 0) {
    }
}

/* A frame in each direction: does the device answer? */
static bool answers(void)
{
    const struct net_linkaddr *own = net_if_get_link_addr(net_if_get_default());
    uint8_t frame[FRAME_MAX];
    make_arp_request(frame);
    host_send_frame(frame, ARP_LEN);
    for (;;) {
        int len = receive(0x0806, frame);
        if (len < 0) {
            return false;
        }
        if (frame[21] == 2) { /* else it asks for something itself */
            zassert_true(len >= ARP_LEN);
            zassert_mem_equal(&frame[22], own->addr, 6);
            zassert_mem_equal(&frame[28], device_ip, 4);
            return true;
        }
    }
}

static uint16_t checksum(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2) {
        sum += data[i] << 8 | (i + 1 < len ? data[i + 1] : 0);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum;
}

/* An echo request in a frame of `len` bytes, and the same back. */
static void check_echo(size_t len)
{
    const struct net_linkaddr *own = net_if_get_link_addr(net_if_get_default());
    uint8_t frame[FRAME_MAX] = {0};
    uint8_t reply[FRAME_MAX];
    int got;
    begin_frame(frame, own->addr, 0x0800);
    frame[14] = 0x45;
    sys_put_be16(len - 14, &frame[16]);
    frame[22] = 64;
    frame[23] = 1;
    memcpy(&frame[26], host_ip, 4);
    memcpy(&frame[30], device_ip, 4);
    sys_put_be16(checksum(&frame[14], 20), &frame[24]);
    frame[34] = 8;
    for (size_t i = HEADERS; i < len; i++) {
        frame[i] = 1 + i % 251;
    }
    sys_put_be16(checksum(&frame[34], len - 34), &frame[36]);
    host_send_frame(frame, len);
    got = receive(0x0800, reply);
    zassert_equal(got, (int)len, "%d instead of %zu", got, len);
    zassert_equal(reply[34], 0, "not an echo");
    zassert_mem_equal(&reply[HEADERS], &frame[HEADERS], len - HEADERS);
}

static bool link(void)
{
    return net_if_is_carrier_ok(net_if_get_default());
}

/* CDC-NCM has a link as long as it is configured. */
static bool no_link(void)
{
    return !link() || IS_ENABLED(CONFIG_ISERE_USB_NCM);
}

ZTEST(usb, test_frames)
{
    host_set_data(1);
    zassert_true(link());
    zassert_true(answers());
}

ZTEST(usb, test_frame_sizes)
{
    host_set_data(1);
    zassert_true(answers());
    /* Around what fills packets of 64 and 512 bytes, and the longest. */
    static const uint16_t sizes[] = {60,  63,  64,  65,   127,  128,
                                     511, 512, 513, 1024, 1513, FRAME_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        check_echo(sizes[i]);
    }
    for (size_t len = 60; len < 320; len++) {
        check_echo(len);
    }
}

ZTEST(usb, test_off_and_on)
{
    host_set_data(1);
    zassert_true(answers());
    for (int i = 0; i < 3; i++) {
        host_set_data(0);
        zassert_true(no_link());
        host_set_data(1);
        zassert_true(link());
        zassert_true(answers());
    }
}

/* The host restarts, or the cable is pulled and put back. */
ZTEST(usb, test_reset)
{
    host_set_data(1);
    zassert_true(answers());
    for (int i = 0; i < 3; i++) {
        host_attach();
        zassert_true(no_link());
        host_set_data(1);
        zassert_true(link());
        zassert_true(answers());
    }
}

ZTEST(usb, test_unconfigure)
{
    host_set_data(1);
    zassert_true(answers());
    zassert_ok(host_request(0, USB_SREQ_SET_CONFIGURATION, 0, 0, NULL, 0));
    k_msleep(20);
    zassert_false(link());
    host_attach();
    host_set_data(1);
    zassert_true(answers());
}

/* Makes the device send: it has to ask for an address it does not know. */
static void send_something(void)
{
    static uint8_t unknown = 77;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = zsock_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    zassert_true(fd >= 0);
    memcpy(&to.sin_addr, (const uint8_t[]){192, 168, 7, unknown++}, 4);
    (void)zsock_sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
    zsock_close(fd);
}

/* The host sleeps while the device has something to send. */
ZTEST(usb, test_suspend)
{
    host_set_data(1);
    zassert_true(answers());
    for (int i = 0; i < 3; i++) {
        host_suspend();
        zassert_false(link());
        send_something();
        k_msleep(50);
        host_resume();
        zassert_true(link());
        zassert_true(answers());
    }
}

/* The bus goes to sleep in the middle of a frame from the device. */
ZTEST(usb, test_suspend_while_sending)
{
    host_set_data(1);
    zassert_true(answers());
    send_something(); /* which nobody takes */
    k_msleep(20);
    host_suspend();
    k_msleep(50);
    host_resume();
    zassert_true(answers());
}

/* A host that goes away in the middle of a frame, and comes back. */
ZTEST(usb, test_reset_while_sending)
{
    host_set_data(1);
    zassert_true(answers());
    send_something();
    k_msleep(20);
    host_attach();
    host_set_data(1);
    zassert_true(answers());
}

/* Frames no host should send; the device goes on. */
ZTEST(usb, test_bad_frames)
{
    uint8_t garbage[2100];
    for (size_t i = 0; i < sizeof(garbage); i++) {
        garbage[i] = 1 + i * 7 % 255;
    }
    host_set_data(1);
    zassert_true(answers());
    static const uint16_t sizes[] = {1, 13, 14, 15, 41, 60, 700, 1514};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        zassert_true(host_bulk_out(garbage, sizes[i]) >= 0);
        k_msleep(5);
    }
    zassert_true(answers());
    zassert_true(host_bulk_out(NULL, 0) >= 0);
    zassert_true(host_bulk_out(garbage, sizeof(garbage)) >= 0, "too long");
    k_msleep(5);
    drain();
    zassert_true(answers());
}

/* A good block in which two bytes are wrong, wherever they are. */
ZTEST(usb, test_bad_headers)
{
    static const uint16_t wrong[] = {0, 1, 0x7fff, 0xffff};
    uint8_t frame[ARP_LEN];
    uint8_t block[BLOCK_MAX];
    host_set_data(1);
    make_arp_request(frame);
    for (size_t at = 0; at < 28; at += 2) {
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
            size_t len = host_wrap(block, frame, sizeof(frame));
            sys_put_le16(wrong[i], &block[at]);
            zassert_true(host_bulk_out(block, len) >= 0);
        }
        drain();
        zassert_true(answers(), "after bytes at %zu were wrong", at);
    }
}
