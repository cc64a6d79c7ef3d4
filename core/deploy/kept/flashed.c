/* Code and images of functions in flash: found at a start, made by a deploy or
 * by the first request, removed with the function. */
#include "core/deploy/kept/flashed.h"
#include "core/deploy/kept/kept_record.h"
#include "core/util/log.h"
#include <stdio.h>

/* Bundles begin at multiples of this. */
enum { ALIGNMENT = 16 };

static size_t bundle_at(const isere_kept_record_t *record)
{
    size_t end = sizeof(*record) + record->settings_size;
    return (end + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static void log_line(const isere_port_t *port, const isere_deployment_t *d,
                     isere_log_level_t level, const char *what, const char *why)
{
    char text[192];
    snprintf(text, sizeof(text), "%s: %s", what, why);
    isere_log_record_t record = {
        .level = level,
        .function = isere_slice(d->name),
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

/* ---- code ---- */

/* Whether the content of an extent is the code that is wanted, whole: the
 * settings have a checksum in the record, the bundle one of its own, which is
 * compared when the deployment is made. */
static bool is_wanted(const isere_kept_record_t *record, size_t size,
                      const isere_kept_record_t *wanted)
{
    return size >= sizeof(*record) &&
           isere__kept_record_matches(record, wanted) &&
           record->settings_size <= size - sizeof(*record) &&
           bundle_at(record) <= size &&
           record->bundle_size == size - bundle_at(record) &&
           record->sum == isere__kept_record_sum(record, record + 1);
}

/* Makes a deployment of what lies there. */
static int restore(isere_registry_t *registry, const isere_port_t *port,
                   isere_deployment_parts_t *parts,
                   const isere_kept_record_t *record,
                   const uint8_t sha256[ISERE_SHA256_SIZE],
                   isere_deployment_t **deployment, isere_fault_t *fault)
{
    parts->code = (char *)record + bundle_at(record);
    parts->code_size = record->bundle_size;
    parts->in_flash = true;
    return isere__kept_record_restore(
        registry, port, parts, sha256,
        isere_slice_of((const char *)(record + 1), record->settings_size),
        deployment, fault);
}

int isere__flashed_load(isere_registry_t *registry, const isere_port_t *port,
                        const isere_store_manifest_t *manifest,
                        isere_deployment_t **deployment, isere_fault_t *fault)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    char sha256[65];
    isere_kept_record_t wanted;
    size_t size;
    isere_deployment_parts_t parts = {
        .name = manifest->name,
        .version = manifest->current,
        .previous = manifest->previous,
    };
    isere_extent_t *extent =
        registry->extents
            ? isere_extents_find(registry->extents, manifest->name)
            : NULL;
    if (!extent) {
        return ISERE_ERR_NOENT;
    }
    int error = isere_store_sha256(&registry->store, manifest->name,
                                   manifest->current, sum);
    if (error) {
        return error;
    }
    isere_sha256_hex(sum, sha256);
    isere__kept_record_begin(&wanted, manifest->name, manifest->current,
                             sha256);
    const isere_kept_record_t *record =
        (const void *)isere_extents_content(registry->extents, extent, &size);
    error =
        is_wanted(record, size, &wanted)
            ? restore(registry, port, &parts, record, sum, deployment, fault)
            : ISERE_ERR_INVAL;
    if (!error) {
        isere_extents_hold(extent);
        (*deployment)->flash.code = extent;
        registry->kept_loaded++;
    }
    return error;
}

/* Record, settings, padding and bundle. */
static int write_code(isere_extent_writer_t *writer,
                      const isere_kept_record_t *record, const void *settings,
                      const void *bundle)
{
    static const uint8_t zeros[ALIGNMENT];
    size_t gap = bundle_at(record) - sizeof(*record) - record->settings_size;
    int error = isere_extents_append(writer, record, sizeof(*record));
    if (!error) {
        error = isere_extents_append(writer, settings, record->settings_size);
    }
    if (!error) {
        error = isere_extents_append(writer, zeros, gap);
    }
    if (!error) {
        error = isere_extents_append(writer, bundle, record->bundle_size);
    }
    return error ? error : isere_extents_end(writer);
}

static int stage(isere_registry_t *registry, const isere_port_t *port,
                 isere_deployment_t **deployment, isere_extent_writer_t *writer)
{
    isere_deployment_t *d = *deployment;
    isere_deployment_t *anew = NULL;
    isere_kept_record_t record;
    void *settings = isere__kept_record_make(port, d, &record);
    if (!settings) {
        return ISERE_ERR_NOMEM;
    }
    int error =
        isere_extents_begin(registry->extents, d->name,
                            bundle_at(&record) + record.bundle_size, writer);
    if (!error) {
        error = write_code(writer, &record, settings, d->code);
    }
    isere_free(port, settings);
    isere_fault_t *fault = error ? NULL : isere_alloc(port, sizeof(*fault));
    if (error || !fault) {
        return error ? error : ISERE_ERR_NOMEM;
    }
    const isere_kept_record_t *written =
        (const void *)isere_extents_written(writer);
    isere_deployment_parts_t parts = {
        .name = d->name,
        .version = d->version,
        .previous = d->previous,
    };
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_sha256_parse(d->sha256, sum);
    error = is_wanted(written, writer->size, &record)
                ? restore(registry, port, &parts, written, sum, &anew, fault)
                : ISERE_ERR_IO; /* the flash did not take it */
    isere_free(port, fault);
    if (!error) {
        isere_extents_hold(writer->extent);
        anew->flash.code = writer->extent;
        isere_deployment_release(d);
        *deployment = anew;
    }
    return error;
}

void isere__flashed_stage(isere_registry_t *registry, const isere_port_t *port,
                          isere_deployment_t **deployment,
                          isere_extent_writer_t *writer)
{
    memset(writer, 0, sizeof(*writer));
    if (!registry->extents || (*deployment)->blank) {
        return;
    }
    int error = stage(registry, port, deployment, writer);
    if (error) {
        log_line(port, *deployment, ISERE_LOG_WARN,
                 "its code stays in memory, not in flash",
                 isere_strerror(error));
        isere_extents_abort(writer);
    }
}

/* ---- what goes ---- */

/* What is to be removed: of one function, or of all that are not served. */
typedef struct sweep {
    isere_registry_t *registry;
    isere_catalog_t *catalog; /* NULL: of `name` */
    const char *name;
    const isere_deployment_t *keep; /* of that name; NULL: nothing */
} sweep_t;

/* The function that an extent belongs to, and whether it is an image: of which
 * version then. */
static bool split(const char *extent, char name[ISERE_FUNCTION_NAME_MAX],
                  const char **version)
{
    size_t len = strcspn(extent, ".");
    if (len >= ISERE_FUNCTION_NAME_MAX) {
        return false;
    }
    memcpy(name, extent, len);
    name[len] = '\0';
    *version = extent[len] ? extent + len + 1 : NULL;
    return true;
}

static bool is_version(const char *text, uint32_t version)
{
    char wanted[24];
    snprintf(wanted, sizeof(wanted), "%lu" ISERE_FLASH_IMAGE_SUFFIX,
             (unsigned long)version);
    return strcmp(text, wanted) == 0;
}

static const isere_deployment_t *owner_of(const sweep_t *sweep,
                                          const char *name)
{
    const isere_catalog_entry_t *entry =
        sweep->catalog ? isere_catalog_find(sweep->catalog, name) : NULL;
    return sweep->catalog ? entry ? entry->deployment : NULL : sweep->keep;
}

static void look(void *arg, isere_extent_t *extent, const char *extent_name)
{
    const sweep_t *sweep = arg;
    char name[ISERE_FUNCTION_NAME_MAX];
    const char *version;
    if (!split(extent_name, name, &version) ||
        (sweep->name && strcmp(name, sweep->name) != 0)) {
        return;
    }
    /* That of the built-in function goes with the build. */
    if (version && strncmp(version, "$LATEST", 7) == 0) {
        return;
    }
    const isere_deployment_t *d = owner_of(sweep, name);
    bool kept = d && (version ? is_version(version, d->version)
                              : d->flash.has_code || d->blank);
    if (!kept) {
        (void)isere_extents_remove(sweep->registry->extents, extent);
    }
}

void isere__flashed_drop(isere_registry_t *registry, const char *name)
{
    sweep_t sweep = {.registry = registry, .name = name};
    if (registry->extents) {
        isere_extents_list(registry->extents, look, &sweep);
    }
}

void isere__flashed_tidy(isere_registry_t *registry, isere_catalog_t *catalog)
{
    sweep_t sweep = {.registry = registry, .catalog = catalog};
    if (registry->extents) {
        isere_extents_list(registry->extents, look, &sweep);
    }
}

/* A function whose code stayed in memory is compiled at the next start, and
 * then tried again. */
void isere__flashed_commit(isere_registry_t *registry,
                           isere_deployment_t *deployment,
                           isere_extent_writer_t *writer)
{
    sweep_t sweep = {
        .registry = registry, .name = deployment->name, .keep = deployment};
    if (!registry->extents) {
        return;
    }
    if (writer->extent) {
        (void)isere_extents_commit(writer, NULL); /* else compiled once more */
    }
    isere_extents_list(registry->extents, look, &sweep);
}

/* ---- images ---- */

static bool can_have_one(const isere_registry_t *registry,
                         const isere_port_t *port, const isere_deployment_t *d)
{
    return registry->extents && port->arena_place && !d->blank &&
           (d->flash.has_code || !d->code);
}

/* What is in flash is looked for once, and compared with its checksum before it
 * is used for the first time. */
static bool find(isere_registry_t *registry, const isere_port_t *port,
                 isere_deployment_t *d)
{
    isere_flash_image_t *image = &d->flash.image;
    if (!image->extent && !d->flash.tried) {
        (void)isere_flash_image_find(registry->extents, port, d->function,
                                     image);
    }
    if (image->extent && !isere_flash_image_check(image)) {
        log_line(port, d, ISERE_LOG_WARN,
                 "the image of its heap in flash is damaged",
                 "it is made again");
        isere_flash_image_remove(image);
    }
    return image->extent != NULL;
}

static int make(isere_registry_t *registry, const isere_port_t *port,
                isere_deployment_t *d, isere_fault_t *fault)
{
    d->flash.tried = true;
    int error = isere_flash_image_make(registry->extents, port, d->function,
                                       &d->flash.image, fault);
    atomic_fetch_add(&registry->images_made, error == 0);
    switch (error) {
    case 0:
    case ISERE_ERR_HANDLER:
    case ISERE_ERR_CRASH:
    case ISERE_ERR_NOMEM:
        return error;
    default:
        log_line(port, d, ISERE_LOG_WARN, "no image of its heap in flash",
                 error == ISERE_ERR_INVAL ? fault->message
                                          : isere_strerror(error));
        return ISERE_ERR_INVAL;
    }
}

int isere__flashed_try(isere_registry_t *registry, const isere_port_t *port,
                       isere_deployment_t *d, isere_fault_t *fault)
{
    if (!can_have_one(registry, port, d)) {
        return ISERE_ERR_INVAL;
    }
    return find(registry, port, d) ? 0 : make(registry, port, d, fault);
}

const isere_flash_image_t *isere_flashed_image(isere_registry_t *registry,
                                               const isere_port_t *port,
                                               isere_deployment_t *d,
                                               isere_fault_t *fault)
{
    if (!can_have_one(registry, port, d)) {
        return NULL;
    }
    if (!find(registry, port, d) && !d->flash.tried) {
        (void)make(registry, port, d, fault);
        memset(fault, 0, sizeof(*fault));
    }
    return d->flash.image.extent ? &d->flash.image : NULL;
}
