/*
 * The directory of extents: records in two halves at the beginning of the
 * flash, of which one is in use. Records are only added; when a half is full
 * those that count are copied to the other one, which is in use from the moment
 * in which its first slot is there.
 *
 * Thread: as extents.h.
 */
#ifndef ISERE_CORE_FLASH_DIRECTORY_H
#define ISERE_CORE_FLASH_DIRECTORY_H

#include "core/flash/extents.h"

typedef struct isere_record {
    uint32_t magic;
    uint32_t first;   /* sector */
    uint32_t sectors; /* 0: the extent of that name was removed */
    uint32_t size;    /* bytes of the content */
    uint32_t sum;     /* of the content */
    char name[ISERE_EXTENT_NAME_MAX];
    uint32_t crc; /* CRC-32 of all before it */
} isere_record_t;

/* Sectors that the directory takes; 0: the flash has no room for one. */
uint32_t isere__directory_sectors(const isere_flash_t *flash);

/* Reads it into the list, which is empty, and begins one where there is none.
 * Returns 0 or ISERE_ERR_IO. */
int isere__directory_open(isere_extents_t *extents);

/* The record of an extent of the list. */
const isere_record_t *isere__directory_record(const isere_extents_t *extents,
                                              const isere_extent_t *extent);

/* Adds a record; the magic and the CRC are filled in here. Returns 0 with its
 * *slot, or ISERE_ERR_IO. Records may move: those of the list have their new
 * slots then. */
int isere__directory_add(isere_extents_t *extents, isere_record_t *record,
                         uint16_t *slot);

/* Erases a sector, and counts it. */
int isere__directory_erase(isere_extents_t *extents, uint32_t sector);

#endif
