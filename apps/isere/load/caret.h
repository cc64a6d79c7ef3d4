/* A line of source with a mark below the place a message is about. */
#ifndef ISERE_APPS_ISERE_LOAD_CARET_H
#define ISERE_APPS_ISERE_LOAD_CARET_H

#include "ports/linux/out.h"

/*
 * Puts line `line` of the source and, on the next, a caret below its column:
 * both from 1, columns in characters. Of a long line only what is around the
 * place. Nothing when the source has no such line.
 */
void isere_caret_put(isere_out_t *out, isere_slice_t source, int line,
                     int column);

#endif
