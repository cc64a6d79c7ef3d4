/* Code that was kept, over any bytes: what is taken of it is a deployment with
 * settings that a package may have, and settings that are read are written the
 * same. The first byte says whether the header is mended, as whoever wrote it
 * by mistake would have it: one place for each number. No bytecode is run. */
#include "core/deploy/kept/kept.h"
#include "core/deploy/package/settings.h"
#include "core/deploy/registry.h"
#include "core/isolate/function.h"
#include "core/util/encode/crc32.h"
#include "tests/unit/support/server/sim_blobs.h"
#include "tests/unit/support/server/store_change.h"
#include "tests/unit/support/test_port.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 16 + 40 + 64, SETTINGS = 32 };

static const char package[] = "{}";
static sim_blobs_t medium, kept;
static isere_registry_t registry;

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

/* ---- settings ---- */

static void check_texts(const char *const *texts, size_t count, char needed)
{
    for (size_t i = 0; i < count; i++) {
        check(strchr(texts[i], needed) != NULL);
    }
}

static void check_again(const isere_package_t *d, const uint8_t *bytes,
                        size_t size)
{
    const isere_settings_t s = {
        .routes = d->routes,
        .nroutes = d->nroutes,
        .env = d->env,
        .nenv = d->nenv,
        .sources = d->bytes,
        .memory = d->memory,
        .timeout_ms = d->timeout_ms,
        .payload = d->payload,
        .handler = d->calls.handler.ptr,
        .cors = d->calls.cors,
        .source = d->source.len > 0 ? d->source.ptr : "",
    };
    uint8_t *again = malloc(size);
    check(again && isere_settings_size(&s) == size);
    isere_settings_encode(&s, again);
    check(memcmp(again, bytes, size) == 0);
    free(again);
}

static void check_settings(const uint8_t *bytes, size_t size)
{
    const isere_port_t *port = isere_test_port();
    isere_package_t *d;
    if (isere_settings_decode(port, bytes, size, &d) == 0) {
        check(d->nroutes <= ISERE_PACKAGE_ROUTES_MAX);
        check(d->nenv <= ISERE_PACKAGE_ENV_MAX);
        check_texts(d->env, d->nenv, '=');
        check_again(d, bytes, size);
        isere_package_drop(port, d);
    }
}

/* ---- a blob ---- */

static void put32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

/* Everything but what `how` leaves as it is. `bytes` has a header. */
static void mend(uint8_t *bytes, size_t size, unsigned how)
{
    size_t rest = size - HEADER;
    size_t settings = rest > SETTINGS ? SETTINGS + bytes[8] % 64 : 0;
    uint8_t sum[ISERE_SHA256_SIZE];
    char sha256[65];
    settings = settings < rest ? settings : rest / 2;
    if (how & 2) {
        put32(bytes + 4, 1);
        memset(bytes + 16, 0, 40);
        bytes[16] = 'f';
        isere_sha256_of(package, strlen(package), sum);
        isere_sha256_hex(sum, sha256);
        memcpy(bytes + 56, sha256, 64);
    }
    if (how & 4) {
        put32(bytes + 8, (uint32_t)settings);
        put32(bytes + 12, (uint32_t)(rest - settings));
        put32(bytes, isere_crc32(isere_crc32(0, bytes + 4, HEADER - 4),
                                 bytes + HEADER, settings));
    }
}

static void begin(void)
{
    isere_store_manifest_t manifest;
    memset(&registry, 0, sizeof(registry));
    registry.port = *isere_test_port();
    isere_registry_config_init(&registry.config);
    sim_blobs_init(&medium);
    sim_blobs_init(&kept);
    registry.config.kept = &kept.table;
    check(store_open(&registry.store, &registry.port, &medium.table) == 0);
    check(store_put(&registry.store, "f", package, &manifest) == 0);
}

/* What it says is what a package may say. */
static void check_deployment(const isere_deployment_t *d)
{
    check(strcmp(d->name, "f") == 0 && d->version == 1 && !d->blank);
    check(strlen(d->sha256) == 64);
    check(d->nroutes > 0 && d->routes[d->nroutes] == NULL);
    for (size_t i = 0; d->env[i]; i++) {
        check(strchr(d->env[i], '=') != NULL);
    }
    check(d->function->config.payload <= ISERE_PAYLOAD_2_0);
}

static void check_blob(const uint8_t *data, size_t size, unsigned how)
{
    const isere_store_manifest_t manifest = {
        .name = "f", .current = 1, .last = 1};
    isere_deployment_t *d = NULL;
    isere_fault_t fault;
    begin();
    sim_blobs_put(&kept, "f", data, size);
    if (size > HEADER) {
        mend(sim_blobs_find(&kept, "f")->bytes, size, how);
    }
    int error =
        isere__kept_load(&registry, &registry.port, &manifest, &d, &fault);
    check((error == 0) == (d != NULL));
    if (d) {
        check_deployment(d);
        isere_deployment_release(d);
    }
    sim_blobs_clear(&kept);
    sim_blobs_clear(&medium);
    check(isere_test_state()->live_blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_test_port_reset();
    if (size > 0) {
        check_settings(data + 1, size - 1);
        check_blob(data + 1, size - 1, data[0]);
    }
    return 0;
}
