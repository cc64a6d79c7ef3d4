/*
 * One connection: receiving, parsing, time-outs, closing. Its state and its
 * receive buffer are written in connection.c and nowhere else.
 *
 * A connection calls nothing above it. isere__connection_next returns the next
 * request to the loop. What a request waits in (a queue, a job) sets the
 * exchange's `abandon`, which is called when the client leaves.
 */
#ifndef ISERE_CORE_SERVER_CONNECTION_CONNECTION_H
#define ISERE_CORE_SERVER_CONNECTION_CONNECTION_H

#include "core/lambda/response/error_answer.h"
#include "core/server/connection/types.h"

#define ISERE_LINGER_US ((uint64_t)ISERE_LINGER_MS * 1000)
#define ISERE_BEAT_US ((uint64_t)15 * 1000 * 1000) /* of a silent stream */

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

/* There is no room for its request, and no buffer for an answer either: it gets
 * 503 if the socket takes that at once, and ends. */
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

/* The body of a request whose head is there goes to `take`, piece by piece, and
 * not into memory; see isere_exchange_take_body. */
bool isere__connection_take_body(isere_connection_t *c, void *work,
                                 bool (*take)(isere_connection_t *c,
                                              isere_slice_t piece),
                                 void (*abandon)(isere_connection_t *c));

/* Other connections get a turn first: its timer is due in the next one. */
void isere__connection_yield(isere_connection_t *c);

/* Whether there is room for the body of a request whose head is there. */
bool isere__connection_has_room(const isere_connection_t *c);

/* The receive buffer becomes the send buffer: there is room in it for an error
 * answer, but then what else the client sent is lost, and so the connection
 * ends. False when earlier answers are still in the send buffer. */
bool isere__connection_send_from_in(isere_connection_t *c);

/* isere__send_directly, for its last answer. False when earlier ones are
 * unsent, or when the socket does not take it. */
bool isere__connection_send_directly(isere_connection_t *c,
                                     const isere_error_answer_t *error);

/* ---- from a request to its answer ---- */

/* It waits for an instance, so long. */
void isere__connection_wait(isere_connection_t *c, uint64_t until_us,
                            void (*abandon)(isere_connection_t *c));

/* It is in a handler, or (with `abandon`) its answer is made elsewhere. */
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
