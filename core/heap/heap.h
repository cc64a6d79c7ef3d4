/*
 * A JavaScript heap: an arena, and an engine (core/code/engine.h) that takes
 * all of its memory from it.
 */
#ifndef ISERE_CORE_HEAP_HEAP_H
#define ISERE_CORE_HEAP_HEAP_H

#include "core/heap/frozen.h"
#include "isere/port.h"
#include "quickjs.h"
#include <setjmp.h>

/* Must not move while the engine lives, which keeps its address. */
typedef struct isere_heap {
    const isere_port_t *port;
    isere_arena_t *arena;
    isere_arena_t *end; /* until isere_heap_freeze: the frozen part's allocator,
                           a block of the arena; or NULL */
    isere_frozen_t frozen;
    size_t size;
    size_t stack_size;
    jmp_buf exhausted; /* of isere_heap_run */
    uint32_t settled;  /* bytes in use at isere_heap_settle */
    JSRuntime *rt;
    JSContext *ctx;
    size_t more;      /* bytes behind it that the frozen part may take, which
                         is apart and leaves before the heap is used */
    size_t elsewhere; /* bytes that the engine has in frozen parts elsewhere */
    bool borrowed;    /* the arena's memory is not the heap's */
    bool apart;       /* the frozen part will be copied, and used elsewhere */
    bool fragile; /* the engine is making a context or reading bytecode: like
                    its compiler it can't go on when out of memory there */
} isere_heap_t;

/* Maps `size` bytes. Returns 0 or ISERE_ERR_NOMEM (nothing to deinit then).
 * Thread: the port's, as for all of a heap. */
int isere_heap_map(isere_heap_t *heap, const isere_port_t *port, size_t size,
                   size_t stack_size);

/* The same in memory that the caller has, aligned to 16 bytes, and takes back
 * after isere_heap_deinit. */
void isere_heap_use(isere_heap_t *heap, const isere_port_t *port, void *memory,
                    size_t size, size_t stack_size);

/* Makes the memory an empty arena, whatever it held, with a frozen part
 * at its end if it `freezes` and the port can protect that, or it is `apart`.
 * False when it is too small or too large for an arena. */
bool isere_heap_clear(isere_heap_t *heap, bool freezes);

/* Copies an arena into the memory, `used` bytes, which was made for this
 * address, and begins a frozen part for what is added. rt and ctx are the
 * caller's to set. False when the memory is too small. */
bool isere_heap_take(isere_heap_t *heap, const void *arena, size_t used);

/* The engine's part of that, in the engine. */
void isere_heap_freeze_more(isere_heap_t *heap);

/* A runtime in the empty arena. The heap must be marked as fragile. */
JSRuntime *isere_heap_runtime(isere_heap_t *heap);

/*
 * Calls fn(arg), in which the engine may be used. Returns false when memory ran
 * out in the engine's compiler (see third_party/quickjs/patches) or while the
 * heap was marked as fragile: fn was left by longjmp, and the heap is in no
 * usable state. Everywhere else the engine throws when out of memory.
 */
bool isere_heap_run(isere_heap_t *heap, void (*fn)(void *arg), void *arg);

/* Bytes in use, with all that is frozen or is to be. */
size_t isere_heap_used(const isere_heap_t *heap);

/* Counts nothing that is in the heap now as garbage. The engine collects when
 * what it allocates from now on takes half of what is left, at most 256 KB: it
 * never does because an allocation failed. */
void isere_heap_settle(isere_heap_t *heap);

/*
 * The init phase has ended: ends the frozen part, and the port protects it from
 * writes where it can. Not to be called from within isere_heap_run. Before it,
 * in the same execution, the engine's part of it: JS_Freeze.
 */
void isere_heap_freeze(isere_heap_t *heap);

/* Gives the whole heap back at once; no finaliser runs. */
void isere_heap_deinit(isere_heap_t *heap);

#endif
