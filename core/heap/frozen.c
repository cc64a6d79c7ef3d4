/* The frozen part of a heap: where it begins and ends, and its protection. */
#include "core/heap/frozen.h"
#include "core/isere_config.h"
#include "core/util/words.h"

/* The size of the arena, cut to whole units of the port's protection. Nothing
 * here depends on the arena's address: heaps of one function are alike. */
static size_t whole_units(const isere_port_t *port, const isere_arena_t *arena)
{
    size_t unit = port ? port->frozen_unit : 0;
    return unit ? arena->size - arena->size % unit : arena->size;
}

isere_arena_t *isere__frozen_begin(const isere_port_t *port,
                                   isere_arena_t *arena)
{
    isere_arena_t *allocator = isere_arena_alloc(arena, sizeof(*allocator));
    if (!allocator) {
        return NULL;
    }
    isere_arena_shorten(arena, whole_units(port, arena));
    if (!isere_arena_begin_end(allocator, arena)) {
        isere_arena_free(arena, allocator);
        return NULL;
    }
    return allocator;
}

/* FNV-1a over 32-bit units: it has to notice stray writes, not attacks. */
static uint32_t checksum(const isere_frozen_t *frozen)
{
    const uint32_t __attribute__((may_alias)) *units = frozen->start;
    uint32_t sum = 0;
    for (size_t i = 0; i < frozen->size / sizeof(*units); i++) {
        sum = (sum ^ units[i]) * UINT32_C(0x01000193);
    }
    return sum;
}

/* Tells the port of the whole units of the part: all of it, if the arena had
 * the room to let it begin with one. */
static void tell_port(const isere_port_t *port, const isere_frozen_t *part,
                      bool frozen)
{
    uintptr_t start = (uintptr_t)part->start;
    uintptr_t end = start + part->size;
    if (port && port->heap_freeze) {
        start += (0 - start) % port->frozen_unit;
        end -= end % port->frozen_unit;
        if (start < end) {
            port->heap_freeze(port->ctx, (void *)start, end - start, frozen);
        }
    }
}

void isere__frozen_end(isere_frozen_t *frozen, const isere_port_t *port,
                       isere_arena_t *arena, isere_arena_t *allocator)
{
    uintptr_t end = (uintptr_t)allocator + allocator->size;
    isere_arena_close_end(arena, allocator);
    isere_arena_free(arena, allocator);
    isere_arena_shorten(arena, whole_units(port, arena));
    uintptr_t start = (uintptr_t)arena + arena->size;
    frozen->start = (void *)start;
    frozen->size = end - start;
    frozen->checksum = ISERE_CHECK_RESTORE ? checksum(frozen) : 0;
    tell_port(port, frozen, true);
}

void isere__frozen_release(isere_frozen_t *frozen, const isere_port_t *port)
{
    if (frozen->start) {
        tell_port(port, frozen, false);
    }
    frozen->start = NULL;
    frozen->size = 0;
}

bool isere_frozen_is_intact(const isere_frozen_t *frozen)
{
    return !ISERE_CHECK_RESTORE || !frozen->start ||
           checksum(frozen) == frozen->checksum;
}
