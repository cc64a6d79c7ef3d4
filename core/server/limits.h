/*
 * The limits that the servers of a process share: counters, which server
 * needs an instance, and the budget of what clients send.
 *
 * The budget is that of the receive buffers of all servers together
 * (limits.max_buffer). What is counted is what was really received, in the
 * steps that buffers grow by: a length that is only announced holds nothing.
 * Every request has its first 4 KB beside the budget, so that small ones are
 * served whatever others do, and cost no atomic operation; an eighth is kept
 * for those that are a little longer.
 */
#ifndef ISERE_CORE_SERVER_LIMITS_H
#define ISERE_CORE_SERVER_LIMITS_H

#include "core/isere_config.h"
#include "isere/isere.h"
#include <stdatomic.h>

struct isere_limits {
    isere_port_t port; /* for its memory functions */
    isere_limits_config_t config;
    atomic_uint connections;
    atomic_uint instances;
    atomic_uint queued;
    atomic_uint members;
    atomic_size_t buffered;       /* bytes of receive buffers that have grown */
    atomic_ulong buffer_refusals; /* requests there was no room for in them */
    atomic_uint hurry_until_ms;   /* until when some server may need help */
    /* A server that needs an instance while all are in use; `urgent` when one
     * of its functions with waiting requests has none. */
    _Atomic(isere_server_t *) wanted;
    atomic_bool urgent;
    _Atomic(isere_server_t *) servers[ISERE_SERVERS_MAX];
};

/* Counts one more, unless there are `max`; false then. */
bool isere__limits_take(atomic_uint *counter, unsigned max);

/* Counts one less. */
static inline void isere__limits_give(atomic_uint *counter)
{
    atomic_fetch_sub(counter, 1);
}

/* Counts one less, unless there is none; false then. */
bool isere__limits_take_back(atomic_uint *counter);

/* Returns 0, or ISERE_ERR_LIMIT when there are ISERE_SERVERS_MAX servers. */
int isere__limits_join(isere_limits_t *limits, isere_server_t *server);
void isere__limits_leave(isere_limits_t *limits, isere_server_t *server);

/* Wakes all servers but one. */
void isere__limits_wake(isere_limits_t *limits, const isere_server_t *except);

/* Asks the other servers to give up one idle instance. `starved`: this one has
 * none for a function that is asked for. */
void isere__limits_want(isere_limits_t *limits, isere_server_t *server,
                        bool starved);

/* ---- the budget ---- */

/* Raises a budget that no request fits into. */
void isere__limits_init_room(isere_limits_config_t *config);

/* A buffer grows from one capacity to another; false when that is too much. */
bool isere__limits_take_room(isere_server_t *server, size_t from,
                             size_t capacity);

/* It did not grow after all. */
void isere__limits_return_room(isere_limits_t *limits, size_t from,
                               size_t capacity);

/* A buffer of that capacity is given up. */
static inline void isere__limits_give_room(isere_limits_t *limits,
                                           size_t capacity)
{
    if (capacity > ISERE_IN_FIRST) {
        atomic_fetch_sub(&limits->buffered, capacity);
    }
}

/* Whether a buffer of that capacity might have room. */
bool isere__limits_has_room(isere_limits_t *limits, size_t capacity);

static inline size_t isere__limits_used_room(isere_limits_t *limits)
{
    return atomic_load_explicit(&limits->buffered, memory_order_relaxed);
}

/* With more in use, slow clients are refused. */
static inline size_t isere__limits_high_room(const isere_limits_t *limits)
{
    return limits->config.max_buffer / 4 * 3;
}

#endif
