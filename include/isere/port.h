/*
 * What isère needs from the system below it: clock, randomness, log, memory,
 * sockets and readiness, and a way to abandon an execution.
 *
 * A port fills in one isere_port_t for each thread that runs a server (each
 * worker). The core calls it from that thread only, except for `poll_wake`,
 * `resize` and what `yield` allows. Every function gets `ctx` back as its first
 * argument. Tests copy a port's table and replace single functions to make them
 * fail.
 *
 * Errors are the negative codes of error.h; ports translate errno.
 * docs/porting.md walks through a port.
 */
#ifndef ISERE_PORT_H
#define ISERE_PORT_H

#include "isere/compression.h"
#include "isere/error.h"
#include "isere/slice.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum isere_log_level {
    ISERE_LOG_ERROR,
    ISERE_LOG_WARN,
    ISERE_LOG_INFO,
    ISERE_LOG_DEBUG,
} isere_log_level_t;

/* A request that is over: its line of the access log, in parts. */
typedef struct isere_access {
    isere_slice_t peer;   /* the client's address */
    isere_slice_t method; /* these empty when the request was not understood */
    isere_slice_t target; /* path and query, as sent */
    isere_slice_t user_agent; /* empty when there was none */
    uint8_t minor;            /* HTTP/1.minor */
    bool aborted;             /* the client did not get all of the answer */
    uint16_t status;          /* 0 when there was no answer */
    uint64_t bytes;           /* of the answer's body */
    uint64_t duration_us;     /* from the request's first byte to now */
} isere_access_t;

/* One log line. The slices are valid during the call only. */
typedef struct isere_log_record {
    isere_log_level_t level;
    isere_slice_t function;   /* the function's name, or empty */
    isere_slice_t request_id; /* empty outside an invocation */
    isere_slice_t message;    /* UTF-8, may hold newlines and controls */
    /* NULL, or what the message says in parts. Such a line was asked for: it is
     * written whatever the level. */
    const isere_access_t *access;
} isere_log_record_t;

typedef int isere_socket_t; /* negative: none */

/* Bits of interest and of readiness. */
enum {
    ISERE_POLL_READ = 1,
    ISERE_POLL_WRITE = 2,
    ISERE_POLL_CLOSED = 4, /* reported only: error or both directions shut */
};

typedef struct isere_poll_event {
    void *tag;       /* what poll_set was given */
    unsigned events; /* ISERE_POLL_* */
} isere_poll_event_t;

#define ISERE_ADDRESS_MAX 46        /* text of an IPv6 address with its NUL */
#define ISERE_TIME_ZONE_NAME_MAX 65 /* "America/New_York" and its NUL */

/*
 * A part of a heap whose writes a port can notice, in units. A unit is open or
 * closed. A write to a closed unit opens it: the write goes through, and the
 * bit is set. So a closed unit has not changed since it was closed.
 */
typedef struct isere_guard {
    void *start; /* a multiple of the unit, as is the size */
    size_t size;
    uint32_t *open;           /* a bit for each unit, set when it is open */
    uint32_t turns;           /* the port's, 0 at first */
    struct isere_guard *next; /* the port's */
} isere_guard_t;

typedef struct isere_port {
    void *ctx;

    /* Microseconds of a clock that never goes back; its zero is arbitrary. */
    uint64_t (*monotonic_us)(void *ctx);

    /* Microseconds since 1970-01-01 UTC. */
    int64_t (*wall_us)(void *ctx);

    /* Fills `buf` from a cryptographic source. 0 or ISERE_ERR_IO. */
    int (*random)(void *ctx, void *buf, size_t len);

    /* Emits one log record. Must not block for long; may drop. */
    void (*log)(void *ctx, const isere_log_record_t *record);

    /* A second receiver of all log records, under the same conditions. isère
     * sets it in copies of the table; a port leaves it NULL. */
    void (*tap)(void *tap_ctx, const isere_log_record_t *record);
    void *tap_ctx;

    /*
     * Memory outside the JavaScript heaps: realloc semantics, `size` 0 frees
     * and returns NULL. NULL when out of memory (the old block stays).
     */
    void *(*resize)(void *ctx, void *ptr, size_t size);

    /*
     * Memory for a JavaScript heap or its snapshot: `size` bytes, aligned to a
     * page (Linux) or 16 bytes (devices), zeroed where that costs nothing.
     * heap_trim clears any range of it, so that it reads as zeros, and gives
     * the memory back to the system where it can.
     */
    void *(*heap_map)(void *ctx, size_t size);
    void (*heap_unmap)(void *ctx, void *heap, size_t size);
    void (*heap_trim)(void *ctx, void *start, size_t size);

    /*
     * Optional: the first two or none. arena_map replaces heap_map for
     * JavaScript heaps: memory that a wild index of the engine could reach from
     * there should not be writable. arena_unmap gives it back. snapshot_seal is
     * told that memory from heap_map will only be read from now on.
     */
    void *(*arena_map)(void *ctx, size_t size);
    void (*arena_unmap)(void *ctx, void *arena, size_t size);
    void (*snapshot_seal)(void *ctx, void *start, size_t size);

    /*
     * Optional, zero and NULL where memory can't be protected. heap_freeze is
     * told that a part of a heap will only be read from now on: whole units of
     * frozen_unit bytes, a power of two from 8, at multiples of which heaps
     * begin. A write to it must not go through. With `frozen` false, for the
     * same range, that ends: the heap is unmapped next.
     */
    size_t frozen_unit;
    void (*heap_freeze)(void *ctx, void *start, size_t size, bool frozen);

    /*
     * Optional, with arena_map: JavaScript heaps lie at one of a few places,
     * which stay the same from one start to the next. Returns the address of a
     * place, counted from 0, a multiple of 16, or NULL when there are no more.
     * arena_map gives one that is free or, for what is larger, several that lie
     * one behind the other. Then images of heaps can be kept in flash
     * (isere/flash.h), and an isolate lies in its heap's place, too.
     */
    void *(*arena_place)(void *ctx, unsigned index);

    /*
     * Optional: a port that can't notice writes leaves all three zero, and
     * heaps are restored as a whole. guard_unit is the size of a unit, a power
     * of two from 32. heap_guard is called after each restore, when the heap is
     * in its restored state: the port closes the units that it expects not to
     * be written to, or none. It never closes a unit at any other time.
     * heap_unguard opens all units for good and forgets the guard, even one
     * that heap_guard was never called for.
     */
    size_t guard_unit;
    void (*heap_guard)(void *ctx, isere_guard_t *guard);
    void (*heap_unguard)(void *ctx, isere_guard_t *guard);

    /*
     * Calls fn(arg) and returns 0, or abandons it and returns
     * ISERE_ERR_TIMEOUT once monotonic_us passes `deadline_us` by the port's
     * grace period. Abandoned code never continues; nothing it holds is
     * released. A port that can't abandon just calls fn. Between exec_hold
     * and exec_release the code must not be abandoned (it holds something
     * outside the heap); a deadline that passed meanwhile acts at release.
     * hold and release do not nest; both do nothing outside exec_run.
     *
     * A port that can contain faults (a wild access, an illegal instruction, a
     * failed assertion) abandons fn at one in the same way, if nothing is held,
     * and returns ISERE_ERR_CRASH: nothing that fn used may be read then.
     */
    int (*exec_run)(void *ctx, void (*fn)(void *arg), void *arg,
                    uint64_t deadline_us);
    void (*exec_hold)(void *ctx);
    void (*exec_release)(void *ctx);

    /*
     * Optional, both or none: exec_begin is exec_run, but when fn takes long
     * the port may let it go on beside the caller, on a stack and in a thread
     * of its own, while the caller serves others, and returns ISERE_ERR_AGAIN.
     * Then *result is ISERE_ERR_AGAIN until exec_poll, which the caller calls
     * every few milliseconds, or any later call of exec_run or exec_begin finds
     * that fn has ended, or abandons it as exec_run does: it is 0 or the error
     * from then on. exec_poll returns *result; with `stop` fn is abandoned now.
     * `result` is the caller's and stays until then. What fn uses is not
     * touched by others meanwhile. exec_hold and exec_release count for the
     * thread that calls them.
     */
    int (*exec_begin)(void *ctx, void (*fn)(void *arg), void *arg,
                      uint64_t deadline_us, int *result);
    int (*exec_poll)(void *ctx, int *result, bool stop);

    /* Optional: says in a few words for which fault exec_run last returned
     * ISERE_ERR_CRASH; `size` bytes with the NUL. */
    void (*exec_fault)(void *ctx, char *text, size_t size);

    /*
     * Optional: from now on the thread runs this function, or none (NULL). The
     * port copies the texts to memory that survives a fault that it can't
     * contain, so that the function to blame is known afterwards. Called
     * several times in each invocation.
     */
    void (*exec_note)(void *ctx, const char *name, const char *version);

    /*
     * Optional, NULL where there are no time zones: copies the TZif file
     * (RFC 9636) of a zone of the IANA database to `buf` and returns its
     * length; ISERE_ERR_NOENT when there is no such zone, ISERE_ERR_INVAL when
     * there are none at all, ISERE_ERR_LIMIT when it is longer than `size`,
     * ISERE_ERR_IO. `name` has up to ISERE_TIME_ZONE_NAME_MAX - 1 characters
     * out of [A-Za-z0-9_+/-] and begins with a letter. Called between exec_hold
     * and exec_release; may be called by a handler as often as it likes.
     */
    int (*time_zone)(void *ctx, const char *name, void *buf, size_t size);

    /* Optional, NULL where there is none: CompressionStream throws then. */
    const isere_compression_t *compression;

    /*
     * Sockets. All are non-blocking. accept, recv and send return
     * ISERE_ERR_AGAIN when not ready; accept returns ISERE_ERR_LIMIT when
     * the system has no descriptors or memory left, and writes the peer's
     * address as text. recv returns the bytes read, 0 at the end of the
     * stream. send writes the slices in order and returns the bytes taken.
     * Both return ISERE_ERR_CLOSED when the connection is gone.
     */
    isere_socket_t (*accept)(void *ctx, isere_socket_t listener,
                             char peer[ISERE_ADDRESS_MAX]);
    int (*recv)(void *ctx, isere_socket_t socket, void *buf, size_t len);
    int (*send)(void *ctx, isere_socket_t socket, const isere_slice_t *slices,
                int count);
    /* Says that nothing more will be sent; what was sent still arrives. */
    void (*shutdown)(void *ctx, isere_socket_t socket);
    void (*close)(void *ctx, isere_socket_t socket);

    /*
     * Readiness, level-triggered. poll_set registers a socket, changes its
     * interest, or (events 0) keeps only ISERE_POLL_CLOSED reports coming;
     * poll_remove forgets it (before close). poll_wait blocks up to
     * `timeout_us` microseconds (UINT64_MAX: for ever) and returns how many
     * events it wrote, 0 on time-out, signal or wake. poll_wake makes a
     * running or the next poll_wait return; any thread may call it.
     */
    int (*poll_set)(void *ctx, isere_socket_t socket, unsigned events,
                    void *tag);
    void (*poll_remove)(void *ctx, isere_socket_t socket);
    int (*poll_wait)(void *ctx, isere_poll_event_t *events, int max,
                     uint64_t timeout_us);
    void (*poll_wake)(void *ctx);

    /*
     * Lets other threads run for a moment. NULL if servers with the same limits
     * must not take over each other's connections. Otherwise the thread of any
     * of them may call poll_wait, with a `timeout_us` of 0, and poll_remove,
     * while this thread runs a handler.
     */
    void (*yield)(void *ctx);
} isere_port_t;

/* Memory of the port, as its resize gives it. NULL when out of memory, and then
 * isere_resize leaves the old block as it is. Thread: the port's, unless it
 * says otherwise. */
static inline void *isere_alloc(const isere_port_t *port, size_t size)
{
    return port->resize(port->ctx, NULL, size);
}

static inline void *isere_resize(const isere_port_t *port, void *block,
                                 size_t size)
{
    return port->resize(port->ctx, block, size);
}

/* Gives it back; NULL is fine. */
static inline void isere_free(const isere_port_t *port, void *block)
{
    port->resize(port->ctx, block, 0);
}

#ifdef __cplusplus
}
#endif

#endif
