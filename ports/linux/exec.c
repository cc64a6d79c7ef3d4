#include "ports/linux/exec.h"
#include "isere/error.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/*
 * The execution of this thread, for the handler. Not taken from the signal's
 * value: a signal may arrive after its timer and port are gone. Initial-exec,
 * since a handler must not trigger the lazy allocation of thread-local memory.
 */
static _Thread_local isere_exec_t *volatile current
    __attribute__((tls_model("initial-exec")));

/* Keeps the compiler, the only one who could, from moving memory accesses
 * across: the handler runs on the same thread. */
static void fence(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void jump_out(isere_exec_t *exec)
{
    exec->running = 0;
    fence();
    siglongjmp(exec->out, 1);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    isere_exec_t *exec = current;

    (void)number;
    (void)info;
    (void)context;
    if (!exec || !exec->running) {
        return;
    }
    fence();
    /* clock_gettime neither locks nor touches errno. */
    if (now_us() < exec->limit_us) {
        return;
    }
    if (exec->held) {
        exec->pending = 1;
        return;
    }
    jump_out(exec);
}

int isere_exec_signal(void)
{
    return SIGRTMIN + 5;
}

static int install_error;

static void install_handler(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    install_error = sigaction(isere_exec_signal(), &action, NULL) ? errno : 0;
}

static void unblock_signal(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, isere_exec_signal());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int start_timer(isere_exec_t *exec)
{
    const struct timespec period = {.tv_nsec = ISERE_EXEC_PERIOD_US * 1000};
    struct itimerspec spec = {.it_interval = period, .it_value = period};
    struct sigevent event;

    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = isere_exec_signal();
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &exec->timer) != 0) {
        return errno == EAGAIN ? ISERE_ERR_LIMIT : ISERE_ERR_IO;
    }
    if (timer_settime(exec->timer, 0, &spec, NULL) != 0) {
        timer_delete(exec->timer);
        return ISERE_ERR_IO;
    }
    return 0;
}

int isere_exec_init(isere_exec_t *exec)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    memset(exec, 0, sizeof(*exec));
    pthread_once(&once, install_handler);
    if (install_error != 0) {
        errno = install_error;
        return ISERE_ERR_IO;
    }
    unblock_signal();
    return start_timer(exec);
}

void isere_exec_deinit(isere_exec_t *exec)
{
    timer_delete(exec->timer);
    if (current == exec) {
        current = NULL; /* a signal may still be on its way */
    }
}

int isere_exec_run(isere_exec_t *exec, void (*fn)(void *arg), void *arg,
                   uint64_t deadline_us)
{
    isere_exec_t *outer = current;

    if (exec->running) {
        fn(arg);
        return 0;
    }
    exec->held = 0;
    exec->pending = 0;
    exec->limit_us = deadline_us > UINT64_MAX - ISERE_EXEC_GRACE_US
                         ? UINT64_MAX
                         : deadline_us + ISERE_EXEC_GRACE_US;
    current = exec;
    if (sigsetjmp(exec->out, 0) != 0) {
        /* The jump out of the handler left its signal blocked: saving and
         * restoring the mask would cost system calls in every execution. */
        unblock_signal();
        current = outer;
        return ISERE_ERR_TIMEOUT;
    }
    fence();
    exec->running = 1;
    fence();
    fn(arg);
    fence();
    exec->running = 0;
    current = outer;
    return 0;
}

void isere_exec_hold(isere_exec_t *exec)
{
    if (exec->running) {
        exec->held = 1;
        fence();
    }
}

void isere_exec_release(isere_exec_t *exec)
{
    if (!exec->running) {
        return;
    }
    fence();
    exec->held = 0;
    fence();
    if (exec->pending) {
        jump_out(exec);
    }
}
