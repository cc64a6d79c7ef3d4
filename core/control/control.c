/* The control object: its life, its lock, and the log lines it keeps. */
#include "core/control/control.h"
#include "core/http/chars.h"
#include "core/js/function.h"
#include "core/server/internal.h"
#include "core/util/crc32.h"

void isere_control_config_init(isere_control_config_t *config)
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

void isere__control_lock(isere_control_t *control)
{
    if (control->config.lock) {
        control->config.lock(control->config.ctx);
    }
}

void isere__control_unlock(isere_control_t *control)
{
    if (control->config.unlock) {
        control->config.unlock(control->config.ctx);
    }
}

/* ---- log lines ---- */

static void wake_servers(isere_control_t *control)
{
    isere_server_group_t *group = atomic_load(&control->group);
    if (group) {
        isere__group_wake(group, NULL);
    }
}

static void tap(void *ctx, const isere_log_record_t *record)
{
    isere_control_t *control = ctx;
    if (record->level > control->config.log_level) {
        return;
    }
    isere__control_lock(control);
    isere_logs_add(&control->logs, record,
                   control->port.wall_us(control->port.ctx));
    atomic_store(&control->log_seq, control->logs.next_seq);
    if (atomic_load(&control->followers) > 0) {
        wake_servers(control);
    }
    isere__control_unlock(control);
}

void isere__control_tap(isere_control_t *control, isere_port_t *port)
{
    port->tap = tap;
    port->tap_ctx = control;
}

/* ---- catalogs change hands ---- */

isere_catalog_t *isere__control_catalog(isere_control_t *control)
{
    isere__control_lock(control);
    isere_catalog_t *catalog = control->catalog;
    atomic_fetch_add(&catalog->references, 1);
    isere__control_unlock(control);
    return catalog;
}

unsigned long isere__control_publish(isere_control_t *control,
                                     isere_catalog_t *next)
{
    isere__control_lock(control);
    isere_catalog_t *old = control->catalog;
    isere__faults_settle(control, next);
    next->generation = old ? old->generation + 1 : 1;
    control->catalog = next;
    atomic_store(&control->generation, next->generation);
    wake_servers(control);
    isere__control_unlock(control);
    isere_catalog_release(old);
    return next->generation;
}

size_t isere_control_count(isere_control_t *control)
{
    isere_catalog_t *catalog = isere__control_catalog(control);
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
static int make_fallback(isere_control_t *control)
{
    static const char *const none[] = {NULL};
    isere_port_t *port = &control->port;
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
    d->version = isere_crc32(0, control->config.fallback->bundle.bytes,
                             control->config.fallback->bundle.size);
    d->main = "";
    d->routes = none;
    d->env = none;
    d->stats = stats;
    isere__faults_count(control, d->name, stats);
    /* Nobody destroys it through this: it is the program's. */
    d->function = (isere_function_t *)control->config.fallback;
    control->fallback = d;
    return 0;
}

static int init(isere_control_t *control, const isere_port_t *port,
                const isere_blobs_t *blobs)
{
    char *ring = isere_alloc(port, control->config.log_bytes);
    if (!ring) {
        return ISERE_ERR_NOMEM;
    }
    isere_logs_init(&control->logs, ring, control->config.log_bytes);
    atomic_init(&control->log_seq, control->logs.next_seq);
    isere_port_t tapped = *port;
    isere__control_tap(control, &tapped);
    int error = control->config.fallback ? make_fallback(control) : 0;
    if (!error) {
        error = isere_store_open(&control->store, &control->port, blobs);
    }
    if (!error) {
        isere__faults_load(control, &tapped);
        error = isere__control_load(control, &tapped);
    }
    if (!error) {
        (void)isere__faults_save(control, &tapped); /* else it stays as it is */
    }
    return error;
}

int isere_control_create(const isere_port_t *port, const isere_blobs_t *blobs,
                         const isere_control_config_t *config,
                         isere_control_t **control)
{
    if (!is_token(config->token) || config->log_bytes < 1024) {
        return ISERE_ERR_INVAL;
    }
    isere_control_t *c = isere_alloc(port, sizeof(*c));
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
        isere_control_destroy(c);
        return error;
    }
    *control = c;
    return 0;
}

void isere_control_destroy(isere_control_t *control)
{
    if (!control) {
        return;
    }
    isere_port_t port = control->port;
    if (control->store.blobs) { /* what no job came to do */
        (void)isere__faults_save(control, NULL);
    }
    isere_catalog_release(control->catalog);
    isere_deployment_release(control->fallback);
    isere_quarantine_deinit(&control->quarantine);
    isere_free(&port, control->logs.ring);
    memset(control->token, 0, sizeof(control->token));
    isere_free(&port, control);
}
