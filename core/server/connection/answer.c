/*
 * Answers to a request: sends them, logs errors, and decides whether the
 * connection stays open.
 *
 * An answer ends the request: afterwards the connection has no exchange, or
 * streams, or is closed. Memory for an answer may be missing, so errors have
 * constant texts, which need no more than the send buffer.
 */
#include "core/server/connection/answer.h"
#include "core/server/connection/send.h"
#include "core/server/request_id.h"
#include "core/server/server.h"
#include "core/util/log.h"
#include "core/util/names/units.h"
#include <stdio.h>

#define LOG_US ((uint64_t)1000 * 1000)

/* A line of the server has the function's name if that is known; without a
 * store there is only one. */
void isere__answer_log(const isere_connection_t *c, const char *text,
                       const char *request_id)
{
    const isere_exchange_t *x = c->exchange;
    const isere_function_t *function =
        x->function ? x->function : c->server->serving.lone;
    isere_log_record_t record = {
        .level = ISERE_LOG_ERROR,
        .function = isere_slice(function ? function->config.name : ""),
        .request_id = isere_slice(request_id),
        .message = isere_slice(text),
    };
    isere_log(c->server->port, &record);
}

/* When there is no memory for a send buffer, the request's own is used, which
 * is not needed any more, and at last the stack. */
void isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error)
{
    bool answered =
        isere__send_error(c, error) ||
        (isere__connection_send_from_in(c) && isere__send_error(c, error)) ||
        isere__connection_send_directly(c, error);
    isere__connection_answered(c, answered);
}

/* The connection ends: after a request that is invalid nobody knows where the
 * next one begins (request smuggling, RFC 9112 section 11.2). */
void isere__answer_refuse(isere_connection_t *c, int status)
{
    isere_error_answer_t error = isere_error_answer_http(status);
    isere__connection_end_soon(c);
    isere__answer_error(c, &error);
}

/* Counts a request that was refused, and logs it, once a second: thousands may
 * be refused at once. */
static void note_refused(isere_server_t *server)
{
    char text[128], size[ISERE_UNITS_TEXT_MAX];
    isere_relief_t *relief = &server->relief;
    uint64_t now_us = server->clock.now_us;
    atomic_fetch_add_explicit(&server->limits->buffer_refusals, 1,
                              memory_order_relaxed);
    relief->unlogged++;
    if (relief->logged_us && now_us - relief->logged_us < LOG_US) {
        return;
    }
    snprintf(text, sizeof(text),
             "the memory for requests, %s (--buffer), is in use: refused %lu "
             "request%s",
             isere_units_format_size(server->limits->config.max_buffer, size),
             relief->unlogged, relief->unlogged == 1 ? "" : "s");
    isere_log_record_t record = {
        .level = ISERE_LOG_WARN,
        .function = isere_slice(""),
        .request_id = isere_slice(""),
        .message = isere_slice(text),
    };
    isere_log(server->port, &record);
    relief->logged_us = now_us;
    relief->unlogged = 0;
}

/* The connection ends: its client still sends the rest of what there was no
 * room for. */
void isere__answer_no_room(isere_connection_t *c, isere_read_t why)
{
    isere_exchange_t *x = c->exchange;
    char text[96];
    if (why == ISERE_READ_NO_BUDGET) {
        note_refused(c->server);
    } else {
        snprintf(text, sizeof(text),
                 "not enough memory to receive more than %lu bytes",
                 (unsigned long)(c->in.end - c->in.start));
        isere__answer_log(c, text, isere__request_id(c->server, x).ptr);
    }
    isere__connection_end_soon(c);
    isere__answer_error(c, isere_error_answer_no_memory());
}

void isere_answer_text(isere_connection_t *c, int status,
                       const isere_field_t *fields, size_t nfields,
                       isere_slice_t text)
{
    isere__connection_answered(
        c, isere__send_text(c, status, fields, nfields, text));
}

/* In HTTP/1.0 there are no chunks: where the length is not known, the end of
 * the connection is the end of the answer. To HEAD there is only a head (RFC
 * 9110 section 9.3.2), so the stream is closed unread. */
void isere_answer_stream(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_stream_t *stream, int64_t length)
{
    isere_exchange_t *x = c->exchange;
    bool old = x->request.minor == 0;
    if (length < 0 && old) {
        isere__connection_end_soon(c);
    }
    if (!isere__send_head(c, status, fields, nfields, length)) {
        stream->close(stream);
        isere__answer_error(c, isere_error_answer_no_memory());
        return;
    }
    x->stream = stream;
    x->chunked = length < 0 && !old;
    if (x->parser.is_head) {
        isere__stream_close(c);
        isere__connection_answered(c, true);
    } else {
        isere__connection_stream(c);
    }
}

void isere_answer_bytes(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        isere_slice_t bytes, char *owned)
{
    isere_stream_t *stream =
        isere__stream_of_bytes(c->server->port, bytes, owned);
    if (stream) {
        isere_answer_stream(c, status, fields, nfields, stream,
                            (int64_t)bytes.len);
    } else {
        isere__answer_error(c, isere_error_answer_no_memory());
    }
}
