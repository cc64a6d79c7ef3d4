/* The native module `isere:temperature`: read() gives the temperature of the
 * chip in degrees Celsius. */
#ifndef TEMPERATURE_H
#define TEMPERATURE_H

#include <isere/native.h>

extern const isere_native_module_t temperature_module;

#endif
