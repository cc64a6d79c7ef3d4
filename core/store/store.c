#include "core/store/store.h"
#include "core/store/internal.h"
#include "core/store/record.h"

/* A function as it is before a change. */
typedef struct before {
    int state; /* 0: `head` is it; ISERE_ERR_NOENT: there was none;
                * ISERE_ERR_INVAL: its head was damaged */
    isere_store_head_t head;
} before_t;

static int remove_version(const isere_store_t *store, const char *name,
                          uint32_t version)
{
    char blob[ISERE_BLOB_NAME_MAX];
    isere__store_blob_name(name, version, blob);
    return store->blobs->remove(store->blobs->ctx, blob);
}

/*
 * After writing a head has failed. It may have happened all the same (a folder
 * that was changed, but could not be made durable): then it is undone. Returns
 * whether it is certain that the new head is not in force.
 */
static bool undo_head(const isere_store_t *store, const before_t *before,
                      const isere_store_head_t *head)
{
    const isere_blobs_t *blobs = store->blobs;
    isere_store_head_t now;
    int state = isere__store_load_numbers(store, head->name, &now);
    if (state == 0 && now.current == head->current) {
        if (before->state == 0) {
            (void)isere__store_write_head(store, &before->head);
        } else if (before->state == ISERE_ERR_NOENT) {
            (void)blobs->remove(blobs->ctx, head->name);
        }
        state = isere__store_load_numbers(store, head->name, &now);
    }
    return state != ISERE_ERR_IO &&
           (state != 0 || now.current != head->current);
}

/* ---- keeping ---- */

typedef struct highest {
    const char *name;
    uint32_t version;
} highest_t;

static void find_highest(void *arg, const char *blob, size_t size)
{
    highest_t *highest = arg;
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t version;
    (void)size;
    if (isere__store_parse_blob(blob, name, &version) &&
        strcmp(name, highest->name) == 0 && version > highest->version) {
        highest->version = version;
    }
}

/*
 * Which version to keep for a rollback: the current one, unless it is damaged
 * and the one before is not. 0 or ISERE_ERR_IO: when something can't be read
 * now, it may be whole.
 */
static int choose_previous(const isere_store_t *store,
                           const isere_store_head_t *head, uint32_t *previous)
{
    const uint32_t candidates[] = {head->current, head->previous};
    *previous = 0;
    for (int i = 0; i < 2 && candidates[i] != 0; i++) {
        int error =
            isere__store_verify(store, head->name, candidates[i], false);
        if (error == 0 || error == ISERE_ERR_IO) {
            *previous = candidates[i];
            return error;
        }
    }
    return 0;
}

/* The highest version that was given to a function, whatever is damaged; what
 * there was is `before`. */
static int find_last(const isere_store_t *store, const char *name,
                     before_t *before, uint32_t *last)
{
    const isere_blobs_t *blobs = store->blobs;
    highest_t highest = {name, 0};
    int error = 0;
    before->state = isere__store_load_numbers(store, name, &before->head);
    *last = before->head.last;
    if (before->state == ISERE_ERR_IO) {
        return ISERE_ERR_IO;
    }
    if (before->state == ISERE_ERR_INVAL) {
        /* Nothing says what was given but the versions that are there. */
        error = blobs->list(blobs->ctx, find_highest, &highest);
        *last = highest.version;
    }
    if (error == 0 && *last == UINT32_MAX) {
        error = ISERE_ERR_LIMIT;
    }
    return error;
}

int isere_store_next(const isere_store_t *store, const char *name,
                     uint32_t *version)
{
    before_t before;
    uint32_t last;
    int error = find_last(store, name, &before, &last);
    if (error == 0) {
        *version = last + 1;
    }
    return error;
}

/* The head that a put is to write, and the function before it. */
static int plan_put(const isere_store_t *store, const char *name,
                    before_t *before, isere_store_head_t *head)
{
    uint32_t last;
    int error = find_last(store, name, before, &last);
    *head = before->head;
    if (error == 0 && before->state == 0) {
        error = choose_previous(store, &before->head, &head->previous);
    }
    if (error == 0) {
        head->last = last + 1;
        head->current = head->last;
    }
    return error;
}

static int write_version(const isere_store_t *store, const char *name,
                         uint32_t version, isere_slice_t document,
                         const uint8_t sha256[ISERE_SHA256_SIZE])
{
    uint8_t header[ISERE_RECORD_SIZE];
    isere_slice_t parts[] = {isere_slice_of(header, sizeof(header)), document};
    char blob[ISERE_BLOB_NAME_MAX];
    isere__store_blob_name(name, version, blob);
    isere_record_encode(version, (uint32_t)document.len, sha256, header);
    return store->blobs->write(store->blobs->ctx, blob, parts, 2);
}

int isere_store_put(const isere_store_t *store, const char *name,
                    isere_slice_t document,
                    const uint8_t sha256[ISERE_SHA256_SIZE],
                    isere_store_head_t *head)
{
    before_t before;
    isere_store_head_t fresh;
    uint64_t size = document.len;
    bool in_force = false;
    int error;
    if (!isere__store_is_name(name)) {
        return ISERE_ERR_INVAL;
    }
    if (size > UINT32_MAX) {
        return ISERE_ERR_LIMIT;
    }
    error = plan_put(store, name, &before, &fresh);
    if (error != 0) {
        return error;
    }
    /* The old versions stay until the new one is complete and in force. */
    error = write_version(store, name, fresh.current, document, sha256);
    if (error == 0) {
        error = isere__store_write_head(store, &fresh);
        in_force = error != 0 && !undo_head(store, &before, &fresh);
    }
    if (error != 0) {
        /* Also when the version could not be written: it may be there. But a
         * head that could not be undone needs it. */
        if (!in_force) {
            (void)remove_version(store, name, fresh.current);
        }
        return error;
    }
    (void)isere__store_sweep(store, name);
    *head = fresh;
    return 0;
}

/* ---- going back ---- */

int isere_store_rollback(const isere_store_t *store, const char *name,
                         isere_store_head_t *head)
{
    before_t before = {0};
    isere_store_head_t back;
    int error = isere__store_load_numbers(store, name, &before.head);
    if (error == 0 && before.head.previous == 0) {
        error = ISERE_ERR_NOENT;
    }
    if (error != 0) {
        return error;
    }
    error = isere__store_verify(store, name, before.head.previous, true);
    if (error != 0) {
        /* Missing is damaged: the head says that it should be there. */
        return error == ISERE_ERR_NOENT ? ISERE_ERR_INVAL : error;
    }
    back = before.head;
    back.current = before.head.previous;
    back.previous = 0;
    error = isere__store_write_head(store, &back);
    if (error != 0) {
        (void)undo_head(store, &before, &back);
        return error;
    }
    (void)isere__store_sweep(store, name);
    *head = back;
    return 0;
}

/* ---- removing ---- */

int isere_store_remove(const isere_store_t *store, const char *name)
{
    int error;
    if (!isere__store_is_name(name)) {
        return ISERE_ERR_NOENT;
    }
    /* The head first: versions without one are swept away at the latest when
     * the store is opened. */
    error = store->blobs->remove(store->blobs->ctx, name);
    if (error == 0) {
        (void)isere__store_sweep(store, name);
    }
    return error;
}
