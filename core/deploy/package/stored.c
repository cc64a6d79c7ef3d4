/* The texts of packages, where there is room for them: those up to
 * ISERE_PACKAGE_IN_MEMORY where heaps lie, which is most of a device's memory,
 * longer ones in an extent that is never committed. */
#include "core/deploy/package/stored.h"
#include "core/heap/fault.h"
#include "core/util/writer.h"

/* A text that is being put somewhere. */
typedef struct putting {
    const isere_port_t *port;
    isere_extents_t *extents;
    isere_stored_t *stored;
    size_t size;
    int error;
} putting_t;

static int begin_in_memory(putting_t *p, size_t size)
{
    isere_stored_t *s = p->stored;
    s->block = size + 1;
    s->memory = p->port->heap_map(p->port->ctx, s->block);
    return s->memory ? 0 : ISERE_ERR_NOMEM;
}

/* Room for a text of that length and its NUL. A flash that is full of images
 * leaves what memory there is. */
static int begin(void *arg, size_t size)
{
    putting_t *p = arg;
    isere_stored_t *s = p->stored;
    if (!p->extents || size <= ISERE_PACKAGE_IN_MEMORY) {
        return begin_in_memory(p, size);
    }
    s->staged = isere_alloc(p->port, sizeof(*s->staged));
    if (!s->staged) {
        return ISERE_ERR_NOMEM;
    }
    int error = isere_extents_begin_scratch(p->extents, size + 1, s->staged);
    if (error == ISERE_ERR_LIMIT) {
        isere_free(p->port, s->staged);
        s->staged = NULL;
        error = begin_in_memory(p, size);
    }
    return error;
}

static int put(void *arg, const void *bytes, size_t size)
{
    putting_t *p = arg;
    if (p->stored->staged) {
        return isere_extents_append(p->stored->staged, bytes, size);
    }
    memcpy(p->stored->memory + p->size, bytes, size);
    p->size += size;
    return 0;
}

static int end(putting_t *p)
{
    isere_stored_t *s = p->stored;
    size_t size = p->size;
    const char *text = s->memory;
    int error = put(p, "", 1);
    if (s->staged) {
        size = s->staged->size - (error ? 0 : 1);
        text = (const char *)isere_extents_written(s->staged);
        error = error ? error : isere_extents_end(s->staged);
    }
    s->text = isere_slice_of(text, size);
    return error;
}

static int finish(putting_t *p, int error)
{
    if (!error) {
        error = end(p);
    }
    if (error) {
        isere_stored_drop(p->port, p->stored);
    }
    return error;
}

int isere_stored_read(const isere_port_t *port, const isere_store_t *store,
                      isere_extents_t *extents, const char *name,
                      uint32_t version, isere_stored_t *stored)
{
    putting_t putting = {.port = port, .extents = extents, .stored = stored};
    const isere_store_sink_t sink = {begin, put, &putting};
    memset(stored, 0, sizeof(*stored));
    int error =
        isere_store_read_to(store, name, version, &sink, stored->sha256);
    return finish(&putting, error);
}

static void take(void *arg, isere_slice_t text)
{
    putting_t *p = arg;
    if (!p->error) {
        p->error = put(p, text.ptr, text.len);
    }
}

int isere_stored_write(const isere_port_t *port, const isere_package_t *package,
                       isere_extents_t *extents, isere_stored_t *stored,
                       isere_fault_t *fault)
{
    putting_t putting = {.port = port, .extents = extents, .stored = stored};
    char piece[128];
    isere_writer_t w =
        isere_writer_stream(piece, sizeof(piece), take, &putting);
    memset(stored, 0, sizeof(*stored));
    int error = begin(&putting, package->text_size);
    if (!error) {
        isere__package_put(&w, package);
        isere_writer_flush(&w);
        error = putting.error;
    }
    error = finish(&putting, error);
    if (error) {
        isere_fault_set(fault, error == ISERE_ERR_IO
                                   ? "the flash can't be written"
                                   : "not enough memory for the package");
    }
    memcpy(stored->sha256, package->sha256, sizeof(stored->sha256));
    return error;
}

void isere_stored_drop(const isere_port_t *port, isere_stored_t *stored)
{
    if (stored->staged) {
        isere_extents_abort(stored->staged);
        isere_free(port, stored->staged);
    }
    if (stored->memory) {
        port->heap_unmap(port->ctx, stored->memory, stored->block);
    }
    memset(stored, 0, sizeof(*stored));
}
