/*
 * Patch 0036: memory ends at each allocation while a regular expression is
 * compiled and used. It says so, or works; and never writes past a block: each
 * one has a guard behind it.
 */

#include "tests/unit/support/unit.h"
#include <quickjs.h>

enum { GUARD_BYTES = 64, GUARD = 0xa5, CASES_MAX = 2000 };

typedef union {
    size_t size;
    max_align_t alignment;
} head_t;

static size_t count; /* of allocations */
static size_t fail_at;

static head_t *head_of(void *ptr)
{
    return (head_t *)ptr - 1;
}

static void check(void *ptr)
{
    const unsigned char *guard = (unsigned char *)ptr + head_of(ptr)->size;
    for (int i = 0; i < GUARD_BYTES; i++) {
        assert_int_equal(guard[i], GUARD);
    }
}

static void *resize(JSMallocState *state, void *ptr, size_t size)
{
    (void)state;
    if (ptr) {
        check(ptr);
    }
    if (size == 0) {
        free(ptr ? head_of(ptr) : NULL);
        return NULL;
    }
    if (++count == fail_at) {
        return NULL;
    }
    head_t *head =
        realloc(ptr ? head_of(ptr) : NULL, sizeof(*head) + size + GUARD_BYTES);
    assert_non_null(head);
    head->size = size;
    memset((unsigned char *)(head + 1) + size, GUARD, GUARD_BYTES);
    return head + 1;
}

static void *allocate(JSMallocState *state, size_t size)
{
    return resize(state, NULL, size ? size : 1);
}

static void release(JSMallocState *state, void *ptr)
{
    resize(state, ptr, 0);
}

static size_t size_of(const void *ptr)
{
    return ((const head_t *)ptr - 1)->size;
}

/* `new RegExp(pattern, flags).exec(text)`; the k-th allocation fails. */
static JSValue use(JSContext *ctx, const char *pattern, const char *flags,
                   size_t k)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue regexp = JS_GetPropertyStr(ctx, global, "RegExp");
    JSAtom exec = JS_NewAtom(ctx, "exec");
    JSValue args[] = {JS_NewString(ctx, pattern), JS_NewString(ctx, flags),
                      JS_NewString(ctx, "xaaabbbab\xc3\xa9")};
    count = 0;
    fail_at = k;
    JSValue value = JS_CallConstructor(ctx, regexp, 2, args);
    if (!JS_IsException(value)) {
        JSValue match = JS_Invoke(ctx, value, exec, 1, &args[2]);
        JS_FreeValue(ctx, value);
        value = match;
    }
    fail_at = 0;
    for (int i = 0; i < 3; i++) {
        JS_FreeValue(ctx, args[i]);
    }
    JS_FreeAtom(ctx, exec);
    JS_FreeValue(ctx, regexp);
    JS_FreeValue(ctx, global);
    return value;
}

static void run(JSContext *ctx, const char *pattern, const char *flags)
{
    JSValue value = use(ctx, pattern, flags, 0);
    assert_true(JS_IsObject(value) || JS_IsNull(value));
    JS_FreeValue(ctx, value);
    size_t all = count;
    assert_in_range(all, 5, CASES_MAX);
    for (size_t k = 1; k <= all; k++) {
        JS_FreeValue(ctx, use(ctx, pattern, flags, k));
        JS_FreeValue(ctx, JS_GetException(ctx));
        JS_RunGC(JS_GetRuntime(ctx));
    }
}

static void test_memory_ends_anywhere(void **state)
{
    static const char *const patterns[][2] = {
        {"a|b|c|d|ee|ff|ggg|hhhh|iiiii|jjjjjj|kkkkkkk|llllllll|mmmmmmmmm", ""},
        {"(a|b|(c|d|(e|f|(g|h|(i|j|(k|l|(m|n|(o|p|(q|r)))))))))", ""},
        {"(?<one>a)(?<two>b)?(?<three>c)*(?<four>d){2,5}|(?<five>e)+?", "d"},
        {"(?:(?:a{2,3}b{0,2}?){1,4}c*?){2}|x", "g"},
        {"(?<=(a|b)(c|d)*x)[^a-z\\d\\s\xc3\xa9-\xf0\x9f\x98\x80]{3,}?", "u"},
        {"(?=(a|(?!b|c)d)+)(?<!e|f)\\w|\\k<n>(?<n>.)", "iu"},
        {"\\p{Script=Greek}|[^\\W]", "u"},
        {"\\p{scx=Grek}|\\P{Lu}", "u"},
        {"^(?:[ab]|(?:a|b)+?)*$|\\b\\B\\1()\\2", "m"},
    };
    (void)state;
    static const JSMallocFunctions functions = {allocate, release, resize,
                                                size_of};
    fail_at = 0;
    JSRuntime *rt = JS_NewRuntime2(&functions, NULL);
    JSContext *ctx = JS_NewContext(rt);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        run(ctx, patterns[i][0], patterns[i][1]);
    }
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_ends_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
