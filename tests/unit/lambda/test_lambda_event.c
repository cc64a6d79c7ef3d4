/* The events, field for field, and attacks on their building. */
#include "lambda_fixture.h"

/* JSON.stringify(event, only the given key or everything). */
static void check_json(engine_t *e, JSValue event, const char *key,
                       const char *expected)
{
    assert_false(JS_IsException(event));
    JSValue part = key ? JS_GetPropertyStr(e->ctx, event, key)
                       : JS_DupValue(e->ctx, event);
    JSValue json = JS_JSONStringify(e->ctx, part, JS_UNDEFINED, JS_UNDEFINED);
    const char *text = JS_IsString(json) ? JS_ToCString(e->ctx, json) : NULL;
    assert_string_equal(text ? text : "undefined", expected);
    JS_FreeCString(e->ctx, text);
    JS_FreeValue(e->ctx, json);
    JS_FreeValue(e->ctx, part);
}

static JSValue make(engine_t *e, isere_payload_t payload, const sent_t *sent)
{
    made_t *m = &e->room->made;
    made_request(m, sent);
    isere_function_info_t function = made_function(payload);
    isere_invocation_t invocation = made_invocation(&m->request);
    return engine_event(e, &function, &invocation);
}

static void check(isere_payload_t payload, const sent_t *sent, const char *key,
                  const char *expected)
{
    engine_t e = engine_open();
    JSValue event = make(&e, payload, sent);
    check_json(&e, event, key, expected);
    JS_FreeValue(e.ctx, event);
    engine_close(&e);
}

static const sent_t plain = {0};
static const sent_t full = {
    .method = "POST",
    .path = "/pets/a%20b",
    .query = "n=1&x=%C3%A9+y&n=2",
    .fields = {"Host", "api.example.com:8080", "Cookie", "a=1; b=2", "X-Tag",
               "one", "User-Agent", "curl/8", "x-tag", "two", "cookie", "c=3",
               "Content-Type", "application/json"},
    .body = "{\"k\":[1,null]}",
};

static void isere_event_of_a_plain_request(void **state)
{
    (void)state;
    check(ISERE_PAYLOAD_ISERE, &plain, NULL,
          "{\"httpMethod\":\"GET\",\"method\":\"GET\",\"path\":\"/\","
          "\"query\":\"\",\"queryStringParameters\":null,"
          "\"multiValueQueryStringParameters\":null,\"pathParameters\":null,"
          "\"headers\":{},\"cookies\":[],\"body\":null,\"rawBody\":null,"
          "\"isBase64Encoded\":false,\"requestContext\":{\"requestId\":"
          "\"" REQUEST_ID "\",\"timeEpoch\":1583349317135,"
          "\"routeKey\":\"$default\",\"http\":{\"method\":\"GET\","
          "\"path\":\"/\",\"protocol\":\"HTTP/1.1\","
          "\"sourceIp\":\"192.0.2.7\",\"userAgent\":\"\"}}}");
}

static void isere_event_of_a_full_request(void **state)
{
    (void)state;
    check(ISERE_PAYLOAD_ISERE, &full, NULL,
          "{\"httpMethod\":\"POST\",\"method\":\"POST\","
          "\"path\":\"/pets/a%20b\",\"query\":\"n=1&x=%C3%A9+y&n=2\","
          "\"queryStringParameters\":{\"n\":\"1,2\",\"x\":\"\xC3\xA9 y\"},"
          "\"multiValueQueryStringParameters\":{\"n\":[\"1\",\"2\"],"
          "\"x\":[\"\xC3\xA9 y\"]},\"pathParameters\":null,"
          "\"headers\":{\"host\":\"api.example.com:8080\","
          "\"cookie\":\"a=1; b=2; c=3\",\"x-tag\":\"one, two\","
          "\"user-agent\":\"curl/8\",\"content-type\":\"application/json\"},"
          "\"cookies\":[\"a=1\",\"b=2\",\"c=3\"],"
          "\"body\":{\"k\":[1,null]},\"rawBody\":\"{\\\"k\\\":[1,null]}\","
          "\"isBase64Encoded\":false,\"requestContext\":{\"requestId\":"
          "\"" REQUEST_ID "\",\"timeEpoch\":1583349317135,"
          "\"routeKey\":\"$default\",\"http\":{\"method\":\"POST\","
          "\"path\":\"/pets/a%20b\",\"protocol\":\"HTTP/1.1\","
          "\"sourceIp\":\"192.0.2.7\",\"userAgent\":\"curl/8\"}}}");
}

static void event_1_0(void **state)
{
    (void)state;
    check(ISERE_PAYLOAD_1_0, &full, NULL,
          "{\"version\":\"1.0\",\"resource\":\"$default\","
          "\"path\":\"/pets/a%20b\",\"httpMethod\":\"POST\","
          "\"headers\":{\"Host\":\"api.example.com:8080\",\"Cookie\":\"c=3\","
          "\"X-Tag\":\"two\",\"User-Agent\":\"curl/8\","
          "\"Content-Type\":\"application/json\"},"
          "\"multiValueHeaders\":{\"Host\":[\"api.example.com:8080\"],"
          "\"Cookie\":[\"a=1; b=2\",\"c=3\"],\"X-Tag\":[\"one\",\"two\"],"
          "\"User-Agent\":[\"curl/8\"],"
          "\"Content-Type\":[\"application/json\"]},"
          "\"queryStringParameters\":{\"n\":\"2\",\"x\":\"\xC3\xA9 y\"},"
          "\"multiValueQueryStringParameters\":{\"n\":[\"1\",\"2\"],"
          "\"x\":[\"\xC3\xA9 y\"]},"
          "\"requestContext\":{\"accountId\":\"anonymous\","
          "\"apiId\":\"hello\",\"authorizer\":{\"claims\":null,"
          "\"scopes\":null},\"domainName\":\"api.example.com\","
          "\"domainPrefix\":\"api\",\"extendedRequestId\":\"" REQUEST_ID "\","
          "\"httpMethod\":\"POST\",\"identity\":{\"accessKey\":null,"
          "\"accountId\":null,\"caller\":null,"
          "\"cognitoAuthenticationProvider\":null,"
          "\"cognitoAuthenticationType\":null,\"cognitoIdentityId\":null,"
          "\"cognitoIdentityPoolId\":null,\"principalOrgId\":null,"
          "\"sourceIp\":\"192.0.2.7\",\"user\":null,"
          "\"userAgent\":\"curl/8\",\"userArn\":null},"
          "\"path\":\"/pets/a%20b\",\"protocol\":\"HTTP/1.1\","
          "\"requestId\":\"" REQUEST_ID "\","
          "\"requestTime\":\"04/Mar/2020:19:15:17 +0000\","
          "\"requestTimeEpoch\":1583349317135,\"resourceId\":null,"
          "\"resourcePath\":\"$default\",\"stage\":\"$default\"},"
          "\"pathParameters\":null,\"stageVariables\":null,"
          "\"body\":\"{\\\"k\\\":[1,null]}\",\"isBase64Encoded\":false}");
    check(ISERE_PAYLOAD_1_0, &plain, "body", "null");
    check(ISERE_PAYLOAD_1_0, &plain, "queryStringParameters", "null");
}

static void event_2_0(void **state)
{
    (void)state;
    check(ISERE_PAYLOAD_2_0, &full, NULL,
          "{\"version\":\"2.0\",\"routeKey\":\"$default\","
          "\"rawPath\":\"/pets/a%20b\","
          "\"rawQueryString\":\"n=1&x=%C3%A9+y&n=2\","
          "\"cookies\":[\"a=1\",\"b=2\",\"c=3\"],"
          "\"headers\":{\"host\":\"api.example.com:8080\","
          "\"cookie\":\"a=1; b=2; c=3\",\"x-tag\":\"one,two\","
          "\"user-agent\":\"curl/8\",\"content-type\":\"application/json\"},"
          "\"queryStringParameters\":{\"n\":\"1,2\",\"x\":\"\xC3\xA9 y\"},"
          "\"requestContext\":{\"accountId\":\"anonymous\","
          "\"apiId\":\"hello\",\"domainName\":\"api.example.com\","
          "\"domainPrefix\":\"api\",\"http\":{\"method\":\"POST\","
          "\"path\":\"/pets/a%20b\",\"protocol\":\"HTTP/1.1\","
          "\"sourceIp\":\"192.0.2.7\",\"userAgent\":\"curl/8\"},"
          "\"requestId\":\"" REQUEST_ID "\",\"routeKey\":\"$default\","
          "\"stage\":\"$default\",\"time\":\"04/Mar/2020:19:15:17 +0000\","
          "\"timeEpoch\":1583349317135},"
          "\"body\":\"{\\\"k\\\":[1,null]}\",\"isBase64Encoded\":false}");
    check(ISERE_PAYLOAD_2_0, &plain, NULL,
          "{\"version\":\"2.0\",\"routeKey\":\"$default\",\"rawPath\":\"/\","
          "\"rawQueryString\":\"\",\"headers\":{},"
          "\"requestContext\":{\"accountId\":\"anonymous\","
          "\"apiId\":\"hello\",\"domainName\":\"\",\"domainPrefix\":\"\","
          "\"http\":{\"method\":\"GET\",\"path\":\"/\","
          "\"protocol\":\"HTTP/1.1\",\"sourceIp\":\"192.0.2.7\","
          "\"userAgent\":\"\"},\"requestId\":\"" REQUEST_ID "\","
          "\"routeKey\":\"$default\",\"stage\":\"$default\","
          "\"time\":\"04/Mar/2020:19:15:17 +0000\","
          "\"timeEpoch\":1583349317135},\"isBase64Encoded\":false}");
}

static void queries(void **state)
{
    static const char *const cases[][2] = {
        {"a=1", "{\"a\":\"1\"}"},
        {"a", "{\"a\":\"\"}"},
        {"&&", "null"},
        {"=v", "{\"\":\"v\"}"},
        {"a=%zz&b=%4", "{\"a\":\"%zz\",\"b\":\"%4\"}"},
        {"a=%FF", "{\"a\":\"\xEF\xBF\xBD\"}"},
        {"a=%E2%82x", "{\"a\":\"\xEF\xBF\xBDx\"}"},
        {"a=1&b=2&a=3&a=", "{\"a\":\"1,3,\",\"b\":\"2\"}"},
        {"__proto__=1&constructor=2",
         "{\"__proto__\":\"1\",\"constructor\":\"2\"}"},
        {"a%5Bb%5D=1&a[b]=2", "{\"a[b]\":\"1,2\"}"},
        {"1=a&0=b", "{\"0\":\"b\",\"1\":\"a\"}"},
        {"a+b=c+d%2B", "{\"a b\":\"c d+\"}"},
        {"a=%00", "{\"a\":\"\\u0000\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sent_t sent = {.query = cases[i][0]};
        check(ISERE_PAYLOAD_ISERE, &sent, "queryStringParameters", cases[i][1]);
    }
}

static void many_parameters(void **state)
{
    char query[6000] = "";
    size_t len = 0;
    (void)state;
    for (int i = 0; i < 500; i++) {
        len += (size_t)sprintf(query + len, "&k%d=%d", i % 250, i);
    }
    sent_t sent = {.query = query};
    engine_t e = engine_open();
    JSValue event = make(&e, ISERE_PAYLOAD_ISERE, &sent);
    JSValue all =
        JS_GetPropertyStr(e.ctx, event, "multiValueQueryStringParameters");
    check_json(&e, all, "k249", "[\"249\",\"499\"]");
    check_json(&e, all, "k0", "[\"0\",\"250\"]");
    JS_FreeValue(e.ctx, all);
    JS_FreeValue(e.ctx, event);
    engine_close(&e);
}

static void bodies(void **state)
{
    static const struct {
        const char *type;
        const char *body;
        const char *expected;
    } cases[] = {
        {"application/json", "[1]", "[1]"},
        {"Application/JSON; charset=utf-8", " {\"a\":1} ", "{\"a\":1}"},
        {"application/problem+json", "{}", "{}"},
        {"application/x+JSON ;q=1", "{}", "{}"},
        {"+json", "{}", "\"{}\""},
        {"application/jsonp", "{}", "\"{}\""},
        {"text/plain", "{}", "\"{}\""},
        {NULL, "{}", "{}"},
        {"", "{}", "{}"},
        {"application/json", "null", "\"null\""},
        {"application/json", "12", "\"12\""},
        {"application/json", "\"s\"", "\"\\\"s\\\"\""},
        {"application/json", "{\"a\":", "\"{\\\"a\\\":\""},
        {"application/json", "{} x", "\"{} x\""},
        {"application/json", "{\"__proto__\":{\"x\":1}}",
         "{\"__proto__\":{\"x\":1}}"},
        {"application/json", "\xEF\xBB\xBF{}", "\"\xEF\xBB\xBF{}\""},
        {"application/json", "", "null"},
        {NULL, "caf\xC3\xA9", "\"caf\xC3\xA9\""},
        {NULL, "caf\xE9", "\"Y2Fm6Q==\""},
        {"application/json", "{\"a\":\"\xE9\"}", "\"eyJhIjoi6SJ9\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sent_t sent = {.body = cases[i].body};
        if (cases[i].type) {
            sent.fields[0] = "content-type";
            sent.fields[1] = cases[i].type;
        }
        check(ISERE_PAYLOAD_ISERE, &sent, "body", cases[i].expected);
    }
    sent_t nul = {.body = "{\0}", .body_len = 3};
    check(ISERE_PAYLOAD_ISERE, &nul, "body", "\"{\\u0000}\"");
    sent_t bytes = {.body = "\xFF"};
    check(ISERE_PAYLOAD_ISERE, &bytes, "isBase64Encoded", "true");
    check(ISERE_PAYLOAD_ISERE, &bytes, "rawBody", "\"/w==\"");
    check(ISERE_PAYLOAD_1_0, &bytes, "isBase64Encoded", "true");
    check(ISERE_PAYLOAD_2_0, &bytes, "body", "\"/w==\"");
}

/* Deeper than any stack: stays text, and no exception stays pending. */
static void json_bomb(void **state)
{
    char bomb[7000];
    engine_t e = engine_open();
    (void)state;
    JS_SetMaxStackSize(e.rt, 64 * 1024);
    memset(bomb, '[', sizeof bomb);
    sent_t sent = {.body = bomb, .body_len = sizeof bomb};
    JSValue event = make(&e, ISERE_PAYLOAD_ISERE, &sent);
    assert_false(JS_IsException(event));
    assert_false(JS_HasException(e.ctx));
    JSValue body = JS_GetPropertyStr(e.ctx, event, "body");
    assert_true(JS_IsString(body));
    JS_FreeValue(e.ctx, body);
    JS_FreeValue(e.ctx, event);
    engine_close(&e);
}

static void fields_are_latin1(void **state)
{
    sent_t sent = {.fields = {"x-a", "caf\xE9", "X-A", "\xFF", "__proto__", "p",
                              "constructor", "c"}};
    (void)state;
    check(ISERE_PAYLOAD_ISERE, &sent, "headers",
          "{\"x-a\":\"caf\xC3\xA9, \xC3\xBF\",\"__proto__\":\"p\","
          "\"constructor\":\"c\"}");
}

static void domains(void **state)
{
    static const char *const cases[][3] = {
        {"localhost:8080", "\"localhost\"", "\"localhost\""},
        {"127.0.0.1:80", "\"127.0.0.1\"", "\"127.0.0.1\""},
        {"[::1]:80", "\"[::1]\"", "\"[::1]\""},
        {"[::1.2.3.4]", "\"[::1.2.3.4]\"", "\"[::1.2.3.4]\""},
        {"a.b.example", "\"a.b.example\"", "\"a\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sent_t sent = {.fields = {"host", cases[i][0]}};
        engine_t e = engine_open();
        JSValue event = make(&e, ISERE_PAYLOAD_2_0, &sent);
        JSValue context = JS_GetPropertyStr(e.ctx, event, "requestContext");
        check_json(&e, context, "domainName", cases[i][1]);
        check_json(&e, context, "domainPrefix", cases[i][2]);
        JS_FreeValue(e.ctx, context);
        JS_FreeValue(e.ctx, event);
        engine_close(&e);
    }
}

static void path_parameters(void **state)
{
    static const isere_path_parameter_t parameters[] = {
        {ISERE_SLICE("id"), ISERE_SLICE("a%2Fb+c")},
        {ISERE_SLICE("__proto__"), ISERE_SLICE("%FF")},
    };
    made_t m;
    engine_t e = engine_open();
    isere_function_info_t function = made_function(ISERE_PAYLOAD_1_0);
    (void)state;
    made_request(&m, &plain);
    isere_invocation_t invocation = made_invocation(&m.request);
    invocation.path_parameters = parameters;
    invocation.npath_parameters = 2;
    invocation.route_key = "GET /pets/{id}";
    JSValue event = engine_event(&e, &function, &invocation);
    check_json(&e, event, "pathParameters",
               "{\"id\":\"a/b+c\",\"__proto__\":\"\xEF\xBF\xBD\"}");
    check_json(&e, event, "resource", "\"/pets/{id}\"");
    JS_FreeValue(e.ctx, event);
    engine_close(&e);
}

/* What a handler may have done to the builtins has no effect. */
static void attacked_builtins(void **state)
{
    static const char attack[] =
        "for (const k of globalThis.keys = ['httpMethod', 'headers', 'body', "
        "'cookies', 'n',"
        "    'x-tag', 'requestContext', 'http', 'value', 'length', '0'])"
        "  Object.defineProperty(Object.prototype, k, { __proto__: null,"
        "    get() { throw 1 }, set() { throw 2 }, configurable: true });"
        "Object.defineProperty(Array.prototype, '1',"
        "    { __proto__: null, set() { throw 3 }, configurable: true });"
        "globalThis.JSON = null; String.prototype.toString = null;";
    static const char undo[] = /* for the comparison by JSON */
        "delete Array.prototype[1];"
        "for (const k of keys) delete Object.prototype[k];";
    engine_t e = engine_open();
    engine_t clean = engine_open();
    (void)state;
    for (int p = ISERE_PAYLOAD_ISERE; p <= ISERE_PAYLOAD_2_0; p++) {
        engine_run(&e, attack);
        JSValue event = make(&e, (isere_payload_t)p, &full);
        assert_true(engine_resolve(&e, event));
        engine_run(&e, undo);
        JSValue expected = make(&clean, (isere_payload_t)p, &full);
        JSValue json =
            JS_JSONStringify(clean.ctx, expected, JS_UNDEFINED, JS_UNDEFINED);
        const char *text = JS_ToCString(clean.ctx, json);
        check_json(&e, event, NULL, text);
        JS_FreeCString(clean.ctx, text);
        JS_FreeValue(clean.ctx, json);
        JS_FreeValue(clean.ctx, expected);
        JS_FreeValue(e.ctx, event);
    }
    engine_close(&e);
    engine_close(&clean);
}

static void properties_are_plain(void **state)
{
    engine_t e = engine_open();
    JSValue global = JS_GetGlobalObject(e.ctx);
    (void)state;
    JS_SetPropertyStr(e.ctx, global, "event",
                      make(&e, ISERE_PAYLOAD_ISERE, &full));
    JSValue ok = engine_eval(
        &e, "const walk = o => Object.values("
            "  Object.getOwnPropertyDescriptors(o)).every(d => 'value' in d &&"
            "    (d.writable && d.enumerable && d.configurable ||"
            "     typeof d.value === 'number') &&"
            "    (d.value === null || typeof d.value !== 'object' ||"
            "     walk(d.value)));"
            "walk(event) && Object.getPrototypeOf(event) === Object.prototype"
            " && Array.isArray(event.cookies)"
            " && Object.keys({...event}).length === 13");
    assert_true(JS_ToBool(e.ctx, ok));
    JS_FreeValue(e.ctx, global);
    engine_close(&e);
}

static void from_json(void **state)
{
    static const char *const cases[][3] = {
        {"{}", NULL,
         "{\"httpMethod\":\"GET\",\"method\":\"GET\",\"path\":\"/\","
         "\"query\":\"\",\"queryStringParameters\":null,"
         "\"multiValueQueryStringParameters\":null,\"pathParameters\":null,"
         "\"headers\":{},\"cookies\":[],\"body\":null,\"rawBody\":null,"
         "\"isBase64Encoded\":false,\"requestContext\":{\"requestId\":"
         "\"" REQUEST_ID "\",\"timeEpoch\":1583349317135,"
         "\"routeKey\":\"$default\",\"http\":{\"method\":\"GET\","
         "\"path\":\"/\",\"protocol\":\"HTTP/1.1\","
         "\"sourceIp\":\"192.0.2.7\",\"userAgent\":\"\"}}}"},
        {"{\"method\":\"PUT\"}", "httpMethod", "\"PUT\""},
        {"{\"httpMethod\":\"PUT\"}", "method", "\"PUT\""},
        {"{\"requestContext\":{\"http\":{\"method\":\"PUT\"}}}", "method",
         "\"PUT\""},
        {"{\"query\":\"a=1&a=2\"}", "multiValueQueryStringParameters",
         "{\"a\":[\"1\",\"2\"]}"},
        {"{\"queryStringParameters\":{\"a b\":\"\xC3\xA9&\",\"n\":1}}", "query",
         "\"a%20b=%C3%A9%26&n=1\""},
        {"{\"multiValueQueryStringParameters\":{\"a\":[\"1\",\"2\"]}}",
         "queryStringParameters", "{\"a\":\"1,2\"}"},
        {"{\"multiValueQueryStringParameters\":{\"a\":[\"1\",\"2\"]}}", "query",
         "\"a=1&a=2\""},
        {"{\"queryStringParameters\":null}", "query", "\"\""},
        {"{\"headers\":{\"cookie\":\"a=1; b=2\"}}", "cookies",
         "[\"a=1\",\"b=2\"]"},
        {"{\"body\":{\"a\":1}}", "rawBody", "\"{\\\"a\\\":1}\""},
        {"{\"body\":\"x\"}", "rawBody", "\"x\""},
        {"{\"rawBody\":\"x\"}", "body", "\"x\""},
        {"{\"custom\":[1],\"__proto__\":2}", "custom", "[1]"},
        {"{\"requestContext\":7}", "requestContext", "7"},
        {"{\"requestContext\":{\"http\":null,\"requestId\":\"i\",\"x\":1}}",
         "requestContext",
         "{\"requestId\":\"i\",\"timeEpoch\":1583349317135,"
         "\"routeKey\":\"$default\",\"http\":null,\"x\":1}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        engine_t e = engine_open();
        isere_function_info_t function = made_function(ISERE_PAYLOAD_ISERE);
        isere_invocation_t invocation = made_invocation(NULL);
        invocation.event_json = isere_slice(cases[i][0]);
        JSValue event = engine_event(&e, &function, &invocation);
        check_json(&e, event, cases[i][1], cases[i][2]);
        JS_FreeValue(e.ctx, event);
        engine_close(&e);
    }
}

static void bad_json_events(void **state)
{
    static const char *const cases[] = {"", "null", "[]", "1", "{", "{} {}"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        engine_t e = engine_open();
        isere_function_info_t function = made_function(ISERE_PAYLOAD_ISERE);
        isere_invocation_t invocation = made_invocation(NULL);
        invocation.event_json = isere_slice(cases[i]);
        JSValue event = engine_event(&e, &function, &invocation);
        assert_true(JS_IsException(event));
        JSValue error = JS_GetException(e.ctx);
        assert_true(JS_IsError(e.ctx, error));
        JS_FreeValue(e.ctx, error);
        engine_close(&e);
    }
}

/* With other payload formats a given event is handed on as it is. */
static void raw_events(void **state)
{
    engine_t e = engine_open();
    isere_function_info_t function = made_function(ISERE_PAYLOAD_2_0);
    isere_invocation_t invocation = made_invocation(NULL);
    (void)state;
    invocation.event_json = isere_slice("{\"a\":1}");
    JSValue event = engine_event(&e, &function, &invocation);
    check_json(&e, event, NULL, "{\"a\":1}");
    JS_FreeValue(e.ctx, event);
    engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isere_event_of_a_plain_request),
        cmocka_unit_test(isere_event_of_a_full_request),
        cmocka_unit_test(event_1_0),
        cmocka_unit_test(event_2_0),
        cmocka_unit_test(queries),
        cmocka_unit_test(many_parameters),
        cmocka_unit_test(bodies),
        cmocka_unit_test(json_bomb),
        cmocka_unit_test(fields_are_latin1),
        cmocka_unit_test(domains),
        cmocka_unit_test(path_parameters),
        cmocka_unit_test(attacked_builtins),
        cmocka_unit_test(properties_are_plain),
        cmocka_unit_test(from_json),
        cmocka_unit_test(bad_json_events),
        cmocka_unit_test(raw_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
