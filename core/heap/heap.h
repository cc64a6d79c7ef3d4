/*
 * A JavaScript heap: an arena with a QuickJS runtime and context in it.
 */
#ifndef ISERE_CORE_HEAP_HEAP_H
#define ISERE_CORE_HEAP_HEAP_H

#include "core/heap/arena.h"
#include "isere/port.h"
#include "quickjs.h"
#include <setjmp.h>

typedef struct isere_heap {
    const isere_port_t *port;
    isere_arena_t *arena;
    size_t size;
    size_t stack_size;
    jmp_buf exhausted; /* of isere_heap_run */
    uint32_t settled;  /* bytes in use at isere_heap_settle */
    JSRuntime *rt;
    JSContext *ctx;
    const uint8_t *code; /* bytecode that is used in place, or NULL */
    size_t code_size;
    JSValue loaded; /* what that code is */
    bool fragile;   /* the engine is making a context or reading bytecode: like
                       its compiler it can't go on when out of memory there */
} isere_heap_t;

/*
 * The heap struct must stay where it is until deinit. Maps `size` bytes and
 * makes a runtime and a context with all of QuickJS's own globals in them.
 * Returns 0, ISERE_ERR_NOMEM or ISERE_ERR_CRASH (nothing to deinit then).
 * Thread: the port's, as for all of a heap.
 */
int isere_heap_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                    size_t stack_size);

/*
 * The same with a value that JS_WriteObject wrote (JS_WRITE_OBJ_BYTECODE) read
 * into it: `loaded`, the caller's. The code is borrowed until deinit and must
 * not change: the engine uses bytecode and line tables where they lie, which
 * may be read-only memory. They fit only a runtime that has no atoms yet but
 * its own, so this is the time to read them. The heap is usable also without
 * them: `loaded` is JS_UNDEFINED when it is too small for the code, and
 * JS_EXCEPTION (with none pending) when that can't be read.
 */
int isere_heap_init_with(isere_heap_t *heap, const isere_port_t *port,
                         size_t size, size_t stack_size, const void *code,
                         size_t code_size);

/*
 * Calls fn(arg), in which the engine may be used. Returns false when memory
 * ended in the engine's compiler (see third_party/quickjs/patches) or while the
 * heap was marked as fragile: fn was left, and the heap is in no usable state.
 * Everywhere else the engine throws when out of memory.
 */
bool isere_heap_run(isere_heap_t *heap, void (*fn)(void *arg), void *arg);

/* Marks what is in the heap now as no garbage. The engine collects when what it
 * allocates from now on takes half of what is left, at most 256 KB: it never
 * does because an allocation failed. */
void isere_heap_settle(isere_heap_t *heap);

/* Collects garbage, if there is room for any in what was allocated since, and
 * settles. */
void isere_heap_collect(isere_heap_t *heap);

/* Gives the whole heap back at once; no finaliser runs. */
void isere_heap_deinit(isere_heap_t *heap);

#endif
