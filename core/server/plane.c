/*
 * Calls of the control plane in a server: what can be answered at once is, logs
 * and metrics are streams, what changes the store is a job for whoever does
 * such work, and a direct invocation goes the way of every request.
 *
 * A job belongs to its server until that one is gone. Its answer waits until
 * all servers have taken over what it changed: so whoever was answered finds
 * it.
 */
#include "core/control/metrics.h"
#include "core/server/internal.h"
#include "core/util/ascii.h"
#include "core/util/json_check.h"
#include "core/util/text.h"
#include "core/util/utf8.h"

struct isere_job {
    isere_job_t *next;
    isere_server_t *server;         /* under the control's lock; NULL: gone */
    isere_connection_t *connection; /* NULL: it was closed */
    atomic_bool done;
    char *body; /* a copy, where another thread works with it */
    isere_work_t work;
};

/* ---- fields ---- */

#define FIELDS_MAX 8

typedef struct fields {
    isere_field_t list[FIELDS_MAX];
    size_t count;
} fields_t;

static void add_field(fields_t *fields, const char *name, const char *value)
{
    fields->list[fields->count].name = isere_slice(name);
    fields->list[fields->count++].value = isere_slice(value);
}

/* Of all answers: never stored, never taken for something else. */
static fields_t begin_fields(const char *type)
{
    fields_t fields = {.count = 0};
    add_field(&fields, "Content-Type", type);
    add_field(&fields, "Cache-Control", "no-store");
    add_field(&fields, "X-Content-Type-Options", "nosniff");
    return fields;
}

/* ---- answers that are there at once ---- */

static void answer_text(isere_connection_t *c, int status,
                        const fields_t *fields, isere_slice_t text)
{
    bool answered =
        isere__answer_text(c, status, fields->list, fields->count, text);
    isere__exchange_finish(c, answered);
}

static void refuse(isere_connection_t *c, const isere_call_t *call)
{
    char text[160];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    fields_t fields = begin_fields("application/json");
    if (call->status == 308) {
        add_field(&fields, "Location", "/_isere/");
    } else if (call->status == 401) {
        add_field(&fields, "WWW-Authenticate", "Bearer");
    } else if (call->status == 503) {
        add_field(&fields, "Retry-After", "1");
    } else if (call->allow) {
        add_field(&fields, "Allow", call->allow);
    }
    isere_writer_puts(&json, "{\"message\":");
    isere_writer_json(&json, isere_slice(call->message));
    isere_writer_puts(&json, "}");
    answer_text(c, call->status, &fields, isere_slice_of(text, json.len));
}

static void refuse_with(isere_connection_t *c, int status, const char *message)
{
    isere_call_t call = {.status = status, .message = message};
    refuse(c, &call);
}

static void no_memory(isere_connection_t *c)
{
    refuse_with(c, 503, "not enough memory at the moment: try again");
}

static uint64_t uptime_us(const isere_server_t *server)
{
    return server->now_us - server->platform.control->started_us;
}

static void answer_health(isere_connection_t *c)
{
    char text[128];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    const isere_server_t *server = c->server;
    bool stops = server->stopping || atomic_load(&server->stop_requested);
    unsigned long tenths = (unsigned long)(uptime_us(server) / 100000);
    fields_t fields = begin_fields("application/json");
    isere_writer_puts(&json, stops ? "{\"status\":\"draining\""
                                   : "{\"status\":\"ok\"");
    isere_writer_puts(&json, ",\"version\":");
    isere_writer_json(&json, isere_slice(isere_version()));
    isere_writer_printf(&json, ",\"uptime\":%lu.%lu}", tenths / 10,
                        tenths % 10);
    answer_text(c, stops ? 503 : 200, &fields, isere_slice_of(text, json.len));
}

static void answer_page(isere_connection_t *c)
{
    isere_slice_t tag =
        isere_http_field(&c->exchange->request, "if-none-match");
    fields_t fields = {.count = 0};
    add_field(&fields, "Cache-Control", "no-cache");
    fields.list[fields.count].name = isere_slice("ETag");
    fields.list[fields.count++].value = isere_page.tag;
    if (tag.len == isere_page.tag.len &&
        memcmp(tag.ptr, isere_page.tag.ptr, tag.len) == 0) {
        answer_text(c, 304, &fields, isere_slice(""));
        return;
    }
    add_field(&fields, "Content-Type", "text/html; charset=utf-8");
    add_field(&fields, "Content-Encoding", "gzip");
    add_field(&fields, "X-Content-Type-Options", "nosniff");
    add_field(&fields, "Referrer-Policy", "no-referrer");
    add_field(&fields, "Cross-Origin-Opener-Policy", "same-origin");
    fields.list[fields.count].name = isere_slice("Content-Security-Policy");
    fields.list[fields.count++].value = isere_page.policy;
    isere__stream_bytes(c, 200, fields.list, fields.count, isere_page.bytes,
                        NULL);
}

/* ---- functions ---- */

static void answer_owned(isere_connection_t *c, int status, char *text,
                         size_t size)
{
    fields_t fields = begin_fields("application/json");
    if (status == 503) {
        add_field(&fields, "Retry-After", "1");
    }
    isere__stream_bytes(c, status, fields.list, fields.count,
                        isere_slice_of(text, size), text);
}

static void put_list(isere_writer_t *text, const void *arg)
{
    const isere_catalog_t *catalog = arg;
    isere_writer_puts(text, "{\"functions\":[");
    for (size_t i = 0; i < catalog->count && !text->full; i++) {
        isere_writer_puts(text, i > 0 ? "," : "");
        isere__control_put_entry(text, &catalog->entries[i]);
    }
    isere_writer_puts(text, "]}");
}

static void put_entry(isere_writer_t *text, const void *arg)
{
    isere__control_put_entry(text, arg);
}

static void answer_built(isere_connection_t *c,
                         void (*put)(isere_writer_t *text, const void *arg),
                         const void *arg)
{
    size_t size;
    char *text = isere__control_text(c->server->port, put, arg, &size);
    if (text) {
        answer_owned(c, 200, text, size);
    } else {
        no_memory(c);
    }
}

static void describe(isere_connection_t *c, const isere_call_t *call)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(c->server->platform.catalog, call->name);
    if (entry) {
        answer_built(c, put_entry, entry);
    } else {
        refuse_with(c, 404, "there is no function of that name");
    }
}

/* ---- metrics ---- */

typedef struct metrics_stream {
    isere_stream_t stream;
    const isere_port_t *port;
    isere_catalog_t *catalog;
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
    self->port->resize(self->port->ctx, self, 0);
}

/* Those that are not broken, by name: that of the built-in one comes first. */
static isere_metrics_function_t metrics_function(void *ctx, size_t index)
{
    const isere_catalog_t *catalog = ((metrics_stream_t *)ctx)->catalog;
    const isere_catalog_entry_t *entry = &catalog->entries[catalog->count];
    if (!catalog->has_fallback || index-- > 0) {
        entry = catalog->entries;
        while (!entry->deployment || index > 0) {
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

static void start_metrics(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_control_t *control = server->platform.control;
    const isere_port_t *port = server->port;
    metrics_stream_t *self = port->resize(port->ctx, NULL, sizeof(*self));
    if (!self) {
        no_memory(c);
        return;
    }
    isere__control_lock(control);
    uint64_t lines = control->logs.next_seq - 1, lost = control->logs.lost;
    isere__control_unlock(control);
    memset(self, 0, sizeof(*self));
    self->stream = (isere_stream_t){metrics_read, metrics_close};
    self->port = port;
    self->catalog = isere__control_catalog(control);
    self->metrics = (isere_metrics_t){
        .version = isere_version(),
        .uptime_us = uptime_us(server),
        .connections = atomic_load(&server->group->connections),
        .functions = (unsigned)self->catalog->count,
        .log_lines = lines,
        .log_lines_lost = lost,
        .deploys_ok = atomic_load(&control->deploys_ok),
        .deploys_failed = atomic_load(&control->deploys_failed),
        .ctx = self,
        .function = metrics_function,
    };
    for (size_t i = 0; i <= self->catalog->count; i++) {
        self->metrics.count += self->catalog->entries[i].deployment != NULL;
    }
    fields_t fields = begin_fields("text/plain; version=0.0.4; charset=utf-8");
    isere__stream_start(c, 200, fields.list, fields.count, &self->stream, -1);
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
    isere_control_t *control = self->server->platform.control;
    isere_writer_t text = isere_writer_begin(buf, size);
    isere__control_lock(control);
    isere_logs_read(&control->logs, &self->reader, &text);
    isere__control_unlock(control);
    if (text.len > 0) {
        return (int)text.len;
    }
    return self->follow && !self->server->stopping ? ISERE_ERR_AGAIN
                                                   : ISERE_ERR_CLOSED;
}

static void logs_close(isere_stream_t *stream)
{
    logs_stream_t *self = (logs_stream_t *)stream;
    const isere_port_t *port = self->server->port;
    isere_control_t *control = self->server->platform.control;
    if (self->follow) {
        atomic_fetch_sub(&control->followers, 1);
    }
    port->resize(port->ctx, self, 0);
}

static void start_logs(isere_connection_t *c, const isere_call_t *call)
{
    isere_server_t *server = c->server;
    const isere_port_t *port = server->port;
    logs_stream_t *self = port->resize(port->ctx, NULL, sizeof(*self));
    if (!self) {
        no_memory(c);
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
        atomic_fetch_add(&server->platform.control->followers, 1);
    }
    fields_t fields = begin_fields("application/x-ndjson");
    isere__stream_start(c, 200, fields.list, fields.count, &self->stream, -1);
}

/* ---- direct invocations ---- */

/* A copy of the body, ended by NUL, is the event; without one an empty object
 * stands for a GET of /. */
static char *copy_event(const isere_connection_t *c)
{
    const isere_port_t *port = c->server->port;
    const isere_http_request_t *request = &c->exchange->request;
    isere_slice_t body = isere_http_slice(request, request->body);
    if (body.len == 0) {
        body = isere_slice("{}");
    }
    char *event = port->resize(port->ctx, NULL, body.len + 1);
    if (event) {
        memcpy(event, body.ptr, body.len);
        event[body.len] = 0;
    }
    return event;
}

/* Whether the body can be an event: the engine wants valid UTF-8, and a NUL in
 * it must not hide what follows. An empty one was replaced. */
static bool check_event(const isere_connection_t *c, isere_json_error_t *wrong)
{
    const isere_http_request_t *request = &c->exchange->request;
    isere_slice_t body = isere_http_slice(request, request->body);
    if (body.len == 0) {
        return true;
    }
    if (!isere_utf8_valid(body.ptr, body.len)) {
        *wrong = (isere_json_error_t){.message = "it is not UTF-8"};
        return false;
    }
    return isere_json_check_object(body, wrong);
}

static void refuse_event(isere_connection_t *c, const isere_json_error_t *wrong)
{
    char message[128];
    isere_writer_t text = isere_writer_begin(message, sizeof(message) - 1);
    isere_writer_puts(&text, "the event is no JSON object: ");
    if (wrong->line > 0) {
        isere_writer_printf(&text, "%d:%d: ", wrong->line, wrong->column);
    }
    isere_writer_puts(&text, wrong->message);
    message[text.len] = 0;
    refuse_with(c, 400, message);
}

static void start_invoke(isere_connection_t *c, const isere_call_t *call)
{
    isere_json_error_t wrong;
    int status;
    isere_pool_t *pool = isere__platform_pool(c->server, call->name, &status);
    if (!pool && status == 404) {
        refuse_with(c, 404, "there is no function of that name that serves");
        return;
    }
    if (!check_event(c, &wrong)) {
        refuse_event(c, &wrong);
        return;
    }
    char *event = pool ? copy_event(c) : NULL;
    if (!event) {
        no_memory(c);
        return;
    }
    /* One is there already when it waited for a version that is gone. */
    c->server->port->resize(c->server->port->ctx, c->exchange->event, 0);
    c->exchange->event = event;
    isere__exchange_enter(c, pool);
}

static bool is_repeated(const isere_field_t *fields, size_t count, size_t index,
                        bool before)
{
    size_t from = before ? 0 : index + 1;
    size_t to = before ? index : count;
    for (size_t i = from; i < to; i++) {
        if (isere_ascii_equal(fields[i].name, fields[index].name)) {
            return true;
        }
    }
    return false;
}

/* A field that occurs more than once is an array, as in isere invoke. */
static void put_headers(isere_writer_t *text, const isere_field_t *fields,
                        size_t count)
{
    bool first = true;
    isere_writer_puts(text, "{");
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(fields, count, i, true)) {
            continue;
        }
        bool many = is_repeated(fields, count, i, false);
        isere_writer_puts(text, first ? "" : ",");
        first = false;
        isere_writer_json(text, fields[i].name);
        isere_writer_puts(text, many ? ":[" : ":");
        isere_writer_json(text, fields[i].value);
        for (size_t j = i + 1; j < count && many; j++) {
            if (isere_ascii_equal(fields[j].name, fields[i].name)) {
                isere_writer_puts(text, ",");
                isere_writer_json(text, fields[j].value);
            }
        }
        isere_writer_puts(text, many ? "]" : "");
    }
    isere_writer_puts(text, "}");
}

static void put_body(isere_writer_t *text, isere_slice_t body, bool is_text)
{
    isere_writer_puts(text, ",\"body\":");
    if (is_text || body.len == 0) {
        isere_writer_json(text, body);
    } else {
        isere_writer_puts(text, "\"");
        isere_writer_base64(text, body);
        isere_writer_puts(text, "\"");
    }
    isere_writer_puts(text, is_text || body.len == 0
                                ? ",\"isBase64Encoded\":false}"
                                : ",\"isBase64Encoded\":true}");
}

static void put_response(isere_writer_t *text, const isere_isolate_t *isolate)
{
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    if (error) {
        isere_field_t fields[2] = {
            {isere_slice("Content-Type"), isere_slice("application/json")},
            {isere_slice("Isere-Error"), error->word},
        };
        isere_writer_printf(text,
                            "{\"statusCode\":%d,\"headers\":", error->status);
        put_headers(text, fields, 2);
        put_body(text, error->body, true);
    } else {
        const isere_response_t *response = isere_isolate_response(isolate);
        isere_writer_printf(
            text, "{\"statusCode\":%d,\"headers\":", response->status);
        put_headers(text, response->fields, response->nfields);
        put_body(text, response->body, response->body_is_text);
    }
}

/* The lines of this request that are still kept. */
static void put_logs(isere_writer_t *text, const isere_slot_t *slot)
{
    isere_control_t *control = slot->pool->server->platform.control;
    isere_logs_reader_t reader = {.seq = slot->log_seq,
                                  .level = ISERE_LOG_DEBUG};
    bool first = true;
    isere_text_copy(reader.request_id, sizeof(reader.request_id),
                    isere_slice(isere_isolate_request_id(slot->isolate)));
    isere_writer_puts(text, ",\"logs\":[");
    isere__control_lock(control);
    isere_logs_read_array(&control->logs, &reader, text, &first);
    isere__control_unlock(control);
    isere_writer_puts(text, "]");
}

static void put_invocation(isere_writer_t *text, const void *arg)
{
    const isere_slot_t *slot = arg;
    const isere_isolate_t *isolate = slot->isolate;
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    unsigned long us =
        (unsigned long)(slot->pool->server->now_us - slot->began_us);
    isere_writer_puts(text, "{\"result\":");
    put_response(text, isolate);
    isere_writer_puts(text, ",\"error\":");
    if (error) {
        isere_writer_json(text, error->word);
    } else {
        isere_writer_puts(text, "null");
    }
    isere_writer_puts(text, ",\"message\":");
    isere_writer_json(text,
                      isere_slice(error ? isere_isolate_reason(isolate) : ""));
    isere_writer_puts(text, ",\"requestId\":");
    isere_writer_json(text, isere_slice(isere_isolate_request_id(isolate)));
    put_logs(text, slot);
    isere_writer_printf(text, ",\"durationMs\":%lu.%03lu,\"peakBytes\":%lu}",
                        us / 1000, us % 1000,
                        (unsigned long)isere_isolate_peak(isolate));
}

void isere__plane_answer_invoke(isere_connection_t *c, const isere_slot_t *slot)
{
    answer_built(c, put_invocation, slot);
}

/* ---- work ---- */

static void free_job(const isere_port_t *port, isere_job_t *job)
{
    port->resize(port->ctx, job->work.text, 0);
    port->resize(port->ctx, job->body, 0);
    port->resize(port->ctx, job, 0);
}

/* On the thread that works. The server may be gone meanwhile; it is when there
 * is no port. */
static void run_job(void *arg, const isere_port_t *port)
{
    isere_job_t *job = arg;
    isere_control_t *control = job->work.control;
    if (port) {
        isere__control_work(&job->work, port);
    }
    isere__control_lock(control);
    const isere_server_t *server = job->server;
    if (server) {
        atomic_store(&job->done, true);
        server->port->poll_wake(server->port->ctx);
    }
    isere__control_unlock(control);
    if (!server) {
        free_job(&control->port, job);
    }
}

static bool give_up_idle(void *arg)
{
    return isere__pool_give_up_oldest(arg, NULL, 0);
}

/* Where another thread does the work, it has its own copy of the body: the
 * connection may be closed before. */
static bool set_body(isere_connection_t *c, isere_job_t *job)
{
    isere_server_t *server = c->server;
    const isere_http_request_t *request = &c->exchange->request;
    isere_slice_t body = isere_http_slice(request, request->body);
    if (server->platform.control->config.run && body.len > 0) {
        job->body = server->port->resize(server->port->ctx, NULL, body.len);
        if (!job->body) {
            return false;
        }
        memcpy(job->body, body.ptr, body.len);
        body.ptr = job->body;
    } else {
        job->work.reclaim = give_up_idle;
        job->work.reclaim_arg = server;
    }
    job->work.body = body;
    return true;
}

static isere_job_t *make_job(isere_connection_t *c, const isere_call_t *call)
{
    const isere_port_t *port = c->server->port;
    isere_job_t *job = port->resize(port->ctx, NULL, sizeof(*job));
    if (!job) {
        return NULL;
    }
    memset(job, 0, sizeof(*job));
    job->server = c->server;
    job->connection = c;
    job->work.control = c->server->platform.control;
    job->work.kind = call->kind;
    job->work.is_source = call->is_source;
    memcpy(job->work.name, call->name, sizeof(call->name));
    if (!set_body(c, job)) {
        free_job(port, job);
        return NULL;
    }
    return job;
}

static void start_job(isere_connection_t *c, const isere_call_t *call)
{
    isere_server_t *server = c->server;
    const isere_control_config_t *config = &server->platform.control->config;
    isere_job_t *job = make_job(c, call);
    if (!job) {
        no_memory(c);
        return;
    }
    if (!config->run) {
        run_job(job, server->port);
        isere__server_update_now(server);
    } else if (config->run(config->ctx, run_job, job) != 0) {
        free_job(server->port, job);
        refuse_with(c, 503, "too many changes at once: try again");
        return;
    }
    job->next = server->platform.jobs;
    server->platform.jobs = job;
    c->exchange->job = job;
    c->state = ISERE_CONN_RUNNING;
}

static void answer_job(isere_connection_t *c, isere_job_t *job)
{
    isere_work_t *work = &job->work;
    char *text = work->text;
    work->text = NULL;
    c->exchange->job = NULL;
    if (work->status == 204) {
        fields_t fields = {.count = 0};
        add_field(&fields, "Cache-Control", "no-store");
        answer_text(c, 204, &fields, isere_slice(""));
    } else if (text) {
        answer_owned(c, work->status, text, work->text_size);
    } else if (work->status == 0) {
        refuse_with(c, 503, "the server stops: nothing was changed");
    } else {
        no_memory(c);
    }
    isere__connection_advance(c);
}

/* Whether all servers have what the job changed. */
static bool counts(const isere_server_t *server, const isere_job_t *job)
{
    for (int i = 0; i < ISERE_GROUP_MAX; i++) {
        isere_server_t *other = atomic_load(&server->group->servers[i]);
        if (other &&
            atomic_load(&other->platform.generation) < job->work.generation) {
            return false;
        }
    }
    return true;
}

static void finish_jobs(isere_server_t *server)
{
    isere_job_t **link = &server->platform.jobs;
    while (*link) {
        isere_job_t *job = *link;
        isere_connection_t *c = job->connection;
        if (!atomic_load(&job->done) || !counts(server, job)) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        if (c) {
            answer_job(c, job);
            link = &server->platform.jobs; /* there may be new ones */
        }
        free_job(server->port, job);
    }
}

void isere__plane_forget(isere_exchange_t *x)
{
    if (x->job) {
        x->job->connection = NULL;
        x->job = NULL;
    }
}

void isere__plane_turn(isere_server_t *server)
{
    isere_platform_t *p = &server->platform;
    unsigned long seq =
        atomic_load_explicit(&p->control->log_seq, memory_order_relaxed);
    if (p->jobs) {
        finish_jobs(server);
    }
    if (p->followers && seq != p->log_seq) {
        isere__stream_wake(server);
    }
    p->log_seq = seq;
}

void isere__plane_deinit(isere_server_t *server)
{
    isere_control_t *control = server->platform.control;
    isere__control_lock(control);
    while (server->platform.jobs) {
        isere_job_t *job = server->platform.jobs;
        server->platform.jobs = job->next;
        job->server = NULL;
        if (atomic_load(&job->done)) {
            free_job(server->port, job);
        }
    }
    isere__control_unlock(control);
}

/* ---- calls ---- */

bool isere__plane_is_wanted(const isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    x->request.base = c->in.data + c->in.start;
    return isere_call_is_control(isere_http_path(&x->request));
}

void isere__plane_start(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_call_t call;
    isere_call_read(server->platform.control, &c->exchange->request, &call);
    switch (call.kind) {
    case ISERE_CALL_REFUSED:
        refuse(c, &call);
        break;
    case ISERE_CALL_HEALTH:
        answer_health(c);
        break;
    case ISERE_CALL_PAGE:
        answer_page(c);
        break;
    case ISERE_CALL_METRICS:
        start_metrics(c);
        break;
    case ISERE_CALL_LOGS:
        start_logs(c, &call);
        break;
    case ISERE_CALL_LIST:
        answer_built(c, put_list, server->platform.catalog);
        break;
    case ISERE_CALL_DESCRIBE:
        describe(c, &call);
        break;
    case ISERE_CALL_INVOKE:
        start_invoke(c, &call);
        break;
    case ISERE_CALL_DEPLOY:
    case ISERE_CALL_ROLLBACK:
    case ISERE_CALL_REMOVE:
    case ISERE_CALL_FILES:
        start_job(c, &call);
        break;
    }
}
