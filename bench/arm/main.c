/*
 * Instructions and memory of the core on a Cortex-M33, one figure a line:
 * NAME VALUE. bench/harness/arm.py makes a table of them. Ends with 1 when
 * something does not work, whatever the figures are.
 */
#include "bench/arm/count.h"
#include "bench/arm/engine.h"
#include "bench/arm/guard.h"
#include "bench/arm/port.h"
#include "core/http/parser.h"
#include "core/isere_config.h"
#include "core/isolate/isolate.h"
#include "isere/registry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many requests are counted, and others before them that are not. */
enum { REQUESTS = 16, SKIPPED = BENCH_SKIPPED, LEARNING = 64 };

/* The firmware's defaults. */
enum { MEMORY = 136 * 1024, STACK = 16 * 1024, HEAD = 4096, BODY = 16384 };

#define FIELDS                                                                 \
    "Host: 192.168.7.1:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
#define PATH "/some/path"
#define ANSWER "{\"k\":\"value\",\"p\":\"/some/path\"}"

#define ANSWER_FETCH                                                           \
    "{\"k\":\"value\",\"p\":\"http://192.168.7.1:8080/some/path\"}"

static const char request[] = "GET " PATH " HTTP/1.1\r\n" FIELDS "\r\n";
static const char request_close[] =
    "GET " PATH " HTTP/1.1\r\n" FIELDS "Connection: close\r\n\r\n";

/* bench/handler.js, compiled on the host. */
extern const unsigned char bench_bin[];
extern const unsigned bench_bin_size;

static const isere_port_t *port;
static isere_fault_t fault;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench-arm: %s: %s\n", what, fault.message);
    exit(1);
}

static void print(const char *name, unsigned long value)
{
    printf("%s %lu\n", name, value);
}

static void print_counts(const char *name, const bench_counts_t *counts)
{
    if (counts->wrong || counts->requests == 0) {
        fail(name);
    }
    printf("%s %lu %lu %lu\n", name,
           (unsigned long)(counts->sum / counts->requests),
           (unsigned long)counts->least, (unsigned long)counts->most);
}

/* bench/web/arm.js. */
extern const unsigned char bench_fetch_bin[];
extern const unsigned bench_fetch_bin_size;

static isere_function_t *load_from(const unsigned char *code, unsigned size)
{
    isere_function_config_t config;
    isere_function_t *function;
    isere_function_config_init(&config);
    config.memory_bytes = MEMORY;
    config.stack_bytes = STACK;
    if (isere_function_create(port, code, size, &config, &function, &fault)) {
        fail("function");
    }
    return function;
}

static isere_function_t *load(void)
{
    return load_from(bench_bin, bench_bin_size);
}

/* ---- one isolate ---- */

typedef struct parsed {
    isere_http_parser_t parser;
    isere_http_request_t request;
    char text[256];
} parsed_t;

static void parse(parsed_t *p)
{
    isere_http_limits_t limits = {HEAD, BODY};
    size_t len = sizeof(request) - 1;
    memcpy(p->text, request, sizeof(request));
    isere_http_parser_init(&p->parser, &limits);
    if (isere_http_parser_feed(&p->parser, &p->request, p->text, &len) !=
        ISERE_HTTP_COMPLETE) {
        fail("parser");
    }
    p->request.base = p->text;
}

static isere_isolate_t *make_isolate(const isere_function_t *function,
                                     isere_snapshot_family_t *family)
{
    isere_isolate_t *isolate =
        isere_isolate_create_in(port, function, family, NULL);
    if (!isolate ||
        isere_isolate_start(isolate, &fault) != ISERE_ISOLATE_READY) {
        fail("isolate");
    }
    return isolate;
}

static void invoke(isere_isolate_t *isolate, const parsed_t *p)
{
    const isere_invocation_t invocation = {
        .request = &p->request,
        .source_ip = "192.168.7.2",
        .route_key = "$default",
        .request_id = "01234567-89ab-4def-8123-456789abcdef",
        .received_us = port->wall_us(port->ctx),
        .deadline_us = port->monotonic_us(port->ctx) + 3000000,
    };
    if (isere_isolate_invoke(isolate, &invocation) != ISERE_ISOLATE_COMPLETE ||
        isere_isolate_error(isolate)) {
        fail("invocation");
    }
}

/* The answer, copied to where it would be sent from. */
static void take_out(const isere_isolate_t *isolate, const char *expected)
{
    static char answer[256];
    const isere_response_t *response = isere_isolate_response(isolate);
    if (response->status != 200 || response->body.len >= sizeof(answer)) {
        fail("response");
    }
    memcpy(answer, response->body.ptr, response->body.len);
    answer[response->body.len] = '\0';
    if (strcmp(answer, expected) != 0) {
        fail("answer");
    }
}

/* The whole of an invocation, and its two parts. */
static void count_invocations(isere_isolate_t *isolate, const char *suffix,
                              const char *expected)
{
    static parsed_t p;
    bench_counts_t whole = {0};
    bench_counts_t begin = {0};
    bench_counts_t restore = {0};
    char name[64];
    parse(&p);
    for (int i = 0; i < REQUESTS + SKIPPED; i++) {
        bench_counts_t ignored = {0};
        bool skipped = i < SKIPPED;
        count_begin();
        invoke(isolate, &p);
        take_out(isolate, expected);
        isere_isolate_reset(isolate);
        bench_counts_add(skipped ? &ignored : &whole, count_end());
        count_begin();
        invoke(isolate, &p);
        take_out(isolate, expected);
        bench_counts_add(skipped ? &ignored : &begin, count_end());
        count_begin();
        isere_isolate_reset(isolate);
        bench_counts_add(skipped ? &ignored : &restore, count_end());
    }
    (void)snprintf(name, sizeof(name), "invocation%s", suffix);
    print_counts(name, &whole);
    (void)snprintf(name, sizeof(name), "invocation_begin%s", suffix);
    print_counts(name, &begin);
    (void)snprintf(name, sizeof(name), "invocation_restore%s", suffix);
    print_counts(name, &restore);
}

/* What an isolate needs besides its arena: its copy, or how to do without. */
static void count_isolates(const isere_function_t *function)
{
    static isere_snapshot_family_t family;
    size_t before = bench_port_memory();
    isere_isolate_t *own = make_isolate(function, NULL);
    print("heap", isere_isolate_heap_size(own));
    print("beside_arena", bench_port_memory() - before - MEMORY);
    count_invocations(own, "", ANSWER);
    isere_isolate_destroy(own);
    isere_isolate_t *first = make_isolate(function, &family);
    before = bench_port_memory();
    isere_isolate_t *second = make_isolate(function, &family);
    print("beside_arena_shared", bench_port_memory() - before - MEMORY);
    count_invocations(first, "_sharing", ANSWER);
    count_invocations(second, "_shared", ANSWER);
    isere_isolate_destroy(second);
    isere_isolate_destroy(first);
}

/* A handler in the form of the web. */
static void count_fetch(void)
{
    isere_function_t *function =
        load_from(bench_fetch_bin, bench_fetch_bin_size);
    isere_isolate_t *isolate = make_isolate(function, NULL);
    print("heap_fetch", isere_isolate_heap_size(isolate));
    count_invocations(isolate, "_fetch", ANSWER_FETCH);
    isere_isolate_destroy(isolate);
    isere_function_destroy(function);
}

/* The same with a guard that notices what is written to, once it has learned
 * where that is. */
static void count_guarded(const isere_function_t *function)
{
    static parsed_t p;
    isere_port_t guarded = *port;
    const isere_port_t *unguarded = port;
    if (!bench_guard_init(&guarded)) {
        fail("guard");
    }
    port = &guarded;
    parse(&p);
    isere_isolate_t *isolate = make_isolate(function, NULL);
    for (int i = 0; i < LEARNING; i++) {
        invoke(isolate, &p);
        isere_isolate_reset(isolate);
    }
    count_invocations(isolate, "_guarded", ANSWER);
    isere_isolate_destroy(isolate);
    port = unguarded;
}

/* ---- a fresh heap for each request ---- */

static void count_fresh(const isere_function_t *function)
{
    static parsed_t p;
    bench_counts_t engine = {0};
    bench_counts_t ours = {0};
    parse(&p);
    for (int i = 0; i < 4; i++) {
        count_begin();
        if (!engine_fresh("(event) => ({ k: 'value', p: event.path })", PATH,
                          ANSWER)) {
            fail("engine");
        }
        bench_counts_add(&engine, count_end());
        count_begin();
        isere_isolate_t *isolate = make_isolate(function, NULL);
        invoke(isolate, &p);
        take_out(isolate, ANSWER);
        isere_isolate_destroy(isolate);
        bench_counts_add(&ours, count_end());
    }
    print_counts("fresh_engine", &engine);
    print_counts("fresh_isolate", &ours);
}

/* ---- the server ---- */

static void count_client(isere_server_t *server, bench_client_t kind,
                         const char *text, const char *name)
{
    bench_client_start(kind, text, ANSWER, REQUESTS + SKIPPED);
    if (isere_server_run(server) != ISERE_ERR_IO) {
        fail("server");
    }
    if (bench_client_counts()->requests != REQUESTS) {
        fail("requests");
    }
    print_counts(name, bench_client_counts());
}

static void count_server(void)
{
    static const struct {
        bench_client_t kind;
        const char *text;
        const char *name;
    } clients[] = {
        {BENCH_CLOSE, request_close, "http_connection"},
        {BENCH_LATENCY, request, "http_latency"},
        {BENCH_WHOLE, request, "http"},
    };
    isere_limits_config_t config;
    isere_registry_t *registry;
    isere_server_t *server;
    isere_limits_config_init(&config);
    config.max_head = HEAD;
    config.max_body = BODY;
    config.max_instances = 2;
    count_begin();
    isere_function_t *function = load();
    isere_limits_t *limits = isere_limits_create(port, &config);
    if (!limits || isere_registry_create_one(port, function, &registry) ||
        isere_server_create(port, limits, BENCH_LISTENER, registry, &server) ||
        isere_server_warm_up(server, &fault)) {
        fail("server");
    }
    print("boot", count_end());
    print("server_memory", bench_port_memory());
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        count_client(server, clients[i].kind, clients[i].text, clients[i].name);
    }
    isere_server_destroy(server);
    isere_limits_destroy(limits);
    isere_registry_destroy(registry);
    isere_function_destroy(function);
}

int main(void)
{
    port = bench_port();
    if (!port) {
        fail("memory protection");
    }
    if (!count_init()) {
        fail("this is not QEMU's mps2-an505 with -icount shift=0");
    }
    isere_function_t *function = load();
    count_isolates(function);
    count_fetch();
    count_guarded(function);
    count_fresh(function);
    isere_function_destroy(function);
    count_server();
    if (bench_port_memory() != 0) {
        fail("memory is left");
    }
    print("done", 1);
    return 0;
}
