/*
 * The hard edge of the time limit: runs a function that is abandoned, wherever
 * it is, once its deadline has passed.
 *
 * Each thread has a timer that counts the thread's own CPU time, so that it
 * costs no system call per execution and an idle thread is left alone. Every
 * tick delivers a signal to the thread; its handler looks whether an execution
 * is over its deadline and, if so, jumps out of it.
 *
 * What runs here may be cut off between any two instructions: it must hold
 * nothing outside memory that is restored afterwards, except between hold and
 * release.
 */
#ifndef ISERE_PORTS_LINUX_EXEC_H
#define ISERE_PORTS_LINUX_EXEC_H

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

/* How far an execution may pass its deadline before it is abandoned. The
 * engine's own check normally ends it before: it leaves a better trace. */
#define ISERE_EXEC_GRACE_US 20000

/* CPU time between two looks at the deadline. */
#define ISERE_EXEC_PERIOD_US 10000

/* Everything that the signal handler shares with its thread. */
typedef struct isere_exec {
    volatile sig_atomic_t running;
    volatile sig_atomic_t held;
    volatile sig_atomic_t pending; /* jump at release */
    volatile uint64_t limit_us;    /* monotonic; written while not running */
    sigjmp_buf out;
    timer_t timer;
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
void isere_exec_hold(isere_exec_t *exec);
void isere_exec_release(isere_exec_t *exec);

#endif
