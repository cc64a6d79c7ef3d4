/* Readiness with zsock_poll, over a table of all sockets. */
#include "ports/zephyr/net/tcp.h"
#include "ports/zephyr/port_zephyr.h"
#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>
#include <zephyr/zvfs/eventfd.h>

enum {
    WAKE = 0, /* the first entry is the eventfd that wakes */
    ENTRIES = CONFIG_ISERE_CONNECTIONS + 2, /* and the listener */
};

/*
 * Zephyr reports room for writing (POLLOUT) in a connection whose window is
 * open while the stack's buffers are all in use. After a send that found no
 * room that interest is left out of the next poll, and that poll is a short
 * one.
 */
#define SEND_PAUSE_US 1000

/* A poll that does not fit these fails, and nobody is served any more. Reading
 * and writing count separately. */
BUILD_ASSERT(CONFIG_ZVFS_POLL_MAX >= 2 * CONFIG_ISERE_CONNECTIONS + 2);
BUILD_ASSERT(CONFIG_ZVFS_OPEN_MAX >= CONFIG_ISERE_CONNECTIONS + 4);
#ifdef CONFIG_NET_NATIVE_TCP
BUILD_ASSERT(CONFIG_NET_MAX_CONTEXTS >= CONFIG_ISERE_CONNECTIONS + 4);
BUILD_ASSERT(CONFIG_NET_MAX_CONN >= CONFIG_ISERE_CONNECTIONS + 4);
#endif

static struct zsock_pollfd polled[ENTRIES];
static struct {
    isere_socket_t socket;
    short events;
    bool paused; /* no POLLOUT in the next poll */
    bool owes;   /* what was read is not acknowledged yet */
    void *tag;
} entries[ENTRIES];
static int count;
static int next; /* where reporting goes on, so that nobody is starved */

int isere_zephyr_poll_init(void)
{
    int fd = zvfs_eventfd(0, ZVFS_EFD_NONBLOCK);
    if (fd < 0) {
        return ISERE_ERR_IO;
    }
    entries[WAKE].socket = fd;
    entries[WAKE].events = ZSOCK_POLLIN;
    count = 1;
    return 0;
}

/* A few connections: searching is cheaper than any index. */
static int find(isere_socket_t socket)
{
    int i = 0;
    while (i < count && entries[i].socket != socket) {
        i++;
    }
    return i;
}

int isere_zephyr_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                          void *tag)
{
    ARG_UNUSED(ctx);
    int i = find(socket);
    if (i == ENTRIES) {
        return ISERE_ERR_LIMIT;
    }
    if (i == count) {
        count++;
        entries[i].owes = false;
    }
    entries[i].socket = socket;
    entries[i].tag = tag;
    entries[i].paused = false;
    entries[i].events =
        (short)((events & ISERE_POLL_READ ? ZSOCK_POLLIN : 0) |
                (events & ISERE_POLL_WRITE ? ZSOCK_POLLOUT : 0));
    return 0;
}

void isere_zephyr_poll_remove(void *ctx, isere_socket_t socket)
{
    ARG_UNUSED(ctx);
    int i = find(socket);
    if (i < count) {
        /* The order has no meaning. */
        entries[i] = entries[--count];
    }
}

void isere_zephyr_poll_wake(void *ctx)
{
    ARG_UNUSED(ctx);
    (void)zvfs_eventfd_write(entries[WAKE].socket, 1);
}

void isere__zephyr_poll_pause(isere_socket_t socket)
{
    int i = find(socket);
    if (i < count) {
        entries[i].paused = true;
    }
}

void isere__zephyr_poll_owes(isere_socket_t socket, bool owes)
{
    int i = find(socket);
    if (i < count) {
        entries[i].owes = owes;
    }
}

/* Fills `polled`. Returns how long this poll may take at most: the watchdog
 * must be fed in between. */
static uint64_t prepare(void)
{
    uint64_t longest_us = ISERE_ZEPHYR_FEED_US;
    for (int i = 0; i < count; i++) {
        short events = entries[i].events;
        if (entries[i].paused) {
            events &= ~ZSOCK_POLLOUT;
            longest_us = SEND_PAUSE_US;
            entries[i].paused = false;
        }
        if (entries[i].owes) {
            /* More of the request is awaited, or an instance, or a timer. */
            isere_tcp_acknowledge(entries[i].socket);
            entries[i].owes = false;
        }
        polled[i].fd = events ? entries[i].socket : -1;
        polled[i].events = events;
        polled[i].revents = 0;
    }
    return longest_us;
}

/* What the core is told of entry `i`; 0: nothing. */
static unsigned readiness(int i)
{
    short seen = polled[i].revents;
    unsigned events = 0;
    if (seen & (ZSOCK_POLLERR | ZSOCK_POLLNVAL)) {
        return ISERE_POLL_CLOSED;
    }
    if (seen & ZSOCK_POLLOUT) {
        events |= ISERE_POLL_WRITE;
    }
    if (seen & (ZSOCK_POLLIN | ZSOCK_POLLHUP) &&
        entries[i].events & ZSOCK_POLLIN) {
        events |= ISERE_POLL_READ; /* at the end of the stream it reads 0 */
    }
    /* After the peer's end nothing can be sent either: Zephyr's TCP knows no
     * half-closed connections. */
    return events == 0 && seen & ZSOCK_POLLHUP ? ISERE_POLL_CLOSED : events;
}

static int report(isere_poll_event_t *events, int max)
{
    int n = 0;
    if (polled[WAKE].revents & ZSOCK_POLLIN) {
        zvfs_eventfd_t value;
        (void)zvfs_eventfd_read(entries[WAKE].socket, &value);
    }
    for (int k = 0; k < count && n < max; k++) {
        int i = (next + k) % count;
        unsigned ready = i == WAKE ? 0 : readiness(i);
        if (ready) {
            events[n].tag = entries[i].tag;
            events[n++].events = ready;
        }
    }
    next = count > 1 ? (next + 1) % count : 0;
    return n;
}

/* One wait of at most a slice; negative on failure. */
static int wait_slice(uint64_t left_us)
{
    uint64_t slice_us = MIN(left_us, prepare());
    isere_zephyr_watchdog_feed();
    return zsock_poll(polled, count, (int)DIV_ROUND_UP(slice_us, 1000));
}

int isere_zephyr_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                           uint64_t timeout_us)
{
    uint64_t start = isere_zephyr_monotonic_us(ctx);
    uint64_t spent = 0;
    do {
        isere_retained_tick(isere__zephyr_retained(), start + spent);
        int ready = wait_slice(timeout_us - spent);
        if (ready < 0 && errno != EINTR && errno != EAGAIN) {
            return ISERE_ERR_IO;
        }
        if (ready > 0) {
            bool woken = polled[WAKE].revents & ZSOCK_POLLIN;
            int n = report(events, max);
            /* Else only sockets were ready that nobody is interested in. */
            if (n > 0 || woken) {
                return n;
            }
        }
        spent = isere_zephyr_monotonic_us(ctx) - start;
    } while (spent < timeout_us);
    return 0;
}
