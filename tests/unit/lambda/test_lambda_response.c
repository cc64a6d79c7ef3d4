/* Decoding what a handler returns, rule by rule. */
#include "lambda_fixture.h"

#include "core/lambda/response/error_answer.h"

/* "status|name: value|...||body", with B for bytes and T for text. */
static void print_response(const isere_response_t *r, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%d", r->status);
    for (unsigned i = 0; i < r->nfields; i++) {
        n += (size_t)snprintf(out + n, size - n, "|%.*s: %.*s",
                              (int)r->fields[i].name.len, r->fields[i].name.ptr,
                              (int)r->fields[i].value.len,
                              r->fields[i].value.ptr);
    }
    snprintf(out + n, size - n, "|%c%.*s", r->body_is_text ? 'T' : 'B',
             (int)r->body.len, r->body.ptr ? r->body.ptr : "");
}

typedef struct row {
    const char *code;     /* evaluates to what the handler returned */
    const char *expected; /* as printed, or a part of the reason */
} row_t;

static void check_good(engine_t *e, const row_t *row)
{
    char reason[ISERE_RESPONSE_REASON_MAX];
    char printed[4096];
    isere_response_t response;
    JSValue value = engine_eval(e, row->code);
    int result = isere_response_decode(e->ctx, &e->room->names, value,
                                       &response, reason);
    if (result != 0) {
        fail_msg("%s: %d %s", row->code, result, reason);
    }
    print_response(&response, printed, sizeof printed);
    assert_string_equal(printed, row->expected);
    assert_false(JS_HasException(e->ctx));
    JS_FreeValue(e->ctx, value);
    isere_response_free(e->ctx, &response);
}

static void check_bad(engine_t *e, const row_t *row)
{
    char reason[ISERE_RESPONSE_REASON_MAX];
    isere_response_t response;
    JSValue value = engine_eval(e, row->code);
    int result = isere_response_decode(e->ctx, &e->room->names, value,
                                       &response, reason);
    if (result != ISERE_ERR_HANDLER) {
        fail_msg("%s: %d", row->code, result);
    }
    if (!strstr(reason, row->expected)) {
        fail_msg("%s: %s", row->code, reason);
    }
    assert_false(JS_HasException(e->ctx));
    JS_FreeValue(e->ctx, value);
}

static void each(const row_t *rows, size_t count,
                 void (*check)(engine_t *, const row_t *))
{
    for (size_t i = 0; i < count; i++) {
        engine_t e = engine_open();
        check(&e, &rows[i]);
        engine_close(&e);
    }
}

#define EACH(rows, check) each(rows, sizeof rows / sizeof rows[0], check)
#define TEXT "Content-Type: text/plain; charset=utf-8"
#define JSON "Content-Type: application/json"
#define BYTES "Content-Type: application/octet-stream"

static void other_values(void **state)
{
    static const row_t rows[] = {
        {"undefined", "200|B"},
        {"null", "200|B"},
        {"'hi'", "200|" TEXT "|Thi"},
        {"''", "200|" TEXT "|T"},
        {"1.5", "200|" JSON "|T1.5"},
        {"NaN", "200|" JSON "|Tnull"},
        {"true", "200|" JSON "|Ttrue"},
        {"[1,'a']", "200|" JSON "|T[1,\"a\"]"},
        {"({a:1})", "200|" JSON "|T{\"a\":1}"},
        {"({})", "200|" JSON "|T{}"},
        {"({cookies:['a=b']})", "200|" JSON "|T{\"cookies\":[\"a=b\"]}"},
        {"new Date(0)", "200|" JSON "|T\"1970-01-01T00:00:00.000Z\""},
        {"new String('x')", "200|" JSON "|T\"x\""},
        {"new Error('x')", "200|" JSON "|T{}"},
        {"new Map()", "200|" JSON "|T{}"},
        {"new Uint8Array([65,66])", "200|" BYTES "|BAB"},
        {"new Uint8Array([65,66]).buffer", "200|" BYTES "|BAB"},
        {"({toJSON() { return 5 }})", "200|" JSON "|T5"},
        {"class A { constructor() { this.x = 1 } }; new A",
         "200|" JSON "|T{\"x\":1}"},
    };
    (void)state;
    EACH(rows, check_good);
}

static void statuses(void **state)
{
    static const row_t good[] = {
        {"({statusCode:200})", "200|B"},
        {"({statusCode:599})", "599|B"},
        {"({statusCode:404.0})", "404|B"},
        {"({statusCode:2e2})", "200|B"},
        {"({statusCode:null})", "200|B"},
        {"({statusCode:undefined, body:''})", "200|" TEXT "|T"},
        {"({body:undefined})", "200|B"},
        {"({statusCode:undefined, extra:1})", "200|B"},
        {"({headers:undefined, cookies:['a=b']})", "200|Set-Cookie: a=b|B"},
        {"Object.create({body:undefined})", "200|B"},
        {"({headers:{}})", "200|B"},
        {"({headers:null})", "200|B"},
        {"({body:null})", "200|B"},
    };
    static const row_t bad[] = {
        {"({statusCode:'200'})", "statusCode"},
        {"({statusCode:199})", "statusCode"},
        {"({statusCode:600})", "statusCode"},
        {"({statusCode:1e2})", "statusCode"},
        {"({statusCode:200.5})", "statusCode"},
        {"({statusCode:NaN})", "statusCode"},
        {"({statusCode:Infinity})", "statusCode"},
        {"({statusCode:-200})", "statusCode"},
        {"({statusCode:4294967496})", "statusCode"},
        {"({statusCode:true})", "statusCode"},
        {"({statusCode:{}})", "statusCode"},
        {"({statusCode:200n})", "statusCode"},
        {"({statusCode:Symbol()})", "statusCode"},
    };
    (void)state;
    EACH(good, check_good);
    EACH(bad, check_bad);
}

static void headers(void **state)
{
    static const row_t good[] = {
        {"({headers:{a:'b',c:1,d:true,e:null,f:undefined}})",
         "200|a: b|c: 1|d: true|B"},
        {"({headers:{'X-A':['1',2,null,false]}})",
         "200|X-A: 1|X-A: 2|X-A: false|B"},
        {"({headers:{a:[]}})", "200|B"},
        {"({headers:{a:' \\t x y \\t'}})", "200|a: x y|B"},
        {"({headers:{a:''}})", "200|a: |B"},
        {"({headers:{a:'\\xe9\\xff\\x80'}})", "200|a: \xE9\xFF\x80|B"},
        {"({headers:{a:'x\\ty'}})", "200|a: x\ty|B"},
        {"({headers:{'content-length':5,'TRANSFER-ENCODING':'chunked',"
         "Connection:'x',Date:'y',Server:'z',a:1}})",
         "200|a: 1|B"},
        {"({headers:{'CONTENT-type':'a/b'},body:'x'})",
         "200|CONTENT-type: a/b|Tx"},
        {"({headers:{'content-type':null},body:'x'})", "200|" TEXT "|Tx"},
        {"({headers:Object.create({inherited:1})})", "200|B"},
        {"({headers:{[Symbol('s')]:1}})", "200|B"},
        {"({multiValueHeaders:{a:['1','2'],b:'3'},statusCode:201})",
         "201|a: 1|a: 2|b: 3|B"},
        {"({headers:{a:'1',b:'2'},multiValueHeaders:{A:['1','3','1']}})",
         "200|b: 2|A: 1|A: 3|A: 1|B"},
        {"({headers:{a:'1',b:'2'},multiValueHeaders:{a:['3','1','4']}})",
         "200|b: 2|a: 3|a: 1|a: 4|B"},
        {"({headers:{a:['1','2']},multiValueHeaders:{a:['3']}})",
         "200|a: 1|a: 2|a: 3|B"},
        {"({headers:{a:'1',A:'2',b:'3',B:null}})", "200|A: 2|b: 3|B"},
        {"({headers:{'x-a':['1','2'],'X-A':['3','4'],c:5}})",
         "200|X-A: 3|X-A: 4|c: 5|B"},
        {"({headers:{etag:'1'},multiValueHeaders:{etag:['2']}})",
         "200|etag: 2|B"},
        {"({headers:{'set-cookie':'a','Set-Cookie':'b'},cookies:['c']})",
         "200|set-cookie: a|Set-Cookie: b|Set-Cookie: c|B"},
        {"({headers:{date:'a',Date:'b',a:'1',A:'2'}})", "200|A: 2|B"},
        {"({headers:{},cookies:['a=1','b=2; Path=/']})",
         "200|Set-Cookie: a=1|Set-Cookie: b=2; Path=/|B"},
        {"({headers:{'Set-Cookie':'z'},cookies:null})", "200|Set-Cookie: z|B"},
        {"({headers:new Proxy({a:1}, {})})", "200|a: 1|B"},
        {"({headers:{['x'.repeat(200)]:0}}).headers.length", "200|B"},
    };
    static const row_t bad[] = {
        {"({headers:{'a b':'1'}})", "\"a b\" is not a valid token"},
        {"({headers:{'':'1'}})", "is not a valid token"},
        {"({headers:{'a:':'1'}})", "is not a valid token"},
        {"({headers:{'a\\r\\nb':'1'}})", "is not a valid token"},
        {"({headers:{'\\0':'1'}})", "is not a valid token"},
        {"({headers:{'\\xe9':'1'}})", "is not a valid token"},
        {"({headers:{a:'b\\rc'}})", "header a has a control"},
        {"({headers:{a:'b\\nSet-Cookie: x'}})", "control"},
        {"({headers:{a:'b\\0'}})", "control"},
        {"({headers:{a:'b\\x7f'}})", "control"},
        {"({headers:{a:'\\x1f'}})", "control"},
        {"({headers:{a:['ok','x\\n']}})", "control"},
        {"({headers:{a:'\\u010a'}})", "above U+00FF"},
        {"({headers:{a:'\\u0100'}})", "above U+00FF"},
        {"({headers:{a:'\\ud800'}})", "above U+00FF"},
        {"({headers:{a:'\\u{1f600}'}})", "above U+00FF"},
        {"({headers:{a:{}}})", "is not a string, number or boolean"},
        {"({headers:{a:[[]]}})", "is not a string, number or boolean"},
        {"({headers:{a:1n}})", "is not a string, number or boolean"},
        {"({headers:{a:Symbol()}})", "is not a string, number or boolean"},
        {"({headers:{a:() => 1}})", "is not a string, number or boolean"},
        {"({headers:{'content-length':{}}})", "is not a string"},
        {"({headers:[]})", "not an object"},
        {"({headers:'a: b'})", "not an object"},
        {"({headers:1})", "not an object"},
        {"({headers:{},multiValueHeaders:[]})", "not an object"},
        {"({headers:{},cookies:'a=1'})", "cookies is not an array"},
        {"({headers:{},cookies:{}})", "cookies is not an array"},
        {"({headers:{},cookies:['a\\n']})", "control"},
        {"({headers:{},cookies:[{}]})", "is not a string"},
        {"({headers:{a:new Array(1e9)}})", "too many"},
        {"({headers:{a:new Proxy([], {get: () => 2 ** 53})}})", "too many"},
        {"({headers:{a:new Proxy([], {get: () => 'x'})}})", "too many"},
    };
    (void)state;
    EACH(good, check_good);
    EACH(bad, check_bad);
}

static void at_most_64_fields(void **state)
{
    static const char *const fits[] = {
        "({headers:{a:new Array(64).fill(1)}})",
        "({headers:{a:new Array(30).fill(1)},multiValueHeaders:"
        "{b:new Array(20).fill(2)},cookies:new Array(14).fill('c')})",
        "({headers:{a:new Array(64).fill(1)},body:'x'})",
        "({headers:{a:new Array(63).fill(1),b:null,c:2}})",
    };
    static const row_t bad[] = {
        {"({headers:{a:new Array(65).fill(1)}})", "too many"},
        {"({headers:{a:new Array(64).fill(1),b:2}})", "too many"},
        {"({headers:{a:new Array(64).fill(1)},cookies:['c']})", "too many"},
        {"({headers:{a:new Array(64).fill(1),Date:1}})", "too many"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        engine_t e = engine_open();
        char reason[ISERE_RESPONSE_REASON_MAX];
        isere_response_t response;
        JSValue value = engine_eval(&e, fits[i]);
        assert_int_equal(isere_response_decode(e.ctx, &e.room->names, value,
                                               &response, reason),
                         0);
        assert_int_equal(response.nfields, 64 + response.default_type);
        JS_FreeValue(e.ctx, value);
        isere_response_free(e.ctx, &response);
        engine_close(&e);
    }
    EACH(bad, check_bad);
}

static void bodies(void **state)
{
    static const row_t good[] = {
        {"({body:'caf\\xe9 \\u{1f600}'})",
         "200|" TEXT "|Tcaf\xC3\xA9 \xF0\x9F\x98\x80"},
        {"({body:'a\\ud800b\\udc00'})", "200|" TEXT "|Ta\xEF\xBF\xBD"
                                        "b\xEF\xBF\xBD"},
        {"({body:'\\ud7ff\\ue000'})", "200|" TEXT "|T\xED\x9F\xBF\xEE\x80\x80"},
        {"({body:''})", "200|" TEXT "|T"},
        {"let s = ''; for (let i = 0; i < 3e4; i++) s += 'x\u20ac';"
         "({body:s.length + s.slice(-1), headers:{a:s.length}})",
         "200|a: 60000|" TEXT "|T60000\xE2\x82\xAC"},
        {"({body:undefined, statusCode:200})", "200|B"},
        {"({body:{key:'value'}})", "200|" JSON "|T{\"key\":\"value\"}"},
        {"({body:[]})", "200|" JSON "|T[]"},
        {"({body:0})", "200|" JSON "|T0"},
        {"({body:false})", "200|" JSON "|Tfalse"},
        {"({body:{s:'\\ud800'}})", "200|" JSON "|T{\"s\":\"\\ud800\"}"},
        {"({body:new Uint8Array([1,65,66,67]).subarray(1,3)})",
         "200|" BYTES "|BAB"},
        {"({body:new Uint16Array([0x4241])})", "200|" BYTES "|BAB"},
        {"({body:new Uint8ClampedArray([65])})", "200|" BYTES "|BA"},
        {"({body:new Float64Array(0)})", "200|" BYTES "|B"},
        {"({body:new BigInt64Array(0)})", "200|" BYTES "|B"},
        {"({body:new ArrayBuffer(0)})", "200|" BYTES "|B"},
        {"({body:new DataView(new Uint8Array([1,65,66,67]).buffer, 1, 2)})",
         "200|" BYTES "|BAB"},
        {"new DataView(new Uint8Array([65]).buffer)", "200|" BYTES "|BA"},
        {"({body:new DataView(new ArrayBuffer(0))})", "200|" BYTES "|B"},
        {"({body:new Proxy({a:1}, {})})", "200|" JSON "|T{\"a\":1}"},
        {"({get body() { return new Uint8Array([65]) }})", "200|" BYTES "|BA"},
        {"({body:'aGk=',isBase64Encoded:true})", "200|" BYTES "|Bhi"},
        {"({body:' a G\\nk',isBase64Encoded:true})", "200|" BYTES "|Bhi"},
        {"({body:'',isBase64Encoded:true})", "200|" BYTES "|B"},
        {"({body:null,isBase64Encoded:true})", "200|B"},
        {"({body:'aGk=',isBase64Encoded:false})", "200|" TEXT "|TaGk="},
        {"({body:'aGk=',isBase64Encoded:null})", "200|" TEXT "|TaGk="},
    };
    static const row_t bad[] = {
        {"({body:'a',isBase64Encoded:true})", "not base64"},
        {"({body:'\\u0100',isBase64Encoded:true})", "not base64"},
        {"({body:{},isBase64Encoded:true})", "is not a string"},
        {"({body:'aGk=',isBase64Encoded:1})", "isBase64Encoded"},
        {"({body:() => 1})", "no JSON form"},
        {"({body:Symbol()})", "no JSON form"},
        {"({body:{toJSON() {}}})", "no JSON form"},
        {"({body:1n})", "threw"},
        {"const o = {}; o.o = o; ({body:o})", "circular"},
        {"() => 1", "no JSON form"},
        {"Symbol()", "no JSON form"},
        {"1n", "threw"},
    };
    (void)state;
    EACH(good, check_good);
    EACH(bad, check_bad);
}

/* Strings put together from many are trees inside the engine. */
static void long_strings(void **state)
{
    static const char code[] =
        "let s = '', t = ''; for (let i = 0; i < 3e3; i++) {"
        "  s = s + 'ab\\u20ac'; t = 'x' + t + 'yz' }"
        "({headers:{t}, body:s})";
    engine_t e = engine_open();
    char reason[ISERE_RESPONSE_REASON_MAX];
    isere_response_t r;
    (void)state;
    JSValue value = engine_eval(&e, code);
    assert_int_equal(
        isere_response_decode(e.ctx, &e.room->names, value, &r, reason), 0);
    assert_int_equal(r.body.len, 15000);
    assert_memory_equal(r.body.ptr + 14995, "ab\xE2\x82\xAC", 5);
    assert_int_equal(r.fields[0].value.len, 9000);
    assert_memory_equal(r.fields[0].value.ptr + 8996, "yzyz", 4);
    JS_FreeValue(e.ctx, value);
    isere_response_free(e.ctx, &r);
    engine_close(&e);
}

static void throwing(void **state)
{
    static const row_t bad[] = {
        {"({get statusCode() { throw new Error('boom') }})",
         "reading statusCode threw: boom, at"},
        {"({get headers() { throw 'text' }})", "reading headers threw: text"},
        {"({get body() { throw 7 }})", "reading body threw: 7"},
        {"({get body() { throw undefined }})", "threw: undefined"},
        {"new Proxy({}, {has() { throw 'has' }})", "threw: has"},
        {"({get body() { throw {} }})", "not an Error"},
        {"({get body() { throw Symbol() }})", "not an Error"},
        {"({get body() { throw new Proxy({}, {}) }})", "not an Error"},
        {"({body:1, get isBase64Encoded() { throw 1 }})", "isBase64Encoded"},
        {"({body:1, get cookies() { throw 1 }})", "cookies"},
        {"({body:1, get multiValueHeaders() { throw 1 }})", "multiValue"},
        {"({headers:{get a() { throw new Error('\xC3\xA9') }}})", "\xC3\xA9"},
        {"({headers:new Proxy({}, {ownKeys() { throw 1 }})})", "threw"},
        {"({headers:Proxy.revocable([], {}).proxy})", "not an object"},
        {"const r = Proxy.revocable({}, {}); r.revoke(); ({headers:r.proxy})",
         "threw"},
        {"const r = Proxy.revocable([], {}); r.revoke(); r.proxy", "threw"},
        {"({headers:{a:new Proxy([1], {get() { throw 5 }})}})", "threw: 5"},
        {"({body:{toJSON() { throw new TypeError('bad') }}})", "bad"},
        {"({body:{get x() { throw new Error('y'.repeat(5000)) }}})", "yyyy"},
        {"({body:{get x() { throw new Error('\\u20ac'.repeat(500)) }}})",
         "\xE2\x82\xAC"},
        {"const e = new Error('m'); Object.defineProperty(e, 'message',"
         "{get() { throw 1 }}); ({get body() { throw e }})",
         "threw"},
    };
    (void)state;
    EACH(bad, check_bad);
}

/* Each property is read once, in the order that response.h gives. */
static void reads_once_in_order(void **state)
{
    engine_t e = engine_open();
    row_t row = {"globalThis.log = [];"
                 "new Proxy({statusCode:201, headers:{}, body:'b', cookies:[],"
                 "  multiValueHeaders:{}, isBase64Encoded:false}, {"
                 "  get(t, k) { log.push(k); return t[k] },"
                 "  has() { throw 1 }, ownKeys() { throw 2 } })",
                 "201|" TEXT "|Tb"};
    (void)state;
    check_good(&e, &row);
    JSValue log = engine_eval(&e, "log.join()");
    const char *text = JS_ToCString(e.ctx, log);
    assert_string_equal(text, "statusCode,headers,body,multiValueHeaders,"
                              "cookies,isBase64Encoded");
    JS_FreeCString(e.ctx, text);
    JS_FreeValue(e.ctx, log);
    engine_close(&e);
}

static void attacked_builtins(void **state)
{
    static const char attack[] =
        "const d = Object.defineProperty, u = new Uint8Array([65, 66]);"
        "const v = new DataView(u.buffer);"
        "for (const k of ['buffer', 'byteLength', 'byteOffset'])"
        "  d(DataView.prototype, k, {get() { throw 6 }});"
        "for (const k of ['length', 'buffer', 'byteLength', 'byteOffset'])"
        "  d(Object.getPrototypeOf(Uint8Array.prototype), k,"
        "    {get() { throw 1 }});"
        "JSON.stringify = () => { throw 2 };"
        "Array.prototype.push = () => { throw 3 };"
        "Object.keys = Array.isArray = ArrayBuffer.isView = () => false;"
        "String.prototype.toString = () => { throw 5 };"
        "for (const k of ['Uint8Array', 'ArrayBuffer', 'Object', 'String',"
        "  'JSON', 'InternalError']) delete globalThis[k];"
        "Array.prototype[Symbol.iterator] = null; Array = null;";
    static const row_t rows[] = {
        {"({headers:{a:['x', 1]}, cookies:['y'], body:{k:[1,{}]}})",
         "200|a: x|a: 1|Set-Cookie: y|" JSON "|T{\"k\":[1,{}]}"},
        {"({body:u})", "200|" BYTES "|BAB"},
        {"({body:v})", "200|" BYTES "|BAB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        engine_t e = engine_open();
        engine_run(&e, attack);
        check_good(&e, &rows[i]);
        engine_close(&e);
    }
}

static void detached_buffers(void **state)
{
    static const char *const codes[] = {
        "globalThis.b = new ArrayBuffer(8); ({body:b})",
        "globalThis.b = new ArrayBuffer(8); ({body:new Uint8Array(b, 2)})",
        "globalThis.b = new ArrayBuffer(8); ({body:new DataView(b, 2)})"};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        engine_t e = engine_open();
        char reason[ISERE_RESPONSE_REASON_MAX];
        isere_response_t response;
        JSValue value = engine_eval(&e, codes[i]);
        JSValue buffer = engine_eval(&e, "b");
        JS_DetachArrayBuffer(e.ctx, buffer);
        assert_int_equal(isere_response_decode(e.ctx, &e.room->names, value,
                                               &response, reason),
                         ISERE_ERR_HANDLER);
        assert_non_null(strstr(reason, "threw"));
        JS_FreeValue(e.ctx, buffer);
        JS_FreeValue(e.ctx, value);
        engine_close(&e);
    }
}

static void expect_limit(engine_t *e, const char *code)
{
    char reason[ISERE_RESPONSE_REASON_MAX];
    isere_response_t response;
    JSValue value = engine_eval(e, code);
    assert_int_equal(isere_response_decode(e->ctx, &e->room->names, value,
                                           &response, reason),
                     ISERE_ERR_LIMIT);
    assert_true(JS_HasException(e->ctx));
    JS_FreeValue(e->ctx, JS_GetException(e->ctx));
    JS_FreeValue(e->ctx, value);
}

static int interrupt(JSRuntime *rt, void *opaque)
{
    (void)rt;
    return --*(int *)opaque <= 0;
}

static void limits_stay_pending(void **state)
{
    int polls = 20;
    engine_t e = engine_open();
    (void)state;
    JS_SetMaxStackSize(e.rt, 200 * 1024);
    expect_limit(&e, "let a = []; for (let i = 0; i < 1e4; i++) a = [a];"
                     "({body:a})");
    expect_limit(&e, "({get body() { const f = () => f() + 1; return f() }})");
    JS_SetInterruptHandler(e.rt, interrupt, &polls);
    polls = 1000;
    expect_limit(&e, "({get body() { while (true) {} }})");
    polls = 1000;
    expect_limit(&e, "({body:{toJSON() { try { while (1) {} } catch {} }}})");
    JS_SetInterruptHandler(e.rt, NULL, NULL);
    engine_run(&e, "globalThis.big = {body: {get x() {"
                   "  return new Array(1e6).fill('x'.repeat(10)) }}}");
    JS_SetMemoryLimit(e.rt, 4 << 20);
    expect_limit(&e, "big");
    JS_SetMemoryLimit(e.rt, (size_t)-1);
    engine_close(&e);
}

static void error_answers(void **state)
{
    static const struct {
        isere_error_kind_t kind;
        int status;
        const char *word;
    } rows[] = {
        {ISERE_ERROR_EXCEPTION, 500, "exception"},
        {ISERE_ERROR_MEMORY, 500, "memory"},
        {ISERE_ERROR_STACK, 500, "stack"},
        {ISERE_ERROR_TIMEOUT, 504, "timeout"},
        {ISERE_ERROR_MALFORMED, 502, "malformed"},
        {ISERE_ERROR_BUSY, 503, "busy"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const isere_error_answer_t *a = isere_error_answer(rows[i].kind);
        assert_int_equal(a->status, rows[i].status);
        assert_true(isere_slice_is(a->word, rows[i].word));
        assert_memory_equal(a->body.ptr, "{\"message\":\"", 12);
        assert_int_equal(a->retry_after.len, rows[i].status == 503);
    }
    assert_int_equal(isere_error_answer_http(431).status, 431);
    assert_int_equal(isere_error_answer_http(499).status, 499);
    assert_int_equal(isere_error_answer_http(400).word.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_values),
        cmocka_unit_test(statuses),
        cmocka_unit_test(headers),
        cmocka_unit_test(at_most_64_fields),
        cmocka_unit_test(bodies),
        cmocka_unit_test(long_strings),
        cmocka_unit_test(throwing),
        cmocka_unit_test(reads_once_in_order),
        cmocka_unit_test(attacked_builtins),
        cmocka_unit_test(detached_buffers),
        cmocka_unit_test(limits_stay_pending),
        cmocka_unit_test(error_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
