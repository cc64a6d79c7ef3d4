/* One HTTP request over a connection of its own: resolves, connects, sends and
 * receives, each with a time limit. */
#include "apps/isere/client/client.h"
#include "isere/error.h"
#include "isere/isere.h"
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A call under way. */
typedef struct call {
    const isere_client_request_t *request;
    isere_client_response_t *response;
    char *reason;
    int fd;
    isere_slice_t unsent[2]; /* of the head and of the body */
    bool deaf;               /* the server reads no more of the request */
    int64_t told_ms;         /* when the progress was told last */
    bool arrived;            /* all of the request */
} call_t;

enum { PROGRESS_MS = 1000, LOOK_MS = 100 };

/* Every failure names the server first: with ISERE_URL set in some file, the
 * user may not know which one it is. */
__attribute__((format(printf, 2, 3))) static int fail(const call_t *call,
                                                      const char *format, ...)
{
    size_t used;
    va_list list;
    used = (size_t)snprintf(call->reason, ISERE_CLIENT_REASON_MAX, "http://%s ",
                            call->request->url->authority);
    va_start(list, format);
    vsnprintf(call->reason + used, ISERE_CLIENT_REASON_MAX - used, format,
              list);
    va_end(list);
    return ISERE_ERR_IO;
}

/* A time as people write it: whole seconds where it is that. */
static const char *as_time(int milliseconds, char text[16])
{
    snprintf(text, 16, milliseconds % 1000 ? "%d ms" : "%d s",
             milliseconds % 1000 ? milliseconds : milliseconds / 1000);
    return text;
}

/* ---- connecting ---- */

/* Monotonic: setting the clock must not end a wait. */
static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits as poll does, signals or not: > 0, 0 after that time, or -1. */
static int wait_for(int fd, short events, int timeout_ms, short *ready)
{
    struct pollfd p = {.fd = fd, .events = events};
    /* A signal (SIGWINCH, say) must not make the wait longer than was asked
     * for. */
    int64_t end = now_ms() + timeout_ms;
    int left = timeout_ms, n;
    while ((n = poll(&p, 1, left)) < 0 && errno == EINTR) {
        int64_t rest = end - now_ms();
        left = timeout_ms < 0 ? -1 : rest > 0 ? (int)rest : 0;
    }
    *ready = p.revents;
    return n;
}

/* Whether the address answered in time; else errno says why not. */
static bool connect_one(int fd, const struct addrinfo *address, int timeout_ms)
{
    socklen_t len = sizeof(int);
    int error = 0;
    short ready;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return true;
    }
    /* The socket is non-blocking, so this is the usual case, not an error. */
    if (errno != EINPROGRESS) {
        return false;
    }
    if (wait_for(fd, POLLOUT, timeout_ms, &ready) <= 0) {
        errno = ETIMEDOUT;
        return false;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return false;
    }
    errno = error;
    return error == 0;
}

/* A request is sent at once; and a server that was switched off is noticed
 * also by somebody who only listens. */
static void set_options(int fd)
{
    const int on = 1, idle_s = 30, interval_s = 10, probes = 3;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s,
                     sizeof(interval_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* errno says why it failed, also after the close. */
static int open_connection(const struct addrinfo *address, int timeout_ms)
{
    int fd = socket(address->ai_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;
    if (fd < 0) {
        return -1;
    }
    if (!connect_one(fd, address, timeout_ms)) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    set_options(fd);
    return fd;
}

/* Shows the address, too, where the user gave a name. */
static int cannot_connect(const call_t *call, const struct addrinfo *address,
                          int error)
{
    const char *host = call->request->url->host;
    char text[INET6_ADDRSTRLEN + 8] = "", time[16];
    bool is_late = error == ETIMEDOUT;
    (void)getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text),
                      NULL, 0, NI_NUMERICHOST);
    if (strcmp(text, host) == 0) {
        text[0] = '\0';
    }
    return fail(call, "can't be reached%s%s%s: %s%s", text[0] ? " (at " : "",
                text, text[0] ? ")" : "",
                is_late ? "no answer in " : strerror(error),
                is_late ? as_time(call->request->connect_ms, time) : "");
}

/* Tries the addresses of the host in turn. */
static int connect_to(call_t *call)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV};
    const isere_client_url_t *url = call->request->url;
    struct addrinfo *found = NULL;
    int error = getaddrinfo(url->host, url->port, &hints, &found);
    if (error != 0) {
        return fail(call, "can't be reached: %s",
                    error == EAI_SYSTEM ? strerror(errno)
                                        : gai_strerror(error));
    }
    /* Only the last failure is reported. A host with IPv6 and IPv4 addresses
     * often refuses one of them, and the other one counts. */
    for (const struct addrinfo *a = found; a && call->fd < 0; a = a->ai_next) {
        call->fd = open_connection(a, call->request->connect_ms);
        error =
            call->fd < 0 && !a->ai_next ? cannot_connect(call, a, errno) : 0;
    }
    freeaddrinfo(found);
    return error;
}

/* ---- the exchange ---- */

/* Writes the request's head; false when it does not fit. */
static bool write_head(const isere_client_request_t *request, char *head,
                       size_t size)
{
    size_t used = (size_t)snprintf(
        head, size,
        "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: isere/%s\r\n"
        /* Nothing else is asked for on this connection, and the server need not
         * wait for it. */
        "Connection: close\r\n",
        request->method, request->target, request->url->authority,
        isere_version());
    if (used < size && request->token) {
        used +=
            (size_t)snprintf(head + used, size - used,
                             "Authorization: Bearer %s\r\n", request->token);
    }
    if (used < size && request->type) {
        used += (size_t)snprintf(head + used, size - used,
                                 "Content-Type: %s\r\n", request->type);
    }
    /* A POST without a body says so: RFC 9110, section 8.6. */
    if (used < size &&
        (request->type || strcmp(request->method, "POST") == 0)) {
        used += (size_t)snprintf(head + used, size - used,
                                 "Content-Length: %zu\r\n",
                                 request->type ? request->body.len : 0);
    }
    if (used < size) {
        used += (size_t)snprintf(head + used, size - used, "\r\n");
    }
    return used < size;
}

/* Once the server takes no more, what is left will never be sent. */
static bool has_unsent(const call_t *call)
{
    return !call->deaf && call->unsent[0].len + call->unsent[1].len > 0;
}

/* Sends what can be sent. A server that takes no more may have answered: that
 * is read next. */
static void send_some(call_t *call)
{
    isere_slice_t *part = &call->unsent[call->unsent[0].len == 0];
    /* MSG_NOSIGNAL: a server that hung up is an error to report, not a
     * SIGPIPE. */
    ssize_t n = send(call->fd, part->ptr, part->len, MSG_NOSIGNAL);
    if (n >= 0) {
        part->ptr += n;
        part->len -= (size_t)n;
    } else if (errno != EAGAIN && errno != EINTR) {
        call->deaf = true;
    }
}

/* What was sent may still lie in the system's buffers: it has arrived when the
 * other side has acknowledged it. */
static void tell_progress(call_t *call)
{
    const isere_client_request_t *request = call->request;
    int waiting = 0;
    int64_t now = now_ms();
    if (!request->progress || call->arrived || !request->type ||
        ioctl(call->fd, SIOCOUTQ, &waiting) != 0) {
        return;
    }
    size_t left = call->unsent[1].len + (size_t)waiting;
    bool all = left == 0 && call->unsent[0].len == 0;
    if ((all || now - call->told_ms >= PROGRESS_MS) &&
        left <= request->body.len) {
        request->progress(request->body.len - left, request->body.len);
        call->told_ms = now;
        call->arrived = all;
    }
}

/* wait_for, while the progress is told. */
static int wait_and_tell(call_t *call, short events, int timeout_ms,
                         short *ready)
{
    int64_t end = now_ms() + timeout_ms;
    if (!call->request->progress || call->arrived) {
        return wait_for(call->fd, events, timeout_ms, ready);
    }
    for (;;) {
        tell_progress(call);
        int64_t left = end - now_ms();
        int look = timeout_ms < 0 || left > LOOK_MS ? LOOK_MS : (int)left;
        int n = wait_for(call->fd, events, look > 0 ? look : 0, ready);
        if (n != 0 || (timeout_ms >= 0 && left <= LOOK_MS)) {
            return n;
        }
    }
}

static int receive_some(call_t *call)
{
    char bytes[16384];
    ssize_t n = recv(call->fd, bytes, sizeof(bytes), 0);
    if (n > 0) {
        isere_client_response_feed(call->response,
                                   isere_slice_of(bytes, (size_t)n));
    } else if (n == 0) {
        isere_client_response_end(call->response);
    } else if (errno != EAGAIN && errno != EINTR) {
        return fail(call, "broke the connection: %s", strerror(errno));
    }
    if (call->response->state == ISERE_CLIENT_BAD) {
        return fail(call, "sent an invalid response: %s",
                    call->response->reason);
    }
    return 0;
}

/* Sends and receives until the answer is there. */
static int exchange(call_t *call)
{
    const isere_client_request_t *request = call->request;
    int error = 0;
    while (error == 0 && call->response->state == ISERE_CLIENT_MORE) {
        short events = (short)(has_unsent(call) ? POLLIN | POLLOUT : POLLIN);
        short ready = 0;
        char time[16];
        /* The server may take long to answer (it compiles what it was sent),
         * but then the bytes should come without long gaps. */
        int silence_ms = call->response->status == 0 && request->head_ms > 0
                             ? request->head_ms
                             : request->silence_ms;
        int n = wait_and_tell(call, events, silence_ms, &ready);
        if (n < 0) {
            return fail(call, "could not be polled: %s", strerror(errno));
        }
        if (n == 0) {
            return fail(call, "sent nothing for %s", as_time(silence_ms, time));
        }
        /* Receive first: a server that refuses a request early (413, 401) may
         * close without reading the rest, which then can't be sent. */
        if (ready & (POLLIN | POLLERR | POLLHUP)) {
            error = receive_some(call);
        }
        if ((ready & POLLOUT) && has_unsent(call)) {
            send_some(call);
        }
    }
    return error;
}

int isere_client_call(const isere_client_request_t *request,
                      isere_client_response_t *response,
                      char reason[ISERE_CLIENT_REASON_MAX])
{
    call_t call = {
        .request = request, .response = response, .reason = reason, .fd = -1};
    char head[2048];
    int error;
    if (!write_head(request, head, sizeof(head))) {
        return fail(&call, "was not asked: the request is too long");
    }
    call.unsent[0] = isere_slice(head);
    if (request->type) {
        call.unsent[1] = request->body;
    }
    error = connect_to(&call);
    call.told_ms = now_ms();
    if (error == 0) {
        error = exchange(&call);
        /* The whole request is out, so the server may have acted on it: the
         * caller must not say that nothing happened. */
        if (error != 0 && !has_unsent(&call)) {
            error = ISERE_ERR_TIMEOUT;
        }
        close(call.fd);
    }
    /* It contains the token. */
    explicit_bzero(head, sizeof(head));
    return error;
}
