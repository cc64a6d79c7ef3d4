#include "tests/unit/support/js/in_place.h"
#include "core/isolate/isolate_internal.h"

enum { SAMPLE = 12 }; /* long enough to be no coincidence */

typedef uintptr_t __attribute__((may_alias)) word_t;

static bool points_into(uintptr_t word, const void *bytes, size_t size)
{
    return word - (uintptr_t)bytes < size;
}

size_t js_pointers_into(const js_fixture_t *f, const void *bytes, size_t size)
{
    const isere_arena_t *arena = f->isolate->heap.arena;
    const word_t *words = (const word_t *)arena;
    size_t count = 0;
    for (size_t i = 0; i < arena->top / sizeof(word_t); i++) {
        count += points_into(words[i], bytes, size);
    }
    return count;
}

static bool occurs(const isere_arena_t *arena, const unsigned char *sample)
{
    const unsigned char *at = (const unsigned char *)arena;
    const unsigned char *end = at + arena->top - SAMPLE;
    while ((at = memchr(at, sample[0], (size_t)(end - at)))) {
        if (memcmp(at, sample, SAMPLE) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

bool js_has_copy(const js_fixture_t *f, const void *bytes, size_t size)
{
    const isere_arena_t *arena = f->isolate->heap.arena;
    const word_t *words = (const word_t *)arena;
    for (size_t i = 0; i < arena->top / sizeof(word_t); i++) {
        if (points_into(words[i], bytes, size) &&
            !points_into(words[i], (const char *)bytes + size - SAMPLE,
                         SAMPLE) &&
            occurs(arena, (const unsigned char *)words[i])) {
            return true;
        }
    }
    return false;
}
