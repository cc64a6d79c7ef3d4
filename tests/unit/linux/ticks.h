/* A timer that knocks at the thread that runs handlers, as the watchdog of the
 * Linux port does at a deadline: executions are abandoned wherever it comes. */
#ifndef ISERE_TESTS_LINUX_TICKS_H
#define ISERE_TESTS_LINUX_TICKS_H

#include "ports/linux/port_linux.h"
#include "tests/unit/support/unit.h"
#include <signal.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* what glibc calls it, before 2.38 */
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Makes it, for the calling thread; timer_delete releases it. */
static inline void ticks_create(timer_t *ticks)
{
    struct sigevent event;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = isere_exec_signal();
    event.sigev_notify_thread_id = gettid();
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, ticks), 0);
}

#endif
