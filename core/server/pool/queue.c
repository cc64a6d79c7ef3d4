/* Requests that wait for an instance of their function. */
#include "core/server/pool/queue.h"
#include "core/server/server.h"

/* One of several functions may fill half of the queue. */
static bool has_share(const isere_pool_t *pool)
{
    const isere_server_t *server = pool->server;
    unsigned most = server->limits->config.max_queue;
    if (server->serving.catalog->count > 1) {
        most = (most + 1) / 2;
    }
    return atomic_load(&pool->stats->queued) < most;
}

bool isere__queue_has_room(const isere_pool_t *pool)
{
    isere_limits_t *limits = pool->server->limits;
    return has_share(pool) &&
           atomic_load(&limits->queued) < limits->config.max_queue;
}

static void count(isere_pool_t *pool, int change)
{
    pool->queue.length += (unsigned)change;
    pool->server->pools.queued += (unsigned)change;
    atomic_fetch_add(&pool->stats->queued, (unsigned)change);
}

bool isere__queue_put(isere_connection_t *c, isere_pool_t *pool)
{
    isere_server_t *server = c->server;
    isere_limits_t *limits = server->limits;
    if (!has_share(pool) ||
        !isere__limits_take(&limits->queued, limits->config.max_queue)) {
        return false;
    }
    isere__connection_wait(
        c, server->clock.now_us + isere_function_timeout_us(pool->function),
        isere__queue_remove);
    c->exchange->queue_next = NULL;
    *pool->queue.last = c;
    pool->queue.last = &c->exchange->queue_next;
    count(pool, 1);
    return true;
}

void isere__queue_remove(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    isere_queue_t *queue = &x->pool->queue;
    isere_connection_t **link = &queue->first;
    while (*link && *link != c) {
        link = &(*link)->exchange->queue_next;
    }
    if (!*link) {
        return;
    }
    *link = x->queue_next;
    if (queue->last == &x->queue_next) {
        queue->last = link;
    }
    x->abandon = NULL;
    count(x->pool, -1);
    isere__limits_give(&c->server->limits->queued);
}

isere_connection_t *isere__queue_take(isere_pool_t *pool)
{
    isere_connection_t *c = pool->queue.first;
    isere__queue_remove(c);
    return c;
}
