/* Executions on native_sim, which are the Linux port's: the host's signals end
 * them. exec.c is for devices. */
#include "ports/zephyr/port_zephyr.h"
#include "ports/zephyr/sim/sim.h"
#include <zephyr/kernel.h>

void isere_zephyr_exec_init(void *ctx, int priority)
{
    ARG_UNUSED(priority);
    /* Without the host's timers no handler could be stopped. */
    if (isere_sim_exec_init(isere__zephyr_thread_of(ctx)) != 0) {
        k_panic();
    }
}

/* An execution is part of the thread that it was called from. */
void isere__zephyr_exec_priority(const void *ctx, int priority)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(priority);
}

bool isere__zephyr_exec_is(const void *ctx, const struct k_thread *thread)
{
    ARG_UNUSED(ctx);
    ARG_UNUSED(thread);
    return false;
}

isere_retained_thread_t isere__zephyr_exec_thread(void)
{
    return isere__zephyr_in_job() ? ISERE_RETAINED_JOBS : ISERE_RETAINED_SERVER;
}

int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    return isere_sim_exec_run(isere__zephyr_thread_of(ctx), fn, arg,
                              deadline_us);
}

void isere_zephyr_exec_fault(void *ctx, char *text, size_t size)
{
    isere_sim_exec_describe(isere__zephyr_thread_of(ctx), text, size);
}

void isere_zephyr_exec_hold(void *ctx)
{
    isere_sim_exec_hold(isere__zephyr_thread_of(ctx));
}

void isere_zephyr_exec_release(void *ctx)
{
    isere_sim_exec_release(isere__zephyr_thread_of(ctx));
}
