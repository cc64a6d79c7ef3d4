/*
 * Where functions are kept: blobs, which are named bytes, each replaced as a
 * whole.
 *
 * isere_registry_create (registry.h) gets one table of these. After a crash or
 * a power cut at any moment, each name holds what the last completed write gave
 * it, or what the interrupted one would have: never a mixture, and never
 * nothing where there was something.
 *
 * Names have 1 to ISERE_BLOB_NAME_MAX - 1 characters of [a-z0-9.-] and begin
 * with a letter, a digit or '-'.
 *
 * Threads: one call at a time; it may come from any thread.
 */
#ifndef ISERE_BLOBS_H
#define ISERE_BLOBS_H

#include "isere/error.h"
#include "isere/slice.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ISERE_BLOB_NAME_MAX 48 /* with the NUL */

/* Called for each blob; `name` is valid during the call. */
typedef void isere_blob_fn(void *arg, const char *name, size_t size);

typedef struct isere_blobs {
    void *ctx;

    /* Calls `each` for all blobs, in any order; it must not call this table.
     * Leaves out what an incomplete write left behind. Returns 0 or
     * ISERE_ERR_IO. */
    int (*list)(void *ctx, isere_blob_fn *each, void *arg);

    /* Reads `size` bytes from `offset`, fewer only where the blob ends. Returns
     * how many (INT_MAX at most: `size` is not more), ISERE_ERR_NOENT or
     * ISERE_ERR_IO. */
    int (*read)(void *ctx, const char *name, size_t offset, void *buf,
                size_t size);

    /* Creates or replaces a blob with the slices, one after the other. When it
     * returns 0, the blob is on the medium. ISERE_ERR_LIMIT when there is no
     * room (the old one stays), ISERE_ERR_IO. */
    int (*write)(void *ctx, const char *name, const isere_slice_t *parts,
                 int count);

    /* Removes a blob, also from the medium. Returns 0, ISERE_ERR_NOENT or
     * ISERE_ERR_IO. */
    int (*remove)(void *ctx, const char *name);

    /* Optional: a number that tells what all blobs hold, except for damage to
     * the medium. It is the same after a restart, and it is another one after
     * each change, also one that somebody else made. Takes far less than
     * reading the blobs. Returns 0 or ISERE_ERR_IO. */
    int (*state)(void *ctx, uint64_t *state);
} isere_blobs_t;

#ifdef __cplusplus
}
#endif

#endif
