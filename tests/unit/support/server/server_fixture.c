#include "tests/unit/support/server/server_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

void server_init(server_fixture_t *s)
{
    isere_test_port_reset();
    memset(s, 0, sizeof(*s));
    js_init(&s->js, sim_start());
    s->js.config.memory_bytes = 192 * 1024;
    isere_limits_config_init(&s->limits_config);
}

int server_start(server_fixture_t *s, const char *source)
{
    const isere_port_t *port = s->js.port;
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    int error = js_compile(&s->js, files);
    if (!error) {
        error =
            isere_function_create(port, s->js.code, s->js.code_size,
                                  &s->js.config, &s->js.function, &s->js.fault);
    }
    if (error) {
        return error;
    }
    s->limits = isere_limits_create(port, &s->limits_config);
    if (!s->limits) {
        return ISERE_ERR_NOMEM;
    }
    error = isere_registry_create_one(port, s->js.function, &s->registry);
    if (!error) {
        error = isere_server_create(port, s->limits, SIM_LISTENER, s->registry,
                                    &s->server);
    }
    return error ? error : isere_server_warm_up(s->server, &s->js.fault);
}

void server_deinit(server_fixture_t *s)
{
    isere_server_destroy(s->server);
    isere_limits_destroy(s->limits);
    isere_registry_destroy(s->registry);
    js_deinit(&s->js);
    memset(s, 0, sizeof(*s));
    sim_stop();
}

isere_function_t *server_function(server_fixture_t *s, const char *source,
                                  void **code)
{
    const isere_port_t *port = s->js.port;
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    isere_function_t *function;
    void *kept = s->js.code;
    size_t kept_size = s->js.code_size;
    assert_int_equal(js_compile(&s->js, files), 0);
    *code = s->js.code;
    assert_int_equal(isere_function_create(port, s->js.code, s->js.code_size,
                                           &s->js.config, &function,
                                           &s->js.fault),
                     0);
    s->js.code = kept;
    s->js.code_size = kept_size;
    return function;
}

void server_must_start(server_fixture_t *s, const char *source)
{
    if (server_start(s, source) != 0) {
        fail_msg("no server: %s", s->js.fault.message);
    }
}

int server_teardown(server_fixture_t *s)
{
    server_deinit(s);
    return isere_test_leaks();
}
