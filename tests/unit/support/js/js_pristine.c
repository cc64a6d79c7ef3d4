#include "tests/unit/support/js/js_pristine.h"
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/unit.h"

void js_pristine_take(js_pristine_t *p, const js_fixture_t *f)
{
    const isere_arena_t *arena = f->isolate->heap.arena;
    p->used = arena->top;
    p->size = f->isolate->heap.size;
    p->copy = malloc(p->size);
    assert_non_null(p->copy);
    memcpy(p->copy, arena, p->size);
}

void js_pristine_expect(const js_pristine_t *p, const js_fixture_t *f, bool all)
{
    const unsigned char *now = (const void *)f->isolate->heap.arena;
    if (memcmp(now, p->copy, p->used) != 0) {
        size_t at = 0;
        while (now[at] == p->copy[at]) {
            at++;
        }
        fail_msg("the heap differs at byte %lu of %lu", (unsigned long)at,
                 (unsigned long)p->used);
    }
    for (size_t i = p->used; all && i < p->size; i++) {
        if (now[i] != 0 && now[i] != p->copy[i]) {
            fail_msg("byte %lu above the heap is left", (unsigned long)i);
        }
    }
}

void js_pristine_free(js_pristine_t *p)
{
    free(p->copy);
    memset(p, 0, sizeof(*p));
}
