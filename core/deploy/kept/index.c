/* The index of the store: which functions there are, in one extent, for a start
 * that opens none of their blobs. */
#include "core/deploy/kept/index.h"

_Static_assert(sizeof(isere_index_t) == 16 && sizeof(isere_index_entry_t) == 80,
               "docs/store.md has these sizes");

/* ---- reading ---- */

static bool is_name(const char *name)
{
    const char *end =
        memchr(name, '\0', sizeof(((isere_index_entry_t *)0)->name));
    return end && isere_function_name_is_valid(
                      isere_slice_of(name, (size_t)(end - name)));
}

/* The checksum of the extent says that it was written like this; who wrote it
 * may have been another firmware. */
const isere_index_t *isere__index_check(const void *bytes, size_t size,
                                        uint64_t state)
{
    const isere_index_t *index = bytes;
    if (size < sizeof(*index) || index->magic != ISERE_INDEX_MAGIC ||
        index->state != state ||
        (size - sizeof(*index)) / sizeof(index->entries[0]) != index->count ||
        (size - sizeof(*index)) % sizeof(index->entries[0]) != 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < index->count; i++) {
        const isere_index_entry_t *e = &index->entries[i];
        if (!is_name(e->name) || e->current == 0 ||
            (i > 0 && strcmp(e[-1].name, e->name) >= 0)) {
            return NULL;
        }
    }
    return index;
}

static const isere_index_t *find(const isere_registry_t *registry,
                                 uint64_t state)
{
    size_t size;
    isere_extent_t *extent =
        isere_extents_find(registry->extents, ISERE_INDEX_NAME);
    if (!extent || !isere_extents_check(registry->extents, extent)) {
        return NULL;
    }
    const uint8_t *content =
        isere_extents_content(registry->extents, extent, &size);
    return isere__index_check(content, size, state);
}

/* False where there can be no index. */
static bool get_state(const isere_registry_t *registry, uint64_t *state)
{
    const isere_blobs_t *blobs = registry->store.blobs;
    return registry->extents && blobs && blobs->state &&
           blobs->state(blobs->ctx, state) == 0;
}

const isere_index_t *isere__index_find(isere_registry_t *registry)
{
    uint64_t state;
    return get_state(registry, &state) ? find(registry, state) : NULL;
}

int isere__index_list(const isere_index_t *index, const isere_port_t *port,
                      isere_store_manifest_t **manifests)
{
    isere_store_manifest_t *list = NULL;
    if (index->count > 0) {
        list = isere_alloc(port, index->count * sizeof(*list));
        if (!list) {
            return ISERE_ERR_NOMEM;
        }
    }
    for (uint32_t i = 0; i < index->count; i++) {
        const isere_index_entry_t *e = &index->entries[i];
        list[i] = (isere_store_manifest_t){.current = e->current,
                                           .previous = e->previous};
        memcpy(list[i].name, e->name, sizeof(list[i].name));
    }
    *manifests = list;
    return (int)index->count;
}

int isere__index_sha256(const isere_registry_t *registry,
                        const isere_store_manifest_t *manifest,
                        uint8_t sha256[ISERE_SHA256_SIZE])
{
    const isere_index_t *index = registry->index;
    for (uint32_t i = 0; index && i < index->count; i++) {
        const isere_index_entry_t *e = &index->entries[i];
        if (strcmp(e->name, manifest->name) == 0) {
            memcpy(sha256, e->sha256, ISERE_SHA256_SIZE);
            return 0;
        }
    }
    return isere_store_sha256(&registry->store, manifest->name,
                              manifest->current, sha256);
}

/* ---- writing ---- */

/* The one of before is of no use any more, and may have the last room. */
static int begin(isere_registry_t *registry, size_t size,
                 isere_extent_writer_t *w)
{
    isere_extents_t *extents = registry->extents;
    int error = isere_extents_begin_last(extents, ISERE_INDEX_NAME, size, w);
    isere_extent_t *before = isere_extents_find(extents, ISERE_INDEX_NAME);
    if (error == ISERE_ERR_LIMIT && before) {
        (void)isere_extents_remove(extents, before);
        error = isere_extents_begin_last(extents, ISERE_INDEX_NAME, size, w);
    }
    return error;
}

static int put_entry(const isere_store_whole_t *whole, isere_extent_writer_t *w)
{
    const isere_store_manifest_t *manifest = &whole->manifest;
    isere_index_entry_t e = {.current = manifest->current,
                             .previous = manifest->previous};
    memcpy(e.name, manifest->name, sizeof(manifest->name));
    memcpy(e.sha256, whole->sha256, sizeof(e.sha256));
    return isere_extents_append(w, &e, sizeof(e));
}

static void write_all(isere_registry_t *registry, uint64_t state,
                      const isere_store_whole_t *whole, size_t count,
                      isere_extent_writer_t *w)
{
    const isere_index_t head = {
        .magic = ISERE_INDEX_MAGIC, .count = (uint32_t)count, .state = state};
    int error =
        begin(registry, sizeof(head) + count * sizeof(head.entries[0]), w);
    if (!error) {
        error = isere_extents_append(w, &head, sizeof(head));
    }
    for (size_t i = 0; i < count && !error; i++) {
        error = put_entry(&whole[i], w);
    }
    if (!error) {
        (void)isere_extents_commit(w, NULL);
    } else {
        isere_extents_abort(w);
    }
}

/* The state is that of before the manifests are read: if they changed
 * meanwhile, the index would be of a state that never comes again. */
void isere__index_save(isere_registry_t *registry)
{
    const isere_port_t *port = &registry->port;
    isere_store_whole_t *whole;
    uint64_t state;
    if (!get_state(registry, &state) || find(registry, state)) {
        return;
    }
    int count = isere_store_list_whole(&registry->store, &whole);
    if (count < 0) {
        return;
    }
    isere_extent_writer_t *w = isere_alloc(port, sizeof(*w));
    if (w) {
        write_all(registry, state, whole, (size_t)count, w);
        isere_free(port, w);
    }
    isere_free(port, whole);
}
