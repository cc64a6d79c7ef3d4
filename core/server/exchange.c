/*
 * The interface for code above the server: what it may do with a request and
 * its server.
 *
 * The only way from there to here: the structs of a server and of a connection
 * stay private, so they may change without the endpoint. All of it is for the
 * server's own thread.
 */
#include "core/server/exchange.h"
#include "core/server/server.h"

const isere_http_request_t *isere_exchange_request(const isere_connection_t *c)
{
    return &c->exchange->request;
}

isere_server_t *isere_exchange_server(const isere_connection_t *c)
{
    return c->server;
}

/* From now on the client may leave before the answer is there: `abandon` tells
 * who works for it, as the connection goes then. */
void isere_exchange_wait(isere_connection_t *c, void *work,
                         void (*abandon)(isere_connection_t *c))
{
    c->exchange->work = work;
    isere__connection_work(c, abandon);
}

void *isere_exchange_work(const isere_connection_t *c)
{
    return c->exchange->work;
}

uint64_t isere_exchange_length(const isere_connection_t *c)
{
    return c->exchange->parser.content_length;
}

bool isere_exchange_take_body(isere_connection_t *c, void *work,
                              bool (*take)(isere_connection_t *c,
                                           isere_slice_t piece),
                              void (*abandon)(isere_connection_t *c))
{
    return isere__connection_take_body(c, work, take, abandon);
}

void isere_exchange_end(isere_connection_t *c)
{
    isere__connection_end_soon(c);
}

void isere_server_attach(isere_server_t *server,
                         const isere_endpoint_t *endpoint, void *ctx)
{
    server->endpoint.functions = endpoint;
    server->endpoint.ctx = ctx;
}

const isere_port_t *isere_server_port(const isere_server_t *server)
{
    return server->port;
}

isere_catalog_t *isere_server_catalog(const isere_server_t *server)
{
    return server->serving.catalog;
}

unsigned long isere_server_generation(const isere_server_t *server)
{
    return atomic_load(&server->serving.generation);
}

/* `stops` as soon as a stop is asked for, before the loop begins it: a health
 * check should see that at once. */
void isere_server_get_state(const isere_server_t *server,
                            isere_server_state_t *state)
{
    isere_limits_t *limits = server->limits;
    *state = (isere_server_state_t){
        .now_us = server->clock.now_us,
        .connections = atomic_load(&limits->connections),
        .buffer_bytes = atomic_load(&limits->buffered),
        .buffer_limit = limits->config.max_buffer,
        .buffer_refusals = atomic_load(&limits->buffer_refusals),
        .stops = server->stop.begun || atomic_load(&server->stop.requested),
    };
}

bool isere_server_is_stopping(const isere_server_t *server)
{
    return server->stop.begun;
}

/* A job on the server's thread took its time: deadlines are compared with a
 * clock that is read once in a turn. */
void isere_server_was_busy(isere_server_t *server)
{
    isere__clock_update(&server->clock, server->port);
}

bool isere_server_make_room(isere_server_t *server)
{
    return isere_pool_give_up_oldest(server, NULL, 0);
}

unsigned isere_server_instances(const isere_server_t *server)
{
    return server->limits->config.max_instances;
}

bool isere_server_lend(isere_server_t *server)
{
    isere_limits_t *limits = server->limits;
    unsigned most = limits->config.max_instances;
    bool lent = isere__limits_take(&limits->instances, most) ||
                (isere_pool_give_up_oldest(server, NULL, 0) &&
                 isere__limits_take(&limits->instances, most));
    server->pools.owes = !lent;
    return lent;
}

void isere_server_take_back(isere_server_t *server, unsigned instances)
{
    atomic_fetch_sub(&server->limits->instances, instances);
}
