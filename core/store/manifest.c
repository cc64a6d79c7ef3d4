/* Manifests: which versions a function has. One blob each, which is replaced as
 * a whole, so a change takes effect at one moment. */
#include "core/store/internal.h"
#include "core/store/record.h"

static void set_name(isere_store_manifest_t *manifest, const char *name)
{
    memset(manifest, 0, sizeof(*manifest));
    memcpy(manifest->name, name, strlen(name));
}

/* With ISERE_ERR_INVAL *wrong says what is damaged, and *manifest has no
 * versions: callers would act on them. */
static int load(const isere_store_t *store, const char *name,
                isere_store_manifest_t *manifest, const char **wrong)
{
    /* One more, to see what is too long. */
    uint8_t bytes[ISERE_MANIFEST_SIZE + 1];
    /* Decoded here, not in *manifest: what fails half way must leave no
     * numbers in it. */
    isere_store_manifest_t read;
    long size;
    if (!isere_function_name_is_valid(isere_slice(name))) {
        memset(manifest, 0, sizeof(*manifest));
        return ISERE_ERR_NOENT;
    }
    set_name(manifest, name);
    size = isere__version_read_bytes(store, name, 0, bytes, sizeof(bytes));
    if (size < 0) {
        return (int)size;
    }
    set_name(&read, name);
    *wrong = isere__record_decode_manifest(bytes, (size_t)size, &read);
    if (*wrong) {
        return ISERE_ERR_INVAL;
    }
    *manifest = read;
    return 0;
}

int isere__manifest_load(const isere_store_t *store, const char *name,
                         isere_store_manifest_t *manifest)
{
    const char *wrong;
    return load(store, name, manifest, &wrong);
}

static void report(const isere_store_t *store, const char *name,
                   const char *wrong)
{
    isere__store_report(store, ISERE_LOG_ERROR, name,
                        "the function's manifest is damaged: %s", wrong);
}

int isere__manifest_load_loudly(const isere_store_t *store, const char *name,
                                isere_store_manifest_t *manifest)
{
    const char *wrong = "";
    int error = load(store, name, manifest, &wrong);
    if (error == ISERE_ERR_INVAL) {
        report(store, name, wrong);
    }
    return error;
}

int isere__manifest_misses_version(const isere_store_t *store,
                                   isere_store_manifest_t *manifest, bool loud)
{
    isere_store_manifest_t named;
    set_name(&named, manifest->name);
    *manifest = named;
    if (loud) {
        report(store, manifest->name, "its current version is missing");
    }
    return ISERE_ERR_INVAL;
}

int isere__manifest_write(const isere_store_t *store,
                          const isere_store_manifest_t *manifest)
{
    uint8_t bytes[ISERE_MANIFEST_SIZE];
    isere_slice_t part = isere_slice_of(bytes, sizeof(bytes));
    isere__record_encode_manifest(manifest, bytes);
    /* The moment at which a deploy or a rollback takes effect: `write`
     * replaces the blob as a whole, whatever a power cut does. */
    return store->blobs->write(store->blobs->ctx, manifest->name, &part, 1);
}

/* Whether a version is there: 0, ISERE_ERR_NOENT or ISERE_ERR_IO. One byte is
 * read, since blobs have no function that only looks. */
static int find_version(const isere_store_t *store, const char *name,
                        uint32_t version)
{
    char blob[ISERE_BLOB_NAME_MAX];
    uint8_t byte;
    long size;
    isere__name_of_blob(name, version, blob);
    size = isere__version_read_bytes(store, blob, 0, &byte, 1);
    return size < 0 ? (int)size : 0;
}

int isere_store_manifest(const isere_store_t *store, const char *name,
                         isere_store_manifest_t *manifest)
{
    int error = isere__manifest_load_loudly(store, name, manifest);
    if (error == 0) {
        error = find_version(store, name, manifest->current);
        if (error == ISERE_ERR_NOENT) {
            return isere__manifest_misses_version(store, manifest, true);
        }
        if (error != 0) {
            set_name(manifest, name);
        }
    }
    return error;
}
