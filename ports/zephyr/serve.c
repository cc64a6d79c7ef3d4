/* HTTP: one server, which is the device's event loop. */
#include "isere/control.h"
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

/* What serving takes, and what is served: a function, or a store. */
typedef struct serving {
    const isere_port_t *port;
    isere_server_group_t *group;
    isere_server_t *server;
    isere_socket_t listener;
    uint16_t number;
} serving_t;

/* Listens. The listener is the server's as soon as there is one. */
static int start(serving_t *s, const isere_port_t *port, uint16_t number)
{
    isere_server_limits_t limits;

    isere_zephyr_server_limits(&limits);
    s->port = port;
    s->number = number;
    s->group = isere_server_group_create(port, &limits);
    if (!s->group) {
        return ISERE_ERR_NOMEM;
    }
    s->listener = isere__zephyr_listen(number);
    if (s->listener < 0) {
        isere_server_group_destroy(s->group);
        return s->listener;
    }
    if (number == 0) {
        s->number = isere__zephyr_listen_port(s->listener);
    }
    return 0;
}

/* Serves, if `error` does not say that the server could not be made. */
static int run(serving_t *s, int error)
{
    if (!error) {
        LOG_INF("isere listening on port %u", s->number);
        isere_zephyr_watchdog_start();
        error = isere_server_run(s->server);
        isere_server_destroy(s->server);
    }
    isere_server_group_destroy(s->group);
    return error;
}

int isere_zephyr_serve(const isere_port_t *port,
                       const isere_function_t *function, uint16_t number,
                       isere_fault_t *fault)
{
    serving_t serving;
    int error = start(&serving, port, number);
    if (error) {
        return error;
    }
    error = isere_server_create(port, serving.group, serving.listener, function,
                                &serving.server, fault);
    return run(&serving, error);
}

#ifdef CONFIG_ISERE_STORE

static void configure(isere_control_config_t *config, const char *token,
                      const isere_function_t *fallback)
{
    static const char *const names[] = {
#ifdef CONFIG_ISERE_MDNS
        CONFIG_NET_HOSTNAME ".local",
#endif
        NULL,
    };
    isere_control_config_init(config);
    isere_zephyr_function_config(&config->defaults);
    config->token = token;
    config->host_names = names;
    config->fallback = fallback;
    /* Every function fits then as often as there are instances. */
    config->memory_max = config->defaults.memory_bytes;
    config->memory_min = MIN(config->memory_min, config->memory_max);
    if (!IS_ENABLED(CONFIG_64BIT)) {
        config->memory_min = (size_t)ISERE_ZEPHYR_MEMORY_MIN * 1024;
    }
    config->timeout_max_ms = CONFIG_ISERE_TIMEOUT_MAX_MS;
    config->log_bytes = CONFIG_ISERE_LOG_RING;
}

int isere_zephyr_serve_store(const isere_port_t *port,
                             const isere_blobs_t *blobs,
                             const isere_function_t *fallback, uint16_t number)
{
    isere_control_config_t config;
    isere_control_t *control;
    char token[ISERE_TOKEN_LEN + 1];
    serving_t serving;

    int error = isere_zephyr_token(port, token);
    if (error) {
        return error;
    }
    configure(&config, token, fallback);
    error = isere_control_create(port, blobs, &config, &control);
    memset(token, 0, sizeof(token));
    if (error) {
        return error;
    }
    LOG_INF("store: %u functions", (unsigned)isere_control_count(control));
    error = start(&serving, port, number);
    if (!error) {
        error = isere_server_create_platform(
            port, serving.group, serving.listener, control, &serving.server);
        error = run(&serving, error);
    }
    isere_control_destroy(control);
    return error;
}

#endif
