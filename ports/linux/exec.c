/* Runs a function that can be abandoned: a timer's signal, or that of a fault,
 * jumps out of it. Everything the handlers touch must be safe at any
 * instruction. */
#include "ports/linux/exec.h"
#include "isere/error.h"
#include "ports/linux/fault.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
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

/* Keeps the compiler from moving memory accesses across. The handler runs on
 * the same thread, so the processor can't reorder them for it. */
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

/* Why the function was left: the value of the jump. */
enum { OUT_OF_TIME = 1, OUT_AT_FAULT };

/* The fence keeps `running` from being cleared after the jump. */
static void jump_out(isere_exec_t *exec, int why)
{
    exec->running = 0;
    fence();
    siglongjmp(exec->out, why);
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
    uint64_t now = now_us();
    if (now + ISERE_EXEC_GRACE_US < exec->limit_us) {
        return;
    }
    /* Past its deadline. If other threads had the processor meanwhile, the
     * grace may be over as well; the engine gets one more period in any case to
     * end it with an exception. */
    exec->late++;
    if (now < exec->limit_us || exec->late < 2) {
        return;
    }
    /* The function holds something that must not be left half done;
     * isere_exec_release jumps instead. */
    if (exec->held) {
        exec->pending = 1;
        return;
    }
    jump_out(exec, OUT_OF_TIME);
}

/* ---- faults ---- */

uintptr_t isere_exec_code(const void *handled)
{
    const ucontext_t *context = handled;
#if defined(__x86_64__)
    /* Where the thread was interrupted. */
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__i386__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_EIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/*
 * Whether the thread caused the signal itself. Faults that the kernel found
 * have a positive code. abort sends its signal without holding a lock, so it
 * may be left. Signals that another process sent are not the function's fault.
 */
bool isere_exec_is_own(int number, const siginfo_t *info)
{
    return number == SIGABRT
               ? info->si_code == SI_TKILL && info->si_pid == getpid()
               : info->si_code > 0;
}

/*
 * The function may be interrupted anywhere: in the engine, which keeps all its
 * state in its heap, or in a pure function of the C library that the engine
 * called (memcpy, strlen, number formatting; none of them locks). A failed
 * assertion prints, too, but has released its locks when it calls abort.
 */
void isere_exec_at_fault(int number, const siginfo_t *info, const void *context)
{
    const ucontext_t *interrupted = context;
    isere_exec_t *exec = current;
    if (!exec || !exec->running || exec->held ||
        !isere_exec_is_own(number, info)) {
        return;
    }
    exec->fault = (isere_exec_fault_t){
        .number = number,
        .code = info->si_code,
        .address = number == SIGABRT ? 0 : (uintptr_t)info->si_addr,
        .pc = isere_exec_code(context),
    };
    /* The kernel's set is smaller than sigset_t: it wrote no more than that. */
    sigemptyset(&exec->mask);
    memcpy(&exec->mask, &interrupted->uc_sigmask, (_NSIG - 1) / 8);
    jump_out(exec, OUT_AT_FAULT);
}

/* "isere+0x1a2b": what addr2line takes. */
static int describe_code(uintptr_t pc, char *text, size_t size)
{
    const void *address = (const void *)pc; /* NOLINT: it is one */
    const char *slash;
    Dl_info found;
    if (pc == 0) {
        return snprintf(text, size, "not known");
    }
    /* With address space randomised, the plain address would tell nothing. */
    if (dladdr(address, &found) == 0 || !found.dli_fname) {
        return snprintf(text, size, "%#lx, outside any file",
                        (unsigned long)pc);
    }
    slash = strrchr(found.dli_fname, '/');
    return snprintf(text, size, "%s+%#lx", slash ? slash + 1 : found.dli_fname,
                    (unsigned long)(pc - (uintptr_t)found.dli_fbase));
}

void isere_exec_describe(const isere_exec_t *exec, char *text, size_t size)
{
    const isere_exec_fault_t *fault = &exec->fault;
    char code[64];
    describe_code(fault->pc, code, sizeof(code));
    if (fault->number == SIGABRT) {
        snprintf(text, size, "SIGABRT (an assertion failed)");
    } else if (fault->code == SI_KERNEL) {
        /* x86 gives no address for one that is not canonical. */
        snprintf(text, size, "%s at an impossible address, code %s",
                 isere_fault_name(fault->number), code);
    } else {
        snprintf(text, size, "%s at address %#lx, code %s",
                 isere_fault_name(fault->number), (unsigned long)fault->address,
                 code);
    }
}

/* ---- time ---- */

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
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
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

/* A fault while its signal is blocked ends the program. */
static void unblock_faults(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < ISERE_FAULTS; i++) {
        sigaddset(&set, isere_fault_signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

#define STACK_MARGIN ((size_t)2 << 20)

/*
 * The thread may have one already: then that is used. On both sides lies more
 * that is inaccessible than valgrind takes for one frame: what is nearer to the
 * thread's own stack is a part of that for it, after a jump from here to there.
 */
static int set_stack(isere_exec_t *exec)
{
    long least = sysconf(_SC_MINSIGSTKSZ);
    stack_t stack = {.ss_size = (size_t)(least > 0 ? least : MINSIGSTKSZ)};
    stack_t old;
    char *memory;
    if (sigaltstack(NULL, &old) != 0) {
        return ISERE_ERR_IO;
    }
    if (!(old.ss_flags & SS_DISABLE)) {
        return 0;
    }
    stack.ss_size += ISERE_EXEC_STACK;
    exec->stack_size = stack.ss_size + 2 * STACK_MARGIN;
    memory = mmap(NULL, exec->stack_size, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return ISERE_ERR_NOMEM;
    }
    exec->stack = memory;
    stack.ss_sp = memory + STACK_MARGIN;
    return mprotect(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE) == 0 &&
                   sigaltstack(&stack, NULL) == 0
               ? 0
               : ISERE_ERR_IO;
}

static void drop_stack(isere_exec_t *exec)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    if (exec->stack) {
        (void)sigaltstack(&none, NULL);
        munmap(exec->stack, exec->stack_size);
        exec->stack = NULL;
    }
}

static int start_timer(isere_exec_t *exec)
{
    const struct timespec period = {.tv_nsec = ISERE_EXEC_PERIOD_US * 1000};
    struct itimerspec spec = {.it_interval = period, .it_value = period};
    struct sigevent event;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = isere_exec_signal();
    /* The thread's own processor time, so an idle thread gets no ticks. */
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
    int error, saved;
    memset(exec, 0, sizeof(*exec));
    /* One handler for all threads; what differs is in `current`. */
    pthread_once(&once, install_handler);
    error = install_error ? install_error : isere_fault_catch_all();
    if (error != 0) {
        errno = error;
        return ISERE_ERR_IO;
    }
    unblock_signal();
    unblock_faults();
    error = set_stack(exec);
    error = error ? error : start_timer(exec);
    if (error != 0) {
        saved = errno;
        drop_stack(exec);
        errno = saved;
    }
    return error;
}

void isere_exec_deinit(isere_exec_t *exec)
{
    timer_delete(exec->timer);
    if (current == exec) {
        current = NULL; /* a signal may still be on its way */
    }
    drop_stack(exec);
}

int isere_exec_run(isere_exec_t *exec, void (*fn)(void *arg), void *arg,
                   uint64_t deadline_us)
{
    isere_exec_t *outer = current;
    int why;
    if (exec->running) {
        fn(arg);
        return 0;
    }
    exec->held = 0;
    exec->pending = 0;
    exec->late = 0;
    exec->limit_us = deadline_us > UINT64_MAX - ISERE_EXEC_GRACE_US
                         ? UINT64_MAX
                         : deadline_us + ISERE_EXEC_GRACE_US;
    current = exec;
    why = sigsetjmp(exec->out, 0);
    if (why != 0) {
        /* The jump out of the handler left signals blocked: saving and
         * restoring the mask would cost system calls in every execution. */
        current = outer;
        if (why == OUT_AT_FAULT) {
            pthread_sigmask(SIG_SETMASK, &exec->mask, NULL);
            return ISERE_ERR_CRASH;
        }
        unblock_signal();
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
        jump_out(exec, OUT_OF_TIME);
    }
}
