/*
 * A server for many functions on the simulated network, over a simulated store.
 * Deployments happen in its own thread, as on a device.
 */
#ifndef ISERE_TESTS_STORED_FIXTURE_H
#define ISERE_TESTS_STORED_FIXTURE_H

#include "isere/admin.h"
#include "tests/unit/support/server/sim_blobs.h"
#include "tests/unit/support/server/sim_net.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AUTHORITY "Host: 127.0.0.1\r\nAuthorization: Bearer " TOKEN "\r\n"

typedef struct stored_fixture {
    isere_port_t port; /* its functions may be replaced before the start */
    sim_blobs_t blobs;
    isere_registry_config_t config;
    isere_admin_config_t admin_config;
    isere_admin_t *admin;
    isere_limits_config_t limits_config;
    isere_registry_t *registry;
    isere_limits_t *limits;
    isere_server_t *server;
} stored_fixture_t;

/* Resets port, network and store; limits and configuration can be changed
 * then. */
void stored_init(stored_fixture_t *p);

/* Creates everything; 0 or the first error. */
int stored_start(stored_fixture_t *p);

/* Destroys all but the store: a restart begins here. */
void stored_stop(stored_fixture_t *p);

/* Stops and starts it, over the same store; the test fails when that fails. */
void stored_restart(stored_fixture_t *p);

/* Destroys all, the store too. */
void stored_deinit(stored_fixture_t *p);

/* The same for teardown functions: 0 when nothing leaked. */
int stored_teardown(stored_fixture_t *p);

/* A client that has sent a request; its answer comes with sim_run. */
int stored_get(const char *path);
int stored_call(const char *method, const char *path, const char *type,
                const char *body);

/* The same, and waits for the answer: its status, or 0. The client's text stays
 * in sim_received until stored_forget. */
int stored_ask(stored_fixture_t *p, int client);

/* Waits for a client's answer and forgets it; the test fails unless it has that
 * status and, among other text, `part`. */
void stored_expect(stored_fixture_t *p, int client, int status,
                   const char *part);

/* Deploys a module; the status. */
int stored_deploy(stored_fixture_t *p, const char *name, const char *source);

/* The status of what a client received; 0: nothing whole. */
int stored_status(int client);

#endif
