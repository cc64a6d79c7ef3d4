/* The life cycle of isolates: creating and destroying them, entering the engine
 * under a deadline, and resetting. init.c and invoke.c run the code. */
#include "core/isolate/isolate.h"
#include "core/heap/fault.h"
#include "core/isolate/image/flash_image_internal.h"
#include "core/isolate/isolate_internal.h"
#include "core/util/log.h"
#include "core/web/timers.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* exec_hold: a log line must not be abandoned while it holds a lock or is half
 * written. */
void isere__isolate_log(isere_isolate_t *isolate, isere_log_level_t level,
                        isere_slice_t message)
{
    const isere_port_t *port = isolate->port;
    if (isolate->init.replay && isolate->init.replay->quiet) {
        return;
    }
    isere_log_record_t record = {
        .level = level,
        .function = isere_slice(isolate->function->config.name),
        .message = message,
    };
    if (isolate->invoking) {
        record.request_id = isere_slice_of(isolate->invocation.request_id,
                                           ISERE_REQUEST_ID_LEN);
    }
    port->exec_hold(port->ctx);
    isere_log(port, &record);
    port->exec_release(port->ctx);
}

/* Room for our own messages; what handlers log comes through host.c, whole. */
void isere__isolate_logf(isere_isolate_t *isolate, isere_log_level_t level,
                         const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    isere__isolate_log(isolate, level, isere_slice(text));
}

/* The engine asks this every few thousand steps. The answer stays yes, so
 * that code which goes on in a job is stopped again at once. */
static int interrupt(JSRuntime *rt, void *opaque)
{
    (void)rt;
    isere_isolate_t *isolate = opaque;
    const isere_port_t *port = isolate->port;
    if (port->monotonic_us(port->ctx) >= isolate->deadline_us) {
        isolate->stop.interrupted = true;
    }
    return isolate->stop.interrupted;
}

static void run_entered(void *arg)
{
    isere_isolate_t *isolate = arg;
    /* Here, since a port may run this on a stack of its own. */
    JS_UpdateStackTop(isolate->heap.rt);
    if (!isere_heap_run(&isolate->heap, isolate->stop.entered, isolate)) {
        isolate->stop.exhausted = true;
    }
}

void isere__isolate_note(const isere_isolate_t *isolate, bool runs)
{
    const isere_port_t *port = isolate->port;
    const isere_function_config_t *config = &isolate->function->config;
    if (port->exec_note) {
        port->exec_note(port->ctx, runs ? config->name : NULL,
                        runs ? config->version : NULL);
    }
}

static void leave(isere_isolate_t *isolate, int error)
{
    if (error) {
        isolate->stop.interrupted = true;
        isolate->stop.abandoned = true;
        isolate->stop.crashed = error == ISERE_ERR_CRASH;
    }
}

/* The one place where user code is run. Whatever ends it early, the C stack of
 * the callees is gone, without any of their cleaning up: all that they own lies
 * in the heap, which is restored or given up as a whole. */
bool isere__isolate_enter(isere_isolate_t *isolate, void (*fn)(void *))
{
    const isere_port_t *port = isolate->port;
    isolate->stop.entered = fn;
    isere__isolate_note(isolate, true);
    int error =
        isolate->invoking && port->exec_begin
            ? port->exec_begin(port->ctx, run_entered, isolate,
                               isolate->deadline_us, &isolate->stop.result)
            : port->exec_run(port->ctx, run_entered, isolate,
                             isolate->deadline_us);
    isere__isolate_note(isolate, false);
    isolate->stop.beside = error == ISERE_ERR_AGAIN;
    if (!isolate->stop.beside) {
        leave(isolate, error);
    }
    return !isolate->stop.beside;
}

/* Whether what runs beside has ended, or was ended: until then nobody but
 * itself looks at the heap. */
static bool has_ended(isere_isolate_t *isolate, bool stop)
{
    const isere_port_t *port = isolate->port;
    int error = port->exec_poll(port->ctx, &isolate->stop.result, stop);
    if (error == ISERE_ERR_AGAIN) {
        return false;
    }
    isolate->stop.beside = false;
    leave(isolate, error);
    return true;
}

/* As HTML's "perform a microtask checkpoint", except that the deadline ends
 * it. */
bool isere__isolate_run_jobs(isere_isolate_t *isolate)
{
    JSContext *ctx;
    int ran;
    do {
        ran = JS_ExecutePendingJob(isolate->heap.rt, &ctx);
        /* Short jobs that keep coming never reach the engine's own check. */
        if (ran > 0 && interrupt(isolate->heap.rt, isolate)) {
            return true;
        }
    } while (ran > 0);
    return ran == 0;
}

/* A heap with the function's code in it. The seed is taken before anything
 * else: an isolate without randomness must not run. */
static int make_heap(isere_isolate_t *isolate)
{
    const isere_port_t *port = isolate->port;
    const isere_function_t *function = isolate->function;
    const isere_function_config_t *config = &function->config;
    isere__isolate_note(isolate, true);
    int error = 0;
    if (!isolate->heap.arena) {
        error = isere_heap_map(&isolate->heap, port, config->memory_bytes,
                               config->stack_bytes);
    }
    if (!error) {
        error = isere_engine_make(&isolate->heap, function->bundle.code,
                                  function->bundle.code_size, &isolate->loaded);
    }
    isere__isolate_note(isolate, false);
    if (!error) {
        JS_SetInterruptHandler(isolate->heap.rt, interrupt, isolate);
    }
    return error;
}

/* The one state that its random numbers must not have is zero. */
static int begin(isere_isolate_t *isolate, const isere_port_t *port,
                 const isere_function_t *function)
{
    memset(isolate, 0, sizeof(*isolate));
    isolate->port = port;
    isolate->function = function;
    isolate->info = function->info;
    isolate->loaded = JS_UNDEFINED;
    isolate->state = ISERE_ISOLATE_FAILED;
    int error =
        port->random(port->ctx, isolate->random, sizeof(isolate->random));
    isolate->random[0] |= 1;
    return error;
}

/* ---- isolates in places ---- */

static void *heap_in(void *place)
{
    return (char *)place + isere__flash_image_front();
}

static size_t place_size(const isere_function_t *function)
{
    return isere__flash_image_front() + function->config.memory_bytes;
}

static int begin_in_place(const isere_port_t *port,
                          const isere_function_t *function,
                          isere_isolate_t *isolate)
{
    int error = begin(isolate, port, function);
    isere_heap_use(&isolate->heap, port, heap_in(isolate),
                   function->config.memory_bytes, function->config.stack_bytes);
    return error;
}

int isere__isolate_place(const isere_port_t *port,
                         const isere_function_t *function, void *place,
                         isere_isolate_t **isolate)
{
    *isolate = place;
    int error = begin_in_place(port, function, place);
    if (!error) {
        error = make_heap(*isolate);
    }
    (*isolate)->stop.crashed = error == ISERE_ERR_CRASH;
    return error == ISERE_ERR_CRASH ? 0 : error;
}

/* Takes over where everything is in a heap that was made before. */
static void find_in(isere_isolate_t *isolate, const isere_flash_heap_t *made)
{
    isere_heap_t *heap = &isolate->heap;
    char *arena = (char *)heap->arena;
    heap->rt = (void *)(arena + made->rt);
    heap->ctx = (void *)(arena + made->ctx);
    heap->settled = made->settled;
    isolate->realm = (void *)(arena + made->realm);
}

static int take_base(isere_isolate_t *isolate, const isere_flash_heap_t *base)
{
    const isere_bundle_t *bundle = &isolate->function->bundle;
    isere_heap_t *heap = &isolate->heap;
    if (!isere_heap_take(heap, base->arena, base->used)) {
        return ISERE_ERR_NOMEM;
    }
    heap->elsewhere = base->frozen;
    find_in(isolate, base);
    return isere_engine_load(heap, bundle->code, bundle->code_size,
                             &isolate->loaded);
}

int isere__isolate_place_apart(const isere_port_t *port,
                               const isere_function_t *function, void *place,
                               size_t more, const isere_flash_heap_t *base,
                               isere_replay_t *replay,
                               isere_isolate_t **isolate)
{
    isere_isolate_t *made = place;
    *isolate = made;
    int error = begin_in_place(port, function, made);
    if (error) {
        return error;
    }
    made->heap.apart = true;
    made->heap.more = more;
    made->init.replay = replay;
    isere__replay_random(replay, made->random, sizeof(made->random));
    isere__isolate_note(made, true);
    error = base ? take_base(made, base)
                 : isere_engine_make(&made->heap, NULL, 0, &made->loaded);
    isere__isolate_note(made, false);
    made->stop.crashed = error == ISERE_ERR_CRASH;
    if (error && !made->stop.crashed) {
        return error;
    }
    if (!error) {
        JS_SetInterruptHandler(made->heap.rt, interrupt, made);
    }
    return 0;
}

/* No init phase is run: its heap is in the flash. */
static int attach(const isere_port_t *port, const isere_function_t *function,
                  const isere_flash_heap_t *made, void *place)
{
    isere_isolate_t *isolate = place;
    int error = begin_in_place(port, function, place);
    if (error) {
        return error;
    }
    find_in(isolate, made);
    isolate->snapshot = isere_snapshot_attach(port, isolate->heap.arena,
                                              function->config.memory_bytes,
                                              made->arena, made->used);
    isolate->state = ISERE_ISOLATE_READY;
    return isolate->snapshot ? 0 : ISERE_ERR_NOMEM;
}

static isere_isolate_t *create_in_place(const isere_port_t *port,
                                        const isere_function_t *function,
                                        const isere_flash_image_t *image)
{
    isere_isolate_t *isolate;
    size_t size = place_size(function);
    void *place = port->arena_map(port->ctx, size);
    if (!place) {
        return NULL;
    }
    isolate = place;
    isere_flash_heap_t made;
    int error = isere__flash_image_heap(image, port, place, &made)
                    ? attach(port, function, &made, place)
                    : isere__isolate_place(port, function, place, &isolate);
    if (error) {
        port->arena_unmap(port->ctx, place, size);
        return NULL;
    }
    return isolate;
}

/* ---- any isolate ---- */

/* An isolate whose code crashed the engine while it was read is returned too,
 * so that start can report the fault like any other of the function. */
isere_isolate_t *isere_isolate_create_in(const isere_port_t *port,
                                         const isere_function_t *function,
                                         isere_snapshot_family_t *family,
                                         const isere_flash_image_t *image)
{
    if (port->arena_place) {
        return create_in_place(port, function, image);
    }
    isere_isolate_t *isolate = isere_alloc(port, sizeof(*isolate));
    if (!isolate) {
        return NULL;
    }
    int error = begin(isolate, port, function);
    isolate->family = family;
    if (!error) {
        error = make_heap(isolate);
    }
    if (error && error != ISERE_ERR_CRASH) {
        isere_heap_deinit(&isolate->heap);
        isere_free(port, isolate);
        return NULL;
    }
    /* Reading the code; start will say so. */
    isolate->stop.crashed = error != 0;
    return isolate;
}

isere_isolate_t *isere_isolate_create(const isere_port_t *port,
                                      const isere_function_t *function)
{
    return isere_isolate_create_in(port, function, NULL, NULL);
}

/* The snapshot first: its guard refers to the heap's memory. */
void isere_isolate_destroy(isere_isolate_t *isolate)
{
    if (!isolate) {
        return;
    }
    const isere_port_t *port = isolate->port;
    if (isolate->stop.beside) {
        (void)has_ended(isolate, true);
    }
    isere_snapshot_free(isolate->snapshot);
    if (port->arena_place) {
        port->arena_unmap(port->ctx, isolate, place_size(isolate->function));
    } else {
        isere_heap_deinit(&isolate->heap);
        isere_free(port, isolate);
    }
}

static uint64_t now_us(const isere_isolate_t *isolate)
{
    return isolate->port->monotonic_us(isolate->port->ctx);
}

isere_isolate_state_t isere_isolate_start(isere_isolate_t *isolate,
                                          isere_fault_t *fault)
{
    uint32_t timeout_ms = isolate->function->config.init_timeout_ms;
    isere_fault_set(fault, "");
    isolate->init.fault = fault;
    isolate->started_us = now_us(isolate);
    isolate->time_origin_us = isolate->init.replay
                                  ? isolate->init.replay->monotonic_us
                                  : isolate->started_us;
    if (isolate->state == ISERE_ISOLATE_READY) {
        return isolate->state; /* made from an image */
    }
    isolate->deadline_us = isolate->started_us + (uint64_t)timeout_ms * 1000;
    isere__init_begin(isolate);
    return isolate->state;
}

isere_isolate_state_t isere_isolate_invoke(isere_isolate_t *isolate,
                                           const isere_invocation_t *invocation)
{
    isolate->invocation = *invocation;
    isolate->reason[0] = 0;
    isolate->invoking = true;
    isolate->started_us = now_us(isolate);
    isolate->deadline_us = invocation->deadline_us;
    isere__invoke_begin(isolate);
    return isere_isolate_state(isolate);
}

isere_isolate_state_t isere_isolate_resume(isere_isolate_t *isolate)
{
    if (isolate->stop.beside) {
        if (has_ended(isolate, false)) {
            isere__invoke_end(isolate);
        }
        return isere_isolate_state(isolate);
    }
    if (isolate->state != ISERE_ISOLATE_WAITING) {
        return isolate->state;
    }
    if (isolate->invoking) {
        isere__invoke_resume(isolate);
    } else {
        isere__init_resume(isolate);
    }
    return isere_isolate_state(isolate);
}

/* How often is asked whether code that runs beside has ended. */
#define POLL_US 5000

/* At the deadline at the latest, so that a handler that waits for a timer
 * beyond it is ended in time. Reads the heap from outside of exec_run: nothing
 * in the isolate runs meanwhile. */
uint64_t isere_isolate_wakeup_us(const isere_isolate_t *isolate)
{
    if (isolate->stop.beside) {
        return now_us(isolate) + POLL_US;
    }
    if (isolate->outflow.due) {
        return 0;
    }
    uint64_t timer = isere_timers_next(isolate->heap.ctx);
    return timer < isolate->deadline_us ? timer : isolate->deadline_us;
}

isere_isolate_state_t isere_isolate_state(const isere_isolate_t *isolate)
{
    return isolate->stop.beside ? ISERE_ISOLATE_RUNNING : isolate->state;
}

bool isere_isolate_has_crashed(const isere_isolate_t *isolate)
{
    return isolate->stop.crashed;
}

int isere_isolate_failure(const isere_isolate_t *isolate)
{
    if (isolate->stop.crashed) {
        return ISERE_ERR_CRASH;
    }
    return isolate->init.starved ? ISERE_ERR_NOMEM : ISERE_ERR_HANDLER;
}

bool isere_isolate_is_answered(const isere_isolate_t *isolate)
{
    return isere_isolate_state(isolate) == ISERE_ISOLATE_COMPLETE ||
           (isere_isolate_state(isolate) == ISERE_ISOLATE_WAITING &&
            isolate->outflow.lingers);
}

const isere_error_answer_t *isere_isolate_error(const isere_isolate_t *isolate)
{
    return isolate->error;
}

const isere_response_t *isere_isolate_response(const isere_isolate_t *isolate)
{
    return isolate->realm->response;
}

const char *isere_isolate_request_id(const isere_isolate_t *isolate)
{
    return isolate->invocation.request_id;
}

const char *isere_isolate_reason(const isere_isolate_t *isolate)
{
    return isolate->reason;
}

/* Also of an invocation that was given up: the restore does not look at what it
 * was doing. exec_note brackets the restore, since a fault in it is the
 * function's doing, too. */
void isere_isolate_reset(isere_isolate_t *isolate)
{
    if (isolate->stop.beside) {
        (void)has_ended(isolate, true);
    }
    if (!isere__warm_keep(isolate)) {
        isere__isolate_note(isolate, true);
        isere_snapshot_restore(isolate->snapshot);
        isere__isolate_note(isolate, false);
        if (!isere_frozen_is_intact(&isolate->heap.frozen)) {
            abort();
        }
    }
    isolate->invoking = false;
    isolate->outflow = (isere_outflow_t){.state = ISERE_STREAM_NONE};
    isolate->stop.interrupted = false;
    isolate->stop.abandoned = false;
    isolate->stop.exhausted = false;
    isolate->error = NULL;
    isolate->state = ISERE_ISOLATE_READY;
}

/* After a crash nothing in the heap is read, not even its counters. */
size_t isere_isolate_peak(const isere_isolate_t *isolate)
{
    const isere_heap_t *heap = &isolate->heap;
    return isolate->stop.crashed ? 0 : heap->arena->peak + heap->frozen.size;
}

size_t isere_isolate_heap_size(const isere_isolate_t *isolate)
{
    const isere_heap_t *heap = &isolate->heap;
    return isolate->snapshot
               ? isere_snapshot_size(isolate->snapshot) + heap->frozen.size
               : 0;
}

bool isere_isolate_has_image(const isere_isolate_t *isolate)
{
    return isolate->snapshot && isere_snapshot_is_attached(isolate->snapshot);
}

bool isere_isolate_is_relocated(const isere_isolate_t *isolate)
{
    return isolate->snapshot && isere_snapshot_is_relocated(isolate->snapshot);
}
