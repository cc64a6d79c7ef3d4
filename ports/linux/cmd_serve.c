/* isere serve: from the command line to running workers, and their end. */
#include "ports/linux/commands.h"
#include "ports/linux/program.h"
#include "ports/linux/watch.h"
#include "ports/linux/workers.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Descriptors that are not connections: files, and four for each worker. */
#define OTHER_DESCRIPTORS 64

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

/* Room for all connections, as far as the hard limit goes. Beyond it, accept
 * fails and the server waits until a connection closes. */
static void raise_descriptor_limit(const isere_args_t *args)
{
    rlim_t wanted = args->max_connections + OTHER_DESCRIPTORS +
                    4 * (args->workers ? args->workers : 64);
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool announce(const isere_args_t *args, uint16_t port)
{
    bool is_v6 = strchr(args->host, ':') != NULL;

    printf("isere listening on http://%s%s%s:%u\n", is_v6 ? "[" : "",
           args->host, is_v6 ? "]" : "", (unsigned)port);
    return fflush(stdout) == 0;
}

/* Waits for a signal to stop, or for a worker that ended by itself. */
static void wait_for_end(int signal_fd, int ended_fd)
{
    struct pollfd fds[2] = {{.fd = signal_fd, .events = POLLIN},
                            {.fd = ended_fd, .events = POLLIN}};
    struct signalfd_siginfo info;
    ssize_t got;

    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    if (fds[0].revents & POLLIN) {
        got = read(signal_fd, &info, sizeof(info));
        (void)got;
    }
}

/* From now on a signal to stop ends the program at once. */
static void restore_signals(void)
{
    sigset_t set;

    stop_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Runs the workers until the end. */
static int run(const isere_port_t *own, const isere_args_t *args,
               isere_program_t *program, int signal_fd)
{
    uint16_t port = (uint16_t)args->port;
    isere_workers_t *workers = NULL;
    isere_watch_t *watch = NULL;
    bool watch_ended;
    int error;

    error = isere_workers_start(own, args, program->function, &port, &workers);
    if (error != 0) {
        return error;
    }
    if (args->watch) {
        error = isere_watch_start(args, program, workers, &watch);
    }
    if (error == 0 && !announce(args, port)) {
        fputs("isere: cannot write to standard output\n", stderr);
        error = ISERE_ERR_IO;
    }
    if (error == 0) {
        wait_for_end(signal_fd, isere_workers_ended_fd(workers));
    }
    restore_signals();
    isere_workers_stop(workers);
    watch_ended = !watch || isere_watch_stop(watch);
    int ended = isere_workers_join(workers);
    if (ended != 0) {
        fprintf(stderr, "isere: a worker failed: %s\n", isere_strerror(ended));
    }
    error = error ? error : ended;
    if (!watch_ended) {
        /* It is in a handler's init phase and will use all of this after. */
        _exit(error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT);
    }
    if (watch) {
        isere_watch_destroy(watch, own);
    }
    isere_workers_destroy(workers);
    return error;
}

static int load_and_run(const isere_port_t *own, const isere_args_t *args,
                        int signal_fd)
{
    isere_program_t program;
    isere_fault_t fault;
    int error = isere_program_load(own, args, &program, &fault);

    if (error != 0) {
        isere_program_print_fault(&fault, error);
    } else {
        error = run(own, args, &program, signal_fd);
    }
    isere_program_release(own, &program);
    return error;
}

int isere_command_serve(const isere_args_t *args)
{
    isere_port_t own;
    sigset_t set;
    int signal_fd, error;

    /* Blocked before any thread starts, so that all inherit it. */
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    raise_descriptor_limit(args);
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (signal_fd < 0) {
        fprintf(stderr, "isere: signalfd: %s\n", strerror(errno));
        return ISERE_EXIT_FAULT;
    }
    if (args->isolation == ISERE_ISOLATION_NONE) {
        fputs("isere: --isolation none is for benchmarks: requests see what "
              "others left behind\n",
              stderr);
    }
    error = isere_program_port_init(&own, args);
    if (error == 0) {
        error = load_and_run(&own, args, signal_fd);
        isere_linux_port_deinit(&own);
    }
    close(signal_fd);
    return error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT;
}
