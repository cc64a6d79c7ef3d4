/* Listing the store, and removing what no manifest refers to: what a power cut
 * or a medium that refused left behind. */
#include "core/store/internal.h"
#include <stdlib.h>

/* Blobs, in memory of the port: manifests, and versions with their number in
 * `current`. */
typedef struct collection {
    const isere_port_t *port;
    const char *only; /* of this function; NULL: of all */
    isere_store_manifest_t *entries;
    size_t count, room;
    int error;
} collection_t;

/* Twice as many each time: nobody knows how many there are. */
static bool make_room(collection_t *c)
{
    const isere_port_t *port = c->port;
    size_t room = c->room ? 2 * c->room : 4;
    isere_store_manifest_t *entries;
    if (c->count < c->room) {
        return true;
    }
    entries = isere_resize(port, c->entries, room * sizeof(*entries));
    if (!entries) {
        c->error = ISERE_ERR_NOMEM;
        return false;
    }
    c->entries = entries;
    c->room = room;
    return true;
}

static void collect_blob(void *arg, const char *blob, size_t size)
{
    collection_t *c = arg;
    isere_store_manifest_t entry = {0};
    (void)size;
    if (c->error != 0 ||
        !isere__name_parse_blob(blob, entry.name, &entry.current) ||
        (c->only && strcmp(c->only, entry.name) != 0) || !make_room(c)) {
        return;
    }
    c->entries[c->count++] = entry;
}

/* By name, then number: a function's manifest is followed by its versions, and
 * is read once for all of them. */
static int compare(const void *a, const void *b)
{
    const isere_store_manifest_t *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order
                      : (x->current > y->current) - (x->current < y->current);
}

/* Sorted by name and number. Nothing is to be released after an error. All
 * are listed before one is read or removed: `each` must not call the table
 * (blobs.h). */
static int collect(const isere_store_t *store, const char *only,
                   collection_t *c)
{
    int error;
    *c = (collection_t){.port = store->port, .only = only};
    error = store->blobs->list(store->blobs->ctx, collect_blob, c);
    if (error == 0) {
        error = c->error;
    }
    if (error != 0) {
        isere_free(c->port, c->entries);
        return error;
    }
    if (c->count > 1) {
        qsort(c->entries, c->count, sizeof(*c->entries), compare);
    }
    return 0;
}

static void remove_version(const isere_store_t *store,
                           const isere_store_manifest_t *entry)
{
    char blob[ISERE_BLOB_NAME_MAX];
    int error;
    isere__name_of_blob(entry->name, entry->current, blob);
    error = store->blobs->remove(store->blobs->ctx, blob);
    if (error != 0 && error != ISERE_ERR_NOENT) {
        isere__store_report(store, ISERE_LOG_WARN, entry->name,
                            "version %lu is no longer needed, but can't be "
                            "removed from the store: %s",
                            (unsigned long)entry->current,
                            isere_strerror(error));
    }
}

/* One function's entries. */
typedef struct group {
    const isere_store_manifest_t *versions;
    size_t count;
} group_t;

static bool has_version(const group_t *group, uint32_t version)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->versions[i].current == version) {
            return true;
        }
    }
    return false;
}

/* Any order would do after a power cut: each of these is unreferenced by
 * itself, and stays so. A damaged manifest may have named them: they stay for
 * their owner. */
static void sweep(const isere_store_t *store, const group_t *group, int state,
                  const isere_store_manifest_t *manifest)
{
    for (size_t i = 0; i < group->count; i++) {
        const isere_store_manifest_t *version = &group->versions[i];
        if (state == ISERE_ERR_NOENT ||
            (state == 0 && version->current != manifest->current &&
             version->current != manifest->previous)) {
            remove_version(store, version);
        }
    }
}

/* What was found is said before anything is removed, where it is `loud`: a log
 * must say what was there, not what was left of it. */
static int load(const isere_store_t *store, const char *name, bool loud,
                const group_t *group, isere_store_manifest_t *manifest)
{
    int state = loud ? isere__manifest_load_loudly(store, name, manifest)
                     : isere__manifest_load(store, name, manifest);
    if (state == 0 && !has_version(group, manifest->current)) {
        return isere__manifest_misses_version(store, manifest, loud);
    }
    if (state == ISERE_ERR_IO && loud) {
        isere__store_report(store, ISERE_LOG_ERROR, name,
                            "the function's manifest can't be read");
    }
    return state;
}

/* The manifests become the first entries of the collection. */
static void tidy(const isere_store_t *store, bool loud, collection_t *c)
{
    isere_store_manifest_t manifest;
    size_t manifests = 0;
    size_t i = 0;
    while (i < c->count) {
        const isere_store_manifest_t *first = &c->entries[i];
        int state = ISERE_ERR_NOENT;
        bool has_manifest = first->current == 0;
        group_t group = {.versions = first + has_manifest};
        i += has_manifest;
        while (i < c->count && strcmp(first->name, c->entries[i].name) == 0) {
            group.count++;
            i++;
        }
        if (has_manifest) {
            state = load(store, first->name, loud, &group, &manifest);
        }
        sweep(store, &group, state, &manifest);
        if (has_manifest) {
            /* What can't be read is as good as damaged: the rest serves. */
            c->entries[manifests++] = manifest;
        }
    }
    c->count = manifests;
}

int isere__tidy_sweep(const isere_store_t *store, const char *only)
{
    collection_t c;
    int error = collect(store, only, &c);
    if (error == 0) {
        tidy(store, false, &c);
        isere_free(c.port, c.entries);
    }
    return error;
}

int isere_store_open(isere_store_t *store, const isere_port_t *port,
                     const isere_blobs_t *blobs,
                     isere_store_manifest_t **manifests)
{
    collection_t c;
    store->port = port;
    store->blobs = blobs;
    int error = collect(store, NULL, &c);
    if (error != 0) {
        return error;
    }
    tidy(store, true, &c);
    if (c.count == 0) {
        isere_free(port, c.entries);
        c.entries = NULL;
    }
    *manifests = c.entries;
    return (int)c.count;
}

/* ---- all that is whole ---- */

static int load_whole(const isere_store_t *store, const char *name,
                      isere_store_whole_t *whole)
{
    int error = isere__manifest_load(store, name, &whole->manifest);
    return error ? error
                 : isere_store_sha256(store, name, whole->manifest.current,
                                      whole->sha256);
}

/* Each manifest, and whether the versions behind it are what it names. */
static int load_all_whole(const isere_store_t *store, const collection_t *c,
                          isere_store_whole_t *whole)
{
    const isere_store_manifest_t *owner = NULL;
    int error = 0;
    for (size_t i = 0; i < c->count && error == 0; i++) {
        const isere_store_manifest_t *entry = &c->entries[i];
        if (entry->current == 0) {
            owner = &whole->manifest;
            error = load_whole(store, entry->name, whole++);
        } else if (!owner || strcmp(owner->name, entry->name) != 0 ||
                   (entry->current != owner->current &&
                    entry->current != owner->previous)) {
            error = ISERE_ERR_INVAL;
        }
    }
    return error;
}

int isere_store_list_whole(const isere_store_t *store,
                           isere_store_whole_t **whole)
{
    collection_t c;
    size_t count = 0;
    int error = collect(store, NULL, &c);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < c.count; i++) {
        count += c.entries[i].current == 0;
    }
    *whole = isere_alloc(store->port, (count + 1) * sizeof(**whole));
    error = *whole ? load_all_whole(store, &c, *whole) : ISERE_ERR_NOMEM;
    isere_free(c.port, c.entries);
    if (error != 0) {
        isere_free(store->port, *whole);
    }
    return error != 0 ? error : (int)count;
}
