/* From the start of a program to its first answer, and the processor time that
 * it had used by then. */
#include "bench/load/load.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS (20 * UINT64_C(1000000000))

/* In the child: silent, on its processor, then the program itself. */
static _Noreturn void become(const load_options_t *options)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (options->cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((unsigned)options->cpu, &set);
        (void)sched_setaffinity(0, sizeof(set), &set);
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        (void)dup2(null, fd);
    }
    (void)execvp(options->command[0], options->command);
    _exit(127);
}

/* One attempt: 1 when the answer came, 0 when nobody listens yet, -1 when the
 * connection failed. */
static int attempt(const load_options_t *options)
{
    static load_connection_t c;
    c.fd = load_connect(options->port);
    if (c.fd < 0) {
        return errno == ECONNREFUSED ? 0 : -1;
    }
    int result = load_send(&c, options->paths[0]) ? 0 : -1;
    while (result == 0) {
        struct pollfd ready = {.fd = c.fd, .events = POLLIN};
        result = poll(&ready, 1, 10000) > 0 ? load_receive(&c) : -1;
    }
    (void)close(c.fd);
    return result;
}

static double microseconds(const struct timeval *time)
{
    return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

int load_start(const load_options_t *options)
{
    const struct timespec pause = {0, 20000};
    uint64_t start = load_now_ns();
    uint64_t end = start;
    struct rusage usage = {0};
    int status;
    int result = 0;
    pid_t child = fork();
    if (child == 0) {
        become(options);
    }
    if (child < 0) {
        load_fail("fork");
    }
    while (result <= 0 && end - start < PATIENCE_NS &&
           waitpid(child, &status, WNOHANG) == 0) {
        result = attempt(options);
        end = load_now_ns();
        if (result <= 0) {
            (void)nanosleep(&pause, NULL);
        }
    }
    (void)kill(child, SIGKILL);
    (void)wait4(child, &status, 0, &usage);
    if (result <= 0) {
        errno = 0;
        load_fail("the program ended, or never answered");
    }
    printf("{\"us\":%.1f,\"cpu_us\":%.1f}\n", (double)(end - start) / 1e3,
           microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime));
    return 0;
}
