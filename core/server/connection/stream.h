/*
 * Answers that are made while they are sent: a page in flash, metrics, log
 * lines. The next piece is asked for when the last one has left, so an answer
 * of any length needs one small buffer, and a client that does not read holds
 * up only itself.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_STREAM_H
#define ISERE_CORE_SERVER_CONNECTION_STREAM_H

#include "core/server/connection/connection.h"

/*
 * `read` puts up to `size` bytes, which is at least ISERE_STREAM_PIECE, and
 * returns how many, ISERE_ERR_AGAIN when there is nothing now (but there may be
 * after isere_request_wake_streams), ISERE_ERR_CLOSED at the end, or
 * ISERE_ERR_IO when the rest can't be had: then the connection is closed.
 * `close` releases it.
 */
struct isere_stream {
    int (*read)(isere_stream_t *stream, char *buf, size_t size);
    void (*close)(isere_stream_t *stream);
    uint32_t piece; /* `size` for it; 0: ISERE_STREAM_PIECE */
    bool is_body;   /* it is waited for, and nothing may be put in between */
};

/* A stream of bytes that are there: constant ones, or those of `owned`, which
 * is freed with it. NULL when out of memory: `owned` is freed then, too. */
isere_stream_t *isere__stream_of_bytes(const isere_port_t *port,
                                       isere_slice_t bytes, char *owned);

typedef enum isere_pump {
    ISERE_PUMP_PIECE, /* there is more to be sent */
    ISERE_PUMP_WAIT,  /* for what comes later */
    ISERE_PUMP_END,   /* the stream was closed; its last bytes may be unsent */
    ISERE_PUMP_FAILED,
} isere_pump_t;

/* Puts the next piece, when there are no unsent bytes. */
isere_pump_t isere__stream_pump(isere_connection_t *c);

/* Puts an empty line, so that a client which is gone is noticed. */
void isere__stream_beat(isere_connection_t *c);

/* Closes the exchange's stream, if it has one. */
void isere__stream_close(isere_connection_t *c);

#endif
