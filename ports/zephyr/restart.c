/*
 * Restarts after a fault. On a device nothing can be trusted after one: it is
 * reset, and the record of retained.c says afterwards whose code ran.
 */
#include "ports/zephyr/port_zephyr.h"
#include <stdio.h>
#include <string.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/reboot.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

/* Memory that the board chose for it, else a variable that is not cleared. */
#if DT_HAS_CHOSEN(isere_retained)
#define RETAINED DT_CHOSEN(isere_retained)
BUILD_ASSERT(DT_REG_SIZE(RETAINED) >= sizeof(isere_retained_t));
static isere_retained_t *const retained =
    (isere_retained_t *)DT_REG_ADDR(RETAINED);
#else
static isere_retained_t storage __noinit;
static isere_retained_t *const retained = &storage;
#endif

static isere_restart_t restart;
static const isere_function_t *built_in;

isere_retained_t *isere__zephyr_retained(void)
{
    return retained;
}

void isere__zephyr_built_in(const isere_function_t *function)
{
    built_in = function;
}

void isere_zephyr_exec_note(void *ctx, const char *name, const char *version)
{
    isere_retained_thread_t thread = isere__zephyr_thread_of(ctx);
    if (!name) {
        isere_retained_leave(retained, thread);
        /* By its pointer: a function of the store may have the same name. */
    } else if (built_in && name == isere_function_name(built_in)) {
        isere_retained_enter(retained, thread, ISERE_BUILT_IN_NAME, NULL);
    } else {
        isere_retained_enter(retained, thread, name, version);
    }
}

/* ---- the start ---- */

#ifndef CONFIG_ISERE_RESET_RP2350

/* Cleared once read: the hardware collects causes over several resets. */
static uint32_t get_cause(void)
{
    uint32_t cause = 0;
#ifdef CONFIG_HWINFO
    if (hwinfo_get_reset_cause(&cause) == 0) {
        (void)hwinfo_clear_reset_cause();
    }
#endif
    return cause;
}

isere_reset_t isere__zephyr_reset_cause(const char **name)
{
    uint32_t cause = get_cause();
    /* Several bits may be set; the first that says why comes first. */
    *name = cause & RESET_WATCHDOG   ? "watchdog"
            : cause & RESET_SOFTWARE ? "software reset"
            : cause & RESET_PIN      ? "reset pin"
            : cause & RESET_BROWNOUT ? "brown-out"
            : cause & RESET_DEBUG    ? "debugger"
            : cause & RESET_POR      ? "power-on"
                                     : NULL;
    if (cause & RESET_WATCHDOG) {
        return ISERE_RESET_WATCHDOG;
    }
    /* Memory survives everything but a loss of power. */
    return cause & (RESET_POR | RESET_BROWNOUT) && !(cause & RESET_SOFTWARE)
               ? ISERE_RESET_POWER
               : ISERE_RESET_OTHER;
}

void isere__zephyr_reset(void)
{
    sys_reboot(SYS_REBOOT_COLD);
}

#endif

/* "function 'x' version 3", "the built-in function" or less. */
static void name_culprit(char *text, size_t size)
{
    if (!restart.name[0]) {
        snprintf(text, size, "%s",
                 restart.damaged ? "an unknown function" : "no function");
    } else if (strcmp(restart.name, ISERE_BUILT_IN_NAME) == 0) {
        snprintf(text, size, "the built-in function");
    } else {
        snprintf(text, size, "function '%s' version %lu", restart.name,
                 (unsigned long)restart.version);
    }
}

bool isere__zephyr_describe_restart(char *text, size_t size)
{
    char culprit[80];
    char what[96];
    if (restart.cause.kind == ISERE_RETAINED_NONE) {
        return false;
    }
    name_culprit(culprit, sizeof(culprit));
    isere_retained_describe(&restart.cause, what, sizeof(what));
    snprintf(text, size, "restarted after a fault in %s (%s)", culprit, what);
    return true;
}

void isere_zephyr_restart_begin(void)
{
    const char *name;
    char text[192];
    isere_reset_t reset = isere__zephyr_reset_cause(&name);
    if (name) {
        LOG_INF("started after: %s", name);
    }
    isere_retained_begin(retained, reset, &restart);
    if (restart.damaged) {
        LOG_WRN("the record kept across the reset is damaged");
    }
    if (isere__zephyr_describe_restart(text, sizeof(text))) {
        LOG_ERR("%s", text);
    }
}

/* ---- the end ---- */

FUNC_NORETURN void isere__zephyr_restart(isere_retained_kind_t kind,
                                         uint32_t pc, uint32_t lr,
                                         const char *message)
{
    static bool ending;
    /* First the record, which must not be lost. Logging may have been what
     * failed, so it is tried once only. */
    isere_retained_fault(retained, isere__zephyr_exec_thread(), kind, pc, lr);
    if (!ending) {
        ending = true;
        /* Makes Zephyr write the log at once: nothing runs afterwards. */
        LOG_PANIC();
        LOG_ERR("%s: restarting", message);
    }
    isere__zephyr_reset();
    CODE_UNREACHABLE;
}

#ifdef CONFIG_ISERE_FATAL_HANDLER

static isere_retained_kind_t kind_of(unsigned int reason)
{
    switch (reason) {
    case K_ERR_STACK_CHK_FAIL:
        return ISERE_RETAINED_STACK;
    case K_ERR_KERNEL_OOPS:
    case K_ERR_KERNEL_PANIC:
        return ISERE_RETAINED_PANIC;
    default:
        break;
    }
#ifdef CONFIG_CPU_CORTEX_M
    /* Zephyr numbers the reasons of Arm in blocks, one for each kind of
     * fault. */
    if (reason == K_ERR_ARM_USAGE_STACK_OVERFLOW ||
        reason == K_ERR_ARM_MEM_STACKING || reason == K_ERR_ARM_BUS_STACKING) {
        return ISERE_RETAINED_STACK;
    }
    if (reason >= K_ERR_ARM_MEM_GENERIC && reason < K_ERR_ARM_BUS_GENERIC) {
        return ISERE_RETAINED_MEMORY;
    }
    if (reason >= K_ERR_ARM_BUS_GENERIC && reason < K_ERR_ARM_USAGE_GENERIC) {
        return ISERE_RETAINED_BUS;
    }
    if (reason >= K_ERR_ARM_USAGE_GENERIC &&
        reason < K_ERR_ARM_SECURE_GENERIC) {
        return ISERE_RETAINED_USAGE;
    }
#endif
    return ISERE_RETAINED_EXCEPTION;
}

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
    uint32_t pc = 0;
    uint32_t lr = 0;
#ifdef CONFIG_CPU_CORTEX_M
    if (esf) {
        pc = esf->basic.pc;
        lr = esf->basic.lr;
    }
#endif
    isere__zephyr_restart(kind_of(reason), pc, lr, "fatal error");
}

#endif
