/* Serves over HTTP: one server, whose loop is the device's event loop, with one
 * function or with a store. */
#include "core/heap/fault.h"
#include "isere/admin.h"
#include "ports/zephyr/net/net.h"
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
    isere_limits_t *limits;
    isere_server_t *server;
    isere_socket_t listener;
    uint16_t number;
} serving_t;

/* Listens. The listener is the server's as soon as there is one. */
static int start(serving_t *s, const isere_port_t *port, uint16_t number)
{
    isere_limits_config_t config;
    isere_zephyr_server_limits(&config);
    s->port = port;
    s->server = NULL;
    s->number = number;
    s->limits = isere_limits_create(port, &config);
    if (!s->limits) {
        return ISERE_ERR_NOMEM;
    }
    s->listener = isere__zephyr_listen(number);
    if (s->listener < 0) {
        isere_limits_destroy(s->limits);
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
        /* The watchdog only now: the start, which loads and compiles
         * functions, may take longer than it waits. From here on a fault is
         * not one of the start. */
        LOG_INF("isere listening on port %u", s->number);
        isere_zephyr_watchdog_start();
        isere_retained_serving(isere__zephyr_retained());
        error = isere_server_run(s->server);
    }
    /* The server first: what it holds is counted in the limits. */
    isere_server_destroy(s->server);
    isere_limits_destroy(s->limits);
    return error;
}

static bool is_built_in(const isere_retained_fault_t *fault)
{
    return strcmp(fault->name, ISERE_BUILT_IN_NAME) == 0;
}

/* Without a store only this memory remembers faults, so all of them are
 * reported at each start. Returns whether the init phase may run. It may
 * after faults in invocations: the function just gets no more requests. */
static bool tell_registry(isere_registry_t *registry, const isere_port_t *port)
{
    const isere_retained_t *retained = isere__zephyr_retained();
    bool quarantined = false;
    bool init = false;
    for (uint32_t i = 0; i < retained->count; i++) {
        const isere_retained_fault_t *fault = &retained->faults[i];
        if (is_built_in(fault)) {
            const isere_fault_report_t report = {
                .name = ISERE_BUILT_IN_NAME,
                .where = "",
                .at_s = isere_retained_seconds(fault->at),
            };
            quarantined = isere_registry_report_fault(registry, port, &report);
            init = fault->cause.starting != 0;
        }
    }
    if (quarantined) {
        LOG_ERR("the built-in function is quarantined until power is cut off");
    }
    return !(quarantined && init);
}

int isere_zephyr_serve(const isere_port_t *port,
                       const isere_function_t *function, uint16_t number,
                       isere_fault_t *fault)
{
    serving_t serving;
    isere_registry_t *registry = NULL;
    isere__zephyr_built_in(function);
    int error = start(&serving, port, number);
    if (error) {
        return error;
    }
    error = isere_registry_create_one(port, function, &registry);
    if (!error && !tell_registry(registry, port)) {
        isere_fault_set(fault, "its init phase faulted repeatedly");
        error = ISERE_ERR_HANDLER;
    }
    if (error) {
        /* Without a server it belongs to nobody. */
        port->close(port->ctx, serving.listener);
    } else {
        error = isere_server_create(port, serving.limits, serving.listener,
                                    registry, &serving.server);
    }
    if (!error) {
        error = isere_server_warm_up(serving.server, fault);
    }
    error = run(&serving, error);
    isere_registry_destroy(registry);
    return error;
}

#ifdef CONFIG_ISERE_STORE

/* For whoever reads the log over the network: the console had it already. Not
 * inlined: its text would stay on the stack while all functions are loaded. */
static __noinline void repeat_restart(isere_registry_t *registry,
                                      const isere_port_t *port)
{
    isere_port_t tapped = *port;
    char text[192];
    if (isere__zephyr_describe_restart(text, sizeof(text))) {
        const isere_log_record_t record = {
            .level = ISERE_LOG_ERROR,
            .message = isere_slice(text),
        };
        isere_registry_tap(registry, &tapped);
        tapped.tap(tapped.tap_ctx, &record);
    }
}

/* The faults of before this start. The store has those of before that. */
static bool next_fault(void *ctx, isere_fault_report_t *report)
{
    static char text[80]; /* the registry keeps no more */
    const isere_retained_fault_t *fault =
        isere_retained_next(isere__zephyr_retained());
    ARG_UNUSED(ctx);
    if (!fault) {
        return false;
    }
    isere_retained_describe(&fault->cause, text, sizeof(text));
    *report = (isere_fault_report_t){
        .name = fault->name,
        .version = fault->version,
        .where = text,
        .at_s = isere_retained_seconds(fault->at),
    };
    return true;
}

/* As many as are remembered. */
static unsigned long crashes(void *ctx, const char *name)
{
    const isere_retained_t *retained = isere__zephyr_retained();
    unsigned long count = 0;
    ARG_UNUSED(ctx);
    for (uint32_t i = 0; i < retained->count; i++) {
        count += strcmp(retained->faults[i].name, name) == 0;
    }
    return count;
}

static void configure(isere_registry_config_t *config,
                      const isere_function_t *fallback)
{
    isere_registry_config_init(config);
    isere_zephyr_function_config(&config->defaults);
    config->built_in = fallback;
    /* Every function fits then as often as there are instances. */
    config->memory_max = config->defaults.memory_bytes;
    config->memory_min = MIN(config->memory_min, config->memory_max);
    /* Pointers of 32 bits take half the room: smaller heaps are of use. */
    if (!IS_ENABLED(CONFIG_64BIT)) {
        config->memory_min = (size_t)ISERE_ZEPHYR_MEMORY_MIN * 1024;
    }
    config->reserve_bytes = (size_t)CONFIG_ISERE_SERVER_RESERVE * 1024;
    config->timeout_max_ms = CONFIG_ISERE_TIMEOUT_MAX_MS;
    config->faults = CONFIG_ISERE_QUARANTINE_FAULTS;
    config->fault_window_s = CONFIG_ISERE_QUARANTINE_WINDOW_S;
    config->restarts = isere__zephyr_retained()->restarts;
    config->next_fault = next_fault;
    config->crashes = crashes;
    config->log_bytes = CONFIG_ISERE_LOG_RING;
#ifdef CONFIG_ISERE_IMAGES
    config->flash = isere_zephyr_images();
    config->sizes.package = CONFIG_ISERE_MAX_PACKAGE * 1024;
    config->sizes.file = CONFIG_ISERE_MAX_SOURCE * 1024;
#endif
#ifdef CONFIG_ISERE_JOBS
    isere__zephyr_jobs_configure(config);
#endif
}

/* To say now what is wrong with the built-in function. */
static bool try_fallback(isere_registry_t *registry, const isere_port_t *port)
{
    isere_fault_t *fault = isere_alloc(port, sizeof(*fault));
    if (!fault) {
        return true;
    }
    int error = isere_registry_try_built_in(registry, port, fault);
    if (error) {
        isere_zephyr_log_fault(error, fault);
        LOG_WRN("only the functions in the store are served");
    }
    isere_free(port, fault);
    return !error;
}

/* What is wrong with the built-in function keeps nothing else from being
 * served. */
static int make_registry(const isere_port_t *port, const isere_blobs_t *blobs,
                         isere_registry_config_t *config,
                         isere_registry_t **registry)
{
    int error = isere_registry_create(port, blobs, config, registry);
    if (error) {
        return error;
    }
    repeat_restart(*registry, port);
    /* Whatever the store knows of is older than all that is to come. */
    isere_retained_begin_at(isere__zephyr_retained(),
                            isere_registry_last_fault_s(*registry) +
                                CONFIG_ISERE_QUARANTINE_WINDOW_S + 1);
    if (!config->built_in ||
        isere_registry_is_quarantined(*registry, ISERE_BUILT_IN_NAME) ||
        try_fallback(*registry, port)) {
        return 0;
    }
    isere_registry_destroy(*registry);
    /* Anew: a registry is made with a built-in function or without, and
     * keeps to that. */
    config->built_in = NULL;
    return isere_registry_create(port, blobs, config, registry);
}

static int make_admin(const isere_port_t *port, isere_registry_t *registry,
                      isere_admin_t **admin)
{
    static const char *const names[] = {
#ifdef CONFIG_ISERE_MDNS
        CONFIG_NET_HOSTNAME ".local",
#endif
        NULL,
    };
    char token[ISERE_TOKEN_LEN + 1];
    const isere_admin_config_t config = {.token = token, .host_names = names};
    int error = isere_zephyr_token(port, token);
    if (!error) {
        error = isere_admin_create(port, registry, &config, admin);
    }
    /* The admin object has a copy. */
    memset(token, 0, sizeof(token));
    return error;
}

/* Serves what is ready. */
static int serve_registry(const isere_port_t *port, isere_registry_t *registry,
                          isere_admin_t *admin, uint16_t number)
{
    serving_t serving;
    LOG_INF("store: %u functions", (unsigned)isere_registry_count(registry));
    int error = start(&serving, port, number);
    if (error) {
        return error;
    }
    error = isere_server_create(port, serving.limits, serving.listener,
                                registry, &serving.server);
    if (!error) {
        error = isere_admin_attach(admin, serving.server);
    }
#ifdef CONFIG_ISERE_JOBS
    isere__zephyr_jobs_start(port);
    error = run(&serving, error);
    isere__zephyr_jobs_stop();
    return error;
#else
    return run(&serving, error);
#endif
}

int isere_zephyr_serve_store(const isere_port_t *port,
                             const isere_blobs_t *blobs,
                             const isere_function_t *fallback, uint16_t number)
{
    isere_registry_config_t config;
    isere_registry_t *registry = NULL;
    isere_admin_t *admin = NULL;
    configure(&config, fallback);
    isere__zephyr_built_in(fallback);
    int error = make_registry(port, blobs, &config, &registry);
    if (!error) {
        error = make_admin(port, registry, &admin);
    }
    if (!error) {
        error = serve_registry(port, registry, admin, number);
    }
    isere_admin_destroy(admin);
    isere_registry_destroy(registry);
    return error;
}

#endif
