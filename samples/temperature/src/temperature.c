/* The sensor as a native function: the handler calls it through the module that
 * main.c registers. */
#include "temperature.h"
#include <zephyr/device.h>
#include <zephyr/drivers/sensor.h>

#if DT_NODE_HAS_STATUS(DT_ALIAS(die_temp0), okay)

static const struct device *const sensor = DEVICE_DT_GET(DT_ALIAS(die_temp0));

static int measure(double *celsius)
{
    struct sensor_value value;
    int error = sensor_sample_fetch(sensor);
    if (!error) {
        error = sensor_channel_get(sensor, SENSOR_CHAN_DIE_TEMP, &value);
    }
    if (!error) {
        *celsius = sensor_value_to_double(&value);
    }
    return error;
}

#else

/* No sensor on this board: pretends to be one that warms up. */
static int measure(double *celsius)
{
    static double pretended = 20;
    pretended += 0.5;
    *celsius = pretended;
    return 0;
}

#endif

static void temperature_read(isere_native_call_t *call, void *ctx)
{
    double celsius;
    ARG_UNUSED(ctx);
    if (measure(&celsius) != 0) {
        isere_native_throw(call, "the temperature sensor does not answer");
        return;
    }
    isere_native_return_number(call, celsius);
}

static const isere_native_function_t functions[] = {
    {"read", temperature_read},
    {NULL, NULL},
};

const isere_native_module_t temperature_module = {
    .name = "isere:temperature",
    .functions = functions,
};
