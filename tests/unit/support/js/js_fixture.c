#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

void js_init(js_fixture_t *f, const isere_port_t *port)
{
    memset(f, 0, sizeof(*f));
    f->port = port ? port : isere_test_port();
    isere_function_config_init(&f->config);
    f->config.memory_bytes = 512 * 1024;
    f->config.stack_bytes = 64 * 1024;
}

static int load(void *ctx, const char *name, isere_slice_t *source)
{
    const js_fixture_t *f = ctx;
    for (const js_file_t *file = f->files; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            *source = isere_slice(file->source);
            return 0;
        }
    }
    return ISERE_ERR_NOENT;
}

int js_compile(js_fixture_t *f, const js_file_t *files)
{
    isere_loader_t loader = {f, load};
    f->files = files;
    return isere_compile(f->port, &loader, files[0].name, "fn/", &f->code,
                         &f->code_size, &f->fault);
}

isere_isolate_state_t js_start_compiled(js_fixture_t *f)
{
    assert_int_equal(isere_function_create(f->port, f->code, f->code_size,
                                           &f->config, &f->function, &f->fault),
                     0);
    f->isolate = isere_isolate_create(f->port, f->function);
    assert_non_null(f->isolate);
    return isere_isolate_start(f->isolate, &f->fault);
}

isere_isolate_state_t js_start(js_fixture_t *f, const char *source)
{
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    int error = js_compile(f, files);
    if (error) {
        fail_msg("does not compile: %s", f->fault.message);
    }
    return js_start_compiled(f);
}

isere_isolate_state_t js_invoke(js_fixture_t *f, const char *target)
{
    isere_http_limits_t limits = {2048, 0};
    snprintf(f->text, sizeof(f->text), "GET %s HTTP/1.1\r\nHost: test\r\n\r\n",
             target);
    size_t len = strlen(f->text);
    isere_http_parser_init(&f->parser, &limits);
    assert_int_equal(
        isere_http_parser_feed(&f->parser, &f->request, f->text, &len),
        ISERE_HTTP_COMPLETE);
    f->request.base = f->text;
    isere_invocation_t invocation = {
        .request = &f->request,
        .source_ip = "127.0.0.1",
        .route_key = "$default",
        .may_stream = f->may_stream,
        .request_id = "01234567-89ab-4def-8123-456789abcdef",
        .received_us = f->port->wall_us(f->port->ctx),
        .deadline_us = f->port->monotonic_us(f->port->ctx) +
                       (uint64_t)f->config.timeout_ms * 1000,
    };
    return isere_isolate_invoke(f->isolate, &invocation);
}

void js_take_body(js_fixture_t *f, const char *body)
{
    assert_int_equal(isere_isolate_state(f->isolate), ISERE_ISOLATE_COMPLETE);
    if (isere_isolate_error(f->isolate)) {
        fail_msg("an error: %s", isere_isolate_reason(f->isolate));
    }
    const isere_response_t *response = isere_isolate_response(f->isolate);
    if (!isere_slice_is(response->body, body)) {
        fail_msg("body is %.*s, not %s", (int)response->body.len,
                 response->body.ptr, body);
    }
    isere_isolate_reset(f->isolate);
}

void js_take_error(js_fixture_t *f, const char *word)
{
    assert_int_equal(isere_isolate_state(f->isolate), ISERE_ISOLATE_COMPLETE);
    const isere_error_answer_t *error = isere_isolate_error(f->isolate);
    assert_non_null(error);
    if (!isere_slice_is(error->word, word)) {
        fail_msg("error is %.*s, not %s: %s", (int)error->word.len,
                 error->word.ptr, word, isere_isolate_reason(f->isolate));
    }
    isere_isolate_reset(f->isolate);
}

void js_expect_body(js_fixture_t *f, const char *target, const char *body)
{
    js_invoke(f, target);
    js_take_body(f, body);
}

void js_expect_error(js_fixture_t *f, const char *target, const char *word)
{
    js_invoke(f, target);
    js_take_error(f, word);
}

isere_isolate_state_t js_resume(js_fixture_t *f)
{
    isere_test_state()->monotonic_us = isere_isolate_wakeup_us(f->isolate);
    return isere_isolate_resume(f->isolate);
}

void js_deinit(js_fixture_t *f)
{
    isere_isolate_destroy(f->isolate);
    isere_function_destroy(f->function);
    isere_free(f->port, f->code);
    memset(f, 0, sizeof(*f));
}

int js_setup(js_fixture_t *f)
{
    isere_test_port_reset();
    js_init(f, NULL);
    return 0;
}

int js_teardown(js_fixture_t *f)
{
    js_deinit(f);
    return isere_test_leaks();
}

void js_must_start(js_fixture_t *f, const char *source)
{
    if (js_start(f, source) != ISERE_ISOLATE_READY) {
        fail_msg("not ready: %s", f->fault.message);
    }
}

js_fixture_t js;

int js_setup_one(void **state)
{
    (void)state;
    return js_setup(&js);
}

int js_teardown_one(void **state)
{
    (void)state;
    return js_teardown(&js);
}
