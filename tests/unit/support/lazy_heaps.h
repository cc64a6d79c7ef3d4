/* Heaps for the test port that are not filled before, as its own are: for
 * tests with many of the compiler's, which are large. */
#ifndef ISERE_TESTS_LAZY_HEAPS_H
#define ISERE_TESTS_LAZY_HEAPS_H

#include "isere/port.h"

/* Replaces heap_map and heap_unmap of a copy of the test port. A heap counts as
 * one block there, and fails when a block would. */
void lazy_heaps(isere_port_t *port);

#endif
