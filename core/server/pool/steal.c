/* Stealing connections from a server that is busy in a handler: both sides of
 * its gate. */
#include "core/server/pool/steal.h"
#include "core/server/server.h"

/* A port with one thread has no `yield`, and one server has nobody to share
 * with. */
static bool shares(const isere_server_t *server)
{
    return server->port->yield &&
           atomic_load_explicit(&server->limits->members,
                                memory_order_relaxed) > 1;
}

/* The other servers of the process, one after the other; NULL after the last.
 * None leaves while one of them runs. */
static isere_server_t *next_other(const isere_server_t *server, unsigned *index)
{
    while (*index < ISERE_SERVERS_MAX) {
        isere_server_t *other =
            atomic_load(&server->limits->servers[(*index)++]);
        if (other != server) {
            return other;
        }
    }
    return NULL;
}

/* ---- the owner's side ---- */

void isere__steal_note_slow(isere_server_t *server)
{
    isere_limits_t *limits = server->limits;
    server->steal.hurry_until_us = server->clock.now_us + ISERE_STEAL_HURRY_US;
    if (shares(server)) {
        atomic_store_explicit(&limits->hurry_until_ms,
                              (unsigned)(server->steal.hurry_until_us / 1000),
                              memory_order_relaxed);
    }
}

/* Wakes one that has nothing to do, if events must wait here. */
static void wake_one(const isere_server_t *server)
{
    isere_server_t *other;
    unsigned index = 0;
    if (server->events.next == server->events.count) {
        return;
    }
    while ((other = next_other(server, &index))) {
        if (atomic_exchange(&other->steal.dozing, false)) {
            other->port->poll_wake(other->port->ctx);
            return;
        }
    }
}

bool isere__steal_open(isere_server_t *server)
{
    /* A stop goes through all connections, and must find them there. */
    if (!shares(server) || server->stop.begun ||
        !isere__steal_hurries(server)) {
        return false;
    }
    atomic_store_explicit(&server->steal.gate, ISERE_GATE_OPEN,
                          memory_order_release);
    wake_one(server);
    return true;
}

/* The other one has the gate for a few system calls at most: yielding until
 * then is cheaper than a lock to sleep on. */
void isere__steal_shut(isere_server_t *server)
{
    int open = ISERE_GATE_OPEN;
    while (!atomic_compare_exchange_weak_explicit(
        &server->steal.gate, &open, ISERE_GATE_SHUT, memory_order_acquire,
        memory_order_relaxed)) {
        open = ISERE_GATE_OPEN;
        server->port->yield(server->port->ctx);
    }
}

/* ---- the other's side ---- */

/* Takes a connection out of everything that its server has. */
static void detach(isere_server_t *from, isere_connection_t *c)
{
    isere_events_t *events = &from->events;
    isere__connection_detach(c);
    for (int i = events->next; i < events->count; i++) {
        if (events->list[i].tag == c) {
            events->list[i].tag = NULL;
        }
    }
}

/* With the gate taken: connections of `from` where a request waits, as a list.
 * Only idle ones, which hold nothing of their server's memory; and a few, as
 * the owner may be back soon. */
static isere_connection_t *take_some(isere_server_t *from)
{
    const isere_port_t *port = from->port;
    isere_poll_event_t ready[2 * ISERE_STEAL_MOST];
    isere_connection_t *taken = NULL;
    int left = ISERE_STEAL_MOST;
    int count = port->poll_wait(port->ctx, ready, 2 * ISERE_STEAL_MOST, 0);
    for (int i = 0; i < count && left > 0; i++) {
        isere_connection_t *c = ready[i].tag;
        if (ready[i].tag != from && ready[i].events == ISERE_POLL_READ &&
            isere__connection_is_idle(c)) {
            detach(from, c);
            c->next = taken;
            taken = c;
            left--;
        }
    }
    /* This may have swallowed what was to wake the owner. */
    port->poll_wake(port->ctx);
    return taken;
}

static bool serve_the_same(const isere_server_t *a, const isere_server_t *b)
{
    return a->serving.catalog == b->serving.catalog;
}

static isere_connection_t *take_from(const isere_server_t *server,
                                     isere_server_t *from)
{
    int open = ISERE_GATE_OPEN;
    if (!atomic_compare_exchange_strong_explicit(
            &from->steal.gate, &open, ISERE_GATE_TAKEN, memory_order_acquire,
            memory_order_relaxed)) {
        return NULL;
    }
    /* No connection goes from a function to the one before it. */
    isere_connection_t *taken =
        serve_the_same(from, server) ? take_some(from) : NULL;
    atomic_store_explicit(&from->steal.gate, ISERE_GATE_OPEN,
                          memory_order_release);
    return taken;
}

bool isere__steal_is_wanted(const isere_server_t *server)
{
    if (!shares(server) || server->stop.begun) {
        return false;
    }
    unsigned until_ms = atomic_load_explicit(&server->limits->hurry_until_ms,
                                             memory_order_relaxed);
    unsigned left_ms = until_ms - (unsigned)(server->clock.now_us / 1000);
    return left_ms <= ISERE_STEAL_HURRY_US / 1000;
}

void isere__steal_take(isere_server_t *server)
{
    isere_connection_t *taken = NULL;
    isere_server_t *other;
    unsigned index = 0;
    while (!taken && (other = next_other(server, &index))) {
        taken = take_from(server, other);
    }
    while (taken) {
        isere_connection_t *c = taken;
        taken = c->next;
        isere__connection_adopt(server, c);
    }
}
