/* The pairing heap of timers. Nodes are linked to their first child and next
 * sibling; `prev` is the sibling before, or the parent. */
#include "core/util/time/timer_queue.h"
#include <stddef.h>

/* Joins two heaps whose roots have no siblings. Of two that are due at the
 * same time either may come first: who needs an order among them keeps it. */
static isere_timer_node_t *meld(isere_timer_node_t *a, isere_timer_node_t *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    if (b->due < a->due) {
        isere_timer_node_t *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child) {
        a->child->prev = b;
    }
    a->child = b;
    return a;
}

/* Joins a list of siblings to one heap: in pairs from the left, then all
 * pairs from the right, which is what makes removal logarithmic (Fredman,
 * Sedgewick, Sleator and Tarjan, "The Pairing Heap", 1986). In loops, since
 * a root may have as many children as there are timers, and stacks are
 * small. */
static isere_timer_node_t *meld_siblings(isere_timer_node_t *first)
{
    isere_timer_node_t *pairs = NULL;
    while (first) {
        isere_timer_node_t *a = first;
        isere_timer_node_t *b = a->next;
        first = b ? b->next : NULL;
        a->next = NULL;
        a->prev = NULL;
        if (b) {
            b->next = NULL;
            b->prev = NULL;
        }
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    isere_timer_node_t *root = NULL;
    while (pairs) {
        isere_timer_node_t *next = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

void isere_timer_queue_insert(isere_timer_queue_t *queue,
                              isere_timer_node_t *node, uint64_t due)
{
    node->due = due;
    node->child = NULL;
    node->next = NULL;
    node->prev = NULL;
    node->queued = true;
    queue->root = meld(queue->root, node);
}

void isere_timer_queue_remove(isere_timer_queue_t *queue,
                              isere_timer_node_t *node)
{
    if (!node->queued) {
        return;
    }
    /* What was below the node stays in the queue. */
    isere_timer_node_t *below = meld_siblings(node->child);
    node->child = NULL;
    node->queued = false;
    if (node == queue->root) {
        queue->root = below;
        return;
    }
    /* The first child points to its parent, all others to the sibling
     * before. */
    if (node->prev->child == node) {
        node->prev->child = node->next;
    } else {
        node->prev->next = node->next;
    }
    if (node->next) {
        node->next->prev = node->prev;
    }
    queue->root = meld(queue->root, below);
}
