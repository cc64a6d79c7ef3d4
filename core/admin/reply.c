/*
 * Immediate answers: texts, refusals, the dashboard.
 *
 * They come from an address that browsers visit, so they say what a browser
 * may do with them: keep nothing, guess no type, load nothing from elsewhere.
 */
#include "core/admin/reply.h"
#include "core/admin/page.h"
#include "core/deploy/summary.h"

/* ---- fields ---- */

void isere__reply_field(isere_reply_fields_t *fields, const char *name,
                        isere_slice_t value)
{
    fields->list[fields->count].name = isere_slice(name);
    fields->list[fields->count++].value = value;
}

/* Answers may have secrets in them, such as the files of a function: no cache
 * is to keep them. Without nosniff a browser might take a message for HTML. */
isere_reply_fields_t isere__reply_fields(const char *type)
{
    isere_reply_fields_t fields = {.count = 0};
    isere__reply_field(&fields, "Content-Type", isere_slice(type));
    isere__reply_field(&fields, "Cache-Control", isere_slice("no-store"));
    isere__reply_field(&fields, "X-Content-Type-Options",
                       isere_slice("nosniff"));
    return fields;
}

/* ---- texts ---- */

void isere__reply_text(isere_connection_t *c, int status,
                       const isere_reply_fields_t *fields, isere_slice_t text)
{
    isere_answer_text(c, status, fields->list, fields->count, text);
}

/* The fields that the status asks for: RFC 9110 sections 15.4.9, 11.6.1,
 * 15.6.4 and 15.5.6. */
void isere__reply_refused(isere_connection_t *c, const isere_call_t *call)
{
    char text[160];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    isere_reply_fields_t fields = isere__reply_fields("application/json");
    if (call->status == 308) {
        isere__reply_field(&fields, "Location", isere_slice("/_isere/"));
    } else if (call->status == 401) {
        isere__reply_field(&fields, "WWW-Authenticate", isere_slice("Bearer"));
    } else if (call->status == 503) {
        isere__reply_field(&fields, "Retry-After", isere_slice("1"));
    } else if (call->allow) {
        isere__reply_field(&fields, "Allow", isere_slice(call->allow));
    }
    isere_writer_puts(&json, "{\"message\":");
    isere_writer_json(&json, isere_slice(call->message));
    isere_writer_puts(&json, "}");
    isere__reply_text(c, call->status, &fields, isere_slice_of(text, json.len));
}

void isere__reply_refuse(isere_connection_t *c, int status, const char *message)
{
    isere_call_t call = {.status = status, .message = message};
    isere__reply_refused(c, &call);
}

/* Small and constant, so that there is room for it when there is none for
 * more. */
void isere__reply_no_memory(isere_connection_t *c)
{
    isere__reply_refuse(c, 503, "not enough memory at the moment: try again");
}

/* The text is freed in any case, also when there is no memory for the answer.
 */
void isere__reply_owned(isere_connection_t *c, int status, char *text,
                        size_t size)
{
    isere_reply_fields_t fields = isere__reply_fields("application/json");
    if (status == 503) {
        isere__reply_field(&fields, "Retry-After", isere_slice("1"));
    }
    isere_answer_bytes(c, status, fields.list, fields.count,
                       isere_slice_of(text, size), text);
}

void isere__reply_built(isere_connection_t *c,
                        void (*put)(isere_writer_t *text, const void *arg),
                        const void *arg)
{
    size_t size;
    char *text = isere_summary_text(isere_server_port(isere_exchange_server(c)),
                                    put, arg, &size);
    if (text) {
        isere__reply_owned(c, 200, text, size);
    } else {
        isere__reply_no_memory(c);
    }
}

/* ---- the dashboard ---- */

/* The page is public, as it has no secret in it: its script asks for the
 * token. It is sent in pieces from where it lies (in flash on a device), and
 * not at all to a browser that has it. The policy lets it run its own script
 * and nothing else. */
void isere__reply_page(isere_connection_t *c)
{
    isere_slice_t tag =
        isere_http_field(isere_exchange_request(c), "if-none-match");
    isere_reply_fields_t fields = {.count = 0};
    isere__reply_field(&fields, "Cache-Control", isere_slice("no-cache"));
    isere__reply_field(&fields, "ETag", isere_page.tag);
    if (tag.len == isere_page.tag.len &&
        memcmp(tag.ptr, isere_page.tag.ptr, tag.len) == 0) {
        isere__reply_text(c, 304, &fields, isere_slice(""));
        return;
    }
    isere__reply_field(&fields, "Content-Type",
                       isere_slice("text/html; charset=utf-8"));
    isere__reply_field(&fields, "Content-Encoding", isere_slice("gzip"));
    isere__reply_field(&fields, "X-Content-Type-Options",
                       isere_slice("nosniff"));
    isere__reply_field(&fields, "Referrer-Policy", isere_slice("no-referrer"));
    isere__reply_field(&fields, "Cross-Origin-Opener-Policy",
                       isere_slice("same-origin"));
    isere__reply_field(&fields, "Content-Security-Policy", isere_page.policy);
    isere_answer_bytes(c, 200, fields.list, fields.count, isere_page.bytes,
                       NULL);
}
