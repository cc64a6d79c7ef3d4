/* What the files of core/isolate share. */
#ifndef ISERE_CORE_ISOLATE_ISOLATE_INTERNAL_H
#define ISERE_CORE_ISOLATE_ISOLATE_INTERNAL_H

#include "core/code/engine.h"
#include "core/isolate/function.h"
#include "core/isolate/isolate.h"
#include "core/isolate/replay.h"
#include "core/isolate/streaming.h"
#include "core/lambda/lambda.h"
#include "core/web/web.h"

/* A heap in an image in flash: all that an isolate is made from. Offsets count
 * from the arena. */
typedef struct isere_flash_heap {
    const void *arena; /* `used` bytes */
    uint32_t used;
    uint32_t frozen; /* bytes of the frozen part, which is used where it lies */
    uint32_t rt;
    uint32_t ctx;
    uint32_t realm;
    uint32_t settled;
} isere_flash_heap_t;

/* A rejected promise that nobody handles (yet). */
typedef struct isere_rejection {
    struct isere_rejection *next;
    JSValue promise;
    JSValue reason;
} isere_rejection_t;

/*
 * The isolate's state inside the heap: a restore resets it with everything
 * else. The context's opaque pointer leads here.
 */
typedef struct isere_realm {
    struct isere_isolate *isolate;
    isere_web_state_t api;
    isere_lambda_t lambda; /* filled when the init phase ends */
    JSModuleDef *module;
    JSValue handler;
    JSValue handler_this;
    JSValue args[3];   /* of the running invocation: event, context, done */
    JSValue promise;   /* awaited: the module's, then the handler's */
    bool answering;    /* the first answer came; others are ignored */
    bool answered;     /* ... and has been decoded */
    JSValue collected; /* the Response whose stream is awaited as a whole, or
                          undefined */
    isere_streaming_t streaming;
    bool loading;      /* modules may be loaded: in the init phase */
    bool resolving;    /* static imports are being resolved */
    char *importer;    /* the module whose imports were resolved last */
    uint8_t *imported; /* for each module of the bundle: 1 when it was */
    isere_response_t *response; /* NULL when the answer is an error */
    isere_rejection_t *rejections;
} isere_realm_t;

/* How the engine was entered, and how it was stopped if it did not end by
 * itself. */
typedef struct isere_stop {
    void (*entered)(void *isolate); /* what runs there */
    bool beside;      /* its end was not seen yet: it runs beside its owner */
    int result;       /* of exec_poll, the port's until then */
    bool interrupted; /* at the deadline; if alone, by the engine's own check */
    /* With any of these the heap is in no usable state: */
    bool abandoned; /* left at the hard deadline, wherever it was */
    bool exhausted; /* left because memory ran out in the compiler */
    bool crashed;   /* left at a fault: nothing in the heap is looked at */
} isere_stop_t;

/* What only the init phase needs. */
typedef struct isere_phase {
    isere_fault_t *fault;   /* borrowed */
    bool starved;           /* it failed: no memory for the snapshot */
    isere_replay_t *replay; /* borrowed; NULL: it sees the world as it is */
} isere_phase_t;

/*
 * Everything outside the heap. Where heaps have places (arena_place), it lies
 * in front of its heap, in the same place: then all addresses in the heap move
 * with it.
 */
struct isere_isolate {
    const isere_port_t *port;
    const isere_function_t *function;
    isere_function_info_t info; /* the function's: the heap refers to nothing
                                   outside but the isolate and the code */
    isere_heap_t heap;
    JSValue loaded; /* the code, until the init phase takes the modules */
    isere_realm_t *realm;
    isere_snapshot_t *snapshot;
    isere_snapshot_family_t *family; /* borrowed, or NULL */
    isere_isolate_state_t state;
    isere_phase_t init;
    isere_invocation_t invocation;
    bool invoking;           /* in an invocation, not the init phase */
    isere_outflow_t outflow; /* ... after its answer */
    isere_stop_t stop;
    uint64_t deadline_us;    /* of the init phase or the invocation */
    uint64_t started_us;     /* when that began */
    uint64_t time_origin_us; /* performance.now() counts from here */
    uint64_t random[2];      /* state of Math.random: never restored */
    const isere_error_answer_t *error;
    char reason[256];
};

/* Makes an isolate for the function in a place, ready for its init phase: the
 * caller's memory, of which the isolate is the first part. Returns 0 with
 * *isolate, ISERE_ERR_NOMEM or ISERE_ERR_IO. */
int isere__isolate_place(const isere_port_t *port,
                         const isere_function_t *function, void *place,
                         struct isere_isolate **isolate);

/* The same for an isolate of which an image will be made: as the replay sees
 * the world, its heap being `apart`, with `more` bytes behind the place for the
 * frozen part. Made from the heap of a base image, or (NULL) for
 * isere__init_base, without the function's code. */
int isere__isolate_place_apart(const isere_port_t *port,
                               const isere_function_t *function, void *place,
                               size_t more, const isere_flash_heap_t *base,
                               isere_replay_t *replay,
                               struct isere_isolate **isolate);

static inline isere_realm_t *isere__isolate_realm(JSContext *ctx)
{
    return JS_GetContextOpaque(ctx);
}

/* Logs for the isolate's function and invocation; safe inside exec_run. */
void isere__isolate_log(struct isere_isolate *isolate, isere_log_level_t level,
                        isere_slice_t message);
void isere__isolate_logf(struct isere_isolate *isolate, isere_log_level_t level,
                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Enters the engine: fn(isolate) with the deadline as its hard end. Look at
 * `abandoned` and `exhausted` afterwards. Returns false when an invocation goes
 * on beside its owner (exec_begin of the port). */
bool isere__isolate_enter(struct isere_isolate *isolate, void (*fn)(void *));

/* Tells the port whether the isolate's function runs now (exec_note), so that
 * whatever survives a fault can name it. isere__isolate_enter does so itself.
 */
void isere__isolate_note(const struct isere_isolate *isolate, bool runs);

/* Runs jobs until none is left, one throws, or the deadline passes. Returns
 * false with the exception pending when one threw. */
bool isere__isolate_run_jobs(struct isere_isolate *isolate);

/* init.c: makes what all functions share, the globals, and freezes it. Returns
 * 0, ISERE_ERR_NOMEM or ISERE_ERR_CRASH. */
int isere__init_base(struct isere_isolate *isolate);

/* Begins the init phase, and goes on with it after a timer. */
void isere__init_begin(struct isere_isolate *isolate);
void isere__init_resume(struct isere_isolate *isolate);

/* warm.c: ends an invocation without a restore, for ISERE_ISOLATION_NONE. False
 * when that is not possible. */
bool isere__warm_keep(struct isere_isolate *isolate);

/* invoke.c */
void isere__invoke_begin(struct isere_isolate *isolate);
/* What ran beside has ended: sees to the outcome. */
void isere__invoke_end(struct isere_isolate *isolate);
void isere__invoke_resume(struct isere_isolate *isolate);

/* Ends an invocation with an error, unless it has its answer already. */
void isere__invoke_fail(struct isere_isolate *isolate, isere_error_kind_t kind,
                        const char *reason);

/* invoke.c, for streaming.c: within exec_run. What was thrown after the answer
 * is logged. */
void isere__invoke_fail_late(struct isere_isolate *isolate,
                             JSValueConst thrown);
void isere__invoke_run_jobs(struct isere_isolate *isolate);

/* invoke.c, for host.c: the answer given through done. */
void isere__invoke_complete(JSContext *ctx, JSValueConst value);
void isere__invoke_fail_with(JSContext *ctx, JSValueConst thrown);

/* linger.c: whether an invocation that has its answer waits for what
 * ctx.waitUntil was given. It borrows nothing from then on. */
bool isere__linger(struct isere_isolate *isolate);

/* rejections.c: promises rejected without a handler. */
void isere__rejections_install(struct isere_isolate *isolate);
void isere__rejections_report(struct isere_isolate *isolate);

#endif
