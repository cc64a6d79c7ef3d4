/* Waiting for sockets with epoll, and waking a thread that waits with an
 * eventfd. */
#include "ports/linux/port_linux.h"
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 64 /* events taken from the kernel at once */

int isere_linux_poll_init(isere_linux_t *self)
{
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = self};
    int saved;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->epoll_fd >= 0 && self->wake_fd >= 0 &&
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &wake) == 0) {
        return 0;
    }
    saved = errno;
    isere_linux_poll_deinit(self);
    errno = saved;
    return saved == ENOMEM ? ISERE_ERR_NOMEM : ISERE_ERR_LIMIT;
}

void isere_linux_poll_deinit(isere_linux_t *self)
{
    if (self->epoll_fd >= 0) {
        close(self->epoll_fd);
    }
    if (self->wake_fd >= 0) {
        close(self->wake_fd);
    }
}

int isere_linux_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                         void *tag)
{
    isere_linux_t *self = ctx;
    struct epoll_event event = {.data.ptr = tag};
    if (events & ISERE_POLL_READ) {
        event.events |= EPOLLIN;
    }
    if (events & ISERE_POLL_WRITE) {
        event.events |= EPOLLOUT;
    }
    /* Nearly all calls change a socket that is registered already. */
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, socket, &event) == 0) {
        return 0;
    }
    if (errno == ENOENT &&
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, socket, &event) == 0) {
        return 0;
    }
    switch (errno) {
    case ENOMEM:
        return ISERE_ERR_NOMEM;
    case ENOSPC:
        return ISERE_ERR_LIMIT;
    default:
        return ISERE_ERR_IO;
    }
}

void isere_linux_poll_remove(void *ctx, isere_socket_t socket)
{
    isere_linux_t *self = ctx;
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, socket, NULL);
}

/* Milliseconds, rounded up: waking too early would make the loop spin. */
static int timeout_ms(uint64_t timeout_us)
{
    if (timeout_us == UINT64_MAX) {
        return -1;
    }
    if (timeout_us > (uint64_t)INT_MAX * 1000 - 1000) {
        return INT_MAX;
    }
    return (int)((timeout_us + 999) / 1000);
}

static unsigned to_events(uint32_t events)
{
    unsigned result = 0;
    if (events & EPOLLIN) {
        result |= ISERE_POLL_READ;
    }
    if (events & EPOLLOUT) {
        result |= ISERE_POLL_WRITE;
    }
    /* epoll reports both unasked. */
    if (events & (EPOLLERR | EPOLLHUP)) {
        result |= ISERE_POLL_CLOSED;
    }
    return result;
}

int isere_linux_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                          uint64_t timeout_us)
{
    isere_linux_t *self = ctx;
    struct epoll_event ready[BATCH];
    int count = 0, n;
    n = epoll_wait(self->epoll_fd, ready, max < BATCH ? max : BATCH,
                   timeout_ms(timeout_us));
    if (n < 0) {
        /* The loop looks at the clock and waits again. */
        return errno == EINTR ? 0 : ISERE_ERR_IO;
    }
    if (n == 0 && timeout_us > 0) {
        isere_linux_trim_memory(); /* idle: a good time for it */
    }
    for (int i = 0; i < n; i++) {
        if (ready[i].data.ptr == self) {
            uint64_t wakes;
            ssize_t got = read(self->wake_fd, &wakes, sizeof(wakes));
            (void)got; /* nothing to read: another wake-up came first */
            continue;
        }
        /* Own wake-ups are not reported: the caller returns from the wait,
         * which is all. */
        events[count].tag = ready[i].data.ptr;
        events[count].events = to_events(ready[i].events);
        count++;
    }
    return count;
}

void isere_linux_poll_wake(void *ctx)
{
    isere_linux_t *self = ctx;
    const uint64_t one = 1;
    /* Fails only when the counter is full: then the wake-up is under way. */
    ssize_t put = write(self->wake_fd, &one, sizeof(one));
    (void)put;
}
