/* Answers to a request as a whole: what is sent, what is logged, and what
 * becomes of the connection then. */
#include "core/server/connection/answer.h"
#include "core/server/connection/send.h"
#include "core/server/server.h"
#include "core/util/log.h"
#include "core/util/names/units.h"
#include <stdio.h>

#define LOG_US ((uint64_t)1000 * 1000)

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

void isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error)
{
    bool answered =
        isere__send_error(c, error) ||
        (isere__connection_send_from_in(c) && isere__send_error(c, error));
    isere__connection_answered(c, answered);
}

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

void isere__answer_no_room(isere_connection_t *c, isere_read_t why)
{
    char text[96];
    if (why == ISERE_READ_NO_BUDGET) {
        note_refused(c->server);
    } else {
        snprintf(text, sizeof(text),
                 "not enough memory to receive more than %lu bytes",
                 (unsigned long)(c->in.end - c->in.start));
        isere__answer_log(c, text, "");
    }
    isere__connection_end_soon(c);
    isere__answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
}

void isere_answer_text(isere_connection_t *c, int status,
                       const isere_field_t *fields, size_t nfields,
                       isere_slice_t text)
{
    isere__connection_answered(
        c, isere__send_text(c, status, fields, nfields, text));
}

void isere_answer_stream(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_stream_t *stream, int64_t length)
{
    isere_exchange_t *x = c->exchange;
    bool old = x->request.minor == 0;
    if (length < 0 && old) {
        isere__connection_end_soon(
            c); /* the end is where the connection ends */
    }
    if (!isere__send_head(c, status, fields, nfields, length)) {
        stream->close(stream);
        isere__answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
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
        isere__answer_error(c, isere_error_answer(ISERE_ERROR_BUSY));
    }
}
