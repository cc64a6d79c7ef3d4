/* Metrics and log lines: answers that are made while they are sent. */
#include "core/control/metrics.h"
#include "core/server/plane_internal.h"
#include "core/util/text.h"

/* ---- metrics ---- */

typedef struct metrics_stream {
    isere_stream_t stream;
    const isere_port_t *port;
    isere_catalog_t *catalog;
    bool any_broken;
    isere_metrics_t metrics;
    isere_metrics_position_t position;
} metrics_stream_t;

static int metrics_read(isere_stream_t *stream, char *buf, size_t size)
{
    metrics_stream_t *self = (metrics_stream_t *)stream;
    isere_writer_t text = isere_writer_begin(buf, size);
    isere_metrics_write(&self->metrics, &self->position, &text);
    return text.len > 0 ? (int)text.len : ISERE_ERR_CLOSED;
}

static void metrics_close(isere_stream_t *stream)
{
    metrics_stream_t *self = (metrics_stream_t *)stream;
    isere_catalog_release(self->catalog);
    isere_free(self->port, self);
}

/* Those that are not broken, by name: that of the built-in one comes first. */
static isere_metrics_function_t metrics_function(void *ctx, size_t index)
{
    const metrics_stream_t *self = ctx;
    const isere_catalog_t *catalog = self->catalog;
    const isere_catalog_entry_t *entry = &catalog->entries[catalog->count];
    if (!catalog->has_built_in || index-- > 0) {
        entry = &catalog->entries[self->any_broken ? 0 : index];
        while (self->any_broken && (!entry->deployment || index > 0)) {
            index -= entry->deployment != NULL;
            entry++;
        }
    }
    const isere_deployment_t *d = entry->deployment;
    return (isere_metrics_function_t){
        .name = d->name,
        .stats = d->stats,
        .memory_bytes = d->function->config.memory_bytes,
    };
}

void isere__plane_start_metrics(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_registry_t *registry = server->serving.registry;
    const isere_port_t *port = server->port;
    metrics_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere__plane_no_memory(c);
        return;
    }
    isere_registry_lock(registry);
    uint64_t lines = registry->logs.next_seq - 1, lost = registry->logs.lost;
    isere_registry_unlock(registry);
    memset(self, 0, sizeof(*self));
    self->stream = (isere_stream_t){metrics_read, metrics_close};
    self->port = port;
    self->catalog = isere_registry_catalog(registry);
    self->metrics = (isere_metrics_t){
        .version = isere_version(),
        .uptime_us = isere__plane_uptime_us(server),
        .connections = atomic_load(&server->group->connections),
        .functions = (unsigned)self->catalog->count,
        .buffer_bytes = atomic_load(&server->group->buffered),
        .buffer_limit = server->group->limits.max_buffer,
        .buffer_refusals = atomic_load(&server->group->buffer_refusals),
        .log_lines = lines,
        .log_lines_lost = lost,
        .deploys_ok = atomic_load(&registry->deploys_ok),
        .deploys_failed = atomic_load(&registry->deploys_failed),
        .restarts = registry->config.restarts,
        .ctx = self,
        .function = metrics_function,
    };
    for (size_t i = 0; i <= self->catalog->count; i++) {
        self->metrics.count += self->catalog->entries[i].deployment != NULL;
    }
    self->any_broken = self->metrics.count <
                       self->catalog->count + self->catalog->has_built_in;
    isere_plane_fields_t fields =
        isere__plane_fields("text/plain; version=0.0.4; charset=utf-8");
    isere_answer_stream(c, 200, fields.list, fields.count, &self->stream, -1);
}

/* ---- logs ---- */

typedef struct logs_stream {
    isere_stream_t stream;
    isere_server_t *server;
    isere_logs_reader_t reader;
    bool follow;
} logs_stream_t;

static int logs_read(isere_stream_t *stream, char *buf, size_t size)
{
    logs_stream_t *self = (logs_stream_t *)stream;
    isere_registry_t *registry = self->server->serving.registry;
    isere_writer_t text = isere_writer_begin(buf, size);
    isere_registry_lock(registry);
    isere_logs_read(&registry->logs, &self->reader, &text);
    isere_registry_unlock(registry);
    if (text.len > 0) {
        return (int)text.len;
    }
    return self->follow && !self->server->stop.begun ? ISERE_ERR_AGAIN
                                                     : ISERE_ERR_CLOSED;
}

static void logs_close(isere_stream_t *stream)
{
    logs_stream_t *self = (logs_stream_t *)stream;
    const isere_port_t *port = self->server->port;
    isere_registry_t *registry = self->server->serving.registry;
    if (self->follow) {
        atomic_fetch_sub(&registry->followers, 1);
    }
    isere_free(port, self);
}

void isere__plane_start_logs(isere_connection_t *c, const isere_call_t *call)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    logs_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere__plane_no_memory(c);
        return;
    }
    memset(self, 0, sizeof(*self));
    self->stream = (isere_stream_t){logs_read, logs_close};
    self->server = server;
    self->follow = call->follow;
    self->reader.level = call->level;
    isere_text_copy(self->reader.function, sizeof(self->reader.function),
                    isere_slice(call->name));
    if (self->follow) {
        atomic_fetch_add(&server->serving.registry->followers, 1);
    }
    isere_plane_fields_t fields = isere__plane_fields("application/x-ndjson");
    isere_answer_stream(c, 200, fields.list, fields.count, &self->stream, -1);
}
