/* isère in an application of one's own: the same handful of calls as in the
 * firmware's main, and a native module. */
#include "temperature.h"
#include <isere/zephyr.h>

static const uint8_t code[] __aligned(8) = {
#include <isere_handler.inc>
};

static const isere_native_module_t *const modules[] = {
    &temperature_module,
    NULL,
};

static isere_port_t port;
static isere_fault_t fault;

static int run(void)
{
    isere_function_config_t config;
    isere_function_t *function;
    int error = isere_zephyr_port_init(&port);
    if (!error) {
        error = isere_zephyr_network_start();
    }
    if (error) {
        return error;
    }
    isere_zephyr_function_config(&config);
    config.name = "temperature";
    config.modules = modules;
    error = isere_function_create(&port, code, sizeof(code), &config, &function,
                                  &fault);
    if (error) {
        return error;
    }
    return isere_zephyr_serve(&port, function, CONFIG_ISERE_PORT, &fault);
}

int main(void)
{
    int error = run();
    isere_zephyr_log_fault(error, &fault);
    return 0;
}
