/* The watchdog, and why the device was started. */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/device.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/drivers/watchdog.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/reboot.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

#ifdef CONFIG_ISERE_WATCHDOG

static const struct device *const watchdog = DEVICE_DT_GET(DT_ALIAS(watchdog0));
static int channel = -1;

#ifdef CONFIG_HAS_WDT_NO_CALLBACKS
#define ON_EXPIRY NULL
#else
/* Before the reset, in an interrupt. */
static void on_expiry(const struct device *device, int expired)
{
    ARG_UNUSED(device);
    ARG_UNUSED(expired);
    LOG_PANIC();
    LOG_ERR("the event loop is stuck: starting anew");
    sys_reboot(SYS_REBOOT_COLD);
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
    if (!device_is_ready(watchdog)) {
        LOG_ERR("the watchdog is not ready");
        return;
    }
    int added = wdt_install_timeout(watchdog, &config);
    if (added < 0 || wdt_setup(watchdog, WDT_OPT_PAUSE_HALTED_BY_DBG) < 0) {
        LOG_ERR("the watchdog could not be started");
        return;
    }
    channel = added;
}

void isere_zephyr_watchdog_feed(void)
{
    if (channel >= 0) {
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

void isere_zephyr_log_reset_cause(void)
{
#ifdef CONFIG_HWINFO
    uint32_t cause = 0;
    if (hwinfo_get_reset_cause(&cause) == 0) {
        LOG_INF("started after: %s", cause & RESET_WATCHDOG   ? "watchdog"
                                     : cause & RESET_SOFTWARE ? "software reset"
                                     : cause & RESET_PIN      ? "reset pin"
                                     : cause & RESET_BROWNOUT ? "brown-out"
                                     : cause & RESET_DEBUG    ? "debugger"
                                     : cause & RESET_POR      ? "power-on"
                                                         : "unknown cause");
        hwinfo_clear_reset_cause();
    }
#endif
}
