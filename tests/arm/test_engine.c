/*
 * The engine on a Cortex-M33: it computes, allocates from its heap only, and
 * says so when that is full. Everything else about it is tested on the host;
 * this test is about the compiler, the C library and 32 bits.
 */
#include "core/code/engine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { STACK_BYTES = 32 * 1024 };

/* Evaluates `source` and copies the result as text. */
static void eval(JSContext *ctx, const char *source, char *text, size_t size)
{
    JSValue value =
        JS_Eval(ctx, source, strlen(source), "test", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) {
        value = JS_GetException(ctx);
    }
    const char *chars = JS_ToCString(ctx, value);
    text[0] = '\0';
    if (chars) {
        strncat(text, chars, size - 1);
        JS_FreeCString(ctx, chars);
    }
    JS_FreeValue(ctx, value);
}

static void test_results_are_those_of_every_engine(void **state)
{
    static const char *const cases[][2] = {
        {"6 * 7", "42"},
        {"0.1 + 0.2", "0.30000000000000004"},
        {"(5e-324).toString()", "5e-324"},
        {"(123.456).toFixed(1)", "123.5"},
        {"Math.pow(2, 0.5)", "1.4142135623730951"},
        {"2n ** 100n", "1267650600228229401496703205376"},
        {"JSON.stringify({a: [1, 'é', null]})", "{\"a\":[1,\"é\",null]}"},
        {"/(\\d+)-(?<y>\\p{L}+)/u.exec('x12-yé').groups.y", "yé"},
        {"[3, 1, 2].sort().join()", "1,2,3"},
        {"new Date(0).toISOString()", "1970-01-01T00:00:00.000Z"},
        {"new Date(2026, 6, 1).getTimezoneOffset()", "0"},
        {"[...(function* () { yield 1; yield 2 })()].length", "2"},
        {"(function f() { return f() })()", "InternalError: stack overflow"},
    };
    char text[64];
    (void)state;
    isere_heap_t heap;
    assert_int_equal(
        isere_engine_init(&heap, isere_test_port(), 512 * 1024, STACK_BYTES),
        0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        eval(heap.ctx, cases[i][0], text, sizeof(text));
        assert_string_equal(text, cases[i][1]);
    }
    isere_heap_deinit(&heap);
    assert_int_equal(isere_test_state()->live_heaps, 0);
}

static void test_a_full_heap_is_an_error(void **state)
{
    char text[64];
    (void)state;
    isere_heap_t heap;
    assert_int_equal(
        isere_engine_init(&heap, isere_test_port(), 128 * 1024, STACK_BYTES),
        0);
    eval(heap.ctx, "let a = []; for (;;) a.push({})", text, sizeof(text));
    assert_true(isere_arena_check(heap.arena));
    assert_true(heap.arena->failed > 0);
    isere_heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_those_of_every_engine),
        cmocka_unit_test(test_a_full_heap_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
