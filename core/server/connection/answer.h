/* Answers to a request as a whole: what is sent, and whether the connection
 * stays open. */
#ifndef ISERE_CORE_SERVER_CONNECTION_ANSWER_H
#define ISERE_CORE_SERVER_CONNECTION_ANSWER_H

#include "core/lambda/response/error_answer.h"
#include "core/server/connection/connection.h"
#include "core/server/connection/stream.h"

/* One of the constant answers to errors; if need be, from the memory that the
 * request has. */
void isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error);

/* The same for what is wrong with the request or its client, and closes. */
void isere__answer_refuse(isere_connection_t *c, int status);

/* 503 to a request whose rest there is no memory for, or none in the budget
 * (ISERE_READ_NO_BUDGET), and closes. */
void isere__answer_no_room(isere_connection_t *c, isere_read_t why);

/* A text that is copied. */
void isere_answer_text(isere_connection_t *c, int status,
                       const isere_field_t *fields, size_t nfields,
                       isere_slice_t text);

/* From a stream, which is closed in any case. `length` is that of the body, or
 * negative when only the end will tell. */
void isere_answer_stream(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_stream_t *stream, int64_t length);

/* From bytes that are there: constant ones, or those of `owned`, which is
 * freed. For what is too large to be copied at once. */
void isere_answer_bytes(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        isere_slice_t bytes, char *owned);

/* A line of the server about a request. */
void isere__answer_log(const isere_connection_t *c, const char *text,
                       const char *request_id);

#endif
