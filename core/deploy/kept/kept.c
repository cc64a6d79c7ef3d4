/*
 * Keeps compiled code for the next start, which then need not compile: that is
 * most of its work.
 *
 * The engine does not verify bytecode: whoever can write it owns the process.
 * So it is kept where only this program and its supervisor can write
 * (config.kept), never in the store's folder. A program that crashed may have
 * written nonsense there all the same, so what is read is taken only when it
 * is whole and of exactly the package that the store has. Without it all works
 * as well.
 */
#include "core/deploy/kept/kept.h"
#include "core/deploy/kept/kept_record.h"
#include "core/isere_config.h"
#include <limits.h>

/* NULL where no code is kept. ISERE_KEEP_CODE 0 takes all of this out of a
 * firmware. */
static const isere_blobs_t *place(const isere_registry_t *registry)
{
    return ISERE_KEEP_CODE ? registry->config.kept : NULL;
}

/* ---- loading ---- */

/* An end before `size` bytes is damage: a write that was cut off. */
static int read_all(const isere_blobs_t *kept, const char *name, size_t offset,
                    void *out, size_t size)
{
    int n = kept->read(kept->ctx, name, offset, out, size);
    return n < 0 ? n : (size_t)n == size ? 0 : ISERE_ERR_INVAL;
}

/* Reads what is of exactly this version and this package, and ends where it
 * says: then its sizes may be believed as far as memory goes. The byte before
 * the end is read, and the one behind it must not be there: blobs have no
 * length to ask for. */
static int read_header(const isere_blobs_t *kept,
                       const isere_kept_record_t *wanted,
                       isere_kept_record_t *header)
{
    uint8_t byte;
    int error = read_all(kept, wanted->name, 0, header, sizeof(*header));
    if (error) {
        return error;
    }
    uint64_t size =
        sizeof(*header) + (uint64_t)header->settings_size + header->bundle_size;
    if (!isere__kept_record_matches(header, wanted) || size > INT_MAX) {
        return ISERE_ERR_INVAL;
    }
    error = read_all(kept, wanted->name, (size_t)size - 1, &byte, 1);
    return error ? error
           : kept->read(kept->ctx, wanted->name, (size_t)size, &byte, 1) == 0
               ? 0
               : ISERE_ERR_INVAL;
}

/* Allocates both parts; the caller releases them in all cases. */
static int read_parts(const isere_port_t *port, const isere_blobs_t *kept,
                      const isere_kept_record_t *header, void **settings,
                      void **bundle)
{
    *bundle = NULL;
    *settings = isere_alloc(port, (size_t)header->settings_size + 1);
    if (!*settings) {
        return ISERE_ERR_NOMEM;
    }
    int error = read_all(kept, header->name, sizeof(*header), *settings,
                         header->settings_size);
    if (!error && isere__kept_record_sum(header, *settings) != header->sum) {
        error = ISERE_ERR_INVAL;
    }
    if (!error) {
        *bundle = isere_alloc(port, header->bundle_size);
        error = *bundle ? read_all(kept, header->name,
                                   sizeof(*header) + header->settings_size,
                                   *bundle, header->bundle_size)
                        : ISERE_ERR_NOMEM;
    }
    return error;
}

int isere__kept_load(isere_registry_t *registry, const isere_port_t *port,
                     const isere_store_manifest_t *manifest,
                     isere_deployment_t **deployment, isere_fault_t *fault)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    char sha256[65];
    isere_kept_record_t wanted, found = {0};
    isere_deployment_parts_t parts = {
        .name = manifest->name,
        .version = manifest->current,
        .previous = manifest->previous,
    };
    void *settings = NULL;
    if (!place(registry)) {
        return ISERE_ERR_NOENT;
    }
    int error = isere_store_sha256(&registry->store, manifest->name,
                                   manifest->current, sum);
    if (!error) {
        isere_sha256_hex(sum, sha256);
        isere__kept_record_begin(&wanted, manifest->name, manifest->current,
                                 sha256);
        error = read_header(place(registry), &wanted, &found);
    }
    if (!error) {
        parts.code_size = found.bundle_size;
        error =
            read_parts(port, place(registry), &found, &settings, &parts.code);
        if (error) {
            isere_free(port, parts.code);
        }
    }
    if (!error) {
        error = isere__kept_record_restore(
            registry, port, &parts, sum,
            isere_slice_of(settings, found.settings_size), deployment, fault);
    }
    isere_free(port, settings);
    registry->kept_loaded += error == 0;
    return error;
}

/* ---- saving ---- */

/* Failures are not reported: the next start compiles then, and says how many
 * functions it did not have to compile. One that is blank has no code of its
 * author's; keeping it would bring it back after its quarantine ended. */
void isere__kept_save(isere_registry_t *registry, const isere_deployment_t *d)
{
    const isere_port_t *port = &registry->port;
    const isere_blobs_t *kept = place(registry);
    isere_kept_record_t record;
    if (!kept || d->blank || d->code_size > INT_MAX) {
        return;
    }
    void *settings = isere__kept_record_make(port, d, &record);
    if (settings) {
        const isere_slice_t parts[] = {
            isere_slice_of(&record, sizeof(record)),
            isere_slice_of(settings, record.settings_size),
            isere_slice_of(d->code, d->code_size),
        };
        (void)kept->write(kept->ctx, d->name, parts, 3);
        isere_free(port, settings);
    }
}

void isere__kept_drop(isere_registry_t *registry, const char *name)
{
    const isere_blobs_t *kept = place(registry);
    if (kept) {
        (void)kept->remove(kept->ctx, name);
    }
}
