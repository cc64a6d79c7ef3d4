/* Listing the store, and removing what no manifest refers to: what a power cut
 * or a medium that refused left behind. */
#include "core/store/internal.h"
#include <stdlib.h>

/* Manifests or versions, in memory of the port. An entry of a version has its
 * number in `current`. */
typedef struct collection {
    const isere_port_t *port;
    const char *only; /* of this function; NULL: of all */
    bool manifests;   /* manifests; otherwise versions */
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
        (entry.current == 0) != c->manifests ||
        (c->only && strcmp(c->only, entry.name) != 0) || !make_room(c)) {
        return;
    }
    c->entries[c->count++] = entry;
}

/* By name, then number: the versions of a function are together, and its
 * manifest is read once for all of them. */
static int compare(const void *a, const void *b)
{
    const isere_store_manifest_t *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order
                      : (x->current > y->current) - (x->current < y->current);
}

static void release(collection_t *c)
{
    isere_free(c->port, c->entries);
}

/* Sorted by name and number. Nothing is to be released after an error. All
 * are listed before one is read or removed: `each` must not call the table
 * (blobs.h). */
static int collect(const isere_store_t *store, const char *only, bool manifests,
                   collection_t *c)
{
    int error;
    *c = (collection_t){
        .port = store->port, .only = only, .manifests = manifests};
    error = store->blobs->list(store->blobs->ctx, collect_blob, c);
    if (error == 0) {
        error = c->error;
    }
    if (error != 0) {
        release(c);
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

int isere__tidy_sweep(const isere_store_t *store, const char *only)
{
    isere_store_manifest_t manifest = {0};
    collection_t c;
    int state = 0;
    int error = collect(store, only, false, &c);
    if (error != 0) {
        return error;
    }
    /* Any order would do after a power cut: each of these is unreferenced by
     * itself, and stays so. */
    for (size_t i = 0; i < c.count; i++) {
        const isere_store_manifest_t *entry = &c.entries[i];
        if (i == 0 || strcmp(manifest.name, entry->name) != 0) {
            state = isere__manifest_load_whole(store, entry->name, &manifest,
                                               false);
        }
        /* A damaged manifest may have named it: it stays for its owner. */
        if (state == ISERE_ERR_NOENT ||
            (state == 0 && entry->current != manifest.current &&
             entry->current != manifest.previous)) {
            remove_version(store, entry);
        }
    }
    release(&c);
    return 0;
}

/* Says what is damaged, once for each start. */
static int report_manifests(const isere_store_t *store)
{
    collection_t c;
    int error = collect(store, NULL, true, &c);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < c.count; i++) {
        isere_store_manifest_t manifest;
        error = isere__manifest_load_whole(store, c.entries[i].name, &manifest,
                                           true);
        if (error == ISERE_ERR_IO) {
            isere__store_report(store, ISERE_LOG_ERROR, manifest.name,
                                "the function's manifest can't be read");
        }
    }
    release(&c);
    return 0;
}

int isere_store_open(isere_store_t *store, const isere_port_t *port,
                     const isere_blobs_t *blobs)
{
    int error;
    store->port = port;
    store->blobs = blobs;
    /* Reported before anything is removed: a log must say what was found,
     * not what was left of it. */
    error = report_manifests(store);
    return error != 0 ? error : isere__tidy_sweep(store, NULL);
}

int isere_store_list(const isere_store_t *store,
                     isere_store_manifest_t **manifests)
{
    collection_t c;
    int error = collect(store, NULL, true, &c);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < c.count; i++) {
        isere_store_manifest_t manifest;
        /* What can't be read is as good as damaged: the rest serves. */
        (void)isere__manifest_load_whole(store, c.entries[i].name, &manifest,
                                         false);
        /* In place; the array becomes the caller's. */
        c.entries[i] = manifest;
    }
    *manifests = c.entries;
    return (int)c.count;
}
