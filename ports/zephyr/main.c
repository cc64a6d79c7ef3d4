/* The firmware: one handler, served on one port. */
#include "isere/zephyr.h"
#include "ports/zephyr/handler.h"
#include "ports/zephyr/options.h"
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/reboot.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

static isere_port_t port;
static isere_fault_t fault;

static int load(isere_function_t **function)
{
    isere_function_config_t config;
    isere_slice_t code;

    int error = isere_firmware_handler(&port, &code, &fault);
    if (error) {
        return error;
    }
    isere_zephyr_function_config(&config);
    error = isere_function_config_read(&config, code.ptr, code.len, &fault);
    if (error) {
        return error;
    }
    return isere_function_create(&port, code.ptr, code.len, &config, function,
                                 &fault);
}

#ifndef CONFIG_ARCH_POSIX
/* A fault in C code, which nothing can be done about: the device starts anew
 * rather than stand still. */
void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
    ARG_UNUSED(esf);
    LOG_PANIC();
    LOG_ERR("fatal error %u: starting anew", reason);
    sys_reboot(SYS_REBOOT_COLD);
}
#endif

int main(void)
{
    isere_function_t *function = NULL;

    LOG_INF("isere %s", isere_version());
    isere_zephyr_log_reset_cause();
    int error = isere_zephyr_port_init(&port);
    if (!error) {
        error = isere_zephyr_network_start();
    }
    if (!error) {
        error = load(&function);
    }
    if (!error) {
        error =
            isere_zephyr_serve(&port, function, isere_option_port(), &fault);
    }
    /* The device stays as it is, for its log to be read: starting anew would
     * only come to the same end. */
    isere_zephyr_log_fault(error, &fault);
    return 0;
}
