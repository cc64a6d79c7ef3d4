/*
 * The structs of a connection and of its exchange. A connection's state and its
 * receive buffer are written in connection.c and nowhere else.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_TYPES_H
#define ISERE_CORE_SERVER_CONNECTION_TYPES_H

#include "core/http/parser.h"
#include "core/isolate/isolate.h"
#include "core/route/route.h"
#include "core/util/time/timer_queue.h"
#include "isere/isere.h"

typedef struct isere_connection isere_connection_t;
typedef struct isere_stream isere_stream_t;

/* Bytes received or to be sent: [start, end) of `capacity` at `data`. */
typedef struct isere_buffer {
    char *data;
    size_t start;
    size_t end;
    size_t capacity;
} isere_buffer_t;

typedef enum isere_conn_state {
    ISERE_CONN_READING,   /* waits for a request, or for the rest of one */
    ISERE_CONN_QUEUED,    /* its request waits for an instance */
    ISERE_CONN_RUNNING,   /* its request is in an instance, or is a job */
    ISERE_CONN_STREAMING, /* its answer is made while it is sent */
    ISERE_CONN_FLUSHING,  /* sends the last bytes, then closes */
    ISERE_CONN_DRAINING,  /* sent all; reads what the client still sends */
    ISERE_CONN_CLOSED,    /* freed when nothing refers to it any more */
} isere_conn_state_t;

/* A direct invocation: an event of the program's own, and what is called with
 * the outcome. One block of the port's memory, which is released with the
 * exchange. */
typedef struct isere_direct {
    void (*done)(isere_connection_t *c, const struct isere_direct *direct,
                 const isere_isolate_t *isolate, uint64_t duration_us);
    isere_slice_t event; /* JSON, ended by a NUL */
} isere_direct_t;

/* What the client has got for its request. */
typedef struct isere_sent {
    bool continued;  /* 100 */
    uint16_t status; /* of the answer; 0 before it */
    uint64_t bytes;  /* of its body */
} isere_sent_t;

/* What only a connection with a request under way needs. */
typedef struct isere_exchange {
    isere_http_parser_t parser;
    isere_http_request_t request;
    uint64_t began_us;      /* when its first byte came */
    uint64_t wait_until_us; /* of QUEUED */
    isere_sent_t sent;
    bool judged;             /* its head was looked at; the body is to come */
    bool chunked;            /* of the stream: its length is not known */
    bool following;          /* it is among the server's followers */
    bool last;               /* the client has said all: no stream waits */
    struct isere_pool *pool; /* of its function, once that is known */
    const isere_function_t *function; /* the pool's */
    isere_connection_t *queue_next;
    isere_stream_t *stream;          /* of the answer, while STREAMING */
    isere_connection_t *follow_next; /* of the server's followers */
    /* Called when the client leaves, or the rest of a body that is taken does
     * not come. NULL: nothing is to be undone. */
    void (*abandon)(isere_connection_t *c);
    /* Takes the next piece of the body, or answers and returns false. NULL: the
     * body is collected in the receive buffer. */
    bool (*take)(isere_connection_t *c, isere_slice_t piece);
    void *work;             /* of what set `abandon`, or NULL */
    isere_direct_t *direct; /* NULL: an HTTP request for a function */
    isere_route_match_t route;
    char request_id[ISERE_REQUEST_ID_LEN + 1]; /* from request_id.h */
} isere_exchange_t;

struct isere_connection {
    isere_server_t *server;
    isere_connection_t *next; /* of all connections, or of the closed ones */
    isere_connection_t *prev;
    isere_exchange_t *exchange;
    isere_buffer_t in;
    isere_buffer_t out;
    isere_timer_node_t timer;
    uint64_t deadline_us;       /* the real one; the timer may be due earlier */
    uint64_t write_deadline_us; /* of sending; 0 when all is sent */
    uint64_t paced_us;          /* since when it sent and took paced_bytes */
    uint32_t paced_bytes;
    isere_socket_t socket;
    isere_conn_state_t state;
    uint8_t interest; /* ISERE_POLL_* as the port has it */
    bool close_after; /* the answer under way is the last */
    bool fresh;       /* no request has been completed yet */
    bool resume;      /* its timer lets it go on, after others had a turn */
    bool slow;        /* it was when that was looked for last */
    bool in_handler;  /* an isolate reads its request: not to be freed */
    char peer[ISERE_ADDRESS_MAX];
};

/* Those of a server. */
typedef struct isere_connections {
    isere_connection_t *first;
    isere_connection_t *closed; /* to be freed at the end of the turn */
    bool freed_place;           /* one was closed: more may be accepted */
} isere_connections_t;

/* A buffer that is kept for later. */
typedef struct isere_spare {
    struct isere_spare *next;
} isere_spare_t;

/* What was allocated for requests and is kept for the next ones. */
typedef struct isere_spares {
    isere_exchange_t *exchange;
    char *in;           /* ISERE_IN_FIRST bytes */
    isere_spare_t *out; /* ISERE_OUT_FIRST bytes each */
    unsigned outs;
} isere_spares_t;

#endif
