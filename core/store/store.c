/*
 * Changes of the store: keeping a version, going back, removing. Each is worked
 * out first (isere_store_plan_*) and takes effect with one write, that of the
 * manifest, or with its removal. A power cut anywhere leaves the old state or
 * the new one; anything else that it leaves behind is removed later.
 */
#include "core/store/internal.h"
#include "core/store/record.h"
#include <stdarg.h>
#include <stdio.h>

void isere__store_report(const isere_store_t *store, isere_log_level_t level,
                         const char *name, const char *format, ...)
{
    char message[160];
    isere_log_record_t record = {.level = level, .function = isere_slice(name)};
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    record.message = isere_slice(message);
    store->port->log(store->port->ctx, &record);
}

static int remove_version(const isere_store_t *store, const char *name,
                          uint32_t version)
{
    char blob[ISERE_BLOB_NAME_MAX];
    isere__name_of_blob(name, version, blob);
    return store->blobs->remove(store->blobs->ctx, blob);
}

/* Called when the write of a manifest has failed. The new one may be in
 * force all the same (its folder was changed, but could not be made
 * durable): then it is undone. Returns whether it is certain that the new
 * manifest is not in force. */
static bool undo_manifest(const isere_store_t *store,
                          const isere_store_plan_t *plan)
{
    const isere_blobs_t *blobs = store->blobs;
    const isere_store_manifest_t *after = &plan->after;
    isere_store_manifest_t now;
    int state = isere__manifest_load(store, after->name, &now);
    if (state == 0 && now.current == after->current) {
        if (plan->state == 0) {
            (void)isere__manifest_write(store, &plan->before);
        } else if (plan->state == ISERE_ERR_NOENT) {
            (void)blobs->remove(blobs->ctx, after->name);
        }
        state = isere__manifest_load(store, after->name, &now);
    }
    return state != ISERE_ERR_IO &&
           (state != 0 || now.current != after->current);
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
    if (isere__name_parse_blob(blob, name, &version) &&
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
                           const isere_store_manifest_t *manifest,
                           uint32_t *previous)
{
    const uint32_t candidates[] = {manifest->current, manifest->previous};
    *previous = 0;
    for (int i = 0; i < 2 && candidates[i] != 0; i++) {
        int error =
            isere__version_verify(store, manifest->name, candidates[i], false);
        if (error == 0 || error == ISERE_ERR_IO) {
            *previous = candidates[i];
            return error;
        }
    }
    return 0;
}

/* The highest version that the function was ever given, also when its
 * manifest is damaged; the manifest goes into `plan`. No number is given
 * twice: kept code and log lines name versions by it. */
static int find_last(const isere_store_t *store, const char *name,
                     isere_store_plan_t *plan, uint32_t *last)
{
    const isere_blobs_t *blobs = store->blobs;
    highest_t highest = {name, 0};
    int error = 0;
    plan->state = isere__manifest_load(store, name, &plan->before);
    *last = plan->before.last;
    if (plan->state == ISERE_ERR_IO) {
        return ISERE_ERR_IO;
    }
    if (plan->state == ISERE_ERR_INVAL) {
        /* Nothing says what was given but the versions that are there. */
        error = blobs->list(blobs->ctx, find_highest, &highest);
        *last = highest.version;
    }
    if (error == 0 && *last == UINT32_MAX) {
        error = ISERE_ERR_LIMIT;
    }
    return error;
}

int isere_store_plan_put(const isere_store_t *store, const char *name,
                         isere_store_plan_t *plan)
{
    isere_store_manifest_t *after = &plan->after;
    uint32_t last;
    int error;
    if (!isere_function_name_is_valid(isere_slice(name))) {
        return ISERE_ERR_INVAL;
    }
    error = find_last(store, name, plan, &last);
    *after = plan->before;
    if (error == 0 && plan->state == 0) {
        error = choose_previous(store, &plan->before, &after->previous);
    }
    if (error == 0) {
        after->last = last + 1;
        after->current = after->last;
    }
    return error;
}

static int write_version(const isere_store_t *store, const char *name,
                         uint32_t version, isere_slice_t package,
                         const uint8_t sha256[ISERE_SHA256_SIZE])
{
    uint8_t header[ISERE_RECORD_SIZE];
    isere_slice_t parts[] = {isere_slice_of(header, sizeof(header)), package};
    char blob[ISERE_BLOB_NAME_MAX];
    isere__name_of_blob(name, version, blob);
    isere__record_encode_version(version, (uint32_t)package.len, sha256,
                                 header);
    return store->blobs->write(store->blobs->ctx, blob, parts, 2);
}

int isere_store_put(const isere_store_t *store, const isere_store_plan_t *plan,
                    isere_slice_t package,
                    const uint8_t sha256[ISERE_SHA256_SIZE])
{
    const isere_store_manifest_t *after = &plan->after;
    uint64_t size = package.len;
    bool in_force = false;
    int error;
    if (size > UINT32_MAX) { /* its length has 32 bits in the header */
        return ISERE_ERR_LIMIT;
    }
    /* The old versions stay until the new one is complete and in force. */
    error = write_version(store, after->name, after->current, package, sha256);
    if (error == 0) {
        error = isere__manifest_write(store, after);
        in_force = error != 0 && !undo_manifest(store, plan);
    }
    if (error != 0) {
        /* Also when the version could not be written: it may be there. But a
         * manifest that could not be undone needs it. */
        if (!in_force) {
            (void)remove_version(store, after->name, after->current);
        }
        return error;
    }
    /* What can't be removed now is removed when the store is opened. */
    (void)isere__tidy_sweep(store, after->name);
    return 0;
}

/* ---- going back ---- */

int isere_store_plan_rollback(const isere_store_t *store, const char *name,
                              isere_store_plan_t *plan)
{
    plan->state = isere__manifest_load(store, name, &plan->before);
    if (plan->state != 0) {
        return plan->state;
    }
    if (plan->before.previous == 0) {
        return ISERE_ERR_NOENT;
    }
    plan->after = plan->before;
    plan->after.current = plan->before.previous;
    plan->after.previous = 0;
    return 0;
}

int isere_store_rollback(const isere_store_t *store,
                         const isere_store_plan_t *plan)
{
    const isere_store_manifest_t *after = &plan->after;
    int error = isere__version_verify(store, after->name, after->current, true);
    if (error != 0) {
        /* Missing is damaged: the manifest says that it should be there. */
        return error == ISERE_ERR_NOENT ? ISERE_ERR_INVAL : error;
    }
    error = isere__manifest_write(store, after);
    if (error != 0) {
        (void)undo_manifest(store, plan);
        return error;
    }
    (void)isere__tidy_sweep(store, after->name);
    return 0;
}

/* ---- removing ---- */

int isere_store_remove(const isere_store_t *store, const char *name)
{
    int error;
    if (!isere_function_name_is_valid(isere_slice(name))) {
        return ISERE_ERR_NOENT;
    }
    /* The manifest first: versions without one are swept away at the latest
     * when the store is opened. */
    error = store->blobs->remove(store->blobs->ctx, name);
    if (error == 0) {
        (void)isere__tidy_sweep(store, name);
    }
    return error;
}
