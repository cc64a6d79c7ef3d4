/*
 * Requests that wait for an isolate of their function.
 *
 * First come, first served within a function. The length is bounded for all
 * functions together: beyond that 503 now is better for a client than an
 * answer after its patience has ended.
 */
#include "core/server/pool/queue.h"
#include "core/server/server.h"

/* One of several functions may fill half of the queue, so that a flood for one
 * leaves the others room. */
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

/* For the pool, the server and the metrics; the number of the process is in
 * the limits. */
static void count(isere_pool_t *pool, int change)
{
    pool->queue.length += (unsigned)change;
    pool->server->pools.queued += (unsigned)change;
    atomic_fetch_add(&pool->stats->queued, (unsigned)change);
}

/* It waits as long as its handler may run: longer makes no sense to a client
 * that accepts that time. */
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

/* Also the exchange's `abandon`: a client that leaves takes its request out.
 * The list is singly linked, as clients seldom leave. */
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
