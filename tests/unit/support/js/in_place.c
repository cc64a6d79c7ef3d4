#include "tests/unit/support/js/in_place.h"
#include "core/isolate/isolate_internal.h"

enum { SAMPLE = 12 }; /* long enough to be no coincidence */

typedef uintptr_t __attribute__((may_alias)) word_t;

static bool points_into(uintptr_t word, const void *bytes, size_t size)
{
    return word - (uintptr_t)bytes < size;
}

/* The two parts of a heap. */
typedef struct part {
    const void *start;
    size_t size;
} part_t;

enum { PARTS = 2 };

static void find_parts(const js_fixture_t *f, part_t parts[PARTS])
{
    const isere_heap_t *heap = &f->isolate->heap;
    parts[0] = (part_t){heap->arena, heap->arena->top};
    parts[1] = (part_t){heap->frozen.start, heap->frozen.size};
}

size_t js_pointers_into(const js_fixture_t *f, const void *bytes, size_t size)
{
    part_t parts[PARTS];
    size_t count = 0;
    find_parts(f, parts);
    for (int part = 0; part < PARTS; part++) {
        const word_t *words = parts[part].start;
        for (size_t i = 0; i < parts[part].size / sizeof(word_t); i++) {
            count += points_into(words[i], bytes, size);
        }
    }
    return count;
}

static bool occurs(const part_t *part, const unsigned char *sample)
{
    const unsigned char *at = part->start;
    const unsigned char *end = at + part->size - SAMPLE;
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
    part_t parts[PARTS];
    find_parts(f, parts);
    for (int part = 0; part < PARTS; part++) {
        const word_t *words = parts[part].start;
        for (size_t i = 0; i < parts[part].size / sizeof(word_t); i++) {
            const unsigned char *sample = (const unsigned char *)words[i];
            if (points_into(words[i], bytes, size) &&
                !points_into(words[i], (const char *)bytes + size - SAMPLE,
                             SAMPLE) &&
                (occurs(&parts[0], sample) || occurs(&parts[1], sample))) {
                return true;
            }
        }
    }
    return false;
}
