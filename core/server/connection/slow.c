/*
 * Slow clients: refuses their requests while memory for requests is short.
 *
 * One that holds a large buffer and sends a byte now and then would keep
 * others from sending at all. It is refused after it was seen to be slow
 * twice, see slow.h; while there is room, a slow client is as good as any.
 */
#include "core/server/connection/slow.h"
#include "core/server/connection/answer.h"
#include "core/server/connection/send.h"
#include "core/server/server.h"

/* Whether it holds memory of the budget and hardly sends, or hardly takes its
 * answers. The first buffer is not of the budget, so a client that has no more
 * takes nothing from others. */
static bool is_slow(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING && c->in.capacity > ISERE_IN_FIRST &&
           c->server->clock.now_us - c->paced_us >= ISERE_PACE_US;
}

/* 503 to a request that has begun; a connection without one is just closed, as
 * an idle one may be at any time (RFC 9112 section 9.5). */
static void refuse(isere_connection_t *c)
{
    if (isere__connection_has_begun(c)) {
        isere__answer_no_room(c, ISERE_READ_NO_BUDGET);
        (void)isere__connection_settle(c); /* no request follows */
    } else {
        isere__connection_close(c);
    }
}

/* All connections of the server, at most every ISERE_SLOW_LOOK_US. It stops
 * refusing when enough is free. The next connection is read before refuse()
 * may close this one. */
static void look(isere_server_t *server, const isere_connection_t *except)
{
    isere_relief_t *relief = &server->relief;
    isere_connection_t *c = server->connections.first;
    size_t enough =
        relief->short_of_memory ? 0 : isere__limits_high_room(server->limits);
    if (server->clock.now_us - relief->looked_us < ISERE_SLOW_LOOK_US) {
        return;
    }
    relief->looked_us = server->clock.now_us;
    relief->short_of_memory = false;
    while (c) {
        isere_connection_t *next = c->next;
        if (c != except && is_slow(c)) {
            if (c->slow && isere__limits_used_room(server->limits) > enough) {
                refuse(c);
            }
            c->slow = true;
        }
        c = next;
    }
}

void isere__slow_relieve(isere_server_t *server, const isere_connection_t *c,
                         bool memory)
{
    server->relief.short_of_memory |= memory;
    look(server, c);
}

static bool is_pressed(const isere_server_t *server)
{
    return server->relief.short_of_memory ||
           isere__limits_used_room(server->limits) >
               isere__limits_high_room(server->limits);
}

void isere__slow_due(isere_server_t *server)
{
    if (is_pressed(server)) {
        look(server, NULL);
    }
}

/* A timer looks again: clients that send nothing cause no events. */
void isere__slow_turn(isere_server_t *server)
{
    isere_relief_t *relief = &server->relief;
    if (is_pressed(server) && !relief->timer.queued) {
        isere_timer_queue_insert(&server->timers, &relief->timer,
                                 server->clock.now_us + ISERE_SLOW_LOOK_US);
    }
}
