/* Direct invocations: the body is the event, and the answer says what became of
 * it, with its log lines. */
#include "core/server/plane_internal.h"
#include "core/util/ascii.h"
#include "core/util/json_check.h"
#include "core/util/text.h"
#include "core/util/utf8.h"

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
    char *event = isere_alloc(port, body.len + 1);
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
    isere_writer_puts(&text, "the event is not a JSON object: ");
    if (wrong->line > 0) {
        isere_writer_printf(&text, "%d:%d: ", wrong->line, wrong->column);
    }
    isere_writer_puts(&text, wrong->message);
    message[text.len] = 0;
    isere__plane_refuse(c, 400, message);
}

void isere__plane_start_invoke(isere_connection_t *c, const isere_call_t *call)
{
    isere_json_error_t wrong;
    int status;
    isere_pool_t *pool = isere__platform_pool(c->server, call->name, &status);
    if (!pool && status == 404) {
        isere__plane_refuse(c, 404, "no function of that name is served");
        return;
    }
    if (!check_event(c, &wrong)) {
        refuse_event(c, &wrong);
        return;
    }
    char *event = pool ? copy_event(c) : NULL;
    if (!event) {
        isere__plane_no_memory(c);
        return;
    }
    /* One is there already when it waited for a version that is gone. */
    isere_free(c->server->port, c->exchange->event);
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
    isere_registry_t *registry = slot->pool->server->platform.registry;
    isere_logs_reader_t reader = {.seq = slot->log_seq,
                                  .level = ISERE_LOG_DEBUG};
    bool first = true;
    isere_text_copy(reader.request_id, sizeof(reader.request_id),
                    isere_slice(isere_isolate_request_id(slot->isolate)));
    isere_writer_puts(text, ",\"logs\":[");
    isere_registry_lock(registry);
    isere_logs_read_array(&registry->logs, &reader, text, &first);
    isere_registry_unlock(registry);
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
    isere__plane_answer_built(c, put_invocation, slot);
}
