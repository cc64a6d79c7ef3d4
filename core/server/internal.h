/*
 * What the files of core/server share.
 *
 *   server.c      the event loop, accepting, stopping
 *   connection.c  one connection: receive, parse, send, time out
 *   buffer.c      what it receives into and sends from
 *   budget.c      how much of that all clients may have
 *   exchange.c    one request: find a slot, invoke, answer
 *   share.c       what a busy server's neighbours take over
 *   pool.c        isolates of one function: slots, idle and busy
 *   platform.c    many functions: which pool a request belongs to
 *   plane*.c      calls of the control plane, and work for them elsewhere
 *   stream.c      answers that are made while they are sent
 *   group.c       counters that the servers of a process share
 *   answer.c      from a response or an error to bytes
 *
 * A request's way: connection -> exchange -> (platform ->) pool -> exchange ->
 * connection; of the control plane: connection -> exchange -> plane -> stream
 * -> connection.
 */
#ifndef ISERE_CORE_SERVER_INTERNAL_H
#define ISERE_CORE_SERVER_INTERNAL_H

#include "core/control/registry.h"
#include "core/http/date.h"
#include "core/http/parser.h"
#include "core/http/response.h"
#include "core/isere_config.h"
#include "core/isolate/function.h"
#include "core/isolate/isolate.h"
#include "core/util/time/timer_queue.h"
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
#define ISERE_BEAT_US ((uint64_t)15 * 1000 * 1000) /* of a silent stream */
/* Answers may wait for each other: sending them in one go is cheaper, as the
 * receivers are woken once and not in between. But no longer than this, and
 * only those that fit into the first size of a buffer. */
#define ISERE_HOLD_US ((uint64_t)500)
/* After a request that took so long, the next one might, too: for some time
 * nothing is held, and other servers look whether they can help. */
#define ISERE_SLOW_US ((uint64_t)1000)
#define ISERE_HURRY_US ((uint64_t)1000 * 1000)
#define ISERE_SHARE_POLL_US ((uint64_t)500)
/* When one of several functions has had the thread for so long in a turn of the
 * loop, its further requests wait for the next turn: others come first. */
#define ISERE_POOL_TURN_US ((uint64_t)10 * 1000)
#define ISERE_RELIEVE_US ((uint64_t)200 * 1000) /* slow clients looked for */
#define ISERE_GROW_US ((uint64_t)1000 * 1000)   /* make a slot again */
#define ISERE_GROW_MAX_US (60 * ISERE_GROW_US)  /* the same, at last */

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
    ISERE_CONN_READING,   /* waits for a request, or for the rest of one */
    ISERE_CONN_QUEUED,    /* its request waits for an instance */
    ISERE_CONN_RUNNING,   /* its request is in an instance, or is work */
    ISERE_CONN_STREAMING, /* its answer is made while it is sent */
    ISERE_CONN_FLUSHING,  /* sends the last bytes, then closes */
    ISERE_CONN_DRAINING,  /* sent all; reads what the client still sends */
    ISERE_CONN_CLOSED,    /* freed when nothing refers to it any more */
} isere_conn_state_t;

/* What a timer node is part of. */
enum {
    ISERE_TIMER_CONNECTION,
    ISERE_TIMER_SLOT,
    ISERE_TIMER_ACCEPT,
    ISERE_TIMER_REAP,
    ISERE_TIMER_RELIEVE,
};

enum {
    ISERE_GATE_SHUT,  /* the server's own thread uses it */
    ISERE_GATE_OPEN,  /* it runs a handler: another one may take it */
    ISERE_GATE_TAKEN, /* another one uses it */
};

struct isere_slot;
struct isere_pool;

/* Work for a request on another thread; see plane_jobs.c. */
typedef struct isere_job isere_job_t;

/*
 * An answer that is made piece by piece, when the last piece has been sent.
 * `read` puts up to `size` bytes, at least ISERE_STREAM_PIECE, and returns how
 * many, ISERE_ERR_AGAIN when there is nothing now (but there may be after the
 * server was woken), or ISERE_ERR_CLOSED at the end. `close` releases it.
 */
typedef struct isere_stream {
    int (*read)(struct isere_stream *stream, char *buf, size_t size);
    void (*close)(struct isere_stream *stream);
} isere_stream_t;

/* What only a connection with a request under way needs. */
typedef struct isere_exchange {
    isere_http_parser_t parser;
    isere_http_request_t request;
    uint64_t began_us;       /* when its first byte came */
    bool judged;             /* its head was looked at; the body is to come */
    bool continued;          /* 100 was sent */
    bool chunked;            /* of the stream: its length is not known */
    bool following;          /* it is among the server's followers */
    bool last;               /* the client has said all: no stream waits */
    struct isere_pool *pool; /* of its function, once that is known */
    isere_stream_t *stream;  /* of the answer, while STREAMING */
    struct isere_connection *follow_next; /* of the server's followers */
    isere_job_t *job;                     /* what works for it elsewhere */
    char *event;               /* of a direct invocation: JSON; else NULL */
    isere_route_match_t route; /* when there are routes */
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
    uint64_t paced_us;          /* since when it sent and took paced_bytes */
    uint32_t paced_bytes;
    isere_socket_t socket;
    isere_conn_state_t state;
    uint8_t interest; /* ISERE_POLL_* as the port has it */
    bool close_after; /* the answer under way is the last */
    bool fresh;       /* no request has been completed yet */
    bool resume;      /* its timer lets it go on, after others had a turn */
    bool slow;        /* it was when that was looked for last */
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
    isere_fault_t *fault;  /* in the init phase */
    uint64_t began_us;     /* its request, for the statistics */
    unsigned long log_seq; /* the next log line then, of a direct invocation */
} isere_slot_t;

/* The isolates of one function in one server, and who waits for them. */
typedef struct isere_pool {
    isere_server_t *server;
    struct isere_pool *next;          /* of all pools of the server */
    isere_deployment_t *deployment;   /* held */
    const isere_function_t *function; /* the deployment's, as are these */
    isere_stats_t *stats;
    isere_connection_t *queue_first;
    isere_connection_t **queue_last;
    unsigned queue_length;
    uint64_t used_us;    /* when a request came last */
    uint64_t turn_us;    /* how long its handlers ran in this turn */
    unsigned long turn;  /* which one that is, of the server's */
    bool retired;        /* no further request will come */
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

struct isere_server_group {
    isere_port_t port; /* for its memory functions */
    isere_server_limits_t limits;
    atomic_uint connections;
    atomic_uint instances;
    atomic_uint queued;
    atomic_uint members;
    atomic_size_t buffered;       /* bytes of receive buffers that have grown */
    atomic_ulong buffer_refusals; /* requests there was no room for in them */
    atomic_uint hurry_until_ms;   /* until when some server may need help */
    /* A server that needs an instance while all are in use; `urgent` when one
     * of its functions with waiting requests has none. */
    _Atomic(isere_server_t *) wanted;
    atomic_bool urgent;
    _Atomic(isere_server_t *) servers[ISERE_GROUP_MAX];
};

/* What a server has of the registry. */
typedef struct isere_platform {
    isere_registry_t *registry;
    isere_port_t port;        /* the server's, where log lines are kept */
    isere_catalog_t *catalog; /* held: what is served */
    isere_pool_t **pools;     /* of the catalog's entries, when used yet */
    atomic_ulong generation;  /* of the catalog; ULONG_MAX: none any more */
    bool followed; /* to a new catalog in this turn; the rest is to be done */
    unsigned retiring;             /* pools that will go when they are idle */
    isere_job_t *jobs;             /* not answered yet */
    isere_connection_t *followers; /* streams that wait for log lines */
    unsigned long log_seq;         /* what they have been told of */
} isere_platform_t;

struct isere_server {
    const isere_port_t *port;
    isere_server_group_t *group;
    const isere_server_limits_t *limits;
    isere_http_limits_t http_limits;
    isere_socket_t listener;
    isere_timer_node_t accept_timer;
    isere_timer_node_t reap_timer;
    isere_timer_node_t relieve_timer;
    uint64_t relieved_us;   /* when slow clients were looked for last */
    uint64_t logged_us;     /* when refusals of the budget were */
    unsigned long unlogged; /* such refusals since then */
    isere_timer_queue_t timers;
    uint64_t now_us;                        /* of this turn of the loop */
    unsigned long turn;                     /* counts them */
    int64_t wall_offset_us;                 /* from now_us to the wall clock */
    isere_connection_t *held[ISERE_EVENTS]; /* sent at the turn's end */
    unsigned held_count;
    uint64_t held_us;                        /* since when */
    uint64_t hurry_until_us;                 /* see ISERE_SLOW_US */
    isere_poll_event_t events[ISERE_EVENTS]; /* of this turn */
    int event_next;                          /* the next to be handled */
    int event_count;
    atomic_int gate;     /* see share.c */
    atomic_bool dozing;  /* it waits for events, and could help */
    isere_pool_t *pools; /* all */
    isere_platform_t platform;
    isere_fault_t *warming; /* where the fault goes of an init phase that
                               fails; NULL: to the log */
    atomic_bool stop_requested;
    bool short_of_memory; /* since slow clients were looked for */
    bool accepting;       /* the listener is polled */
    bool stopping;
    bool destroying;  /* nobody may be woken any more */
    uint64_t stop_us; /* when stopping ends in any case */
    isere_connection_t *connections;
    isere_connection_t *closed;       /* to be freed at the end of the turn */
    unsigned queue_length;            /* of all pools */
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

/* Room for at least one more byte behind the received ones: 0, or
 * ISERE_ERR_LIMIT when all clients together have too much, ISERE_ERR_NOMEM. */
int isere__buffer_make_room(isere_connection_t *c);

/* Room for `more` bytes behind the unsent ones, or false. */
bool isere__buffer_reserve(isere_connection_t *c, size_t more);

/* Give up the connection's buffer, whose bytes nobody wants. */
void isere__buffer_free_in(isere_connection_t *c);
void isere__buffer_free_out(isere_connection_t *c);

/* Frees buffers that are kept for later, but for some. */
void isere__buffer_drop_spares(isere_server_t *server, unsigned keep);

/* ---- budget.c ---- */

/* Raises a budget that no request fits into. */
void isere__budget_init(isere_server_limits_t *limits);

/* A buffer grows from one capacity to another; false when that is too much. */
bool isere__budget_take(isere_server_t *server, size_t from, size_t capacity);

/* It did not grow after all. */
void isere__budget_back(isere_server_t *server, size_t from, size_t capacity);

/* A buffer of that capacity is given up. */
void isere__budget_give(isere_server_t *server, size_t capacity);

/* Whether there is room for the body of a request whose head is there. */
bool isere__budget_admits(const isere_connection_t *c);

/* The client begins to send, or has sent or taken so many bytes. */
void isere__budget_begin(isere_connection_t *c);
void isere__budget_note(isere_connection_t *c, size_t bytes);

/* Refuses clients that are slow, but for `c`: now, when memory itself is short,
 * when the timer is due, and when it must be set. */
void isere__budget_relieve(isere_server_t *server, const isere_connection_t *c,
                           bool memory);
void isere__budget_due(isere_server_t *server);
void isere__budget_turn(isere_server_t *server);

/* Counts a request that was refused, and logs it, once a second. */
void isere__budget_refused(isere_server_t *server);

/* ---- exchange.c ---- */

/* Invokes the handler for the connection's complete request: afterwards it is
 * answered, RUNNING or QUEUED. */
void isere__exchange_start(isere_connection_t *c);

/*
 * Looks at the head of a request whose body is still to come: when that is
 * enough for the answer, gives it, and true; the body is not read then. Once
 * for each request.
 */
bool isere__exchange_judge(isere_connection_t *c);

/* Gives free slots to queued requests. */
void isere__exchange_serve_queue(isere_server_t *server);

/* Whether a request waits only for the next turn. */
bool isere__exchange_could_serve(const isere_server_t *server);

/* Runs the request, whose pool is known, or queues it. */
void isere__exchange_enter(isere_connection_t *c, isere_pool_t *pool);

/* The pool's handlers or init phases ran since then. */
void isere__exchange_note_turn(isere_pool_t *pool, uint64_t since_us);

/* The request is answered: what comes next on the connection? Without an
 * answer it is closed. */
void isere__exchange_finish(isere_connection_t *c, bool answered);

/* A slot's isolate went on: takes its answer if it is there. */
void isere__exchange_slot_changed(isere_slot_t *slot);

/* Takes the connection out of the queue. */
void isere__exchange_unqueue(isere_connection_t *c);

/* Answers 503 to a request that waited too long. */
void isere__exchange_busy(isere_connection_t *c);

/* Answers 503 to a request whose rest there is no memory for, or none in the
 * budget (ISERE_ERR_LIMIT), and closes. */
void isere__exchange_no_room(isere_connection_t *c, int error);

/* Answers the request that the parser refused, and closes. */
void isere__exchange_refuse(isere_connection_t *c, int status);

/* ---- pool.c ---- */

isere_pool_t *isere__pool_create(isere_server_t *server,
                                 isere_deployment_t *deployment);

/* An idle slot, taken out of the idle list; NULL when none is idle. */
isere_slot_t *isere__pool_take(isere_pool_t *pool);

/*
 * A further slot, whose init phase begins now and may go on as a timer of the
 * server; at its end the slot is idle. Returns 0, ISERE_ERR_LIMIT when the
 * group has all it may have, ISERE_ERR_NOMEM (with slots already there, it is
 * not tried again for a while, longer each time until memory is given back), or
 * ISERE_ERR_HANDLER when the init phase failed (in server->warming, or logged).
 */
int isere__pool_grow(isere_pool_t *pool);

/* Puts a slot back: its heap is restored. */
void isere__pool_release(isere_slot_t *slot);

/* Goes on with a slot whose timer is due. */
void isere__pool_slot_due(isere_slot_t *slot);

/* Sets the slot's timer to when its isolate must go on. */
void isere__pool_schedule(isere_slot_t *slot);

/* A fault of ours while its function ran: see isere_registry_report_fault. */
void isere__pool_report_fault(const isere_pool_t *pool, const char *where);

/* Whether its function is answered with 503. */
static inline bool isere__pool_is_quarantined(const isere_pool_t *pool)
{
    return atomic_load_explicit(&pool->stats->quarantined,
                                memory_order_relaxed);
}

/* The same for a request that has come: a quarantine that is over ends. */
bool isere__pool_refuses(const isere_pool_t *pool);

/* Gives up instances that were not needed for a while. */
void isere__pool_reap(isere_pool_t *pool);

/* Gives up one idle instance; false when none is idle. */
bool isere__pool_give_up(isere_pool_t *pool);

/* Gives up an idle instance of the pool that was not used for the longest time,
 * of those that have more than `keep`, and not of `except`. */
bool isere__pool_give_up_oldest(isere_server_t *server,
                                const isere_pool_t *except, unsigned keep);

/* Whether other pools have instances, whose memory it could have later. */
bool isere__pool_is_blocked(const isere_pool_t *pool);

/* No further request will come: gives up what is idle, and the rest when it
 * becomes so. */
void isere__pool_retire(isere_pool_t *pool);

/* Destroys the pool and all slots; requests in them are given up. */
void isere__pool_destroy(isere_pool_t *pool);

/* ---- platform.c ---- */

/* Finds the function of a request and enters its pool, or answers that there
 * is none. */
void isere__platform_route(isere_connection_t *c);

/* Answers a request that no function will get, and true; false for all
 * others. */
bool isere__platform_refuse(isere_connection_t *c);

/* The built-in function's pool; NULL when there is no such function (*error
 * 0), or no memory (ISERE_ERR_NOMEM). */
isere_pool_t *isere__platform_built_in(isere_server_t *server, int *error);

/* The pool of a function of that name; NULL when there is none (*error 404), or
 * no memory for it (503). */
isere_pool_t *isere__platform_pool(isere_server_t *server, const char *name,
                                   int *status);

/* Takes over what was deployed meanwhile: before each request. */
void isere__platform_catch_up(isere_server_t *server);
static inline void isere__platform_follow(isere_server_t *server)
{
    const isere_platform_t *p = &server->platform;
    if (atomic_load_explicit(&p->registry->generation, memory_order_acquire) !=
        atomic_load_explicit(&p->generation, memory_order_relaxed)) {
        isere__platform_catch_up(server);
    }
}

/* The same, and what follows from it: who waits for a function that is gone,
 * pools that are done, answers to those who deployed. */
void isere__platform_turn(isere_server_t *server);

/* How many instances the pool must leave to functions that have none. */
unsigned isere__platform_reserve(const isere_pool_t *pool);

int isere__platform_init(isere_server_t *server, isere_registry_t *registry);
void isere__platform_deinit(isere_server_t *server);

/* ---- plane.c, plane_invoke.c, plane_jobs.c ---- */

/* Whether the request is one to the control plane. */
bool isere__plane_has_path(const isere_connection_t *c);
static inline bool isere__plane_is_wanted(const isere_connection_t *c)
{
    return c->server->platform.registry->config.token &&
           isere__plane_has_path(c);
}

/* Answers it, now or later. */
void isere__plane_start(isere_connection_t *c);

/* Answers a request to the control plane whose body does not matter, and true;
 * false when the body is needed. */
bool isere__plane_judge(isere_connection_t *c);

/* Answers a direct invocation that is complete. */
void isere__plane_answer_invoke(isere_connection_t *c,
                                const isere_slot_t *slot);

/* Answers what was worked on elsewhere and is done. */
void isere__plane_turn(isere_server_t *server);

/* The server goes: its jobs no longer have an owner. */
void isere__plane_deinit(isere_server_t *server);

/* The connection is gone: its work, if there is any, no longer has an owner. */
void isere__plane_forget(isere_exchange_t *x);

/* ---- stream.c ---- */

/* Begins an answer from a stream, which is closed in any case. `length` is that
 * of the body, or negative when only the end will tell. */
void isere__stream_start(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_stream_t *stream, int64_t length);

/* The same with bytes that are there: constant ones, or those of `owned`, which
 * is given back. For what is too large to be copied at once. */
void isere__stream_bytes(isere_connection_t *c, int status,
                         const isere_field_t *fields, size_t nfields,
                         isere_slice_t bytes, char *owned);

/* Puts the next piece, when there are no unsent bytes. False when there is
 * nothing now, or the connection is gone. */
bool isere__stream_pump(isere_connection_t *c);

/* Sends an empty line, so that a client which is gone is noticed. */
void isere__stream_beat(isere_connection_t *c);

/* Lets those go on that waited. */
void isere__stream_wake(isere_server_t *server);

/* Closes the exchange's stream, if it has one. */
void isere__stream_close(isere_exchange_t *x, isere_server_t *server);

/* ---- group.c ---- */

/* Counts one more, unless there are `max`; false then. */
bool isere__group_take(atomic_uint *counter, unsigned max);
void isere__group_give(atomic_uint *counter);

/* Counts one less, unless there is none; false then. */
bool isere__group_take_back(atomic_uint *counter);

int isere__group_join(isere_server_group_t *group, isere_server_t *server);
void isere__group_leave(isere_server_group_t *group, isere_server_t *server);

/* Asks the other servers to give up one idle instance. */
void isere__group_want(isere_server_group_t *group, isere_server_t *server);
void isere__group_wake(isere_server_group_t *group,
                       const isere_server_t *except);

/* ---- answer.c ---- */

/* Appends to the connection's unsent bytes. False when out of memory. */
bool isere__answer_response(isere_connection_t *c,
                            const isere_response_t *response);
bool isere__answer_error(isere_connection_t *c,
                         const isere_error_answer_t *error);
/* A body that is copied, and fields. */
bool isere__answer_text(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        isere_slice_t body);
/* Only a head, for a body that follows; see isere__stream_start. */
bool isere__answer_head(isere_connection_t *c, int status,
                        const isere_field_t *fields, size_t nfields,
                        int64_t length);
bool isere__answer_continue(isere_connection_t *c);

#endif
