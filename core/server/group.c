#include "core/server/internal.h"

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
    isere__budget_init(&group->limits);
    return group;
}

void isere_server_group_destroy(isere_server_group_t *group)
{
    if (group) {
        isere_port_t port = group->port;
        isere_free(&port, group);
    }
}

bool isere__group_take(atomic_uint *counter, unsigned max)
{
    unsigned count = atomic_load_explicit(counter, memory_order_relaxed);
    while (count < max) {
        if (atomic_compare_exchange_weak(counter, &count, count + 1)) {
            return true;
        }
    }
    return false;
}

bool isere__group_take_back(atomic_uint *counter)
{
    unsigned count = atomic_load_explicit(counter, memory_order_relaxed);
    while (count > 0) {
        if (atomic_compare_exchange_weak(counter, &count, count - 1)) {
            return true;
        }
    }
    return false;
}

void isere__group_give(atomic_uint *counter)
{
    atomic_fetch_sub(counter, 1);
}

int isere__group_join(isere_server_group_t *group, isere_server_t *server)
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

void isere__group_leave(isere_server_group_t *group, isere_server_t *server)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *self = server;
        if (atomic_compare_exchange_strong(&group->servers[i], &self, NULL)) {
            atomic_fetch_sub(&group->members, 1);
        }
    }
}

void isere__group_wake(isere_server_group_t *group,
                       const isere_server_t *except)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *server = atomic_load(&group->servers[i]);
        if (server && server != except) {
            server->port->poll_wake(server->port->ctx);
        }
    }
}

/* Whether requests wait for a function that has no instance here. */
static bool has_starved(const isere_server_t *server)
{
    const isere_pool_t *pool = server->pools;
    while (pool && !(pool->count == 0 && pool->queue_first)) {
        pool = pool->next;
    }
    return pool != NULL;
}

void isere__group_want(isere_server_group_t *group, isere_server_t *server)
{
    isere_server_t *nobody = NULL;
    if (has_starved(server)) {
        /* Before those who have some, even if their requests wait too. */
        atomic_store(&group->urgent, true);
        if (atomic_exchange(&group->wanted, server) == server) {
            return;
        }
    } else if (!atomic_compare_exchange_strong(&group->wanted, &nobody,
                                               server)) {
        return;
    }
    isere__group_wake(group, server);
}
