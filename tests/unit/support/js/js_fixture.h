/*
 * A function from source, and an isolate with it, in a test: on the test port
 * unless another one is given.
 */
#ifndef ISERE_TESTS_JS_FIXTURE_H
#define ISERE_TESTS_JS_FIXTURE_H

#include "core/http/parser.h"
#include "core/isolate/isolate.h"
#include "isere/isere.h"

typedef struct js_file {
    const char *name;
    const char *source;
} js_file_t;

typedef struct js_fixture {
    const isere_port_t *port;
    const js_file_t *files; /* ends with a NULL name; the first is main */
    void *code;
    size_t code_size;
    isere_function_config_t config;
    isere_function_t *function;
    isere_isolate_t *isolate;
    isere_fault_t fault;
    bool may_stream; /* of invocations */
    isere_http_parser_t parser;
    isere_http_request_t request;
    char text[2048];
} js_fixture_t;

/* For setup and teardown functions: on a new test port; and everything is
 * released, with 0 when nothing leaked. */
int js_setup(js_fixture_t *f);
int js_teardown(js_fixture_t *f);

/* One for programs whose tests need no other, with cmocka's setup and
 * teardown. */
extern js_fixture_t js;
int js_setup_one(void **state);
int js_teardown_one(void **state);

/* Makes the fixture empty, with the default configuration and less memory. */
void js_init(js_fixture_t *f, const isere_port_t *port);

/* Compiles; 0 or ISERE_ERR_* with f->fault. */
int js_compile(js_fixture_t *f, const js_file_t *files);

/* Compiles one file, makes the function and the isolate and starts it. */
isere_isolate_state_t js_start(js_fixture_t *f, const char *source);

/* The same, and the test fails when it is not ready. */
void js_must_start(js_fixture_t *f, const char *source);

/* As js_start, with a function compiled before. */
isere_isolate_state_t js_start_compiled(js_fixture_t *f);

/* Invokes with a `GET target`; the state afterwards. */
isere_isolate_state_t js_invoke(js_fixture_t *f, const char *target);

/* Invokes, expects an answer at once, and compares its body. */
void js_expect_body(js_fixture_t *f, const char *target, const char *body);

/* Invokes, expects an error with that word, and resets. */
void js_expect_error(js_fixture_t *f, const char *target, const char *word);

/* Compares the body of the COMPLETE isolate, and resets it. */
void js_take_body(js_fixture_t *f, const char *body);
void js_take_error(js_fixture_t *f, const char *word);

/* Moves the test port's clock to the isolate's wake-up and resumes. */
isere_isolate_state_t js_resume(js_fixture_t *f);

/* Releases everything, so that the next test starts anew. */
void js_deinit(js_fixture_t *f);

#endif
