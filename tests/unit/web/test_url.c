/*
 * The classes URL and URLSearchParams in a QuickJS context: installation,
 * life times under garbage collection, and memory that runs out anywhere.
 * What they do in detail is tested in JavaScript, see tests/url.
 */
#include "core/web/url/url.h"
#include "core/web/web.h"
#include "tests/unit/support/unit.h"

typedef struct engine {
    JSRuntime *rt;
    JSContext *ctx;
} engine_t;

static void install(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    assert_int_equal(isere__url_install(ctx, global), 0);
    JS_FreeValue(ctx, global);
}

static int start(void **state)
{
    static engine_t engine;
    isere__url_register_classes();
    engine.rt = JS_NewRuntime();
    engine.ctx = JS_NewContext(engine.rt);
    install(engine.ctx);
    *state = &engine;
    return 0;
}

/* JS_FreeRuntime asserts that no object is left. */
static int stop(void **state)
{
    engine_t *engine = *state;
    JS_FreeContext(engine->ctx);
    JS_FreeRuntime(engine->rt);
    return 0;
}

/* Evaluates a script; its result must be the string. */
static void expect(JSContext *ctx, const char *script, const char *expected)
{
    JSValue value =
        JS_Eval(ctx, script, strlen(script), "test", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) {
        value = JS_GetException(ctx);
    }
    const char *text = JS_ToCString(ctx, value);
    assert_non_null(text);
    assert_string_equal(text, expected);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, value);
}

static void works(void **state)
{
    engine_t *engine = *state;
    expect(engine->ctx,
           "const u = new URL('../x?a=1', 'https://h/b/c/d');"
           "u.searchParams.append('b', 'ä'); u.href",
           "https://h/b/x?a=1&b=%C3%A4");
    expect(engine->ctx, "new URL('x')", "TypeError: Invalid URL");
    expect(engine->ctx, "URL('a:')", "TypeError: must be called with new");
    expect(engine->ctx, "u.searchParams.get()",
           "TypeError: 1 argument required, but only 0 present");
    expect(engine->ctx, "URL.prototype.href", "TypeError: URL object expected");
}

/* Handlers may replace or delete what the classes were built from. */
static void survives_replaced_builtins(void **state)
{
    engine_t *engine = *state;
    expect(engine->ctx,
           "const data = [['a', 'b']], read = (p) => String(p);"
           "Symbol = undefined; Object.defineProperty = null;"
           "Object.prototype.set = 5; delete Array.prototype.values;"
           "const v = new URL('a:?x=y'); v.searchParams.set('x', 'z');"
           "v.href + read(new URLSearchParams(data))",
           "a:?x=za=b");
}

static void two_contexts(void **state)
{
    engine_t *engine = *state;
    JSContext *other = JS_NewContext(engine->rt);
    install(other);
    expect(other, "new URL('a:b').href", "a:b");
    JS_FreeContext(other);
    expect(engine->ctx, "new URL('a:b').href", "a:b");
}

/* Cycles through a URL, its list and an iterator, freed in any order. */
static void garbage(void **state)
{
    engine_t *engine = *state;
    expect(engine->ctx,
           "for (let i = 0; i < 50; i++) {"
           "  const url = new URL('http://h/?a=1&b=2');"
           "  const params = url.searchParams, it = params.entries();"
           "  it.next(); url.it = it; it.url = url; params.url = url;"
           "  if (i % 3 == 0) { delete params.url; globalThis.kept = params; }"
           "  if (i % 3 == 1) globalThis.kept = it;"
           "} kept = globalThis.kept; 'ok'",
           "ok");
    JS_RunGC(engine->rt);
    expect(engine->ctx,
           "globalThis.kept = new URL('http://h/?a=1').searchParams; 'ok'",
           "ok");
    JS_RunGC(engine->rt);
    expect(engine->ctx, "kept.append('c', 'd'); String(kept)", "a=1&c=d");
    expect(engine->ctx, "kept = null", "null");
}

/* Functions and what they return. Each does little: QuickJS itself loses
 * objects when memory runs out in some kinds of expressions. */
static const char *const pieces[][2] = {
    {"() => { const u = new URL('/x\\t\\x01y', 'https://u:p@e/');"
     " return u.href + u.origin }",
     "https://u:p@e/x%01yhttps://e"},
    {"() => { const u = new URL('http://h?b\\ud800=1'), p = u.searchParams;"
     " p.append('a', '2'); p.sort(); p.set('a', '\\ud800'); return u.search }",
     "?a=%EF%BF%BD&b%EF%BF%BD=1"},
    {"() => { const u = new URL('foo://a/'); u.searchParams; u.search = '?b=2';"
     " u.host = '[::1]:1'; u.hash = 'x'; u.pathname = '\\t..'; u.port = 2;"
     " u.username = 'u'; u.href += 'y'; return u.href }",
     "foo://u@[::1]:2/?b=2#xy"},
    {"() => String(new URLSearchParams({ a: 1, b: 2 }))", "a=1&b=2"},
    {"() => String(new URLSearchParams([['a', 'b'], ['c', 5]]))", "a=b&c=5"},
    {"() => { let n = ''; const p = new URLSearchParams('a=1&b=2');"
     " for (const [k, v] of p) n += k + v; return n }",
     "a1b2"},
    {"() => { let n = 0; const p = new URLSearchParams('a=1&b=2');"
     " p.forEach((v, k) => n += p.getAll(k).length); return n }",
     "2"},
    {"() => URL.canParse('x', 'y:') + String(URL.parse('a:b'))", "falsea:b"},
};

/*
 * Calls a function with `spare` bytes of memory, in a new engine (an old one
 * may have lost builtins for ever, since QuickJS makes them when they are
 * first used). Returns whether the memory was enough.
 */
static bool starve(const char *const piece[2], size_t spare)
{
    engine_t *engine;
    JSMemoryUsage usage;
    start((void **)&engine);
    JSContext *ctx = engine->ctx;
    JSValue function =
        JS_Eval(ctx, piece[0], strlen(piece[0]), "test", JS_EVAL_TYPE_GLOBAL);
    assert_true(JS_IsFunction(ctx, function));
    JS_FreeValue(ctx, JS_Call(ctx, function, JS_UNDEFINED, 0, NULL));
    JS_RunGC(engine->rt);
    JS_ComputeMemoryUsage(engine->rt, &usage);
    JS_SetMemoryLimit(engine->rt, (size_t)usage.malloc_size + spare);
    JSValue value = JS_Call(ctx, function, JS_UNDEFINED, 0, NULL);
    JS_SetMemoryLimit(engine->rt, (size_t)-1);
    bool enough = !JS_IsException(value);
    if (enough) {
        const char *text = JS_ToCString(ctx, value);
        assert_string_equal(text, piece[1]);
        JS_FreeCString(ctx, text);
    }
    JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, function);
    stop((void **)&engine);
    return enough;
}

/* Out of memory or the right answer, nothing in between; never a leak. */
static void without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t spare = 0;
        while (!starve(pieces[i], spare)) {
            spare += 16;
        }
        assert_in_range(spare, 200, 8000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(works, start, stop),
        cmocka_unit_test_setup_teardown(survives_replaced_builtins, start,
                                        stop),
        cmocka_unit_test_setup_teardown(two_contexts, start, stop),
        cmocka_unit_test_setup_teardown(garbage, start, stop),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
