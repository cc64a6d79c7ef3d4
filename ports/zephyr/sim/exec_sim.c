/* Executions on native_sim, which are the Linux port's: the host's signals end
 * them. exec.c is for devices. */
#include "ports/zephyr/port_zephyr.h"
#include "ports/zephyr/sim/sim.h"
#include <zephyr/kernel.h>

void isere_zephyr_exec_init(void)
{
    /* Without the host's timers no handler could be stopped. */
    if (isere_sim_exec_init() != 0) {
        k_panic();
    }
}

int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us)
{
    ARG_UNUSED(ctx);
    return isere_sim_exec_run(fn, arg, deadline_us);
}

void isere_zephyr_exec_fault(void *ctx, char *text, size_t size)
{
    ARG_UNUSED(ctx);
    isere_sim_exec_describe(text, size);
}

void isere_zephyr_exec_hold(void *ctx)
{
    ARG_UNUSED(ctx);
    isere_sim_exec_hold();
}

void isere_zephyr_exec_release(void *ctx)
{
    ARG_UNUSED(ctx);
    isere_sim_exec_release();
}
