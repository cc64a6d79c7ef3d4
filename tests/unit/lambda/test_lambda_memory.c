/*
 * Memory runs out at every point of building an event and of decoding a
 * response: the result is the right one or a memory error, never anything
 * else, and nothing of ours leaks (the engine checks its objects at the end,
 * the sanitizer the rest).
 */
#include "lambda_fixture.h"

/*
 * The engine's memory, from malloc: after `allow` allocations every one
 * fails, or only the next one. All blocks are in a list, so that a heap can
 * be thrown away as a reset does: QuickJS's JSON functions lose a value when
 * memory ends.
 */
typedef struct block {
    struct block *next;
    struct block *previous;
} block_t;

typedef struct budget {
    long allow; /* -1: no limit */
    bool once;
    block_t blocks; /* head of the ring */
} budget_t;

static bool refuse(budget_t *b)
{
    if (b->allow < 0) {
        return false;
    }
    if (b->allow > 0) {
        b->allow--;
        return false;
    }
    if (b->once) {
        b->allow = -1;
    }
    return true;
}

static void *block_link(budget_t *b, block_t *block)
{
    if (!block) {
        return NULL;
    }
    block->next = b->blocks.next;
    block->previous = &b->blocks;
    block->next->previous = block;
    b->blocks.next = block;
    return block + 1;
}

static block_t *block_unlink(void *ptr)
{
    block_t *block = (block_t *)ptr - 1;
    block->next->previous = block->previous;
    block->previous->next = block->next;
    return block;
}

static void *budget_malloc(JSMallocState *s, size_t size)
{
    budget_t *b = s->opaque;
    return refuse(b) ? NULL : block_link(b, malloc(size + sizeof(block_t)));
}

static void budget_free(JSMallocState *s, void *ptr)
{
    (void)s;
    if (ptr) {
        free(block_unlink(ptr));
    }
}

static void *budget_realloc(JSMallocState *s, void *ptr, size_t size)
{
    budget_t *b = s->opaque;
    if (!ptr) {
        return budget_malloc(s, size);
    }
    if (size == 0) {
        budget_free(s, ptr);
        return NULL;
    }
    if (refuse(b)) {
        return NULL;
    }
    return block_link(b, realloc(block_unlink(ptr), size + sizeof(block_t)));
}

static size_t budget_size(const void *ptr)
{
    (void)ptr;
    return 0;
}

static engine_t budget_open(budget_t *b)
{
    static const JSMallocFunctions functions = {budget_malloc, budget_free,
                                                budget_realloc, budget_size};
    b->allow = -1;
    b->blocks.next = b->blocks.previous = &b->blocks;
    engine_t e = {JS_NewRuntime2(&functions, b), NULL, NULL};
    e.ctx = JS_NewContext(e.rt);
    engine_furnish(&e);
    return e;
}

static void budget_abandon(budget_t *b)
{
    while (b->blocks.next != &b->blocks) {
        free(block_unlink(b->blocks.next + 1));
    }
}

static const sent_t full = {
    .method = "POST",
    .path = "/p",
    .query = "n=1&x=%C3%A9+y&n=2&bad=%FF",
    .fields = {"Host", "h.example", "Cookie", "a=1; b=2", "X-Tag", "on\xE9",
               "x-tag", "two", "cookie", "c=3"},
    .body = "{\"k\":[1,null,\"text\",{\"deep\":true}]}",
};

/* Whether the pending exception is the engine's for memory; takes it. */
static bool memory_error(engine_t *e)
{
    JSValue error = JS_GetException(e->ctx);
    bool is = JS_IsNull(error);
    if (!is) {
        JSValue name = JS_GetPropertyStr(e->ctx, error, "name");
        const char *text = JS_ToCString(e->ctx, name);
        is = text && strcmp(text, "InternalError") == 0;
        JS_FreeCString(e->ctx, text);
        JS_FreeValue(e->ctx, name);
    }
    JS_FreeValue(e->ctx, error);
    return is;
}

/* One try with the n-th allocation failing; whether it succeeded. */
static bool try_event(isere_payload_t payload, long n, bool once,
                      const char *json, char *out, size_t size)
{
    budget_t budget = {.once = once};
    engine_t e = budget_open(&budget);
    made_t m;
    isere_function_info_t function = made_function(payload);
    made_request(&m, &full);
    isere_invocation_t invocation = made_invocation(&m.request);
    invocation.event_json = isere_slice(json);
    budget.allow = n;
    JSValue event = engine_event(&e, &function, &invocation);
    bool made = !JS_IsException(event);
    bool ok = made && engine_resolve(&e, event);
    bool hit = n >= 0 && budget.allow <= 0;
    budget.allow = -1;
    if (!ok) {
        assert_true(hit);
        assert_true(memory_error(&e));
    }
    if (made) {
        /* What could not be made before is made now. */
        JSValue text =
            JS_JSONStringify(e.ctx, event, JS_UNDEFINED, JS_UNDEFINED);
        const char *s = JS_ToCString(e.ctx, text);
        snprintf(out, size, "%s", s);
        JS_FreeCString(e.ctx, s);
        JS_FreeValue(e.ctx, text);
        assert_false(JS_HasException(e.ctx));
    }
    if (ok || payload != ISERE_PAYLOAD_ISERE) {
        JS_FreeValue(e.ctx, event);
        engine_close(&e);
    } else {
        budget_abandon(&budget);
        free(e.room);
    }
    return ok && !hit;
}

static void sweep_event(isere_payload_t payload, const char *json)
{
    char expected[4096];
    char seen[4096];
    assert_true(try_event(payload, -1, false, json, expected, sizeof expected));
    for (int once = 0; once <= 1; once++) {
        bool finished = false;
        for (long n = 0; !finished; n++) {
            seen[0] = '\0';
            finished = try_event(payload, n, once, json, seen, sizeof seen);
            if (seen[0]) {
                assert_string_equal(seen, expected);
            }
        }
    }
}

static void events(void **state)
{
    (void)state;
    sweep_event(ISERE_PAYLOAD_ISERE, NULL);
    sweep_event(ISERE_PAYLOAD_1_0, NULL);
    sweep_event(ISERE_PAYLOAD_2_0, NULL);
    sweep_event(ISERE_PAYLOAD_ISERE,
                "{\"queryStringParameters\":{\"a\":\"1\",\"b\":\"\xC3\xA9\"},"
                "\"headers\":{\"cookie\":\"a=1\",\"user-agent\":\"u\"},"
                "\"body\":{\"x\":[1]},\"more\":{\"y\":2},"
                "\"requestContext\":{\"http\":{\"z\":1}}}");
}

static bool try_response(const char *code, long n, bool once, char *out,
                         size_t size)
{
    budget_t budget = {.once = once};
    engine_t e = budget_open(&budget);
    char reason[ISERE_RESPONSE_REASON_MAX];
    isere_response_t r;
    JSValue value = engine_eval(&e, code);
    budget.allow = n;
    int result =
        isere_response_decode(e.ctx, &e.room->names, value, &r, reason);
    bool hit = n >= 0 && budget.allow <= 0;
    budget.allow = -1;
    if (result == 0) {
        size_t len = (size_t)snprintf(out, size, "%d %.*s", r.status,
                                      (int)r.body.len, r.body.ptr);
        for (unsigned i = 0; i < r.nfields; i++) {
            len += (size_t)snprintf(
                out + len, size - len, "|%.*s: %.*s", (int)r.fields[i].name.len,
                r.fields[i].name.ptr, (int)r.fields[i].value.len,
                r.fields[i].value.ptr);
        }
        assert_false(JS_HasException(e.ctx));
        isere_response_free(e.ctx, &r);
    } else {
        if (result != ISERE_ERR_LIMIT) {
            fail_msg("%s, %ld: %d %s", code, n, result, reason);
        }
        assert_true(hit);
        assert_true(memory_error(&e));
    }
    if (result == 0) {
        JS_FreeValue(e.ctx, value);
        engine_close(&e);
    } else {
        budget_abandon(&budget);
        free(e.room);
    }
    return result == 0 && !hit;
}

static void sweep_response(const char *code)
{
    char expected[1024];
    char seen[1024];
    assert_true(try_response(code, -1, false, expected, sizeof expected));
    for (int once = 0; once <= 1; once++) {
        bool finished = false;
        for (long n = 0; !finished; n++) {
            seen[0] = '\0';
            finished = try_response(code, n, once, seen, sizeof seen);
            if (seen[0]) {
                assert_string_equal(seen, expected);
            }
        }
    }
}

static void responses(void **state)
{
    (void)state;
    sweep_response("({statusCode:201, headers:{a:'b\\xe9', c:[1,true]},"
                   " multiValueHeaders:{A:['x']}, cookies:['k=v'],"
                   " body:{x:[1,2,{y:'\\u20ac'}]}})");
    sweep_response("({body:'\\u20ac\\ud800'})");
    sweep_response("({body:new Uint16Array([0x4141, 0x4242])})");
    sweep_response("({body:new ArrayBuffer(0), headers:{x:1.5}})");
    sweep_response("({body:'aGVsbG8=', isBase64Encoded:true})");
    sweep_response("[1.5, 'two', null]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),
        cmocka_unit_test(responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
