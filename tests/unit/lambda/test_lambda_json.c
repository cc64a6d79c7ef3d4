/*
 * JSON written without the engine's JSON.stringify is what that gives, for
 * every value that it is written for, and it is written for the usual ones.
 */
#include "core/code/json.h"
#include "lambda_fixture.h"

/* What isere_json_write makes of the value, or NULL when it leaves it. */
static char *write_json(engine_t *e, JSValueConst value)
{
    isere_js_text_t text = isere_js_text_begin(e->ctx);
    isere_json_t result = isere_json_write(
        &text, e->room->names.atoms[ISERE_NAME_TO_JSON], value);
    char *copy = NULL;
    assert_int_not_equal(result, ISERE_JSON_FAILED);
    assert_false(JS_HasException(e->ctx));
    if (result == ISERE_JSON_WRITTEN) {
        copy = calloc(1, text.len + 1);
        assert_non_null(copy);
        memcpy(copy, text.ptr, text.len);
        assert_int_equal(strlen(copy), text.len); /* a NUL is escaped */
    }
    isere_js_text_free(&text);
    return copy;
}

/* Compares with JSON.stringify; whether it was written. */
static bool same(engine_t *e, JSValueConst value)
{
    char *written = write_json(e, value);
    bool is_written = written != NULL;
    if (is_written) {
        JSValue json =
            JS_JSONStringify(e->ctx, value, JS_UNDEFINED, JS_UNDEFINED);
        const char *text = JS_ToCString(e->ctx, json);
        assert_non_null(text);
        assert_string_equal(written, text);
        JS_FreeCString(e->ctx, text);
        JS_FreeValue(e->ctx, json);
    }
    free(written);
    return is_written;
}

static void usual_values(void **state)
{
    static const char *const cases[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-2147483648",
        "2147483648",
        "1.5",
        "1e21",
        "1e-7",
        "5e-324",
        "NaN",
        "-Infinity",
        "''",
        "'plain'",
        "'\\u00e9 \\u20ac \\ud83d\\ude00 \\ud7ff \\ue000'",
        "'\\ud800'",
        "'a\\udfffb\\ud83d'",
        "'\\ude00\\ud83d'",
        "'\"\\\\/\\b\\f\\n\\r\\t\\v\\0\\x1f\\x7f\\u2028\\u2029'",
        "'x'.repeat(5000)",
        "'\"'.repeat(500)",
        "'a'.repeat(9000) + '\\u20ac' + 'b'.repeat(9000)",
        "({})",
        "[]",
        "({a: 1})",
        "({a: undefined, b: Symbol(), c: 1})",
        "({a: undefined})",
        "[undefined, Symbol(), null]",
        "[[], {}, [[]], [{}]]",
        "({'': 1, 'a b': 2, '\\u20ac': 3, '\"': 4, '\\ud800': 5, '-1': 6})",
        "({['__proto__']: 1})",
        "({[Symbol.iterator]: 1, a: 2})",
        "Object.create(null)",
        "Object.assign(Object.create(null), {a: 1})",
        "Object.assign(Object.create({b: 1}), {a: 1})",
        "Object.defineProperty({a: 1}, 'b', {value: 2})",
        "Object.freeze({a: [1]})",
        "(o => { delete o.a; o.d = 4; return o })({a: 1, b: 2, c: 3})",
        "(o => { o.a = 4; return o })({b: 2, a: 1})",
        "new (class A { x = 1; #y = 2; get z() { return 3 } })",
        "new (class B extends Array {})(1, 2)",
        "(s => ({a: s, b: [s, s]}))({t: 1})",
        "Object.assign([1, 2], {x: 3})",
        "'abc'.match(/b/).slice()",
        "[1, 'two', [3, {four: 5.5}], null, true]",
    };
    engine_t e = engine_open();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JSValue value = engine_eval(&e, cases[i]);
        if (!same(&e, value)) {
            fail_msg("left to JSON.stringify: %s", cases[i]);
        }
        JS_FreeValue(e.ctx, value);
    }
    engine_close(&e);
}

/* What it would take code, or more knowledge, to serialise. None of it runs. */
static void other_values(void **state)
{
    static const char *const cases[] = {
        "undefined",
        "Symbol()",
        "1n",
        "({a: 1n})",
        "(() => {})",
        "({a() {}})",
        "[function () {}]",
        "({get a() { throw 1 }})",
        "({a: 1, get b() { throw 1 }})",
        "({toJSON() { throw 1 }})",
        "({toJSON: 1})",
        "({get toJSON() { throw 1 }})",
        "new (class { toJSON() { throw 1 } })",
        "Object.create({get toJSON() { throw 1 }})",
        "Object.create(new Proxy({}, {get() { throw 1 }}))",
        "[{toJSON() { throw 1 }}]",
        "Object.assign([1], {toJSON() { throw 1 }})",
        "new Proxy({}, {get() { throw 1 }, ownKeys() { throw 2 }})",
        "new Proxy([], {get() { throw 1 }})",
        "({a: [new Proxy({}, {})]})",
        "new Date(0)",
        "new Map",
        "/a/",
        "new Error('x')",
        "new String('x')",
        "new Number(1)",
        "Object(1n)",
        "new Uint8Array(3)",
        "new ArrayBuffer(3)",
        "(function () { return arguments })(1)",
        "[1, , 3]",
        "new Array(3)",
        "(a => { a.length = 5; return a })([1])",
        "(a => { Object.defineProperty(a, 0, {get() { throw 1 }}); return a })"
        "([1])",
        "({1: 'a'})",
        "({b: 1, 0: 2})",
        "({b: 1, 4294967294: 2})",
        "(o => { o.o = o; return o })({})",
        "(a => { a.push(a); return a })([])",
        "JSON.parse('['.repeat(17) + ']'.repeat(17))",
    };
    engine_t e = engine_open();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JSValue value = engine_eval(&e, cases[i]);
        char *text = write_json(&e, value);
        if (text) {
            fail_msg("%s gave %s", cases[i], text);
        }
        JS_FreeValue(e.ctx, value);
    }
    JSValue deep =
        engine_eval(&e, "JSON.parse('['.repeat(16) + ']'.repeat(16))");
    assert_true(same(&e, deep));
    JS_FreeValue(e.ctx, deep);
    engine_close(&e);
}

/* A toJSON that everything inherits. */
static void inherited_to_json(void **state)
{
    static const char *const prototypes[] = {"Object", "Array"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        engine_t e = engine_open();
        char code[128];
        snprintf(code, sizeof code,
                 "%s.prototype.toJSON = () => { throw 1 }; [1]", prototypes[i]);
        JSValue value = engine_eval(&e, code);
        assert_null(write_json(&e, value));
        JS_FreeValue(e.ctx, value);
        engine_close(&e);
    }
}

/* Values put together at random, always the same ones. */
static void random_values(void **state)
{
    static const char make[] =
        "let seed = 12345;"
        "const rnd = n => (seed = (seed * 1103515245 + 12345) & 0x7fffffff,"
        "  (seed >> 8) % n);"
        "const text = () => { let s = ''; for (let i = rnd(12); i > 0; i--)"
        "  s += String.fromCharCode([rnd(0x80), rnd(0x100), rnd(0x10000),"
        "    0xd800 + rnd(0x800), 0x22, 0x5c][rnd(6)]); return s };"
        "const value = d => { switch (rnd(d > 0 ? 12 : 8)) {"
        "  case 0: return null; case 1: return rnd(2) === 0;"
        "  case 2: return rnd(1e6) - 5e5; case 3: return rnd(1e6) / 7;"
        "  case 4: return text(); case 5: return undefined;"
        "  case 6: return text() + text(); case 7: return rnd(9) * 1e20;"
        "  case 8: case 9: { const o = {}; for (let i = rnd(6); i > 0; i--)"
        "    o[text()] = value(d - 1); return o }"
        "  default: return Array.from({length: rnd(5)}, () => value(d - 1))"
        "} }; () => value(5)";
    engine_t e = engine_open();
    JSValue next = engine_eval(&e, make);
    unsigned written = 0;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        JSValue value = JS_Call(e.ctx, next, JS_UNDEFINED, 0, NULL);
        assert_false(JS_IsException(value));
        written += same(&e, value);
        JS_FreeValue(e.ctx, value);
    }
    assert_true(written > 1000);
    JS_FreeValue(e.ctx, next);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_values),
        cmocka_unit_test(other_values),
        cmocka_unit_test(inherited_to_json),
        cmocka_unit_test(random_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
