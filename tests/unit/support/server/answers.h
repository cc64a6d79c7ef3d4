/* Splits what a client received into answers. */
#ifndef ISERE_TESTS_ANSWERS_H
#define ISERE_TESTS_ANSWERS_H

#include "isere/slice.h"

/*
 * Takes the next whole answer (head and Content-Length bytes; interim answers
 * stand alone) from the front of *rest into *answer. False when none is left:
 * then *rest is empty, or the beginning of an answer that was cut off.
 */
bool answers_next(isere_slice_t *rest, isere_slice_t *answer);

/* The status of an answer. */
int answers_status(isere_slice_t answer);

#endif
