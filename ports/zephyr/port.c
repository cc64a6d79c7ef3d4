/* Puts the parts of the Zephyr port together, and maps Kconfig to the settings
 * of functions and servers. */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/random/random.h>

#ifdef CONFIG_ARCH_POSIX
#include "ports/zephyr/sim/sim.h"
#endif

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

static int port_random(void *ctx, void *buf, size_t len)
{
    ARG_UNUSED(ctx);
#ifdef CONFIG_ARCH_POSIX
    /* native_sim's own source repeats itself in every run. */
    return isere_sim_random(buf, len) == 0 ? 0 : ISERE_ERR_IO;
#else
    return sys_csrand_get(buf, len) == 0 ? 0 : ISERE_ERR_IO;
#endif
}

int isere_zephyr_port_init(isere_port_t *port)
{
    static const isere_port_t table = {
        .monotonic_us = isere_zephyr_monotonic_us,
        .wall_us = isere_zephyr_wall_us,
        .random = port_random,
        .log = isere_zephyr_log,
        .resize = isere_zephyr_resize,
        .heap_map = isere_zephyr_heap_map,
        .heap_unmap = isere_zephyr_heap_unmap,
        .heap_trim = isere_zephyr_heap_trim,
#ifdef CONFIG_ISERE_IMAGES
        .arena_map = isere_zephyr_arena_map,
        .arena_unmap = isere_zephyr_heap_unmap,
        .arena_place = isere_zephyr_arena_place,
#endif
        .exec_run = isere_zephyr_exec_run,
        .exec_hold = isere_zephyr_exec_hold,
        .exec_release = isere_zephyr_exec_release,
#if defined(CONFIG_ISERE_JOBS) && !defined(CONFIG_ARCH_POSIX)
        .exec_begin = isere_zephyr_exec_begin,
        .exec_poll = isere_zephyr_exec_poll,
#endif
#ifdef CONFIG_ARCH_POSIX
        .exec_fault = isere_zephyr_exec_fault,
#endif
        .exec_note = isere_zephyr_exec_note,
        .accept = isere_zephyr_accept,
        .recv = isere_zephyr_recv,
        .send = isere_zephyr_send,
        .shutdown = isere_zephyr_shutdown,
        .close = isere_zephyr_close,
        .poll_set = isere_zephyr_poll_set,
        .poll_remove = isere_zephyr_poll_remove,
        .poll_wait = isere_zephyr_poll_wait,
        .poll_wake = isere_zephyr_poll_wake,
    };
    char probe[4];
    *port = table;
    /* First: a fault in what follows is one of the start. */
    isere_zephyr_restart_begin();
    /* Tokens and request ids need it; better to fail now than at the first
     * request. */
    if (port_random(NULL, probe, sizeof(probe)) != 0) {
        return ISERE_ERR_IO;
    }
    /* For emulators. On hardware that others can reach, tokens would be
     * worth nothing. */
    if (IS_ENABLED(CONFIG_TEST_CSPRNG_GENERATOR) &&
        !IS_ENABLED(CONFIG_ARCH_POSIX)) {
        LOG_WRN(
            "random numbers can be guessed: this board has no entropy source");
    }
    isere_zephyr_memory_init();
    isere_zephyr_exec_init(NULL, k_thread_priority_get(k_current_get()) +
                                     ISERE_ZEPHYR_EXEC);
    return isere_zephyr_poll_init();
}

/* Kconfig checks the ranges. */
void isere_zephyr_function_config(isere_function_config_t *config)
{
    isere_function_config_init(config);
    config->memory_bytes = (size_t)CONFIG_ISERE_MEMORY * 1024;
    config->stack_bytes = (size_t)CONFIG_ISERE_STACK * 1024;
    config->timeout_ms = CONFIG_ISERE_TIMEOUT_MS;
    config->init_timeout_ms = CONFIG_ISERE_INIT_TIMEOUT_MS;
    if (IS_ENABLED(CONFIG_ISERE_PAYLOAD_1_0)) {
        config->payload = ISERE_PAYLOAD_1_0;
    } else if (IS_ENABLED(CONFIG_ISERE_PAYLOAD_2_0)) {
        config->payload = ISERE_PAYLOAD_2_0;
    }
}

void isere_zephyr_server_limits(isere_limits_config_t *config)
{
    isere_limits_config_init(config);
    config->max_head = CONFIG_ISERE_MAX_HEAD;
    config->max_body = CONFIG_ISERE_MAX_BODY;
    config->header_timeout_ms = CONFIG_ISERE_HEADER_TIMEOUT_MS;
    config->request_timeout_ms = CONFIG_ISERE_REQUEST_TIMEOUT_MS;
    config->idle_timeout_ms = CONFIG_ISERE_IDLE_TIMEOUT_MS;
    config->max_connections = CONFIG_ISERE_CONNECTIONS;
    config->max_instances = CONFIG_ISERE_INSTANCES;
    config->max_queue = CONFIG_ISERE_QUEUE;
    config->access_log = IS_ENABLED(CONFIG_ISERE_ACCESS_LOG);
}
