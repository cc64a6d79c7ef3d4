/* Making images of heaps in flash: the base image, and that of a function on
 * it. */
#include "core/heap/fault.h"
#include "core/isere_config.h"
#include "core/isolate/image/flash_image_internal.h"
#include "core/util/words.h"
#include "core/web/lazy/lazy.h"
#include "core/web/timers.h"
#include <stdio.h>

enum { SHIFT = ISERE_FLASH_IMAGE_SHIFT };

/* What is being made. */
typedef struct maker {
    isere_extents_t *extents;
    const isere_port_t *port;
    const isere_function_t *function;
    isere_fault_t *fault;
    isere_replay_t replay;
    uint8_t *place; /* where the init phase is run */
    unsigned index; /* its number */
    size_t more;    /* bytes behind it for the frozen part */
    bool is_short;  /* it would be good to have more of them */
    isere_flash_image_t base;
    bool is_base;             /* the base image is being made */
    isere_isolate_t *isolate; /* in the place, or NULL */
    uintptr_t arena;          /* its address in the first run */
    uintptr_t frozen;         /* the same of the frozen part */
    isere_flash_image_header_t header;
    isere_extent_writer_t once; /* the first run's bytes */
    isere_extent_writer_t image;
} maker_t;

static int not_kept(maker_t *m, const char *why)
{
    isere_fault_set(m->fault, why);
    return ISERE_ERR_INVAL;
}

/* ---- running the init phase ---- */

/* Timers are not waited for: the time is the replay's. The deadline is a real
 * one. */
static int run_init(maker_t *m)
{
    isere_isolate_start(m->isolate, m->fault);
    while (m->isolate->state == ISERE_ISOLATE_WAITING) {
        isere__replay_wait(&m->replay, isere_timers_next(m->isolate->heap.ctx));
        isere_isolate_resume(m->isolate);
    }
    return m->isolate->state == ISERE_ISOLATE_READY
               ? 0
               : isere_isolate_failure(m->isolate);
}

/* The arena will be as large as the heap: in memory the frozen part, which is
 * at its end, is needed only here. */
static int end_run(maker_t *m)
{
    isere_arena_t *arena = m->isolate->heap.arena;
    if (!isere_arena_adopt(arena, m->isolate->heap.size)) {
        return ISERE_ERR_NOMEM;
    }
    memset((uint8_t *)arena + arena->top, 0,
           isere__flash_image_padded(arena->top) - arena->top);
    return 0;
}

static int out_of_memory(maker_t *m, const char *where)
{
    char text[96];
    snprintf(text, sizeof(text), "out of memory %s (raise %s)", where,
             ISERE_MEMORY_OPTION);
    isere_fault_set(m->fault, text);
    return ISERE_ERR_HANDLER;
}

/* The base, or the function's code on it, and the init phase. */
static int run_in(maker_t *m, uint8_t *place, const isere_flash_heap_t *base)
{
    int error = isere__isolate_place_apart(
        m->port, m->function, place, m->is_base ? 0 : m->more,
        m->is_base ? NULL : base, &m->replay, &m->isolate);
    if (error) {
        return error == ISERE_ERR_NOMEM && !m->is_base && !m->is_short
                   ? out_of_memory(m, "while loading code")
                   : error;
    }
    m->isolate->init.fault = m->fault;
    return m->is_base ? isere__init_base(m->isolate) : run_init(m);
}

/* Runs it in the place, in the second time shifted. When memory ran out, and
 * there could be more of it, the caller may make room. */
static int run(maker_t *m, bool second)
{
    isere_flash_heap_t base;
    if (!m->is_base) {
        isere__flash_image_copy(&m->base, 2 * m->index + second, &base);
    }
    isere__replay_again(&m->replay);
    m->replay.quiet = second;
    int error = run_in(m, m->place + (second ? SHIFT : 0), &base);
    const isere_arena_t *arena = m->isolate->heap.arena;
    if (error == ISERE_ERR_HANDLER && m->is_short && arena->failed > 0) {
        return ISERE_ERR_NOMEM;
    }
    if (!error) {
        error = end_run(m);
        if (error && !m->is_base) {
            error = out_of_memory(m, "in the init phase");
        }
    }
    return error;
}

static uint32_t offset_in(const isere_arena_t *arena, const void *pointer)
{
    return (uint32_t)((uintptr_t)pointer - (uintptr_t)arena);
}

/* What the first run leaves goes to the flash, as the second one needs its
 * memory. It is never an extent that counts. */
static int keep_first(maker_t *m)
{
    const isere_heap_t *heap = &m->isolate->heap;
    const isere_arena_t *arena = heap->arena;
    isere_flash_image_header_t *h = &m->header;
    m->arena = (uintptr_t)arena;
    m->frozen = (uintptr_t)heap->frozen.start;
    h->magic = ISERE_FLASH_IMAGE_MAGIC;
    h->used = arena->top;
    h->frozen = (uint32_t)heap->frozen.size;
    h->rt = offset_in(arena, heap->rt);
    h->ctx = offset_in(arena, heap->ctx);
    h->realm = offset_in(arena, m->isolate->realm);
    h->settled = heap->settled;
    size_t used = isere__flash_image_padded(h->used);
    int error =
        isere_extents_begin_scratch(m->extents, used + h->frozen, &m->once);
    if (!error) {
        error = isere_extents_append(&m->once, arena, used);
    }
    if (!error && h->frozen > 0) {
        error = isere_extents_append(&m->once, heap->frozen.start, h->frozen);
    }
    return error ? error : isere_extents_end(&m->once);
}

/* ---- comparing, and writing ---- */

/* How far away from the first run's things lie for which a copy is: its arena,
 * its frozen part, the base's. */
typedef struct distances {
    uintptr_t arena;
    uintptr_t frozen;
    uintptr_t base;
} distances_t;

static uintptr_t base_stride(const maker_t *m)
{
    return m->is_base
               ? 0
               : isere__flash_image_stride(isere__flash_image_header(&m->base));
}

static distances_t distances_of(const maker_t *m, unsigned copy)
{
    unsigned place = m->is_base ? copy / 2 : copy;
    uintptr_t shift = m->is_base && copy % 2 ? SHIFT : 0;
    uintptr_t arena = (uintptr_t)isere__flash_image_place(m->port, place) +
                      isere__flash_image_front() + shift;
    uintptr_t frozen = (uintptr_t)isere_extents_written(&m->image) +
                       sizeof(m->header) +
                       copy * isere__flash_image_stride(&m->header);
    return (distances_t){
        .arena = arena - m->arena,
        .frozen = frozen - m->frozen,
        .base = (2 * (uintptr_t)copy - 2 * m->index) * base_stride(m),
    };
}

/* The word of a copy. False when it is neither the same in both runs nor an
 * address: those of the heap lie apart by the shift, those of the base by what
 * is between its two copies. */
static bool relocate(const maker_t *m, const distances_t *d, isere_word_t first,
                     isere_word_t second, isere_word_t *out)
{
    isere_word_t apart = second - first;
    if (apart == 0) {
        *out = first;
    } else if (apart == SHIFT) {
        bool is_frozen = first - m->frozen < m->header.frozen;
        *out = first + (is_frozen ? d->frozen : d->arena);
    } else {
        *out = first + d->base;
        return !m->is_base && apart == base_stride(m);
    }
    return true;
}

/* Appends `size` bytes, made from those of both runs, and pads them. */
static int write_part(maker_t *m, const distances_t *d, const void *first,
                      const void *second, uint32_t size)
{
    enum { BATCH = 32 };
    const isere_word_t *ones = first;
    const isere_word_t *others = second;
    size_t words = size / sizeof(isere_word_t);
    size_t padded = isere__flash_image_padded(size) / sizeof(isere_word_t);
    int error = 0;
    for (size_t i = 0; i < padded && !error;) {
        isere_word_t batch[BATCH];
        size_t count = 0;
        for (; count < BATCH && i < padded; count++, i++) {
            batch[count] = 0;
            if (i < words &&
                !relocate(m, d, ones[i], others[i], &batch[count])) {
                return not_kept(m, "its heap is not the same each time");
            }
        }
        error = isere_extents_append(&m->image, batch, count * sizeof(*batch));
    }
    return error;
}

static int write_copy(maker_t *m, unsigned copy)
{
    const isere_flash_image_header_t *h = &m->header;
    const uint8_t *first = isere_extents_written(&m->once);
    const isere_heap_t *heap = &m->isolate->heap;
    distances_t d = distances_of(m, copy);
    size_t used = isere__flash_image_padded(h->used);
    int error = write_part(m, &d, first + used, heap->frozen.start, h->frozen);
    return error ? error
                 : write_part(m, &d, first, heap->arena, (uint32_t)used);
}

static int begin_image(maker_t *m)
{
    char name[ISERE_EXTENT_NAME_MAX] = ISERE_FLASH_IMAGE_BASE;
    isere_flash_image_header_t *h = &m->header;
    h->copies = isere__flash_image_count_places(m->port);
    if (m->is_base) {
        h->copies *= 2;
    } else {
        isere__flash_image_name(m->function, name);
    }
    isere__flash_image_key(m->extents, m->port, m->is_base ? NULL : &m->base,
                           m->function, h->key);
    isere__replay_random(&m->replay, h->nonce, sizeof(h->nonce));
    int error = isere_extents_begin(
        m->extents, name, sizeof(*h) + h->copies * isere__flash_image_stride(h),
        &m->image);
    return error ? error : isere_extents_append(&m->image, h, sizeof(*h));
}

static int write_image(maker_t *m)
{
    const isere_heap_t *heap = &m->isolate->heap;
    if (heap->arena->top != m->header.used ||
        heap->frozen.size != m->header.frozen) {
        return not_kept(m, "its heap is not the same each time");
    }
    int error = begin_image(m);
    for (unsigned i = 0; i < m->header.copies && !error; i++) {
        error = write_copy(m, i);
    }
    return error;
}

static int make(maker_t *m, isere_flash_image_t *image)
{
    isere_extent_t *extent;
    int error = run(m, false);
    if (!error) {
        error = keep_first(m);
    }
    if (!error) {
        error = run(m, true);
    }
    if (!error) {
        error = write_image(m);
    }
    if (!error) {
        isere_extents_lock(m->extents);
        error = isere_extents_commit(&m->image, &extent);
        if (!error) {
            isere__flash_image_take(image, m->extents, extent, m->base.extent);
        }
        isere_extents_unlock(m->extents);
    }
    isere_extents_abort(&m->image);
    isere_extents_abort(&m->once);
    return error;
}

/* ---- all of it ---- */

static void remove_image(void *arg, isere_extent_t *extent, const char *name)
{
    static const char suffix[] = ISERE_FLASH_IMAGE_SUFFIX;
    size_t len = strlen(name);
    size_t end = sizeof(suffix) - 1;
    if ((len > end && strcmp(name + len - end, suffix) == 0) ||
        strcmp(name, ISERE_FLASH_IMAGE_BASE) == 0) {
        (void)isere_extents_remove(arg, extent);
    }
}

/* Without the base no image is of use: all make room for the new ones. */
static int make_base(maker_t *m)
{
    isere_extents_list(m->extents, remove_image, m->extents);
    m->is_base = true;
    int error = make(m, &m->base);
    m->is_base = false;
    return error;
}

/* That of the same name is not good any more. */
static void make_room(maker_t *m)
{
    char name[ISERE_EXTENT_NAME_MAX];
    isere__flash_image_name(m->function, name);
    isere_extents_lock(m->extents);
    isere_extent_t *extent = isere_extents_find(m->extents, name);
    if (extent) {
        (void)isere_extents_remove(m->extents, extent);
    }
    isere_extents_unlock(m->extents);
}

/* What a native function did in an init phase would not be done again after a
 * reset. */
static int can_be_kept(maker_t *m)
{
    const isere_function_config_t *config = &m->function->config;
    if (config->modules) {
        return not_kept(m, "it has native modules");
    }
    if (config->isolation == ISERE_ISOLATION_FRESH) {
        return not_kept(m, "each request makes its own heap");
    }
    return isere__replay_begin(&m->replay, m->port);
}

/* False when the memory is at none of the places. */
static bool find_index(maker_t *m)
{
    m->index = 0;
    while (isere__flash_image_place(m->port, m->index) != m->place) {
        if (!isere__flash_image_place(m->port, m->index++)) {
            return false;
        }
    }
    return true;
}

/* The most memory that a global takes which the code names. */
static int note_room(void *arg, const char *name, size_t len)
{
    size_t room = isere_lazy_room(name, len);
    size_t *most = arg;
    *most = room > *most ? room : *most;
    return 0;
}

/* Bytes of code: the function's, and what it loads. */
static size_t code_size(const maker_t *m)
{
    size_t room = 0;
    (void)isere_bundle_names(&m->function->bundle, note_room, &room);
    return m->function->bundle.code_size + room / 2;
}

/* The frozen part of large code takes much more than its bytes: descriptions of
 * functions, names, tables. It may have all other places. That of other code
 * has room beside the handler's data. */
static size_t wanted_size(const maker_t *m)
{
    const isere_port_t *port = m->port;
    unsigned last = isere__flash_image_count_places(port) - 1;
    size_t most = (size_t)((uint8_t *)isere__flash_image_place(port, last) -
                           (uint8_t *)isere__flash_image_place(port, 0));
    bool is_large = code_size(m) > m->function->config.memory_bytes / 8;
    return is_large ? most : 0;
}

/* Takes a place, and as much behind it as is wanted or there is: other places.
 * Returns the size, or 0 when there is no memory. */
static size_t take_place(maker_t *m)
{
    enum { STEP = 4096 };
    const isere_port_t *port = m->port;
    const size_t least =
        isere__flash_image_front() + m->function->config.memory_bytes + SHIFT;
    size_t wanted = wanted_size(m) / STEP * STEP;
    for (size_t more = wanted;; more -= STEP) {
        m->place = port->arena_map(port->ctx, least + more);
        if (m->place && (more == 0 || find_index(m))) {
            m->more = more;
            m->is_short = more < wanted;
            return least + more;
        }
        if (m->place) {
            port->arena_unmap(port->ctx, m->place, least + more);
        }
        if (more == 0) {
            return 0;
        }
    }
}

static int make_in_place(maker_t *m, isere_flash_image_t *image)
{
    if (!find_index(m)) {
        return not_kept(m, "the place of its heap has no images");
    }
    int error = isere__flash_image_find_base(m->extents, m->port, &m->base);
    if (error) {
        error = make_base(m);
    }
    if (!error) {
        make_room(m);
        error = make(m, image);
    }
    return error;
}

int isere_flash_image_make(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image, isere_fault_t *fault)
{
    size_t size = 0;
    memset(image, 0, sizeof(*image));
    isere_fault_set(fault, "");
    maker_t *m = isere_alloc(port, sizeof(*m));
    if (!m) {
        return ISERE_ERR_NOMEM;
    }
    *m = (maker_t){
        .extents = extents, .port = port, .function = function, .fault = fault};
    int error = can_be_kept(m);
    if (!error) {
        size = take_place(m);
        error = size > 0 ? make_in_place(m, image) : ISERE_ERR_NOMEM;
    }
    if (size > 0) {
        port->arena_unmap(port->ctx, m->place, size);
    }
    isere_flash_image_release(&m->base);
    isere_free(port, m);
    return error;
}
