#include "isere/linux.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
