/*
 * A medium in memory: blobs as a port has them, any of whose operations can be
 * made to fail, or to be the last one before the power goes.
 *
 *     sim_blobs_t medium;
 *     sim_blobs_init(&medium);
 *     medium.fault = SIM_BLOBS_CUT_DONE;
 *     medium.fail_at = medium.operations + 3;
 *     ... medium.table ...
 *     sim_blobs_restart(&medium);      power is back
 *     sim_blobs_clear(&medium);
 *
 * It uses nothing but the C library, so it serves on a microcontroller too.
 */
#ifndef ISERE_TESTS_SIM_BLOBS_H
#define ISERE_TESTS_SIM_BLOBS_H

#include "isere/blobs.h"
#include <stdbool.h>

enum { SIM_BLOBS_MAX = 64 };

typedef enum sim_blobs_fault {
    SIM_BLOBS_FAIL,             /* it does nothing and fails */
    SIM_BLOBS_FAIL_DONE,        /* it is done, and yet it fails */
    SIM_BLOBS_FAIL_ALL,         /* it and all later ones do nothing and fail */
    SIM_BLOBS_FAIL_DONE_WRITES, /* it is done, yet fails; later writes fail */
    SIM_BLOBS_FAIL_DONE_READS,  /* it is done, yet fails; later reads fail */
    SIM_BLOBS_FULL,             /* a write finds no room; others are done */
    SIM_BLOBS_CUT,              /* the power goes just before it */
    SIM_BLOBS_CUT_DONE,         /* the power goes just after it */
    SIM_BLOBS_FAULTS,
} sim_blobs_fault_t;

typedef struct sim_blob {
    char name[ISERE_BLOB_NAME_MAX]; /* "": free */
    unsigned char *bytes;
    size_t size;
} sim_blob_t;

typedef struct sim_blobs {
    isere_blobs_t table;
    sim_blob_t blobs[SIM_BLOBS_MAX];
    size_t used;              /* bytes in all of them */
    size_t capacity;          /* of `used`, also while a blob is replaced */
    unsigned long operations; /* so far */
    unsigned long fail_at;    /* which of them has the fault; 0: none */
    sim_blobs_fault_t fault;
    bool down;                /* everything fails */
    bool no_reads, no_writes; /* these fail */
} sim_blobs_t;

void sim_blobs_init(sim_blobs_t *medium);

/* Power is back, nothing fails any more. */
void sim_blobs_restart(sim_blobs_t *medium);

/* Forgets all blobs. */
void sim_blobs_clear(sim_blobs_t *medium);

/* Looks at the medium itself: these are no operations and can't fail. */
sim_blob_t *sim_blobs_find(sim_blobs_t *medium, const char *name);
void sim_blobs_put(sim_blobs_t *medium, const char *name, const void *bytes,
                   size_t size);
void sim_blobs_drop(sim_blobs_t *medium, const char *name);
int sim_blobs_count(const sim_blobs_t *medium);

#endif
