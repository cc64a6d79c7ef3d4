/* Opens a listening socket for each worker before anything else: the supervisor
 * keeps them, so connections wait while a server is replaced. */
#include "apps/isere/supervisor/listeners.h"
#include "isere/linux.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned choose_count(const isere_args_t *args)
{
    uint64_t count = args->serve.workers;
    cpu_set_t cores;
    if (count == 0) {
        count = 1;
        /* What a container may use, not what the machine has. */
        if (sched_getaffinity(0, sizeof(cores), &cores) == 0) {
            count = (uint64_t)CPU_COUNT(&cores);
        }
    }
    if (count > ISERE_SERVERS_MAX) {
        count = ISERE_SERVERS_MAX;
    }
    /* Every worker has at least one instance. */
    return (unsigned)(count < args->serve.instances ? count
                                                    : args->serve.instances);
}

static void complain(const isere_args_t *args, unsigned port, int error)
{
    const char *why = strerror(errno);
    if (error == ISERE_ERR_INUSE) {
        why = "the address is in use (another isere? see --port)";
    } else if (error == ISERE_ERR_INVAL) {
        why = "this machine has no such address (see --host)";
    }
    fprintf(stderr, "isere: cannot listen on %s port %u: %s\n",
            args->serve.host, port, why);
}

/* If the address is in use, tries again for 300 ms: a server whose supervisor
 * was killed has it until the kernel has ended it. */
static int listen_patiently(const isere_args_t *args, uint16_t *port,
                            bool first)
{
    const struct timespec step = {.tv_nsec = 10 * 1000000};
    int fd = isere_linux_listen(args->serve.host, port, first);
    for (int i = 0; i < 30 && fd == ISERE_ERR_INUSE; i++) {
        nanosleep(&step, NULL);
        fd = isere_linux_listen(args->serve.host, port, first);
    }
    return fd;
}

int isere_listeners_open(const isere_args_t *args, isere_listeners_t *listeners)
{
    listeners->count = choose_count(args);
    listeners->port = (uint16_t)args->serve.port;
    for (unsigned i = 0; i < listeners->count; i++) {
        listeners->sockets[i] = -1;
    }
    for (unsigned i = 0; i < listeners->count; i++) {
        /* The first one finds the port when --port is 0, and whether another
         * program has it; the others share it. */
        int fd = listen_patiently(args, &listeners->port, i == 0);
        if (fd < 0) {
            complain(args, listeners->port, fd);
            isere_listeners_close(listeners);
            return fd;
        }
        listeners->sockets[i] = fd;
    }
    return 0;
}

void isere_listeners_close(isere_listeners_t *listeners)
{
    for (unsigned i = 0; i < listeners->count; i++) {
        if (listeners->sockets[i] >= 0) {
            close(listeners->sockets[i]);
            listeners->sockets[i] = -1;
        }
    }
}
