/*
 * A server on the network in memory, with one function from source.
 */
#ifndef ISERE_TESTS_SERVER_FIXTURE_H
#define ISERE_TESTS_SERVER_FIXTURE_H

#include "isere/registry.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/server/sim_net.h"

typedef struct server_fixture {
    js_fixture_t js; /* its isolate is not used */
    isere_limits_config_t limits_config;
    isere_registry_t *registry;
    isere_limits_t *limits;
    isere_server_t *server;
} server_fixture_t;

/* Resets port and network; limits and configuration can be changed then. */
void server_init(server_fixture_t *s);

/* Compiles and creates; 0 or the first error. Nothing needs to succeed before
 * server_deinit. */
int server_start(server_fixture_t *s, const char *source);

/* The same, and the test fails when there is no server. */
void server_must_start(server_fixture_t *s, const char *source);

/* Destroys everything. */
void server_deinit(server_fixture_t *s);

/* The same for teardown functions: 0 when nothing leaked. */
int server_teardown(server_fixture_t *s);

/* Compiles another function with the same configuration; *code is to be freed
 * with the port. Fails the test when it does not compile. */
isere_function_t *server_function(server_fixture_t *s, const char *source,
                                  void **code);

#endif
