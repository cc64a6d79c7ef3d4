/* Many connections at once: idle ones that are held, or one burst. */
#include "bench/load/load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 30000

enum { BATCH = 100 }; /* held connections that are opened at once */

/* Waits until `count` answers have come on the connections of the epoll;
 * returns how many were none. */
static unsigned await_answers(int epoll, unsigned count)
{
    struct epoll_event events[LOAD_EVENTS];
    unsigned errors = 0;
    while (count > 0) {
        int n = epoll_wait(epoll, events, LOAD_EVENTS, PATIENCE_MS);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return errors + count; /* those never came */
        }
        for (int i = 0; i < n; i++) {
            load_connection_t *c = events[i].data.ptr;
            int result = load_receive(c);
            if (result < 0) {
                (void)epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
                errors++;
            }
            count -= result != 0;
        }
    }
    return errors;
}

/* Sends on all of them; those that fail are errors and not waited for. */
static unsigned ask(int epoll, load_connection_t *connections, unsigned count,
                    const char *path)
{
    unsigned sent = 0;
    for (unsigned i = 0; i < count; i++) {
        sent += load_send(&connections[i], path);
    }
    return count - sent + await_answers(epoll, sent);
}

static unsigned still_open(const load_connection_t *connections, unsigned count)
{
    unsigned open = 0;
    for (unsigned i = 0; i < count; i++) {
        char byte;
        ssize_t got = recv(connections[i].fd, &byte, 1, MSG_PEEK);
        open += got < 0 && errno == EAGAIN;
    }
    return open;
}

int load_hold(const load_options_t *options)
{
    unsigned count = options->connections;
    load_connection_t *all = load_alloc(count, sizeof(*all));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    unsigned errors = 0;
    char byte;
    load_raise_limits();
    for (unsigned i = 0; i < count; i += BATCH) {
        unsigned n = count - i < BATCH ? count - i : BATCH;
        load_connect_all(&all[i], n, options->port, epoll);
        errors += ask(epoll, &all[i], n, options->paths[0]);
    }
    printf("{\"open\":%u,\"errors\":%u}\n", count - errors, errors);
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    printf("{\"still_open\":%u}\n", still_open(all, count));
    free(all);
    return errors ? 1 : 0;
}

int load_burst(const load_options_t *options)
{
    unsigned count = options->connections;
    load_connection_t *all = load_alloc(count, sizeof(*all));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    load_raise_limits();
    load_connect_all(all, count, options->port, epoll);
    uint64_t start = load_now_ns();
    unsigned errors = ask(epoll, all, count, options->paths[0]);
    double seconds = (double)(load_now_ns() - start) / 1e9;
    printf("{\"done\":%u,\"errors\":%u,\"seconds\":%.6f}\n", count - errors,
           errors, seconds);
    free(all);
    return 0;
}
