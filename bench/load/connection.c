/* Connections, requests, answers; and what all commands use. */
#include "bench/load/load.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t load_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void load_fail(const char *what)
{
    if (errno) {
        fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    } else {
        fprintf(stderr, "load: %s\n", what);
    }
    exit(1);
}

void *load_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        load_fail("no memory");
    }
    return memory;
}

void load_raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int load_connect(unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ||
        fcntl(fd, F_SETFL, O_NONBLOCK) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void load_connect_all(load_connection_t *connections, unsigned count,
                      unsigned port, int epoll)
{
    for (unsigned i = 0; i < count; i++) {
        load_connection_t *c = &connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = load_connect(port);
        if (c->fd < 0) {
            load_fail("connect");
        }
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event)) {
            load_fail("epoll_ctl");
        }
    }
}

bool load_send(load_connection_t *c, const char *path)
{
    char request[512];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    c->len = 0;
    return len > 0 && len < (int)sizeof(request) &&
           send(c->fd, request, (size_t)len, MSG_NOSIGNAL) == len;
}

/* The value of a header field, or NULL; `head` ends with its empty line. */
static const char *field(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            const char *value = line + 2 + len + 1;
            return value + strspn(value, " ");
        }
    }
    return NULL;
}

/* As load_receive, for what has been received; ends with a NUL. */
static int complete(const char *answer, size_t len)
{
    static const char last[] = "0\r\n\r\n";
    const char *end = strstr(answer, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) {
        return -1;
    }
    const char *value = field(answer, "content-length");
    size_t body = len - (size_t)(end + 4 - answer);
    if (value) {
        size_t wanted = strtoul(value, NULL, 10);
        return body < wanted ? 0 : body == wanted ? 1 : -1;
    }
    value = field(answer, "transfer-encoding");
    if (!value || strncasecmp(value, "chunked", 7) != 0) {
        return -1;
    }
    return body >= sizeof(last) - 1 &&
           strcmp(answer + len - (sizeof(last) - 1), last) == 0;
}

int load_receive(load_connection_t *c)
{
    ssize_t got = recv(c->fd, c->answer + c->len, LOAD_ANSWER - 1 - c->len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (got <= 0) {
        return -1;
    }
    c->len += (size_t)got;
    c->answer[c->len] = '\0';
    return complete(c->answer, c->len);
}
