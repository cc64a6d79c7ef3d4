/* The life cycle of isolates; init.c and invoke.c run their code. */
#include "core/isolate/isolate.h"
#include "core/heap/fault.h"
#include "core/isolate/isolate_internal.h"
#include "core/util/log.h"
#include <stdarg.h>
#include <stdio.h>

void isere__isolate_log(isere_isolate_t *isolate, isere_log_level_t level,
                        isere_slice_t message)
{
    const isere_port_t *port = isolate->port;
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
        isolate->interrupted = true;
    }
    return isolate->interrupted;
}

typedef struct entry {
    isere_isolate_t *isolate;
    void (*fn)(void *);
} entry_t;

static void run_entry(void *arg)
{
    entry_t *entry = arg;
    isere_isolate_t *isolate = entry->isolate;
    /* Here, since a port may run this on a stack of its own. */
    JS_UpdateStackTop(isolate->heap.rt);
    if (!isere_heap_run(&isolate->heap, entry->fn, isolate)) {
        isolate->exhausted = true;
    }
}

void isere__isolate_note(const isere_isolate_t *isolate, bool works)
{
    const isere_port_t *port = isolate->port;
    const isere_function_config_t *config = &isolate->function->config;
    if (port->exec_note) {
        port->exec_note(port->ctx, works ? config->name : NULL,
                        works ? config->version : NULL);
    }
}

void isere__isolate_enter(isere_isolate_t *isolate, void (*fn)(void *))
{
    const isere_port_t *port = isolate->port;
    entry_t entry = {isolate, fn};
    isere__isolate_note(isolate, true);
    int error =
        port->exec_run(port->ctx, run_entry, &entry, isolate->deadline_us);
    isere__isolate_note(isolate, false);
    if (error) {
        isolate->interrupted = true;
        isolate->abandoned = true;
        isolate->crashed = error == ISERE_ERR_CRASH;
    }
}

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

/* A heap with the function's code in it. */
static int make_heap(isere_isolate_t *isolate)
{
    const isere_port_t *port = isolate->port;
    const isere_function_t *function = isolate->function;
    int error =
        port->random(port->ctx, isolate->random, sizeof(isolate->random));
    if (error) {
        return error;
    }
    isere__isolate_note(isolate, true);
    error = isere_engine_init_with(
        &isolate->heap, port, function->config.memory_bytes,
        function->config.stack_bytes, function->bundle.code,
        function->bundle.code_size, &isolate->loaded);
    isere__isolate_note(isolate, false);
    return error;
}

isere_isolate_t *isere_isolate_create_in(const isere_port_t *port,
                                         const isere_function_t *function,
                                         isere_snapshot_family_t *family)
{
    isere_isolate_t *isolate = isere_alloc(port, sizeof(*isolate));
    if (!isolate) {
        return NULL;
    }
    memset(isolate, 0, sizeof(*isolate));
    isolate->port = port;
    isolate->function = function;
    isolate->family = family;
    isolate->state = ISERE_ISOLATE_FAILED;
    int error = make_heap(isolate);
    if (error && error != ISERE_ERR_CRASH) {
        isere_free(port, isolate);
        return NULL;
    }
    isolate->crashed = error != 0; /* reading the code; start will say so */
    isolate->random[0] |= 1;       /* the one state it must not have is zero */
    if (!error) {
        JS_SetInterruptHandler(isolate->heap.rt, interrupt, isolate);
    }
    return isolate;
}

isere_isolate_t *isere_isolate_create(const isere_port_t *port,
                                      const isere_function_t *function)
{
    return isere_isolate_create_in(port, function, NULL);
}

void isere_isolate_destroy(isere_isolate_t *isolate)
{
    if (isolate) {
        isere_snapshot_free(isolate->snapshot);
        isere_heap_deinit(&isolate->heap);
        isere_free(isolate->port, isolate);
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
    isolate->fault = fault;
    isolate->started_us = now_us(isolate);
    isolate->time_origin_us = isolate->started_us;
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
    return isolate->state;
}

isere_isolate_state_t isere_isolate_resume(isere_isolate_t *isolate)
{
    if (isolate->state != ISERE_ISOLATE_WAITING) {
        return isolate->state;
    }
    if (isolate->invoking) {
        isere__invoke_resume(isolate);
    } else {
        isere__init_resume(isolate);
    }
    return isolate->state;
}

uint64_t isere_isolate_wakeup_us(const isere_isolate_t *isolate)
{
    uint64_t timer = isere_timers_next(isolate->heap.ctx);
    return timer < isolate->deadline_us ? timer : isolate->deadline_us;
}

isere_isolate_state_t isere_isolate_state(const isere_isolate_t *isolate)
{
    return isolate->state;
}

bool isere_isolate_has_crashed(const isere_isolate_t *isolate)
{
    return isolate->crashed;
}

int isere_isolate_failure(const isere_isolate_t *isolate)
{
    if (isolate->crashed) {
        return ISERE_ERR_CRASH;
    }
    return isolate->starved ? ISERE_ERR_NOMEM : ISERE_ERR_HANDLER;
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

void isere_isolate_reset(isere_isolate_t *isolate)
{
    if (!isere__warm_keep(isolate)) {
        isere__isolate_note(isolate, true);
        isere_snapshot_restore(isolate->snapshot);
        isere__isolate_note(isolate, false);
    }
    isolate->invoking = false;
    isolate->interrupted = false;
    isolate->abandoned = false;
    isolate->exhausted = false;
    isolate->error = NULL;
    isolate->state = ISERE_ISOLATE_READY;
}

size_t isere_isolate_peak(const isere_isolate_t *isolate)
{
    return isolate->crashed ? 0 : isolate->heap.arena->peak;
}

size_t isere_isolate_heap_size(const isere_isolate_t *isolate)
{
    return isolate->snapshot ? isere_snapshot_size(isolate->snapshot) : 0;
}

bool isere_isolate_is_relocated(const isere_isolate_t *isolate)
{
    return isolate->snapshot && isere_snapshot_is_relocated(isolate->snapshot);
}
