/*
 * The isolates of one function in one server: slots, idle and busy. What a slot
 * runs it reports to one callback, `done`.
 */
#ifndef ISERE_CORE_SERVER_POOL_POOL_H
#define ISERE_CORE_SERVER_POOL_POOL_H

#include "core/deploy/registry.h"
#include "core/isolate/isolate.h"
#include "core/server/connection/connection.h"

/* When one of several functions has had the thread for so long in a turn of the
 * loop, its further requests wait for the next turn: others come first. */
#define ISERE_POOL_TURN_US ((uint64_t)10 * 1000)
#define ISERE_POOL_GROW_US ((uint64_t)1000 * 1000) /* make a slot again */
#define ISERE_POOL_GROW_MAX_US                                                 \
    (60 * ISERE_POOL_GROW_US) /* the same, at last                             \
                               */

/* An isolate and the connection that uses it. Private to pool.c, but for the
 * callback `done`, which reads it. */
typedef struct isere_slot {
    struct isere_pool *pool;
    struct isere_slot *idle_next;
    struct isere_slot *next; /* of all slots of the pool */
    struct isere_slot *prev;
    isere_isolate_t *isolate;
    isere_connection_t *connection; /* NULL when idle */
    isere_stream_t *streamed;       /* of its answer, while somebody reads it */
    bool streams;                   /* ... and the handler has not ended it */
    isere_timer_node_t timer;
    isere_fault_t *fault; /* in the init phase */
    uint64_t began_us;    /* its request, for the statistics */
} isere_slot_t;

/* Requests that wait, linked by their exchanges. */
typedef struct isere_queue {
    isere_connection_t *first;
    isere_connection_t **last;
    unsigned length;
} isere_queue_t;

typedef struct isere_pool {
    isere_server_t *server;
    struct isere_pool *next;          /* of all pools of the server */
    isere_deployment_t *deployment;   /* held */
    const isere_function_t *function; /* the deployment's, as are these */
    isere_stats_t *stats;
    isere_queue_t queue;
    uint64_t used_us;    /* when a request came last */
    uint64_t turn_us;    /* how long its handlers ran in this turn */
    unsigned long turn;  /* which one that is, of the server's */
    bool retired;        /* no further request will come */
    isere_slot_t *slots; /* all */
    isere_slot_t *idle;  /* last used first: its memory is warm */
    unsigned idle_count;
    unsigned idle_low; /* fewest idle since the last reaping */
    unsigned starting; /* in their init phase */
    unsigned count;    /* all */
    uint64_t retry_us; /* no memory for one more: not tried before that */
    uint64_t pause_us; /* the pause that ends then; 0: there was room */
    isere_snapshot_family_t family; /* of their heaps */
} isere_pool_t;

/* Those of a server. */
typedef struct isere_pools {
    isere_pool_t *first;
    unsigned queued;   /* requests in all queues */
    unsigned retiring; /* pools that will go when they are idle */
    bool owes; /* an instance, to what isere_server_lend was asked for */
    /* An invocation is complete: slot->connection gets its answer, from
     * slot->isolate. */
    void (*done)(isere_slot_t *slot);
    /* Nothing more comes of slot->streamed. */
    void (*stream_ended)(isere_slot_t *slot);
    isere_fault_t *warming; /* where the fault goes of an init phase that
                               fails; NULL: to the log */
} isere_pools_t;

isere_pool_t *isere__pool_create(isere_server_t *server,
                                 isere_deployment_t *deployment);

/* An idle slot, taken out of the idle list; NULL when none is idle. */
static inline isere_slot_t *isere__pool_take(isere_pool_t *pool,
                                             uint64_t now_us)
{
    isere_slot_t *slot = pool->idle;
    pool->used_us = now_us;
    if (slot) {
        pool->idle = slot->idle_next;
        pool->idle_count--;
        if (pool->idle_count < pool->idle_low) {
            pool->idle_low = pool->idle_count;
        }
    }
    return slot;
}

/* Puts a slot back that was taken: its heap is restored. */
void isere__pool_release(isere_slot_t *slot);

/* Invokes the handler in a slot that was taken. Then or later `done` is called,
 * and the slot is idle again. */
void isere__pool_run(isere_slot_t *slot, isere_connection_t *c,
                     const isere_invocation_t *invocation);

/*
 * A further slot, whose init phase begins now and may go on as a timer of the
 * server; at its end the slot is idle. Returns 0, ISERE_ERR_LIMIT when the
 * group has all it may have, ISERE_ERR_NOMEM (with slots already there, it is
 * not tried again for a while, longer each time until memory is given back), or
 * ISERE_ERR_HANDLER when the init phase failed (in pools.warming, or logged).
 */
int isere__pool_grow(isere_pool_t *pool);

/* The slot's isolate may want to go on earlier than was known. */
void isere__pool_schedule(isere_slot_t *slot);

/* Goes on with a slot whose timer is due. Returns the connection whose
 * invocation that is, which may be answered now, or get more of its answer;
 * NULL when there is none. */
isere_connection_t *isere__pool_slot_due(isere_slot_t *slot);

/* Whether the pool had the thread for long enough in this turn: else a function
 * that loops, asked for on many connections, would have it as many times for
 * each request of another. */
bool isere__pool_was_its_turn(const isere_pool_t *pool);
static inline bool isere__pool_had_its_turn(const isere_pool_t *pool)
{
    return pool->turn_us >= ISERE_POOL_TURN_US &&
           isere__pool_was_its_turn(pool);
}

/* Whether its function is answered with 503. */
static inline bool isere__pool_is_quarantined(const isere_pool_t *pool)
{
    return atomic_load_explicit(&pool->stats->quarantined,
                                memory_order_relaxed);
}

/* The same for a request that has come: a quarantine that is over ends. */
bool isere__pool_refuses(const isere_pool_t *pool);

/* Gives up instances that were not needed for a while. */
void isere__pool_reap(isere_pool_t *pool);

/* Gives up one idle instance; false when none is idle. */
bool isere__pool_give_up(isere_pool_t *pool);

/* Gives up an idle instance of the pool that was not used for the longest time,
 * of those that have more than `keep`, and not of `except`. */
bool isere_pool_give_up_oldest(isere_server_t *server,
                               const isere_pool_t *except, unsigned keep);

/* Whether other pools have instances, whose memory it could have later. */
bool isere__pool_is_blocked(const isere_pool_t *pool);

/* No further request will come: gives up what is idle, and the rest when it
 * becomes so. */
void isere__pool_retire(isere_pool_t *pool);

/* Destroys the pool and all slots; requests in them are given up. */
void isere__pool_destroy(isere_pool_t *pool);

#endif
