/* The registry: its life, its lock, and the log lines it keeps. */
#include "core/control/registry.h"
#include "core/http/chars.h"
#include "core/isolate/function.h"
#include "core/server/internal.h"
#include "core/util/crc32.h"

void isere_registry_config_init(isere_registry_config_t *config)
{
    memset(config, 0, sizeof(*config));
    isere_function_config_init(&config->defaults);
    config->memory_min = (size_t)256 * 1024;
    config->memory_max = config->defaults.memory_bytes;
    config->timeout_max_ms = 24u * 3600 * 1000;
    config->log_bytes = (size_t)64 * 1024;
    config->log_level = ISERE_LOG_INFO;
    config->faults = 3;
    config->fault_window_s = 60;
}

void isere_registry_lock(isere_registry_t *registry)
{
    if (registry->config.lock) {
        registry->config.lock(registry->config.ctx);
    }
}

void isere_registry_unlock(isere_registry_t *registry)
{
    if (registry->config.unlock) {
        registry->config.unlock(registry->config.ctx);
    }
}

/* ---- log lines ---- */

static void wake_servers(isere_registry_t *registry)
{
    isere_server_group_t *group = atomic_load(&registry->group);
    if (group) {
        isere__group_wake(group, NULL);
    }
}

static void tap(void *ctx, const isere_log_record_t *record)
{
    isere_registry_t *registry = ctx;
    if (record->level > registry->config.log_level) {
        return;
    }
    isere_registry_lock(registry);
    isere_logs_add(&registry->logs, record,
                   registry->port.wall_us(registry->port.ctx));
    atomic_store(&registry->log_seq, registry->logs.next_seq);
    if (atomic_load(&registry->followers) > 0) {
        wake_servers(registry);
    }
    isere_registry_unlock(registry);
}

void isere_registry_tap(isere_registry_t *registry, isere_port_t *port)
{
    port->tap = tap;
    port->tap_ctx = registry;
}

/* ---- catalogs change hands ---- */

isere_catalog_t *isere_registry_catalog(isere_registry_t *registry)
{
    isere_registry_lock(registry);
    isere_catalog_t *catalog = registry->catalog;
    atomic_fetch_add(&catalog->references, 1);
    isere_registry_unlock(registry);
    return catalog;
}

unsigned long isere__registry_publish(isere_registry_t *registry,
                                      isere_catalog_t *next)
{
    isere_registry_lock(registry);
    isere_catalog_t *old = registry->catalog;
    isere__faults_settle(registry, next);
    next->generation = old ? old->generation + 1 : 1;
    registry->catalog = next;
    atomic_store(&registry->generation, next->generation);
    wake_servers(registry);
    isere_registry_unlock(registry);
    isere_catalog_release(old);
    return next->generation;
}

size_t isere_registry_count(isere_registry_t *registry)
{
    isere_catalog_t *catalog = isere_registry_catalog(registry);
    size_t count = catalog->count;
    isere_catalog_release(catalog);
    return count;
}

/* ---- life ---- */

static bool is_token(const char *token)
{
    isere_slice_t text = isere_slice(token ? token : "");
    return text.len == ISERE_TOKEN_LEN && isere_http_all(text, ISERE_HTTP_HEX);
}

/* A function that is built in, in the shape of a deployment. Its name can't be
 * that of a deployed one. */
static int make_fallback(isere_registry_t *registry)
{
    static const char *const none[] = {NULL};
    isere_port_t *port = &registry->port;
    isere_deployment_t *d = isere_alloc(port, sizeof(*d));
    isere_stats_t *stats = isere_alloc(port, sizeof(*stats));
    if (!d || !stats) {
        isere_free(port, d);
        isere_free(port, stats);
        return ISERE_ERR_NOMEM;
    }
    memset(d, 0, sizeof(*d));
    memset(stats, 0, sizeof(*stats));
    atomic_init(&d->references, 1);
    atomic_init(&stats->references, 1);
    d->port = *port;
    memcpy(d->name, ISERE_BUILT_IN_NAME, sizeof(ISERE_BUILT_IN_NAME));
    /* Another one in its place is another version, as far as crashes go. */
    d->version = isere_crc32(0, registry->config.fallback->bundle.bytes,
                             registry->config.fallback->bundle.size);
    d->main = "";
    d->routes = none;
    d->env = none;
    d->stats = stats;
    isere__faults_count(registry, d->name, stats);
    /* Nobody destroys it through this: it is the program's. */
    d->function = (isere_function_t *)registry->config.fallback;
    registry->fallback = d;
    return 0;
}

static int init(isere_registry_t *registry, const isere_port_t *port,
                const isere_blobs_t *blobs)
{
    char *ring = isere_alloc(port, registry->config.log_bytes);
    if (!ring) {
        return ISERE_ERR_NOMEM;
    }
    isere_logs_init(&registry->logs, ring, registry->config.log_bytes);
    atomic_init(&registry->log_seq, registry->logs.next_seq);
    isere_port_t tapped = *port;
    isere_registry_tap(registry, &tapped);
    int error = registry->config.fallback ? make_fallback(registry) : 0;
    if (!error) {
        error = isere_store_open(&registry->store, &registry->port, blobs);
    }
    if (!error) {
        isere__faults_load(registry, &tapped);
        error = isere__catalog_load(registry, &tapped);
    }
    if (!error) {
        (void)isere__faults_save(registry,
                                 &tapped); /* else it stays as it is */
    }
    return error;
}

int isere_registry_create(const isere_port_t *port, const isere_blobs_t *blobs,
                          const isere_registry_config_t *config,
                          isere_registry_t **registry)
{
    if (!is_token(config->token) || config->log_bytes < 1024) {
        return ISERE_ERR_INVAL;
    }
    isere_registry_t *c = isere_alloc(port, sizeof(*c));
    if (!c) {
        return ISERE_ERR_NOMEM;
    }
    memset(c, 0, sizeof(*c));
    c->port = *port;
    c->config = *config;
    memcpy(c->token, config->token, ISERE_TOKEN_LEN);
    c->config.token = c->token;
    c->started_us = port->monotonic_us(port->ctx);
    isere_quarantine_init(&c->quarantine, &c->port, config->faults,
                          config->fault_window_s);
    int error = init(c, port, blobs);
    if (error) {
        isere_registry_destroy(c);
        return error;
    }
    *registry = c;
    return 0;
}

void isere_registry_destroy(isere_registry_t *registry)
{
    if (!registry) {
        return;
    }
    isere_port_t port = registry->port;
    if (registry->store.blobs) { /* what no job came to do */
        (void)isere__faults_save(registry, NULL);
    }
    isere_catalog_release(registry->catalog);
    isere_deployment_release(registry->fallback);
    isere_quarantine_deinit(&registry->quarantine);
    isere_free(&port, registry->logs.ring);
    memset(registry->token, 0, sizeof(registry->token));
    isere_free(&port, registry);
}
