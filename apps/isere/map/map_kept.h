/*
 * The source map of the bundle that this process made last: for messages and
 * log lines of any thread.
 */
#ifndef ISERE_APPS_ISERE_MAP_MAP_KEPT_H
#define ISERE_APPS_ISERE_MAP_MAP_KEPT_H

#include "isere/slice.h"

/* Keeps `map` (taken; NULL: none) for the bundle `name`, in place of the one
 * before. A map that can't be read is dropped. */
void isere_map_keep(const char *name, char *map);

/* The text with the places of the bundle's sources, for free(); NULL: it is as
 * it was. */
char *isere_map_text(isere_slice_t text);

#endif
