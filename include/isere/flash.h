/*
 * Flash that is read where it lies, in which isère keeps what it has made:
 * compiled code and images of heaps. A port fills in one table for a part of
 * its flash that nothing else uses.
 *
 * What is there was written by the device itself, for the firmware that it
 * runs. It is trusted as the firmware is: nothing of it comes from a network.
 *
 * Threads: one call at a time, but for `lock` and `unlock`.
 */
#ifndef ISERE_FLASH_H
#define ISERE_FLASH_H

#include "isere/error.h"
#include "isere/slice.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct isere_flash {
    void *ctx;
    const uint8_t *bytes; /* where it is read; a multiple of 16 */
    size_t size;          /* a multiple of the sector */
    size_t sector;        /* bytes that are erased at once, from 512 */
    size_t unit;          /* bytes that are programmed at once, a power of two
                             up to 256; none is programmed twice */
    uint8_t erased;       /* the value of an erased byte */
    isere_slice_t build;  /* bytes that only this build of the program has:
                             images of another one are not used */

    /* Erases the sector at `offset`, its multiple. Returns 0 or ISERE_ERR_IO.
     */
    int (*erase)(void *ctx, size_t offset);

    /* Programs erased bytes: `offset` and `size` are multiples of the unit.
     * Returns 0 or ISERE_ERR_IO. */
    int (*program)(void *ctx, size_t offset, const void *data, size_t size);

    /* A lock for what is known of the flash, which its owner may lock again;
     * it is held over one of the operations above at most, but for once in a
     * hundred changes of a function. NULL where one thread uses the flash. */
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
} isere_flash_t;

#ifdef __cplusplus
}
#endif

#endif
