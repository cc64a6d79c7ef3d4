/*
 * Calls of the control plane in a server: what can be answered at once is, logs
 * and metrics are streams (plane_streams.c), what changes the store is a job
 * for whoever does such work (plane_jobs.c), and a direct invocation goes the
 * way of every request (plane_invoke.c).
 */
#include "core/server/plane_internal.h"

/* ---- fields ---- */

void isere__plane_field(isere_plane_fields_t *fields, const char *name,
                        const char *value)
{
    fields->list[fields->count].name = isere_slice(name);
    fields->list[fields->count++].value = isere_slice(value);
}

/* Of all answers: never stored, never taken for something else. */
isere_plane_fields_t isere__plane_fields(const char *type)
{
    isere_plane_fields_t fields = {.count = 0};
    isere__plane_field(&fields, "Content-Type", type);
    isere__plane_field(&fields, "Cache-Control", "no-store");
    isere__plane_field(&fields, "X-Content-Type-Options", "nosniff");
    return fields;
}

/* ---- answers that are there at once ---- */

void isere__plane_answer_text(isere_connection_t *c, int status,
                              const isere_plane_fields_t *fields,
                              isere_slice_t text)
{
    isere_answer_text(c, status, fields->list, fields->count, text);
}

static void refuse(isere_connection_t *c, const isere_call_t *call)
{
    char text[160];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    isere_plane_fields_t fields = isere__plane_fields("application/json");
    if (call->status == 308) {
        isere__plane_field(&fields, "Location", "/_isere/");
    } else if (call->status == 401) {
        isere__plane_field(&fields, "WWW-Authenticate", "Bearer");
    } else if (call->status == 503) {
        isere__plane_field(&fields, "Retry-After", "1");
    } else if (call->allow) {
        isere__plane_field(&fields, "Allow", call->allow);
    }
    isere_writer_puts(&json, "{\"message\":");
    isere_writer_json(&json, isere_slice(call->message));
    isere_writer_puts(&json, "}");
    isere__plane_answer_text(c, call->status, &fields,
                             isere_slice_of(text, json.len));
}

void isere__plane_refuse(isere_connection_t *c, int status, const char *message)
{
    isere_call_t call = {.status = status, .message = message};
    refuse(c, &call);
}

void isere__plane_no_memory(isere_connection_t *c)
{
    isere__plane_refuse(c, 503, "not enough memory at the moment: try again");
}

uint64_t isere__plane_uptime_us(const isere_server_t *server)
{
    return server->clock.now_us - server->serving.registry->started_us;
}

static void answer_health(isere_connection_t *c)
{
    char text[128];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    const isere_server_t *server = c->server;
    bool stops = server->stop.begun || atomic_load(&server->stop.requested);
    unsigned long tenths =
        (unsigned long)(isere__plane_uptime_us(server) / 100000);
    isere_plane_fields_t fields = isere__plane_fields("application/json");
    isere_writer_puts(&json, stops ? "{\"status\":\"draining\""
                                   : "{\"status\":\"ok\"");
    isere_writer_puts(&json, ",\"version\":");
    isere_writer_json(&json, isere_slice(isere_version()));
    isere_writer_printf(&json, ",\"uptime\":%lu.%lu}", tenths / 10,
                        tenths % 10);
    isere__plane_answer_text(c, stops ? 503 : 200, &fields,
                             isere_slice_of(text, json.len));
}

static void answer_page(isere_connection_t *c)
{
    isere_slice_t tag =
        isere_http_field(&c->exchange->request, "if-none-match");
    isere_plane_fields_t fields = {.count = 0};
    isere__plane_field(&fields, "Cache-Control", "no-cache");
    fields.list[fields.count].name = isere_slice("ETag");
    fields.list[fields.count++].value = isere_page.tag;
    if (tag.len == isere_page.tag.len &&
        memcmp(tag.ptr, isere_page.tag.ptr, tag.len) == 0) {
        isere__plane_answer_text(c, 304, &fields, isere_slice(""));
        return;
    }
    isere__plane_field(&fields, "Content-Type", "text/html; charset=utf-8");
    isere__plane_field(&fields, "Content-Encoding", "gzip");
    isere__plane_field(&fields, "X-Content-Type-Options", "nosniff");
    isere__plane_field(&fields, "Referrer-Policy", "no-referrer");
    isere__plane_field(&fields, "Cross-Origin-Opener-Policy", "same-origin");
    fields.list[fields.count].name = isere_slice("Content-Security-Policy");
    fields.list[fields.count++].value = isere_page.policy;
    isere_answer_bytes(c, 200, fields.list, fields.count, isere_page.bytes,
                       NULL);
}

/* ---- functions ---- */

void isere__plane_answer_owned(isere_connection_t *c, int status, char *text,
                               size_t size)
{
    isere_plane_fields_t fields = isere__plane_fields("application/json");
    if (status == 503) {
        isere__plane_field(&fields, "Retry-After", "1");
    }
    isere_answer_bytes(c, status, fields.list, fields.count,
                       isere_slice_of(text, size), text);
}

static void put_list(isere_writer_t *text, const void *arg)
{
    const isere_server_t *server = arg;
    const isere_catalog_t *catalog = server->serving.catalog;
    isere_writer_puts(text, "{\"functions\":[");
    for (size_t i = 0; i < catalog->count && !text->full; i++) {
        isere_writer_puts(text, i > 0 ? "," : "");
        isere__control_put_entry(text, server->serving.registry,
                                 &catalog->entries[i]);
    }
    isere_writer_puts(text, "]}");
}

typedef struct described {
    isere_registry_t *registry;
    const isere_catalog_entry_t *entry;
} described_t;

static void put_described(isere_writer_t *text, const void *arg)
{
    const described_t *described = arg;
    isere__control_put_entry(text, described->registry, described->entry);
}

void isere__plane_answer_built(isere_connection_t *c,
                               void (*put)(isere_writer_t *text,
                                           const void *arg),
                               const void *arg)
{
    size_t size;
    char *text = isere__control_text(c->server->port, put, arg, &size);
    if (text) {
        isere__plane_answer_owned(c, 200, text, size);
    } else {
        isere__plane_no_memory(c);
    }
}

static void describe(isere_connection_t *c, const isere_call_t *call)
{
    const isere_serving_t *p = &c->server->serving;
    described_t described = {p->registry,
                             isere_catalog_find(p->catalog, call->name)};
    if (described.entry) {
        isere__plane_answer_built(c, put_described, &described);
    } else {
        isere__plane_refuse(c, 404, "there is no function of that name");
    }
}

/* ---- calls ---- */

/* Whether the answer depends on the body. Those with the token may send one
 * where none is looked at. */
static bool needs_body(const isere_server_t *server, const isere_call_t *call)
{
    switch (call->kind) {
    case ISERE_CALL_REFUSED:
    case ISERE_CALL_HEALTH:
    case ISERE_CALL_PAGE:
        return false;
    case ISERE_CALL_INVOKE:
        return isere_catalog_find(server->serving.catalog, call->name);
    default:
        return true;
    }
}

static void start(isere_connection_t *c, const isere_call_t *call)
{
    isere_server_t *server = c->server;
    switch (call->kind) {
    case ISERE_CALL_REFUSED:
        refuse(c, call);
        break;
    case ISERE_CALL_HEALTH:
        answer_health(c);
        break;
    case ISERE_CALL_PAGE:
        answer_page(c);
        break;
    case ISERE_CALL_METRICS:
        isere__plane_start_metrics(c);
        break;
    case ISERE_CALL_LOGS:
        isere__plane_start_logs(c, call);
        break;
    case ISERE_CALL_LIST:
        isere__plane_answer_built(c, put_list, server);
        break;
    case ISERE_CALL_DESCRIBE:
        describe(c, call);
        break;
    case ISERE_CALL_INVOKE:
        isere__plane_start_invoke(c, call);
        break;
    case ISERE_CALL_DEPLOY:
    case ISERE_CALL_ROLLBACK:
    case ISERE_CALL_RELEASE:
    case ISERE_CALL_REMOVE:
    case ISERE_CALL_FILES:
        isere__plane_start_job(c, call);
        break;
    }
}

static bool judge(void *ctx, isere_connection_t *c)
{
    isere_server_t *server = ctx;
    isere_call_t call;
    isere_call_read(server->serving.registry, &c->exchange->request, &call);
    if (needs_body(server, &call)) {
        return false;
    }
    start(c, &call);
    return true;
}

static void start_call(void *ctx, isere_connection_t *c)
{
    const isere_server_t *server = ctx;
    isere_call_t call;
    isere_call_read(server->serving.registry, &c->exchange->request, &call);
    start(c, &call);
}

const isere_endpoint_t isere_plane_endpoint = {
    .wants = isere_call_is_control,
    .judge = judge,
    .start = start_call,
    .turn = isere__plane_turn,
    .detach = isere__plane_detach,
};
