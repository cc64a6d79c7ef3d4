/* Finding, checking and making images of heaps in flash. */
#include "core/isolate/flash_image.h"
#include "core/code/bundle_format.h"
#include "core/heap/fault.h"
#include "core/isolate/flash_image_internal.h"
#include "core/util/words.h"
#include "core/web/timers.h"
#include <stdio.h>

/* One more with each change of the header or of what the copies mean. */
static const uint32_t image_magic = 0x31495369; /* "iSI1" */

/* The second run lies this much further on. */
enum { SHIFT = 64 };

/* What is being made. */
typedef struct maker {
    isere_extents_t *extents;
    const isere_port_t *port;
    const isere_function_t *function;
    isere_fault_t *fault;
    isere_replay_t replay;
    uint8_t *place;           /* where the init phase is run */
    isere_isolate_t *isolate; /* in it, or NULL */
    uintptr_t first;          /* the arena's address in the first run */
    isere_flash_image_header_t header;
    isere_extent_writer_t once; /* the first run's bytes */
    isere_extent_writer_t image;
} maker_t;

/* ---- the key ---- */

static void add_text(isere_sha256_t *hash, const char *text)
{
    isere_sha256_add(hash, text, strlen(text) + 1);
}

static void add_number(isere_sha256_t *hash, uintptr_t number)
{
    isere_sha256_add(hash, &number, sizeof(number));
}

static unsigned count_places(const isere_port_t *port)
{
    unsigned count = 0;
    while (count < ISERE_FLASH_IMAGE_PLACES &&
           port->arena_place(port->ctx, count)) {
        count++;
    }
    return count;
}

/* All that decides what an init phase leaves, but for time and randomness. */
static void make_key(const isere_extents_t *extents, const isere_port_t *port,
                     const isere_function_t *function,
                     uint8_t key[ISERE_SHA256_SIZE])
{
    const isere_function_config_t *config = &function->config;
    const isere_bundle_t *bundle = &function->bundle;
    isere_sha256_t hash;
    isere_sha256_begin(&hash);
    isere_sha256_add(&hash, extents->flash->build.ptr,
                     extents->flash->build.len);
    for (unsigned i = 0; i < count_places(port); i++) {
        add_number(&hash, (uintptr_t)port->arena_place(port->ctx, i));
    }
    add_number(&hash, sizeof(isere_isolate_t));
    add_text(&hash, config->name);
    add_text(&hash, config->version);
    for (const char *const *env = config->env; *env; env++) {
        add_text(&hash, *env);
    }
    add_number(&hash, config->memory_bytes);
    add_number(&hash, config->stack_bytes);
    add_number(&hash, (uintptr_t)config->payload);
    /* The heap refers to the code, which is used where it lies. Its header has
     * a checksum of all of it. */
    add_number(&hash, (uintptr_t)bundle->bytes);
    add_number(&hash, bundle->size);
    isere_sha256_add(&hash, bundle->bytes, ISERE_BUNDLE_HEADER);
    isere_sha256_end(&hash, key);
}

/* Versions have images of their own: the next one's must not replace that of
 * the one that is served until it does itself. */
static void name_of(const isere_function_t *function,
                    char name[ISERE_EXTENT_NAME_MAX])
{
    snprintf(name, ISERE_EXTENT_NAME_MAX, "%s.%s" ISERE_FLASH_IMAGE_SUFFIX,
             function->config.name, function->config.version);
}

/* ---- an image that is there ---- */

/* Copies begin at multiples of 16, as a restore moves many words at once. */
static size_t copy_size(uint32_t used)
{
    return (used + 15) & ~(size_t)15;
}

static void take(isere_flash_image_t *image, isere_extents_t *extents,
                 isere_extent_t *extent)
{
    size_t size;
    isere_extents_hold(extent);
    image->extents = extents;
    image->extent = extent;
    image->content = isere_extents_content(extents, extent, &size);
}

static bool is_good(const isere_flash_image_header_t *header, size_t size,
                    const uint8_t key[ISERE_SHA256_SIZE])
{
    return size >= sizeof(*header) && header->magic == image_magic &&
           header->places <= ISERE_FLASH_IMAGE_PLACES &&
           size == sizeof(*header) + header->places * copy_size(header->used) &&
           memcmp(header->key, key, sizeof(header->key)) == 0;
}

int isere_flash_image_find(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image)
{
    char name[ISERE_EXTENT_NAME_MAX];
    uint8_t key[ISERE_SHA256_SIZE];
    size_t size;
    memset(image, 0, sizeof(*image));
    name_of(function, name);
    isere_extent_t *extent = isere_extents_find(extents, name);
    if (!extent) {
        return ISERE_ERR_NOENT;
    }
    const void *content = isere_extents_content(extents, extent, &size);
    make_key(extents, port, function, key);
    if (!is_good(content, size, key)) {
        return ISERE_ERR_NOENT;
    }
    take(image, extents, extent);
    return 0;
}

bool isere_flash_image_check(const isere_flash_image_t *image)
{
    return image->extent->gone ||
           isere_extents_check(image->extents, image->extent);
}

size_t isere_flash_image_used(const isere_flash_image_t *image)
{
    return image->content ? isere__flash_image_header(image)->used : 0;
}

size_t isere_flash_image_size(const isere_flash_image_t *image)
{
    const isere_flash_image_header_t *header = isere__flash_image_header(image);
    return header ? sizeof(*header) + header->places * copy_size(header->used)
                  : 0;
}

void isere_flash_image_release(isere_flash_image_t *image)
{
    if (image->extent) {
        isere_extents_release(image->extent);
    }
    memset(image, 0, sizeof(*image));
}

void isere_flash_image_remove(isere_flash_image_t *image)
{
    if (image->extent && !image->extent->gone) {
        (void)isere_extents_remove(image->extents, image->extent);
    }
    isere_flash_image_release(image);
}

const void *isere__flash_image_copy(const isere_flash_image_t *image,
                                    const isere_port_t *port, const void *place)
{
    const isere_flash_image_header_t *header = isere__flash_image_header(image);
    for (uint32_t i = 0; header && i < header->places; i++) {
        if (port->arena_place(port->ctx, i) == place) {
            return image->content + sizeof(*header) +
                   i * copy_size(header->used);
        }
    }
    return NULL;
}

/* ---- running the init phase ---- */

static uint32_t offset_in(const isere_arena_t *arena, const void *pointer)
{
    return (uint32_t)((uintptr_t)pointer - (uintptr_t)arena);
}

/* Runs it in the place, `shift` bytes from its beginning. Timers are not waited
 * for: the time is the replay's. The deadline is a real one. */
static int run(maker_t *m, size_t shift)
{
    isere__replay_again(&m->replay);
    m->isolate = NULL;
    int error = isere__isolate_place(m->port, m->function, m->place + shift,
                                     &m->isolate);
    if (error) {
        return error;
    }
    isere__replay_random(&m->replay, m->isolate->random,
                         sizeof(m->isolate->random));
    m->isolate->init.replay = &m->replay;
    isere_isolate_start(m->isolate, m->fault);
    while (m->isolate->state == ISERE_ISOLATE_WAITING) {
        isere__replay_wait(&m->replay, isere_timers_next(m->isolate->heap.ctx));
        isere_isolate_resume(m->isolate);
    }
    return m->isolate->state == ISERE_ISOLATE_READY
               ? 0
               : isere_isolate_failure(m->isolate);
}

/* What the first run leaves goes to the flash, as the second one needs its
 * memory. It is never an extent that counts. */
static int keep_first(maker_t *m)
{
    const isere_arena_t *arena = m->isolate->heap.arena;
    isere_flash_image_header_t *h = &m->header;
    m->first = (uintptr_t)arena;
    h->magic = image_magic;
    h->used = arena->top;
    h->rt = offset_in(arena, m->isolate->heap.rt);
    h->ctx = offset_in(arena, m->isolate->heap.ctx);
    h->realm = offset_in(arena, m->isolate->realm);
    h->settled = m->isolate->heap.settled;
    size_t size = copy_size(h->used);
    int error = isere_extents_begin_scratch(m->extents, size, &m->once);
    if (!error) {
        error = isere_extents_append(&m->once, arena, size);
    }
    return error ? error : isere_extents_end(&m->once);
}

/* ---- comparing, and writing ---- */

/* The word of the image for a heap that lies `distance` bytes behind the first
 * run's. False when it is neither the same in both runs nor an address. */
static bool relocate(isere_word_t first, isere_word_t second,
                     uintptr_t distance, isere_word_t *out)
{
    *out = first == second ? first : first + distance;
    return first == second || second - first == SHIFT;
}

static int not_kept(maker_t *m, const char *why)
{
    isere_fault_set(m->fault, why);
    return ISERE_ERR_INVAL;
}

/* Appends the copy for one place. */
static int write_copy(maker_t *m, unsigned place)
{
    enum { BATCH = 32 };
    const isere_port_t *port = m->port;
    const isere_word_t *first =
        (const isere_word_t *)isere_extents_written(&m->once);
    const isere_word_t *second = (const isere_word_t *)m->isolate->heap.arena;
    uintptr_t arena = (uintptr_t)port->arena_place(port->ctx, place) +
                      isere__flash_image_front();
    size_t words = copy_size(m->header.used) / sizeof(isere_word_t);
    int error = 0;
    for (size_t i = 0; i < words && !error;) {
        isere_word_t batch[BATCH];
        size_t count = 0;
        for (; count < BATCH && i < words; count++, i++) {
            if (!relocate(first[i], second[i], arena - m->first,
                          &batch[count])) {
                return not_kept(m, "its heap is not the same each time");
            }
        }
        error = isere_extents_append(&m->image, batch, count * sizeof(*batch));
    }
    return error;
}

static int write_image(maker_t *m)
{
    char name[ISERE_EXTENT_NAME_MAX];
    isere_flash_image_header_t *h = &m->header;
    const isere_arena_t *arena = m->isolate->heap.arena;
    if (arena->top != h->used) {
        return not_kept(m, "its heap is not the same each time");
    }
    h->places = count_places(m->port);
    make_key(m->extents, m->port, m->function, h->key);
    name_of(m->function, name);
    int error = isere_extents_begin(m->extents, name,
                                    sizeof(*h) + h->places * copy_size(h->used),
                                    &m->image);
    if (!error) {
        error = isere_extents_append(&m->image, h, sizeof(*h));
    }
    for (unsigned i = 0; i < h->places && !error; i++) {
        error = write_copy(m, i);
    }
    return error;
}

static int make(maker_t *m)
{
    int error = run(m, 0);
    if (!error) {
        error = keep_first(m);
    }
    if (!error) {
        m->replay.quiet = true;
        error = run(m, SHIFT);
    }
    return error ? error : write_image(m);
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

int isere_flash_image_make(isere_extents_t *extents, const isere_port_t *port,
                           const isere_function_t *function,
                           isere_flash_image_t *image, isere_fault_t *fault)
{
    isere_extent_t *extent;
    size_t size =
        isere__flash_image_front() + function->config.memory_bytes + SHIFT;
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
        m->place = port->arena_map(port->ctx, size);
        error = m->place ? make(m) : ISERE_ERR_NOMEM;
    }
    if (!error) {
        error = isere_extents_commit(&m->image, &extent);
    }
    if (!error) {
        take(image, extents, extent);
    }
    isere_extents_abort(&m->image);
    isere_extents_abort(&m->once);
    if (m->place) {
        port->arena_unmap(port->ctx, m->place, size);
    }
    isere_free(port, m);
    return error;
}
