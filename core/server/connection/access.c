/*
 * The access log: a line for each request, when it is over.
 *
 * The line is made as text here, cut to what fits; a port that writes other
 * formats gets the parts, too.
 */
#include "core/server/connection/access.h"
#include "core/server/request_id.h"
#include "core/server/server.h"
#include "core/util/log.h"
#include "core/util/writer.h"

enum {
    LINE = 384,
    TARGET = 200, /* of the line; the rest is cut off */
    AGENT = 80,
};

/* Of a request that was refused, nothing is known for sure; and when the answer
 * was made where the request was received, its text is gone. */
static bool is_readable(const isere_connection_t *c)
{
    return c->exchange->parser.head_complete && c->in.data;
}

static isere_access_t describe(isere_connection_t *c)
{
    isere_exchange_t *x = c->exchange;
    isere_http_request_t *request = &x->request;
    isere_access_t access = {
        .peer = isere_slice(c->peer),
        .status = x->sent.status,
        .bytes = x->sent.bytes,
        .duration_us = c->server->clock.now_us - x->began_us,
        .aborted = c->state == ISERE_CONN_CLOSED,
    };
    if (is_readable(c)) {
        request->base = c->in.data + c->in.start;
        access.method = isere_http_slice(request, request->method);
        access.target = isere_http_slice(request, request->target);
        access.user_agent = isere_http_field(request, "user-agent");
        access.minor = request->minor;
    }
    return access;
}

/* Whoever reads the line must be able to tell where a text ends. */
static void put_quoted(isere_writer_t *text, isere_slice_t bytes, size_t most)
{
    size_t len = isere_writer_cut(bytes, most);
    for (size_t i = 0; i < len; i++) {
        char c = bytes.ptr[i];
        isere_writer_put(text, isere_slice(c == '"' || c == '\\' ? "\\" : ""));
        isere_writer_put(text, isere_slice_of(&c, 1));
    }
    isere_writer_puts(text, len < bytes.len ? "..." : "");
}

/* 192.0.2.1 "GET /a?b HTTP/1.1" 200 12 0.31ms "curl/8.0" */
static void write_line(isere_writer_t *text, const isere_access_t *access)
{
    isere_writer_puts(text, access->peer.len > 0 ? access->peer.ptr : "-");
    if (access->method.len > 0) {
        isere_writer_puts(text, " \"");
        put_quoted(text, access->method, AGENT);
        isere_writer_puts(text, " ");
        put_quoted(text, access->target, TARGET);
        isere_writer_puts(text,
                          access->minor ? " HTTP/1.1\" " : " HTTP/1.0\" ");
    } else {
        isere_writer_puts(text, " \"-\" ");
    }
    if (access->status) {
        isere_writer_number(text, access->status);
    } else {
        isere_writer_puts(text, "-");
    }
    isere_writer_puts(text, " ");
    isere_writer_number(text, access->bytes);
    isere_writer_puts(text, " ");
    /* Two decimals of a millisecond are what a reader can use. */
    isere_writer_fixed(text, access->duration_us / 10, 2);
    isere_writer_puts(text, "ms");
    if (access->user_agent.len > 0) {
        isere_writer_puts(text, " \"");
        put_quoted(text, access->user_agent, AGENT);
        isere_writer_puts(text, "\"");
    }
    isere_writer_puts(text, access->aborted ? " aborted" : "");
}

/* A dashboard that polls would push the lines of functions out of the log that
 * it shows: what an endpoint answered is not among the recent lines. */
static bool is_for_endpoint(const isere_connection_t *c)
{
    const isere_endpoint_t *endpoint = c->server->endpoint.functions;
    return endpoint && is_readable(c) &&
           endpoint->wants(isere_http_path(&c->exchange->request));
}

void isere__access_log(isere_connection_t *c)
{
    isere_server_t *server = c->server;
    isere_exchange_t *x = c->exchange;
    const isere_function_t *function =
        x->function ? x->function : server->serving.lone;
    char line[LINE];
    isere_writer_t text = isere_writer_begin(line, sizeof(line));
    isere_access_t access = describe(c);
    write_line(&text, &access);
    isere_log_record_t record = {
        .level = ISERE_LOG_INFO,
        .function = isere_slice(function ? function->config.name : ""),
        .request_id = isere__request_id(server, x),
        .message = isere_slice_of(line, text.len),
        .access = &access,
    };
    if (is_for_endpoint(c)) {
        server->port->log(server->port->ctx, &record);
    } else {
        isere_log(server->port, &record);
    }
}
