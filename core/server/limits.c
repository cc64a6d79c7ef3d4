/* The counters, and the budget of receive buffers, that the servers of a
 * process share. */
#include "core/server/limits.h"
#include "core/server/server.h"

enum { SMALL = 4 * ISERE_IN_FIRST };

void isere_server_limits_init(isere_server_limits_t *limits)
{
    *limits = (isere_server_limits_t){
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

isere_server_group_t *
isere_server_group_create(const isere_port_t *port,
                          const isere_server_limits_t *limits)
{
    isere_server_group_t *group = isere_alloc(port, sizeof(*group));
    if (!group) {
        return NULL;
    }
    memset(group, 0, sizeof(*group));
    group->port = *port;
    group->limits = *limits;
    isere__limits_init_room(&group->limits);
    return group;
}

void isere_server_group_destroy(isere_server_group_t *group)
{
    if (group) {
        isere_port_t port = group->port;
        isere_free(&port, group);
    }
}

/* ---- counters ---- */

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

int isere__limits_join(isere_server_group_t *group, isere_server_t *server)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *none = NULL;
        if (atomic_compare_exchange_strong(&group->servers[i], &none, server)) {
            atomic_fetch_add(&group->members, 1);
            return 0;
        }
    }
    return ISERE_ERR_LIMIT;
}

void isere__limits_leave(isere_server_group_t *group, isere_server_t *server)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *self = server;
        if (atomic_compare_exchange_strong(&group->servers[i], &self, NULL)) {
            atomic_fetch_sub(&group->members, 1);
        }
    }
}

void isere__limits_wake(isere_server_group_t *group,
                        const isere_server_t *except)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *server = atomic_load(&group->servers[i]);
        if (server && server != except) {
            server->port->poll_wake(server->port->ctx);
        }
    }
}

void isere__limits_want(isere_server_group_t *group, isere_server_t *server,
                        bool starved)
{
    isere_server_t *nobody = NULL;
    if (starved) {
        /* Before those who have some, even if their requests wait too. */
        atomic_store(&group->urgent, true);
        if (atomic_exchange(&group->wanted, server) == server) {
            return;
        }
    } else if (!atomic_compare_exchange_strong(&group->wanted, &nobody,
                                               server)) {
        return;
    }
    isere__limits_wake(group, server);
}

/* ---- the budget ---- */

/* The most that one request can take. */
static size_t largest(const isere_server_limits_t *limits)
{
    return (size_t)limits->max_head + limits->max_body + ISERE_IN_FIRST;
}

void isere__limits_init_room(isere_server_limits_t *limits)
{
    if (limits->max_buffer < largest(limits)) {
        limits->max_buffer = largest(limits);
    }
}

static size_t limit_for(const isere_server_limits_t *limits, size_t capacity)
{
    size_t kept = limits->max_buffer / 8;
    bool small = capacity <= SMALL;
    /* Where hardly more than one request fits, nothing is kept. */
    return small || limits->max_buffer - kept < largest(limits)
               ? limits->max_buffer
               : limits->max_buffer - kept;
}

bool isere__limits_take_room(isere_server_t *server, size_t from,
                             size_t capacity)
{
    isere_server_group_t *group = server->group;
    size_t more = from > ISERE_IN_FIRST ? capacity - from : capacity;
    size_t limit = limit_for(&group->limits, capacity);
    size_t high = isere__limits_high_room(group);
    size_t before = isere__limits_used_room(group);
    do {
        if (more > limit || before > limit - more) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&group->buffered, &before,
                                           before + more));
    if (before <= high && before + more > high) {
        isere__limits_wake(group, server); /* each refuses its slow clients */
    }
    return true;
}

void isere__limits_return_room(isere_server_group_t *group, size_t from,
                               size_t capacity)
{
    atomic_fetch_sub(&group->buffered,
                     from > ISERE_IN_FIRST ? capacity - from : capacity);
}

bool isere__limits_has_room(isere_server_group_t *group, size_t capacity)
{
    return isere__limits_used_room(group) < limit_for(&group->limits, capacity);
}
