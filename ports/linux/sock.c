/* TCP: listening sockets, and the connections that they accept. */
#include "ports/linux/port_linux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- listening ---- */

static void set_on(int fd, int level, int option)
{
    const int on = 1;
    (void)setsockopt(fd, level, option, &on, sizeof(on));
}

static int bind_and_listen(int fd, const struct addrinfo *address, bool first)
{
    set_on(fd, SOL_SOCKET, SO_REUSEADDR);
    if (!first) {
        set_on(fd, SOL_SOCKET, SO_REUSEPORT);
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0) {
        return -1;
    }
    /* Set only now, the option lets others share the port with this socket
     * but has not let this socket share a port that was taken. */
    set_on(fd, SOL_SOCKET, SO_REUSEPORT);
    /* Accepted sockets inherit it: answers leave at once. */
    set_on(fd, IPPROTO_TCP, TCP_NODELAY);
    return listen(fd, SOMAXCONN);
}

static int open_listener(const struct addrinfo *address, bool first)
{
    int fd = socket(address->ai_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;
    if (fd < 0) {
        return -1;
    }
    if (bind_and_listen(fd, address, first) != 0) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int listen_error(int error)
{
    switch (error) {
    case EADDRINUSE:
        return ISERE_ERR_INUSE;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return ISERE_ERR_INVAL;
    default:
        return ISERE_ERR_IO;
    }
}

static uint16_t bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound;
    socklen_t len = sizeof(bound);
    memset(&bound, 0, sizeof(bound));
    if (getsockname(fd, &bound.any, &len) != 0) {
        return 0;
    }
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port
                                                 : bound.v4.sin_port);
}

isere_socket_t isere_linux_listen(const char *host, uint16_t *port, bool first)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[8];
    int fd = -1, error = EADDRNOTAVAIL;
    snprintf(service, sizeof(service), "%u", (unsigned)*port);
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return ISERE_ERR_INVAL;
    }
    /* The first address of a name that can be bound, IPv6 or IPv4. */
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = open_listener(a, first);
        if (fd < 0) {
            error = errno;
        }
    }
    freeaddrinfo(found);
    if (fd < 0) {
        errno = error;
        return listen_error(error);
    }
    *port = bound_port(fd);
    return fd;
}

/* ---- connections ---- */

#define MAX_SLICES 16 /* sent by one system call */

/* The address as text. An IPv4 client of an IPv6 listener gets its IPv4
 * address, not ::ffff:1.2.3.4. */
static void write_peer(const struct sockaddr_storage *from,
                       char peer[ISERE_ADDRESS_MAX])
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    peer[0] = '\0';
    if (from->ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, peer, ISERE_ADDRESS_MAX);
    } else if (from->ss_family == AF_INET6 &&
               IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], peer, ISERE_ADDRESS_MAX);
    } else if (from->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6->sin6_addr, peer, ISERE_ADDRESS_MAX);
    }
}

static int accept_error(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ISERE_ERR_LIMIT;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
        return ISERE_ERR_IO;
    default:
        /* None is waiting, or it is gone: Linux reports network errors of the
         * new connection here (accept(2)). */
        return ISERE_ERR_AGAIN;
    }
}

isere_socket_t isere_linux_accept(void *ctx, isere_socket_t listener,
                                  char peer[ISERE_ADDRESS_MAX])
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof(from);
    isere_linux_t *self = ctx;
    int fd;
    /* For isere_linux_close. */
    self->listener = listener;
    do {
        fd = accept4(listener, (struct sockaddr *)&from, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return accept_error(errno);
    }
    write_peer(&from, peer);
    return fd;
}

/* The error of recv or send. */
static int stream_error(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
        return ISERE_ERR_AGAIN;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOMEM:
    case ENOBUFS:
    case ENOTSOCK:
        return ISERE_ERR_IO;
    default:
        return ISERE_ERR_CLOSED; /* reset, timed out, unreachable, … */
    }
}

int isere_linux_recv(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    ssize_t n;
    (void)ctx;
    if (len > INT_MAX) {
        /* The result is an int. */
        len = INT_MAX;
    }
    do {
        n = recv(socket, buf, len, 0);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? stream_error(errno) : (int)n;
}

/* send is cheaper in the kernel than sendmsg, and most responses are one slice.
 */
static ssize_t send_one(int socket, isere_slice_t slice)
{
    size_t len = slice.len < INT_MAX ? slice.len : INT_MAX;
    ssize_t n;
    do {
        n = send(socket, slice.ptr, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t send_all(int socket, const isere_slice_t *slices, int count)
{
    struct iovec parts[MAX_SLICES];
    struct msghdr message = {.msg_iov = parts};
    size_t room = INT_MAX;
    ssize_t n;
    for (int i = 0; i < count && i < MAX_SLICES && room > 0; i++) {
        size_t len = slices[i].len < room ? slices[i].len : room;
        /* POSIX has no const there; sendmsg does not write. */
        parts[i].iov_base = (void *)(uintptr_t)slices[i].ptr;
        parts[i].iov_len = len;
        message.msg_iovlen++;
        room -= len;
    }
    do {
        n = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

int isere_linux_send(void *ctx, isere_socket_t socket,
                     const isere_slice_t *slices, int count)
{
    ssize_t n = count == 1 ? send_one(socket, slices[0])
                           : send_all(socket, slices, count);
    (void)ctx;
    return n < 0 ? stream_error(errno) : (int)n;
}

void isere_linux_shutdown(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    /* The peer sees the end of the response and may still be sending. */
    (void)shutdown(socket, SHUT_WR);
}

void isere_linux_close(void *ctx, isere_socket_t socket)
{
    isere_linux_t *self = ctx;
    /* The supervisor has the listener open, too: closing it here would not end
     * it, and connections would wait for nobody. */
    if (socket == self->listener) {
        (void)shutdown(socket, SHUT_RDWR);
        self->listener = -1;
    }
    /* Not repeated after EINTR: on Linux the descriptor is closed then. */
    (void)close(socket);
}
