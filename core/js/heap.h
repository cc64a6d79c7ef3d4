/*
 * A JavaScript heap: an arena with a QuickJS runtime and context in it.
 */
#ifndef ISERE_CORE_JS_HEAP_H
#define ISERE_CORE_JS_HEAP_H

#include "core/js/arena.h"
#include "isere/port.h"
#include "quickjs.h"
#include <setjmp.h>

typedef struct isere_heap {
    const isere_port_t *port;
    isere_arena_t *arena;
    size_t size;
    size_t stack_size;
    jmp_buf exhausted; /* of isere_heap_run */
    JSRuntime *rt;
    JSContext *ctx;
    bool fragile; /* the engine is making a context or reading bytecode: like
                     its compiler it can't go on when memory ends there */
} isere_heap_t;

/*
 * The heap struct must stay where it is until deinit. Maps `size` bytes and
 * makes a runtime and a context with all of QuickJS's own globals in them.
 * Returns 0 or ISERE_ERR_NOMEM (nothing to deinit then). Thread: the port's, as
 * for all of a heap.
 */
int isere_heap_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                    size_t stack_size);

/*
 * Calls fn(arg), in which the engine may be used. Returns false when memory
 * ended in the engine's compiler (see third_party/quickjs/patches) or while the
 * heap was marked as fragile: fn was left, and the heap is in no usable state.
 * Everywhere else the engine throws when memory ends.
 */
bool isere_heap_run(isere_heap_t *heap, void (*fn)(void *arg), void *arg);

/* Gives the whole heap back at once; no finaliser runs. */
void isere_heap_deinit(isere_heap_t *heap);

#endif
