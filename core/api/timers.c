/*
 * setTimeout, setInterval and their clearing (HTML section 8.6).
 *
 * Pending timers are a binary heap in an array: the entries hold what the
 * ordering and a search by id need, the callback lies in a node of its own.
 */
#include "core/api/api.h"

#include <math.h>

/* A callback with its arguments; owned by the timer. */
typedef struct timer_call {
    uint64_t interval_us; /* 0: once */
    JSValue callback;
    int argc;
    JSValue argv[];
} timer_call_t;

typedef struct isere_timer {
    uint64_t due_us;
    uint32_t age; /* counts up: which of two that are due was set first */
    uint32_t id;
    timer_call_t *call;
} isere_timer_t;

enum { FIRST_CAPACITY = 8 };

/* The longest delay in milliseconds; a longer one becomes the shortest. */
#define DELAY_MAX 2147483647.0

static bool is_before(const isere_timer_t *a, const isere_timer_t *b)
{
    if (a->due_us != b->due_us) {
        return a->due_us < b->due_us;
    }
    return (int32_t)(a->age - b->age) < 0;
}

static void sift_up(isere_timer_t *heap, uint32_t at)
{
    isere_timer_t moving = heap[at];

    while (at > 0 && is_before(&moving, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = moving;
}

static void sift_down(isere_timer_t *heap, uint32_t count, uint32_t at)
{
    isere_timer_t moving = heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= count) {
            break;
        }
        if (child + 1 < count && is_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!is_before(&heap[child], &moving)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

/* Makes room for one more entry, besides the one that an interval whose
 * callback is running will need when it comes back. */
static int reserve(JSContext *ctx, isere_api_state_t *state)
{
    uint32_t needed = state->timers_count + 2;
    uint32_t capacity = state->timers_capacity;
    isere_timer_t *timers;

    if (needed <= capacity) {
        return 0;
    }
    capacity = capacity ? capacity * 2 : FIRST_CAPACITY;
    if (capacity > UINT32_MAX / 2 / sizeof(*timers)) {
        JS_ThrowOutOfMemory(ctx);
        return -1;
    }
    timers = js_realloc(ctx, state->timers, capacity * sizeof(*timers));
    if (!timers) {
        return -1;
    }
    state->timers = timers;
    state->timers_capacity = capacity;
    return 0;
}

/* Adds an entry; there is room. */
static void insert(isere_api_state_t *state, isere_timer_t timer)
{
    timer.age = ++state->last_timer_age;
    state->timers[state->timers_count] = timer;
    sift_up(state->timers, state->timers_count++);
}

static isere_timer_t take(isere_api_state_t *state, uint32_t at)
{
    isere_timer_t timer = state->timers[at];
    uint32_t last = --state->timers_count;

    if (at != last) {
        state->timers[at] = state->timers[last];
        sift_down(state->timers, last, at);
        sift_up(state->timers, at);
    }
    return timer;
}

static void free_call(JSContext *ctx, timer_call_t *call)
{
    JS_FreeValue(ctx, call->callback);
    for (int i = 0; i < call->argc; i++) {
        JS_FreeValue(ctx, call->argv[i]);
    }
    js_free(ctx, call);
}

static timer_call_t *new_call(JSContext *ctx, JSValueConst callback, int argc,
                              JSValueConst *argv)
{
    timer_call_t *call =
        js_malloc(ctx, sizeof(*call) + (size_t)argc * sizeof(*argv));

    if (!call) {
        return NULL;
    }
    call->interval_us = 0;
    call->callback = JS_DupValue(ctx, callback);
    call->argc = argc;
    for (int i = 0; i < argc; i++) {
        call->argv[i] = JS_DupValue(ctx, argv[i]);
    }
    return call;
}

/* The delay as browsers and Node read it: no number and negative ones are 0,
 * too large ones 1. */
static int read_delay(JSContext *ctx, JSValueConst value, uint64_t *delay_us)
{
    double ms = 0;

    if (!JS_IsUndefined(value) && JS_ToFloat64(ctx, &ms, value) < 0) {
        return -1;
    }
    if (!(ms > 0)) { /* NaN, too */
        ms = 0;
    } else if (ms > DELAY_MAX) {
        ms = 1;
    }
    *delay_us = (uint64_t)floor(ms) * 1000;
    return 0;
}

/* setTimeout (magic 0) and setInterval (magic 1). */
static JSValue set_timer(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv, int is_interval)
{
    isere_api_state_t *state = isere_host_api_state(ctx);
    isere_timer_t timer = {0};
    uint64_t delay_us;

    (void)self;
    if (!JS_IsFunction(ctx, argv[0])) {
        return JS_ThrowTypeError(ctx, "the callback is not a function");
    }
    if (read_delay(ctx, argc > 1 ? argv[1] : JS_UNDEFINED, &delay_us) < 0 ||
        reserve(ctx, state) < 0) {
        return JS_EXCEPTION;
    }
    timer.call = new_call(ctx, argv[0], argc > 2 ? argc - 2 : 0, argv + 2);
    if (!timer.call) {
        return JS_EXCEPTION;
    }
    if (is_interval) {
        /* Never 0: an interval has to let others run. */
        delay_us = delay_us ? delay_us : 1000;
        timer.call->interval_us = delay_us;
    }
    timer.id = ++state->last_timer_id;
    timer.due_us = isere_host_monotonic_us(ctx) + delay_us;
    insert(state, timer);
    return JS_NewUint32(ctx, timer.id);
}

/* clearTimeout and clearInterval, which are the same. What is no id of a
 * pending timer is ignored. */
static JSValue clear_timer(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    isere_api_state_t *state = isere_host_api_state(ctx);
    double id;

    (void)self;
    (void)argc;
    if (JS_IsObject(argv[0]) || JS_IsSymbol(argv[0]) ||
        JS_IsBigInt(ctx, argv[0])) {
        return JS_UNDEFINED;
    }
    if (JS_ToFloat64(ctx, &id, argv[0]) < 0) {
        return JS_EXCEPTION;
    }
    if (id > 0 && id == state->running_timer_id) {
        state->running_timer_id = 0;
    }
    for (uint32_t i = 0; i < state->timers_count; i++) {
        if (state->timers[i].id == id) {
            free_call(ctx, take(state, i).call);
            break;
        }
    }
    return JS_UNDEFINED;
}

uint64_t isere_api_timers_next(JSContext *ctx)
{
    const isere_api_state_t *state = isere_host_api_state(ctx);

    return state->timers_count ? state->timers[0].due_us : UINT64_MAX;
}

int isere_api_timers_fire(JSContext *ctx, uint64_t now_us)
{
    isere_api_state_t *state = isere_host_api_state(ctx);
    isere_timer_t timer;
    timer_call_t *call;
    JSValue result;

    if (isere_api_timers_next(ctx) > now_us || state->timers_count == 0) {
        return 0;
    }
    timer = take(state, 0);
    call = timer.call;
    state->running_timer_id = timer.id;
    result = JS_Call(ctx, call->callback, JS_UNDEFINED, call->argc, call->argv);
    if (call->interval_us && state->running_timer_id == timer.id) {
        timer.due_us = isere_host_monotonic_us(ctx) + call->interval_us;
        insert(state, timer);
    } else {
        free_call(ctx, call);
    }
    state->running_timer_id = 0;
    if (JS_IsException(result)) {
        return -1;
    }
    JS_FreeValue(ctx, result);
    return 1;
}

unsigned isere_api_timers_clear(JSContext *ctx)
{
    isere_api_state_t *state = isere_host_api_state(ctx);
    unsigned count = state->timers_count;

    state->running_timer_id = 0;
    while (state->timers_count > 0) {
        free_call(ctx, state->timers[--state->timers_count].call);
    }
    js_free(ctx, state->timers);
    state->timers = NULL;
    state->timers_capacity = 0;
    return count;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("setTimeout", 1, set_timer, 0),
    JS_CFUNC_MAGIC_DEF("setInterval", 1, set_timer, 1),
    JS_CFUNC_DEF("clearTimeout", 1, clear_timer),
    JS_CFUNC_DEF("clearInterval", 1, clear_timer),
};

int isere_api_timers_install(JSContext *ctx, JSValueConst global)
{
    JS_SetPropertyFunctionList(ctx, global, functions,
                               sizeof(functions) / sizeof(*functions));
    return 0;
}
