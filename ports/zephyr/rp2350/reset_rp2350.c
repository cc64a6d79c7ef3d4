/*
 * Resets of the RP2350. The watchdog does them all: it resets the whole chip
 * except its memory (the processor's own reset would leave USB and DMA as they
 * are), and reports that afterwards. Zephyr's reset cause reports only what the
 * power did, and still does after later resets.
 */
#include "ports/zephyr/port_zephyr.h"
#include <hardware/structs/powman.h>
#include <hardware/structs/psm.h>
#include <hardware/structs/resets.h>
#include <hardware/structs/watchdog.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>

static bool only_processor;

/*
 * A debugger may reset the processor alone. Everything else keeps its state,
 * also why the chip was reset the last time, which would then be taken for the
 * cause once more. The console's UART tells: whatever resets the chip leaves it
 * in reset, and nothing took it out of that yet.
 */
static int look(void)
{
    only_processor = (resets_hw->reset & RESETS_RESET_UART0_BITS) == 0;
    return 0;
}

SYS_INIT(look, EARLY, 0);

static const char *power_cause(void)
{
    uint32_t cause = powman_hw->chip_reset;
    return cause & POWMAN_CHIP_RESET_HAD_BOR_BITS            ? "brown-out"
           : cause & POWMAN_CHIP_RESET_HAD_RUN_LOW_BITS      ? "reset pin"
           : cause & POWMAN_CHIP_RESET_HAD_DP_RESET_REQ_BITS ? "debugger"
                                                             : "power-on";
}

isere_reset_t isere__zephyr_reset_cause(const char **name)
{
    uint32_t reason = watchdog_hw->reason;
    /* It goes on after its own reset, with what is left of its time. */
    hw_clear_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_ENABLE_BITS);
    if (only_processor) {
        *name = "reset of the processor";
        return ISERE_RESET_OTHER;
    }
    if (reason & WATCHDOG_REASON_TIMER_BITS) {
        *name = "watchdog";
        return ISERE_RESET_WATCHDOG;
    }
    if (reason & WATCHDOG_REASON_FORCE_BITS) {
        *name = "software reset";
        return ISERE_RESET_OTHER;
    }
    *name = power_cause();
    return ISERE_RESET_POWER;
}

void isere__zephyr_reset(void)
{
    /* From the flash's start, as after power-on; the oscillators go on. */
    for (int i = 4; i < 8; i++) {
        watchdog_hw->scratch[i] = 0;
    }
    hw_set_bits(&psm_hw->wdsel, PSM_WDSEL_BITS);
    hw_clear_bits(&psm_hw->wdsel, PSM_WDSEL_ROSC_BITS | PSM_WDSEL_XOSC_BITS);
    hw_set_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_TRIGGER_BITS);
    for (;;) {
    }
}
