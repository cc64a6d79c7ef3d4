/* A function served over HTTP: one server, which is the device's event loop. */
#include "ports/zephyr/net.h"
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

int isere_zephyr_network_start(void)
{
    return isere_net_init() == 0 ? 0 : ISERE_ERR_IO;
}

void isere_zephyr_log_fault(int error, const isere_fault_t *fault)
{
    if (fault->file[0]) {
        LOG_ERR("not serving: %s:%d:%d: %s", fault->file, fault->line,
                fault->column, fault->message);
    } else {
        LOG_ERR("not serving: %s",
                fault->message[0] ? fault->message : isere_strerror(error));
    }
}

int isere_zephyr_serve(const isere_port_t *port,
                       const isere_function_t *function, uint16_t number,
                       isere_fault_t *fault)
{
    isere_server_limits_t limits;
    isere_server_t *server;

    isere_zephyr_server_limits(&limits);
    isere_server_group_t *group = isere_server_group_create(port, &limits);
    if (!group) {
        return ISERE_ERR_NOMEM;
    }
    isere_socket_t listener = isere__zephyr_listen(number);
    if (listener < 0) {
        isere_server_group_destroy(group);
        return listener;
    }
    if (number == 0) {
        number = isere__zephyr_listen_port(listener);
    }
    int error =
        isere_server_create(port, group, listener, function, &server, fault);
    if (!error) {
        LOG_INF("isere listening on port %u", number);
        isere_zephyr_watchdog_start();
        error = isere_server_run(server);
        isere_server_destroy(server);
    }
    isere_server_group_destroy(group);
    return error;
}
