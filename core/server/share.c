/*
 * Sharing the load: while a handler keeps a worker busy, another worker that
 * has nothing to do takes over connections whose next request waits there.
 *
 * All that a server has is used by its own thread only, with one exception,
 * for which it has a gate. It stands OPEN while the server runs a handler and
 * touches nothing but that handler's isolate; then another server may make it
 * TAKEN, and has the connections, timers and events of this one to itself until
 * it opens the gate again. Afterwards the owner SHUTs it, and waits for that
 * while it is taken: for a few system calls at most.
 *
 * Every change of the gate that hands something over is a release, every one
 * that receives it an acquire: so nothing is ever used by two at once.
 */
#include "core/server/internal.h"

static bool shares(const isere_server_t *server)
{
    return server->port->yield &&
           atomic_load_explicit(&server->group->members, memory_order_relaxed) >
               1;
}

/* The other servers of the group, one after the other; NULL after the last. No
 * server leaves the group while one of it runs. */
static isere_server_t *next_other(const isere_server_t *server, unsigned *index)
{
    while (*index < ISERE_GROUP_MAX) {
        isere_server_t *other =
            atomic_load(&server->group->servers[(*index)++]);
        if (other != server) {
            return other;
        }
    }
    return NULL;
}

/* ---- the owner's side ---- */

void isere__share_note_slow(isere_server_t *server)
{
    isere_server_group_t *group = server->group;
    server->hurry_until_us = server->now_us + ISERE_HURRY_US;
    if (shares(server)) {
        atomic_store_explicit(&group->hurry_until_ms,
                              (unsigned)(server->hurry_until_us / 1000),
                              memory_order_relaxed);
    }
}

/* Wakes one that has nothing to do, if events must wait here. */
static void wake_one(const isere_server_t *server)
{
    isere_server_t *other;
    unsigned index = 0;
    if (server->event_next == server->event_count) {
        return;
    }
    while ((other = next_other(server, &index))) {
        if (atomic_exchange(&other->dozing, false)) {
            other->port->poll_wake(other->port->ctx);
            return;
        }
    }
}

bool isere__share_open(isere_server_t *server)
{
    /* A stop goes through all connections, and must find them there. */
    if (!shares(server) || server->stopping || !isere__server_hurries(server)) {
        return false;
    }
    atomic_store_explicit(&server->gate, ISERE_GATE_OPEN, memory_order_release);
    wake_one(server);
    return true;
}

void isere__share_shut(isere_server_t *server)
{
    int open = ISERE_GATE_OPEN;
    while (!atomic_compare_exchange_weak_explicit(
        &server->gate, &open, ISERE_GATE_SHUT, memory_order_acquire,
        memory_order_relaxed)) {
        open = ISERE_GATE_OPEN;
        server->port->yield(server->port->ctx);
    }
}

/* ---- the other's side ---- */

/* Takes a connection out of everything that its server has. */
static void detach(isere_server_t *from, isere_connection_t *c)
{
    isere__connection_unlink(c);
    isere_timer_queue_remove(&from->timers, &c->timer);
    from->port->poll_remove(from->port->ctx, c->socket);
    for (int i = from->event_next; i < from->event_count; i++) {
        if (from->events[i].tag == c) {
            from->events[i].tag = NULL;
        }
    }
}

/* With the gate taken: connections of `from` where a request waits, as a
 * list. */
static isere_connection_t *take_some(isere_server_t *from)
{
    const isere_port_t *port = from->port;
    isere_poll_event_t ready[2 * ISERE_SHARE_MOST];
    isere_connection_t *taken = NULL;
    int left = ISERE_SHARE_MOST;
    int count = port->poll_wait(port->ctx, ready, 2 * ISERE_SHARE_MOST, 0);
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
    return a->platform.catalog == b->platform.catalog;
}

static isere_connection_t *take_from(const isere_server_t *server,
                                     isere_server_t *from)
{
    int open = ISERE_GATE_OPEN;
    if (!atomic_compare_exchange_strong_explicit(
            &from->gate, &open, ISERE_GATE_TAKEN, memory_order_acquire,
            memory_order_relaxed)) {
        return NULL;
    }
    /* No connection goes from a function to the one before it. */
    isere_connection_t *taken =
        serve_the_same(from, server) ? take_some(from) : NULL;
    atomic_store_explicit(&from->gate, ISERE_GATE_OPEN, memory_order_release);
    return taken;
}

bool isere__share_is_wanted(const isere_server_t *server)
{
    if (!shares(server) || server->stopping) {
        return false;
    }
    unsigned until_ms = atomic_load_explicit(&server->group->hurry_until_ms,
                                             memory_order_relaxed);
    unsigned left_ms = until_ms - (unsigned)(server->now_us / 1000);
    return left_ms <= ISERE_HURRY_US / 1000;
}

void isere__share_take(isere_server_t *server)
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
