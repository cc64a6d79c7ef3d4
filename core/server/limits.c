/*
 * The limits of a process: counters, and the budget of receive buffers, that
 * all its servers share.
 *
 * Atomics and no lock, since the requests of all threads pass here. Numbers
 * that have a limit are taken by compare-and-exchange, so a limit is never
 * exceeded, not even for a moment.
 */
#include "core/server/limits.h"
#include "core/server/server.h"

/* Buffers up to this size may use the part of the budget that is kept for
 * them. */
enum { SMALL = 4 * ISERE_IN_FIRST };

void isere_limits_config_init(isere_limits_config_t *config)
{
    *config = (isere_limits_config_t){
        .max_head = 8 * 1024,
        .max_body = 1024 * 1024,
        .max_buffer = (size_t)64 * 1024 * 1024,
        .header_timeout_ms = 10 * 1000,
        .request_timeout_ms = 30 * 1000,
        .idle_timeout_ms = 60 * 1000,
        .max_connections = 10000,
        .max_instances = 1024,
        .max_queue = 1024,
    };
}

isere_limits_t *isere_limits_create(const isere_port_t *port,
                                    const isere_limits_config_t *config)
{
    isere_limits_t *limits = isere_alloc(port, sizeof(*limits));
    if (!limits) {
        return NULL;
    }
    memset(limits, 0, sizeof(*limits));
    limits->port = *port;
    limits->config = *config;
    isere__limits_init_room(&limits->config);
    return limits;
}

void isere_limits_destroy(isere_limits_t *limits)
{
    if (limits) {
        isere_port_t port = limits->port;
        isere_free(&port, limits);
    }
}

/* ---- counters ---- */

/* A counter at its limit costs a load: under load most attempts fail. */
bool isere__limits_take(atomic_uint *counter, unsigned max)
{
    unsigned count = atomic_load_explicit(counter, memory_order_relaxed);
    while (count < max) {
        if (atomic_compare_exchange_weak(counter, &count, count + 1)) {
            return true;
        }
    }
    return false;
}

bool isere__limits_take_back(atomic_uint *counter)
{
    unsigned count = atomic_load_explicit(counter, memory_order_relaxed);
    while (count > 0) {
        if (atomic_compare_exchange_weak(counter, &count, count - 1)) {
            return true;
        }
    }
    return false;
}

/* ---- members ---- */

/* Places are taken and left at any time, so the array has gaps. The number of
 * members says whether looking through it is worth anything. */
int isere__limits_join(isere_limits_t *limits, isere_server_t *server)
{
    for (int i = 0; i < ISERE_SERVERS_MAX; i++) {
        isere_server_t *none = NULL;
        if (atomic_compare_exchange_strong(&limits->servers[i], &none,
                                           server)) {
            atomic_fetch_add(&limits->members, 1);
            return 0;
        }
    }
    return ISERE_ERR_LIMIT;
}

void isere__limits_leave(isere_limits_t *limits, isere_server_t *server)
{
    for (int i = 0; i < ISERE_SERVERS_MAX; i++) {
        isere_server_t *self = server;
        if (atomic_compare_exchange_strong(&limits->servers[i], &self, NULL)) {
            atomic_fetch_sub(&limits->members, 1);
        }
    }
}

/* A server leaves only when none of the same limits runs any more, so each
 * pointer that is read here stays valid. */
void isere__limits_wake(isere_limits_t *limits, const isere_server_t *except)
{
    for (int i = 0; i < ISERE_SERVERS_MAX; i++) {
        isere_server_t *server = atomic_load(&limits->servers[i]);
        if (server && server != except) {
            server->port->poll_wake(server->port->ctx);
        }
    }
}

/* One server at a time is given an instance. One that has none for a function
 * that is asked for goes first, even if requests of the others wait; one that
 * only wants more waits until the place of `wanted` is free. */
void isere__limits_want(isere_limits_t *limits, isere_server_t *server,
                        bool starved)
{
    isere_server_t *nobody = NULL;
    if (starved) {
        atomic_store(&limits->urgent, true);
        if (atomic_exchange(&limits->wanted, server) == server) {
            return;
        }
    } else if (!atomic_compare_exchange_strong(&limits->wanted, &nobody,
                                               server)) {
        return;
    }
    isere__limits_wake(limits, server);
}

/* ---- the budget ---- */

/* The most that one request can take. */
static size_t largest(const isere_limits_config_t *config)
{
    return (size_t)config->max_head + config->max_body + ISERE_IN_FIRST;
}

/* A budget below that would refuse a request for ever which the other limits
 * allow. */
void isere__limits_init_room(isere_limits_config_t *config)
{
    if (config->max_buffer < largest(config)) {
        config->max_buffer = largest(config);
    }
}

/* What is left for a buffer of this size: an eighth is kept for small ones,
 * unless hardly more than one request fits. */
static size_t limit_for(const isere_limits_config_t *config, size_t capacity)
{
    size_t kept = config->max_buffer / 8;
    bool small = capacity <= SMALL;
    return small || config->max_buffer - kept < largest(config)
               ? config->max_buffer
               : config->max_buffer - kept;
}

/* The first size is not of the budget: a buffer that grows out of it takes all
 * of its new size. Whoever crosses the high mark wakes the others, as each
 * server refuses its own slow clients. */
bool isere__limits_take_room(isere_server_t *server, size_t from,
                             size_t capacity)
{
    isere_limits_t *limits = server->limits;
    size_t more = from > ISERE_IN_FIRST ? capacity - from : capacity;
    size_t limit = limit_for(&limits->config, capacity);
    size_t high = isere__limits_high_room(limits);
    size_t before = isere__limits_used_room(limits);
    do {
        if (more > limit || before > limit - more) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&limits->buffered, &before,
                                           before + more));
    if (before <= high && before + more > high) {
        isere__limits_wake(limits, server);
    }
    return true;
}

void isere__limits_return_room(isere_limits_t *limits, size_t from,
                               size_t capacity)
{
    atomic_fetch_sub(&limits->buffered,
                     from > ISERE_IN_FIRST ? capacity - from : capacity);
}

bool isere__limits_has_room(isere_limits_t *limits, size_t capacity)
{
    return isere__limits_used_room(limits) <
           limit_for(&limits->config, capacity);
}
