/* From a response or an error to bytes, and the buffer they are sent from. */
#ifndef ISERE_CORE_SERVER_CONNECTION_SEND_H
#define ISERE_CORE_SERVER_CONNECTION_SEND_H

#include "core/http/response.h"
#include "core/lambda/response/error_answer.h"
#include "core/server/connection/connection.h"

/* Append to the connection's unsent bytes. False when out of memory. */
bool isere__send_response(isere_connection_t *c,
                          const isere_response_t *response);
bool isere__send_error(isere_connection_t *c,
                       const isere_error_answer_t *error);
/* A body that is copied, and fields. */
bool isere__send_text(isere_connection_t *c, int status,
                      const isere_field_t *fields, size_t nfields,
                      isere_slice_t body);
/* Only a head, for a body of that length (negative: unknown) that follows. */
bool isere__send_head(isere_connection_t *c, int status,
                      const isere_field_t *fields, size_t nfields,
                      int64_t length);
bool isere__send_continue(isere_connection_t *c);

/* An error straight to the socket, from the stack, when there is no memory for
 * a buffer: as a whole or not at all, and only where nothing else is unsent.
 * `x` is the exchange, if there is one. The connection ends. */
bool isere__send_directly(isere_server_t *server, isere_socket_t socket,
                          isere_exchange_t *x,
                          const isere_error_answer_t *error);

/* Sends what it can. Returns 0, or an error when the connection is gone. */
int isere__send_flush(isere_connection_t *c);

/* Room for `more` bytes behind the unsent ones, or false. */
bool isere__send_reserve(isere_connection_t *c, size_t more);

/* Gives up the send buffer, which is empty. */
void isere__send_free(isere_connection_t *c);

/* Frees buffers that are kept for later, but for some. */
void isere__send_drop_spares(isere_server_t *server, unsigned keep);

/* The client begins to send, or has sent or taken so many bytes: less than
 * ISERE_PACE in ISERE_PACE_US is slow. */
enum { ISERE_PACE = 16 * 1024 };

#define ISERE_PACE_US ((uint64_t)1000 * 1000)

static inline void isere__send_begin_pace(isere_connection_t *c,
                                          uint64_t now_us)
{
    c->paced_us = now_us;
    c->paced_bytes = 0;
    c->slow = false;
}

static inline void isere__send_note_pace(isere_connection_t *c, size_t bytes,
                                         uint64_t now_us)
{
    c->paced_bytes += (uint32_t)bytes;
    if (c->paced_bytes >= ISERE_PACE) {
        isere__send_begin_pace(c, now_us);
    }
}

#endif
