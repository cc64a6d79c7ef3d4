/*
 * Whether a heap uses bytecode where it lies: it has pointers into it, and no
 * copy of what they point to. Looks at the bytes of the arena only.
 */
#ifndef ISERE_TESTS_IN_PLACE_H
#define ISERE_TESTS_IN_PLACE_H

#include "tests/unit/support/js/js_fixture.h"

/* How many words in the heap of the fixture's isolate point into these bytes.
 * A function in place has two: its bytecode and its line table. */
size_t js_pointers_into(const js_fixture_t *f, const void *bytes, size_t size);

/* Whether some word points to 12 bytes or more that the heap also has itself.
 */
bool js_has_copy(const js_fixture_t *f, const void *bytes, size_t size);

#endif
