/*
 * Flash in memory, as NOR flash is: erasing sets a block's bits, programming
 * clears some. Power can be cut off in the middle of any operation.
 *
 * Blocks are programmed where they are erased only; else the test fails.
 */
#ifndef ISERE_TESTS_RAM_FLASH_H
#define ISERE_TESTS_RAM_FLASH_H

#include "ports/zephyr/flash/blobs.h"

enum {
    RAM_FLASH_BLOCK = 4096,
    RAM_FLASH_BLOCKS = 64,
    RAM_FLASH_SIZE = RAM_FLASH_BLOCK * RAM_FLASH_BLOCKS,
};

/* What is left of the operation that power is cut off in. */
enum ram_flash_cut {
    RAM_FLASH_BEFORE, /* nothing */
    RAM_FLASH_HALF,   /* its first half, and garbage where it stopped */
    RAM_FLASH_AFTER,  /* all of it, but nobody was told */
    RAM_FLASH_CUTS,
};

typedef struct ram_flash {
    uint8_t bytes[RAM_FLASH_SIZE];
    int writes; /* programmed and erased so far */
    int cut_at; /* the operation that power is cut off in; 0: none */
    enum ram_flash_cut cut;
    bool off; /* until ram_flash_power_on: nothing works */
} ram_flash_t;

/* All erased, and on. */
void ram_flash_init(ram_flash_t *flash);

/* On, and from here on `cut_at` counts. */
void ram_flash_power_on(ram_flash_t *flash, int cut_at, enum ram_flash_cut cut);

/* Makes `blobs` one that is not mounted, on that flash. */
void ram_flash_attach(ram_flash_t *flash, isere_zephyr_blobs_t *blobs);

/* The same, and mounts it; *table is how it is used. */
int ram_flash_mount(ram_flash_t *flash, isere_zephyr_blobs_t *blobs,
                    isere_blobs_t *table);

/* Bytes that differ wherever one looks. */
void ram_flash_pattern(char *out, size_t size);

#endif
