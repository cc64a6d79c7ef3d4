/*
 * A JavaScript heap: an arena with a QuickJS runtime and context in it.
 */
#ifndef ISERE_CORE_JS_HEAP_H
#define ISERE_CORE_JS_HEAP_H

#include "core/js/arena.h"
#include "isere/port.h"
#include "quickjs.h"

typedef struct isere_heap {
    const isere_port_t *port;
    isere_arena_t *arena;
    size_t size;
    JSRuntime *rt;
    JSContext *ctx;
} isere_heap_t;

/*
 * Maps `size` bytes and makes a runtime and a context with all of QuickJS's
 * own globals in them. Returns 0 or ISERE_ERR_NOMEM (nothing to deinit then).
 * Thread: the port's, as for all of a heap.
 */
int isere_heap_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                    size_t stack_size);

/* Gives the whole heap back at once; no finaliser runs. */
void isere_heap_deinit(isere_heap_t *heap);

#endif
