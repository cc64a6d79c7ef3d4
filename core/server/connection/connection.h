/*
 * One connection: receiving, parsing, time-outs, closing. Its state and its
 * receive buffer are written in connection.c and nowhere else.
 *
 * A connection calls nobody above it. isere__connection_next returns the
 * request that is to be dealt with; who has that under way (a queue, a job)
 * sets the exchange's `abandon`, and is told by it that the client has left.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_CONNECTION_H
#define ISERE_CORE_SERVER_CONNECTION_CONNECTION_H

#include "core/http/parser.h"
#include "core/isolate/isolate.h"
#include "core/route/route.h"
#include "core/util/time/timer_queue.h"
#include "isere/isere.h"

#define ISERE_LINGER_US ((uint64_t)ISERE_LINGER_MS * 1000)
#define ISERE_BEAT_US ((uint64_t)15 * 1000 * 1000) /* of a silent stream */

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

/* A direct invocation: an event of the program's own, and who gets the outcome.
 * One block of the port's memory, which is released with the exchange. */
typedef struct isere_direct {
    void (*done)(isere_connection_t *c, const struct isere_direct *direct,
                 const isere_isolate_t *isolate, uint64_t duration_us);
    isere_slice_t event; /* JSON, ended by a NUL */
} isere_direct_t;

/* What only a connection with a request under way needs. */
typedef struct isere_exchange {
    isere_http_parser_t parser;
    isere_http_request_t request;
    uint64_t began_us;       /* when its first byte came */
    uint64_t wait_until_us;  /* of QUEUED */
    bool judged;             /* its head was looked at; the body is to come */
    bool continued;          /* 100 was sent */
    bool chunked;            /* of the stream: its length is not known */
    bool following;          /* it is among the server's followers */
    bool last;               /* the client has said all: no stream waits */
    struct isere_pool *pool; /* of its function, once that is known */
    const isere_function_t *function; /* the pool's */
    isere_connection_t *queue_next;
    isere_stream_t *stream;          /* of the answer, while STREAMING */
    isere_connection_t *follow_next; /* of the server's followers */
    /* The client has left. NULL: nobody needs to know. */
    void (*abandon)(isere_connection_t *c);
    void *work;             /* of whoever set `abandon` */
    isere_direct_t *direct; /* NULL: an HTTP request for a function */
    isere_route_match_t route;
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

static inline bool isere__connection_has_unsent(const isere_connection_t *c)
{
    return c->out.end > c->out.start;
}

/* Whether a byte of the next request is there. An empty line before it is
 * none, RFC 9112 section 2.2. */
static inline bool isere__connection_has_begun(const isere_connection_t *c)
{
    return c->exchange && c->exchange->parser.started;
}

/* ---- life ---- */

void isere__connection_open(isere_server_t *server, isere_socket_t socket,
                            const char *peer);
void isere__connection_close(isere_connection_t *c);

/* Leaves a closed connection to be freed at the end of the turn: events that
 * were fetched already may still name it. */
void isere__connection_bury(isere_connection_t *c);
void isere__connection_free_closed(isere_server_t *server);

/* Whether it waits for the first byte of a request, and nothing else. */
bool isere__connection_is_idle(const isere_connection_t *c);

/* Takes an idle one out of everything that its server has but the events, and
 * makes it another's. */
void isere__connection_detach(isere_connection_t *c);
void isere__connection_adopt(isere_server_t *server, isere_connection_t *c);

/* The server stops: the next answer is the last. */
void isere__connection_end_soon(isere_connection_t *c);

/* The same for one where no request has begun: sends what there is, and ends.
 */
void isere__connection_end(isere_connection_t *c);

/* ---- receiving ---- */

typedef enum isere_read {
    ISERE_READ_NOTHING,   /* all is done */
    ISERE_READ_BYTES,     /* of a request: isere__connection_next */
    ISERE_READ_END,       /* of a client that gets its answers yet */
    ISERE_READ_NO_BUDGET, /* there is no room for a byte: what all clients may
                           */
    ISERE_READ_NO_MEMORY, /* have together is in use, or all memory is */
} isere_read_t;

/* Receives what is there. */
isere_read_t isere__connection_read(isere_connection_t *c);

/* There is no room, and its request can't be answered with 503. */
void isere__connection_starve(isere_connection_t *c);

typedef enum isere_next {
    ISERE_NEXT_NOTHING,
    ISERE_NEXT_REQUEST, /* exchange->request is complete */
    ISERE_NEXT_HEAD,    /* the same without the body, once for each request */
    ISERE_NEXT_REFUSED, /* it is invalid: parser.status */
} isere_next_t;

/* The next request that is there. The state is READING when there is one. */
isere_next_t isere__connection_next(isere_connection_t *c);

/* Asks for the body of a client that waits to be asked, RFC 9110 section
 * 10.1.1. */
void isere__connection_ask_for_body(isere_connection_t *c);

/* Others come first: its timer is due in the next turn. */
void isere__connection_yield(isere_connection_t *c);

/* Whether there is room for the body of a request whose head is there. */
bool isere__connection_has_room(const isere_connection_t *c);

/* The receive buffer becomes the send buffer: there is room in it for an error
 * answer, but then what else the client sent is lost, and so the connection
 * ends. False when earlier answers are still in the send buffer. */
bool isere__connection_send_from_in(isere_connection_t *c);

/* ---- what becomes of its request ---- */

/* It waits for an instance, so long. */
void isere__connection_wait(isere_connection_t *c, uint64_t until_us,
                            void (*abandon)(isere_connection_t *c));

/* It is in a handler, or (with `abandon`) somebody works for it. */
static inline void isere__connection_work(isere_connection_t *c,
                                          void (*abandon)(isere_connection_t *))
{
    c->state = ISERE_CONN_RUNNING;
    c->exchange->abandon = abandon;
    c->in_handler = !abandon;
}

/* The handler is done with its request. */
static inline void isere__connection_leave_handler(isere_connection_t *c)
{
    c->in_handler = false;
    if (c->state == ISERE_CONN_CLOSED) {
        isere__connection_bury(c); /* the client left meanwhile */
    }
}

/* Its answer is exchange->stream. */
void isere__connection_stream(isere_connection_t *c);

/* It is answered: what comes next on the connection? Without an answer it is
 * closed. */
void isere__connection_answered(isere_connection_t *c, bool answered);

/* Sends what is there, sets interest and timer. True when there may be more
 * requests, of which nothing was taken while answers were piling up. */
bool isere__connection_settle(isere_connection_t *c);

/* ---- time ---- */

/* Whether it waited for others to have their turn: it goes on. */
bool isere__connection_resumes(isere_connection_t *c);

/* Whether its time is over, and whether it waits for input: a server that was
 * busy has not seen yet what came in time. */
bool isere__connection_is_late(const isere_connection_t *c);
bool isere__connection_wants_input(const isere_connection_t *c);

typedef enum isere_late {
    ISERE_LATE_NOTHING, /* all is done */
    ISERE_LATE_SETTLE,  /* there is something to be sent */
    ISERE_LATE_REQUEST, /* the rest of the request did not come */
    ISERE_LATE_QUEUED,  /* no instance was free in time */
} isere_late_t;

/* What follows from the time, when its timer is due. */
isere_late_t isere__connection_expire(isere_connection_t *c);

#endif
