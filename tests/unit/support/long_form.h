/*
 * Short and long form of tests. `make test-long` sets ISERE_TEST_LONG=1; an
 * emulated processor is told so in its command line (tests/arm/run-qemu).
 */
#ifndef ISERE_TESTS_LONG_FORM_H
#define ISERE_TESTS_LONG_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the long form is asked for. */
bool test_is_long(void);

/* How far a loop over all of something goes each time: 1, but `step` in the
 * short form on a processor that is emulated; the others have gone through all
 * of it. A prime number is a good step: it misses no remainder. */
size_t test_step(size_t step);

#endif
