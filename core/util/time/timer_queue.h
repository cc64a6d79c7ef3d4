/*
 * A queue of timers ordered by due time: an intrusive pairing heap. Insertion
 * takes constant time, removal logarithmic (amortised); nothing is allocated.
 *
 * Thread: one at a time.
 */
#ifndef ISERE_CORE_UTIL_TIME_TIMER_QUEUE_H
#define ISERE_CORE_UTIL_TIME_TIMER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/* Part of whatever waits. Zeroed means: in no queue. */
typedef struct isere_timer_node {
    uint64_t due;
    struct isere_timer_node *child;
    struct isere_timer_node *next;
    struct isere_timer_node *prev; /* left sibling, or parent of the first */
    bool queued;
    uint8_t kind; /* the owner's: what this is part of */
} isere_timer_node_t;

typedef struct isere_timer_queue {
    isere_timer_node_t *root; /* NULL when empty; else the earliest */
} isere_timer_queue_t;

/* Puts a node that is in no queue into this one, due at `due`. */
void isere_timer_queue_insert(isere_timer_queue_t *queue,
                              isere_timer_node_t *node, uint64_t due);

/* Takes a node out; nothing happens when it is in no queue. */
void isere_timer_queue_remove(isere_timer_queue_t *queue,
                              isere_timer_node_t *node);

/* When the earliest node is due; UINT64_MAX when the queue is empty. */
static inline uint64_t isere_timer_queue_next(const isere_timer_queue_t *queue)
{
    return queue->root ? queue->root->due : UINT64_MAX;
}

#endif
