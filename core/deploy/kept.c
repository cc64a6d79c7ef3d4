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
#include "core/deploy/kept.h"
#include "core/deploy/package/settings.h"
#include "core/deploy/registry.h"
#include "core/isere_config.h"
#include "core/isolate/function.h"
#include "core/util/encode/crc32.h"
#include "core/util/text.h"
#include <limits.h>
#include <stddef.h>

/* What a blob begins with: settings and bundle follow. It is read by the
 * program that wrote it, on the same machine, so it has the machine's byte
 * order and padding. */
typedef struct kept_header {
    uint32_t sum; /* CRC-32 of the rest of it and of the settings; the bundle
                     has its own */
    uint32_t version;
    uint32_t settings_size;
    uint32_t bundle_size;
    char name[40];
    char sha256[64];
} kept_header_t;

/* NULL where no code is kept. ISERE_KEEP_CODE 0 takes all of this out of a
 * firmware. */
static const isere_blobs_t *place(const isere_registry_t *registry)
{
    return ISERE_KEEP_CODE ? registry->config.kept : NULL;
}

/* The sum is the first field, and of all that follows it. */
static uint32_t sum_of(const kept_header_t *header, const void *settings)
{
    const size_t from = offsetof(kept_header_t, version);
    uint32_t sum =
        isere_crc32(0, (const char *)header + from, sizeof(*header) - from);
    return isere_crc32(sum, settings, header->settings_size);
}

/* All zero first: names are compared as whole arrays, and the sum covers the
 * padding. */
static void begin_header(kept_header_t *header, const char *name,
                         uint32_t version, const char *sha256)
{
    memset(header, 0, sizeof(*header));
    header->version = version;
    isere_text_copy(header->name, sizeof(header->name), isere_slice(name));
    memcpy(header->sha256, sha256, sizeof(header->sha256));
}

/* ---- loading ---- */

/* Blobs may give less than was asked for. An end before `size` bytes is
 * damage: a write that was cut off. */
static int read_all(const isere_blobs_t *kept, const char *name, size_t offset,
                    void *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int n = kept->read(kept->ctx, name, offset + done,
                           (uint8_t *)out + done, size - done);
        if (n <= 0) {
            return n < 0 ? n : ISERE_ERR_INVAL;
        }
        done += (size_t)n;
    }
    return 0;
}

/* Reads what is of exactly this version and this package, and ends where it
 * says: then its sizes may be believed as far as memory goes. The byte before
 * the end is read, and the one behind it must not be there: blobs have no
 * length to ask for. */
static int read_header(const isere_blobs_t *kept, const kept_header_t *wanted,
                       kept_header_t *header)
{
    uint8_t byte;
    int error = read_all(kept, wanted->name, 0, header, sizeof(*header));
    if (error) {
        return error;
    }
    uint64_t size =
        sizeof(*header) + (uint64_t)header->settings_size + header->bundle_size;
    if (header->version != wanted->version || header->bundle_size == 0 ||
        memcmp(header->name, wanted->name, sizeof(header->name)) != 0 ||
        memcmp(header->sha256, wanted->sha256, sizeof(header->sha256)) != 0 ||
        size > INT_MAX) {
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
                      const kept_header_t *header, void **settings,
                      void **bundle)
{
    *bundle = NULL;
    *settings = isere_alloc(port, (size_t)header->settings_size + 1);
    if (!*settings) {
        return ISERE_ERR_NOMEM;
    }
    int error = read_all(kept, header->name, sizeof(*header), *settings,
                         header->settings_size);
    if (!error && sum_of(header, *settings) != header->sum) {
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

/* Makes it of both parts. The bundle is taken, also when it fails. The SHA-256
 * is the store's, not the blob's: they were compared. */
static int restore(const isere_registry_t *registry, const isere_port_t *port,
                   const isere_deployment_parts_t *wanted,
                   const uint8_t sha256[ISERE_SHA256_SIZE],
                   isere_slice_t settings, isere_deployment_t **deployment,
                   isere_fault_t *fault)
{
    isere_deployment_parts_t parts = *wanted;
    isere_package_t *package;
    int error =
        isere_settings_decode(port, settings.ptr, settings.len, &package);
    if (error) {
        isere_free(port, parts.code);
        return error;
    }
    memcpy(package->sha256, sha256, sizeof(package->sha256));
    parts.package = package;
    parts.config = &registry->config.defaults;
    error = isere_deployment_create(port, &parts, deployment, fault);
    isere_package_drop(port, package);
    return error;
}

int isere__kept_load(isere_registry_t *registry, const isere_port_t *port,
                     const isere_store_manifest_t *manifest,
                     isere_deployment_t **deployment, isere_fault_t *fault)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    char sha256[65];
    kept_header_t wanted, found = {0};
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
        begin_header(&wanted, manifest->name, manifest->current, sha256);
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
        error = restore(registry, port, &parts, sum,
                        isere_slice_of(settings, found.settings_size),
                        deployment, fault);
    }
    isere_free(port, settings);
    registry->kept_loaded += error == 0;
    return error;
}

/* ---- saving ---- */

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts[count]) {
        count++;
    }
    return count;
}

static void write_parts(const isere_blobs_t *kept, const isere_deployment_t *d,
                        const uint8_t *settings, size_t settings_size)
{
    kept_header_t header;
    begin_header(&header, d->name, d->version, d->sha256);
    header.settings_size = (uint32_t)settings_size;
    header.bundle_size = (uint32_t)d->code_size;
    header.sum = sum_of(&header, settings);
    const isere_slice_t parts[] = {
        isere_slice_of(&header, sizeof(header)),
        isere_slice_of(settings, settings_size),
        isere_slice_of(d->code, d->code_size),
    };
    (void)kept->write(kept->ctx, d->name, parts, 3);
}

/* Failures are not reported: the next start compiles then, and says how many
 * functions it did not have to compile. One that is blank has no code of its
 * author's; keeping it would bring it back after its quarantine ended. */
void isere__kept_save(isere_registry_t *registry, const isere_deployment_t *d)
{
    const isere_port_t *port = &registry->port;
    if (!place(registry) || d->blank || d->code_size > INT_MAX) {
        return;
    }
    const isere_function_config_t *config = &d->function->config;
    const isere_settings_t s = {
        .routes = d->routes,
        .nroutes = d->nroutes,
        .env = d->env,
        .nenv = count_texts(d->env),
        .sources = d->bytes,
        .memory = config->memory_bytes,
        .timeout_ms = config->timeout_ms,
        .payload = config->payload,
        .source = d->source,
    };
    size_t size = isere_settings_size(&s);
    uint8_t *settings = isere_alloc(port, size);
    if (settings) {
        isere_settings_encode(&s, settings);
        write_parts(place(registry), d, settings, size);
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
