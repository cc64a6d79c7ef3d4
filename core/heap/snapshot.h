/*
 * A snapshot of an arena, and putting the arena back.
 *
 * This is the whole interface of isolation: isolate.c takes one snapshot
 * when the init phase has ended and restores it after every request. Which
 * parts of the arena a restore has to touch is decided here.
 *
 * Invariant: after a restore every byte of the arena that was used when the
 * snapshot was taken is what it was then, and every byte above that an
 * invocation may have used is zero. This does not depend on what the
 * invocation did, or on where it was abandoned.
 *
 * Thread: the arena's.
 */
#ifndef ISERE_CORE_HEAP_SNAPSHOT_H
#define ISERE_CORE_HEAP_SNAPSHOT_H

#include "core/heap/image.h"
#include "isere/port.h"

typedef struct isere_snapshot isere_snapshot_t;

/*
 * The snapshots of one function's instances on one thread, which share a copy
 * where their heaps differ only in addresses. All zero at first;
 * stays where it is until the last of its snapshots is freed.
 */
typedef struct isere_snapshot_family {
    isere_image_t *image; /* of a snapshot that was taken before, or NULL */
} isere_snapshot_family_t;

/*
 * Copies the used part of the arena or, when it has a family, refers to the
 * copy of one that is the same. Returns the snapshot, to be freed with
 * isere_snapshot_free, or NULL when out of memory. The family may be NULL.
 */
isere_snapshot_t *isere_snapshot_take(const isere_port_t *port,
                                      isere_arena_t *arena,
                                      isere_snapshot_family_t *family);

/* What comes before a snapshot is taken: clears what the arena was used for
 * above its top, and scrubs it. */
void isere_snapshot_prepare(isere_arena_t *arena);

/*
 * Makes an arena of `size` bytes out of a copy that was taken at this address
 * before, by another start of the same program: `used` bytes, which stay where
 * they are and do not change as long as the snapshot lives. Returns the
 * snapshot, the arena being in its state, or NULL when out of memory.
 */
isere_snapshot_t *isere_snapshot_attach(const isere_port_t *port, void *arena,
                                        size_t size, const void *copy,
                                        size_t used);

/* Puts the arena back. */
void isere_snapshot_restore(isere_snapshot_t *snapshot);

/*
 * Whether the invariant above holds right now and, with ISERE_CHECK_RESTORE,
 * the snapshot itself is unchanged since it was taken. With ISERE_CHECK_RESTORE
 * every restore ends the program when this is false.
 */
bool isere_snapshot_verify(const isere_snapshot_t *snapshot);

/* Whether it was attached. */
bool isere_snapshot_is_attached(const isere_snapshot_t *snapshot);

/* Whether it refers to another's copy, so that a restore costs more. */
bool isere_snapshot_is_relocated(const isere_snapshot_t *snapshot);

/* Bytes of the heap that it restores. */
size_t isere_snapshot_size(const isere_snapshot_t *snapshot);

/* Bytes of memory that it takes: its copy or, when it refers to another's, a
 * small part of that. */
size_t isere_snapshot_cost(const isere_snapshot_t *snapshot);

void isere_snapshot_free(isere_snapshot_t *snapshot);

#endif
