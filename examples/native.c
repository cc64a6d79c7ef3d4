/*
 * A native module: C functions that a handler imports and calls.
 *
 * The handler below reads a (pretended) temperature sensor and switches a
 * (pretended) lamp. What the C side keeps, the lamp, outlives requests; the
 * handler's own variables never do.
 *
 * Build it with the project: build/host/examples/native.
 */
#include "isere/isere.h"
#include "isere/linux.h"
#include <stdio.h>

static const char source[] =
    "import { read } from 'isere:temperature'\n"
    "import { set, label } from 'isere:lamp'\n"
    "let calls = 0\n"
    "export const handler = (event) => {\n"
    "  calls++ // every call begins with the heap as it was here: 0\n"
    "  const celsius = read('die')\n"
    "  const times = set(celsius > 40)\n"
    "  return `${label()}: ${celsius} degrees, lamp switched ${times} times, "
    "call ${calls}`\n"
    "}\n";

/* ---- isere:temperature ---- */

/* A device would read a register here. */
static double sense(double *celsius)
{
    *celsius += 1.5;
    return *celsius;
}

/* read(sensor): degrees Celsius; "die" is the only sensor there is. */
static void temperature_read(isere_native_call_t *call, void *ctx)
{
    isere_slice_t sensor;
    if (!isere_native_text(call, 0, &sensor) ||
        !isere_slice_is(sensor, "die")) {
        isere_native_throw(call, "read takes the name of a sensor: 'die'");
        return;
    }
    isere_native_return_number(call, sense(ctx));
}

static double celsius = 37;
static const isere_native_function_t temperature_functions[] = {
    {"read", temperature_read}, {NULL, NULL}};
static const isere_native_module_t temperature = {
    "isere:temperature", temperature_functions, &celsius};

/* ---- isere:lamp ---- */

typedef struct lamp {
    const char *label;
    bool on;
    int switched;
} lamp_t;

/* set(on): how often the lamp was switched since the program began. */
static void lamp_set(isere_native_call_t *call, void *ctx)
{
    lamp_t *lamp = ctx;
    bool on;
    if (!isere_native_boolean(call, 0, &on)) {
        isere_native_throw(call, "set takes true or false");
        return;
    }
    lamp->switched += lamp->on != on;
    lamp->on = on;
    isere_native_return_integer(call, lamp->switched);
}

static void lamp_label(isere_native_call_t *call, void *ctx)
{
    const lamp_t *lamp = ctx;
    isere_native_return_text(call, isere_slice(lamp->label));
}

static lamp_t lamp = {.label = "kitchen"};
static const isere_native_function_t lamp_functions[] = {
    {"set", lamp_set}, {"label", lamp_label}, {NULL, NULL}};
static const isere_native_module_t lamp_module = {"isere:lamp", lamp_functions,
                                                  &lamp};

/* ---- the program ---- */

static const isere_native_module_t *const modules[] = {&temperature,
                                                       &lamp_module, NULL};

static int load(void *ctx, const char *name, isere_slice_t *text)
{
    (void)ctx;
    if (strcmp(name, "handler.js") != 0) {
        return ISERE_ERR_NOENT;
    }
    *text = isere_slice_of(source, sizeof(source) - 1);
    return 0;
}

static int make_function(const isere_port_t *port, void **code,
                         isere_function_t **function, isere_fault_t *fault)
{
    const isere_loader_t loader = {NULL, load};
    isere_function_config_t config;
    size_t size;
    int error =
        isere_compile(port, &loader, "handler.js", "", code, &size, fault);
    if (error != 0) {
        return error;
    }
    isere_function_config_init(&config);
    config.modules = modules;
    return isere_function_create(port, *code, size, &config, function, fault);
}

static int invoke(isere_instance_t *instance)
{
    const isere_request_t request = {0};
    isere_result_t result;
    int error = isere_instance_invoke(instance, &request, &result);
    if (error == 0) {
        printf("%d %.*s\n", result.status, (int)result.body.len,
               result.body.ptr);
    }
    return error;
}

int main(void)
{
    isere_function_t *function = NULL;
    isere_instance_t *instance = NULL;
    isere_fault_t fault = {0};
    isere_port_t port;
    void *code = NULL;
    int error = isere_linux_port_init(&port, NULL);
    if (error != 0) {
        fprintf(stderr, "port: %s\n", isere_strerror(error));
        return 1;
    }
    error = make_function(&port, &code, &function, &fault);
    if (error == 0) {
        error = isere_instance_create(&port, function, &instance, &fault);
    }
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", isere_strerror(error), fault.message);
    }
    for (int i = 0; i < 3 && error == 0; i++) {
        error = invoke(instance);
    }
    isere_instance_destroy(instance);
    isere_function_destroy(function);
    isere_free(&port, code); /* the function borrowed it */
    isere_linux_port_deinit(&port);
    return error == 0 ? 0 : 1;
}
