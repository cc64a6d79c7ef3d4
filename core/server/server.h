/*
 * A server, and the order of the files in this folder. Each calls only those
 * below it:
 *
 *   exchange.c               what code above the server may do
 *   loop.c                   the event loop: accepting, timers, stopping
 *   request.c                one request: whose, waiting, running, answering
 *   pool/serving.c           the catalog that is served, and its pools
 *   pool/queue.c             requests that wait for an instance
 *   pool/pool.c              isolates of one function: slots, idle and busy
 *   pool/steal.c             what a busy server's neighbours take over
 *   connection/place.c       which connection gives way to a new client
 *   connection/slow.c        clients that are refused when memory is short
 *   connection/answer.c      answers as a whole; the texts of errors are in
 *                            core/lambda/response/error_answer.c
 *   connection/connection.c  one connection: receive, parse, time out, close
 *   connection/access.c      a log line for each request
 *   connection/stream.c      answers that are made while they are sent
 *   connection/send.c        answers to bytes, to the socket, and how long for
 *   limits.c                 counters of a process, and their defaults
 *
 * The parts of the struct belong to the file whose header has their type; the
 * rest is the loop's.
 */
#ifndef ISERE_CORE_SERVER_SERVER_H
#define ISERE_CORE_SERVER_SERVER_H

#include "core/isolate/function.h"
#include "core/server/clock.h"
#include "core/server/connection/connection.h"
#include "core/server/connection/slow.h"
#include "core/server/endpoint.h"
#include "core/server/limits.h"
#include "core/server/loop.h"
#include "core/server/pool/pool.h"
#include "core/server/pool/serving.h"
#include "core/server/pool/steal.h"
#include "core/server/request.h"

struct isere_server {
    const isere_port_t *port;
    isere_limits_t *limits;
    isere_http_limits_t http_limits;
    isere_timer_queue_t timers;
    isere_clock_t clock;
    isere_accept_t accept;
    isere_events_t events;
    isere_held_t held;
    isere_stopping_t stop;
    isere_timer_node_t reap_timer;
    isere_connections_t connections;
    isere_connection_t *followers; /* streams that wait; see stream.c */
    isere_spares_t spares;
    isere_relief_t relief;
    isere_steal_t steal;
    isere_pools_t pools;
    isere_serving_t serving;
    isere_random_t random;
    isere_attached_t endpoint;
};

/* The pool of an entry of the catalog; NULL when out of memory. */
static inline isere_pool_t *
isere__serving_pool(isere_server_t *server, const isere_catalog_entry_t *entry)
{
    const isere_serving_t *s = &server->serving;
    isere_pool_t *pool = s->pools[entry - s->catalog->entries];
    return pool ? pool : isere__serving_make_pool(server, entry);
}

/* Whether requests took long a short while ago. */
static inline bool isere__steal_hurries(const isere_server_t *server)
{
    return server->clock.now_us < server->steal.hurry_until_us;
}

#endif
