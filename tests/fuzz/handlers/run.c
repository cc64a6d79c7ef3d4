#define _GNU_SOURCE
#include "tests/fuzz/handlers/run.h"
#include "core/web/timers.h"
#include "core/web/web.h"
#include <assert.h>
#include <malloc.h>
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    MEMORY_MAX = 24 * 1024 * 1024,
    STACK_MAX = 1024 * 1024,
    /* Where values are compared: a frame of a sanitizer's is 10 times as large,
     * and whether the stack has ended is no value. */
    COMPARED_STACK_MAX = 6 * 1024 * 1024,
    CHECKS_MAX = 30, /* of the engine's interrupt handler: 10,000 steps each */
    JOBS_MAX = 3000, /* and timers */
    SECONDS_MAX = 2, /* of processor time; then it is abandoned */
    BUCKETS = 1 << 15, /* of the table of blocks */
};

/* A block in use; by address, so that those of an abandoned program can be
 * given back. */
typedef struct block {
    struct block *next;
    void *ptr;
} block_t;

static block_t *blocks[BUCKETS];
static block_t *spare; /* of the table */

static struct {
    const handlers_options_t *options;
    JSRuntime *rt;
    JSContext *ctx;
    isere_web_state_t api;
    bool fragile; /* the engine reads bytecode: as in its compiler it can't go
                     on without memory */
    size_t bytes;
    uint32_t allocations;
    uint32_t collections;
    bool counting;   /* allocations may fail, garbage may be collected */
    bool unfinished; /* jobs or timers were left */
    unsigned checks; /* of the interrupt handler */
    uint64_t now_us; /* goes on by itself: a run is like any other */
    uint64_t random;
    volatile sig_atomic_t running;
    volatile sig_atomic_t held; /* in the C library: not to be left */
    volatile sig_atomic_t late;
    sigjmp_buf leave;
} r;

static pthread_t main_thread;

enum { LEFT_LATE = 1, LEFT_EXHAUSTED = 2 };

/* ---- memory ---- */

static block_t **bucket_of(const void *ptr)
{
    return &blocks[((uintptr_t)ptr >> 4) % BUCKETS];
}

static void note_block(void *ptr)
{
    block_t *b = spare;
    if (b) {
        spare = b->next;
    } else {
        b = malloc(sizeof(*b));
        assert(b);
    }
    b->ptr = ptr;
    b->next = *bucket_of(ptr);
    *bucket_of(ptr) = b;
}

static void forget_block(const void *ptr)
{
    block_t **at = bucket_of(ptr);
    while (*at && (*at)->ptr != ptr) {
        at = &(*at)->next;
    }
    assert(*at);
    block_t *b = *at;
    *at = b->next;
    b->next = spare;
    spare = b;
}

/* Frees what is left; how many there were. With `tell` it says where they come
 * from. */
static size_t free_blocks(bool tell)
{
    size_t count = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (blocks[i]) {
            void *ptr = blocks[i]->ptr;
            if (tell) {
                __asan_describe_address(ptr);
            }
            forget_block(ptr);
            free(ptr);
            count++;
        }
    }
    return count;
}

static void hold(void)
{
    r.held = 1;
}

static void release(void)
{
    r.held = 0;
    if (r.late && r.running) {
        siglongjmp(r.leave, LEFT_LATE);
    }
}

/* Whether this allocation fails. The engine's compiler can't go on then, and is
 * left as in production. */
static bool fails(JSMallocState *s, size_t size)
{
    if (!r.counting) {
        return false;
    }
    const handlers_options_t *o = r.options;
    uint32_t n = ++r.allocations;
    bool wanted =
        o->fail_at && n >= o->fail_at && n - o->fail_at < o->fail_count;
    if (!wanted && size <= MEMORY_MAX && r.bytes <= MEMORY_MAX - size) {
        if (n >= o->gc_from && r.collections < o->gc_count) {
            r.collections++;
            JS_SetGCThreshold(r.rt, 0);
        }
        return false;
    }
    if (s->compiling > 0 || r.fragile) {
        siglongjmp(r.leave, LEFT_EXHAUSTED);
    }
    return true;
}

static size_t usable(const void *ptr)
{
    return malloc_usable_size((void *)(uintptr_t)ptr);
}

static void count(JSMallocState *s, size_t before, size_t after)
{
    r.bytes += after - before;
    s->malloc_size = r.bytes;
}

static void *run_malloc(JSMallocState *s, size_t size)
{
    if (fails(s, size)) {
        return NULL;
    }
    hold();
    void *ptr = malloc(size);
    assert(ptr);
    note_block(ptr);
    count(s, 0, usable(ptr));
    release();
    return ptr;
}

static void run_free(JSMallocState *s, void *ptr)
{
    if (ptr) {
        hold();
        count(s, usable(ptr), 0);
        forget_block(ptr);
        free(ptr);
        release();
    }
}

static void *run_realloc(JSMallocState *s, void *ptr, size_t size)
{
    if (!ptr) {
        return size ? run_malloc(s, size) : NULL;
    }
    if (size == 0) {
        run_free(s, ptr);
        return NULL;
    }
    if (fails(s, size)) {
        return NULL;
    }
    hold();
    size_t before = usable(ptr);
    forget_block(ptr);
    /* It moves always, so that an old pointer is noticed. */
    void *fresh = malloc(size);
    assert(fresh);
    memcpy(fresh, ptr, before < size ? before : size);
    free(ptr);
    note_block(fresh);
    count(s, before, usable(fresh));
    release();
    return fresh;
}

static const JSMallocFunctions functions = {
    run_malloc,
    run_free,
    run_realloc,
    usable,
};

/* ---- what the globals need (core/web/host.h) ---- */

void isere_host_fragile(JSContext *ctx, bool is)
{
    (void)ctx;
    r.fragile = is;
}

void isere_host_log(JSContext *ctx, isere_log_level_t level,
                    isere_slice_t message)
{
    (void)ctx;
    (void)level;
    /* All of it is read. */
    assert(memchr(message.ptr, 0, message.len) != message.ptr + message.len);
}

double isere_host_random_double(JSContext *ctx)
{
    (void)ctx;
    r.random = r.random * 6364136223846793005U + 1442695040888963407U;
    return (double)(r.random >> 11) * 0x1.0p-53;
}

int isere_host_random(JSContext *ctx, void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = (uint8_t)(isere_host_random_double(ctx) * 256);
    }
    return 0;
}

uint64_t isere_host_monotonic_us(JSContext *ctx)
{
    (void)ctx;
    return r.now_us += 10;
}

int64_t isere_host_wall_us(JSContext *ctx)
{
    return 1700000000000000 + (int64_t)isere_host_monotonic_us(ctx);
}

uint64_t isere_host_time_origin_us(JSContext *ctx)
{
    (void)ctx;
    return 0;
}

/* As a port without it. */
const isere_compression_t *isere_host_compression(JSContext *ctx)
{
    (void)ctx;
    return NULL;
}

int isere_host_time_zone(JSContext *ctx, isere_slice_t name, void *buf,
                         size_t size)
{
    (void)ctx;
    (void)name;
    (void)buf;
    (void)size;
    return ISERE_ERR_INVAL; /* as on a device */
}

uint32_t isere_host_remaining_ms(JSContext *ctx)
{
    (void)ctx;
    return 1000;
}

const char *isere_host_env(JSContext *ctx, size_t index)
{
    (void)ctx;
    return index == 0 ? "NODE_ENV=production" : NULL;
}

void isere_host_complete(JSContext *ctx, JSValueConst value)
{
    (void)ctx;
    (void)value;
}

void isere_host_fail(JSContext *ctx, JSValueConst error)
{
    (void)ctx;
    (void)error;
}

struct isere_web_state *isere_host_web_state(JSContext *ctx)
{
    (void)ctx;
    return &r.api;
}

const isere_http_request_t *isere_host_request(JSContext *ctx)
{
    (void)ctx;
    return NULL;
}

struct isere_lambda *isere_host_lambda(JSContext *ctx)
{
    (void)ctx;
    return NULL;
}

/* ---- time ---- */

static int interrupt(JSRuntime *rt, void *opaque)
{
    (void)rt;
    (void)opaque;
    return ++r.checks > CHECKS_MAX;
}

/* As the port's hard deadline: leave the engine wherever it is. */
static void on_alarm(int sig)
{
    (void)sig;
    if (!pthread_equal(pthread_self(), main_thread)) {
        return;
    }
    r.late = 1;
    if (r.running && !r.held) {
        siglongjmp(r.leave, LEFT_LATE);
    }
}

static void set_alarm(int seconds)
{
    struct itimerval timer = {{0, 0}, {seconds, 0}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

uint32_t handlers_allocations(void)
{
    return r.allocations;
}

void handlers_run_init(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPROF, &action, NULL);
    main_thread = pthread_self();
    isere_web_register_classes();
}

/* ---- a run ---- */

/* detach(buffer), as structuredClone's transfer does. */
static JSValue js_detach(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    size_t size;
    (void)self;
    if (argc > 0 && JS_GetArrayBuffer(ctx, &size, argv[0])) {
        JS_DetachArrayBuffer(ctx, argv[0]);
    } else {
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    return JS_UNDEFINED;
}

static void create(size_t stack)
{
    r.rt = JS_NewRuntime2(&functions, NULL);
    assert(r.rt);
    JS_SetMaxStackSize(r.rt, stack);
    JS_SetInterruptHandler(r.rt, interrupt, NULL);
    r.ctx = JS_NewContext(r.rt);
    assert(r.ctx);
    int error = isere_web_install(r.ctx) || isere_web_set_env(r.ctx);
    assert(error == 0);
    JSValue global = JS_GetGlobalObject(r.ctx);
    JS_DefinePropertyValueStr(r.ctx, global, "detach",
                              JS_NewCFunction(r.ctx, js_detach, "detach", 1),
                              JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_FreeValue(r.ctx, global);
}

static void drop_exception(void)
{
    JSValue error = JS_GetException(r.ctx);
    const char *said = r.options->verbose ? JS_ToCString(r.ctx, error) : NULL;
    if (said) {
        fprintf(stderr, "%s\n", said);
        JS_FreeCString(r.ctx, said);
    }
    JS_FreeValue(r.ctx, error);
}

/* Jobs, and timers whose turn it is, until none is left or it is enough. */
static void run_jobs(void)
{
    JSContext *ctx;
    for (int i = 0; i < JOBS_MAX && r.checks <= CHECKS_MAX; i++) {
        int ran = JS_ExecutePendingJob(r.rt, &ctx);
        if (ran == 0) {
            r.now_us += 1000000;
            ran = isere_timers_fire(r.ctx, r.now_us);
        }
        if (ran == 0) {
            return;
        }
        if (ran < 0) {
            drop_exception();
        }
    }
    r.unfinished = true;
}

static handlers_end_t evaluate(const char *text, size_t len)
{
    int flags = r.options->module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
    if (r.options->strict) {
        flags |= JS_EVAL_FLAG_STRICT;
    }
    r.counting = !r.options->compile_first;
    JSValue code = JS_Eval(r.ctx, text, len, "handler.js",
                           flags | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(code)) {
        drop_exception();
        return HANDLERS_SYNTAX;
    }
    r.counting = true;
    JSValue value = JS_EvalFunction(r.ctx, code);
    bool threw = JS_IsException(value);
    if (threw) {
        drop_exception();
    }
    JS_FreeValue(r.ctx, value);
    run_jobs();
    return threw ? HANDLERS_THREW : HANDLERS_DONE;
}

static void take_result(char *result, size_t size)
{
    static const char text[] = "JSON.stringify(L)";
    JSValue value = JS_Eval(r.ctx, text, sizeof(text) - 1, "result.js", 0);
    const char *noted = JS_ToCString(r.ctx, value);
    snprintf(result, size, "%s", noted ? noted : "null");
    if (noted) {
        JS_FreeCString(r.ctx, noted);
    } else {
        drop_exception();
    }
    JS_FreeValue(r.ctx, value);
}

/* Collects everything. Whoever could not have all the memory it wanted may have
 * lost some. */
static void destroy(handlers_end_t end)
{
    r.counting = false;
    JS_RunGC(r.rt);
    bool complete = end == HANDLERS_DONE || end == HANDLERS_SYNTAX;
    if (complete && !r.options->fail_at && r.checks <= CHECKS_MAX) {
        isere_web_uninstall(r.ctx);
        JS_FreeContext(r.ctx);
        JS_FreeRuntime(r.rt);
        r.running = 0;
        size_t left = free_blocks(true);
        if (left) {
            fprintf(stderr, "%zu blocks were not given back\n", left);
            abort();
        }
    }
}

static handlers_end_t run(const char *text, size_t len, char *result,
                          size_t size)
{
    create(result ? COMPARED_STACK_MAX : STACK_MAX);
    handlers_end_t end = evaluate(text, len);
    if (result) {
        take_result(result, size);
    }
    destroy(end);
    bool stopped = r.unfinished || r.checks > CHECKS_MAX;
    return stopped ? HANDLERS_STOPPED : end;
}

handlers_end_t handlers_run(const char *text, size_t len,
                            const handlers_options_t *options, char *result,
                            size_t size)
{
    handlers_end_t end;
    memset(&r, 0, sizeof(r));
    r.options = options;
    r.random = 1;
    int left = sigsetjmp(r.leave, 0);
    if (left == 0) {
        r.running = 1;
        set_alarm(SECONDS_MAX);
        end = run(text, len, result, size);
    } else {
        end = left == LEFT_LATE ? HANDLERS_ABANDONED : HANDLERS_THREW;
    }
    r.running = 0;
    set_alarm(0);
    free_blocks(false);
    return end;
}
