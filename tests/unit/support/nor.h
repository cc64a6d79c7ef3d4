/*
 * NOR flash in memory that is read where it lies (isere/flash.h). Power can be
 * cut off in the middle of any operation. A unit that is programmed where it is
 * not erased fails the test. Written to in any other way the bytes fault, as
 * flash does.
 */
#ifndef ISERE_TESTS_NOR_H
#define ISERE_TESTS_NOR_H

#include "isere/flash.h"
#include <stdbool.h>

enum { NOR_SECTOR = 4096 };

/* What is left of the operation that power is cut off in. */
enum nor_cut {
    NOR_BEFORE, /* nothing */
    NOR_HALF,   /* its first half, and garbage where it stopped */
    NOR_AFTER,  /* all of it, but nobody was told */
    NOR_CUTS,
};

typedef struct nor {
    isere_flash_t table;
    uint8_t *bytes;
    int writes; /* programmed and erased since power came on */
    int erases; /* those of them that erased */
    int cut_at; /* the operation that power is cut off in; 0: none */
    enum nor_cut cut;
    bool off;    /* until nor_power_on: nothing works but reading */
    bool broken; /* programming does nothing, and says that it did */
} nor_t;

/* `sectors` of them, erased, with this unit; released with nor_deinit. */
void nor_init(nor_t *nor, unsigned sectors, size_t unit);
void nor_deinit(nor_t *nor);

/* The bytes may be written to, to damage them, until the next operation. */
uint8_t *nor_damage(nor_t *nor);

/* On, and from here on `cut_at` counts. */
void nor_power_on(nor_t *nor, int cut_at, enum nor_cut cut);

#endif
