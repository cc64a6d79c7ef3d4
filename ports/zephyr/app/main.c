/* The firmware: the functions of its store, and the built-in handler for
 * requests that match none of their routes. */
#include "isere/zephyr.h"
#include "ports/zephyr/app/handler.h"
#include "ports/zephyr/port_zephyr.h"
#include "ports/zephyr/sim/options.h"
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

static isere_port_t port;
static isere_fault_t fault;

static int load(isere_function_t **function)
{
    isere_function_config_t config;
    isere_slice_t code;
    int error = isere_handler_find(&port, &code, &fault);
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

/* The handler that is built in, and nothing else. */
static int serve_handler(void)
{
    isere_function_t *function;
    int error = load(&function);
    return error ? error
                 : isere_zephyr_serve(&port, function, isere_options_port(),
                                      &fault);
}

#ifdef CONFIG_ISERE_STORE

/* The handler that is built in, or NULL. */
static isere_function_t *load_fallback(void)
{
    isere_function_t *function = NULL;
    int error = load(&function);
    if (error) {
        isere_zephyr_log_fault(error, &fault);
        LOG_WRN("only the functions in the store are served");
    }
    return function;
}

/* What is wrong with the handler does not keep the store from being served,
 * nor the other way round. */
static int serve(void)
{
    isere_blobs_t blobs;
    if (isere_zephyr_store_open(&blobs) != 0) {
        return serve_handler();
    }
    return isere_zephyr_serve_store(&port, &blobs, load_fallback(),
                                    isere_options_port());
}

#else

static int serve(void)
{
    return serve_handler();
}

#endif

int main(void)
{
    LOG_INF("isere %s", isere_version());
    int error = isere_zephyr_port_init(&port);
    if (!error) {
        error = isere_zephyr_network_start();
    }
    if (!error) {
        error = serve();
    }
    /* The device stays as it is, for its log to be read: starting anew would
     * only come to the same end. */
    isere_zephyr_log_fault(error, &fault);
    return 0;
}
