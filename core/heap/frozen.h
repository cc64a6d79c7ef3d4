/*
 * The frozen part of a heap: what the engine does not write to any more when
 * the init phase has ended. These are atoms, shapes and functions' bytecode.
 *
 * During the init phase they are allocated at the end of the heap's memory,
 * which its arena lends (isere_arena_begin_end). Then the part is frozen: the
 * engine's counts, lists and chains in it are ended (JS_Freeze), the arena ends
 * where it begins, and the port protects it from writes. So it is neither part
 * of the snapshot nor restored. Heaps of a port that can't protect memory have
 * no such part, but those of which an image is made (core/isolate): there the
 * part goes to flash, and no port is asked (`port` is NULL below).
 *
 * Thread: the heap's.
 */
#ifndef ISERE_CORE_HEAP_FROZEN_H
#define ISERE_CORE_HEAP_FROZEN_H

#include "core/heap/arena.h"
#include "isere/port.h"

typedef struct isere_frozen {
    void *start; /* NULL: none, or not frozen yet */
    size_t size;
    uint32_t checksum; /* for isere_frozen_is_intact */
} isere_frozen_t;

/*
 * Begins the part at the end of an arena, in which it can grow. Returns its
 * allocator, a block of the arena; NULL when there is no memory: then there is
 * no such part.
 */
isere_arena_t *isere__frozen_begin(const isere_port_t *port,
                                   isere_arena_t *arena);

/* Freezes what was allocated there. The allocator is gone then. */
void isere__frozen_end(isere_frozen_t *frozen, const isere_port_t *port,
                       isere_arena_t *arena, isere_arena_t *allocator);

/* Before the heap is unmapped. With the port of isere__frozen_end. */
void isere__frozen_release(isere_frozen_t *frozen, const isere_port_t *port);

/* With ISERE_CHECK_RESTORE: whether nothing was written to it since it was
 * frozen. Otherwise always true. */
bool isere_frozen_is_intact(const isere_frozen_t *frozen);

#endif
