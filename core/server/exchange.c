/* What code above the server may do with a request and its server. */
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

void isere_server_was_busy(isere_server_t *server)
{
    isere__clock_update(&server->clock, server->port);
}

bool isere_server_make_room(isere_server_t *server)
{
    return isere_pool_give_up_oldest(server, NULL, 0);
}
