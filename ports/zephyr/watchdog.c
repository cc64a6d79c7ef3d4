/* The watchdog: it resets a device whose event loop hangs, and records where.
 * The loop feeds it, and so does a wait for an execution. */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/device.h>
#include <zephyr/drivers/watchdog.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#ifdef CONFIG_CPU_CORTEX_M
#include <cmsis_core.h>
#endif

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

#ifdef CONFIG_ISERE_WATCHDOG

static const struct device *const watchdog = DEVICE_DT_GET(DT_ALIAS(watchdog0));
static int channel = -1;

#ifdef CONFIG_HAS_WDT_NO_CALLBACKS
/* Then the reset itself is all that is known: isere_retained_begin makes a
 * fault of it, without an address. */
#define ON_EXPIRY NULL
#else
/* Before the reset, in an interrupt. What the processor pushed on entry lies
 * on the process stack: r0 to r3, r12, lr, pc, xPSR (Arm DDI 0553, "context
 * stacking"). */
static void on_expiry(const struct device *device, int expired)
{
    uint32_t pc = 0;
    uint32_t lr = 0;
    ARG_UNUSED(device);
    ARG_UNUSED(expired);
#ifdef CONFIG_CPU_CORTEX_M
    if (SCB->ICSR & SCB_ICSR_RETTOBASE_Msk) { /* a thread was interrupted */
        const uint32_t *frame = (const uint32_t *)__get_PSP();
        lr = frame[5];
        pc = frame[6];
    }
#endif
    isere__zephyr_restart(ISERE_RETAINED_WATCHDOG, pc, lr,
                          "the event loop is stuck");
}
#define ON_EXPIRY on_expiry
#endif

void isere_zephyr_watchdog_start(void)
{
    const struct wdt_timeout_cfg config = {
        .window = {.max = CONFIG_ISERE_WATCHDOG_MS},
        .callback = ON_EXPIRY,
        .flags = WDT_FLAG_RESET_SOC,
    };
    /* A device without a watchdog serves all the same, and says so. */
    if (!device_is_ready(watchdog)) {
        LOG_ERR("the watchdog is not ready");
        return;
    }
    /* Paused in a debugger, which may stop the processor for as long as it
     * wants. */
    int added = wdt_install_timeout(watchdog, &config);
    if (added < 0 || wdt_setup(watchdog, WDT_OPT_PAUSE_HALTED_BY_DBG) < 0) {
        LOG_ERR("the watchdog could not be started");
        return;
    }
    channel = added;
}

void isere_zephyr_watchdog_feed(void)
{
    /* Also called before it was started: erasing flash and waiting for an
     * execution feed it. */
    if (channel >= 0 && !isere__zephyr_in_job()) {
        wdt_feed(watchdog, channel);
    }
}

#else

void isere_zephyr_watchdog_start(void)
{
}

void isere_zephyr_watchdog_feed(void)
{
}

#endif
