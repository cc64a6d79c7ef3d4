/*
 * The hard edge of the time limit: runs a function that is abandoned, wherever
 * it is, once its deadline has passed.
 *
 * Each thread has a timer that counts the thread's own CPU time, so that it
 * costs no system call per execution and an idle thread is left alone. Every
 * tick delivers a signal to the thread; its handler looks whether an execution
 * is over its deadline and, if so, jumps out of it.
 *
 * A fault of what runs (SIGSEGV, SIGBUS, SIGILL, SIGFPE, or SIGABRT of a failed
 * assertion) is contained in the same way: its handler jumps out, and the run
 * ends with ISERE_ERR_CRASH. Signals that somebody else sent, and faults
 * outside of a run or while something is held, take the way that they would
 * have taken.
 *
 * What runs here may be cut off between any two instructions: it must hold
 * nothing outside memory that is restored afterwards, except between hold and
 * release.
 */
#ifndef ISERE_PORTS_LINUX_EXEC_H
#define ISERE_PORTS_LINUX_EXEC_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* How far an execution may pass its deadline before it is abandoned. The
 * engine's own check normally ends it before: it leaves a better trace, and has
 * the CPU time between two looks for it however busy the machine is. */
#define ISERE_EXEC_GRACE_US 20000

/* CPU time between two looks at the deadline. */
#define ISERE_EXEC_PERIOD_US 10000

/* Bytes of the handlers' stack beyond what the system needs of it. */
#define ISERE_EXEC_STACK 16384

/* A fault: a signal that the thread's own code raised. */
typedef struct isere_exec_fault {
    int number; /* of the signal; 0: there was none */
    int code;   /* its si_code */
    uintptr_t address;
    uintptr_t pc; /* 0: not known */
} isere_exec_fault_t;

/* Everything that the signal handlers share with their thread. */
typedef struct isere_exec {
    volatile sig_atomic_t running;
    volatile sig_atomic_t held;
    volatile sig_atomic_t pending; /* jump at release */
    volatile sig_atomic_t late;    /* looks that found the deadline passed */
    volatile uint64_t limit_us;    /* monotonic; written while not running */
    sigjmp_buf out;
    timer_t timer;
    /* Of the last one that was contained: */
    isere_exec_fault_t fault;
    sigset_t mask; /* the thread's before it */
    void *stack;   /* that handlers run on */
    size_t stack_size;
} isere_exec_t;

/* The signal of the timer. An additional one sent to a thread is harmless. */
int isere_exec_signal(void);

/*
 * Prepares executions in the calling thread, the only one that may use `exec`
 * afterwards. Returns 0, ISERE_ERR_LIMIT or ISERE_ERR_IO with errno set.
 */
int isere_exec_init(isere_exec_t *exec);
void isere_exec_deinit(isere_exec_t *exec);

/* As exec_run, exec_hold and exec_release of isere_port_t. A run inside a run
 * is part of the outer one. */
int isere_exec_run(isere_exec_t *exec, void (*fn)(void *arg), void *arg,
                   uint64_t deadline_us);
/* In the handler of a fault's signal: whether the thread raised it itself, and
 * where in the code (0: not known). */
bool isere_exec_is_own(int number, const siginfo_t *info);
uintptr_t isere_exec_code(const void *handled);

/* In the handler of a fault's signal: leaves the run, if the fault is one of
 * it; else returns. */
void isere_exec_at_fault(int number, const siginfo_t *info,
                         const void *context);

/* The last fault that was contained, in a few words: "SIGSEGV at address 0x10,
 * code isere+0x1a2b". Not in a handler. */
void isere_exec_describe(const isere_exec_t *exec, char *text, size_t size);

void isere_exec_hold(isere_exec_t *exec);
void isere_exec_release(isere_exec_t *exec);

#endif
