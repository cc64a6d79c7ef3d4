/*
 * What the files of core/server share.
 *
 *   server.c      the event loop, accepting, stopping
 *   connection.c  one connection: receive, parse, send, time out
 *   buffer.c      what it receives into and sends from
 *   exchange.c    one request: find a slot, invoke, answer
 *   share.c       what a busy server's neighbours take over
 *   pool.c        isolates of one function: slots, idle and busy
 *   group.c       counters that the servers of a process share
 *   answer.c      from a response or an error to bytes
 *
 * A request's way: connection -> exchange -> pool -> exchange -> connection.
 */
#ifndef ISERE_CORE_SERVER_INTERNAL_H
#define ISERE_CORE_SERVER_INTERNAL_H

#include "core/http/date.h"
#include "core/http/parser.h"
#include "core/http/response.h"
#include "core/isere_config.h"
#include "core/js/function.h"
#include "core/js/isolate.h"
#include "core/util/timer_queue.h"
#include <stdatomic.h>

enum {
    ISERE_ACCEPTS = 64,       /* taken from the listener at once */
    ISERE_TURN_REQUESTS = 16, /* of one connection, before others come */
    ISERE_RANDOM_POOL = 1024,
    ISERE_SHARE_MOST = 4, /* connections taken over at once */
};

#define ISERE_LINGER_US ((uint64_t)ISERE_LINGER_MS * 1000)
#define ISERE_REAP_US ((uint64_t)10 * 1000 * 1000) /* idle instances */
#define ISERE_RETRY_US ((uint64_t)20 * 1000)       /* accept again */
/* Answers may wait for each other: sending them in one go is cheaper, as the
 * receivers are woken once and not in between. But no longer than this, and
 * only those that fit into the first size of a buffer. */
#define ISERE_HOLD_US ((uint64_t)500)
/* After a request that took so long, the next one might, too: for some time
 * nothing is held, and other servers look whether they can help. */
#define ISERE_SLOW_US ((uint64_t)1000)
#define ISERE_HURRY_US ((uint64_t)1000 * 1000)
#define ISERE_SHARE_POLL_US ((uint64_t)500)
#define ISERE_GROW_US ((uint64_t)1000 * 1000)  /* make a slot again */
#define ISERE_GROW_MAX_US (60 * ISERE_GROW_US) /* the same, at last */

/* Bytes received or to be sent: [start, end) of `capacity` at `data`. */
typedef struct isere_buffer {
    char *data;
    size_t start;
    size_t end;
    size_t capacity;
} isere_buffer_t;

/* A buffer that is kept for later. */
typedef struct isere_spare isere_spare_t;

typedef enum isere_conn_state {
    ISERE_CONN_READING,  /* waits for a request, or for the rest of one */
    ISERE_CONN_QUEUED,   /* its request waits for an instance */
    ISERE_CONN_RUNNING,  /* its request is in an instance */
    ISERE_CONN_FLUSHING, /* sends the last bytes, then closes */
    ISERE_CONN_DRAINING, /* sent all; reads what the client still sends */
    ISERE_CONN_CLOSED,   /* freed when nothing refers to it any more */
} isere_conn_state_t;

/* What a timer node is part of. */
enum {
    ISERE_TIMER_CONNECTION,
    ISERE_TIMER_SLOT,
    ISERE_TIMER_ACCEPT,
    ISERE_TIMER_REAP,
};

enum {
    ISERE_GATE_SHUT,  /* the server's own thread uses it */
    ISERE_GATE_OPEN,  /* it runs a handler: another one may take it */
    ISERE_GATE_TAKEN, /* another one uses it */
};

struct isere_slot;

/* What only a connection with a request under way needs. */
typedef struct isere_exchange {
    isere_http_parser_t parser;
    isere_http_request_t request;
    uint64_t began_us; /* when its first byte came */
    bool continued;    /* 100 was sent */
} isere_exchange_t;

typedef struct isere_connection {
    isere_server_t *server;
    struct isere_connection *next; /* of all connections */
    struct isere_connection *prev;
    struct isere_connection *queue_next;
    struct isere_slot *slot;
    isere_exchange_t *exchange;
    isere_buffer_t in;
    isere_buffer_t out;
    isere_timer_node_t timer;
    uint64_t deadline_us;       /* the real one; the timer may be due earlier */
    uint64_t write_deadline_us; /* of sending; 0 when all is sent */
    uint64_t queue_deadline_us; /* of waiting for an instance */
    isere_socket_t socket;
    isere_conn_state_t state;
    uint8_t interest; /* ISERE_POLL_* as the port has it */
    bool close_after; /* the answer under way is the last */
    bool fresh;       /* no request has been completed yet */
    bool resume;      /* its timer lets it go on, after others had a turn */
    char peer[ISERE_ADDRESS_MAX];
} isere_connection_t;

/* An isolate and who uses it. */
typedef struct isere_slot {
    struct isere_pool *pool;
    struct isere_slot *idle_next;
    struct isere_slot *next; /* of all slots of the pool */
    struct isere_slot *prev;
    isere_isolate_t *isolate;
    isere_connection_t *connection; /* NULL when idle */
    isere_timer_node_t timer;
    isere_fault_t *fault; /* in the init phase */
} isere_slot_t;

/* The isolates of one function in one server. */
typedef struct isere_pool {
    isere_server_t *server;
    const isere_function_t *function;
    isere_slot_t *slots; /* all */
    isere_slot_t *idle;  /* last used first: its memory is warm */
    unsigned idle_count;
    unsigned idle_low; /* fewest idle since the last reaping */
    unsigned starting; /* in their init phase */
    unsigned count;    /* all */
    uint64_t retry_us; /* no memory for one more: not tried before that */
    uint64_t pause_us; /* the pause that ends then; 0: there was room */
    isere_snapshot_family_t family; /* of their heaps */
} isere_pool_t;

static inline uint64_t
isere__function_timeout_us(const isere_function_t *function)
{
    return (uint64_t)function->config.timeout_ms * 1000;
}

struct isere_server_group {
    isere_port_t port; /* for its memory functions */
    isere_server_limits_t limits;
    atomic_uint connections;
    atomic_uint instances;
    atomic_uint queued;
    atomic_uint members;
    atomic_uint hurry_until_ms; /* until when some server may need help */
    /* Who needs an instance while all are made; `urgent` when it has none. */
    _Atomic(isere_server_t *) wanted;
    atomic_bool urgent;
    _Atomic(isere_server_t *) servers[ISERE_GROUP_MAX];
};

/* A replacement of the function, handed over between threads. */
typedef struct isere_replacement {
    const isere_function_t *function;
    isere_replaced_fn *replaced;
    void *arg;
} isere_replacement_t;

struct isere_server {
    const isere_port_t *port;
    isere_server_group_t *group;
    const isere_server_limits_t *limits;
    isere_http_limits_t http_limits;
    isere_socket_t listener;
    bool accepting; /* the listener is polled */
    isere_timer_node_t accept_timer;
    isere_timer_node_t reap_timer;
    isere_timer_queue_t timers;
    uint64_t now_us;                        /* of this turn of the loop */
    int64_t wall_offset_us;                 /* from now_us to the wall clock */
    isere_connection_t *held[ISERE_EVENTS]; /* sent at the turn's end */
    unsigned held_count;
    uint64_t held_us;                        /* since when */
    uint64_t hurry_until_us;                 /* see ISERE_SLOW_US */
    isere_poll_event_t events[ISERE_EVENTS]; /* of this turn */
    int event_next;                          /* the next to be handled */
    int event_count;
    atomic_int gate;    /* see share.c */
    atomic_bool dozing; /* it waits for events, and could help */
    isere_pool_t *pool;
    isere_pool_t *retired; /* the replaced function's, while still in use */
    isere_pool_t *coming;  /* the next function's, in its init phase */
    isere_replacement_t replacement; /* of other threads until has_ is set */
    atomic_bool has_replacement;
    isere_fault_t fault; /* of the last init phase that failed */
    atomic_bool stop_requested;
    bool running;
    bool stopping;
    bool destroying;  /* nobody may be woken any more */
    uint64_t stop_us; /* when stopping ends in any case */
    isere_connection_t *connections;
    isere_connection_t *closed; /* to be freed at the end of the turn */
    isere_connection_t *queue_first;
    isere_connection_t **queue_last;
    unsigned queue_length;
    isere_exchange_t *spare_exchange; /* kept from the last request */
    char *spare_in;                   /* ISERE_IN_FIRST bytes */
    isere_spare_t *spare_out;         /* ISERE_OUT_FIRST bytes each */
    unsigned spares_out;
    int64_t date_second;
    char date[ISERE_HTTP_DATE_LEN + 1];
    unsigned char random[ISERE_RANDOM_POOL];
    size_t random_left;
};

/* ---- server.c ---- */

/* Reads the clock: after anything that may have taken its time. */
void isere__server_update_now(isere_server_t *server);

/* The wall clock: as long after this turn's reading as now_us. */
static inline int64_t isere__server_wall_us(const isere_server_t *server)
{
    return (int64_t)server->now_us + server->wall_offset_us;
}

static inline bool isere__server_hurries(const isere_server_t *server)
{
    return server->now_us < server->hurry_until_us;
}

/* The Date field's value for now. */
isere_slice_t isere__server_date(isere_server_t *server);

/* Begins accepting again when there is room; waits a little when not. */
void isere__server_accept_again(isere_server_t *server);

/* ---- connection.c ---- */

void isere__connection_open(isere_server_t *server, isere_socket_t socket,
                            const char *peer);
void isere__connection_event(isere_connection_t *c, unsigned events);
void isere__connection_timeout(isere_connection_t *c);
void isere__connection_close(isere_connection_t *c);
void isere__connection_stop(isere_connection_t *c);

/* Leaves a closed connection to be freed at the end of the turn: events that
 * were fetched already may still name it. */
void isere__connection_bury(isere_connection_t *c);
void isere__connection_free(isere_connection_t *c);

/* Sends, goes on with the next request that is there, sets interest and
 * timer: to be called after anything changed. */
void isere__connection_advance(isere_connection_t *c);

/* Sends the answers that waited for the end of the turn. */
void isere__connection_send_held(isere_server_t *server);

/* Whether it waits for the first byte of a request, and nothing else. */
bool isere__connection_is_idle(const isere_connection_t *c);

/* Takes it out of its server's list. */
void isere__connection_unlink(isere_connection_t *c);

/* Makes an idle connection that was another server's one of this server. */
void isere__connection_adopt(isere_server_t *server, isere_connection_t *c);

/* ---- share.c ---- */

/* A request took long. */
void isere__share_note_slow(isere_server_t *server);

/* Lets others help while a handler runs; true when it must be shut again. */
bool isere__share_open(isere_server_t *server);
void isere__share_shut(isere_server_t *server);

/* Whether another server may need help, and this one can. */
bool isere__share_is_wanted(const isere_server_t *server);

/* Takes over some connections of another server, if one needs help. */
void isere__share_take(isere_server_t *server);

/* ---- buffer.c ---- */

/* Room for at least one more byte behind the received ones, or false. */
bool isere__buffer_make_room(isere_connection_t *c);

/* Room for `more` bytes behind the unsent ones, or false. */
bool isere__buffer_reserve(isere_connection_t *c, size_t more);

/* Give up the connection's buffer, which is empty. */
void isere__buffer_free_in(isere_connection_t *c);
void isere__buffer_free_out(isere_connection_t *c);

/* Frees buffers that are kept for later, but for some. */
void isere__buffer_drop_spares(isere_server_t *server, unsigned keep);

/* ---- exchange.c ---- */

/* Invokes the handler for the connection's complete request: afterwards it is
 * answered, RUNNING or QUEUED. */
void isere__exchange_start(isere_connection_t *c);

/* Gives free slots to queued requests. */
void isere__exchange_serve_queue(isere_server_t *server);

/* A slot's isolate went on: takes its answer if it is there. */
void isere__exchange_slot_changed(isere_slot_t *slot);

/* Takes the connection out of the queue. */
void isere__exchange_unqueue(isere_connection_t *c);

/* Answers 503 to a request that waited too long. */
void isere__exchange_busy(isere_connection_t *c);

/* Answers 503 to a request whose rest there is no memory for, and closes. */
void isere__exchange_no_room(isere_connection_t *c);

/* Answers the request that the parser refused, and closes. */
void isere__exchange_refuse(isere_connection_t *c, int status);

/* ---- pool.c ---- */

isere_pool_t *isere__pool_create(isere_server_t *server,
                                 const isere_function_t *function);

/* An idle slot, taken out of the idle list; NULL when none is idle. */
isere_slot_t *isere__pool_take(isere_pool_t *pool);

/*
 * A further slot, whose init phase begins now and may go on as a timer of the
 * server; at its end the slot is idle. `beyond` lets it exceed the group's
 * limit. Returns 0, ISERE_ERR_LIMIT when the group has all it may have,
 * ISERE_ERR_NOMEM (with slots already there, it is not tried again for a
 * while, longer each time until memory is given back), or ISERE_ERR_HANDLER
 * when the init phase failed (server->fault; logged).
 */
int isere__pool_grow(isere_pool_t *pool, bool beyond);

/* Puts a slot back: its heap is restored. */
void isere__pool_release(isere_slot_t *slot);

/* Goes on with a slot whose timer is due. */
void isere__pool_slot_due(isere_slot_t *slot);

/* Sets the slot's timer to when its isolate must go on. */
void isere__pool_schedule(isere_slot_t *slot);

/* Gives up instances that were not needed for a while. */
void isere__pool_reap(isere_pool_t *pool);

/* Gives up one idle instance; false when none is idle. */
bool isere__pool_give_up(isere_pool_t *pool);

/* Destroys the pool and all slots; requests in them are given up. */
void isere__pool_destroy(isere_pool_t *pool);

/* ---- group.c ---- */

/* Counts one more, unless there are `max`; false then. */
bool isere__group_take(atomic_uint *counter, unsigned max);
void isere__group_give(atomic_uint *counter);

int isere__group_join(isere_server_group_t *group, isere_server_t *server);
void isere__group_leave(isere_server_group_t *group, isere_server_t *server);

/* Asks the other servers to give up one idle instance. */
void isere__group_want(isere_server_group_t *group, isere_server_t *server);
void isere__group_wake(isere_server_group_t *group,
                       const isere_server_t *except);

/* ---- answer.c ---- */

/* Appends to the connection's unsent bytes. False when memory ends. */
bool isere__answer_response(isere_connection_t *c,
                            const isere_response_t *response);
bool isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error);
bool isere__answer_continue(isere_connection_t *c);

#endif
