/*
 * A plain QuickJS context and hand-made requests for the tests of core/lambda.
 */
#ifndef ISERE_TESTS_UNIT_LAMBDA_FIXTURE_H
#define ISERE_TESTS_UNIT_LAMBDA_FIXTURE_H

#include "core/isolate/isolate_internal.h"
#include "core/lambda/response/response.h"
#include "isere/error.h"
#include "tests/unit/support/unit.h"

#define REQUEST_ID "01234567-89ab-4cde-8f01-23456789abcd"

typedef struct made {
    char buffer[8192];
    size_t len;
    isere_http_request_t request;
} made_t;

/* What values may be made from as long as the engine is there. */
typedef struct engine_room {
    isere_realm_t realm; /* where the context finds realm.lambda */
    isere_names_t names; /* for the response decoder */
    isere_function_info_t function;
    isere_invocation_t invocation;
    made_t made;
} engine_room_t;

typedef struct engine {
    JSRuntime *rt;
    JSContext *ctx;
    engine_room_t *room;
} engine_t;

static inline void engine_furnish(engine_t *e)
{
    e->room = calloc(1, sizeof *e->room);
    assert_non_null(e->room);
    JS_SetContextOpaque(e->ctx, &e->room->realm);
    assert_int_equal(
        isere__intrinsics_init(e->ctx, &e->room->realm.api.intrinsics), 0);
    assert_int_equal(isere__lambda_names_init(e->ctx, &e->room->names), 0);
}

static inline engine_t engine_open(void)
{
    engine_t e = {JS_NewRuntime(), NULL, NULL};
    e.ctx = JS_NewContext(e.rt);
    engine_furnish(&e);
    return e;
}

static inline void engine_close(engine_t *e)
{
    isere__lambda_names_deinit(e->ctx, &e->room->names);
    isere__intrinsics_deinit(e->ctx, &e->room->realm.api.intrinsics);
    if (e->room->realm.lambda.function) {
        isere_lambda_deinit(e->ctx, &e->room->realm.lambda);
    }
    JS_FreeContext(e->ctx);
    JS_FreeRuntime(e->rt);
    free(e->room);
}

/* The event as a handler gets it. What the invocation points to must stay as
 * long as it is used. */
static inline JSValue engine_event(engine_t *e,
                                   const isere_function_info_t *function,
                                   const isere_invocation_t *invocation)
{
    isere_lambda_t *lambda = &e->room->realm.lambda;
    JSValue args[3];
    if (lambda->function) {
        isere_lambda_deinit(e->ctx, lambda);
    }
    e->room->function = *function;
    e->room->invocation = *invocation;
    if (isere_lambda_init(e->ctx, lambda, &e->room->function) < 0 ||
        isere_lambda_begin(e->ctx, lambda, &e->room->invocation, args) < 0) {
        return JS_EXCEPTION;
    }
    JS_FreeValue(e->ctx, args[1]);
    JS_FreeValue(e->ctx, args[2]);
    return args[0];
}

/* The value of a JavaScript expression or program; it must not throw. */
static inline JSValue engine_eval(engine_t *e, const char *code)
{
    JSValue v = JS_Eval(e->ctx, code, strlen(code), "test.js", 0);
    if (JS_IsException(v)) {
        JSValue error = JS_GetException(e->ctx);
        const char *text = JS_ToCString(e->ctx, error);
        fail_msg("%s: %s", code, text);
    }
    return v;
}

static inline void engine_run(engine_t *e, const char *code)
{
    JS_FreeValue(e->ctx, engine_eval(e, code));
}

/* Has all values made that are made when they are asked for, without running
 * any code. False with the exception pending when out of memory. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static inline bool engine_resolve(engine_t *e, JSValueConst object)
{
    JSPropertyEnum *names;
    uint32_t count;
    bool ok = true;
    if (JS_GetOwnPropertyNames(e->ctx, &names, &count, object,
                               JS_GPN_STRING_MASK) < 0) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        JSPropertyDescriptor found;
        ok =
            ok && JS_GetOwnProperty(e->ctx, &found, object, names[i].atom) >= 0;
        if (ok) {
            ok = !JS_IsObject(found.value) || engine_resolve(e, found.value);
            JS_FreeValue(e->ctx, found.value);
        }
        JS_FreeAtom(e->ctx, names[i].atom);
    }
    js_free(e->ctx, names);
    return ok;
}

typedef struct sent {
    const char *method;
    const char *path;
    const char *query;
    const char *fields[2 * 12]; /* name, value, ... */
    const char *body;
    size_t body_len; /* 0: of the string */
} sent_t;

static inline isere_span_t made_add(made_t *m, const char *text, size_t len)
{
    isere_span_t span = {(uint32_t)m->len, (uint32_t)len};
    assert_true(m->len + len <= sizeof m->buffer);
    memcpy(m->buffer + m->len, text, len);
    m->len += len;
    return span;
}

static inline isere_span_t made_text(made_t *m, const char *text)
{
    return made_add(m, text ? text : "", text ? strlen(text) : 0);
}

/* Makes a request as the parser would. `m` must stay where it is. */
static inline void made_request(made_t *m, const sent_t *sent)
{
    memset(m, 0, sizeof *m);
    m->request.base = m->buffer;
    m->request.minor = 1;
    m->request.method = made_text(m, sent->method ? sent->method : "GET");
    m->request.path = made_text(m, sent->path ? sent->path : "/");
    m->request.query = made_text(m, sent->query);
    for (size_t i = 0; sent->fields[i]; i += 2) {
        isere_http_field_t *f = &m->request.fields[m->request.nfields++];
        f->name = made_text(m, sent->fields[i]);
        f->value = made_text(m, sent->fields[i + 1]);
    }
    m->request.body = sent->body_len ? made_add(m, sent->body, sent->body_len)
                                     : made_text(m, sent->body);
}

static inline isere_function_info_t made_function(isere_payload_t payload)
{
    isere_function_info_t function = {"hello", "1", payload, 16 << 20};
    return function;
}

static inline isere_invocation_t
made_invocation(const isere_http_request_t *request)
{
    isere_invocation_t invocation = {
        .request = request,
        .source_ip = "192.0.2.7",
        .route_key = "$default",
        .request_id = REQUEST_ID,
        .received_us = INT64_C(1583349317135999),
    };
    return invocation;
}

#endif
