/*
 * setTimeout, setInterval and their clearing (HTML section 8.6). They return
 * objects, as Node's do, since code written for Node calls their unref. As a
 * number such an object is the timer's id.
 *
 * Pending timers are a binary heap in an array: the entries hold what the
 * ordering and a search by id need, and a reference to the object, which owns
 * the callback.
 */
#include "core/web/timers.h"
#include "core/web/web.h"

#include <math.h>
#include <string.h>

/* A callback with its arguments; owned by the timer's object. */
typedef struct timer_call {
    uint64_t delay_us;
    uint32_t id;
    bool repeats;
    bool pending; /* it has an entry */
    bool cleared;
    bool unref; /* nothing is waited for on its account */
    JSValue callback;
    int argc;
    JSValue argv[];
} timer_call_t;

typedef struct isere_timer {
    uint64_t due_us;
    uint32_t age; /* counts up: which of two that are due was set first */
    uint32_t id;
    void *object; /* referenced */
} isere_timer_t;

static JSClassID timer_class;

/* The entry holds the address alone, which is half of a JSValue where
 * pointers have 64 bits. The class of objects has one tag, so nothing is
 * lost. */
static JSValue object_of(const isere_timer_t *timer)
{
    return JS_MKPTR(JS_TAG_OBJECT, timer->object);
}

static timer_call_t *call_of(const isere_timer_t *timer)
{
    return JS_GetOpaque(object_of(timer), timer_class);
}

enum { FIRST_CAPACITY = 8 };

/* The longest delay in milliseconds, 2^31 - 1 (24.8 days) as in Node; a
 * longer one becomes the shortest. */
#define DELAY_MAX 2147483647.0

/* Ages wrap around after 2^32 timers of one heap, which the difference allows
 * for. */
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
 * callback is running will need when it comes back: that must not fail after
 * the callback has run. */
static int reserve(JSContext *ctx, isere_web_state_t *state)
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
static void insert(isere_web_state_t *state, isere_timer_t timer)
{
    timer_call_t *call = call_of(&timer);
    call->pending = true;
    state->timers_held += !call->unref;
    timer.age = ++state->last_timer_age;
    state->timers[state->timers_count] = timer;
    sift_up(state->timers, state->timers_count++);
}

/* The last entry takes the place of the one that goes. It may belong above or
 * below that place, and only one of the two sifts moves it. */
static isere_timer_t take(isere_web_state_t *state, uint32_t at)
{
    isere_timer_t timer = state->timers[at];
    timer_call_t *call = call_of(&timer);
    uint32_t last = --state->timers_count;
    call->pending = false;
    state->timers_held -= !call->unref;
    if (at != last) {
        state->timers[at] = state->timers[last];
        sift_down(state->timers, last, at);
        sift_up(state->timers, at);
    }
    return timer;
}

/* Only where values are freed one by one (tests, ISERE_ISOLATION_NONE): a
 * restore drops them all at once. */
static void finalize_timer(JSRuntime *rt, JSValue object)
{
    timer_call_t *call = JS_GetOpaque(object, timer_class);
    if (!call) {
        return;
    }
    JS_FreeValueRT(rt, call->callback);
    for (int i = 0; i < call->argc; i++) {
        JS_FreeValueRT(rt, call->argv[i]);
    }
    js_free_rt(rt, call);
}

/* A callback often refers to its own timer: such a cycle is found through
 * here. */
static void mark_timer(JSRuntime *rt, JSValueConst object,
                       JS_MarkFunc *mark_func)
{
    const timer_call_t *call = JS_GetOpaque(object, timer_class);
    if (!call) {
        return;
    }
    JS_MarkValue(rt, call->callback, mark_func);
    for (int i = 0; i < call->argc; i++) {
        JS_MarkValue(rt, call->argv[i], mark_func);
    }
}

static const JSClassDef timer_def = {
    .class_name = "Timeout",
    .finalizer = finalize_timer,
    .gc_mark = mark_timer,
};

static timer_call_t *new_call(JSContext *ctx, JSValueConst callback, int argc,
                              JSValueConst *argv)
{
    timer_call_t *call =
        js_malloc(ctx, sizeof(*call) + (size_t)argc * sizeof(*argv));
    if (!call) {
        return NULL;
    }
    memset(call, 0, sizeof(*call));
    call->callback = JS_DupValue(ctx, callback);
    call->argc = argc;
    for (int i = 0; i < argc; i++) {
        call->argv[i] = JS_DupValue(ctx, argv[i]);
    }
    return call;
}

/* The delay as browsers and Node read it (HTML, "timer initialisation steps";
 * Node's limit): no number and negative ones are 0, too large ones 1. */
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
    isere_web_state_t *state = isere_host_web_state(ctx);
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
    /* All that can fail comes before insert(): a timer is pending as a whole or
     * not at all. */
    JSValue object = JS_NewObjectClass(ctx, (int)timer_class);
    if (JS_IsException(object)) {
        return JS_EXCEPTION;
    }
    timer_call_t *call =
        new_call(ctx, argv[0], argc > 2 ? argc - 2 : 0, argv + 2);
    if (!call) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    JS_SetOpaque(object, call);
    call->repeats = is_interval;
    /* An interval is never 0: it has to let others run. */
    call->delay_us = delay_us || !is_interval ? delay_us : 1000;
    call->id = ++state->last_timer_id;
    timer.id = call->id;
    timer.due_us = isere_host_monotonic_us(ctx) + call->delay_us;
    timer.object = JS_VALUE_GET_PTR(JS_DupValue(ctx, object));
    insert(state, timer);
    return object;
}

/* The entry of that id; timers_count when there is none. A walk, only when
 * timers are cleared: the heap is ordered by time, not by id. As a double,
 * since a handler may give any number: NaN and fractions equal no id. */
static uint32_t find(const isere_web_state_t *state, double id)
{
    uint32_t i = 0;
    while (i < state->timers_count && state->timers[i].id != id) {
        i++;
    }
    return i;
}

/* An interval that clears itself in its own callback has no entry then. Its id
 * is forgotten, so that isere_timers_fire does not insert it again. */
static void clear(JSContext *ctx, double id)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    uint32_t at = find(state, id);
    if (id > 0 && id == state->running_timer_id) {
        state->running_timer_id = 0;
    }
    if (at < state->timers_count) {
        isere_timer_t timer = take(state, at);
        call_of(&timer)->cleared = true;
        JS_FreeValue(ctx, object_of(&timer));
    }
}

/* clearTimeout and clearInterval, which are the same. What is no timer, nor the
 * id of a pending one, is ignored. */
static JSValue clear_timer(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    timer_call_t *call = JS_GetOpaque(argv[0], timer_class);
    double id;
    (void)self;
    (void)argc;
    if (call) {
        call->cleared = true;
        clear(ctx, call->id);
        return JS_UNDEFINED;
    }
    if (JS_IsObject(argv[0]) || JS_IsSymbol(argv[0]) ||
        JS_IsBigInt(ctx, argv[0])) {
        return JS_UNDEFINED;
    }
    if (JS_ToFloat64(ctx, &id, argv[0]) < 0) {
        return JS_EXCEPTION;
    }
    clear(ctx, id);
    return JS_UNDEFINED;
}

/* ---- methods of a timer ---- */

enum { REF, UNREF, HAS_REF, CLOSE, TO_PRIMITIVE };

static void set_unref(isere_web_state_t *state, timer_call_t *call, bool unref)
{
    if (call->pending && call->unref != unref) {
        state->timers_held += unref ? -1u : 1u;
    }
    call->unref = unref;
}

static JSValue timer_method(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv, int which)
{
    timer_call_t *call = JS_GetOpaque2(ctx, self, timer_class);
    (void)argc;
    (void)argv;
    if (!call) {
        return JS_EXCEPTION;
    }
    switch (which) {
    case HAS_REF:
        return JS_NewBool(ctx, !call->unref);
    case TO_PRIMITIVE:
        return JS_NewUint32(ctx, call->id);
    case CLOSE:
        call->cleared = true;
        clear(ctx, call->id);
        break;
    default:
        set_unref(isere_host_web_state(ctx), call, which == UNREF);
        break;
    }
    return JS_DupValue(ctx, self);
}

/* Begins anew, also one that has fired. One that was cleared stays so, as in
 * Node. */
static JSValue refresh(JSContext *ctx, JSValueConst self, int argc,
                       JSValueConst *argv)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    timer_call_t *call = JS_GetOpaque2(ctx, self, timer_class);
    isere_timer_t timer = {0};
    (void)argc;
    (void)argv;
    if (!call) {
        return JS_EXCEPTION;
    }
    if (call->cleared) {
        return JS_DupValue(ctx, self);
    }
    if (call->pending) {
        timer = take(state, find(state, call->id));
    } else if (reserve(ctx, state) < 0) {
        return JS_EXCEPTION;
    } else {
        timer.id = call->id;
        timer.object = JS_VALUE_GET_PTR(JS_DupValue(ctx, self));
    }
    timer.due_us = isere_host_monotonic_us(ctx) + call->delay_us;
    insert(state, timer);
    return JS_DupValue(ctx, self);
}

static const JSCFunctionListEntry members[] = {
    JS_CFUNC_MAGIC_DEF("ref", 0, timer_method, REF),
    JS_CFUNC_MAGIC_DEF("unref", 0, timer_method, UNREF),
    JS_CFUNC_MAGIC_DEF("hasRef", 0, timer_method, HAS_REF),
    JS_CFUNC_MAGIC_DEF("close", 0, timer_method, CLOSE),
    JS_CFUNC_DEF("refresh", 0, refresh),
    JS_CFUNC_MAGIC_DEF("[Symbol.toPrimitive]", 0, timer_method, TO_PRIMITIVE),
};

/* ---- the event loop's side ---- */

uint64_t isere_timers_next(JSContext *ctx)
{
    const isere_web_state_t *state = isere_host_web_state(ctx);
    return state->timers_count ? state->timers[0].due_us : UINT64_MAX;
}

bool isere_timers_hold(JSContext *ctx)
{
    return isere_host_web_state(ctx)->timers_held > 0;
}

/* The entry is taken out before the call, which may set, clear and fire any
 * timer. */
int isere_timers_fire(JSContext *ctx, uint64_t now_us)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    isere_timer_t timer;
    timer_call_t *call;
    JSValue result;
    if (isere_timers_next(ctx) > now_us || state->timers_count == 0) {
        return 0;
    }
    timer = take(state, 0);
    call = call_of(&timer);
    state->running_timer_id = timer.id;
    result =
        JS_Call(ctx, call->callback, object_of(&timer), call->argc, call->argv);
    if (call->repeats && !call->pending &&
        state->running_timer_id == timer.id) {
        timer.due_us = isere_host_monotonic_us(ctx) + call->delay_us;
        insert(state, timer);
    } else {
        JS_FreeValue(ctx, object_of(&timer));
    }
    state->running_timer_id = 0;
    if (JS_IsException(result)) {
        return -1;
    }
    JS_FreeValue(ctx, result);
    return 1;
}

/* From the end, where an entry leaves without moving others. */
unsigned isere_timers_clear(JSContext *ctx)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    unsigned count = state->timers_count;
    state->running_timer_id = 0;
    while (state->timers_count > 0) {
        isere_timer_t timer = take(state, state->timers_count - 1);
        call_of(&timer)->cleared = true;
        JS_FreeValue(ctx, object_of(&timer));
    }
    js_free(ctx, state->timers);
    state->timers = NULL;
    state->timers_capacity = 0;
    return count;
}

JSValue isere__timers_set_unref(JSContext *ctx, int argc, JSValueConst *argv)
{
    JSValue object = set_timer(ctx, JS_UNDEFINED, argc, argv, 0);
    if (JS_IsException(object)) {
        return object;
    }
    set_unref(isere_host_web_state(ctx), JS_GetOpaque(object, timer_class),
              true);
    JS_FreeValue(ctx, object);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_MAGIC_DEF("setTimeout", 1, set_timer, 0),
    JS_CFUNC_MAGIC_DEF("setInterval", 1, set_timer, 1),
    JS_CFUNC_DEF("clearTimeout", 1, clear_timer),
    JS_CFUNC_DEF("clearInterval", 1, clear_timer),
};

void isere__timers_register_class(void)
{
    JS_NewClassID(&timer_class);
}

int isere__timers_install(JSContext *ctx, JSValueConst global)
{
    if (JS_NewClass(JS_GetRuntime(ctx), timer_class, &timer_def) < 0) {
        return -1;
    }
    JSValue prototype = JS_NewObject(ctx);
    if (JS_IsException(prototype)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, prototype, members,
                               sizeof(members) / sizeof(*members));
    /* No constructor: as in Node, only set* make them. */
    JS_SetClassProto(ctx, timer_class, prototype);
    JS_SetPropertyFunctionList(ctx, global, functions,
                               sizeof(functions) / sizeof(*functions));
    return 0;
}
