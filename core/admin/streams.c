/*
 * Metrics and log lines as streams: each piece is generated when the previous
 * one has been sent.
 *
 * They may be much longer than a send buffer, and one of them never ends. So
 * each piece is made when there is room for it, and all that is kept in
 * between is a position.
 */
#include "core/admin/streams.h"
#include "core/admin/metrics.h"
#include "core/admin/reply.h"
#include "core/deploy/files.h"
#include "core/util/text.h"

/* ---- metrics ---- */

/* It holds the catalog of the moment it began, so the functions it goes
 * through stay as they are, whatever is deployed meanwhile. */
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

/* Those that are not broken, by name: the built-in one comes first, as "$" is
 * before every character of a name. Usually none is broken, and the index is
 * the entry's. */
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
        .memory_bytes = isere_deployment_memory(d),
    };
}

/* What is counted of the process, at this moment. */
static isere_metrics_t of_process(const isere_admin_side_t *side,
                                  metrics_stream_t *self)
{
    isere_server_state_t state;
    isere_registry_counts_t counts;
    isere_server_get_state(side->server, &state);
    isere_registry_get_counts(side->admin->registry, &counts);
    return (isere_metrics_t){
        .version = isere_version(),
        .uptime_us =
            state.now_us - isere_registry_started_us(side->admin->registry),
        .connections = state.connections,
        .functions = self->catalog->count,
        .buffer_bytes = state.buffer_bytes,
        .buffer_limit = state.buffer_limit,
        .buffer_refusals = state.buffer_refusals,
        .log_lines = counts.log_lines,
        .log_lines_lost = counts.log_lines_lost,
        .deploys_ok = counts.deploys_ok,
        .deploys_failed = counts.deploys_failed,
        .images_made = counts.images_made,
        .restarts = counts.restarts,
        .ctx = self,
        .function = metrics_function,
    };
}

void isere__streams_metrics(const isere_admin_side_t *side,
                            isere_connection_t *c)
{
    const isere_port_t *port = isere_server_port(side->server);
    metrics_stream_t *self = isere_alloc(port, sizeof(*self));
    if (!self) {
        isere__reply_no_memory(c);
        return;
    }
    memset(self, 0, sizeof(*self));
    self->stream =
        (isere_stream_t){.read = metrics_read, .close = metrics_close};
    self->port = port;
    self->catalog = isere_registry_catalog(side->admin->registry);
    self->metrics = of_process(side, self);
    for (size_t i = 0; i <= self->catalog->count; i++) {
        self->metrics.count += self->catalog->entries[i].deployment != NULL;
    }
    self->any_broken = self->metrics.count <
                       self->catalog->count + self->catalog->has_built_in;
    isere_reply_fields_t fields =
        isere__reply_fields("text/plain; version=0.0.4; charset=utf-8");
    isere_answer_stream(c, 200, fields.list, fields.count, &self->stream, -1);
}

/* ---- logs ---- */

typedef struct logs_stream {
    isere_stream_t stream;
    isere_admin_side_t *side;
    isere_logs_reader_t reader;
    bool follow;
} logs_stream_t;

/* Without `follow` the answer ends with the last line there is. A stop ends
 * both: a server must not wait for a client that reads for ever. */
static int logs_read(isere_stream_t *stream, char *buf, size_t size)
{
    logs_stream_t *self = (logs_stream_t *)stream;
    isere_writer_t text = isere_writer_begin(buf, size);
    isere_registry_read_log(self->side->admin->registry, &self->reader, &text);
    if (text.len > 0) {
        return (int)text.len;
    }
    return self->follow && !isere_server_is_stopping(self->side->server)
               ? ISERE_ERR_AGAIN
               : ISERE_ERR_CLOSED;
}

/* Both counters: the registry's makes log lines wake the servers, this
 * server's makes its turns look for lines. */
static void count_follower(isere_admin_side_t *side, int change)
{
    side->log_streams += (unsigned)change;
    isere_registry_follow_log(side->admin->registry, change);
}

static void logs_close(isere_stream_t *stream)
{
    logs_stream_t *self = (logs_stream_t *)stream;
    if (self->follow) {
        count_follower(self->side, -1);
    }
    isere_free(isere_server_port(self->side->server), self);
}

void isere__streams_logs(isere_admin_side_t *side, isere_connection_t *c,
                         const isere_call_t *call)
{
    logs_stream_t *self =
        isere_alloc(isere_server_port(side->server), sizeof(*self));
    if (!self) {
        isere__reply_no_memory(c);
        return;
    }
    memset(self, 0, sizeof(*self));
    self->stream = (isere_stream_t){.read = logs_read, .close = logs_close};
    self->side = side;
    self->follow = call->follow;
    self->reader.level = call->level;
    isere_text_copy(self->reader.function, sizeof(self->reader.function),
                    isere_slice(call->name));
    if (self->follow) {
        count_follower(side, 1);
    }
    isere_reply_fields_t fields = isere__reply_fields("application/x-ndjson");
    isere_answer_stream(c, 200, fields.list, fields.count, &self->stream, -1);
}

/* Once in a turn, however many lines there are: each stream then reads as far
 * as it can. */
void isere__streams_turn(isere_admin_side_t *side)
{
    unsigned long seq = isere_registry_log_seq(side->admin->registry);
    if (seq != side->log_seq) {
        isere_request_wake_streams(side->server);
    }
    side->log_seq = seq;
}

/* ---- files ---- */

typedef struct files_stream {
    isere_stream_t stream;
    const isere_port_t *port;
    isere_files_reader_t reader;
} files_stream_t;

static int files_read(isere_stream_t *stream, char *buf, size_t size)
{
    files_stream_t *self = (files_stream_t *)stream;
    return isere_deploy_read_files(&self->reader, buf, size);
}

static void files_close(isere_stream_t *stream)
{
    files_stream_t *self = (files_stream_t *)stream;
    isere_free(self->port, self);
}

static void refuse_files(isere_connection_t *c, int error)
{
    if (error == ISERE_ERR_NOENT) {
        isere__reply_refuse(c, 404, "there is no function of that name");
    } else if (error == ISERE_ERR_NOMEM) {
        isere__reply_no_memory(c);
    } else {
        isere__reply_refuse(c, 500,
                            error == ISERE_ERR_INVAL
                                ? "the function's stored data is damaged"
                                : "the store can't be read or written");
    }
}

void isere__streams_files(const isere_admin_side_t *side, isere_connection_t *c,
                          const isere_call_t *call)
{
    const isere_port_t *port = isere_server_port(side->server);
    files_stream_t *self = isere_alloc(port, sizeof(*self));
    int error = ISERE_ERR_NOMEM;
    if (self) {
        *self = (files_stream_t){
            .stream = {.read = files_read, .close = files_close}, .port = port};
        error = isere_deploy_open_files(&self->reader, side->admin->registry,
                                        call->name);
    }
    if (error) {
        isere_free(port, self);
        refuse_files(c, error);
        return;
    }
    isere_reply_fields_t fields = isere__reply_fields("application/json");
    isere_answer_stream(c, 200, fields.list, fields.count, &self->stream,
                        (int64_t)self->reader.size);
}
