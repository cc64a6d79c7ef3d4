/*
 * Memory that ends inside the engine: each program of tests/js/programs.js runs
 * with its N-th allocation failing, for every N until none fails any more. The
 * memory is the C library's, not an arena, so that sanitizers see each block;
 * freed ones are overwritten for builds without them. Never a crash, never an
 * exception that was not thrown, and a collection goes through afterwards.
 *
 * The long form also collects garbage at every chance.
 */
#define _POSIX_C_SOURCE 200809L
#include "quickjs.h"
#include "tests/unit/support/long_form.h"
#include "tests/unit/support/text_file.h"
#include "tests/unit/support/unit.h"
#include <stdbool.h>

enum { STACK_BYTES = 256 * 1024, POISON = 0xd7 };

/* In front of each block, which is in the list of all. */
typedef struct block {
    struct block *next;
    struct block *prev;
    size_t size;
    uint64_t aligned[]; /* the block */
} block_t;

static block_t blocks = {&blocks, &blocks, 0};

static struct {
    size_t count;   /* allocations since the program began */
    size_t fail_at; /* the one that fails, 0: none */
    bool after;     /* all later ones do, too */
    bool collect;   /* garbage, whenever an object is made */
} faults;

static JSRuntime *rt;
static JSContext *ctx;
static jmp_buf exhausted;

/* ---- memory ---- */

static block_t *block_of(const void *ptr)
{
    return (block_t *)((uintptr_t)ptr - offsetof(block_t, aligned));
}

static size_t usable_size(const void *ptr)
{
    return ptr ? block_of(ptr)->size : 0;
}

/* The compiler can't go on without memory: core/heap/heap.c leaves it, too. */
static bool fails(const JSMallocState *s)
{
    faults.count++;
    if (faults.fail_at == 0 || faults.count < faults.fail_at ||
        (faults.count > faults.fail_at && !faults.after)) {
        return false;
    }
    if (s->compiling > 0) {
        longjmp(exhausted, 1);
    }
    return true;
}

static void *allocate(JSMallocState *s, size_t size)
{
    if (faults.collect && rt) {
        JS_SetGCThreshold(rt, 0);
    }
    block_t *block = fails(s) ? NULL : malloc(sizeof(block_t) + size);
    if (!block) {
        return NULL;
    }
    block->size = size;
    block->next = blocks.next;
    block->prev = &blocks;
    block->next->prev = block;
    blocks.next = block;
    s->malloc_count++;
    s->malloc_size += size;
    return block->aligned;
}

static void drop(block_t *block)
{
    block->next->prev = block->prev;
    block->prev->next = block->next;
    memset(block->aligned, POISON, block->size);
    free(block);
}

static void release(JSMallocState *s, void *ptr)
{
    if (ptr) {
        s->malloc_count--;
        s->malloc_size -= usable_size(ptr);
        drop(block_of(ptr));
    }
}

/* Always moves, so that nobody keeps the old address. */
static void *resize(JSMallocState *s, void *ptr, size_t size)
{
    void *fresh = size > 0 ? allocate(s, size) : NULL;
    if (fresh && ptr) {
        size_t old = usable_size(ptr);
        memcpy(fresh, ptr, old < size ? old : size);
    }
    if (fresh || size == 0) {
        release(s, ptr);
    }
    return fresh;
}

/* ---- a runtime ---- */

static JSValue js_gc(JSContext *c, JSValueConst self, int argc,
                     JSValueConst *argv)
{
    (void)c;
    (void)self;
    (void)argc;
    (void)argv;
    JS_RunGC(rt);
    return JS_UNDEFINED;
}

static JSValue js_detach(JSContext *c, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    (void)self;
    (void)argc;
    JS_DetachArrayBuffer(c, argv[0]);
    return JS_UNDEFINED;
}

static void begin(const char *source)
{
    static const JSMallocFunctions functions = {allocate, release, resize,
                                                usable_size};
    memset(&faults, 0, sizeof(faults));
    rt = JS_NewRuntime2(&functions, NULL);
    JS_SetMaxStackSize(rt, STACK_BYTES);
    ctx = JS_NewContext(rt);
    JSValue global = JS_GetGlobalObject(ctx);
    JS_SetPropertyStr(ctx, global, "gc", JS_NewCFunction(ctx, js_gc, "gc", 0));
    JS_SetPropertyStr(ctx, global, "detach",
                      JS_NewCFunction(ctx, js_detach, "detach", 1));
    JS_FreeValue(ctx, global);
    JSValue result = JS_Eval(ctx, source, strlen(source), "programs.js",
                             JS_EVAL_TYPE_GLOBAL);
    assert_false(JS_IsException(result));
    JS_FreeValue(ctx, result);
}

/* Without the engine: what it lost on the way is not its end that matters,
 * since a heap is put back as a whole. */
static void end(void)
{
    while (blocks.next != &blocks) {
        drop(blocks.next);
    }
    rt = NULL;
    ctx = NULL;
}

/* ---- programs ---- */

/* An exception must be there when it is said to be. */
static void take_exception(const char *name)
{
    if (!JS_HasException(ctx)) {
        fail_msg("%s: allocation %lu failed, nothing was thrown", name,
                 (unsigned long)faults.fail_at);
    }
    JS_FreeValue(ctx, JS_GetException(ctx));
}

static void run_jobs(const char *name)
{
    enum { MOST = 1000 };
    JSContext *job;
    for (int i = 0; i < MOST; i++) {
        int done = JS_ExecutePendingJob(rt, &job);
        if (done == 0) {
            return;
        }
        if (done < 0) {
            take_exception(name);
        }
    }
}

static JSValue get_program(const char *name)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue all = JS_GetPropertyStr(ctx, global, "programs");
    JSValue program = JS_GetPropertyStr(ctx, all, name);
    JS_FreeValue(ctx, all);
    JS_FreeValue(ctx, global);
    assert_true(JS_IsFunction(ctx, program));
    return program;
}

/* Returns whether an allocation failed. */
static bool run(const char *name, size_t fail_at)
{
    JSValue program = get_program(name);
    faults.count = 0;
    faults.fail_at = fail_at;
    JSValue result = JS_Call(ctx, program, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(result)) {
        take_exception(name);
        assert_true(fail_at > 0);
    }
    run_jobs(name);
    bool failed = fail_at > 0 && faults.count >= fail_at;
    faults.fail_at = 0;
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, program);
    return failed;
}

/* Every allocation of one program; how many there are. */
static size_t run_all(const char *source, const char *name, bool after,
                      bool collect)
{
    volatile size_t n = 0;
    volatile bool more = true;
    begin(source);
    assert_false(run(name, 0)); /* what is made once only */
    while (more) {
        n++;
        faults.after = after;
        faults.collect = collect;
        if (setjmp(exhausted)) {
            end();
            begin(source);
        } else {
            more = run(name, n);
        }
        faults.collect = false;
        if (n % 16 == 0) {
            JS_RunGC(rt);
        }
    }
    JS_RunGC(rt);
    assert_false(run(name, 0));
    end();
    return n - 1;
}

/* The names of the programs, which the caller frees. */
static char **list_programs(const char *source, uint32_t *count)
{
    begin(source);
    JSPropertyEnum *names;
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue all = JS_GetPropertyStr(ctx, global, "programs");
    assert_int_equal(
        JS_GetOwnPropertyNames(ctx, &names, count, all, JS_GPN_STRING_MASK), 0);
    char **list = calloc(*count, sizeof(*list));
    assert_non_null(list);
    for (uint32_t i = 0; i < *count; i++) {
        const char *name = JS_AtomToCString(ctx, names[i].atom);
        list[i] = strdup(name);
    }
    end();
    return list;
}

static void run_programs(bool after, bool collect)
{
    char *source = text_file_read("tests/js/programs.js");
    uint32_t count;
    char **names = list_programs(source, &count);
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += run_all(source, names[i], after, collect);
        free(names[i]);
    }
    free(names);
    free(source);
    print_message("%lu allocations of %lu programs failed\n",
                  (unsigned long)total, (unsigned long)count);
    assert_true(count > 80 && total > 5000);
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    run_programs(false, false);
}

static void test_all_later_allocations_fail(void **state)
{
    (void)state;
    run_programs(true, false);
}

static void test_garbage_is_collected_at_every_chance(void **state)
{
    (void)state;
    if (!test_is_long()) {
        skip();
    }
    run_programs(false, true);
}

/* More digits than an int counts bits for: no test's heap holds the text. */
static void test_digits_of_a_large_text(void **state)
{
    static const char source[] =
        "try { BigInt('9'.repeat(79536432)) } catch (e) { e.name }";
    (void)state;
    begin("globalThis.programs = {}");
    JSValue result =
        JS_Eval(ctx, source, strlen(source), "digits.js", JS_EVAL_TYPE_GLOBAL);
    const char *name = JS_ToCString(ctx, result);
    assert_string_equal(name, "RangeError");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_all_later_allocations_fail),
        cmocka_unit_test(test_garbage_is_collected_at_every_chance),
        cmocka_unit_test(test_digits_of_a_large_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
