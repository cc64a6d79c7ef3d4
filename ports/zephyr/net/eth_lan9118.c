/*
 * The Ethernet controller of QEMU's machines mps2, a LAN9118 (Microchip
 * DS00002266), as far as QEMU has one. Zephyr's own driver loses frames of full
 * size, and a frame that it drops stops all others.
 *
 * As behind USB, the peer waits while there are no buffers: frames stay in the
 * controller then, and are looked for again.
 */
#define DT_DRV_COMPAT isere_lan9118

#include <zephyr/device.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/net/ethernet.h>
#include <zephyr/net/net_pkt.h>

/* Registers, as offsets. */
enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    RX_STATUS_PEEK = 0x44,
    TX_STATUS = 0x48,
    IRQ_CFG = 0x54,
    INT_STS = 0x58,
    INT_EN = 0x5C,
    FIFO_INT = 0x68,
    RX_CFG = 0x6C,
    TX_CFG = 0x70,
    HW_CFG = 0x74,
    RX_FIFO_INF = 0x7C,
    MAC_CMD = 0xA4,
    MAC_DATA = 0xA8,
};

/* The MAC's own registers, reached through MAC_CMD. */
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3 };

enum {
    WORD = sizeof(uint32_t),
    FCS = 4,              /* behind each received frame */
    RSFL = BIT(3),        /* interrupt: a frame is there */
    IRQ_OUTPUT = 0x111,   /* enabled, active high, driven both ways */
    SOFT_RESET = BIT(0),  /* of HW_CFG */
    TX_ON = BIT(1),       /* of TX_CFG */
    TX_WHOLE = 3u << 12,  /* a buffer that is a frame's first and last */
    MAC_RXEN_TXEN = 0x0C, /* of MAC_CR */
};

#define MAC_BUSY BIT(31)
#define MAC_READ BIT(30)

BUILD_ASSERT(CONFIG_NET_BUF_DATA_SIZE % WORD == 0);

static struct net_if *iface;
static uint8_t address[NET_ETH_ADDR_LEN];

static volatile uint32_t *reg(unsigned offset)
{
    return (volatile uint32_t *)(DT_INST_REG_ADDR(0) + offset);
}

static void mac_do(uint32_t command)
{
    *reg(MAC_CMD) = MAC_BUSY | command;
    while (*reg(MAC_CMD) & MAC_BUSY) {
    }
}

static uint32_t mac_read(unsigned number)
{
    mac_do(MAC_READ | number);
    return *reg(MAC_DATA);
}

/* ---- receiving ---- */

/* Whole words straight into the buffers; the last one may be a part. */
static void read_frame(struct net_pkt *pkt, size_t length)
{
    for (struct net_buf *buf = pkt->buffer; buf; buf = buf->frags) {
        size_t size = MIN(length, net_buf_tailroom(buf));
        uint32_t *to = net_buf_add(buf, size);
        for (size_t i = 0; i < size / WORD; i++) {
            *to++ = *reg(RX_DATA);
        }
        if (size % WORD > 0) {
            uint32_t last = *reg(RX_DATA);
            memcpy(to, &last, size % WORD);
        }
        length -= size;
    }
    (void)*reg(RX_DATA); /* the checksum has a word of its own */
}

/* False when there are no buffers for the next frame. */
static bool take_frame(void)
{
    size_t length = (*reg(RX_STATUS_PEEK) >> 16 & 0x3FFF) - FCS;
    struct net_pkt *pkt =
        net_pkt_rx_alloc_with_buffer(iface, length, AF_UNSPEC, 0, K_NO_WAIT);
    if (!pkt) {
        return false;
    }
    (void)*reg(RX_STATUS);
    read_frame(pkt, length);
    if (net_recv_data(iface, pkt) < 0) {
        net_pkt_unref(pkt);
    }
    return true;
}

static void drain(struct k_timer *timer);
static K_TIMER_DEFINE(again, drain, NULL);

/* Acknowledged first: a frame that comes after the last look raises the
 * interrupt again. */
static void drain(struct k_timer *timer)
{
    ARG_UNUSED(timer);
    *reg(INT_STS) = RSFL;
    while ((*reg(RX_FIFO_INF) >> 16 & 0xFF) > 0) {
        if (!take_frame()) {
            k_timer_start(&again, K_MSEC(1), K_NO_WAIT);
            return;
        }
    }
}

static void interrupt(const void *arg)
{
    ARG_UNUSED(arg);
    drain(NULL);
}

/* ---- sending ---- */

/* Frames are sent one at a time, by the network's thread for that. */
static int send_frame(const struct device *dev, struct net_pkt *pkt)
{
    static uint32_t frame[DIV_ROUND_UP(NET_ETH_MAX_FRAME_SIZE, WORD)];
    size_t length = net_pkt_get_len(pkt);
    ARG_UNUSED(dev);
    if (length > sizeof(frame) || net_pkt_read(pkt, frame, length)) {
        return -EIO;
    }
    *reg(TX_DATA) = TX_WHOLE | length;
    *reg(TX_DATA) = length;
    for (size_t i = 0; i < DIV_ROUND_UP(length, WORD); i++) {
        *reg(TX_DATA) = frame[i];
    }
    (void)*reg(TX_STATUS);
    return 0;
}

/* ---- the device ---- */

static void init_iface(struct net_if *own)
{
    uint32_t low = mac_read(MAC_ADDRL);
    uint32_t high = mac_read(MAC_ADDRH);
    iface = own;
    memcpy(address, &low, WORD);
    memcpy(address + WORD, &high, sizeof(address) - WORD);
    net_if_set_link_addr(iface, address, sizeof(address), NET_LINK_ETHERNET);
    ethernet_init(iface);
    *reg(INT_EN) = RSFL;
    irq_enable(DT_INST_IRQN(0));
}

static enum ethernet_hw_caps capabilities(const struct device *dev)
{
    ARG_UNUSED(dev);
    return ETHERNET_LINK_10BASE | ETHERNET_LINK_100BASE;
}

/* Frames are received as they come, with no bytes before them, and each one is
 * worth an interrupt. */
static int init(const struct device *dev)
{
    ARG_UNUSED(dev);
    *reg(HW_CFG) = SOFT_RESET;
    while (*reg(HW_CFG) & SOFT_RESET) {
    }
    *reg(INT_STS) = UINT32_MAX;
    *reg(IRQ_CFG) = IRQ_OUTPUT;
    *reg(FIFO_INT) = 0;
    *reg(RX_CFG) = 0;
    *reg(TX_CFG) = TX_ON;
    *reg(MAC_DATA) = MAC_RXEN_TXEN;
    mac_do(MAC_CR);
    IRQ_CONNECT(DT_INST_IRQN(0), DT_INST_IRQ(0, priority), interrupt, NULL, 0);
    return 0;
}

static const struct ethernet_api api = {
    .iface_api.init = init_iface,
    .get_capabilities = capabilities,
    .send = send_frame,
};

ETH_NET_DEVICE_DT_INST_DEFINE(0, init, NULL, NULL, NULL,
                              CONFIG_ETH_INIT_PRIORITY, &api, NET_ETH_MTU);
