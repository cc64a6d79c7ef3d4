/* The record of a deployment's compiled code: the same in memory of a
 * supervisor and in flash. */
#include "core/deploy/kept/kept_record.h"
#include "core/deploy/package/settings.h"
#include "core/util/encode/crc32.h"
#include "core/util/text.h"
#include <stddef.h>

/* The sum is the first field, and of all that follows it. */
uint32_t isere__kept_record_sum(const isere_kept_record_t *record,
                                const void *settings)
{
    const size_t from = offsetof(isere_kept_record_t, version);
    uint32_t sum =
        isere_crc32(0, (const char *)record + from, sizeof(*record) - from);
    return isere_crc32(sum, settings, record->settings_size);
}

/* All zero first: names are compared as whole arrays, and the sum covers the
 * padding. */
void isere__kept_record_begin(isere_kept_record_t *record, const char *name,
                              uint32_t version, const char *sha256)
{
    memset(record, 0, sizeof(*record));
    record->version = version;
    isere_text_copy(record->name, sizeof(record->name), isere_slice(name));
    memcpy(record->sha256, sha256, sizeof(record->sha256));
}

bool isere__kept_record_matches(const isere_kept_record_t *record,
                                const isere_kept_record_t *wanted)
{
    return record->version == wanted->version && record->bundle_size > 0 &&
           memcmp(record->name, wanted->name, sizeof(record->name)) == 0 &&
           memcmp(record->sha256, wanted->sha256, sizeof(record->sha256)) == 0;
}

/* The bundle is taken, also when it fails. The SHA-256 is the store's, not the
 * record's: they were compared. */
int isere__kept_record_restore(const isere_registry_t *registry,
                               const isere_port_t *port,
                               const isere_deployment_parts_t *wanted,
                               const uint8_t sha256[ISERE_SHA256_SIZE],
                               isere_slice_t settings,
                               isere_deployment_t **deployment,
                               isere_fault_t *fault)
{
    isere_deployment_parts_t parts = *wanted;
    isere_package_t *package;
    int error =
        isere_settings_decode(port, settings.ptr, settings.len, &package);
    if (error) {
        isere_deployment_drop_code(port, &parts);
        return error;
    }
    memcpy(package->sha256, sha256, sizeof(package->sha256));
    parts.package = package;
    parts.config = &registry->config.defaults;
    error = isere_deployment_create(port, &parts, deployment, fault);
    isere_package_drop(port, package);
    return error;
}

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts[count]) {
        count++;
    }
    return count;
}

void *isere__kept_record_make(const isere_port_t *port,
                              const isere_deployment_t *d,
                              isere_kept_record_t *record)
{
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
        .handler = config->handler,
        .cors = config->cors,
        .source = d->source,
    };
    size_t size = isere_settings_size(&s);
    uint8_t *settings = isere_alloc(port, size);
    if (settings) {
        isere_settings_encode(&s, settings);
        isere__kept_record_begin(record, d->name, d->version, d->sha256);
        record->settings_size = (uint32_t)size;
        record->bundle_size = (uint32_t)d->code_size;
        record->sum = isere__kept_record_sum(record, settings);
    }
    return settings;
}
