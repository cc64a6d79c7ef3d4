/*
 * A plain QuickJS context and hand-made requests for the tests of core/lambda.
 */
#ifndef ISERE_TESTS_UNIT_LAMBDA_FIXTURE_H
#define ISERE_TESTS_UNIT_LAMBDA_FIXTURE_H

#include "core/lambda/event.h"
#include "core/lambda/response.h"
#include "isere/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define REQUEST_ID "01234567-89ab-4cde-8f01-23456789abcd"

typedef struct engine {
    JSRuntime *rt;
    JSContext *ctx;
} engine_t;

static inline engine_t engine_open(void)
{
    engine_t e = {JS_NewRuntime(), NULL};
    e.ctx = JS_NewContext(e.rt);
    return e;
}

static inline void engine_close(engine_t *e)
{
    JS_FreeContext(e->ctx);
    JS_FreeRuntime(e->rt);
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

typedef struct sent {
    const char *method;
    const char *path;
    const char *query;
    const char *fields[2 * 12]; /* name, value, ... */
    const char *body;
    size_t body_len; /* 0: of the string */
} sent_t;

typedef struct made {
    char buffer[8192];
    size_t len;
    isere_http_request_t request;
} made_t;

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
