/* Code and images of functions in flash: found at a start, made by a deploy or
 * by the first request, removed with the function. */
#include "core/deploy/kept/flashed.h"
#include "core/deploy/kept/index.h"
#include "core/deploy/kept/kept_record.h"
#include "core/heap/fault.h"
#include "core/util/log.h"
#include <stdio.h>

/* The settings begin at a multiple of the first, so that the bundle before them
 * is in flash before they are known, and the record of the second. */
enum { BUNDLE_ALIGNMENT = ISERE_EXTENT_UNIT_MAX, RECORD_ALIGNMENT = 16 };

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

/* Where the settings begin, and where they end, padded: the record follows. */
static size_t settings_at(size_t bundle_size)
{
    return round_up(bundle_size, BUNDLE_ALIGNMENT);
}

static size_t record_at(size_t bundle_size, size_t settings_size)
{
    return settings_at(bundle_size) + round_up(settings_size, RECORD_ALIGNMENT);
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

/* The record at the end of an extent's content, if that is the code that is
 * wanted, whole: the settings have a checksum in the record, the bundle one of
 * its own, which is compared when the deployment is made. */
static const isere_kept_record_t *find_record(const uint8_t *content,
                                              size_t size,
                                              const isere_kept_record_t *wanted)
{
    const isere_kept_record_t *record;
    size_t at = size - sizeof(*record); /* of the record */
    if (size < sizeof(*record) || at % RECORD_ALIGNMENT > 0) {
        return NULL;
    }
    record = (const void *)(content + at);
    if (!isere__kept_record_matches(record, wanted) ||
        record->settings_size > at || record->bundle_size > at ||
        record_at(record->bundle_size, record->settings_size) != at) {
        return NULL;
    }
    const void *settings = content + settings_at(record->bundle_size);
    return record->sum == isere__kept_record_sum(record, settings) ? record
                                                                   : NULL;
}

/* Makes a deployment of what lies there. */
static int restore(isere_registry_t *registry, const isere_port_t *port,
                   isere_deployment_parts_t *parts, const uint8_t *content,
                   const isere_kept_record_t *record,
                   const uint8_t sha256[ISERE_SHA256_SIZE],
                   isere_deployment_t **deployment, isere_fault_t *fault)
{
    parts->code = (void *)content;
    parts->code_size = record->bundle_size;
    parts->in_flash = true;
    return isere__kept_record_restore(
        registry, port, parts, sha256,
        isere_slice_of((const char *)content + settings_at(record->bundle_size),
                       record->settings_size),
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
    int error = isere__index_sha256(registry, manifest, sum);
    if (error) {
        return error;
    }
    isere_sha256_hex(sum, sha256);
    isere__kept_record_begin(&wanted, manifest->name, manifest->current,
                             sha256);
    const uint8_t *content =
        isere_extents_content(registry->extents, extent, &size);
    const isere_kept_record_t *record = find_record(content, size, &wanted);
    error = record ? restore(registry, port, &parts, content, record, sum,
                             deployment, fault)
                   : ISERE_ERR_INVAL;
    if (!error) {
        isere_extents_hold(extent);
        (*deployment)->flash.code = extent;
        registry->kept_loaded++;
    }
    return error;
}

/* ---- compiled code ---- */

static int append_padding(isere_extent_writer_t *writer, size_t alignment)
{
    static const uint8_t zeros[BUNDLE_ALIGNMENT];
    return isere_extents_append(
        writer, zeros, round_up(writer->size, alignment) - writer->size);
}

static int begin(void *ctx, size_t size)
{
    isere_flashed_sink_t *s = ctx;
    return isere_extents_begin(
        s->registry->extents, s->name,
        record_at(size, s->sink.more) + sizeof(isere_kept_record_t), s->writer);
}

static int put(void *ctx, const void *bytes, size_t size)
{
    isere_flashed_sink_t *s = ctx;
    return isere_extents_append(s->writer, bytes, size);
}

/* With the padding all of it is in whole units. What the flash did not take is
 * given up. */
static const void *end(void *ctx)
{
    isere_flashed_sink_t *s = ctx;
    if (append_padding(s->writer, BUNDLE_ALIGNMENT) == 0 &&
        isere_extents_took(s->writer)) {
        return isere_extents_written(s->writer);
    }
    isere_extents_abort(s->writer);
    return NULL;
}

isere_compile_sink_t *isere__flashed_sink(isere_flashed_sink_t *s,
                                          isere_registry_t *registry,
                                          const char *name,
                                          isere_extent_writer_t *writer)
{
    if (!writer) {
        return NULL;
    }
    memset(writer, 0, sizeof(*writer));
    *s = (isere_flashed_sink_t){
        .sink = {.ctx = s, .begin = begin, .put = put, .end = end},
        .registry = registry,
        .name = name,
        .writer = writer,
    };
    return &s->sink;
}

/* Settings, padding and record. */
static int complete(const isere_port_t *port, const isere_deployment_t *d,
                    isere_extent_writer_t *writer)
{
    isere_kept_record_t record;
    void *settings = isere__kept_record_make(port, d, &record);
    if (!settings) {
        return ISERE_ERR_NOMEM;
    }
    int error = isere_extents_append(writer, settings, record.settings_size);
    isere_free(port, settings);
    if (!error) {
        error = append_padding(writer, RECORD_ALIGNMENT);
    }
    if (!error) {
        error = isere_extents_append(writer, &record, sizeof(record));
    }
    return error ? error : isere_extents_end(writer);
}

/* The deployment runs from there in any case. What can't be completed is not
 * found at the next start, which compiles then. */
void isere__flashed_stage(const isere_port_t *port, isere_deployment_t *d,
                          isere_extent_writer_t *writer)
{
    int error = ISERE_ERR_LIMIT;
    if (d->blank) {
        return;
    }
    if (d->flash.has_code) {
        isere_extents_hold(writer->extent);
        d->flash.code = writer->extent;
        error = complete(port, d, writer);
    }
    if (error) {
        log_line(port, d, ISERE_LOG_WARN,
                 d->flash.has_code ? "its code in flash is for this start only"
                                   : "its code stays in memory, not in flash",
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
    /* The base, and the image of the built-in function, go with the build. The
     * index is of no function, too. */
    if (!name[0] || (version && strncmp(version, "$LATEST", 7) == 0)) {
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

/* Functions that were removed since leave room for it. */
static bool may_try(isere_registry_t *registry, const isere_deployment_t *d)
{
    return !d->flash.tried ||
           (d->flash.room > 0 &&
            isere_extents_room(registry->extents) >= d->flash.room);
}

static int make(isere_registry_t *registry, const isere_port_t *port,
                isere_deployment_t *d, isere_fault_t *fault)
{
    d->flash.tried = true;
    d->flash.room = 0;
    int error = isere_flash_image_make(registry->extents, port, d->function,
                                       &d->flash.image, fault);
    atomic_fetch_add(&registry->images_made, error == 0);
    switch (error) {
    case ISERE_ERR_NOMEM:
        d->flash.tried = false; /* there may be more of it later */
        return error;
    case 0:
    case ISERE_ERR_HANDLER:
    case ISERE_ERR_CRASH:
        return error;
    case ISERE_ERR_LIMIT:
        d->flash.room = isere_extents_room(registry->extents) + 1;
        isere_fault_set(fault, "there is no room for it");
        break;
    case ISERE_ERR_INVAL:
        break;
    default:
        isere_fault_set(fault, isere_strerror(error));
        break;
    }
    log_line(port, d, ISERE_LOG_WARN, "no image of its heap in flash",
             fault->message);
    return ISERE_ERR_INVAL;
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
    if (!find(registry, port, d) && may_try(registry, d)) {
        (void)make(registry, port, d, fault);
        memset(fault, 0, sizeof(*fault));
    }
    return d->flash.image.extent ? &d->flash.image : NULL;
}
