/*
 * Source maps (ECMA-426): from a place in a bundle to the one in the file that
 * it was made of. Pure, but for memory; any thread.
 */
#ifndef ISERE_APPS_ISERE_MAP_SOURCE_MAP_H
#define ISERE_APPS_ISERE_MAP_SOURCE_MAP_H

#include "isere/slice.h"
#include <stdbool.h>

/* Lines and columns count from 1. */
typedef struct isere_source_place {
    char file[256]; /* as the map names it; cut off when it is longer */
    int line;
    int column;
} isere_source_place_t;

/* Whether `map`, with a NUL behind it, can be searched: JSON, in UTF-8. */
bool isere_source_map_check(isere_slice_t map);

/* Finds the original place; false when the map has none. `map` was checked. */
bool isere_source_map_find(const char *map, int line, int column,
                           isere_source_place_t *place);

/*
 * The text with the original place for each "NAME:LINE:COLUMN" of the bundle
 * NAME, for free(). NULL: there is none, or no memory.
 */
char *isere_source_map_text(const char *map, const char *name,
                            isere_slice_t text);

#endif
