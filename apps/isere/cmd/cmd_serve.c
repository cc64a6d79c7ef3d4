/* isere serve: starts workers as the command line says, and waits until they
 * end. */
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/program.h"
#include "apps/isere/serve/served.h"
#include "apps/isere/serve/watch.h"
#include "apps/isere/serve/workers.h"
#include "apps/isere/supervisor/kept.h"
#include "apps/isere/supervisor/supervisor.h"
#include "core/util/log.h"
#include "ports/linux/port_linux.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Descriptors that are not connections: files, and four for each worker. */
#define OTHER_DESCRIPTORS 64

/* SIGHUP is not among them: it ends the program, as it does others. */
static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

/* Raises the limit of descriptors to what all connections need, as far as the
 * hard limit allows. With fewer, accept fails and the server waits until a
 * connection closes. */
static void raise_descriptor_limit(const isere_args_t *args)
{
    rlim_t wanted = args->serve.max_connections + OTHER_DESCRIPTORS +
                    4 * (args->serve.workers ? args->serve.workers : 64);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* For whoever reads logs over the network: how long nobody was served. */
static void log_return(const isere_port_t *own, const isere_shared_t *shared,
                       isere_registry_t *registry)
{
    isere_log_record_t record = {.level = ISERE_LOG_WARN};
    isere_port_t tapped = *own;
    long long now_ms = (long long)(own->monotonic_us(own->ctx) / 1000);
    char text[96];
    snprintf(
        text, sizeof(text), "the server is back after %lld ms (restart %lu)",
        /* Both are of the monotonic clock, which all processes share. */
        now_ms - (long long)shared->death_ms, (unsigned long)shared->restarts);
    record.message = isere_slice(text);
    isere_registry_tap(registry, &tapped);
    isere_log(&tapped, &record);
}

/* The first screen of `isere dev`: the three next things. */
static void tell_next(const isere_args_t *args, uint16_t port)
{
    printf("\n  open    http://%s:%u/\n"
           "  edit    %s: what you save is served at once\n"
           "  deploy  isere deploy %s --to URL, a server or a board\n\n"
           "Requests, logs and mistakes appear below; Ctrl-C ends it.\n",
           args->serve.host, (unsigned)port, args->module, args->module);
}

/* Prints the address, once for all servers that a supervisor starts. */
static bool announce(const isere_port_t *own, const isere_args_t *args,
                     isere_registry_t *registry, uint16_t port)
{
    bool is_v6 = strchr(args->serve.host, ':') != NULL;
    isere_shared_t *shared = isere_shared();
    if (shared) {
        /* From now on the supervisor counts a death as one of a server that
         * served. */
        atomic_store(&shared->ready, true);
        shared->told = shared->notices_count;
        if (shared->restarts > 0) {
            log_return(own, shared, registry);
        }
        if (atomic_exchange(&shared->announced, true)) {
            return true;
        }
    }
    printf("isere listening on http://%s%s%s:%u\n", is_v6 ? "[" : "",
           args->serve.host, is_v6 ? "]" : "", (unsigned)port);
    if (args->command == ISERE_COMMAND_DEV) {
        tell_next(args, port);
    }
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
    isere_supervisor_stop_again();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* What is served: one function, or those of a store. */
typedef struct service {
    isere_program_t program;
    isere_served_t served;
    isere_watch_t *watch;
} service_t;

/* Ends the threads beside the workers. False when one of them is in a handler's
 * init phase and still uses what it was given. */
static bool stop_helpers(service_t *service)
{
    bool ended = !service->watch || isere_watch_stop(service->watch);
    if (service->served.jobs) {
        ended = isere_jobs_stop(service->served.jobs) && ended;
    }
    return ended;
}

/* Runs the workers until the end. */
static int run(const isere_port_t *own, const isere_args_t *args,
               isere_listeners_t *listeners, service_t *service, int signal_fd)
{
    isere_workers_t *workers = NULL;
    bool helpers_ended;
    int error;
    error = isere_workers_start(own, args, service->served.registry,
                                service->served.admin,
                                service->program.function, listeners, &workers);
    if (error != 0) {
        return error;
    }
    if (service->program.function) {
        isere_kept_save(&service->program);
    }
    if (args->serve.watch) {
        error = isere_watch_start(args, &service->program,
                                  service->served.registry, &service->watch);
    }
    if (error == 0 &&
        !announce(own, args, service->served.registry, listeners->port)) {
        fputs("isere: cannot write to standard output\n", stderr);
        error = ISERE_ERR_IO;
    }
    if (error == 0) {
        wait_for_end(signal_fd, isere_workers_ended_fd(workers));
    }
    restore_signals();
    isere_workers_stop(workers);
    helpers_ended = stop_helpers(service);
    int ended = isere_workers_join(workers);
    if (ended != 0) {
        fprintf(stderr, "isere: a worker failed: %s\n", isere_strerror(ended));
    }
    error = error ? error : ended;
    if (!helpers_ended) {
        /* Nothing may be freed that the thread still uses, and nobody waits for
         * it. */
        _exit(error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT);
    }
    isere_workers_destroy(workers);
    return error;
}

static int serve_module(const isere_port_t *own, const isere_args_t *args,
                        isere_listeners_t *listeners, service_t *service,
                        int signal_fd)
{
    isere_fault_t fault;
    /* After a restart: the same function as before, whatever the files are
     * now. */
    int error = isere_kept_load(own, args, &service->program, &fault);
    if (error == ISERE_ERR_NOENT) {
        error = isere_program_load(own, args, &service->program, &fault);
    }
    if (error != 0) {
        isere_program_print_fault(&fault, error);
    } else {
        error = isere_served_open_one(own, service->program.function,
                                      &service->served);
    }
    if (error == 0) {
        error = run(own, args, listeners, service, signal_fd);
        isere_served_close(&service->served);
    }
    if (service->watch) { /* the registry is gone, and uses no function */
        isere_watch_destroy(service->watch, own);
    }
    isere_program_release(own, &service->program);
    return error;
}

/* Puts what the supervisor logged about deaths into the log that clients read.
 * It is on stderr already. */
static void repeat_notices(const isere_port_t *own, isere_registry_t *registry)
{
    const isere_shared_t *shared = isere_shared();
    unsigned count = shared ? shared->notices_count : 0;
    unsigned left = shared ? count - shared->told : 0;
    isere_port_t tapped = *own;
    isere_registry_tap(registry, &tapped);
    left = left < ISERE_SHARED_DEATHS ? left : ISERE_SHARED_DEATHS;
    for (unsigned i = count - left; i != count; i++) {
        const isere_notice_t *notice =
            &shared->notices[i % ISERE_SHARED_DEATHS];
        isere_log_record_t record = {
            .level = ISERE_LOG_ERROR,
            .function = isere_slice(notice->function),
            .message = isere_slice(notice->text),
        };
        tapped.tap(tapped.tap_ctx, &record);
    }
}

static int serve_store(const isere_port_t *own, const isere_args_t *args,
                       isere_listeners_t *listeners, service_t *service,
                       int signal_fd)
{
    int error = isere_served_open(own, args, &service->served);
    if (error == 0) {
        repeat_notices(own, service->served.registry);
        error = run(own, args, listeners, service, signal_fd);
        if (error != 0 && service->served.jobs) {
            (void)isere_jobs_stop(service->served.jobs);
        }
        isere_served_close(&service->served);
    }
    return error;
}

static int load_and_run(const isere_port_t *own, const isere_args_t *args,
                        isere_listeners_t *listeners, int signal_fd)
{
    service_t service = {0};
    return args->serve.store
               ? serve_store(own, args, listeners, &service, signal_fd)
               : serve_module(own, args, listeners, &service, signal_fd);
}

/* Serves until a signal to stop. */
static int serve(const isere_args_t *args, isere_listeners_t *listeners)
{
    isere_port_t own;
    sigset_t set;
    int signal_fd, error;
    /* Blocked before any thread starts, so that all inherit it. */
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    raise_descriptor_limit(args);
    isere_linux_give_memory_back();
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (signal_fd < 0) {
        fprintf(stderr, "isere: signalfd: %s\n", strerror(errno));
        return ISERE_EXIT_FAULT;
    }
    if (args->settings.isolation == ISERE_ISOLATION_NONE) {
        fputs("isere: --isolation none is for benchmarks: requests see what "
              "others left behind\n",
              stderr);
    }
    error = isere_program_port_init(&own, args);
    if (error == 0) {
        error = load_and_run(&own, args, listeners, signal_fd);
        isere_linux_port_deinit(&own);
    }
    close(signal_fd);
    return error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT;
}

int isere_cmd_serve(const isere_args_t *args)
{
    static isere_listeners_t listeners;
    int code;
    raise_descriptor_limit(args);
    if (isere_listeners_open(args, &listeners) != 0) {
        return ISERE_EXIT_FAULT;
    }
    code = args->serve.alone ? serve(args, &listeners)
                             : isere_supervisor_run(args, &listeners, serve);
    isere_listeners_close(&listeners);
    return code;
}
