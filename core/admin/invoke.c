/*
 * Direct invocations: the body is the event; the answer has the result and the
 * log lines of the invocation.
 *
 * It runs as any request of the function does: the same queue, limits and
 * statistics. Only the event and the answer are made here.
 */
#include "core/admin/invoke.h"
#include "core/admin/reply.h"
#include "core/util/ascii.h"
#include "core/util/json_check.h"
#include "core/util/text.h"
#include "core/util/utf8.h"

/* A direct invocation of ours. One block of memory with the event behind it,
 * which the exchange frees, whichever way it ends. */
typedef struct invocation {
    isere_direct_t direct;
    isere_registry_t *registry;
    unsigned long log_seq; /* the next line's when it began */
} invocation_t;

static void answer_invoke(isere_connection_t *c, const isere_direct_t *direct,
                          const isere_isolate_t *isolate, uint64_t duration_us);

/* A copy of the body, ended by NUL, is the event; without one an empty object
 * stands for a GET of /. */
static invocation_t *make_invocation(const isere_admin_side_t *side,
                                     const isere_connection_t *c)
{
    const isere_http_request_t *request = isere_exchange_request(c);
    isere_slice_t body = isere_http_slice(request, request->body);
    if (body.len == 0) {
        body = isere_slice("{}");
    }
    invocation_t *invocation = isere_alloc(isere_server_port(side->server),
                                           sizeof(*invocation) + body.len + 1);
    if (invocation) {
        char *event = (char *)(invocation + 1);
        memcpy(event, body.ptr, body.len);
        event[body.len] = 0;
        invocation->direct.done = answer_invoke;
        invocation->direct.event = isere_slice_of(event, body.len);
        invocation->registry = side->admin->registry;
        invocation->log_seq = isere_registry_log_seq(side->admin->registry);
    }
    return invocation;
}

/* Whether the body can be an event: the engine wants valid UTF-8, and a NUL in
 * it must not hide what follows. An empty one was replaced. */
static bool check_event(const isere_connection_t *c, isere_json_error_t *wrong)
{
    const isere_http_request_t *request = isere_exchange_request(c);
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

/* The place of the error, as a person may have typed it. */
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
    isere__reply_refuse(c, 400, message);
}

/* Everything that can be refused is refused before it takes an instance. */
void isere__invoke_start(const isere_admin_side_t *side, isere_connection_t *c,
                         const isere_call_t *call)
{
    isere_json_error_t wrong;
    const isere_catalog_entry_t *entry =
        isere_catalog_find(isere_server_catalog(side->server), call->name);
    if (!entry || !entry->deployment) {
        isere__reply_refuse(c, 404, "no function of that name is served");
        return;
    }
    if (!check_event(c, &wrong)) {
        refuse_event(c, &wrong);
        return;
    }
    invocation_t *invocation = make_invocation(side, c);
    if (invocation) {
        isere_request_invoke(c, entry, &invocation->direct);
    } else {
        isere__reply_no_memory(c);
    }
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

/* Bytes that are not text are base64, as in the responses of handlers. */
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

/* What a client of the function would have got. An error has the answer that
 * the server gives then. */
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

/* What became of it. */
typedef struct outcome {
    const invocation_t *invocation;
    const isere_isolate_t *isolate;
    uint64_t duration_us;
} outcome_t;

/* The lines of this request that are still kept. */
static void put_logs(isere_writer_t *text, const outcome_t *outcome)
{
    const invocation_t *invocation = outcome->invocation;
    isere_logs_reader_t reader = {.seq = invocation->log_seq,
                                  .level = ISERE_LOG_DEBUG};
    bool first = true;
    isere_text_copy(reader.request_id, sizeof(reader.request_id),
                    isere_slice(isere_isolate_request_id(outcome->isolate)));
    isere_writer_puts(text, ",\"logs\":[");
    isere_registry_read_log_array(invocation->registry, &reader, text, &first);
    isere_writer_puts(text, "]");
}

/* An error of the function is a result here, and the call itself succeeded:
 * 200. The reason and the peak are for its author only; clients of the
 * function never see them. */
static void put_outcome(isere_writer_t *text, const void *arg)
{
    const outcome_t *outcome = arg;
    const isere_isolate_t *isolate = outcome->isolate;
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    unsigned long us = (unsigned long)outcome->duration_us;
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
    put_logs(text, outcome);
    isere_writer_printf(text, ",\"durationMs\":%lu.%03lu,\"peakBytes\":%lu}",
                        us / 1000, us % 1000,
                        (unsigned long)isere_isolate_peak(isolate));
}

/* Still in the isolate: the response is written before its heap is restored. */
static void answer_invoke(isere_connection_t *c, const isere_direct_t *direct,
                          const isere_isolate_t *isolate, uint64_t duration_us)
{
    outcome_t outcome = {(const invocation_t *)direct, isolate, duration_us};
    isere__reply_built(c, put_outcome, &outcome);
}
