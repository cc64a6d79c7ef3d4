/*
 * A second opinion on isolation: the test's own copy of a whole arena, taken
 * when its isolate is ready, and compared byte for byte after each reset. It
 * shares no code with core/heap/snapshot.c.
 */
#ifndef ISERE_TESTS_JS_PRISTINE_H
#define ISERE_TESTS_JS_PRISTINE_H

#include "tests/unit/support/js/js_fixture.h"

typedef struct js_pristine {
    unsigned char *copy; /* all bytes when it was taken */
    size_t used;         /* of the heap, the first ones */
    size_t size;         /* of the whole arena */
} js_pristine_t;

/* Copies the arena of the fixture's READY isolate. */
void js_pristine_take(js_pristine_t *p, const js_fixture_t *f);

/* Fails the test when a byte of the used part differs or, with `all`, one
 * above it is neither zero nor what it was before anything ran. */
void js_pristine_expect(const js_pristine_t *p, const js_fixture_t *f,
                        bool all);

void js_pristine_free(js_pristine_t *p);

#endif
