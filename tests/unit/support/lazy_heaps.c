#include "tests/unit/support/lazy_heaps.h"
#include "tests/unit/support/test_port.h"
#include <stddef.h>
#include <stdlib.h>

/* In front of each: what stands for it in the test port's counts. */
typedef union front {
    void *token;
    max_align_t align;
} front_t;

static void *map_lazily(void *ctx, size_t bytes)
{
    void *token = isere_test_port()->resize(ctx, NULL, 1);
    front_t *front = token ? calloc(1, sizeof(*front) + bytes) : NULL;
    if (!front) {
        return NULL;
    }
    front->token = token;
    return front + 1;
}

static void unmap(void *ctx, void *heap, size_t bytes)
{
    front_t *front = (front_t *)heap - 1;
    (void)bytes;
    if (heap) {
        isere_test_port()->resize(ctx, front->token, 0);
        free(front);
    }
}

void lazy_heaps(isere_port_t *port)
{
    port->heap_map = map_lazily;
    port->heap_unmap = unmap;
}
