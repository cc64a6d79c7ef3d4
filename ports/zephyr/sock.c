/* TCP over Zephyr's sockets: IPv4, a few connections, everything
 * non-blocking. */
#include "ports/zephyr/net/tcp.h"
#include "ports/zephyr/port_zephyr.h"
#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

enum {
    MAX_SLICES = 4, /* sent by one call */
    BACKLOG = 4,
};

/* An address of Kconfig: with several interfaces the others are not listened
 * on. */
isere_socket_t isere__zephyr_listen(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
    };
    int one = 1;
    int fd = -1;
    if (zsock_inet_pton(AF_INET, CONFIG_ISERE_LISTEN_ADDRESS,
                        &address.sin_addr) == 1) {
        fd = zsock_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    }
    if (fd < 0) {
        return ISERE_ERR_IO;
    }
    zsock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (zsock_bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        zsock_listen(fd, BACKLOG) != 0 ||
        zsock_fcntl(fd, ZVFS_F_SETFL, ZVFS_O_NONBLOCK) != 0) {
        zsock_close(fd);
        return ISERE_ERR_IO;
    }
    return fd;
}

uint16_t isere__zephyr_listen_port(isere_socket_t listener)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof(address);
    if (zsock_getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(address.sin_port);
}

isere_socket_t isere_zephyr_accept(void *ctx, isere_socket_t listener,
                                   char peer[ISERE_ADDRESS_MAX])
{
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);
    int one = 1;
    ARG_UNUSED(ctx);
    int fd = zsock_accept(listener, (struct sockaddr *)&from, &len);
    if (fd < 0) {
        /* Out of something that a closed connection gives back. The listener
         * stays readable, so the core must be told, or it would spin. */
        return errno == ENFILE || errno == EMFILE || errno == ENOMEM ||
                       errno == ENOBUFS
                   ? ISERE_ERR_LIMIT
                   : ISERE_ERR_AGAIN;
    }
    if (zsock_fcntl(fd, ZVFS_F_SETFL, ZVFS_O_NONBLOCK) != 0) {
        zsock_close(fd);
        return ISERE_ERR_AGAIN;
    }
    /* A response is written whole: there is nothing to wait for. */
    zsock_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    peer[0] = '\0';
    zsock_inet_ntop(AF_INET, &from.sin_addr, peer, ISERE_ADDRESS_MAX);
    return fd;
}

/* The error of recv or send. */
static int stream_error(void)
{
    switch (errno) {
    case EAGAIN:
    case ENOBUFS: /* the stack's buffers are all in use: later */
    case ENOMEM:
        return ISERE_ERR_AGAIN;
    default:
        return ISERE_ERR_CLOSED;
    }
}

int isere_zephyr_recv(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    ARG_UNUSED(ctx);
    ssize_t n = zsock_recv(socket, buf, len, 0);
    if (n > 0) {
        isere__zephyr_poll_owes(socket, true);
    }
    return n < 0 ? stream_error() : (int)n;
}

int isere_zephyr_send(void *ctx, isere_socket_t socket,
                      const isere_slice_t *slices, int count)
{
    struct iovec parts[MAX_SLICES];
    struct msghdr message = {.msg_iov = parts};
    ARG_UNUSED(ctx);
    /* More slices go with the next call, as after any send that was cut. */
    for (int i = 0; i < count && i < MAX_SLICES; i++) {
        /* POSIX has no const there; the stack does not write. */
        parts[i].iov_base = (void *)(uintptr_t)slices[i].ptr;
        parts[i].iov_len = slices[i].len;
        message.msg_iovlen++;
    }
    const isere_tcp_received_t ack = isere_tcp_before(socket);
    ssize_t n = zsock_sendmsg(socket, &message, 0);
    if (n >= 0) {
        if (isere_tcp_has_acknowledged(&ack)) {
            isere__zephyr_poll_owes(socket, false);
        }
        return (int)n;
    }
    int error = stream_error();
    if (error == ISERE_ERR_AGAIN) {
        /* Zephyr reports the socket as writable while the stack has no buffers:
         * without a pause the loop would spin. */
        isere__zephyr_poll_pause(socket);
    }
    return error;
}

void isere_zephyr_shutdown(void *ctx, isere_socket_t socket)
{
    ARG_UNUSED(ctx);
    /* Our side only: what was sent is still delivered (RFC 9293, 3.6). */
    (void)zsock_shutdown(socket, ZSOCK_SHUT_WR);
}

void isere_zephyr_close(void *ctx, isere_socket_t socket)
{
    ARG_UNUSED(ctx);
    (void)zsock_close(socket);
}
