/*
 * The budget of what clients send: the receive buffers of all servers of a
 * group together (limits.max_buffer).
 *
 * What is counted is what was really received, in the steps that buffers grow
 * by: a length that is only announced holds nothing. Every request has its
 * first 4 KB beside the budget, so that small ones are served whatever others
 * do, and cost no atomic operation; an eighth is kept for those that are a
 * little longer.
 *
 * A client that sends slowly must not hold up the rest. While more than three
 * quarters are in use, those that send less than PACE bytes in PACE_US get the
 * 503 that another would get for them. Each server looks after its own
 * connections, every ISERE_RELIEVE_US; one that was seen to be slow is refused
 * when it still is the next time, since a server that was busy with a handler
 * has not yet received what came meanwhile.
 */
#include "core/server/internal.h"
#include "core/util/log.h"
#include "core/util/names/units.h"
#include <stdio.h>

enum { PACE = 16 * 1024, SMALL = 4 * ISERE_IN_FIRST };

#define PACE_US ((uint64_t)1000 * 1000)
#define LOG_US ((uint64_t)1000 * 1000)

/* The most that one request can take. */
static size_t largest(const isere_server_limits_t *limits)
{
    return (size_t)limits->max_head + limits->max_body + ISERE_IN_FIRST;
}

void isere__budget_init(isere_server_limits_t *limits)
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

static size_t in_use(const isere_server_t *server)
{
    return atomic_load_explicit(&server->group->buffered, memory_order_relaxed);
}

/* From here on slow clients are refused. */
static size_t high(const isere_server_t *server)
{
    return server->limits->max_buffer / 4 * 3;
}

bool isere__budget_take(isere_server_t *server, size_t from, size_t capacity)
{
    size_t more = from > ISERE_IN_FIRST ? capacity - from : capacity;
    size_t limit = limit_for(server->limits, capacity);
    size_t before = in_use(server);
    do {
        if (more > limit || before > limit - more) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&server->group->buffered, &before,
                                           before + more));
    if (before <= high(server) && before + more > high(server)) {
        isere__group_wake(server->group, server);
    }
    return true;
}

void isere__budget_give(isere_server_t *server, size_t capacity)
{
    if (capacity > ISERE_IN_FIRST) {
        atomic_fetch_sub(&server->group->buffered, capacity);
    }
}

void isere__budget_back(isere_server_t *server, size_t from, size_t capacity)
{
    atomic_fetch_sub(&server->group->buffered,
                     from > ISERE_IN_FIRST ? capacity - from : capacity);
}

bool isere__budget_admits(const isere_connection_t *c)
{
    const isere_exchange_t *x = c->exchange;
    size_t capacity = c->in.end - c->in.start +
                      isere_http_parser_wanted(&x->parser, &x->request);
    return capacity <= c->in.capacity ||
           in_use(c->server) < limit_for(c->server->limits, capacity);
}

/* ---- who is slow ---- */

void isere__budget_note(isere_connection_t *c, size_t bytes)
{
    c->paced_bytes += (uint32_t)bytes;
    if (c->paced_bytes >= PACE) {
        isere__budget_begin(c);
    }
}

void isere__budget_begin(isere_connection_t *c)
{
    c->paced_us = c->server->now_us;
    c->paced_bytes = 0;
    c->slow = false;
}

/* Whether it holds memory and hardly sends, or hardly takes its answers. */
static bool is_slow(const isere_connection_t *c)
{
    return c->state == ISERE_CONN_READING && c->in.capacity > ISERE_IN_FIRST &&
           c->server->now_us - c->paced_us >= PACE_US;
}

static void refuse(isere_connection_t *c)
{
    if (c->exchange && c->exchange->parser.started) {
        isere__exchange_no_room(c, ISERE_ERR_LIMIT);
        isere__connection_advance(c);
    } else {
        isere__connection_close(c);
    }
}

static void relieve(isere_server_t *server, const isere_connection_t *except)
{
    isere_connection_t *c = server->connections;
    size_t enough = server->short_of_memory ? 0 : high(server);
    if (server->now_us - server->relieved_us < ISERE_RELIEVE_US) {
        return;
    }
    server->relieved_us = server->now_us;
    server->short_of_memory = false;
    while (c) {
        isere_connection_t *next = c->next;
        if (c != except && is_slow(c)) {
            if (c->slow && in_use(server) > enough) {
                refuse(c);
            }
            c->slow = true;
        }
        c = next;
    }
}

void isere__budget_relieve(isere_server_t *server, const isere_connection_t *c,
                           bool memory)
{
    server->short_of_memory |= memory;
    relieve(server, c);
}

static bool is_pressed(const isere_server_t *server)
{
    return server->short_of_memory || in_use(server) > high(server);
}

void isere__budget_due(isere_server_t *server)
{
    if (is_pressed(server)) {
        relieve(server, NULL);
    }
}

void isere__budget_turn(isere_server_t *server)
{
    if (is_pressed(server) && !server->relieve_timer.queued) {
        isere_timer_queue_insert(&server->timers, &server->relieve_timer,
                                 server->now_us + ISERE_RELIEVE_US);
    }
}

/* ---- saying so ---- */

void isere__budget_refused(isere_server_t *server)
{
    char text[128], size[ISERE_UNITS_TEXT_MAX];
    atomic_fetch_add_explicit(&server->group->buffer_refusals, 1,
                              memory_order_relaxed);
    server->unlogged++;
    if (server->logged_us && server->now_us - server->logged_us < LOG_US) {
        return; /* thousands may be refused at once */
    }
    snprintf(text, sizeof(text),
             "the memory for requests, %s (--buffer), is in use: refused %lu "
             "request%s",
             isere_units_format_size(server->limits->max_buffer, size),
             server->unlogged, server->unlogged == 1 ? "" : "s");
    isere_log_record_t record = {
        .level = ISERE_LOG_WARN,
        .function = isere_slice(""),
        .request_id = isere_slice(""),
        .message = isere_slice(text),
    };
    isere_log(server->port, &record);
    server->logged_us = server->now_us;
    server->unlogged = 0;
}
