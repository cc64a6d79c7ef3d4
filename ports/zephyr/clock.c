/*
 * Monotonic time is the kernel's. Few boards have a clock that runs without
 * power: the wall clock begins when the build was configured.
 */
#include "ports/zephyr/port_zephyr.h"
#include <sys/time.h>
#include <zephyr/kernel.h>

#ifdef CONFIG_ARCH_POSIX
#include "ports/zephyr/sim/sim.h"

/* The simulated time stands still while code runs; the host's does not. */
uint64_t isere_zephyr_monotonic_us(void *ctx)
{
    ARG_UNUSED(ctx);
    return isere_sim_monotonic_us();
}

int64_t isere_zephyr_wall_us(void *ctx)
{
    ARG_UNUSED(ctx);
    return isere_sim_wall_us();
}

#else

uint64_t isere_zephyr_monotonic_us(void *ctx)
{
    ARG_UNUSED(ctx);
    return k_ticks_to_us_floor64((uint64_t)k_uptime_ticks());
}

int64_t isere_zephyr_wall_us(void *ctx)
{
    return ISERE_BUILD_TIME * INT64_C(1000000) +
           (int64_t)isere_zephyr_monotonic_us(ctx);
}

/* QuickJS asks the C library for Date.now. The names are not picolibc's, which
 * are reserved.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    int64_t now = isere_zephyr_wall_us(NULL);
    ARG_UNUSED(zone);
    time->tv_sec = (time_t)(now / 1000000);
    time->tv_usec = (suseconds_t)(now % 1000000);
    return 0;
}
#endif
