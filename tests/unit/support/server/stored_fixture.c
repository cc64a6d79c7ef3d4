#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stored_init(stored_fixture_t *p)
{
    isere_test_port_reset();
    memset(p, 0, sizeof(*p));
    p->port = *sim_start();
    sim_blobs_init(&p->blobs);
    isere_registry_config_init(&p->config);
    p->admin_config.token = TOKEN;
    p->config.defaults.memory_bytes = (size_t)192 * 1024;
    p->config.memory_min = (size_t)64 * 1024;
    p->config.log_bytes = 4096;
    isere_limits_config_init(&p->limits_config);
}

int stored_start(stored_fixture_t *p)
{
    int error = isere_registry_create(&p->port, &p->blobs.table, &p->config,
                                      &p->registry);
    if (!error) {
        error = isere_admin_create(&p->port, p->registry, &p->admin_config,
                                   &p->admin);
    }
    if (error) {
        return error;
    }
    p->limits = isere_limits_create(&p->port, &p->limits_config);
    error = p->limits ? isere_server_create(&p->port, p->limits, SIM_LISTENER,
                                            p->registry, &p->server)
                      : ISERE_ERR_NOMEM;
    return error ? error : isere_admin_attach(p->admin, p->server);
}

void stored_stop(stored_fixture_t *p)
{
    isere_server_destroy(p->server);
    isere_limits_destroy(p->limits);
    isere_admin_destroy(p->admin);
    isere_registry_destroy(p->registry);
    p->server = NULL;
    p->limits = NULL;
    p->registry = NULL;
    p->admin = NULL;
}

void stored_deinit(stored_fixture_t *p)
{
    stored_stop(p);
    sim_blobs_clear(&p->blobs);
    sim_stop();
}

int stored_get(const char *path)
{
    char text[256];
    int client = sim_connect();
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    sim_send(client, text);
    return client;
}

int stored_call(const char *method, const char *path, const char *type,
                const char *body)
{
    char head[512];
    int client = sim_connect();
    snprintf(head, sizeof(head),
             "%s /_isere%s HTTP/1.1\r\n" AUTHORITY
             "Content-Type: %s\r\nContent-Length: %lu\r\n\r\n",
             method, path, type, (unsigned long)strlen(body));
    sim_send(client, head);
    sim_send(client, body);
    return client;
}

int stored_status(int client)
{
    const char *text = sim_received(client);
    return strstr(text, "\r\n\r\n") ? atoi(text + sizeof("HTTP/1.1")) : 0;
}

int stored_ask(stored_fixture_t *p, int client)
{
    sim_run(p->server, 1);
    return stored_status(client);
}

int stored_deploy(stored_fixture_t *p, const char *name, const char *source)
{
    char path[64];
    snprintf(path, sizeof(path), "/v1/functions/%s", name);
    int client = stored_call("PUT", path, "text/javascript", source);
    int status = stored_ask(p, client);
    sim_forget_received(client);
    return status;
}

/* ---- for tests ---- */

void stored_restart(stored_fixture_t *p)
{
    stored_stop(p);
    sim_stop();
    sim_start();
    assert_int_equal(stored_start(p), 0);
}

int stored_teardown(stored_fixture_t *p)
{
    stored_deinit(p);
    return isere_test_leaks();
}

void stored_expect(stored_fixture_t *p, int client, int status,
                   const char *part)
{
    int got = stored_ask(p, client);
    const char *text = sim_received(client);
    if (got != status || !strstr(text, part)) {
        fail_msg("%d with %s is not: %s", status, part, text);
    }
    sim_forget_received(client);
}
